"""`--devices` and `rosenblatt launch`: each batch of training divided among several devices."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import jax

from rosenblatt.core.errors import BadArgument
from rosenblatt.distribution.devices import list_devices
from rosenblatt.distribution.parallel import DataParallel
from rosenblatt.distribution.processes import initialize, is_main, num_processes


@contextlib.contextmanager
def divided(number: int | None, out: Path, is_table: bool, launched: bool) -> Iterator[Path]:
    """Train on several devices in a `with` block.

    Args:
        number: how many, of each process: GPUs where there are any, else parts of the processor.
            All if None.
        out: the folder for the results.
        is_table: whether the model is one of raw tables.
        launched: whether this is one of several processes, which train together.

    Yields:
        The folder for this process's results, which all processes but the first remove.

    Raises:
        BadArgument: there are not so many devices; or a model of raw tables, whose networks are
            not divided among processes.
    """
    if launched and is_table:
        raise BadArgument(
            "launch: models of raw tables are not trained by several processes.",
            expected="the plain network",
            fix="train it without `launch`, or pass --no-tabular.",
        )
    if number is not None:
        with contextlib.suppress(RuntimeError):  # JAX computes already, with its devices
            jax.config.update("jax_num_cpu_devices", number)
    if launched:
        initialize()
    with _over(number), contextlib.ExitStack() as after:
        yield out if is_main() else Path(after.enter_context(tempfile.TemporaryDirectory())) / "run"


def _over(number: int | None) -> AbstractContextManager[Any]:
    if number is None or num_processes() > 1:
        return contextlib.nullcontext()
    found = list_devices()
    if len(found) < number:
        raise BadArgument(
            "--devices: there are not so many.",
            given=str(number),
            expected=f"at most {len(found)}: {', '.join(found)}",
        )
    return DataParallel(devices=found[:number]).scope()
