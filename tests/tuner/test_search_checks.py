"""What a search checks before its first trial, and what it says when no trial has a result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import tuner as kt
from rosenblatt.callbacks import LambdaCallback
from rosenblatt.tuner.errors import FatalTypeError, FatalValueError

X = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
Y = X[:, 0]
Objective = kt.Objective


def build(hp: kt.HyperParameters, metrics: Any = ()) -> Any:
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile(rb.optimizers.SGD(hp.Float("rate", 1e-4, 1e-2)), "mse", metrics=list(metrics))
    return model


def with_metrics(*metrics: Any) -> Callable[[kt.HyperParameters], Any]:
    return lambda hp: build(hp, metrics)


def two_outputs(hp: kt.HyperParameters) -> Any:
    inputs = rb.Input((2,))
    outputs = {name: rb.layers.Dense(1, name=name)(inputs) for name in ("a", "b")}
    model = rb.Model(inputs, outputs)
    model.compile(rb.optimizers.SGD(hp.Float("rate", 1e-4, 1e-2)), "mse", metrics={"a": ["mae"]})
    return model


def search(build: Any, objective: Any, folder: Path, **kwargs: Any) -> kt.RandomSearch:
    tuner = kt.RandomSearch(build, objective, max_trials=2, seed=1, directory=folder, workers=1)
    tuner.search(kwargs.pop("x", X), kwargs.pop("y", Y), verbose=0, **{"epochs": 2, **kwargs})
    return tuner


VALIDATED: dict[str, Any] = {"validation_split": 0.25}
BOTH: dict[str, Any] = {"y": {"a": Y, "b": Y}}
NOT = "No trial was begun: the objective {!r} is not among what `model.fit` logs. Given: "

# The builder, the objective, what is given to search, and the text of the error.
WRONG: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "another metric": (
        build, "val_accuracy", VALIDATED,
        NOT.format("val_accuracy") + "loss, val_loss. Expected: val_accuracy. Fix: known names: "
        "loss, val_loss. Or add it to the model's `metrics`.",
    ),
    "a misspelt one": (
        with_metrics("mae"), Objective("val_mea", "min"), VALIDATED,
        NOT.format("val_mea") + "loss, mae, val_loss, val_mae. Expected: val_mea. Fix: did you "
        "mean 'val_mae'? Or add it to the model's `metrics`.",
    ),
    "nothing to validate on": (
        build, "val_loss", {},
        NOT.format("val_loss") + "loss. Expected: val_loss. Fix: pass `validation_data` or "
        "`validation_split`.",
    ),
    "neither the one nor the other": (
        build, "val_mae", {},
        NOT.format("val_mae") + "loss. Expected: val_mae. Fix: pass `validation_data`; known names:"
        " loss.",
    ),
    "validated later than it trains": (
        build, "val_loss", {**VALIDATED, "validation_freq": 3},
        NOT.format("val_loss") + "loss. Expected: val_loss.",
    ),
    "one of several": (
        build, ["loss", "val_mae"], VALIDATED,
        NOT.format("val_mae") + "loss, val_loss. Expected: val_mae.",
    ),
    "an output's metric without its name": (
        two_outputs, "val_mae", {**VALIDATED, **BOTH},
        NOT.format("val_mae") + "loss, a_mae, a_loss, b_loss, val_loss, val_a_mae, val_a_loss, "
        "val_b_loss. Expected: val_mae.",
    ),
    "no objective": (
        build, None, VALIDATED,
        "No trial was begun: the search has no `objective`, and `model.fit` gives several entries. "
        "Given: loss. Fix: name one: `objective='val_loss'`.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_objectives_are_refused_before_the_first_epoch(case: str, tmp_path: Path) -> None:
    make, objective, options, text = WRONG[case]
    epochs: list[int] = []

    class Counting(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            epochs.append(epoch)

    watch = [LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch)), Counting()]
    kind = FatalTypeError if objective is None else FatalValueError
    with pytest.raises(kind) as told:
        search(make, objective, tmp_path, callbacks=watch, **options)
    assert str(told.value).startswith(text)
    assert not epochs
    assert not list(tmp_path.rglob("journal.jsonl"))


class Adds(rb.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["val_f1"] = float(epoch)


class Named(rb.losses.MeanSquaredError):
    pass


RIGHT: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "a metric": (with_metrics("mae"), "val_mae", VALIDATED),
    "a metric of training": (with_metrics("mae"), "mae", {}),
    "a name of its own": (
        with_metrics(rb.metrics.MeanAbsoluteError(name="off")),
        Objective("val_off", "min"),
        VALIDATED,
    ),
    "several": (with_metrics("mae"), ["val_loss", "mae"], VALIDATED),
    "an output's": (two_outputs, Objective("val_a_mae", "min"), {**VALIDATED, **BOTH}),
    "an output's loss": (
        two_outputs, Objective("b_loss", "min"), BOTH,
    ),
    "an entry that a callback adds": (
        build, Objective("val_f1", "max"), {"callbacks": [Adds()]},
    ),
    "an entry that a lambda adds": (
        build, Objective("seen", "max"),
        {"callbacks": [LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(seen=1.0))]},
    ),
    "a rate that a callback logs": (
        build, Objective("learning_rate", "min"),
        {"callbacks": [rb.callbacks.LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))]},
    ),
    "validated at last": (build, "val_loss", {**VALIDATED, "validation_freq": 2}),
    "validated on a stream": (build, "val_loss", {"validation_data": iter([(X, Y)] * 2)}),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
def test_right_objectives_are_searched(case: str, tmp_path: Path) -> None:
    make, objective, options = RIGHT[case]
    tuner = search(make, objective, tmp_path, **options)
    assert [trial.status for trial in tuner.oracle.trials.values()] == ["COMPLETED"] * 2


def test_an_entry_that_a_callback_might_have_added_is_missed_after_an_epoch(tmp_path: Path) -> None:
    epochs: list[float] = []
    reads = LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(logs["loss"]))
    with pytest.raises(FatalValueError, match=r"not among what the first epoch of `model.fit`"):
        search(build, Objective("f1", "max"), tmp_path, callbacks=[reads], epochs=50)
    assert len(epochs) == 1


def test_a_direction_against_the_metric_is_said(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="makes 'val_loss' large, of which low values are the g"):
        search(build, Objective("val_loss", "max"), tmp_path, **VALIDATED)


def test_what_trials_return_themselves_is_not_foreseen(tmp_path: Path) -> None:
    class Mine(kt.HyperModel):
        def build(self, hp: Any) -> Any:
            return build(hp)

        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            model.fit(*args, **kwargs)
            return {"score": 1.0}

    assert len(search(Mine(), Objective("score", "max"), tmp_path).oracle.end_order) == 2

    class Steps(rb.Sequential):
        def train_step(self, state: Any, data: Any) -> Any:
            logs, state = super().train_step(state, data)
            return {**logs, "own": logs["loss"]}, state

    def own(hp: Any) -> Any:
        model = Steps([rb.Input((2,)), rb.layers.Dense(1)])
        model.compile(rb.optimizers.SGD(hp.Float("rate", 1e-4, 1e-2)), "mse")
        return model

    assert len(search(own, Objective("own", "min"), tmp_path / "b").oracle.end_order) == 2


# -- no result -------------------------------------------------------------------------------


def failing(hp: kt.HyperParameters) -> Any:
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile(rb.optimizers.SGD(hp.Choice("rate", [1.0, 2.0])), "mse")
    return model


class Raises(kt.HyperModel):
    def build(self, hp: Any) -> Any:
        return failing(hp)

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        raise ValueError(f"rate {hp['rate']} is no good")


TUNERS: dict[str, Callable[[Any, Path], Any]] = {
    "grid": lambda m, d: kt.GridSearch(m, "val_loss", directory=d, workers=1),
    "random": lambda m, d: kt.RandomSearch(m, "val_loss", max_trials=2, directory=d, workers=1),
    "Hyperband": lambda m, d: kt.Hyperband(
        m, "val_loss", max_epochs=2, factor=2, directory=d, workers=1
    ),
    "Bayes": lambda m, d: kt.BayesianOptimization(
        m, "val_loss", max_trials=2, directory=d, workers=1
    ),
}


@pytest.mark.parametrize("kind", TUNERS)
def test_the_first_reason_is_told_where_no_trial_has_a_result(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tuner = TUNERS[kind](Raises(), tmp_path)
    with pytest.raises(
        RuntimeError, match=r"No trial of the search in .* has a result. Given: no "
    ):
        tuner.get_best_models()
    capsys.readouterr()
    tuner.search(X, Y, epochs=2, verbose=0, **VALIDATED)
    first = next(iter(tuner.oracle.trials.values()))
    told = (
        f"No trial of the search in '{tmp_path}/untitled_project' has a result. Given: 2 trials "
        f"that have failed. The first of them, {first.trial_id}, because: ValueError: rate "
        f"{first.hyperparameters['rate']} is no good. Fix: fix the cause, and search with "
        "`overwrite=True` or another `project_name`."
    )
    assert capsys.readouterr().out == told + "\n"
    for ask in (tuner.get_best_models, tuner.get_best_hyperparameters):
        with pytest.raises(RuntimeError) as caught:
            ask()
        assert str(caught.value) == told
    assert tuner.oracle.get_best_trials(3) == []
    tuner.results_summary()
    assert "is no good" in capsys.readouterr().out
