"""The factor γ and the shift β that normalizations learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import flag
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Array
from rosenblatt.core.variable import Variable
from rosenblatt.layers.arguments import CONSTRAINT, REGULARIZER, initializer
from rosenblatt.layers.base import Layer


class Affine(Layer):
    """A layer with γ and β; subclasses say for which axes, with `add_gamma_and_beta`."""

    _: KW_ONLY  # to type checkers: subclasses have arguments before these
    center: bool = setting(flag, default=True)
    scale: bool = setting(flag, default=True)
    beta_initializer: Any = initializer("zeros")
    gamma_initializer: Any = initializer("ones")
    beta_regularizer: Any = REGULARIZER
    gamma_regularizer: Any = REGULARIZER
    beta_constraint: Any = CONSTRAINT
    gamma_constraint: Any = CONSTRAINT
    supports_masking = True

    def __post_init__(self) -> None:
        """There are no γ and β until they are made."""
        self.gamma: Variable | None = None
        self.beta: Variable | None = None

    def add_gamma_and_beta(self, shape: Sequence[Any], gamma: bool, beta: bool) -> None:
        """Create γ and β, or one of them."""
        if gamma:
            self.gamma = self.add_own_weight("gamma", shape, autocast=False)
        if beta:
            self.beta = self.add_own_weight("beta", shape, autocast=False)


def at_least_float32(x: Array) -> Any:
    """An array in float32, or its own dtype where that is more exact: statistics need it."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def broadcastable(weight: Variable | None, axes: Sequence[int], shape: Sequence[int]) -> Any:
    """The value of a weight that has these axes of a shape, with size 1 at the others."""
    if weight is None:
        return None
    return weight.value.reshape([s if axis in axes else 1 for axis, s in enumerate(shape)])
