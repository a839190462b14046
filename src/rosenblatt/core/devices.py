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
    context: AbstractContextManager[Any] = jax.default_device(device_named(device_name))
    return context


def device_named(name: str | jax.Device) -> jax.Device:
    """A device by its name.

    Args:
        name: "gpu:1", "cpu", or a device.

    Raises:
        BadArgument: there is none of that name.

    >>> device_named("cpu:0").platform
    'cpu'
    """
    if isinstance(name, jax.Device):
        return name
    if not isinstance(name, str):
        raise BadArgument(
            "bad name of a device.",
            given=repr(name),
            expected="a text such as 'cpu:0', or a `jax.Device`",
        )
    kind, _, number = name.lower().partition(":")
    try:
        found = {str(one.id): one for one in jax.devices(kind)}
    except RuntimeError:
        found = {}
    if (number or "0") not in found:
        raise BadArgument(
            "unknown device: this machine does not have it.",
            given=repr(name),
            expected=f"one of {[name_of(one) for one in jax.devices()]}",
        )
    return found[number or "0"]


def name_of(device: jax.Device) -> str:
    """The name of a device, as "cpu:0"."""
    return f"{device.platform}:{device.id}"
