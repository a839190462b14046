"""OptunaOracle: samplers and pruners of Optuna's in our searches."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import layers
from rosenblatt.tuner import Objective, OptunaOracle, Tuner

optuna = pytest.importorskip("optuna")
LOW = Objective("score", "min")


class Function(Tuner):
    """Its result is a function of the values; notes them."""

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
        hp = trial.hyperparameters
        x = hp.Float("x", 1e-3, 10, sampling="log")
        units = hp.Int("units", 4, 64, step=4)
        kind = hp.Choice("kind", ["a", "b"])
        extra = 0.0
        with hp.conditional_scope("kind", ["b"]):
            if kind == "b":
                extra = hp.Float("extra", 0, 1)
        if kwargs.get("fails") and len(self.oracle.trials) == 2:
            return float("nan")
        return abs(np.log10(x)) + abs(units - 32) / 64 + (kind == "b") * (0.5 + extra)


def search(folder: Path, trials: int, name: str = "s", **options: Any) -> Any:
    fit = {key: options.pop(key) for key in ("fails",) if key in options}
    oracle = OptunaOracle(LOW, trials, seed=3, **options)
    tuner = Function(oracle, directory=folder, project_name=name, workers=1)
    tuner.search(verbose=0, **fit)
    return tuner


class Plain(Function):
    """A space that is known beforehand."""

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
        values = trial.hyperparameters.values
        return abs(np.log10(values["x"])) + abs(values["units"] - 32) / 64


@pytest.mark.parametrize("direction", ["min", "max"])
def test_proposes_what_optuna_proposes(direction: str, tmp_path: Path) -> None:
    """The same sampler, asked by hand for the places in the ranges, gives the same trials."""
    hps = rb.tuner.HyperParameters()
    hps.Float("x", 1e-3, 10, sampling="log")
    hps.Int("units", 4, 256)
    hps.Choice("kind", ["a", "b"])
    oracle = OptunaOracle(
        Objective("score", direction), 25, optuna.samplers.TPESampler(seed=5), hyperparameters=hps
    )
    Plain(oracle, directory=tmp_path, workers=1).search(verbose=0)
    flat = optuna.distributions.FloatDistribution(0, 1)
    choice = optuna.distributions.CategoricalDistribution(["a", "b"])
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=5),
        direction="minimize" if direction == "min" else "maximize",
    )
    assert len(oracle.start_order) == 25
    for name in oracle.start_order:
        asked = study.ask({"x": flat, "units": flat, "kind": choice})
        trial = oracle.trials[name]
        values = trial.hyperparameters.values
        for hp in hps.space[:2]:
            assert values[hp.name] == pytest.approx(hp.prob_to_value(asked.params[hp.name]))
        assert values["kind"] == asked.params["kind"]
        study.tell(asked, trial.score)


def test_finds_more_than_random_search(tmp_path: Path) -> None:
    best = search(tmp_path, 40).oracle.get_best_trials()[0]
    assert best.score < 0.25
    assert best.hyperparameters.values["kind"] == "a"
    keys = {str(sorted(t.hyperparameters.values.items())) for t in
            search(tmp_path, 40, "again").oracle.trials.values()}  # fmt: skip
    assert len(keys) == 40  # none twice


def test_a_search_goes_on_with_what_it_knew(tmp_path: Path) -> None:
    first = search(tmp_path, 6)
    second = search(tmp_path, 9)
    assert (
        list(second.oracle.trials)[:6] == [f"{n}" for n in range(6)]
        or len(second.oracle.trials) == 9
    )
    scores = [trial.score for trial in first.oracle.trials.values()]
    assert [trial.score for trial in second.oracle.trials.values()][:6] == scores
    told = [t.value for t in second.oracle.study.trials if t.value is not None]
    assert told[:6] == pytest.approx(scores)


def test_a_trial_without_a_number_is_a_failure_of_optunas(tmp_path: Path) -> None:
    tuner = search(tmp_path, 6, fails=True)
    states = [trial.state.name for trial in tuner.oracle.study.trials]
    assert "FAIL" in states
    assert [t.status for t in tuner.oracle.trials.values()].count("FAILED") == 1


def test_a_pruner_ends_trials(tmp_path: Path) -> None:
    def build(hp: rb.tuner.HyperParameters) -> Any:
        model = rb.Sequential([rb.Input((2,)), layers.Dense(1)])
        rate = hp.Float("rate", 1e-5, 0.3, sampling="log")
        model.compile("sgd", "mse")
        model.optimizer.learning_rate = rate
        return model

    x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    pruner = optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=1)
    oracle = OptunaOracle("val_loss", 10, pruner=pruner, seed=1)
    tuner = Tuner(oracle, build, directory=tmp_path, workers=1)
    tuner.search(x, x.sum(1), validation_data=(x, x.sum(1)), epochs=8, verbose=0)
    lengths = [len(trial.history["val_loss"]) for trial in oracle.trials.values()]
    assert min(lengths) < 8 and max(lengths) == 8
    assert {trial.status for trial in oracle.trials.values()} == {"COMPLETED"}
    oracle.tell_ended()
    pruned = [trial for trial in oracle.study.trials if trial.state.name == "PRUNED"]
    assert len(pruned) == sum(length < 8 for length in lengths)


def test_needs_optuna(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError) as caught:
        OptunaOracle("val_loss")
    assert str(caught.value) == (
        "OptunaOracle: an optional dependency is missing. Expected: an installed 'optuna'. "
        'Fix: pip install "rosenblatt[optuna]"'
    )
