"""Library-wide settings: default float type, fuzz factor, folders."""

from __future__ import annotations

import numbers
import os
from dataclasses import dataclass, field
from pathlib import Path

from rosenblatt.core.errors import BadArgument, warn_user

PROGRESS_FILE = "ROSENBLATT_PROGRESS_FILE"
"""Environment variable with the name of a file that is touched while a pass over data goes on."""


def _limit_from(variable: str) -> int | None:
    """A limit that an environment variable of Keras's sets."""
    text = os.environ.get(variable)
    if text is not None and not text.strip().isdigit():
        raise BadArgument(
            f"The environment variable {variable} is not a limit.",
            given=repr(text),
            expected="a whole number",
        )
    return None if text is None else int(text)


@dataclass
class _Settings:
    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    # Read once, as in Keras: a call of `predict` takes less time than the environment does.
    max_epochs: int | None = field(default_factory=lambda: _limit_from("KERAS_MAX_EPOCHS"))
    max_steps_per_epoch: int | None = field(
        default_factory=lambda: _limit_from("KERAS_MAX_STEPS_PER_EPOCH")
    )
    flash_attention: bool | None = None


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


def set_image_data_format(data_format: str) -> None:
    """Set the place of the channel axis, "channels_last" or "channels_first"."""
    if data_format not in ("channels_last", "channels_first"):
        raise BadArgument(
            "set_image_data_format: unknown format.",
            given=repr(data_format),
            expected="'channels_last' or 'channels_first'",
        )
    _settings.image_data_format = data_format


def max_epochs() -> int | None:
    """The most epochs that `fit` trains; None where nothing limits them.

    The environment variable `KERAS_MAX_EPOCHS` sets it when the library is imported.
    """
    return _settings.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit the epochs of `fit`, to try a script quickly.

    Args:
        max_epochs: the most epochs; None takes the limit away, one from the environment too.

    Raises:
        ValueError: not a whole number.
    """
    _settings.max_epochs = _limit("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """The most batches of a pass of `fit`, `evaluate` and `predict`; None without a limit.

    The environment variable `KERAS_MAX_STEPS_PER_EPOCH` sets it when the library is imported.
    """
    return _settings.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit the batches of a pass, to try a script quickly.

    Args:
        max_steps_per_epoch: the most batches; None takes the limit away, one from the environment
            too.

    Raises:
        ValueError: not a whole number.
    """
    _settings.max_steps_per_epoch = _limit("max_steps_per_epoch", max_steps_per_epoch)


def _limit(name: str, given: int | None) -> int | None:
    """A limit as it was given, if it can be one."""
    whole = isinstance(given, numbers.Integral) and not isinstance(given, bool)
    if given is not None and not (whole and given >= 0):
        raise BadArgument(
            f"set_{name}: bad `{name}`.",
            given=repr(given),
            expected="a whole number, or None for no limit",
        )
    return given


def limited(given: int | None, limit: int | None, what: str) -> int | None:
    """A number of epochs or steps within a limit, with a warning where that changes it.

    >>> limited(3, None, "epochs"), limited(3, 5, "epochs")
    (3, 3)
    """
    if not limit or (given is not None and given <= limit):
        return given
    warn_user(f"Limiting {what} to {limit}, as `config.set_max_{what}` says.")
    return limit


def enable_flash_attention() -> None:
    """Use flash attention where a processor has a kernel for it. None of these has one."""
    _settings.flash_attention = None


def disable_flash_attention() -> None:
    """Never use flash attention."""
    _settings.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """False where `disable_flash_attention` was called; else None: where there is a kernel."""
    return _settings.flash_attention


def is_nnx_enabled() -> bool:
    """Whether layers are Flax NNX modules: never.

    >>> is_nnx_enabled()
    False
    """
    return False


def cache_dir() -> Path:
    """The folder for data sets and compiled programs.

    Environment variable `ROSENBLATT_CACHE_DIR` names another one.
    """
    if override := os.environ.get("ROSENBLATT_CACHE_DIR"):
        return Path(override)
    import platformdirs  # not needed where the folder is given

    return Path(platformdirs.user_cache_dir("rosenblatt"))
