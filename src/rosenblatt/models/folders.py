"""Predictions of a model for the rows of Parquet files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.core.symbolic import tree_map
from rosenblatt.core.types import PathLike
from rosenblatt.data.parquet_folder import ArrowTable, ParquetFolder
from rosenblatt.data.parquet_writing import Written, columns_of, in_whole_pieces, predict_files

if TYPE_CHECKING:
    from rosenblatt.models.model import Model


def predict_folder(
    model: Model,
    files: PathLike | Sequence[PathLike],
    out: PathLike,
    keep: Sequence[str],
    features: Sequence[str] | None,
    batch_size: int | None,
) -> Written:
    """Write a file of predictions for each file of rows; see `Model.predict_folder`."""
    folder = ParquetFolder(files)
    chosen = _features(model, folder, keep, features)
    folder.require(chosen)

    def predict(table: ArrowTable) -> Mapping[str, Any]:
        if not table.num_rows:
            return columns_of(_nothing(model, len(chosen)), model.output_names or ())
        outputs = model.predict(table.select(chosen), batch_size=batch_size, verbose=0)
        return columns_of(outputs, model.output_names or ())

    maker = digest(model, chosen)
    if not model.built or not model.training_session.task.rows_apart("predict"):
        return predict_files(files, out, predict, chosen, keep, maker)
    return predict_files(files, out, in_whole_pieces(predict), chosen, keep, maker)


def digest(model: Model, *more: object) -> str:
    """What tells a model's predictions from those of other weights, in letters.

    Args:
        model: it.
        more: what else they depend on, as plain data.
    """
    found = hashlib.blake2b(repr(more).encode(), digest_size=16)
    for weight in model.get_weights():
        found.update(f"{weight.dtype}{weight.shape}".encode())
        found.update(np.ascontiguousarray(weight).tobytes())
    return found.hexdigest()


def _features(
    model: Model, folder: ParquetFolder, keep: Sequence[str], features: Sequence[str] | None
) -> list[str]:
    """The columns that a model reads."""
    if features is not None:
        return list(features)
    names = model.training_session.task.inputs(finite=False).names
    if len(names) > 1 or (names and names[0] in folder.columns):
        return list(names)
    found = [name for name in folder.columns if name not in keep]
    shape = model.input_shape if model.built else None
    if isinstance(shape, tuple) and len(shape) == 2 and shape[-1] not in (None, len(found)):
        raise BadData(
            "predict_folder: the files have a different number of columns than the model has "
            "inputs.",
            given=f"{len(found)} columns: {', '.join(found)}",
            expected=shape[-1],
            fix="name the columns that it reads, in their order: `features=[…]`.",
        )
    return found


def _nothing(model: Model, columns: int) -> Any:
    """The outputs for no row."""
    if model.training_session.task.graph is not None:
        found = [np.empty((0, *one.shape[1:]), np.dtype(one.dtype)) for one in model.outputs]
        return found[0] if len(found) == 1 else found
    row = model.predict(np.zeros((1, columns), "float32"), verbose=0)
    return tree_map(lambda one: one[:0], row)
