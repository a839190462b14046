"""Reliability curves against scikit-learn's, the temperature against a search over a grid."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rosenblatt.tabular.calibration import Temperature, calibration_error, reliability
from rosenblatt.tabular.scores import scores_of

calibration = pytest.importorskip("sklearn.calibration", reason="needs scikit-learn")


def drawn(rows: int = 2000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Targets that come true as often as their probability says."""
    rng = np.random.default_rng(seed)
    chance = rng.beta(0.5, 0.7, rows)
    return (rng.random(rows) < chance).astype(int), chance


def of_classes(temperature: float, rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Four classes whose probabilities need this temperature."""
    rng = np.random.default_rng(1)
    true = rng.dirichlet(np.ones(4), rows)
    targets = (true.cumsum(1) > rng.random((rows, 1))).argmax(1)
    raised = true**temperature
    return targets, raised / raised.sum(1, keepdims=True)


@pytest.mark.parametrize("strategy", ["quantile", "uniform"])
def test_the_curve_is_scikit_learns(strategy: str) -> None:
    targets, chance = drawn()
    found = reliability(targets, chance, strategy=strategy, bins=12)
    observed, predicted = calibration.calibration_curve(
        targets, chance, strategy=strategy, n_bins=12
    )
    np.testing.assert_allclose(found.observed, observed)
    np.testing.assert_allclose(found.predicted, predicted)
    assert found.shares.sum() == pytest.approx(1)


def test_bands_are_wilsons() -> None:
    stats = pytest.importorskip("scipy.stats", reason="needs SciPy")
    targets, chance = drawn(100)
    found = reliability(targets, chance, bins=4)
    for share, rows, low, high in zip(
        found.observed, found.shares * 100, found.low, found.high, strict=True
    ):
        expected = stats.binomtest(round(share * rows), round(rows)).proportion_ci(method="wilson")
        assert (low, high) == pytest.approx(tuple(expected), abs=1e-6)


def test_a_weight_of_two_is_a_row_given_twice() -> None:
    targets, chance = drawn(300)
    twice = np.arange(300) % 3 == 0
    found = reliability(targets, chance, 1.0 + twice, strategy="uniform")
    rows = np.append(np.arange(300), np.flatnonzero(twice))
    expected = reliability(targets[rows], chance[rows], strategy="uniform")
    np.testing.assert_allclose(found.observed, expected.observed)
    np.testing.assert_allclose(found.shares, expected.shares)
    assert (found.high - found.low > expected.high - expected.low).any()  # but fewer of them


def test_the_error_is_small_where_probabilities_are_true_and_large_where_not() -> None:
    targets, chance = drawn(20_000)
    assert calibration_error(targets, chance) < 0.015
    assert calibration_error(targets, chance**3) > 0.1
    assert calibration_error(targets, np.stack([1 - chance, chance], 1)) == calibration_error(
        targets, chance
    )


def test_of_several_classes_it_is_about_the_largest_probability() -> None:
    targets, chances = of_classes(1.0, 20_000)
    found = reliability(targets, chances, bins=5)
    right = chances.argmax(1) == targets
    expected, _ = calibration.calibration_curve(
        right, chances.max(1), n_bins=5, strategy="quantile"
    )
    np.testing.assert_allclose(found.observed, expected)
    assert found.error < 0.02


@pytest.mark.parametrize("true", [0.5, 2.0])
def test_a_temperature_is_found(true: float) -> None:
    targets, chances = of_classes(true)
    found = Temperature.fit(targets, chances)
    assert found.value == pytest.approx(true, rel=0.08)
    grid = np.geomspace(0.25, 4, 400)
    losses = [
        scores_of("classes", targets, Temperature(t).apply(chances))["log_loss"] for t in grid
    ]
    assert found.value == pytest.approx(grid[np.argmin(losses)], rel=0.01)
    assert calibration_error(targets, found.apply(chances)) < calibration_error(targets, chances)


def test_applied_it_is_the_softmax_of_divided_logits() -> None:
    logits = np.random.default_rng(2).normal(size=(5, 3))
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = np.exp(logits / 1.7) / np.exp(logits / 1.7).sum(1, keepdims=True)
    np.testing.assert_allclose(Temperature(1.7).apply(chances), expected)
    one = chances[:, 1]
    pair = Temperature(1.7).apply(np.stack([1 - one, one], 1))
    np.testing.assert_allclose(Temperature(1.7).apply(one), pair[:, 1])
    assert Temperature(3.0).apply([[0.0, 1.0]]).sum() == 1


def test_probabilities_that_are_true_keep_theirs() -> None:
    """In about 19 of 20 cases, as the test of the likelihood says."""
    kept = sum(Temperature.fit(*drawn(400, seed)).value == 1.0 for seed in range(100))
    assert 88 <= kept <= 100


def test_a_temperature_has_limits() -> None:
    assert Temperature.fit([0, 1] * 50, [0.4, 0.6] * 50).value == 0.25
    assert Temperature.fit([0, 1] * 50, [0.999, 0.001] * 50).value == 4.0


def test_large_weights_are_not_more_rows() -> None:
    targets, chance = drawn(300)
    off = chance**1.2
    assert Temperature.fit(targets, off) == Temperature.fit(targets, off, np.full(300, 1000.0))


def test_a_temperature_is_kept_as_json() -> None:
    kept = json.loads(json.dumps(Temperature(1.25).to_config()))
    assert Temperature.from_config(kept) == Temperature(1.25)


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match=r"`bins` is wrong. Given: 0."):
        reliability([0, 1], [0.1, 0.2], bins=0)
    with pytest.raises(ValueError, match=r"Given: 'odd'. Expected: 'quantile' or 'uniform'."):
        reliability([0, 1], [0.1, 0.2], strategy="odd")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="do not fit each other"):
        Temperature.fit([0, 1], [0.1])
