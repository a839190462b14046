"""Keras's `backend` names that still have a meaning."""

from __future__ import annotations

import gc

import jax
import jax.numpy as jnp

from rosenblatt.config import backend
from rosenblatt.core import dtypes
from rosenblatt.core.config import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from rosenblatt.core.dtypes import is_float_dtype, standardize_dtype
from rosenblatt.core.naming import get_uid, reset_names
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.types import DTypeLike


def clear_session(free_memory: bool = True) -> None:
    """Let names start again (`dense`, `dense_1` …); compiled programs stay.

    Args:
        free_memory: collect garbage too.
    """
    reset_names()
    if free_memory:
        gc.collect()


def is_keras_tensor(x: object) -> bool:
    """Whether a value is a symbolic tensor."""
    return isinstance(x, KerasTensor)


def is_int_dtype(dtype: DTypeLike) -> bool:
    """Whether a dtype is one of the integer types."""
    return "int" in standardize_dtype(dtype)


def result_type(*dtypes_of_arguments: DTypeLike) -> str:
    """The dtype that arrays or Python numbers of several dtypes have together.

    >>> result_type("bfloat16", "float16"), result_type("int32", float)
    ('float32', 'float32')
    """
    kinds = [
        t if t in (bool, int, float, complex) else standardize_dtype(t)
        for t in dtypes_of_arguments or (None,)
    ]
    # No integer type holds both; said here because JAX would first narrow uint64 to 32 bits.
    signed = any(str(t).startswith("int") for t in kinds)
    if "uint64" in kinds and signed and not any("float" in str(t) for t in kinds):
        return floatx()
    if not jax.config.jax_enable_x64:  # type: ignore[attr-defined]
        kinds = [t if isinstance(t, type) else _narrow(t) for t in kinds]
    types = [t if isinstance(t, type) else dtypes.numpy_dtype(t) for t in kinds]
    name = standardize_dtype(jnp.result_type(*types))
    return floatx() if name == "float32" and float in kinds else name


def _narrow(name: str) -> str:
    return name if name.startswith("complex") else name.replace("64", "32")


__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
