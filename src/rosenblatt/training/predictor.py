"""`predict`: batches of fixed sizes through compiled programs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from rosenblatt.core import changes
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.tracing import traced_settings
from rosenblatt.core.types import Tree
from rosenblatt.training.intake import watched_ids
from rosenblatt.training.placement import HERE, Placement
from rosenblatt.training.programs import Programs
from rosenblatt.training.state import StateVariables, TrainState
from rosenblatt.training.step import numbers_now, predictor

if TYPE_CHECKING:
    from rosenblatt.core.watched import Watched
    from rosenblatt.training.contract import Task

# Rows of the programs that a prediction is made of. Few sizes mean few programs. A row for which
# layers compute many (`multiplies_rows`) has one of its own: filled up to 32 it takes 10 times as
# long.
_SIZES = (32, 256, 2048)


class Predictor:
    """The compiled forward pass of a model.

    Args:
        task: a built model.
        drawing: held by a prediction that changes variables, such as the state of random numbers.
        placement: the device, or devices, that compute.
    """

    def __init__(self, task: Task, drawing: threading.Lock, placement: Placement = HERE):
        self.task = task
        self.placement = placement
        self.variables = task.variables("predict")
        self.apart = task.rows_apart("predict")
        signature = task.signature(self.variables, "predict")
        self.key, self.parameters = signature.key, signature.parameters
        self._drawing = drawing
        self._graph, self._version = task.graph, task.version()
        self._changes, self._settings = changes.count(), traced_settings()
        self._programs = Programs(self._build, placement)
        self._draws: dict[int, bool] = {}  # by the ids of programs
        self._ids = watched_ids(task)
        many = any(getattr(layer, "multiplies_rows", False) for layer in task.layers())
        self._sizes = (1, *_SIZES) if many else _SIZES

    def _build(self) -> Callable[..., Any]:
        return predictor(self.task, self.variables, self.parameters)

    def fits(self) -> bool:
        """Whether the model still is what this was made for.

        Of a graph no change is missed where nothing was announced; looking through a model takes
        longer than a small prediction, but is needed where its structure is Python code.
        """
        counted = changes.count()
        known = self._graph is not None and self._graph is self.task.graph
        if known and counted == self._changes and self._settings == traced_settings():
            return True
        if self._version != self.task.version():
            return False
        self._changes = counted  # of some layer of another model
        return True

    def sizes(self, rows: int, batch_size: int) -> Iterator[tuple[int, int, int]]:
        """Cut rows into (start, stop, size of the program)."""
        start = 0
        while start < rows:
            left = rows - start
            if self.apart:
                size = next((s for s in self._sizes if left <= s), self._sizes[-1])
            else:
                size = min(batch_size, left)
            yield start, min(start + size, rows), size
            start += size

    def __call__(self, x: Tree, batch_size: int = 32) -> Any:
        """The outputs for arrays of rows.

        Args:
            x: nest of arrays.
            batch_size: rows of a batch, for models that may look across rows.
        """
        rows = len(tree_leaves(x)[0])
        state = self.placement.load(self.variables)
        values = numbers_now(self.parameters)
        parts = []
        for start, stop, size in self.sizes(rows, batch_size):
            piece = tree_map(lambda a, lo=start, hi=stop, n=size: _padded(a[lo:hi], n), x)
            if self._ids is not None:
                self._check_ids(self._ids, piece, x)
            piece = self.placement.place(piece)
            program = self._programs.find(self.key, piece, state, values, piece)
            if self._changes_variables(program):
                with self._drawing:
                    state = self.placement.load(self.variables)
                    outputs, new = program(state, values, piece)
                    self._keep(new)
            else:
                outputs, _ = program(state, values, piece)
            parts.append((outputs, stop - start))
        return _joined(parts)

    def _check_ids(self, ids: Watched, piece: Tree, x: Tree) -> None:
        """Refuse ids without a vector; a piece has one of few shapes, the whole tells the row."""
        held = [v.held for group in self.variables for v in group]
        try:
            ids.check(piece, held)
        except ValueError:
            ids.check(x, held)
            raise

    def _changes_variables(self, program: Any) -> bool:
        """Whether a program gives new values of variables, beside the outputs."""
        found = self._draws.get(id(program))
        if found is None:
            found = bool(program.out_tree.children()[1].num_leaves)
            self._draws[id(program)] = found
        return found

    def _keep(self, new: dict[int, Any]) -> None:
        """Give variables the values that a prediction changed, and no others."""
        changed = tuple(self.variables.non_trainable[place] for place in new)
        state = TrainState((), tuple(new.values()), (), ())
        self.placement.store(StateVariables((), changed), state)


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
