"""Keras's `config` names."""

from __future__ import annotations

import jax

from rosenblatt.core.config import (
    disable_flash_attention,
    enable_flash_attention,
    epsilon,
    floatx,
    image_data_format,
    is_flash_attention_enabled,
    is_nnx_enabled,
    max_epochs,
    max_steps_per_epoch,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    set_max_epochs,
    set_max_steps_per_epoch,
)
from rosenblatt.core.dtypes import dtype_policy, set_dtype_policy
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.loading import enable_unsafe_deserialization
from rosenblatt.core.printing import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)


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
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_max_epochs",
    "set_max_steps_per_epoch",
]
