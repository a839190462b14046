"""Keras's `config` names."""

from __future__ import annotations

import jax

from rosenblatt.core.config import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from rosenblatt.core.dtypes import dtype_policy, set_dtype_policy
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.loading import enable_unsafe_deserialization


def backend() -> str:
    """The numerical engine: "jax".

    >>> backend()
    'jax'
    """
    return "jax"


def set_backend(backend: str) -> None:
    """Accept "jax", the only engine.

    Raises:
        ValueError: another one.
    """
    if backend != "jax":
        raise BadArgument("set_backend: rosenblatt computes with JAX only.", given=repr(backend))


def enable_traceback_filtering() -> None:
    """Show errors without JAX's own frames, as it is unless told otherwise."""
    jax.config.update("jax_traceback_filtering", "auto")


def disable_traceback_filtering() -> None:
    """Show errors with JAX's own frames."""
    jax.config.update("jax_traceback_filtering", "off")


def is_traceback_filtering_enabled() -> bool:
    """Whether errors are shown without JAX's own frames.

    >>> is_traceback_filtering_enabled()
    True
    """
    return jax.config.jax_traceback_filtering != "off"  # type: ignore[attr-defined]


__all__ = [
    "backend",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_traceback_filtering_enabled",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]
