"""Scores against scikit-learn's, and the bootstrap against what is known of its intervals."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from rosenblatt.tabular import scores
from rosenblatt.tabular.scores import bootstrap, scores_of

metrics = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")


def classes(count: int, rows: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Classes, and probabilities that know something about them; many of them are equal."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, count, rows)
    chances = np.round(rng.dirichlet(np.ones(count), rows), 1) + 0.3 * np.eye(count)[truth]
    return truth, chances / chances.sum(1, keepdims=True)


@pytest.mark.parametrize("weighted", [False, True])
def test_of_quantities_as_scikit_learn(weighted: bool) -> None:
    rng = np.random.default_rng(1)
    truth, guess = rng.normal(50, 3, (2, 100))
    weights = rng.integers(0, 4, 100) if weighted else None
    found = scores_of("quantity", truth, guess[:, None], weights)
    given = {"sample_weight": weights}
    assert list(found) == ["rmse", "mae", "r2"]
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(truth, guess, **given))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(truth, guess, **given))
    assert found["r2"] == pytest.approx(metrics.r2_score(truth, guess, **given))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("count", [2, 5])
def test_of_classes_as_scikit_learn(count: int, weighted: bool) -> None:
    truth, chances = classes(count)
    weights = np.random.default_rng(2).integers(0, 4, 200) if weighted else None
    given = {"sample_weight": weights}
    task = "two classes" if count == 2 else "classes"
    found = scores_of(task, truth, chances, weights)
    guess = chances.argmax(1)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(truth, chances, **given))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, guess, **given))
    expected = metrics.balanced_accuracy_score(truth, guess, **given)
    assert found["balanced_accuracy"] == pytest.approx(expected)
    if count == 2:
        assert found["auc"] == pytest.approx(metrics.roc_auc_score(truth, chances[:, 1], **given))
        assert scores_of(task, truth, chances[:, 1], weights) == pytest.approx(found)
    else:
        each = [
            metrics.roc_auc_score(truth == one, chances[:, one], **given) for one in range(count)
        ]
        assert found["auc"] == pytest.approx(np.mean(each))


def test_a_certain_mistake_costs_what_the_precision_can_tell() -> None:
    truth, chances = np.array([0, 1]), np.array([[0.0, 1.0], [0.5, 0.5]], "float32")
    found = scores_of("two classes", truth, chances)["log_loss"]
    assert found == pytest.approx(metrics.log_loss(truth, chances), rel=1e-6)


def test_a_score_that_is_undefined_is_left_out() -> None:
    assert list(scores_of("quantity", [0.1, 0.1, 0.1], [0.1, 0.2, 0.3])) == ["rmse", "mae"]
    assert "auc" not in scores_of("two classes", [1, 1], [0.2, 0.3])
    assert list(bootstrap("quantity", [0.1, 0.1, 0.1], [0.1, 0.2, 0.3])) == ["rmse", "mae"]
    # A class without rows does not count among the others.
    truth, chances = classes(3)
    some = truth < 2
    found = scores_of("classes", truth[some], chances[some])
    each = [metrics.roc_auc_score(truth[some] == one, chances[some][:, one]) for one in range(2)]
    assert found["auc"] == pytest.approx(np.mean(each))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_samples_are_scored_as_their_rows_would_be(count: int) -> None:
    rng = np.random.default_rng(3)
    if count == 1:
        task, (truth, guess) = "quantity", rng.normal(size=(2, 60))
    else:
        task, (truth, guess) = "two classes" if count == 2 else "classes", classes(count, 60)
    drawn = rng.integers(0, 60, (5, 60))
    weights = np.stack([np.bincount(rows, minlength=60) for rows in drawn]).astype(float)
    judged = scores.Predicted.of(task, truth, guess)
    found = {name: score(weights) for name, score in scores.scorers(judged).items()}
    for place, rows in enumerate(drawn):
        expected = scores_of(task, truth[rows], guess[rows])
        assert {name: values[place] for name, values in found.items()} == pytest.approx(expected)


def test_intervals_are_as_wide_as_theory_says() -> None:
    """The error of a mean is its spread over √rows."""
    rng = np.random.default_rng(4)
    error = np.abs(rng.normal(size=2000))
    low, high = bootstrap("quantity", np.zeros(2000) + np.arange(2000), np.arange(2000) + error)[
        "mae"
    ]
    half = 1.96 * error.std() / np.sqrt(2000)
    assert (low + high) / 2 == pytest.approx(error.mean(), abs=0.1 * half)
    assert (high - low) / 2 == pytest.approx(half, rel=0.1)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for one in range(200):
        error = rng.normal(size=200)
        found = bootstrap("quantity", np.arange(200), np.arange(200) + error, samples=200, seed=one)
        held += found["rmse"].low <= 1.0 <= found["rmse"].high
    assert 0.9 <= held / 200 <= 0.99


def test_equal_seeds_give_equal_intervals_however_they_are_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth, chances = classes(4)
    whole = bootstrap("classes", truth, chances, samples=60, seed=7)
    monkeypatch.setattr(scores, "_AT_ONCE", 500)
    assert bootstrap("classes", truth, chances, samples=60, seed=7) == whole
    assert bootstrap("classes", truth, chances, samples=60, seed=8) != whole


def test_many_rows_have_fewer_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred are left: then the time of a large table is bounded."""
    truth, chances = classes(2)
    expected = bootstrap("two classes", truth, chances, samples=200)
    monkeypatch.setattr(scores, "_MOST_DRAWS", 1000)
    assert bootstrap("two classes", truth, chances, samples=5000) == expected


def test_samples_without_any_weight_do_not_count() -> None:
    weights = [1.0, 0.0, 0.0, 0.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bootstrap("quantity", [1, 2, 3, 4], [2, 2, 2, 2], weights)
    assert found["mae"] == (1.0, 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (("size", [1], [1]), "The task is unknown. Given: 'size'."),
        (("quantity", [1, 2], [1]), "predictions of shape (1,), targets of shape (2,)"),
        (("quantity", [], []), "at least one row"),
        (("quantity", [1], [[1, 2]]), "one number a row. Given: shape (1, 2)"),
        (("quantity", [1, np.nan], [1, 2]), "The target of row 1 is not finite. Given: nan."),
        (("quantity", [1, 2], [1, np.inf]), "The prediction of row 1 is not finite. Given: inf."),
        (("quantity", ["a"], [1]), "A target is not a number."),
        (("classes", [0], [0.5]), "a probability for each class. Given: shape (1,)"),
        (("two classes", [0], [[0.2, 0.3, 0.5]]), "Expected: (rows, 2) or (rows,)."),
        (("two classes", [0, 2], [0.5, 0.5]), "row 1 is not the number of a class. Given: 2."),
        (("classes", [0.5], [[0.5, 0.5]]), "Given: 0.5. Expected: an integer from 0 to 1."),
        (("classes", [0], [[0.5, 0.6]]), "The predictions of row 0 are not probabilities."),
        (("two classes", [0], [1.5]), "Given: [-0.5, 1.5]."),
        (("quantity", [1, 2], [1, 2], [1]), "The weights of the rows do not fit."),
        (("quantity", [1, 2], [1, 2], [-1, 1]), "smallest -1. Expected: shape (2,)"),
        (("quantity", [1, 2], [1, 2], [0, 0]), "none negative and some positive"),
    ],
)
def test_what_does_not_fit_is_named(call: tuple, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        scores_of(*call)
    assert message in str(raised.value)


def test_wrong_arguments_of_the_bootstrap() -> None:
    with pytest.raises(ValueError, match=r"outside 0 to 1. Given: 95."):
        bootstrap("quantity", [1], [1], coverage=95)
    with pytest.raises(ValueError, match=r"`samples` is wrong. Given: 0."):
        bootstrap("quantity", [1], [1], samples=0)
