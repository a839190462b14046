"""First values of variables. All draw from NumPy: building a model compiles nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.errors import explain
from rosenblatt.core.naming import to_snake_case
from rosenblatt.core.serialization import deserialize_keras_object, resolve, serialize_keras_object
from rosenblatt.initializers.base import Initializer, RandomInitializer
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

_CLASSES: tuple[type[Initializer], ...] = (
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal,
    LecunUniform, Ones, Orthogonal, RandomNormal, RandomUniform, TruncatedNormal,
    VarianceScaling, Zeros,
)  # fmt: skip
_TABLE: dict[str, Any] = {
    **{cls.__name__: cls for cls in _CLASSES},
    **{to_snake_case(cls.__name__): cls for cls in _CLASSES},
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "normal": RandomNormal,
    "uniform": RandomUniform,
    "one": Ones,
    "zero": Zeros,
}


# Keras also has the classes under the names in small letters.
globals().update(_TABLE)


def serialize(initializer: Any) -> Any:
    """The config of an initializer, in Keras's format."""
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initializer of a config."""
    return deserialize_keras_object(config, custom_objects, module_objects=_TABLE)


def get(identifier: Any) -> Any:
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
    return resolve(identifier, _TABLE, "initializer")


def _of_array(values: Any) -> Any:
    def initializer(shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        if tuple(shape) != tuple(values.shape):
            raise ValueError(
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
