"""Sparse matrices, made dense a batch at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix, issparse

from rosenblatt.callbacks.history import History
from rosenblatt.core.random import draw_seed
from rosenblatt.core.symbolic import tree_map
from rosenblatt.core.types import Tree
from rosenblatt.data.array_source import Order, Shuffle
from rosenblatt.data.arrays import to_numpy
from rosenblatt.data.contract import PREDICTED_ROWS
from rosenblatt.data.pydataset import PyDataset
from rosenblatt.data.rows import Rows
from rosenblatt.models.model import Model
from rosenblatt.sklearn.types import Matrix, Weights

_WHOLE = 16 << 20  # bytes up to which a matrix is made dense whole: then it is an array like others
_PIECE = 32 << 20  # bytes of the rows that are predicted at a time


def dense_if_small(X: Matrix) -> Matrix:
    """A sparse matrix as an array where that is small, else in rows (CSR); others as they are."""
    if isinstance(X, np.ndarray):
        return X
    if np.prod(X.shape, dtype=np.float64) * 4 <= _WHOLE:
        return X.toarray()
    return X.tocsr()


def dense(X: Tree) -> Tree:
    """A sparse matrix as an array; anything else as it is.

    Raises:
        ValueError: it would take more memory than `Model.fit` allows.
    """
    return to_numpy(X, "X") if issparse(X) else X


class SparseBatches(PyDataset):
    """The rows of a sparse matrix in dense batches, in the order in which an array's would come.

    Args:
        x: in rows (CSR).
        y: targets, an array or a list of them; None for none.
        weights: of the rows, or None.
        batch_size: rows of a batch.
        shuffle: as of `Model.fit`.
        epoch: number of the first epoch.
    """

    def __init__(
        self,
        x: Matrix,
        y: Tree | None,
        weights: Weights,
        batch_size: int,
        shuffle: Shuffle = False,
        epoch: int = 0,
    ):
        super().__init__()
        self.x, self.y, self.weights = x, y, weights
        self.batch_size = batch_size
        self.order = Order(x.shape[0], batch_size, shuffle, draw_seed())
        self.epoch = epoch
        self.rows: np.ndarray | None = None

    def __len__(self) -> int:
        return math.ceil(self.order.n_rows / self.batch_size)

    def on_epoch_begin(self) -> None:
        """Draw the order of the rows."""
        self.rows = self.order.rows(self.epoch)
        self.epoch += 1

    def __getitem__(self, index: int) -> Any:
        chosen: Any = slice(index * self.batch_size, (index + 1) * self.batch_size)
        if self.rows is not None:
            chosen = self.rows[chosen]
        return (_dense_rows(self.x, chosen), *_taken((self.y, self.weights), chosen))


def fit_model(
    model: Model, x: Matrix, y: Tree, weights: Weights, arguments: Mapping[str, Any]
) -> History:
    """`Model.fit`; a sparse matrix is trained on in dense batches.

    Args:
        model: the model.
        x, y, weights: the data.
        arguments: the others of `fit`; `validation_data` may be sparse too.
    """
    given = dict(arguments)
    batch_size = given.get("batch_size") or 32
    validation_size = given.get("validation_batch_size") or batch_size
    if issparse(x):
        share = given.pop("validation_split", 0.0)
        if share and given.get("validation_data") is None:
            numbers = Rows((np.arange(x.shape[0]), None, None)).split(share)
            train, kept = (_taken((x, y, weights), part.arrays[0]) for part in numbers)
            (x, y, weights), given["validation_data"] = train, kept
        shuffle, epoch = given.pop("shuffle", True), given.get("initial_epoch", 0)
        batches = SparseBatches(x, y, weights, batch_size, shuffle, epoch)
        given.update(x=batches, shuffle=False, batch_size=None, validation_batch_size=None)
    else:
        given.update(x=x, y=y, sample_weight=weights)
    given["validation_data"] = validation_batches(given.get("validation_data"), validation_size)
    return model.fit(**given)


def _dense_rows(x: csr_matrix | csr_array, rows: np.ndarray | slice) -> np.ndarray:
    return x[rows].astype(np.float32).toarray()


def _taken(data: tuple[Any, ...], rows: np.ndarray | slice) -> tuple[Any, ...]:
    return tree_map(lambda part: None if part is None else part[rows], data)


def validation_batches(data: Any, batch_size: int) -> Any:
    """`validation_data` whose inputs are sparse in batches, others as they are."""
    if not (isinstance(data, tuple) and issparse(data[0])):
        return data
    x, y, weights = (*data, None)[:3]
    return SparseBatches(x, y, weights, batch_size)


def predict_model(model: Model, x: Matrix, **arguments: Any) -> Tree:
    """`Model.predict`; a sparse matrix is made dense some rows at a time.

    Args:
        model: the model.
        x: inputs.
        **arguments: of `predict`.
    """
    if not issparse(x):
        return model.predict(x, **arguments)
    batch_size = arguments.get("batch_size") or 32
    bytes_of_row = 4 * x.shape[1]
    sizes = PREDICTED_ROWS[::-1]  # so that no further programs are compiled
    rows = next((size for size in sizes if size * bytes_of_row <= _PIECE), sizes[-1])
    rows = max(1, rows // batch_size) * batch_size  # of models that look across rows: whole batches
    parts = [
        model.predict(_dense_rows(x, slice(start, start + rows)), **arguments)
        for start in range(0, x.shape[0], rows)
    ]
    return tree_map(lambda *pieces: np.concatenate(pieces), *parts)
