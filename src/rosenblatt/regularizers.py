"""Penalties on weights or outputs, added to the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.errors import explain
from rosenblatt.core.naming import to_snake_case
from rosenblatt.core.registry import builtin
from rosenblatt.core.scope import HasParameters
from rosenblatt.core.serialization import deserialize_keras_object, resolve, serialize_keras_object


@builtin("keras.regularizers")
class Regularizer(HasParameters):
    """A penalty; subclasses write `__call__(x)`, which returns a number.

    >>> class Shrink(Regularizer):
    ...     def __call__(self, x):
    ...         return 0.5 * jnp.sum(jnp.abs(x))
    >>> float(Shrink()(jnp.array([1.0, -3.0])))
    2.0
    """

    def __call__(self, x: Any) -> Any:
        """The penalty of an array."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer.

        Raises:
            NotImplementedError: a subclass without one.
        """
        raise NotImplementedError(
            explain(
                f"Regularizer {type(self).__name__} cannot be saved.",
                fix="define `get_config(self)` returning a dict of its `__init__` arguments.",
            )
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A regularizer with the arguments of a config."""
        return cls(**config)


def _factor(owner: str, name: str, value: Any) -> float:
    is_number = isinstance(value, (int, float)) or (hasattr(value, "item") and value.ndim == 0)
    if not is_number or not 0 <= float(value) < math.inf:
        raise ValueError(
            explain(
                f"{owner}: bad `{name}`.", given=repr(value), expected="a finite number, 0 or more"
            )
        )
    return float(value)


@builtin("keras.regularizers", "l1_l2")
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

    runtime_parameters = ("l1", "l2")

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0):
        self.l1 = _factor("L1L2", "l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("L1L2", "l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """The penalty of an array."""
        x = jnp.asarray(x)
        penalty = jnp.zeros((), x.dtype)
        if self.l1 != 0.0:
            penalty += jnp.asarray(self.parameter("l1"), x.dtype) * jnp.sum(jnp.abs(x))
        if self.l2 != 0.0:
            penalty += jnp.asarray(self.parameter("l2"), x.dtype) * jnp.sum(jnp.square(x))
        return penalty

    def get_config(self) -> dict[str, Any]:
        """Both factors."""
        return {"l1": float(self.l1), "l2": float(self.l2)}


@builtin("keras.regularizers", "l1")
class L1(Regularizer):
    """l1 · Σ|x|: drives weights to exactly zero (the lasso, Tibshirani, 1996).

    Args:
        l1: factor.

    Raises:
        ValueError: a factor that is negative or not finite.

    >>> float(L1(0.5)(jnp.array([1.0, -3.0])))
    2.0
    """

    runtime_parameters = ("l1",)

    def __init__(self, l1: float | None = 0.01):
        self.l1 = _factor("L1", "l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        """The penalty of an array."""
        x = jnp.asarray(x)
        return jnp.asarray(self.parameter("l1"), x.dtype) * jnp.sum(jnp.abs(x))

    def get_config(self) -> dict[str, Any]:
        """The factor."""
        return {"l1": float(self.l1)}


@builtin("keras.regularizers", "l2")
class L2(Regularizer):
    """l2 · Σx²: keeps weights small (ridge; Krogh and Hertz, 1991, as weight decay).

    Args:
        l2: factor.

    Raises:
        ValueError: a factor that is negative or not finite.

    >>> float(L2(0.5)(jnp.array([1.0, -3.0])))
    5.0
    """

    runtime_parameters = ("l2",)

    def __init__(self, l2: float | None = 0.01):
        self.l2 = _factor("L2", "l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """The penalty of an array."""
        x = jnp.asarray(x)
        return jnp.asarray(self.parameter("l2"), x.dtype) * jnp.sum(jnp.square(x))

    def get_config(self) -> dict[str, Any]:
        """The factor."""
        return {"l2": float(self.l2)}


@builtin("keras.regularizers", "orthogonal_regularizer")
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

    runtime_parameters = ("factor",)

    def __init__(self, factor: float = 0.01, mode: str = "rows"):
        self.factor = _factor("OrthogonalRegularizer", "factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(
                explain(
                    "OrthogonalRegularizer: unknown `mode`.",
                    given=repr(mode),
                    expected="'rows' or 'columns'",
                )
            )
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """The penalty of a matrix."""
        x = jnp.asarray(x)
        if x.ndim != 2:
            raise ValueError(
                explain(
                    "OrthogonalRegularizer works on matrices only.",
                    given=f"an array of shape {x.shape}",
                    expected="two dimensions",
                )
            )
        vectors = x if self.mode == "rows" else x.T
        norms = jnp.sqrt(jnp.maximum(jnp.sum(jnp.square(vectors), 1, keepdims=True), 1e-12))
        vectors = vectors / norms
        count = vectors.shape[0]
        products = jnp.abs(vectors @ vectors.T) * (1.0 - jnp.eye(count, dtype=x.dtype))
        pairs = count * (count - 1.0) / 2.0
        factor = jnp.asarray(self.parameter("factor"), x.dtype)
        return factor * 0.5 * jnp.sum(products) / pairs

    def get_config(self) -> dict[str, Any]:
        """Factor and mode."""
        return {"factor": float(self.factor), "mode": self.mode}


# Keras's lower-case names of the classes.
l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

_CLASSES = (L1, L2, L1L2, OrthogonalRegularizer)
_TABLE: dict[str, Any] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{to_snake_case(cls.__name__): cls for cls in _CLASSES},
    "l1_l2": L1L2,
}


def serialize(regularizer: Any) -> Any:
    """The config of a regularizer, in Keras's format."""
    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The regularizer of a config."""
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)


def get(identifier: Any) -> Any:
    """The regularizer meant by a name, a config, a class, a function or None.

    Raises:
        ValueError: an unknown name, with the nearest one.

    >>> get("l2").get_config()
    {'l2': 0.01}
    """
    return resolve(identifier, _TABLE, "regularizer")
