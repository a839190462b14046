"""HashedDropout: dropout whose mask costs next to nothing."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
from jax import lax

from rosenblatt.core.checks import number
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, Tree
from rosenblatt.layers.arguments import SEED
from rosenblatt.layers.noise import Noise


def hashed_bits(key: Array, shape: tuple[int, ...]) -> Any:
    """32 random bits for each place of an array, uint32: a hash of its number and the key.

    Multiplications and shifts that mix well (C. Wellons, "Prospecting for hash functions", 2018),
    once for each half of the key. Good enough for masks, not for simulations.

    Args:
        key: (2,) uint32.
        shape: that of the array.
    """
    places = lax.iota(jnp.uint32, math.prod(shape)).reshape(shape)
    return _mixed(_mixed(places * jnp.uint32(0x9E3779B1) + key[1]) ^ key[0])


def _mixed(x: Array) -> Any:
    x = (x ^ (x >> 16)) * jnp.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * jnp.uint32(0x846CA68B)
    return x ^ (x >> 16)


@builtin("rosenblatt.layers")
class HashedDropout(Noise):
    """Dropout for small networks, in which drawing `Dropout`'s mask takes a third of a step.

    In training, sets inputs to 0 with probability `rate` and scales the rest by 1 / (1 − rate). The
    mask is a hash of the places' numbers, the seed and the step, where `Dropout` draws as Keras
    does.

    Args:
        rate: the probability, 0 ≤ rate < 1; an argument of compiled programs.
        seed: seed of the masks.

    Raises:
        ValueError: a rate outside [0, 1).

    >>> import numpy as np
    >>> kept = HashedDropout(0.5, seed=1)(np.ones((100, 10), "float32"), training=True)
    >>> sorted(set(np.asarray(kept).ravel().tolist())), bool(abs(kept.mean() - 1) < 0.1)
    ([0.0, 2.0], True)
    """

    rate: float = setting(
        number(0, below=1, expected="a number from 0 to less than 1"), role=NUMBER
    )
    seed: int | None = SEED

    def disturb(self, inputs: Tree, strength: Array, key: Array) -> Any:
        """The inputs, some of them 0."""
        # In float32, 2³² · rate is exact enough: its last place is 256 of 2³².
        limit = (jnp.asarray(strength, "float32") * 2.0**32).astype("uint32")
        kept = inputs / (1.0 - strength)
        found = jnp.where(hashed_bits(key, inputs.shape) >= limit, kept, 0)
        return found.astype(inputs.dtype)
