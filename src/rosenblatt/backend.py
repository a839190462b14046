"""Keras's `backend` names that still have a meaning."""

from __future__ import annotations

import gc

from rosenblatt.core.config import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from rosenblatt.core.dtypes import standardize_dtype
from rosenblatt.core.naming import get_uid, reset_names
from rosenblatt.core.symbolic import KerasTensor


def backend() -> str:
    """The numerical engine: "jax".

    >>> backend()
    'jax'
    """
    return "jax"


def clear_session(free_memory: bool = True) -> None:
    """Let names start anew (`dense`, `dense_1` …); compiled programs stay.

    Args:
        free_memory: collect garbage too.
    """
    reset_names()
    if free_memory:
        gc.collect()


def is_keras_tensor(x: object) -> bool:
    """Whether a value is a symbolic tensor."""
    return isinstance(x, KerasTensor)


__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_keras_tensor",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
