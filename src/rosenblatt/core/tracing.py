"""What tracing reads beside its arguments, changes of it, and errors told in the user's words."""

from __future__ import annotations

import itertools
import linecache
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax

from rosenblatt.core import config, dtypes
from rosenblatt.core.errors import WrongType

VALUE_ERRORS = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)
_OURS = str(Path(__file__).parents[1])
# Where code lies that is not the user's.
LIBRARIES = (_OURS, str(Path(jax.__file__).parent), sys.prefix, sys.base_prefix, "<frozen")

_JAX_SETTINGS = (
    "jax_enable_x64", "jax_default_matmul_precision", "jax_numpy_dtype_promotion",
    "jax_numpy_rank_promotion", "jax_threefry_partitionable", "jax_debug_nans", "jax_debug_infs",
    "jax_disable_jit", "jax_default_device", "jax_softmax_custom_jvp", "jax_enable_checks",
)  # fmt: skip


def traced_settings() -> tuple[Any, ...]:
    """The global settings that tracing reads, ours and JAX's: part of every program's key."""
    of_jax: Any = jax.config
    return (
        config.epsilon(), config.floatx(), config.image_data_format(), dtypes.chosen_policy(),
        of_jax.jax_default_prng_impl, of_jax.jax_random_seed_offset, _settings_of_jax(),
    )  # fmt: skip


def _named_settings() -> tuple[Any, ...]:
    return tuple(getattr(jax.config, name, None) for name in _JAX_SETTINGS)


# What makes JAX itself trace again, at a fiftieth of the price; where another version does not
# tell, its settings by name.
_settings_of_jax = getattr(sys.modules.get("jax._src.config"), "trace_context", _named_settings)


def lasting_settings() -> tuple[Any, ...]:
    """`traced_settings` and JAX's other ones, in values that mean the same in any process.

    What has no such value, a device or a mesh, is left as it is.
    """
    values = jax.config.values  # which makes a dict of them at each access
    others = [name for name in sorted(values) if "cache" not in name and "log" not in name]
    named = tuple((name, getattr(jax.config, name, values[name])) for name in others)
    *ours, of_jax = traced_settings()
    return (*map(_lasting, (*ours, *of_jax)), named)


def _lasting(value: Any) -> Any:
    kind = type(value)
    if kind is dtypes.DTypePolicy:
        return value.name
    # JAX's names of mapped axes, where there are none.
    return None if kind.__name__ == "AxisEnv" and value == kind() else value


# Changes to what programs hold as constants: a layer that is given another attribute after it was
# built announces it; whoever keeps programs compares the count, and looks at the layers' revisions
# where it has moved on.
_counter = itertools.count(1)
_last_change = 0


def announce_change() -> None:
    """Say that programs made before now may hold something that has changed."""
    global _last_change
    _last_change = next(_counter)


def changes() -> int:
    """How many changes were announced.

    >>> before = changes()
    >>> announce_change()
    >>> changes() > before
    True
    """
    return _last_change


@contextmanager
def explaining(where: str) -> Iterator[None]:
    """Run a user's code, whose arrays have no values while it is traced.

    Args:
        where: what runs, for the message: "Layer 'gate' (Gate)".

    Raises:
        TypeError: the code asked for values, or kept an array of an earlier trace.

    >>> try:
    ...     with explaining("The function"):
    ...         _ = jax.jit(lambda x: 1 if x > 0 else 0)(1.0)
    ... except TypeError as error:
    ...     print(str(error)[:52])
    The function asks for the values of an array in Pyth
    """
    try:
        yield
    except VALUE_ERRORS as error:
        raise WrongType(
            f"{where} asks for the values of an array in Python (an `if`, `float()`, NumPy, a "
            "boolean mask), but it is compiled, and values are there only when it runs.",
            given=_place(error),
            fix="write `rosenblatt.ops.where(condition, a, b)` for `if`, and functions of "
            "`rosenblatt.ops` for NumPy's.",
        ) from None
    except jax.errors.UnexpectedTracerError as error:
        raise WrongType(
            f"{where} uses an array that an earlier compiled call left behind, in an "
            "attribute, a list or a global.",
            given=_place(error),
            fix="keep it in a weight: make it in `build()` with "
            "`self.add_weight(…, trainable=False)`, and `assign` to it in `call()`.",
        ) from None


def _place(error: BaseException) -> str | None:
    """The user's line that the error came from."""
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith(LIBRARIES)
    ]
    if not frames:
        return None
    file, line = frames[-1]
    return f"{Path(file).name}, line {line}: `{linecache.getline(file, line).strip()}`"
