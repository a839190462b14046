"""One step of training, testing or predicting as a pure function, and many as a compiled loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.errors import explain
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.tracing import explaining
from rosenblatt.training.ranks import for_users_code
from rosenblatt.training.spec import real_rows
from rosenblatt.training.state import StateVariables, TrainState

Parameters = dict[tuple[int, str], Any]


def train_step(
    model: Any,
    variables: StateVariables,
    state: TrainState,
    parameters: Parameters,
    batch: tuple[Any, Any, Any],
    mask: Any,
) -> TrainState:
    """The state after one gradient step.

    Args:
        model: a compiled model.
        variables: the variables behind the state.
        state: values before the step.
        parameters: values of run-time parameters.
        batch: inputs, targets, sample weights (None where there are none).
        mask: (batch,) bool of the real rows, or None.
    """
    x, y, sample_weight = batch
    optimizer = model.optimizer

    def objective(trainable: tuple[Any, ...]) -> tuple[Any, TrainState]:
        scope = Scope(variables.bind(state._replace(trainable=trainable)), parameters, mask)
        with use_scope(scope):
            y_pred = model(x, training=True)
            loss = loss_of(model, x, y, y_pred, sample_weight, training=True)
            track(model, loss, x, y, y_pred, sample_weight)
            scaled = optimizer.scale_loss(loss)
        return scaled, variables.read(scope.values)

    gradients, after = jax.grad(objective, has_aux=True)(state.trainable)
    # A layer may have assigned to its trained weights, as SpectralNormalization does.
    before_update = after._replace(optimizer=state.optimizer)
    scope = Scope(variables.bind(before_update), parameters)
    with use_scope(scope):
        optimizer.apply(list(gradients), list(variables.trainable))
    return variables.read(scope.values)


def test_step(
    model: Any,
    variables: StateVariables,
    state: TrainState,
    parameters: Parameters,
    batch: tuple[Any, Any, Any],
    mask: Any,
) -> TrainState:
    """The state after one batch of evaluation: metrics and untrained variables move on."""
    x, y, sample_weight = batch
    scope = Scope(variables.bind(state), parameters, mask)
    with use_scope(scope):
        y_pred = model(x, training=False)
        loss = loss_of(model, x, y, y_pred, sample_weight, training=False)
        track(model, loss, x, y, y_pred, sample_weight)
    after = variables.read(scope.values)
    return state._replace(metrics=after.metrics, non_trainable=after.non_trainable)


test_step.__test__ = False  # type: ignore[attr-defined]


def loss_of(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
    """The model's total loss, a scalar.

    Raises:
        ValueError: a user's `compute_loss` returned something else.
    """
    where = f"`compute_loss` of model {model.name!r}"
    with explaining(where):
        if model._loss_is_custom():
            y = for_users_code(
                lambda y, p, *rest: model.compute_loss(rest[0], y, p, rest[1], training=training),
                y, y_pred, x, sample_weight,
            )  # fmt: skip
        loss = model.compute_loss(x, y, y_pred, sample_weight, training=training)
    if loss is None or jnp.ndim(loss):
        raise ValueError(
            explain(
                f"{where} must return a scalar.",
                given="None" if loss is None else f"shape {jnp.shape(loss)}",
                fix="end with `return ops.mean(loss)`.",
            )
        )
    return loss


def track(model: Any, loss: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> None:
    """Update the running loss and the metrics."""
    rows = real_rows(tree_leaves(x)[0])
    model._compiled.spec.loss_tracker.update_state(loss, sample_weight=rows)
    if model._tracks_by_itself():
        y = for_users_code(
            lambda y, p, *rest: model.compute_metrics(rest[0], y, p, rest[1]),
            y, y_pred, x, sample_weight,
        )  # fmt: skip
    model.compute_metrics(x, y, y_pred, sample_weight)


def results(
    model: Any, variables: StateVariables, state: TrainState, parameters: Parameters
) -> tuple[Any, ...]:
    """The metrics' values, in the order of `model._compiled.spec.results()`."""
    with use_scope(Scope(variables.bind(state), parameters)):
        return tuple(jnp.asarray(v) for v in model.get_metrics_result().values())


def batch_at(block: Any, index: Any) -> Any:
    """One batch of a block of stacked batches."""
    return jax.tree_util.tree_map(
        lambda a: jax.lax.dynamic_index_in_dim(a, index, keepdims=False), block
    )


def loop(
    model: Any,
    variables: StateVariables,
    step: Callable[..., TrainState],
    parameter_keys: Sequence[tuple[int, str]],
    masked: bool,
) -> Callable[..., Any]:
    """A function that runs a step over the batches of a block; jit makes a program of it.

    Its arguments are the state, the run-time parameters' values, the block (arrays of shape
    (batches, batch_size, …)), and `span`: int32 [first batch, last batch + 1, rows]. The number of
    steps is thus a run-time value.
    """

    def run(state: TrainState, values: Sequence[Any], block: Any, span: Any) -> Any:
        parameters = dict(zip(parameter_keys, values, strict=True))
        batch_size = jax.tree_util.tree_leaves(block)[0].shape[1]

        def body(index: Any, state: TrainState) -> TrainState:
            batch = batch_at(block, index)
            mask = None
            if masked:
                mask = jnp.arange(batch_size, dtype="int32") < span[2] - index * batch_size
            return step(model, variables, state, parameters, batch, mask)

        state = jax.lax.fori_loop(span[0], span[1], body, state)
        return state, results(model, variables, state, parameters)

    return run


def _as_many(values: Any, before: Sequence[Any], model: Any) -> list[Any]:
    """The untrained values that a user's `predict_step` returned beside the outputs."""
    new = list(values)
    if len(new) != len(before):
        raise ValueError(
            explain(
                f"`predict_step` of model {model.name!r} ({type(model).__name__}) returned another "
                "number of non-trainable values than it got.",
                given=len(new),
                expected=f"{len(before)}",
                fix="`return outputs, non_trainable_variables`.",
            )
        )
    return new


def predictor(
    model: Any, variables: StateVariables, parameter_keys: Sequence[tuple[int, str]]
) -> Callable[..., Any]:
    """A function of state, run-time parameters and a batch of inputs.

    It gives the model's outputs, and the new values of untrained variables by their place: of those
    that changed, such as the state of a layer that draws random numbers.
    """

    def changed(after: Sequence[Any], before: Sequence[Any]) -> dict[int, Any]:
        pairs = enumerate(zip(after, before, strict=True))
        return {place: new for place, (new, old) in pairs if new is not old}

    def run(state: TrainState, values: Sequence[Any], x: Any) -> Any:
        parameters = dict(zip(parameter_keys, values, strict=True))
        if model._step_is_custom("predict"):
            given = (list(state.trainable), list(state.non_trainable))
            with use_scope(Scope(parameters=parameters)):
                outputs, rest = model.predict_step(given, (x,))
            return outputs, changed(_as_many(rest, state.non_trainable, model), state.non_trainable)
        scope = Scope(variables.bind(state), parameters)
        with use_scope(scope):
            outputs = model(x, training=False)
        after = variables.read(scope.values)
        return outputs, changed(after.non_trainable, state.non_trainable)

    return run
