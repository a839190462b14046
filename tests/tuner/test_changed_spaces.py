"""A folder that is opened with another space: its trials stay, new ones are of the new space."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rosenblatt import tuner as kt


def first(hp: kt.HyperParameters) -> None:
    hp.Int("units", 1, 4)
    hp.Choice("kind", ["a", "b", "z"])
    hp.Float("rate", 1e-3, 1e-1, sampling="log")


def wider(hp: kt.HyperParameters) -> None:
    hp.Int("units", 1, 9)
    hp.Choice("kind", ["a", "q"])
    hp.Float("rate", 1e-3, 1e-1, sampling="log")
    hp.Boolean("more")


def narrower(hp: kt.HyperParameters) -> None:
    hp.Int("units", 1, 2)
    hp.Choice("kind", ["b", "q"])
    hp.Float("rate", 5e-2, 1e-1, sampling="log")


def shorter(hp: kt.HyperParameters) -> None:
    hp.Int("units", 1, 4)


def under_a_condition(hp: kt.HyperParameters) -> None:
    hp.Int("units", 1, 4)
    hp.Boolean("more")
    with hp.conditional_scope("more", [False]):
        hp.Choice("kind", ["a", "b", "z"])


def of_another_kind(hp: kt.HyperParameters) -> None:
    hp.Choice("units", ["x", "y"])
    hp.Int("kind", 1, 3)
    hp.Boolean("rate")


def trying(kind: Any) -> Any:
    """The search whose trials only ask for values."""

    class Trying(kind):
        def run_trial(self, trial: Any, **kwargs: Any) -> float:
            values = trial.hyperparameters.values
            return float(sum(len(str(value)) for value in values.values()))

    return Trying


SEARCHES: dict[str, Callable[..., Any]] = {
    "random": trying(kt.RandomSearch),
    "grid": trying(kt.GridSearch),
    "bayesian": trying(kt.BayesianOptimization),
}
CHANGED = [wider, narrower, shorter, under_a_condition, of_another_kind]


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("kind", SEARCHES)
def test_a_search_goes_on_in_a_changed_space(kind: str, change: Any, tmp_path: Path) -> None:
    def search(make: Any, trials: int) -> Any:
        options = {"num_initial_points": 2} if kind == "bayesian" else {}
        tuner = SEARCHES[kind](
            make, max_trials=trials, seed=1, directory=tmp_path, workers=1, **options
        )
        tuner.search(verbose=0)
        return tuner

    before = search(first, 4)
    after = search(change, 7)
    old = {name: trial.score for name, trial in before.oracle.trials.items()}
    assert {name: after.oracle.trials[name].score for name in old} == old
    assert len(after.oracle.trials) == 7
    assert all(trial.status == "COMPLETED" for trial in after.oracle.trials.values())
    new = [trial.hyperparameters for name, trial in after.oracle.trials.items() if name not in old]
    asked = kt.HyperParameters()
    change(asked)
    for hps in new:  # what the function asks for now counts
        for hp in asked.space:
            if hp.is_active(hps.values):
                assert hp.takes(hps.values[hp.name])
    assert after.get_best_hyperparameters()[0].values
    after.results_summary()


def test_which_values_a_hyperparameter_takes() -> None:
    kinds = kt.engine.hyperparameters
    units = kinds.Int("units", 1, 4)
    assert [units.takes(value) for value in (1, 4, 5, "a", None, 2.5)] == [
        True, True, False, False, False, True,
    ]  # fmt: skip
    assert kinds.Choice("kind", ["a"]).takes("a")
    assert not kinds.Choice("kind", ["a"]).takes(1)
    assert kinds.Fixed("x", 3).takes(3)
