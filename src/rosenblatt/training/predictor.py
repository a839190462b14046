"""The compiled forward pass of a model: pieces of few sizes, and few rows in the calling thread."""

from __future__ import annotations

import functools
import math
import operator
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.tracing import changes, traced_settings
from rosenblatt.core.types import Tree
from rosenblatt.data.contract import PREDICTED_ROWS
from rosenblatt.graph.walk import LookedUp
from rosenblatt.training.intake import watched_ids
from rosenblatt.training.placement import (
    HERE,
    CallingThread,
    Placement,
    StateVariables,
    TrainState,
    calling_thread,
    placement_now,
)
from rosenblatt.training.programs import Programs, WithOutside
from rosenblatt.training.step import numbers_now, predictor

if TYPE_CHECKING:
    from rosenblatt.core.watched import Watched
    from rosenblatt.graph.graph import Graph
    from rosenblatt.training.contract import Task

# What the calling thread computes itself: larger pieces are better handed on, and run side by side.
_NEAR_ROWS, _NEAR_BYTES = 32, 64 << 20
# Who predicts once or twice is served faster by the program that is on disk.
_PATIENCE = 2


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
        self._as_given: set[tuple[Any, ...]] = set()  # shapes and dtypes of arrays that are right
        self._changes, self._settings = changes(), traced_settings()
        self._programs = Programs(self._build, placement)
        self._near = self._nearby()
        self._draws: dict[int, bool] = {}  # by the ids of programs
        self._ids = watched_ids(task)
        self._takes_ids = any(hasattr(layer, "check_ids") for layer in task.layers())
        many = any(getattr(layer, "multiplies_rows", False) for layer in task.layers())
        # A row for which layers compute many has a program of its own.
        self._sizes = (1, *PREDICTED_ROWS) if many else PREDICTED_ROWS

    def _build(self) -> Callable[..., Any]:
        return predictor(self.task, self.variables, self.parameters)

    def _nearby(self) -> Nearby | None:
        """What the calling thread computes with; None where nothing, or not the key, says how."""
        placement = calling_thread() if self.placement is HERE and self.key is not None else None
        weights = sum(math.prod(v.shape) * 4 for group in self.variables for v in group)
        if placement is None or weights > _NEAR_BYTES:
            return None
        return Nearby(self._build, placement)

    def fits(self) -> bool:
        """Whether the model, and the choice of devices, still is what this was made for.

        Of a graph no change is missed where nothing was announced; looking through a model takes
        longer than a small prediction, but is needed where its structure is Python code.
        """
        if self.placement is not placement_now():
            return False
        counted = changes()
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

    def bring(self, x: Tree) -> Tree:
        """Inputs in the structure, the shapes and the dtypes that the graph takes them in."""
        graph = self._graph
        if graph is None or type(x) is not np.ndarray or self._takes_ids:
            return brought(graph, x)
        kind = (x.shape[1:], x.dtype)
        if kind not in self._as_given:
            found = graph.bring(x, cast=True)
            if found is not x:
                return found
            if self.apart and not graph.looks_up:
                self._as_given.add(kind)
        return x

    def __call__(self, x: Tree, batch_size: int = 32) -> Any:
        """The outputs for arrays of rows.

        Args:
            x: nest of arrays.
            batch_size: rows of a batch, for models that may look across rows.
        """
        rows = len(x if type(x) is np.ndarray else tree_leaves(x)[0])
        values = numbers_now(self.parameters)
        parts, state = [], None
        for start, stop, size in self.sizes(rows, batch_size):
            piece = _piece(x, start, stop, size)
            if self._ids is not None:
                self._check_ids(self._ids, piece, x)
            outputs = self._near_outputs(values, piece, size) if rows <= _NEAR_ROWS else None
            if outputs is None:
                state = self.placement.load_for_good(self.variables) if state is None else state
                state, outputs = self._outputs(state, values, piece)
            parts.append((outputs, stop - start))
        return _cut_and_joined(parts)

    def again(self, x: np.ndarray) -> Any:
        """The outputs for a few more rows of a kind that came before; None where they are not.

        What is known of the kind, and of a model that fits, is not asked again.
        """
        rows, near = len(x) if x.ndim else 0, self._near
        if near is None or not 0 < rows <= _NEAR_ROWS:
            return None
        size = next(s for s in self._sizes if rows <= s)
        kind = (x.shape[1:], x.dtype)
        if not near.is_frequent(size) or kind not in self._as_given or not self.fits():
            return None
        outputs = self._near_outputs(numbers_now(self.parameters), _padded(x, size), size)
        return None if outputs is None else _cut_and_joined([(outputs, rows)])

    def _near_outputs(self, values: Any, piece: Tree, size: int) -> Any:
        """The outputs for a piece, computed by this thread; None where it cannot, or not yet."""
        near = self._near
        if near is None:
            return None
        if not near.is_frequent(size):
            near.note(size)
            return None
        held = near.held(self.variables)
        if held is None:
            return None
        program = near.programs.find(self.key, piece, held, values, piece)
        if isinstance(program, WithOutside) or self._changes_variables(program):
            self._near = None
            return None
        return program(held, values, piece)[0]

    def _outputs(self, state: TrainState, values: Any, piece: Tree) -> tuple[TrainState, Any]:
        """The outputs for a piece; and the state, which may be another then."""
        piece = self.placement.place(piece, 0, self.apart)
        program = self._programs.find(self.key, piece, state, values, piece)
        if not self._changes_variables(program):
            return state, self.placement.call(program, state, values, piece)[0]
        with self._drawing:
            state = self.placement.load(self.variables)
            outputs, new = self.placement.call(program, state, values, piece)
            self._keep(new)
        return state, outputs

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


class Nearby:
    """Programs for the calling thread, and the weights that they were given last.

    Args:
        build: makes the function.
        placement: that of the calling thread.
    """

    def __init__(self, build: Callable[[], Callable[..., Any]], placement: CallingThread):
        self.programs = Programs(build, placement)
        self._placement = placement
        self._last: tuple[list[Any], TrainState] | None = None
        self._asked: Counter[int] = Counter()

    def is_frequent(self, size: int) -> bool:
        """Whether pieces of a size come often enough for a program of their own."""
        return self._asked[size] >= _PATIENCE

    def note(self, size: int) -> None:
        """Note that a piece of a size came."""
        self._asked[size] += 1

    def held(self, variables: StateVariables) -> TrainState | None:
        """The variables' values for these programs: the last ones where none is another.

        Returns:
            None where a value is on a device that somebody chose.
        """
        now, last = variables.values(), self._last  # one read: another thread may set it
        if last is not None and all(map(operator.is_, last[0], now)):
            return last[1]
        if any(isinstance(v, jax.Array) and v.committed for v in now):
            return None
        held = self._placement.hold(TrainState(*variables.nested(now)))
        self._last = (now, held)
        return held


def brought(graph: Graph | None, x: Tree) -> Tree:
    """Inputs in the structure, the shapes and the dtypes that a model's graph takes them in."""
    return x if graph is None or isinstance(x, LookedUp) else graph.bring(x, cast=True)


def _piece(x: Tree, start: int, stop: int, size: int) -> Tree:
    """Rows of a nest, and copies of the last of them up to a size."""
    if type(x) is np.ndarray:
        return _padded(x[start:stop], size)
    return tree_map(lambda a: _padded(a[start:stop], size), x)


def _padded(array: np.ndarray, size: int) -> np.ndarray:
    """The rows, and copies of the last one up to a size."""
    rows = len(array)
    if rows == size:
        return array
    if size <= _NEAR_ROWS:
        return array.take(_filled_up(rows, size), 0)
    out = np.empty((size, *array.shape[1:]), array.dtype)
    out[:rows] = array
    out[rows:] = array[-1:]
    return out


@functools.cache
def _filled_up(rows: int, size: int) -> np.ndarray:
    """Numbers of rows, and of the last one up to a size: the fastest way to take a few."""
    return np.minimum(np.arange(size), rows - 1)


def _cut_and_joined(parts: list[tuple[Any, int]]) -> Any:
    if len(parts) == 1:
        outputs, rows = parts[0]
        if isinstance(outputs, jax.Array):
            return np.asarray(outputs)[:rows].copy()
        return jax.tree_util.tree_map(lambda a: np.asarray(a)[:rows].copy(), outputs)
    trees = [
        jax.tree_util.tree_map(lambda a, n=rows: np.asarray(a)[:n], outputs)
        for outputs, rows in parts
    ]
    return jax.tree_util.tree_map(lambda *pieces: np.concatenate(pieces), *trees)
