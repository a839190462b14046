"""The names of the devices, and how many there are of a type."""

from __future__ import annotations

import jax

from rosenblatt.core.devices import name_of
from rosenblatt.core.errors import BadArgument


def devices_of(device_type: str | None) -> list[jax.Device]:
    """The devices of a type, of all processes.

    Args:
        device_type: "cpu", "gpu" or "tpu"; that which JAX chooses if None.

    Raises:
        BadArgument: this machine has none of that type.
    """
    try:
        return jax.devices(device_type.lower() if device_type else None)
    except RuntimeError:
        raise BadArgument(
            "bad `device_type`.",
            given=repr(device_type),
            expected=f"a type of device that JAX has here, such as {jax.default_backend()!r}",
        ) from None


def list_devices(device_type: str | None = None) -> list[str]:
    """The names of the devices of a type, of all processes.

    A processor is one device. `jax.config.update("jax_num_cpu_devices", 8)`, before JAX computes
    anything, makes eight of it.

    Args:
        device_type: "cpu", "gpu" or "tpu"; GPUs or TPUs where there are any if None, else CPUs.

    Raises:
        BadArgument: this machine has none of that type.

    >>> list_devices()
    ['cpu:0']
    """
    return [name_of(device) for device in devices_of(device_type)]


def get_device_count(device_type: str | None = None) -> int:
    """How many devices of a type there are, of all processes.

    Args:
        device_type: as of `list_devices`.

    Raises:
        BadArgument: this machine has none of that type.

    >>> get_device_count("cpu")
    1
    """
    return len(devices_of(device_type))
