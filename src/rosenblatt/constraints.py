"""Projections applied to a weight after each update."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.checks import anything
from rosenblatt.core.family import Family
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import NUMBER, Configured, setting
from rosenblatt.core.types import Array, ArrayLike

Axis = int | Sequence[int]

family = Family("constraint", "keras.constraints", __name__, snake_case=True)
get, serialize, deserialize = family.get, family.serialize, family.deserialize


@builtin("keras.constraints")
class Constraint(Configured):
    """A projection; subclasses write `__call__(w)`, which returns the projected weight.

    >>> class Cut(Constraint):
    ...     def __call__(self, w):
    ...         return jnp.minimum(w, 1.0)
    >>> Cut()(jnp.array([0.5, 2.0]))
    Array([0.5, 1. ], dtype=float32)
    """

    __explained__ = ("__call__",)

    def __call__(self, w: ArrayLike) -> ArrayLike:
        """The projected weight."""
        return w


def _axes(axis: Axis) -> int | tuple[int, ...]:
    return axis if isinstance(axis, int) else tuple(axis)


def _norms(w: Array, axis: Axis) -> Array:
    return jnp.sqrt(jnp.sum(jnp.square(w), axis=_axes(axis), keepdims=True))


@family.entry()
class MaxNorm(Constraint):
    """w · min(‖w‖, max_value) / ‖w‖ for each unit (Srivastava et al., 2014, beside dropout).

    Args:
        max_value: the largest norm.
        axis: axes the norm is taken over; 0 for a dense kernel (inputs, units).

    >>> MaxNorm(1.0)(jnp.array([[3.0], [4.0]]))
    Array([[0.6], [0.8]], dtype=float32)
    """

    max_value: float = setting(anything, default=2, role=NUMBER)
    axis: Axis = setting(anything, default=0)

    def __call__(self, w: ArrayLike) -> Array:
        """The projected weight."""
        w = jnp.asarray(w)
        norms = _norms(w, self.axis)
        desired = jnp.clip(norms, 0, jnp.asarray(self.parameter("max_value"), w.dtype))
        return w * (desired / (config.epsilon() + norms))


@family.entry()
class NonNeg(Constraint):
    """max(w, 0).

    >>> NonNeg()(jnp.array([-1.0, 2.0]))
    Array([0., 2.], dtype=float32)
    """

    def __call__(self, w: ArrayLike) -> Array:
        """The projected weight."""
        return jnp.maximum(jnp.asarray(w), 0)


@family.entry()
class UnitNorm(Constraint):
    """w / ‖w‖ for each unit.

    Args:
        axis: axes the norm is taken over; 0 for a dense kernel (inputs, units).

    >>> UnitNorm()(jnp.array([[3.0], [4.0]]))
    Array([[0.6], [0.8]], dtype=float32)
    """

    axis: Axis = setting(anything, default=0)

    def __call__(self, w: ArrayLike) -> Array:
        """The projected weight."""
        w = jnp.asarray(w)
        return w / (config.epsilon() + _norms(w, self.axis))


@family.entry()
class MinMaxNorm(Constraint):
    """Norms moved by the part `rate` of the way into [min_value, max_value], for each unit.

    w · (rate · clip(‖w‖, min, max) + (1 − rate) · ‖w‖) / ‖w‖

    Args:
        min_value, max_value: the ends.
        rate: 1: the norm is in the interval after every update; less: it moves towards it.
        axis: axes the norm is taken over; 0 for a dense kernel (inputs, units).

    >>> MinMaxNorm(2.0, 10.0)(jnp.array([[0.3], [0.4]])).round(3)
    Array([[1.2],
           [1.6]], dtype=float32)
    """

    min_value: float = setting(anything, default=0.0, role=NUMBER)
    max_value: float = setting(anything, default=1.0, role=NUMBER)
    rate: float = setting(anything, default=1.0, role=NUMBER)
    axis: Axis = setting(anything, default=0)

    def __call__(self, w: ArrayLike) -> Array:
        """The projected weight."""
        w = jnp.asarray(w)
        norms = _norms(w, self.axis)
        low, high, rate = (
            jnp.asarray(self.parameter(name), w.dtype)
            for name in ("min_value", "max_value", "rate")
        )
        desired = rate * jnp.clip(norms, low, high) + (1 - rate) * norms
        return w * (desired / (config.epsilon() + norms))


# Keras's lower-case names of the classes.
max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm
