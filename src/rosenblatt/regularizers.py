"""Penalties on weights or outputs, added to the loss."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import Check, choice
from rosenblatt.core.errors import BadArgument, NotSupported
from rosenblatt.core.family import Family
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import NUMBER, Configured, setting
from rosenblatt.core.types import Array, ArrayLike, Config

family = Family("regularizer", "keras.regularizers", __name__, snake_case=True)
get, serialize, deserialize = family.get, family.serialize, family.deserialize


@builtin("keras.regularizers")
class Regularizer(Configured):
    """A penalty; subclasses write `__call__(x)`, which returns a number.

    >>> class Shrink(Regularizer):
    ...     def __call__(self, x):
    ...         return 0.5 * jnp.sum(jnp.abs(x))
    >>> float(Shrink()(jnp.array([1.0, -3.0])))
    2.0
    """

    __explained__ = ("__call__",)

    def __call__(self, x: ArrayLike) -> Array | float:
        """The penalty of an array."""
        return 0.0

    def get_config(self) -> Config:
        """The arguments that make an equal regularizer.

        Raises:
            NotImplementedError: a subclass with neither settings nor a `get_config`.
        """
        if not self.__settings__:
            raise NotSupported(
                f"Regularizer {type(self).__name__} cannot be saved.",
                fix="define `get_config(self)` returning a dict of its `__init__` arguments.",
            )
        return self.own_config()


def _factor(default: float) -> Check:
    """A finite number, 0 or more; None stands for the default."""

    def fits(value: Any) -> bool:
        is_number = isinstance(value, (int, float)) or getattr(value, "ndim", None) == 0
        return value is None or (is_number and 0 <= float(value) < math.inf)

    def keep(value: Any) -> float:
        return default if value is None else float(value)

    return Check(fits, "a finite number, 0 or more", keep, wrong=[-1, math.nan, math.inf, "a"])


@family.entry(also=["l1_l2"])
class L1L2(Regularizer):
    """l1 · Σ|x| + l2 · Σx²: the elastic net (Zou and Hastie, 2005).

    Args:
        l1: factor of the absolute values.
        l2: factor of the squares.

    Raises:
        ValueError: a factor that is negative or not finite.

    >>> float(L1L2(l1=1.0, l2=2.0)(jnp.array([1.0, -2.0])))
    13.0
    """

    l1: float | None = setting(_factor(0.0), default=0.0, role=NUMBER)
    l2: float | None = setting(_factor(0.0), default=0.0, role=NUMBER)

    def __call__(self, x: ArrayLike) -> Array:
        """The penalty of an array."""
        x = jnp.asarray(x)
        penalty = jnp.zeros((), x.dtype)
        if self.l1 != 0.0:
            penalty += jnp.asarray(self.parameter("l1"), x.dtype) * jnp.sum(jnp.abs(x))
        if self.l2 != 0.0:
            penalty += jnp.asarray(self.parameter("l2"), x.dtype) * jnp.sum(jnp.square(x))
        return penalty


@family.entry(also=["l1"])
class L1(Regularizer):
    """l1 · Σ|x|: drives weights to exactly zero (the lasso, Tibshirani, 1996).

    Args:
        l1: factor.

    Raises:
        ValueError: a factor that is negative or not finite.

    >>> float(L1(0.5)(jnp.array([1.0, -3.0])))
    2.0
    """

    l1: float | None = setting(_factor(0.01), default=0.01, role=NUMBER)

    def __call__(self, x: ArrayLike) -> Array:
        """The penalty of an array."""
        x = jnp.asarray(x)
        return jnp.asarray(self.parameter("l1"), x.dtype) * jnp.sum(jnp.abs(x))


@family.entry(also=["l2"])
class L2(Regularizer):
    """l2 · Σx²: keeps weights small (ridge; Krogh and Hertz, 1991, as weight decay).

    Args:
        l2: factor.

    Raises:
        ValueError: a factor that is negative or not finite.

    >>> float(L2(0.5)(jnp.array([1.0, -3.0])))
    5.0
    """

    l2: float | None = setting(_factor(0.01), default=0.01, role=NUMBER)

    def __call__(self, x: ArrayLike) -> Array:
        """The penalty of an array."""
        x = jnp.asarray(x)
        return jnp.asarray(self.parameter("l2"), x.dtype) * jnp.sum(jnp.square(x))


@family.entry(also=["orthogonal_regularizer"])
class OrthogonalRegularizer(Regularizer):
    """factor · mean over pairs of |cos(angle)|: rows (or columns) pushed to right angles.

    Args:
        factor: factor.
        mode: "rows" or "columns", which vectors are compared.

    Raises:
        ValueError: a bad factor or mode, or an array that is not a matrix.

    >>> float(OrthogonalRegularizer(1.0)(jnp.array([[1.0, 0.0], [1.0, 0.0]])))
    1.0
    """

    factor: float = setting(_factor(0.01), default=0.01, role=NUMBER)
    mode: str = setting(choice("rows", "columns"), default="rows")

    def __call__(self, inputs: ArrayLike) -> Array:
        """The penalty of a matrix."""
        x = jnp.asarray(inputs)
        if x.ndim != 2:
            raise BadArgument(
                "OrthogonalRegularizer works on matrices only.",
                given=f"an array of shape {x.shape}",
                expected="two dimensions",
            )
        vectors = x if self.mode == "rows" else x.T
        norms = jnp.sqrt(jnp.maximum(jnp.sum(jnp.square(vectors), 1, keepdims=True), 1e-12))
        vectors = vectors / norms
        count = vectors.shape[0]
        products = jnp.abs(vectors @ vectors.T) * (1.0 - jnp.eye(count, dtype=x.dtype))
        pairs = count * (count - 1.0) / 2.0
        factor = jnp.asarray(self.parameter("factor"), x.dtype)
        return factor * 0.5 * jnp.sum(products) / pairs


# Keras's lower-case names of the classes.
l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
