"""Trials that are older than hyperparameters of the space: those are at their defaults there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import tuner as kt

X = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
Y = X[:, 0]


def network(rate: float, *layers: Any) -> Any:
    model = rb.Sequential([rb.Input((2,)), *layers, rb.layers.Dense(1)])
    model.compile(rb.optimizers.Adam(rate), "mse")
    return model


def before(hp: kt.HyperParameters) -> Any:
    return network(hp.Float("rate", 1e-3, 1e-1, sampling="log"))


def with_dropout(hp: kt.HyperParameters) -> Any:
    dropout = rb.layers.Dropout(hp.Float("drop", 0.0, 0.3))
    return network(hp.Float("rate", 1e-3, 1e-1, sampling="log"), dropout)


def with_conditions(hp: kt.HyperParameters) -> Any:
    layers = []
    if hp.Choice("kind", ["plain", "dropped"]) == "dropped":
        with hp.conditional_scope("kind", ["dropped"]):
            layers.append(rb.layers.Dropout(hp.Float("drop", 0.0, 0.3)))
    with hp.conditional_scope("kind", ["plain"]):
        hp.Int("seen", 3, 5)
    return network(hp.Float("rate", 1e-3, 1e-1, sampling="log"), *layers)


GROWN: dict[str, tuple[Callable[[kt.HyperParameters], Any], dict[str, Any]]] = {
    "a number": (with_dropout, {"drop": 0.0}),
    "a condition": (with_conditions, {"kind": "plain", "seen": 3}),
}


def random_search(make: Any, folder: Path, trials: int) -> Any:
    return kt.RandomSearch(make, "val_loss", max_trials=trials, directory=folder,
                           project_name="p", seed=0, workers=1)  # fmt: skip


def bayesian(make: Any, folder: Path, trials: int) -> Any:
    return kt.BayesianOptimization(make, "val_loss", max_trials=trials, directory=folder,
                                   project_name="p", seed=0, workers=1)  # fmt: skip


@pytest.mark.parametrize("search", [random_search, bayesian])
@pytest.mark.parametrize("case", GROWN)
def test_older_trials_are_at_the_defaults(case: str, search: Any, tmp_path: Path) -> None:
    make, defaults = GROWN[case]
    options = {"validation_split": 0.25, "verbose": 0}
    first = search(before, tmp_path, 4)
    first.search(X, Y, epochs=15, **options)
    known = first.get_best_models()[0].predict(X, verbose=0)
    old = first.get_best_hyperparameters()[0].values

    grown = search(make, tmp_path, 6)
    grown.search(X, Y, epochs=1, **options)
    assert len(grown.oracle.end_order) == 6
    best = grown.get_best_hyperparameters()[0]
    assert best.values == {**old, **defaults}
    assert best["rate"] == old["rate"] and all(best[name] == v for name, v in defaults.items())
    np.testing.assert_array_equal(grown.get_best_models()[0].predict(X, verbose=0), known)
    grown.hypermodel.build(best)
    # A trial's own values, as they are kept, serve as well.
    grown.hypermodel.build(grown.oracle.get_best_trials()[0].hyperparameters)
    rows = {row["trial_id"]: row for row in grown.results().to_dicts()}
    for name, value in defaults.items():
        assert rows["0"][f"hp/{name}"] == value
    again = search(make, tmp_path, 6)
    assert again.get_best_hyperparameters()[0].values == {**old, **defaults}


def test_hyperband_promotes_them_with_the_defaults(tmp_path: Path) -> None:
    """A promoted trial goes on with its weights, so it must stay the network that it was."""

    def tuner(make: Any) -> Any:
        return kt.Hyperband(make, "val_loss", max_epochs=4, factor=2, directory=tmp_path,
                            project_name="p", seed=0, workers=1)  # fmt: skip

    first = tuner(before)
    first.oracle.max_trials = 4  # as if it had been cut off in the first round
    first.search(X, Y, validation_split=0.25, verbose=0)
    grown = tuner(with_dropout)
    grown.search(X, Y, validation_split=0.25, verbose=0)
    trials = grown.oracle.trials
    assert {trial.status for trial in trials.values()} == {"COMPLETED"}
    older = set(first.oracle.trials)
    promoted = [trial.hyperparameters.values for trial in trials.values()
                if trial.hyperparameters.values.get("tuner/trial_id") in older]  # fmt: skip
    assert promoted
    assert {values["drop"] for values in promoted} == {0.0}


def test_a_default_that_is_another_network_is_said(tmp_path: Path) -> None:
    def deeper(hp: kt.HyperParameters) -> Any:
        layers = [rb.layers.Dense(hp.Int("units", 3, 6))]
        return network(hp.Float("rate", 1e-3, 1e-1, sampling="log"), *layers)

    options = {"validation_split": 0.25, "verbose": 0}
    random_search(before, tmp_path, 2).search(X, Y, epochs=9, **options)
    grown = random_search(deeper, tmp_path, 2)
    with pytest.raises(ValueError, match=r"^The weights of trial ") as told:
        grown.get_best_models()
    best = grown.oracle.get_best_trials()[0].trial_id
    assert str(told.value).startswith(
        f"The weights of trial {best} do not fit the model that the build function makes of its "
        "values now: it has changed since, or has a hyperparameter whose default is another "
        "network. Given: "
    )
    assert str(told.value).endswith(
        "Fix: let the defaults of new hyperparameters be what was there before, or search with "
        "another `project_name`."
    )
