"""Layers that act in training only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.core.random import SeedGenerator
from rosenblatt.core.registry import builtin
from rosenblatt.layers.base import Layer


@builtin("keras.layers")
class Dropout(Layer):
    """In training, sets inputs to 0 with probability `rate` and scales the rest by 1/(1 − rate).

    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.

    Args:
        rate: the probability, 0 ≤ rate ≤ 1. It is an argument of compiled programs: changing it
            compiles nothing, except between 0 and more than 0.
        noise_shape: shape of the mask, where axes are to be dropped together.
        seed: seed of the masks.

    Raises:
        ValueError: a rate outside [0, 1].

    >>> import numpy as np
    >>> Dropout(0.5)(np.ones((1, 3), "float32"))
    Array([[1., 1., 1.]], dtype=float32)
    """

    config_fields = ("rate", "seed", "noise_shape")
    runtime_parameters = ("rate",)

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not isinstance(rate, (int, float, np.number)) or not 0 <= rate <= 1:
            raise ValueError(
                explain("Dropout: bad `rate`.", given=repr(rate), expected="a number from 0 to 1")
            )
        self.rate = rate
        self.seed = seed
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Inputs, some of them 0 in training."""
        if not training or self.rate == 0:
            return inputs
        shape = self._mask_shape(inputs.shape)
        keep = 1.0 - self.parameter("rate")
        mask = jax.random.bernoulli(self.seed_generator.next(), keep, shape)
        return jnp.where(mask, inputs / keep, jnp.zeros((), inputs.dtype)).astype(inputs.dtype)

    def _mask_shape(self, shape: Any) -> tuple[int, ...]:
        noise = self.noise_shape
        if noise is None:
            return tuple(shape)
        if len(noise) != len(shape) or any(
            n not in (None, 1, s) for n, s in zip(noise, shape, strict=True)
        ):
            raise ValueError(
                explain(
                    f"Layer {self.name!r} (Dropout): `noise_shape` does not fit the inputs.",
                    given=f"noise_shape {noise}, inputs of shape {tuple(shape)}",
                    expected="for each axis: None, 1 or its size",
                )
            )
        return tuple(s if n is None else n for n, s in zip(noise, shape, strict=True))
