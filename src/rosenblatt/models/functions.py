"""Keras's step functions of a model on JAX: `train_function(state, iterator)` and its like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax

from rosenblatt.core.types import Tree
from rosenblatt.core.variable import StatelessScope

if TYPE_CHECKING:
    from rosenblatt.models.trainer import Trainer
    from rosenblatt.training.contract import Kind
    from rosenblatt.training.fit import Hooks


class ModelFunction:
    """A function of the state and an iterator of batches that takes `steps_per_execution` steps.

    A class of its own, so that `fit` knows it from a function that a user made.

    Args:
        model: a compiled, built model.
        kind: "train", "test" or "predict": whose `…_step` is called.
    """

    def __init__(self, model: Trainer, kind: Kind):
        self._steps = model.steps_per_execution
        self._joins = kind == "predict"

        def step(state: Sequence[Any], data: Tree) -> tuple[Any, Any]:
            found, new = getattr(model, f"{kind}_step")(state, data)
            return (found, (state[0], new)) if kind == "predict" else (found, new)

        self._run = step if model.run_eagerly or not model.jit_compile else jax.jit(step)

    def __call__(self, state: Sequence[Any], iterator: Iterator[Tree]) -> tuple[Any, Any]:
        """Take the steps.

        Args:
            state: the groups of values that `train_step`, `test_step` or `predict_step` takes.
            iterator: gives batches.

        Returns:
            The last step's logs (of predictions: the outputs, joined) and the new state.
        """
        found, state = self._run(state, next(iterator))
        parts = [found]
        for _ in range(self._steps - 1):
            batch = next(iterator, None)
            if batch is None:
                break
            found, state = self._run(state, batch)
            parts.append(found)
        if not self._joins or len(parts) == 1:
            return found, state
        return jax.tree_util.tree_map(lambda *one: jax.numpy.concatenate(one), *parts), state


def loss_and_updates(
    model: Trainer,
    groups: tuple[Sequence[Any], Sequence[Any], Sequence[Any]],
    data: tuple[Tree, Tree, Tree],
    training: bool,
    optimizer_variables: Sequence[Any] | None,
) -> tuple[Any, tuple[Any, Any, Any, Any]]:
    """The scaled loss of a batch, for `jax.value_and_grad(…, has_aux=True)`.

    Args:
        model: a compiled, built model.
        groups: values of the trained, the other and the metrics' variables.
        data: inputs, targets and weights.
        training: whether it is a step of training.
        optimizer_variables: values of the optimizer's variables, which may hold a scale.

    Returns:
        The loss, and (the loss without scale, the outputs, the new other and metrics' values).
    """
    trained, others, metrics = groups
    x, y, weight = data
    outputs, others, losses = model.stateless_call(
        trained, others, x, return_losses=True, training=training
    )
    with StatelessScope() as scope:
        scope.scope.forward_losses = losses
        loss, (_, others, metrics) = model.stateless_compute_loss(
            trained, others, metrics, x, y, outputs, weight, training=training
        )
    scaled = loss
    if training and model.optimizer is not None and optimizer_variables is not None:
        pairs = list(zip(model.optimizer.variables, optimizer_variables, strict=True))
        with StatelessScope(pairs):
            scaled = model.optimizer.scale_loss(loss)
    return scaled, (loss, outputs, others, metrics)


def own_evaluation(
    model: Trainer, data: Tree, batch_size: int | None, steps: int | None
) -> Callable[[Hooks], Mapping[str, float]]:
    """The `evaluate` of a user's class, asked for the validation data as Keras's `fit` asks it.

    Args:
        model: a model whose class overrides `evaluate`.
        data: `(x, y)`, `(x, y, sample_weight)`, or a stream.
        batch_size, steps: as for `evaluate`.

    Returns:
        A function of the callbacks.
    """
    x, y, weight = (*data, None)[:3] if isinstance(data, (tuple, list)) else (data, None, None)

    def evaluation(hooks: Hooks) -> Mapping[str, float]:
        given: dict[str, Any] = {"x": x, "y": y, "sample_weight": weight, "callbacks": hooks}
        given |= {"batch_size": batch_size, "steps": steps, "return_dict": True}
        found: Mapping[str, float] = model.evaluate(**given, _use_cached_eval_dataset=True)
        return found

    return evaluation
