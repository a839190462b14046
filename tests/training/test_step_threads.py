"""A step of a small network is computed by one thread, without a hand-over between its parts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import rosenblatt as rb

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel's count of a thread's waits is Linux's"
)
STEPS, EPOCHS = 200, 5


def waits() -> int:
    """How often this process's threads have given up the processor to wait for another one."""

    def counts() -> Iterator[int]:
        for status in Path("/proc/self/task").glob("*/status"):
            line = next(s for s in status.read_text().splitlines() if s.startswith("voluntary"))
            yield int(line.split()[1])

    return sum(counts())


def test_the_parts_of_a_step_follow_each_other_in_one_thread() -> None:
    # XLA hands what does not depend on each other to several threads, which for parts of a
    # microsecond doubles the processor's time; a thread that waits for another one is counted.
    x = np.random.default_rng(0).normal(size=(32 * STEPS, 8)).astype("float32")
    hidden = [rb.layers.Dense(50, "relu") for _ in range(3)]
    model = rb.Sequential([rb.Input((8,)), *hidden, rb.layers.Dense(1)])
    model.compile("adam", "mse", metrics=[rb.metrics.RootMeanSquaredError()])
    model.fit(x, x[:, 0], epochs=2, verbose=0)
    before = waits()
    model.fit(x, x[:, 0], epochs=EPOCHS, verbose=0)
    assert (waits() - before) / (STEPS * EPOCHS) < 0.1
