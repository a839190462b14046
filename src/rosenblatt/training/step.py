"""One step of training, testing or predicting as a pure function, and many as a compiled loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax import lax

from rosenblatt.core.errors import BadData
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.types import Array, Tree
from rosenblatt.data.contract import Batch
from rosenblatt.layers.signatures import is_users
from rosenblatt.training.placement import StateVariables, TrainState
from rosenblatt.training.signature import Parameter

if TYPE_CHECKING:
    from rosenblatt.core.variable import Variable
    from rosenblatt.optimizers.base import Optimizer
    from rosenblatt.training.contract import Task
    from rosenblatt.training.flat import CallsApart, FlatGradients

Parameters = dict[tuple[int, str], Any]


class RealRows(NamedTuple):
    """Which rows of a batch are not padding: a (batch,) bool mask, and how many they are."""

    mask: Array
    number: Array


Step: TypeAlias = (
    "Callable[[Task, StateVariables, TrainState, Parameters, Batch, RealRows | None], TrainState]"
)


def traced_numbers(parameters: Sequence[Parameter], values: Sequence[Any]) -> Parameters:
    """Run-time numbers by their owners, for a scope."""
    keys = [(id(owner), name) for owner, name in parameters]
    return dict(zip(keys, values, strict=True))


def numbers_now(parameters: Sequence[Parameter]) -> tuple[float, ...]:
    """The values of run-time numbers now: arguments of a program."""
    return tuple([float(getattr(owner, name)) for owner, name in parameters])


def train_step(
    task: Task,
    variables: StateVariables,
    state: TrainState,
    parameters: Parameters,
    batch: Batch,
    rows: RealRows | None,
    flat: FlatGradients | None = None,
) -> TrainState:
    """The state after one gradient step.

    Args:
        task: a compiled model.
        variables: the variables behind the state.
        state: values before the step.
        parameters: values of run-time parameters.
        batch: inputs, targets, sample weights (None where there are none).
        rows: the real rows; None where all are.
        flat: adds gradients up over several devices; None leaves that to XLA.
    """
    optimizer = task.optimizer

    def objective(
        trainable: tuple[Any, ...], calls: CallsApart | None = None
    ) -> tuple[Any, TrainState]:
        held = variables.bind(state._replace(trainable=trainable))
        mask, count = rows or (None, None)
        scope = Scope(held, parameters, mask, count, calls=calls)
        with use_scope(scope):
            loss = _forward(task, batch, training=True)
            scaled = optimizer.scale_loss(loss)
        return scaled, variables.read(scope.values)

    if flat is None:
        gradients, after = jax.grad(objective, has_aux=True)(state.trainable)
    else:
        gradients, after = flat(objective, variables.trainable, state.trainable)
    # A layer may have assigned to its trained weights, as SpectralNormalization does.
    before_update = after._replace(optimizer=state.optimizer)
    scope = Scope(variables.bind(before_update), parameters)
    with use_scope(scope):
        _apply(optimizer, list(gradients), list(variables.trainable))
    return variables.read(scope.values)


def _apply(optimizer: Optimizer, gradients: list[Any], trainable: list[Variable]) -> None:
    """Let an optimizer take its step, by a user's own `stateless_apply` where there is one."""
    if not is_users(type(optimizer), "stateless_apply"):
        optimizer.apply(gradients, trainable)
        return
    slots = optimizer.variables
    groups = ([v.value for v in slots], gradients, [v.value for v in trainable])
    new_trainable, new_slots = optimizer.stateless_apply(*groups)
    held, new = (*trainable, *slots), (*new_trainable, *new_slots)
    for variable, value in zip(held, new, strict=True):
        variable.assign(value)


def test_step(
    task: Task,
    variables: StateVariables,
    state: TrainState,
    parameters: Parameters,
    batch: Batch,
    rows: RealRows | None,
) -> TrainState:
    """The state after one batch of evaluation: metrics and untrained variables move on."""
    scope = Scope(variables.bind(state), parameters, *(rows or ()))
    with use_scope(scope):
        _forward(task, batch, training=False)
    after = variables.read(scope.values)
    return state._replace(metrics=after.metrics, non_trainable=after.non_trainable)


test_step.__test__ = False  # type: ignore[attr-defined]


def _forward(task: Task, batch: Batch, training: bool) -> Any:
    """The loss of a batch; the metrics have seen it."""
    outputs = task.forward(batch[0], training)
    loss = task.loss(batch, outputs, training)
    task.track(loss, batch, outputs)
    return loss


def results(
    task: Task, variables: StateVariables, state: TrainState, parameters: Parameters
) -> tuple[Any, ...]:
    """The metrics' values, in the order of `task.results()`."""
    with use_scope(Scope(variables.bind(state), parameters)):
        return tuple(jnp.asarray(v) for v in task.results().values())


def batch_at(block: Tree, index: Array) -> Any:
    """One batch of a block of stacked batches."""
    return jax.tree_util.tree_map(
        lambda a: lax.dynamic_index_in_dim(a, index, keepdims=False), block
    )


def real_rows(span: Array, index: Array, size: int, is_divided: bool) -> RealRows:
    """The real rows of a batch.

    Args:
        span: as for `loop`.
        index: which batch.
        size: rows of the array.
        is_divided: whether they lie on several devices.
    """
    batch_size = span[3]
    number = lax.min(batch_size, span[2] - index * batch_size)
    mask = lax.iota("int32", size) < number
    # A sum that says what `number` says keeps XLA from handing each piece of a small step to
    # another thread, which takes twice the processor's time. Of several devices it would be one
    # more sum that they wait for.
    return RealRows(mask, number if is_divided else jnp.sum(mask, dtype="int32"))


def loop(
    task: Task,
    variables: StateVariables,
    step: Step,
    parameters: Sequence[Parameter],
    masked: bool,
    is_divided: bool,
) -> Callable[..., Any]:
    """A function that runs a step over the batches of a block; jit makes a program of it.

    Its arguments are the state, the run-time parameters' values, the block (arrays of shape
    (batches, rows, …)), and `span`: int32 [first batch, last batch + 1, rows, rows of a batch].
    The number of steps is thus a run-time value.
    """

    def run(state: TrainState, values: Sequence[Any], block: Tree, span: Array) -> Any:
        numbers = traced_numbers(parameters, values)
        size = jax.tree_util.tree_leaves(block)[0].shape[1]

        def body(index: Array, state: TrainState) -> TrainState:
            rows = real_rows(span, index, size, is_divided) if masked else None
            return step(task, variables, state, numbers, batch_at(block, index), rows)

        state = lax.fori_loop(span[0], span[1], body, state)
        return state, results(task, variables, state, numbers)

    return run


def predictor(
    task: Task, variables: StateVariables, parameters: Sequence[Parameter]
) -> Callable[..., Any]:
    """A function of state, run-time parameters and a batch of inputs.

    It gives the model's outputs, and the new values of untrained variables by their place: of those
    that changed, such as the state of a layer that draws random numbers.
    """
    own = task.own_step("predict")
    # What a layer's `call` does to a metric counts in training and evaluation.
    metrics = {id(v) for v in task.listed_metrics}

    def run(state: TrainState, values: Sequence[Any], x: Tree) -> Any:
        numbers = traced_numbers(parameters, values)
        before = state.non_trainable
        if own is not None:
            given = (list(state.trainable), list(before))
            with use_scope(Scope(parameters=numbers)):
                outputs, after = own(given, (x,))
            _check_number(after, before, task)
        else:
            scope = Scope(variables.bind(state), numbers, dropped=metrics)
            with use_scope(scope):
                outputs = task.forward(x, training=False)
            after = variables.read(scope.values).non_trainable
        pairs = enumerate(zip(after, before, strict=True))
        return outputs, {place: new for place, (new, old) in pairs if new is not old}

    return run


def _check_number(after: Sequence[Any], before: Sequence[Any], task: Task) -> None:
    """Refuse a different number of untrained values from a user's `predict_step`."""
    if len(after) != len(before):
        raise BadData(
            f"`predict_step` of {task.described} returned a different "
            "number of non-trainable values than it got.",
            given=len(after),
            expected=f"{len(before)}",
            fix="`return outputs, non_trainable_variables`.",
        )
