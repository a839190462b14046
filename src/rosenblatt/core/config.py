"""Library-wide settings: default float type, fuzz factor, folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from rosenblatt.core.errors import BadArgument


@dataclass
class _Settings:
    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"


_settings = _Settings()
_FLOAT_TYPES = ("bfloat16", "float16", "float32", "float64")


def floatx() -> str:
    """Name of the default float type.

    >>> floatx()
    'float32'
    """
    return _settings.floatx


def set_floatx(value: str) -> None:
    """Set the default float type.

    Args:
        value: "bfloat16", "float16", "float32" or "float64".

    Raises:
        ValueError: another name.
    """
    if value not in _FLOAT_TYPES:
        raise BadArgument(
            "set_floatx: unknown float type.",
            given=repr(value),
            expected=f"one of {_FLOAT_TYPES}",
        )
    if value == "float64":
        allow_float64()
    _settings.floatx = value


def allow_float64() -> None:
    """Let JAX compute in 64 bits, which it does not unless told to.

    Nothing else changes: layers of other types keep theirs.
    """
    import jax  # settings, folders and data sets do without it

    if not jax.config.read("jax_enable_x64"):
        jax.config.update("jax_enable_x64", True)


def epsilon() -> float:
    """The fuzz factor added where a division or logarithm could meet zero.

    >>> epsilon()
    1e-07
    """
    return _settings.epsilon


def set_epsilon(value: float) -> None:
    """Set the fuzz factor."""
    _settings.epsilon = float(value)


def image_data_format() -> str:
    """Where images keep their channels: always "channels_last" unless set otherwise."""
    return _settings.image_data_format


def set_image_data_format(value: str) -> None:
    """Set the place of the channel axis, "channels_last" or "channels_first"."""
    if value not in ("channels_last", "channels_first"):
        raise BadArgument(
            "set_image_data_format: unknown format.",
            given=repr(value),
            expected="'channels_last' or 'channels_first'",
        )
    _settings.image_data_format = value


def cache_dir() -> Path:
    """The folder for data sets and compiled programs.

    Environment variable `ROSENBLATT_CACHE_DIR` names another one.
    """
    override = os.environ.get("ROSENBLATT_CACHE_DIR")
    return Path(override) if override else Path(platformdirs.user_cache_dir("rosenblatt"))
