"""Steps that a user's model defines itself, in Keras's stateless signature for JAX."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.errors import BadData, WrongType
from rosenblatt.core.scope import Scope, current_scope, use_scope
from rosenblatt.core.tracing import explaining
from rosenblatt.core.types import Array, Tree
from rosenblatt.data.contract import Batch
from rosenblatt.training.contract import Kind, Task
from rosenblatt.training.placement import GROUPS, StateVariables, TrainState
from rosenblatt.training.ranks import for_users_step
from rosenblatt.training.signature import Parameter
from rosenblatt.training.step import (
    Parameters,
    batch_at,
    results,
    test_step,
    traced_numbers,
    train_step,
)

_ADVICE = (
    "write `def {kind}_step(self, state, data):` … `return logs, state`, as for Keras on JAX, with "
    "`self.stateless_call`, `jax.value_and_grad` and `self.optimizer.stateless_apply`."
)


def custom_step(
    kind: Kind,
    task: Task,
    variables: StateVariables,
    state: TrainState,
    parameters: Parameters,
    batch: Batch,
) -> tuple[TrainState, dict[str, Any]]:
    """One call of the model's own `train_step(state, data)` or `test_step(state, data)`.

    Args:
        kind: "train" or "test".
        task: a compiled model whose class defines the step.
        variables: the variables behind the state.
        state: values before the step.
        parameters: values of run-time parameters.
        batch: inputs, targets, sample weights (None where there are none).

    Returns:
        The state after the step, and what the step returned to be logged.

    Raises:
        TypeError: the step returned something else than logs and a state.
        ValueError: a different number of values in a group of the state, or another shape.
    """
    where = f"`{kind}_step` of {task.described}"
    step = task.own_step(kind)
    assert step is not None
    _check_signature(step, kind, where)
    given = given_of(state, kind, len(task.listed_metrics))  # others it leaves alone
    x, y, weight = batch
    y = for_users_step(lambda y, x, w: step(given, without_none((x, y, w))), y, x, weight)
    with use_scope(Scope(parameters=parameters)), explaining(where):
        returned = step(given, without_none((x, y, weight)))
    logs, new = unpacked(returned, kind, where, _ADVICE.format(kind=kind))
    groups = {}
    for name, values, before in zip(GROUPS[kind], new, given, strict=True):
        kept = like(list(values), before, getattr(variables, name), name, where)
        groups[name] = (*kept, *getattr(state, name)[len(before) :])
    return state._replace(**groups), {name: jnp.asarray(value) for name, value in logs.items()}


def given_of(state: TrainState, kind: Kind, metrics: int) -> tuple[list[Any], ...]:
    """The groups of a state that a user's step takes, with so many values of metrics."""
    given = state._replace(metrics=state.metrics[:metrics])
    return tuple(list(getattr(given, name)) for name in GROUPS[kind])


def without_none(data: tuple[Any, ...]) -> tuple[Any, ...]:
    """A batch as Keras passes it on: without targets and weights that were not given."""
    while len(data) > 1 and data[-1] is None:
        data = data[:-1]
    return data


def _check_signature(step: Callable[..., Any], kind: Kind, where: str) -> None:
    try:
        inspect.signature(step).bind("state", "data")
    except TypeError:
        raise WrongType(
            f"{where} must take the state and the data of a batch.",
            given=f"{kind}_step{inspect.signature(getattr(step, '__func__', step))}",
            fix=_ADVICE.format(kind=kind),
        ) from None


def unpacked(
    returned: Tree, kind: Kind, where: str, fix: str
) -> tuple[Mapping[str, Any], Sequence[Any]]:
    """The logs and the new state that a user's step returned.

    Raises:
        TypeError: it returned something else; the message says where, and `fix`.
    """
    names = GROUPS[kind]
    fits = isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[0], Mapping)
    if fits and isinstance(returned[1], (tuple, list)) and len(returned[1]) == len(names):
        return returned[0], returned[1]
    raise WrongType(
        f"{where} must return logs and the new state.",
        given=f"{type(returned).__name__}: {returned!r:.80}",
        expected="`(logs, state)`: a dict of scalars, and a tuple of "
        + ", ".join(f"{name}_variables" for name in names),
        fix=fix,
    )


def like(
    values: list[Any], old: Sequence[Any], variables: Sequence[Any], name: str, where: str
) -> list[Any]:
    """The new values of a group in the dtypes of the old ones, which a compiled loop requires.

    Raises:
        ValueError: a different number of values, or another shape; the message says where.
    """
    if len(values) != len(old):
        raise BadData(
            f"{where}: a different number of {name}_variables than before the step.",
            given=len(values),
            expected=f"{len(old)}: {[v.path for v in variables[: len(old)]]}",
        )
    for value, before, variable in zip(values, old, variables, strict=False):
        if tuple(jnp.shape(value)) != tuple(jnp.shape(before)):
            raise BadData(
                f"{where}: {variable.path!r} has another shape than before the step.",
                given=tuple(jnp.shape(value)),
                expected=tuple(jnp.shape(before)),
            )
    return [
        jnp.asarray(value).astype(jnp.result_type(before))
        for value, before in zip(values, old, strict=True)
    ]


def default_step(
    task: Task, kind: Kind, state: Sequence[Any], data: Tree
) -> tuple[dict[str, Any], Any]:
    """The library's own step in the same signature, for `super().train_step(state, data)`."""
    step = train_step if kind == "train" else test_step
    variables = task.variables(kind)
    groups = {name: tuple(values) for name, values in zip(GROUPS[kind], state, strict=True)}
    unlisted = [v.value for v in variables.metrics[len(groups["metrics"]) :]]
    before = TrainState(**{"optimizer": (), **groups, "metrics": (*groups["metrics"], *unlisted)})
    scope = current_scope()
    batch = (*data, None, None)[:3] if isinstance(data, (tuple, list)) else (data, None, None)
    parameters = scope.parameters if scope else {}
    after = step(task, variables, before, parameters, batch, None)
    found = results(task, variables, after, parameters)
    logs = dict(zip(task.results(), found, strict=True))
    return logs, given_of(after, kind, len(groups["metrics"]))


def custom_loop(
    kind: Kind,
    task: Task,
    variables: StateVariables,
    parameters: Sequence[Parameter],
    names: list[str],
) -> Callable[..., Any]:
    """A function like that of `step.loop`, around a model's own step.

    Args:
        kind, task, variables: as for `custom_step`.
        parameters: the run-time parameters.
        names: gets the names of the logged values when the function is traced.
    """

    def run(state: TrainState, values: Sequence[Any], block: Tree, span: Array) -> Any:
        numbers = traced_numbers(parameters, values)

        def step(index: Array, state: TrainState) -> tuple[TrainState, tuple[Any, ...]]:
            batch = batch_at(block, index)
            state, logs = custom_step(kind, task, variables, state, numbers, batch)
            names[:] = list(logs)
            return state, tuple(logs.values())

        # The last step's logs are carried along; before the first they only need their shapes.
        _, logged = jax.eval_shape(step, span[0], state)
        empty = tuple(jnp.zeros(one.shape, one.dtype) for one in logged)
        state = jax.tree_util.tree_map(jnp.asarray, state)
        return jax.lax.fori_loop(
            span[0], span[1], lambda index, carry: step(index, carry[0]), (state, empty)
        )

    return run
