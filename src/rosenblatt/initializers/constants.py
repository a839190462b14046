"""Initializers without randomness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.checks import anything
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.core.settings import setting
from rosenblatt.core.types import ArrayLike, DTypeLike
from rosenblatt.initializers.base import Initializer, family


def _dtype(dtype: DTypeLike) -> np.dtype:
    return dtypes.numpy_dtype(dtypes.standardize_dtype(dtype))


@family.entry("zero")
class Zeros(Initializer):
    """All zero, the usual start of biases.

    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        """Zeros of the shape and dtype."""
        return np.zeros(tuple(shape), _dtype(dtype))


@family.entry("one")
class Ones(Initializer):
    """All one, the usual start of scales.

    >>> Ones()((2,))
    array([1., 1.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        """Ones of the shape and dtype."""
        return np.ones(tuple(shape), _dtype(dtype))


@family.entry()
class Constant(Initializer):
    """One value everywhere.

    Args:
        value: a number, or an array that broadcasts to the shape.

    >>> Constant(0.5)((2,))
    array([0.5, 0.5], dtype=float32)
    """

    value: ArrayLike = setting(anything, default=0.0)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        """The value, in the shape and dtype."""
        value = np.asarray(self.value).astype(_dtype(dtype))
        try:
            return np.broadcast_to(value, tuple(shape)).copy()
        except ValueError as error:
            raise BadArgument(
                "Constant: `value` does not fit the variable.",
                given=f"a value of shape {value.shape} for a variable of shape {tuple(shape)}",
                expected="a number, or an array that broadcasts to the variable's shape",
            ) from error

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """An initializer with a config's value."""
        return cls(deserialize_keras_object(config["value"]))


@family.entry(also=["IdentityInitializer"])
class Identity(Initializer):
    """The identity matrix times `gain`: a linear layer that starts by passing its input on.

    Args:
        gain: the number on the diagonal.

    Raises:
        ValueError: called for a shape that is not a matrix.

    >>> Identity(2.0)((2, 2))
    array([[2., 0.],
           [0., 2.]], dtype=float32)
    """

    gain: float = setting(anything, default=1.0)

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        """The matrix, with zeros below or beside where it is not square."""
        if len(shape) != 2:
            raise BadArgument(
                "Identity makes matrices only.",
                given=f"shape {tuple(shape)}",
                expected="a shape of two dimensions",
            )
        return np.asarray(self.gain * np.eye(shape[0], shape[1])).astype(_dtype(dtype))
