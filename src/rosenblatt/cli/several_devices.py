"""`--devices`: each batch of training divided among several of them."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import jax

from rosenblatt.core.errors import BadArgument
from rosenblatt.distribution.devices import list_devices
from rosenblatt.distribution.parallel import DataParallel


def over(number: int) -> AbstractContextManager[Any]:
    """Train on so many devices in a `with` block.

    Args:
        number: how many: GPUs where there are any, else parts of the processor.

    Raises:
        BadArgument: there are not so many.
    """
    with contextlib.suppress(RuntimeError):  # JAX computes already, with the devices that it has
        jax.config.update("jax_num_cpu_devices", number)
    found = list_devices()
    if len(found) < number:
        raise BadArgument(
            "--devices: there are not so many.",
            given=str(number),
            expected=f"at most {len(found)}: {', '.join(found)}",
        )
    return DataParallel(devices=found[:number]).scope()
