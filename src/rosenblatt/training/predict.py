"""`predict`: batches of fixed sizes through compiled programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from rosenblatt.core import changes
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.watched import Watched
from rosenblatt.training import programs
from rosenblatt.training.intake import watched_ids
from rosenblatt.training.signature import parameters_of, rows_stay_apart, structure_key
from rosenblatt.training.state import StateVariables
from rosenblatt.training.step import predictor

# Rows of the programs that a prediction is made of. Few sizes mean few programs.
_SIZES = (32, 256, 2048)


class Predictor:
    """The compiled forward pass of a model.

    Args:
        model: a built model.
    """

    def __init__(self, model: Any):
        self.model = model
        fixed = model.variables
        self.variables = StateVariables(tuple(fixed), (), (), ())
        compiled, model._compiled = model._compiled, None
        try:  # losses and metrics do not matter here: models that differ in them share programs
            self.apart = rows_stay_apart(model)
            self.key = structure_key(model, self.variables)
            self.parameters = parameters_of(model, train=False)
        finally:
            model._compiled = compiled
        self._graph = model._graph
        self._changes = changes.count()
        self._identity = tuple(id(v) for v in fixed)
        self._programs: dict[Any, Any] = {}
        self._ids = watched_ids(model)

    def fits(self, model: Any) -> bool:
        """Whether the model still has the variables this was made for.

        The variables of a graph are known while the graph is the same; looking through the
        attributes of a subclassed model takes longer than a small prediction, but is needed there.
        """
        if self._changes != changes.count():
            return False
        if self._graph is not None or model._graph is not None:
            return self._graph is model._graph
        return self._identity == tuple(id(v) for v in model.variables)

    def sizes(self, rows: int, batch_size: int) -> Iterator[tuple[int, int, int]]:
        """Cut rows into (start, stop, size of the program)."""
        start = 0
        while start < rows:
            left = rows - start
            if self.apart:
                size = next((s for s in _SIZES if left <= s), _SIZES[-1])
            else:
                size = min(batch_size, left)
            yield start, min(start + size, rows), size
            start += size

    def __call__(self, x: Any, batch_size: int = 32) -> Any:
        """The outputs for arrays of rows.

        Args:
            x: nest of arrays.
            batch_size: rows of a batch, for models that may look across rows.
        """
        rows = len(tree_leaves(x)[0])
        state = self.variables.gather()
        parts = []
        for start, stop, size in self.sizes(rows, batch_size):
            piece = tree_map(lambda a, lo=start, hi=stop, n=size: _padded(a[lo:hi], n), x)
            if self._ids is not None:
                self._check_ids(self._ids, piece, x, state)
            parts.append((self._run(state, piece), stop - start))
        return _joined(parts)

    @staticmethod
    def _check_ids(ids: Watched, piece: Any, x: Any, state: Any) -> None:
        """Refuse ids without a vector; a piece has one of few shapes, the whole tells the row."""
        try:
            ids.check(piece, state.trainable)
        except ValueError:
            ids.check(x, state.trainable)
            raise

    def _run(self, state: Any, piece: Any) -> Any:
        leaves, nest = jax.tree_util.tree_flatten(piece)
        shapes = (nest, *((a.shape, a.dtype) for a in leaves))
        values = tuple(float(getattr(owner, name)) for owner, name in self.parameters)
        program = self._programs.get(shapes)
        if program is None:
            keys = [(id(owner), name) for owner, name in self.parameters]
            program = self._programs[shapes] = programs.get_program(
                None if self.key is None else ("predict", self.key),
                lambda: predictor(self.model, self.variables, keys),
                state,
                values,
                piece,
            )
        return program(state, values, piece)


def _padded(array: np.ndarray, size: int) -> np.ndarray:
    """The rows, and copies of the last one up to a size."""
    if len(array) == size:
        return array
    out = np.empty((size, *array.shape[1:]), array.dtype)
    out[: len(array)] = array
    out[len(array) :] = array[-1:]
    return out


def _joined(parts: list[tuple[Any, int]]) -> Any:
    if len(parts) == 1:
        outputs, rows = parts[0]
        return jax.tree_util.tree_map(lambda a: np.asarray(a)[:rows].copy(), outputs)
    trees = [
        jax.tree_util.tree_map(lambda a, n=rows: np.asarray(a)[:n], outputs)
        for outputs, rows in parts
    ]
    return jax.tree_util.tree_map(lambda *pieces: np.concatenate(pieces), *trees)
