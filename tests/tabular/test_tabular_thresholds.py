"""Thresholds against the best of all, tried one by one with scikit-learn's scores."""

from __future__ import annotations

import numpy as np
import pytest

from rosenblatt.tabular.thresholds import best_threshold

metrics = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")
SCORES = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": metrics.f1_score,
}


def rare(rows: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """One row in six is of the second class; many probabilities are equal."""
    rng = np.random.default_rng(seed)
    targets = (rng.random(rows) < 1 / 6).astype(int)
    return targets, np.round(np.clip(0.2 + 0.25 * targets + rng.normal(0, 0.15, rows), 0, 1), 2)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("goal", SCORES)
@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_is_better(goal: str, weighted: bool, seed: int) -> None:
    targets, chance = rare(seed=seed)
    weights = np.random.default_rng(9).uniform(0, 3, len(targets)) if weighted else None
    score = SCORES[goal]
    found = best_threshold(targets, chance, goal, weights)
    every = [
        score(targets, chance >= cut, sample_weight=weights) for cut in np.arange(0, 1.02, 0.005)
    ]
    assert found.score == pytest.approx(max(every))
    said = score(targets, chance >= found.value, sample_weight=weights)
    assert said == pytest.approx(found.score)
    half = score(targets, chance >= 0.5, sample_weight=weights)
    assert found.at_half == pytest.approx(half)
    assert found.goal == goal


def test_a_half_stays_where_it_is_as_good() -> None:
    assert best_threshold([0, 0, 1, 1], [0.1, 0.4, 0.9, 0.8]).value == 0.5
    assert best_threshold([0, 0, 1, 1], [[0.9, 0.1], [0.6, 0.4], [0.1, 0.9], [0.2, 0.8]])[0] == 0.5


def test_of_equally_good_ones_the_nearest_to_a_half() -> None:
    targets, chance = [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4]
    assert best_threshold(targets, chance).value == pytest.approx(0.35)


@pytest.mark.parametrize("only", [0, 1])
@pytest.mark.parametrize("goal", SCORES)
def test_rows_of_one_class_say_nothing(goal: str, only: int) -> None:
    found = best_threshold([only] * 3, [0.2, 0.6, 0.7], goal)
    assert found.value == 0.5
    assert 0 <= found.score <= 1


def test_the_ends_of_the_range() -> None:
    """No row, or every row, may be the best answer."""
    assert best_threshold([0, 0, 0, 1], [1.0, 1.0, 1.0, 0.0]).value > 1
    found = best_threshold([1, 1, 1, 0], [0.0, 0.1, 0.1, 0.2])
    assert found.value == 0.0 and found.score == 0.75


def test_neighbouring_numbers_are_told_apart() -> None:
    low = 0.3
    high = np.nextafter(low, 1)
    found = best_threshold([0, 1], [low, high])
    assert low < found.value <= high and found.score == 1


def test_an_unknown_goal() -> None:
    with pytest.raises(ValueError, match=r"Given: 'auc'. Expected: accuracy, balanced_accuracy, f"):
        best_threshold([0, 1], [0.1, 0.2], "auc")  # type: ignore[arg-type]
