"""What a `fit` over several devices says where they are slower than one."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from rosenblatt.training import paying
from rosenblatt.training.paying import Times
from rosenblatt.training.placement import HERE


def line(size: int, devices: int, fixed: float, row: float, sums: float) -> Times:
    """A step of a + b·B seconds on one device, and of a + b·B/n + C on n."""
    return Times(size, fixed + row * size, fixed + row * size / devices + sums)


@pytest.mark.parametrize(
    ("devices", "fixed", "row", "sums"),
    [(2, 20e-6, 0.7e-6, 100e-6), (8, 20e-6, 0.7e-6, 1.3e-3), (2, 240e-6, 10.5e-6, 1e-3)],
)
def test_the_batch_that_pays_is_where_the_sums_are_made_up_for(
    devices: int, fixed: float, row: float, sums: float
) -> None:
    first, second = (line(size, devices, fixed, row, sums) for size in (32, 2048))
    exact = sums / (row * (1 - 1 / devices))
    found = paying.batch_that_pays(first, second)
    assert found is not None
    assert exact <= found <= 1.1 * exact
    assert found == float(f"{found:.1e}")  # two digits
    there = line(found, devices, fixed, row, sums)
    assert there.all <= there.one * (1 + 1e-9)


def test_what_never_pays_is_not_advised() -> None:
    parallel = [line(size, 1, 0.0, 1e-6, 1e-3) for size in (32, 512)]  # as fast a row as one
    assert paying.batch_that_pays(*parallel) is None
    far = [line(size, 2, 0.0, 1e-6, 1.0) for size in (32, 512)]
    assert paying.batch_that_pays(*far) is None
    told = paying.warning(8, *parallel, 10**6)
    assert "Use one device: no size of batch makes up for it here." in told


def test_the_words() -> None:
    pair = [line(size, 8, 20e-6, 1e-6, 1e-3) for size in (32, 2048)]
    assert paying.warning(8, *pair, 10**6) == (
        "DataParallel over 8 devices is 20 times slower than one device here, with batches of 32 "
        "rows: 1.02 ms a step, and 0.052 on one. Use a batch of 1,200 or more, or one device. "
        "(ROSENBLATT_MEASURE_DEVICES=0 leaves the measurement out.)"
    )
    assert "Use one device: no size" in paying.warning(8, *pair, 1000)  # there are not so many rows


class Rehearsed:
    """An engine whose calls take 5 ms, and 1 ms a step; the first one compiles."""

    placement = HERE

    def __init__(self) -> None:
        self.now, self.calls = 0.0, list[int]()

    def rehearsal(self, block: Any) -> Callable[[int], None]:
        def rehearse(steps: int) -> None:
            self.now += 5e-3 + 1e-3 * steps + (0 if self.calls else 10.0)
            self.calls.append(steps)

        return rehearse

    def clock(self) -> float:
        return self.now


def test_steps_are_measured_together() -> None:
    engine: Any = Rehearsed()
    found = paying.seconds_of_a_step(engine, None, engine.clock)
    assert engine.calls == [1, 1, 3, 3, 3]  # a first one of 6 ms: 3 in some 20 ms
    assert found == pytest.approx((5e-3 + 3e-3) / 3)


def test_one_device_where_a_batch_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    import jax

    def full(*_: object) -> float:
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED")

    monkeypatch.setattr(paying, "seconds_of_a_step", full)
    monkeypatch.setattr(paying, "Engine", lambda *_: None)
    alone: Any = SimpleNamespace(task=None, kind="train")
    assert paying._alone(alone, alone, (None, None, None)) == math.inf
