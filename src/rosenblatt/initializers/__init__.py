"""First values of variables. All draw from NumPy: building a model compiles nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.errors import BadArgument, explain
from rosenblatt.core.types import DTypeLike, Identifier
from rosenblatt.initializers.base import Initializer, RandomInitializer, family
from rosenblatt.initializers.constant import Constant, Identity, Ones, Zeros
from rosenblatt.initializers.random import (
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
)
from rosenblatt.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    compute_fans,
)

# Keras also has the classes under the names in small letters.
globals().update(family.parts)
serialize, deserialize = family.serialize, family.deserialize


def get(identifier: Identifier | np.ndarray | jax.Array) -> Any:
    """The initializer meant by a name, a config, a class, a function, an array or None.

    Args:
        identifier: for example "he_normal", `HeNormal`, `HeNormal(seed=1)`, its config, a function
            `(shape, dtype=None) -> array`, or an array of the variable's shape.

    Returns:
        A callable `(shape, dtype=None) -> array`, or None for None.

    Raises:
        ValueError: an unknown name, with the nearest one.

    >>> type(get("he_normal")).__name__
    'HeNormal'
    """
    if isinstance(identifier, (np.ndarray, np.generic, jax.Array)):
        return _of_array(identifier)
    return family.get(identifier)


def _of_array(values: np.ndarray | jax.Array) -> Callable[..., np.ndarray]:
    def initializer(shape: Sequence[int], dtype: DTypeLike = None) -> np.ndarray:
        if tuple(shape) != tuple(values.shape):
            raise BadArgument(
                explain(
                    "The array given as an initializer has another shape than the variable.",
                    given=tuple(values.shape),
                    expected=tuple(shape),
                )
            )
        return np.asarray(values).astype(dtypes.numpy_dtype(dtypes.standardize_dtype(dtype)))

    return initializer


__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "compute_fans",
    "deserialize",
    "get",
    "serialize",
]
