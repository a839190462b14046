"""Spaces of few values: every combination is tried once, and then the search ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rosenblatt import tuner as kt
from rosenblatt.tuner import small_spaces

Ask = Callable[[kt.HyperParameters], Any]


def plain(hp: kt.HyperParameters) -> None:
    hp.Choice("a", [4, 8, 12])
    hp.Choice("b", [0.0, 0.1, 0.2])
    hp.Choice("c", ["x", "y"])


def with_fixed(hp: kt.HyperParameters) -> None:
    hp.Fixed("f", 3)
    hp.Int("a", 1, 4)
    hp.Boolean("b")


def with_steps(hp: kt.HyperParameters) -> None:
    hp.Float("a", 0.0, 1.0, step=0.25)
    hp.Int("b", 2, 16, step=2, sampling="log")


def logarithmic(hp: kt.HyperParameters) -> None:
    """The larger ones are drawn seldom."""
    hp.Int("a", 1, 40, sampling="log")


def conditional(hp: kt.HyperParameters) -> None:
    hp.Choice("kind", ["plain", "deep", "wide"])
    with hp.conditional_scope("kind", ["deep", "wide"]):
        hp.Int("layers", 1, 3)
    with hp.conditional_scope("kind", ["wide"]):
        hp.Boolean("normalize")


def nested(hp: kt.HyperParameters) -> None:
    hp.Boolean("a")
    with hp.conditional_scope("a", [True]):
        hp.Boolean("b")
        with hp.conditional_scope("b", [True]):
            hp.Choice("c", [1, 2, 3])


def one_value(hp: kt.HyperParameters) -> None:
    hp.Float("a", 0.5, 0.5)
    hp.Int("b", 1, 2)


def one_name_twice(hp: kt.HyperParameters) -> None:
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["a"]):
        hp.Int("units", 1, 2)
    with hp.conditional_scope("kind", ["b"]):
        hp.Int("units", 5, 7)


# The space, and how many combinations it has, by hand.
SPACES: dict[str, tuple[Ask, int]] = {
    "choices": (plain, 18),
    "a fixed value": (with_fixed, 8),
    "steps": (with_steps, 20),
    "a logarithmic range": (logarithmic, 40),
    "conditions": (conditional, 1 + 3 + 3 * 2),
    "nested conditions": (nested, 1 + 1 + 3),
    "ranges of one value": (one_value, 2),
    "one name under two conditions": (one_name_twice, 5),
}

TUNERS: dict[str, Any] = {
    "random": kt.RandomSearch,
    "Bayes": kt.BayesianOptimization,
    "grid": kt.GridSearch,
}


def search(kind: str, ask: Ask, folder: Path, seed: int, most: int | None, workers: int) -> Any:
    class Mine(TUNERS[kind]):
        def run_trial(self, trial: kt.Trial, *args: Any, **kwargs: Any) -> float:
            ask(trial.hyperparameters)
            return float(len(trial.trial_id))

    class Space(kt.HyperModel):
        def build(self, hp: kt.HyperParameters) -> None:
            ask(hp)

    tuner = Mine(Space(), max_trials=most, seed=seed, directory=folder, workers=workers)
    tuner.search(verbose=0)
    return tuner


def different(tuner: Any) -> set[Any]:
    return {tuple(sorted(trial.hyperparameters.values.items()))
            for trial in tuner.oracle.trials.values()}  # fmt: skip


@pytest.mark.parametrize("more", [0, 5])
@pytest.mark.parametrize("kind", TUNERS)
@pytest.mark.parametrize("space", SPACES)
def test_every_combination_once(space: str, kind: str, more: int, tmp_path: Path) -> None:
    ask, count = SPACES[space]
    if kind == "grid" and space == "a logarithmic range":
        pytest.skip("a grid has ten values of a range without steps")
    for seed in range(1 if kind == "Bayes" else 3):
        tuner = search(kind, ask, tmp_path / str(seed), seed, count + more, workers=1)
        assert len(tuner.oracle.trials) == count
        assert len(different(tuner)) == count


def test_side_by_side(tmp_path: Path) -> None:
    tuner = search("random", plain, tmp_path, 0, 18, workers=3)
    assert len(different(tuner)) == 18


def test_it_is_the_same_again_and_after_an_interruption(tmp_path: Path) -> None:
    once = search("random", plain, tmp_path / "a", 7, 18, workers=1)
    search("random", plain, tmp_path / "b", 7, 11, workers=1)
    later = search("random", plain, tmp_path / "b", 7, 18, workers=1)
    found = [[t.hyperparameters.values for t in one.oracle.trials.values()]
             for one in (once, later)]  # fmt: skip
    assert found[0] == found[1]


def test_hyperband_tries_each_once(tmp_path: Path) -> None:
    """Its brackets want 25 combinations here; the first rounds get each of the 18 once."""

    class Mine(kt.Hyperband):
        def run_trial(self, trial: kt.Trial, *args: Any, **kwargs: Any) -> float:
            return float(trial.hyperparameters["a"])

    class Space(kt.HyperModel):
        def build(self, hp: kt.HyperParameters) -> None:
            plain(hp)

    tuner = Mine(Space(), max_epochs=16, factor=2, seed=1, directory=tmp_path, workers=1)
    tuner.search(verbose=0)
    first = [t.hyperparameters.values for t in tuner.oracle.trials.values()
             if t.hyperparameters.values["tuner/round"] == 0]  # fmt: skip
    names = [tuple(values[name] for name in "abc") for values in first]
    assert len(names) == len(set(names)) == 18


def test_spaces_that_cannot_be_counted_go_on_by_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_spaces, "MOST", 10)
    for ask in (plain, lambda hp: hp.Float("a", 0, 1), lambda hp: hp.Int("a", 1, 99)):
        hp = kt.HyperParameters()
        ask(hp)
        assert small_spaces.untried_values(hp.space, lambda values: False, 1) is None
