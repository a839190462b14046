"""device: on which processor arrays are made and computed with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import jax

from rosenblatt.core.errors import BadArgument


def device(device_name: str | jax.Device) -> AbstractContextManager[Any]:
    """Compute on a device in a `with` block.

    Args:
        device_name: "cpu:0", "gpu:1", or a device of JAX.

    Raises:
        BadArgument: a device that this machine does not have.

    >>> with device("cpu:0"):
    ...     jax.numpy.zeros(1).device.platform
    'cpu'
    """
    if isinstance(device_name, str):
        kind, _, number = device_name.lower().partition(":")
        try:
            found: Any = jax.devices(kind)[int(number or 0)]
        except (RuntimeError, IndexError, ValueError):
            raise BadArgument(
                "device: this machine does not have it.",
                given=repr(device_name),
                expected=f"one of {[f'{d.platform}:{d.id}' for d in jax.devices()]}",
            ) from None
    elif isinstance(device_name, jax.Device):
        found = device_name
    else:
        raise BadArgument(
            "device: bad `device_name`.",
            given=repr(device_name),
            expected="a text such as 'cpu:0', or a `jax.Device`",
        )
    context: AbstractContextManager[Any] = jax.default_device(found)
    return context
