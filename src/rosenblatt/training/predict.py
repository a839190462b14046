"""`predict`: rows in batches of few sizes through compiled programs, and what callbacks watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from rosenblatt.core.errors import explain, warn_user, within
from rosenblatt.core.faces import on_use
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.data.arrays import check_array
from rosenblatt.data.contract import Source
from rosenblatt.training.fit import Hooks
from rosenblatt.training.placement import placement_now
from rosenblatt.training.predictor import Predictor, brought
from rosenblatt.training.session import Session

if TYPE_CHECKING:
    from rosenblatt.training import functions, together
    from rosenblatt.training.contract import Task
    from rosenblatt.training.functions import StepFunction
else:
    functions = on_use("rosenblatt.training.functions")
    together = on_use("rosenblatt.training.together")

_FEW = 1000  # values: for fewer, telling NumPy what to ignore takes longer than looking


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
        batches = (brought(session.task.graph, x) for x, *_ in source.batches(steps))
        outputs = _joined(functions.predict_by(session, function, batches, hooks))
    elif whole is not None:
        outputs = predict_arrays(session, whole[0], source.batch_size or 32)
        hooks.progress("predict", steps or source.n_batches or 0, {})
    elif source.batch_size is not None and not hooks.predict_batches:
        outputs = _by_block(session, source, hooks, steps)
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
    predictor = _predictor_of(session)
    if predictor.placement.is_shared:
        together.meet_rows(predictor.placement, x, f"predict of {task.described}")
    x = predictor.bring(x)
    outputs = predictor(x, batch_size)
    warn_if_nan(outputs, x)
    return outputs


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
        known = session.predictor = Predictor(session.task, session.drawing, placement_now())
    return known


def predict_again(session: Session, x: np.ndarray) -> Any:
    """The outputs for a few rows of a kind that came before, to the bit as of `predict_arrays`.

    Args:
        session: that of a model.
        x: one array.

    Returns:
        None where `predict_arrays` is to be asked.
    """
    known = session.predictor
    if known is not None and x.dtype == np.float64 and x.ndim and len(x):
        x = check_array(x, "x")  # what reading makes of it too
    outputs = None if known is None else known.again(x)
    if outputs is not None:
        warn_if_nan(outputs, x)
    return outputs


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


def _by_block(session: Session, source: Source, hooks: Hooks, steps: int | None) -> Any:
    """Many batches of one size at a time, where nobody asked for each."""
    parts, done = [], 0
    for block in source.once(steps):
        x = tree_map(lambda a, n=block.n_rows: a.reshape(-1, *a.shape[2:])[:n], block.arrays[0])
        parts.append(predict_arrays(session, x, block.batch_size))
        done += block.n_batches
        hooks.progress("predict", done, {})
        if session.stop_predicting:
            break
    return _joined(parts)


def _joined(parts: list[Any]) -> Any:
    return jax.tree_util.tree_map(lambda *pieces: np.concatenate(pieces), *parts)


def _sums_to_nan(array: np.ndarray) -> bool:
    """Whether a sum, in one pass and without a temporary array, says that there may be NaN."""
    if array.size < _FEW:
        if array.dtype == np.float32:
            flat = array.reshape(-1)
            return bool(np.isnan(np.dot(flat, flat)))
        return bool(np.isnan(array).any())
    wide = np.float32 if array.dtype.itemsize == 2 else None
    with np.errstate(all="ignore"):
        return bool(np.isnan(array.sum(dtype=wide)))


def warn_if_nan(outputs: Tree, x: Tree) -> None:
    """Say which predictions are not a number, and whether the inputs are why.

    Args:
        outputs: nest of arrays of predictions.
        x: the inputs, arrays of the same rows.
    """
    for output in [outputs] if type(outputs) is np.ndarray else tree_leaves(outputs):
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
