"""Intervals of several networks' mean hold as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from rosenblatt.tabular.averaging import SeenRows, narrowed
from rosenblatt.tabular.intervals import Conformal

NETWORKS, MEMBERS = 4, 8


def simulated(rows: int, between: float, seed: int = 0) -> tuple[Conformal, SeenRows, float]:
    """Networks whose members and means scatter around the truth as noise does.

    Members' spread differs from row to row, and errors with it.

    Returns:
        Intervals of single networks; rows for `narrowed`; the share of new rows that narrowed
        intervals of 90 % hold.
    """
    rng = np.random.default_rng(seed)

    def drawn() -> tuple[np.ndarray, np.ndarray]:
        size = np.exp(rng.normal(0, 0.7, rows))
        networks = between * size[:, None] * rng.normal(size=(rows, NETWORKS))
        members = networks[:, :, None] + size[:, None, None] * rng.normal(
            size=(rows, NETWORKS, MEMBERS)
        )
        return size * rng.normal(size=rows), members - members.mean(axis=2, keepdims=True) + (
            networks[:, :, None]
        )

    targets, members = drawn()
    own = rng.integers(0, NETWORKS, rows)
    mine = members[np.arange(rows), own]
    errors = np.abs(targets - mine.mean(axis=1))
    single = Conformal.fit(targets, mine.mean(axis=1), mine.std(axis=1))
    seen = SeenRows(errors, own, members)

    new_targets, new = drawn()
    spreads = np.sqrt(new.var(axis=2).mean(axis=1))
    low, high = narrowed(single, seen).interval(new.mean(axis=(1, 2)), spreads, 0.9).T
    return single, seen, float(((low <= new_targets) & (new_targets <= high)).mean())


@pytest.mark.parametrize("between", [0.0, 0.3, 0.6])
def test_intervals_of_the_mean_hold_as_often_as_they_say(between: float) -> None:
    _, _, held = simulated(20_000, between)
    assert abs(held - 0.9) < 0.02


def test_the_gain_is_that_of_independent_errors() -> None:
    _, seen, _ = simulated(50_000, 0.6)
    # e² = size² (1 + 0.36), of which averaging four leaves 1 + 0.09
    assert seen.gain() == pytest.approx(np.sqrt(1.09 / 1.36), abs=0.02)


def test_a_steadier_width_saves_what_chance_in_few_members_costs() -> None:
    single, seen, _ = simulated(50_000, 0.0)
    assert 0.8 < seen.steadiness(single) < 0.99


def test_one_width_for_all_rows_is_as_steady_as_can_be() -> None:
    _, seen, _ = simulated(500, 0.3)
    assert seen.steadiness(Conformal.fit(seen.errors, np.zeros(500))) == 1.0


def test_networks_without_an_error_and_equal_members() -> None:
    rows = SeenRows(np.zeros(3), np.array([0, 1, 1]), np.ones((3, 2, 4)))
    assert rows.gain() == rows.steadiness(Conformal.fit([0.0] * 3, [0.0] * 3)) == 1.0
