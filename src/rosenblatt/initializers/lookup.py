"""From a name, config, class, function or array to an initializer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import DTypeLike, Identifier
from rosenblatt.initializers.base import family

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
                "The array given as an initializer has another shape than the variable.",
                given=tuple(values.shape),
                expected=tuple(shape),
            )
        return np.asarray(values).astype(dtypes.numpy_dtype(dtypes.standardize_dtype(dtype)))

    return initializer
