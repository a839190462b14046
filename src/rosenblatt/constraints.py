"""Projections applied to a weight after each update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.naming import to_snake_case
from rosenblatt.core.registry import builtin
from rosenblatt.core.scope import HasParameters
from rosenblatt.core.serialization import deserialize_keras_object, resolve, serialize_keras_object

Axis = int | Sequence[int]


@builtin("keras.constraints")
class Constraint(HasParameters):
    """A projection; subclasses write `__call__(w)`, which returns the projected weight.

    >>> class Cut(Constraint):
    ...     def __call__(self, w):
    ...         return jnp.minimum(w, 1.0)
    >>> Cut()(jnp.array([0.5, 2.0]))
    Array([0.5, 1. ], dtype=float32)
    """

    def __call__(self, w: Any) -> Any:
        """The projected weight."""
        return w

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A constraint with the arguments of a config."""
        return cls(**config)


def _axes(axis: Axis) -> Any:
    return tuple(axis) if isinstance(axis, (list, tuple)) else axis


def _norms(w: Any, axis: Axis) -> Any:
    return jnp.sqrt(jnp.sum(jnp.square(w), axis=_axes(axis), keepdims=True))


@builtin("keras.constraints")
class MaxNorm(Constraint):
    """w · min(‖w‖, max_value) / ‖w‖ for each unit (Srivastava et al., 2014, beside dropout).

    Args:
        max_value: the largest norm.
        axis: axes the norm is taken over; 0 for a dense kernel (inputs, units).

    >>> MaxNorm(1.0)(jnp.array([[3.0], [4.0]]))
    Array([[0.6], [0.8]], dtype=float32)
    """

    runtime_parameters = ("max_value",)

    def __init__(self, max_value: float = 2, axis: Axis = 0):
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The projected weight."""
        w = jnp.asarray(w)
        norms = _norms(w, self.axis)
        desired = jnp.clip(norms, 0, jnp.asarray(self.parameter("max_value"), w.dtype))
        return w * (desired / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """Norm and axis."""
        return {"max_value": self.max_value, "axis": self.axis}


@builtin("keras.constraints")
class NonNeg(Constraint):
    """max(w, 0).

    >>> NonNeg()(jnp.array([-1.0, 2.0]))
    Array([0., 2.], dtype=float32)
    """

    def __call__(self, w: Any) -> Any:
        """The projected weight."""
        return jnp.maximum(jnp.asarray(w), 0)


@builtin("keras.constraints")
class UnitNorm(Constraint):
    """w / ‖w‖ for each unit.

    Args:
        axis: axes the norm is taken over; 0 for a dense kernel (inputs, units).

    >>> UnitNorm()(jnp.array([[3.0], [4.0]]))
    Array([[0.6], [0.8]], dtype=float32)
    """

    def __init__(self, axis: Axis = 0):
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The projected weight."""
        w = jnp.asarray(w)
        return w / (config.epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        """The axis."""
        return {"axis": self.axis}


@builtin("keras.constraints")
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

    runtime_parameters = ("min_value", "max_value", "rate")

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axis = 0
    ):
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The projected weight."""
        w = jnp.asarray(w)
        norms = _norms(w, self.axis)
        low, high, rate = (
            jnp.asarray(self.parameter(name), w.dtype) for name in self.runtime_parameters
        )
        desired = rate * jnp.clip(norms, low, high) + (1 - rate) * norms
        return w * (desired / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


# Keras's lower-case names of the classes.
max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm

_CLASSES = (MaxNorm, NonNeg, UnitNorm, MinMaxNorm)
_TABLE: dict[str, Any] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{to_snake_case(cls.__name__): cls for cls in _CLASSES},
}


def serialize(constraint: Any) -> Any:
    """The config of a constraint, in Keras's format."""
    return serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The constraint of a config."""
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)


def get(identifier: Any) -> Any:
    """The constraint meant by a name, a config, a class, a function or None.

    Raises:
        ValueError: an unknown name, with the nearest one.

    >>> get("max_norm").get_config()
    {'max_value': 2, 'axis': 0}
    """
    return resolve(identifier, _TABLE, "constraint")
