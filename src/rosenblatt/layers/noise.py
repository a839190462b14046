"""Layers that add to or multiply their inputs by random values in training."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.checks import number
from rosenblatt.core.random import SeedGenerator
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, Tree
from rosenblatt.layers.activation import Elementwise
from rosenblatt.layers.arguments import SEED
from rosenblatt.layers.family import family

BELOW_ONE = number(0, below=1, expected="a number from 0 to less than 1")


def in_type_of(inputs: Array, share: Any) -> Array:
    """A share in the type of the inputs, of 32 bits at least.

    Python's numbers have 64 bits in programs where JAX has those: 1 − share would be another one.
    """
    return jnp.asarray(share, jnp.promote_types(inputs.dtype, jnp.float32))


class Noise(Elementwise):
    """Changes its inputs at random in training; subclasses say how.

    The strength is an argument of compiled programs: changing it compiles nothing, except between
    0 and more than 0.
    """

    strength = "rate"

    def __post_init__(self) -> None:
        """Without any strength nothing is drawn."""
        if getattr(self, self.strength) > 0:
            self.seed_generator = SeedGenerator(self.seed)

    def call(self, inputs: Tree, training: bool | None = False) -> Any:
        """The inputs, changed in training."""
        if not training or getattr(self, self.strength) == 0:
            return inputs
        return self.disturb(inputs, self.parameter(self.strength), self.seed_generator.next())

    def disturb(self, inputs: Tree, strength: Array, key: Array) -> Any:
        """The inputs, changed.

        Args:
            inputs: an array of floats.
            strength: a number, or a traced one.
            key: the key of this call, for JAX's generators.
        """
        raise NotImplementedError

    def normal(self, key: Array, inputs: Tree) -> Any:
        """Standard normal values of the inputs' shape."""
        return jax.random.normal(key, inputs.shape, self.compute_dtype)


@family.entry()
class GaussianDropout(Noise):
    """In training, multiplies inputs by values of mean 1 and variance rate / (1 − rate).

    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.

    Args:
        rate: as in `Dropout`, 0 ≤ rate < 1; an argument of compiled programs.
        seed: seed of the values.

    Raises:
        ValueError: a rate outside [0, 1).

    >>> import numpy as np
    >>> GaussianDropout(0.5)(np.ones((1, 3), "float32"))
    Array([[1., 1., 1.]], dtype=float32)
    """

    rate: float = setting(BELOW_ONE, role=NUMBER)
    seed: int | None = SEED

    def disturb(self, inputs: Tree, strength: Array, key: Array) -> Any:
        """The inputs times normal values around 1."""
        rate = in_type_of(inputs, strength)
        deviation = jnp.sqrt(rate / (1.0 - rate)).astype(inputs.dtype)
        return inputs * (self.normal(key, inputs) * deviation + 1.0)


@family.entry()
class GaussianNoise(Noise):
    """In training, adds normal values of mean 0.

    Args:
        stddev: their standard deviation, 0 ≤ stddev ≤ 1; an argument of compiled programs.
        seed: seed of the values.

    Raises:
        ValueError: a deviation outside [0, 1].

    >>> import numpy as np
    >>> GaussianNoise(0.5)(np.ones((1, 3), "float32"))
    Array([[1., 1., 1.]], dtype=float32)
    """

    stddev: float = setting(number(0, 1), role=NUMBER)
    seed: int | None = SEED
    strength = "stddev"

    def disturb(self, inputs: Tree, strength: Array, key: Array) -> Any:
        """The inputs and normal values."""
        return inputs + self.normal(key, inputs) * strength
