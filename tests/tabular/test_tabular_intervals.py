"""Intervals hold what they promise, by simulation; quantiles by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from rosenblatt.tabular.intervals import Conformal


def world(rows: int, seed: int, tells: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, predictions and spreads; errors are in proportion to the spreads if they `tell`."""
    rng = np.random.default_rng(seed)
    spread = np.exp(rng.normal(0, 1, rows))
    errors = rng.standard_t(4, rows) * (0.2 + spread if tells else 1.0)
    predictions = rng.normal(10, 5, rows)
    return predictions + errors, predictions, spread


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("rows", [19, 100, 400])
@pytest.mark.parametrize("tells", [True, False])
def test_as_many_targets_are_covered_as_promised(rows: int, coverage: float, tells: bool) -> None:
    """On average over calibration sets: at least the coverage and at most 1/(n+1) more.

    The choice of the floor sees the same rows, which may cost a quarter of a point.
    """
    times, new = 300, 200
    shares = []
    for seed in range(times):
        fitted = Conformal.fit(*world(rows, seed, tells))
        shares.append(fitted.covered(*world(new, 10_000 + seed, tells), coverage=coverage).covered)
    noise = 3 * np.std(shares) / math.sqrt(times)
    assert (
        coverage - noise - 0.0025 <= np.mean(shares) <= coverage + 1 / (rows + 1) + noise + 0.0025
    )


def test_groups_of_any_spread_are_covered_alike() -> None:
    fitted = Conformal.fit(*world(2000, 0))
    one_width = Conformal.fit(*world(2000, 0)[:2])
    targets, predictions, spread = world(20_000, 1)
    for part in np.array_split(np.argsort(spread), 4):
        rows = targets[part], predictions[part], spread[part]
        assert fitted.covered(*rows, coverage=0.9).covered == pytest.approx(0.9, abs=0.03)
    sure = np.argsort(spread)[:5000]
    assert one_width.covered(targets[sure], predictions[sure]).covered > 0.97
    everywhere = targets, predictions, spread
    assert fitted.covered(*everywhere).width < 0.95 * one_width.covered(*everywhere).width


def test_spreads_that_tell_nothing_are_left_out() -> None:
    """In nearly all cases: then all intervals have one width."""
    same = [Conformal.fit(*world(300, seed, tells=False)).typical == 0 for seed in range(50)]
    assert sum(same) >= 45
    fitted = Conformal.fit(*world(300, same.index(True), tells=False))
    assert np.ptp(np.diff(fitted.interval([1.0, 2.0], [0.1, 100.0]))) < 1e-9


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_equal_spreads_are_one_width(spread: float) -> None:
    targets, predictions, _ = world(50, 0)
    fitted = Conformal.fit(targets, predictions, np.full(50, spread))
    assert fitted == Conformal.fit(targets, predictions)


def test_a_row_where_members_agree_by_chance_keeps_an_interval() -> None:
    fitted = Conformal.fit(*world(2000, 0))
    (low, high), (usual_low, usual_high) = fitted.interval([0, 0], [0.0, fitted.typical])
    assert fitted.typical > 0 and (high - low) > 0.04 * (usual_high - usual_low)


def test_quantiles_are_of_the_rank_of_n_plus_one() -> None:
    fitted = Conformal.fit(np.zeros(9), np.arange(1, 10))
    assert [fitted.quantile(c / 10) for c in range(1, 10)] == list(range(1, 10))
    assert fitted.quantile(0.85) == 9  # rank 8.5 and up
    np.testing.assert_allclose(fitted.interval([[5.0]], coverage=0.3), [[2.0, 8.0]])


@pytest.mark.parametrize("rows", [300, 5000, 200_000])
def test_many_rows_are_kept_small_and_never_promise_too_little(rows: int) -> None:
    scores = np.sort(np.abs(np.random.default_rng(0).standard_t(3, rows)))
    fitted = Conformal.fit(np.zeros(rows), scores)
    kept = json.dumps(fitted.to_config())
    assert len(kept) < 6000
    assert Conformal.from_config(json.loads(kept)) == fitted
    for coverage in [0.01, 0.123, 0.5, 0.8, 0.9, 0.95, 0.99, 0.995, rows / (rows + 1)]:
        exact = scores[math.ceil(round((rows + 1) * coverage, 9)) - 1]
        found = fitted.quantile(coverage)
        assert exact <= found
        # The share of scores below: at most half a point more than asked, less in the tail.
        more = (scores <= found).mean() - coverage
        assert more <= min(0.0055, 0.15 * (1 - coverage)) + 2 / rows
    for coverage in [0.5, 0.8, 0.9, 0.95, 0.99]:
        exact = scores[math.ceil(round((rows + 1) * coverage, 9)) - 1]
        assert fitted.quantile(coverage) == pytest.approx(exact, rel=1e-5)


def test_equal_errors_stay_covered() -> None:
    """A third does not end; its few digits are not below it."""
    rows = 1000
    fitted = Conformal.fit(np.zeros(rows), np.full(rows, 1 / 3))
    assert fitted.covered(np.zeros(10), np.full(10, 1 / 3)).covered == 1


def test_errors_of_zero() -> None:
    fitted = Conformal.fit([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [0.1, 0.2, 0.3])
    assert fitted.interval([5.0], [0.2], 0.5).tolist() == [[5.0, 5.0]]


@pytest.mark.parametrize("coverage", [0.0, 1.0, 90.0, -0.1, math.nan])
def test_a_coverage_outside_its_range(coverage: float) -> None:
    fitted = Conformal.fit([1.0, 2.0], [1.5, 2.5])
    with pytest.raises(ValueError, match=rf"outside 0 to 1. Given: {coverage}. Expected: e.g. 0.9"):
        fitted.interval([1.0], coverage=coverage)


def test_more_coverage_than_the_rows_support() -> None:
    fitted = Conformal.fit(np.zeros(8), np.ones(8))
    with pytest.raises(ValueError) as raised:
        fitted.interval([1.0], coverage=0.9)
    assert str(raised.value) == (
        "The rows held out from training are too few for intervals of this coverage. Given: "
        "coverage 0.9 with 8 rows. Expected: at most 0.888. Fix: ask for less, or hold out 9 "
        "rows or more."
    )
    assert Conformal.fit(np.zeros(9), np.ones(9)).interval([1.0], coverage=0.9).shape == (1, 2)


def test_wrong_spreads() -> None:
    fitted = Conformal.fit(*world(2000, 0))
    with pytest.raises(ValueError, match="the spread of the members, which is missing"):
        fitted.interval([1.0])
    for wrong in ([1.0, 2.0], [-1.0], [math.nan]):
        with pytest.raises(ValueError, match="The spreads of the members do not fit"):
            fitted.interval([1.0], wrong)
    with pytest.raises(ValueError, match="The spreads of the members do not fit"):
        Conformal.fit([1.0], [1.0], [-1.0])
    with pytest.raises(ValueError, match="The target of row 0 is not finite"):
        Conformal.fit([math.nan], [1.0])
