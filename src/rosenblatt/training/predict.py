"""`predict`: rows in batches of few sizes through compiled programs, and what callbacks watch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from rosenblatt.core.errors import explain, warn_user, within
from rosenblatt.core.faces import on_use
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.tracing import changes, traced_settings
from rosenblatt.core.types import Tree
from rosenblatt.data.contract import Source
from rosenblatt.graph.walk import LookedUp
from rosenblatt.training.fit import Hooks
from rosenblatt.training.intake import watched_ids
from rosenblatt.training.placement import HERE, Placement, StateVariables, TrainState
from rosenblatt.training.programs import Programs
from rosenblatt.training.session import Session
from rosenblatt.training.step import numbers_now, predictor

if TYPE_CHECKING:
    from rosenblatt.core.watched import Watched
    from rosenblatt.training import functions
    from rosenblatt.training.contract import Task
    from rosenblatt.training.functions import StepFunction
else:
    functions = on_use("rosenblatt.training.functions")

# Rows of the programs that a prediction is made of. Few sizes mean few programs. A row for which
# layers compute many (`multiplies_rows`) has one of its own: filled up to 32 it takes 10 times as
# long.
_SIZES = (32, 256, 2048)


def predict(session: Session, source: Source, hooks: Hooks, steps: int | None = None) -> Any:
    """Compute the outputs for inputs.

    Args:
        session: that of a model.
        source: the inputs.
        hooks: the callbacks.
        steps: batches to use; one pass if None.

    Returns:
        NumPy arrays in the outputs' structure.
    """
    session.stop_predicting = False
    hooks.call("on_predict_begin")
    function = _own_function(session, source)
    whole = None if hooks.predict_batches or function else source.whole(steps)
    if function is not None:
        batches = (_brought(session.task, x) for x, *_ in source.batches(steps))
        outputs = _joined(functions.predict_by(session, function, batches, hooks))
    elif whole is not None:
        outputs = predict_arrays(session, whole[0], source.batch_size or 32)
        hooks.progress("predict", steps or source.n_batches or 0, {})
    else:
        outputs = _by_batch(session, source, hooks, steps)
    hooks.call("on_predict_end")
    return outputs


def predict_arrays(session: Session, x: Tree, batch_size: int) -> Any:
    """The outputs for arrays of inputs.

    Args:
        session: that of a model.
        x: nest of arrays.
        batch_size: rows of a batch, for models that may look across rows.
    """
    task = session.task
    if task.run_eagerly:
        return _eagerly(task, x, batch_size)
    if not task.is_built:
        task.build(tree_map(lambda a: a[:1], x), None, "predict")
    x = _brought(task, x)
    outputs = _predictor_of(session)(x, batch_size)
    warn_if_nan(outputs, x)
    return outputs


def _brought(task: Task, x: Tree) -> Tree:
    """Inputs in the structure of the model's."""
    graph = task.graph
    return x if graph is None or isinstance(x, LookedUp) else graph.bring(x, cast=True)


def _own_function(session: Session, source: Source) -> StepFunction | None:
    """The function that a user's class makes for a model that is built."""
    task = session.task
    if not task.makes_function("predict"):
        return None
    if not task.is_built:
        task.build(tree_map(lambda a: a[:1], source.peek()[0]), None, "predict")
    return task.own_function("predict")


def _predictor_of(session: Session) -> Predictor:
    """The forward pass of earlier calls, where the model is still as it was."""
    known = session.predictor
    if known is None or not known.fits():
        known = session.predictor = Predictor(session.task, session.drawing, session.placement)
    return known


def _eagerly(task: Task, x: Tree, batch_size: int) -> Any:
    """`run_eagerly=True`: the model called on each batch."""
    rows = len(tree_leaves(x)[0])
    batches = (
        tree_map(lambda a, i=start: a[i : i + batch_size], x)
        for start in range(0, rows, batch_size)
    )
    return _joined([task.forward(batch, training=False) for batch in batches])


def _by_batch(session: Session, source: Source, hooks: Hooks, steps: int | None) -> Any:
    parts = []
    for number, (x, *_) in enumerate(source.batches(steps)):
        hooks.call("on_predict_batch_begin", number)
        with within(source.name_of(number)):
            outputs = predict_arrays(session, x, len(tree_leaves(x)[0]))
        parts.append(outputs)
        hooks.call("on_predict_batch_end", number, {"outputs": outputs})
        hooks.progress("predict", number + 1, {})
        if session.stop_predicting:
            break
    return _joined(parts)


def _joined(parts: list[Any]) -> Any:
    return jax.tree_util.tree_map(lambda *pieces: np.concatenate(pieces), *parts)


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
        self._changes, self._settings = changes(), traced_settings()
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

    def __call__(self, x: Tree, batch_size: int = 32) -> Any:
        """The outputs for arrays of rows.

        Args:
            x: nest of arrays.
            batch_size: rows of a batch, for models that may look across rows.
        """
        rows = len(tree_leaves(x)[0])
        state = self.placement.load_for_good(self.variables)
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
        return _cut_and_joined(parts)

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


def _cut_and_joined(parts: list[tuple[Any, int]]) -> Any:
    if len(parts) == 1:
        outputs, rows = parts[0]
        return jax.tree_util.tree_map(lambda a: np.asarray(a)[:rows].copy(), outputs)
    trees = [
        jax.tree_util.tree_map(lambda a, n=rows: np.asarray(a)[:n], outputs)
        for outputs, rows in parts
    ]
    return jax.tree_util.tree_map(lambda *pieces: np.concatenate(pieces), *trees)


def _sums_to_nan(array: np.ndarray) -> bool:
    """Whether a sum, in one pass and without a temporary array, says that there may be NaN."""
    wide = np.float32 if array.dtype.itemsize == 2 else None
    with np.errstate(all="ignore"):
        return bool(np.isnan(array.sum(dtype=wide)))


def warn_if_nan(outputs: Tree, x: Tree) -> None:
    """Say which predictions are not a number, and whether the inputs are why.

    Args:
        outputs: nest of arrays of predictions.
        x: the inputs, arrays of the same rows.
    """
    for output in tree_leaves(outputs):
        if output.dtype.kind in "iubc" or not _sums_to_nan(output):
            continue
        rows = np.flatnonzero(np.isnan(output).reshape(len(output), -1).any(1))
        if not len(rows):  # infinities of both signs
            continue
        first = int(rows[0])
        inputs = [np.asarray(leaf[first]) for leaf in tree_leaves(x)]
        bad = any(a.dtype.kind == "f" and not np.isfinite(a).all() for a in inputs)
        warn_user(
            explain(
                f"predict: {len(rows)} of {len(output)} rows are NaN, the first is row {first}.",
                given="inputs that hold NaN or infinity there" if bad else "finite inputs",
                fix="fill or drop missing values first."
                if bad
                else "the weights may be NaN or too large: train again with a lower learning rate, "
                "`clipnorm=1.0`, or scaled inputs.",
            ),
            RuntimeWarning,
        )
        return
