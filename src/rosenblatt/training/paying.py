"""Whether several devices are worth it: measured before a `fit`, and said where they are not."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np

from rosenblatt.core.errors import warn_user
from rosenblatt.data.contract import (
    BLOCK_BYTES,
    Batch,
    Source,
    batches_per_block,
    nbytes,
    rows_of,
)
from rosenblatt.training.engine import Engine
from rosenblatt.training.placement import HERE
from rosenblatt.training.session import Session, trial_epochs

VARIABLE = "ROSENBLATT_MEASURE_DEVICES"
_SLOWER = 1.1  # from where on it is said: less is within what a measurement is off by
# The second batch is so many times as large as the first one, has so many rows at least, and
# takes no more bytes than this.
_LARGER = 16
_LARGE = 2048
_LARGE_BYTES = 64 << 20
_FAR = 16  # no batch is advised that is so many times larger than what was measured
_CALL_SECONDS = 0.02  # about how long a measured call takes
_CALLS = 3  # of which the shortest counts: another program may have been in the way
_MOST_STEPS = 200


class Times(NamedTuple):
    """Seconds of a step on batches of one size.

    Attributes:
        size: rows of a batch.
        one: on one device.
        all: on all of them.
    """

    size: int
    one: float
    all: float


def batch_that_pays(first: Times, second: Times) -> int | None:
    """The smallest batch with which all devices are as fast as one.

    A step takes a + b·B seconds for B rows, with an a and a b for one device and others for all:
    two sizes tell them, and the smallest batch is where the lines meet.

    Args:
        first: of the batches that are trained on, which all devices take longer for.
        second: of larger ones.

    Returns:
        A number of two digits; None where the lines do not meet, or far from what was measured.

    >>> line = lambda size: Times(size, one=20e-6 + 1e-6 * size, all=520e-6 + 0.5e-6 * size)
    >>> batch_that_pays(line(32), line(512))
    1000
    """
    saved = (second.one - first.one) - (second.all - first.all)
    if saved <= 0:
        return None
    meet = first.size + (first.all - first.one) * (second.size - first.size) / saved
    if meet > _FAR * second.size:
        return None
    unit = 10 ** max(0, math.floor(math.log10(meet)) - 1)
    return int(math.ceil(round(meet / unit, 6)) * unit)


def warning(devices: int, first: Times, second: Times, rows: int) -> str:
    """What is said where all devices are slower than one.

    Args:
        devices: how many there are.
        first, second: as of `batch_that_pays`.
        rows: how many the data have.

    >>> warning(8, Times(32, 4e-5, 12e-5), Times(512, 1e-3, 1.5e-3), 1000)[:67]
    'DataParallel over 8 devices is 3 times slower than one device here,'
    """
    size = batch_that_pays(first, second)
    if size is None or size > rows:
        advice = "Use one device: no size of batch makes up for it here."
    else:
        advice = f"Use a batch of {size:,} or more, or one device."
    return (
        f"DataParallel over {devices} devices is {first.all / first.one:.2g} times slower than one "
        f"device here, with batches of {first.size:,} rows: {1e3 * first.all:.3g} ms a step, and "
        f"{1e3 * first.one:.3g} on one. {advice} ({VARIABLE}=0 leaves the measurement out.)"
    )


def say_where_not(session: Session, engine: Engine, source: Source) -> None:
    """Warn where all devices are slower than one, once for a model and a size of batches.

    Steps are tried on copies of the first batch, and what they compute is dropped: nothing of the
    model, of the data or of a generator changes. Not measured are data that come batch by batch,
    models with a user's own code, which would be traced once more, and the trials of a search.

    Args:
        session: that of the model.
        engine: of training.
        source: of the data.
    """
    placement, size = engine.placement, source.batch_size
    if placement.devices < 2 or size is None or engine.key is None or not engine.is_program:
        return
    if trial_epochs.get() is not None or os.environ.get(VARIABLE) == "0":
        return
    case = (placement.key, size)
    if case in session.measured:
        return
    session.measured.add(case)
    batch = source.peek()
    row_bytes = max(1, nbytes(batch) // rows_of(batch))

    def times(size: int) -> Times:
        block = _block(batch, size, batches_per_block(row_bytes * size, BLOCK_BYTES))
        one = placement.from_first(lambda: _alone(session, engine, block))
        return Times(size, one, math.inf if one == math.inf else seconds_of_a_step(engine, block))

    first = times(size)
    if first.all < _SLOWER * first.one or first.one == math.inf:
        return
    larger = min(max(_LARGER * size, _LARGE), max(2 * size, _LARGE_BYTES // row_bytes))
    second = times(larger)
    if placement.is_main:
        rows = size * (source.n_batches or 1)
        warn_user(warning(placement.devices, first, second, rows))


def _block(batch: Batch, size: int, count: int) -> Batch:
    """A block of the shape that training has, so that they share programs: copies of one batch."""

    def repeated(array: np.ndarray) -> np.ndarray:
        rows = np.take(array, np.arange(size) % len(array), axis=0)
        return np.broadcast_to(rows, (count, *rows.shape))

    found: Batch = jax.tree_util.tree_map(repeated, batch)
    return found


def _alone(session: Session, engine: Engine, block: Batch) -> float:
    """Seconds of a step on one device; infinite where it does not fit there."""
    try:
        return seconds_of_a_step(Engine(session.task, engine.kind, HERE), block)
    except jax.errors.JaxRuntimeError:
        return math.inf


def seconds_of_a_step(
    engine: Engine, block: Batch, clock: Callable[[], float] = time.perf_counter
) -> float:
    """How long a step takes: the shortest of some calls.

    Of several processes the first one says how many steps a call has, and how long they took:
    clocks differ.

    Args:
        engine: of training; its state stays as it is.
        block: batches, stacked.
        clock: gives seconds.
    """
    rehearse, of_first = engine.rehearsal(block), engine.placement.from_first

    def seconds(steps: int) -> float:
        begun = clock()
        rehearse(steps)
        return (clock() - begun) / steps

    rehearse(1)  # which compiles
    shortest = seconds(1)
    steps = int(of_first(lambda: min(_CALL_SECONDS / max(shortest, 1e-9), _MOST_STEPS)))
    for _ in range(_CALLS if steps > 1 else 0):
        shortest = min(shortest, seconds(steps))
    return of_first(lambda: shortest)
