"""How thoroughly XLA compiles: the programs of a search's short trials are compiled quickly.

XLA's newer emitters of fused loops make the faster programs, and take two thirds more of the
processor's time to make them. A trial of some thousand steps on a small network is over before
that is paid back. The rule reads the model, its data and the epochs asked for, and nothing else: a
trial comes out the same whatever ran before it, and whoever runs it.

The older emitters give the same bits for what rows and single features go through. A mean over the
features of a row, as in `LayerNormalization`, they round differently; so they compile only layers
of which it is known that they agree.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import jax

from rosenblatt.core import registry
from rosenblatt.layers.base import Layer

if TYPE_CHECKING:
    from rosenblatt.training.contract import Task

# Layers of this library that both emitters compute to the same bits; tests compare them. A network
# with any other, or with a user's, is compiled as it always is.
AGREEING = frozenset({
    "Sequential", "Functional", "InputLayer", "Normalization", "Rescaling", "Flatten", "Reshape",
    "Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Dropout", "GaussianNoise", "AlphaDropout",
    "BatchNormalization",
})  # fmt: skip
# A step of a quickly compiled program takes about 4 ns more for each number that is trained, and
# 20 µs more for its other loops; so many numbers' time is allowed, 0.4 s.
_STEP_NUMBERS = 5_000
_MOST_NUMBERS = 100_000_000


def is_short(trained: int, batches: int | None, epochs: int) -> bool:
    """Whether a trial is a short one.

    Args:
        trained: how many numbers are trained.
        batches: those of an epoch; None where that is not known.
        epochs: those that it may get in all, counted from the first.

    >>> is_short(5_000, 363, epochs=10), is_short(300_000, 1563, epochs=10)
    (True, False)
    """
    if batches is None:
        return False
    return batches * epochs * (_STEP_NUMBERS + trained) <= _MOST_NUMBERS


def is_short_trial(task: Task, batches: int | None, epochs: int) -> bool:
    """Whether a search's trial is a short one, of a network that may be compiled quickly.

    Args:
        task: a built model.
        batches: those of an epoch; None where that is not known.
        epochs: those that it may get in all, counted from the first.
    """
    trained = sum(math.prod(weight.shape) for weight in task.variables("train").trainable)
    return is_short(trained, batches, epochs) and emitters_agree(task)


def emitters_agree(task: Task) -> bool:
    """Whether XLA's older emitters give a model the bits of the newer ones, as far as is known.

    Args:
        task: a built model.
    """
    graph = task.graph
    return (
        graph is not None
        and all(isinstance(node.operation, Layer) for node in graph.nodes)
        and all(
            registry.is_builtin(type(layer)) and type(layer).__name__ in AGREEING
            for layer in task.layers()
        )
    )


@functools.cache
def quick_options() -> dict[str, bool]:
    """XLA's options for compiling quickly; none where it does not know them."""
    options = {"xla_cpu_use_fusion_emitters": False}
    if jax.default_backend() != "cpu":
        return {}
    try:
        jax.jit(lambda x: x, compiler_options=options).lower(0.0).compile()
    except jax.errors.JaxRuntimeError:  # another version of XLA
        return {}
    return options
