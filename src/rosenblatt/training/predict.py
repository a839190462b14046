"""`predict`: arrays at once, other sources and what callbacks watch batch by batch."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from rosenblatt.core.errors import within
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.data.contract import Source
from rosenblatt.graph.walk import LookedUp
from rosenblatt.training.checks import warn_if_nan
from rosenblatt.training.contract import Task
from rosenblatt.training.fit import Hooks
from rosenblatt.training.session import Session


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
    hooks.call("on_predict_begin")
    whole = None if hooks.predict_batches else source.whole(steps)
    if whole is not None:
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
    graph = task.graph
    if graph is not None and not isinstance(x, LookedUp):
        x = graph.bring(x, cast=True)
    outputs = session.predictor()(x, batch_size)
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
    return _joined(parts)


def _joined(parts: list[Any]) -> Any:
    return jax.tree_util.tree_map(lambda *pieces: np.concatenate(pieces), *parts)
