"""Searches: workers, kills, failures, checkpoints, promoted trials, limits, callbacks."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import tuner as rt
from rosenblatt.training import programs
from rosenblatt.tuner.journal import Journal

X = np.random.default_rng(0).normal(size=(96, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def build(hp: Any) -> Any:
    """A line with a searched rate."""
    model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])
    rate = hp.Float("rate", 1e-3, 1e-1, sampling="log")
    model.compile(rb.optimizers.Adam(rate), loss="mse", metrics=[rb.metrics.MeanAbsoluteError()])
    return model


class Number(rt.HyperModel):
    """Trials that return a number."""

    def build(self, hp: Any) -> Any:
        hp.Float("x", -1, 1)
        hp.Float("y", -1, 1)
        return hp  # never trained

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return self.of(hp)

    def of(self, hp: Any) -> Any:
        return (hp["x"] - 0.3) ** 2 + (hp["y"] + 0.2) ** 2


class Searching(rt.BaseTuner):
    """Evaluates a hypermodel without training."""

    def run_trial(self, trial: Any, **kwargs: Any) -> Any:
        return self.hypermodel.fit(trial.hyperparameters, None)


def search(hypermodel: Any, folder: Path, oracle: Any = None, **arguments: Any) -> Any:
    """A finished search for a small number."""
    oracle = oracle or rt.RandomSearchOracle(max_trials=8, seed=3)
    tuner = Searching(oracle, hypermodel, directory=folder, **arguments)
    tuner.search(verbose=0)
    return tuner


def outcome(tuner: Any) -> dict[str, Any]:
    """Values and score by trial."""
    trials = tuner.oracle.trials
    return {name: (t.hyperparameters.values, t.score, t.status) for name, t in trials.items()}


@pytest.mark.parametrize("kind", ["random", "hyperband"])
def test_results_do_not_depend_on_the_number_of_workers(kind: str, tmp_path: Path) -> None:
    found = []
    for workers in (1, 3):
        arguments = {"seed": 3, "directory": tmp_path / str(workers), "workers": workers}
        if kind == "random":
            tuner = rt.RandomSearch(build, "val_loss", max_trials=5, **arguments)
        else:
            tuner = rt.Hyperband(build, "val_loss", max_epochs=4, factor=2, **arguments)
        tuner.search(X, Y, epochs=2, validation_split=0.25, verbose=0)
        found.append(outcome(tuner))
    assert found[0] == found[1]
    assert len({score for _, score, _ in found[0].values()}) >= 5


def test_what_only_changes_a_number_compiles_nothing(tmp_path: Path) -> None:
    tuner = rt.RandomSearch(build, "val_loss", max_trials=4, seed=1, directory=tmp_path)
    build(rt.HyperParameters()).fit(X, Y, epochs=1, validation_split=0.25, verbose=0)
    before = programs.statistics.made
    tuner.search(X, Y, epochs=2, validation_split=0.25, verbose=0)
    assert programs.statistics.made == before
    assert len(tuner.oracle.trials) == 4


def test_best_models_have_the_weights_of_their_best_epoch(tmp_path: Path) -> None:
    tuner = rt.RandomSearch(
        build, "val_loss", max_trials=5, seed=1, directory=tmp_path, keep_best=2
    )
    tuner.search(X, Y, epochs=3, validation_split=0.25, verbose=0)
    best = tuner.oracle.get_best_trials(3)
    assert [t.score for t in best] == sorted(t.score for t in tuner.oracle.trials.values())[:3]
    for trial, model in zip(best[:2], tuner.get_best_models(2), strict=True):
        assert model.evaluate(X[72:], Y[72:], verbose=0)[0] == pytest.approx(trial.score, rel=1e-5)
        assert trial.score == min(trial.history["val_loss"])
        assert trial.best_step == int(np.argmin(trial.history["val_loss"]))
        assert trial.metrics.get_last_value("val_mean_absolute_error") > 0
    kept = sorted(path.parent.name for path in tmp_path.rglob("checkpoint.weights.h5"))
    assert kept == sorted(f"trial_{trial.trial_id}" for trial in best[:2])
    with pytest.raises(FileNotFoundError, match=r"one of the 2 best trials \(`keep_best`\)"):
        tuner.load_model(best[2])


def test_weights_on_disk_stay_within_a_size(tmp_path: Path) -> None:
    one = rt.RandomSearch(build, "val_loss", max_trials=1, seed=1, directory=tmp_path / "one")
    one.search(X, Y, epochs=1, validation_split=0.25, verbose=0)
    (path,) = tmp_path.rglob("*.weights.h5")
    size = path.stat().st_size
    for max_bytes, kept in ((3 * size + 10, 3), (0, 1)):
        tuner = rt.RandomSearch(
            build, "val_loss", max_trials=8, seed=1, directory=tmp_path, max_bytes=max_bytes,
            project_name=str(kept),
        )  # fmt: skip
        tuner.search(X, Y, epochs=1, validation_split=0.25, verbose=0)
        files = list((tmp_path / str(kept)).rglob("*.weights.h5"))
        best = {f"trial_{trial.trial_id}" for trial in tuner.oracle.get_best_trials(kept)}
        assert {path.parent.name for path in files} == best
        assert sum(path.stat().st_size for path in files) <= max(max_bytes, size + 10)
        assert len(tuner.get_best_models(kept)) == kept


def test_a_promoted_trial_goes_on_with_weights_and_optimizer(tmp_path: Path) -> None:
    begun: dict[str, Any] = {}
    ended: dict[str, Any] = {}

    class Watched(rt.Hyperband):
        def on_epoch_begin(self, trial: Any, model: Any, epoch: int, logs: Any = None) -> None:
            state = [v.numpy() for v in [*model.weights, *model.optimizer.variables]]
            begun.setdefault(trial.trial_id, (epoch, state))

        def on_epoch_end(self, trial: Any, model: Any, epoch: int, logs: Any = None) -> None:
            state = [v.numpy() for v in [*model.weights, *model.optimizer.variables]]
            ended[trial.trial_id] = (epoch, state)

    tuner = Watched(build, "val_loss", max_epochs=4, factor=2, seed=1, directory=tmp_path)
    tuner.search(X, Y, validation_split=0.25, verbose=0)
    promoted = [
        (name, trial.hyperparameters["tuner/trial_id"])
        for name, trial in tuner.oracle.trials.items()
        if "tuner/trial_id" in trial.hyperparameters
    ]
    assert len(promoted) == 2 + 1 + 2  # of the brackets 2 and 1
    for name, past in promoted:
        assert begun[name][0] == ended[past][0] + 1
        for now, before in zip(begun[name][1], ended[past][1], strict=True):
            np.testing.assert_array_equal(now, before)
    assert not list(tmp_path.rglob("last.weights.h5"))  # nobody goes on with them


KILLED = """
import itertools, sys, time
sys.path.insert(0, {here!r})
from test_searches import Number, rt, search
BEGUN = itertools.count(1)
class Slow(Number):
    def of(self, hp):
        time.sleep(0.02)
        if next(BEGUN) > 12:
            sys.stdin.read()  # forever: it ends only where nobody is left who could kill
        return super().of(hp)
oracle = rt.RandomSearchOracle(max_trials=20, seed=3)
search(Slow(), {folder!r}, oracle, workers=2)
"""


def test_a_killed_search_loses_nothing_and_runs_nothing_twice(tmp_path: Path) -> None:
    oracle = rt.RandomSearchOracle(max_trials=20, seed=3)
    expected = outcome(search(Number(), tmp_path / "whole", oracle))
    code = KILLED.format(here=str(Path(__file__).parent), folder=str(tmp_path / "killed"))
    path = tmp_path / "killed" / "untitled_project" / "journal.jsonl"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE)
    while not (path.exists() and path.read_bytes().count(b'"end"') >= 5):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)  # in the middle
    process.communicate()
    path.write_bytes(path.read_bytes() + b'{"event":"end","trial_id":"1')  # a line cut off
    resumed = search(Number(), tmp_path / "killed", rt.RandomSearchOracle(max_trials=20, seed=9))
    assert outcome(resumed) == expected
    ends = [event["trial_id"] for event in map(json.loads, path.read_text().splitlines())
            if event["event"] == "end"]  # fmt: skip
    assert sorted(ends) == sorted(expected)
    # A third time there is nothing left to do; with more trials it goes on.
    assert outcome(search(Number(), tmp_path / "killed", rt.RandomSearchOracle(max_trials=20))) == (
        expected
    )
    more = search(Number(), tmp_path / "killed", rt.RandomSearchOracle(max_trials=22))
    assert len(more.oracle.trials) == 22 and outcome(more).items() >= expected.items()
    anew = search(
        Number(), tmp_path / "killed", rt.RandomSearchOracle(max_trials=2), overwrite=True
    )
    assert len(anew.oracle.trials) == 2


def test_another_objective_does_not_fit_the_folder(tmp_path: Path) -> None:
    search(Number(), tmp_path)
    with pytest.raises(ValueError, match="a search for another objective"):
        Searching(rt.RandomSearchOracle("val_loss"), Number(), directory=tmp_path)


class Failing(Number):
    """Fails where x is negative, in some way."""

    def __init__(self, error: Any, always: bool = False):
        super().__init__()
        self.error = error
        self.always = always
        self.runs = 0

    def of(self, hp: Any) -> Any:
        self.runs += 1
        if self.always or hp["x"] < 0:
            if isinstance(self.error, float):
                return self.error
            raise self.error
        return super().of(hp)


@pytest.mark.parametrize("error", [math.nan, math.inf, ZeroDivisionError("by zero"), MemoryError()])
def test_failed_trials_are_recorded_and_never_best(error: Any, tmp_path: Path) -> None:
    oracle = rt.RandomSearchOracle(
        max_trials=10, seed=3, max_retries_per_trial=1, max_consecutive_failed_trials=10
    )
    hypermodel = Failing(error)
    tuner = search(hypermodel, tmp_path, oracle, workers=1)
    failed = [t for t in oracle.trials.values() if t.hyperparameters["x"] < 0]
    assert 1 <= len(failed) < 10
    assert {t.status for t in failed} == {"FAILED"}
    assert {t.score for t in failed} == {None}
    assert hypermodel.runs == 10 + len(failed)  # each of them once more
    reason = "is not a number" if isinstance(error, float) else type(error).__name__
    assert all(reason in t.message for t in failed)
    assert len(oracle.get_best_trials(10)) == 10 - len(failed)
    again = Searching(rt.RandomSearchOracle(max_trials=10), Number(), directory=tmp_path)
    assert outcome(again) == outcome(tuner)


@pytest.mark.parametrize("workers", [1, 2])
def test_all_failing_ends_the_search_with_the_first_reason(workers: int, tmp_path: Path) -> None:
    message = "3 trials in a row failed. .* because: ZeroDivisionError: by zero$"
    with pytest.raises(RuntimeError, match=message):
        search(Failing(ZeroDivisionError("by zero"), always=True), tmp_path, workers=workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_fatal_errors_end_the_search_at_once(workers: int, tmp_path: Path) -> None:
    hypermodel = Failing(rt.errors.FatalValueError("no trial can do this"), always=True)
    with pytest.raises(rt.errors.FatalValueError, match="no trial can do this"):
        search(hypermodel, tmp_path, workers=workers)
    assert hypermodel.runs == 1


def test_failed_trial_errors_are_not_retried(tmp_path: Path) -> None:
    oracle = rt.RandomSearchOracle(max_trials=4, seed=3, max_retries_per_trial=5)
    hypermodel = Failing(rt.errors.FailedTrialError("too large"))
    search(hypermodel, tmp_path, oracle)
    assert hypermodel.runs == 4


def test_ctrl_c_ends_with_the_best_so_far(tmp_path: Path, capsys: Any) -> None:
    class Interrupted(Number):
        interrupts = True

        def of(self, hp: Any) -> Any:
            self.runs = getattr(self, "runs", 0) + 1
            if self.runs == 4 and self.interrupts:
                raise KeyboardInterrupt
            return super().of(hp)

    expected = outcome(search(Number(), tmp_path / "whole"))
    hypermodel = Interrupted()
    tuner = search(hypermodel, tmp_path / "cut", workers=1)
    assert "Search interrupted after 3 trials" in capsys.readouterr().out
    assert len(tuner.get_best_hyperparameters(9)) == 3
    tuner.search(verbose=0)
    assert outcome(tuner) == expected
    assert hypermodel.runs == 4 + 5


def test_limits(tmp_path: Path) -> None:
    found = search(Number(), tmp_path / "a", rt.RandomSearchOracle(max_trials=None, seed=3),
                   target=0.1, workers=1)  # fmt: skip
    scores = [t.score for t in found.oracle.trials.values()]
    assert scores[-1] <= 0.1 and all(score > 0.1 for score in scores[:-1])
    none = search(Number(), tmp_path / "b", max_seconds=0)
    assert none.oracle.trials == {} and none.remaining_trials == 8


def test_hyperparameters_that_only_training_asks_for(tmp_path: Path) -> None:
    class Late(Number):
        def of(self, hp: Any) -> Any:
            return super().of(hp) + hp.Int("epochs", 1, 50)

    for workers in (1, 3):
        tuner = search(Late(), tmp_path / str(workers), workers=workers)
        epochs = [t.hyperparameters["epochs"] for t in tuner.oracle.trials.values()]
        assert epochs[0] == 1 and len(set(epochs)) > 3
        fixed = rt.HyperParameters()
        fixed.Fixed("x", 0.3)
        fixed.Float("y", 0, 0.5)
    for kept in ({"tune_new_entries": False}, {"allow_new_entries": False}):
        oracle = rt.RandomSearchOracle(max_trials=3, seed=1, hyperparameters=fixed.copy(), **kept)
        if "allow_new_entries" in kept:
            with pytest.raises(RuntimeError, match=r"not in the space.* Given: epochs"):
                search(Late(), tmp_path / str(kept), oracle)
            continue
        tuner = search(Late(), tmp_path / str(kept), oracle)
        for trial in tuner.oracle.trials.values():
            values = trial.hyperparameters.values
            assert values["x"] == 0.3 and 0 <= values["y"] <= 0.5 and values["epochs"] == 1


@pytest.mark.parametrize(
    ("result", "score"),
    [
        (2.0, 2.0),
        (np.float32(2), 2.0),
        ({"loss": 2.0, "other": 3.0}, 2.0),
        ([1.0, 3.0], 2.0),
        ([{"loss": 1.0}, {"loss": 3.0}], 2.0),
    ],
)
def test_what_fit_may_return(result: Any, score: float, tmp_path: Path) -> None:
    class Returns(Number):
        def of(self, hp: Any) -> Any:
            return result

    tuner = search(Returns(), tmp_path, rt.RandomSearchOracle("loss", max_trials=1))
    assert tuner.oracle.trials["0"].score == score


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "is None, which is no result"),
        ("0.5", "Given: str: '0.5'"),
        ({"los": 1.0}, "Given: los. Expected: loss"),
    ],
)
def test_what_fit_may_not_return(result: Any, message: str, tmp_path: Path) -> None:
    class Returns(Number):
        def of(self, hp: Any) -> Any:
            return result

    with pytest.raises(rt.errors.FatalError, match=message):
        search(Returns(), tmp_path, rt.RandomSearchOracle("loss", max_trials=1))


def test_several_objectives(tmp_path: Path) -> None:
    class Two(Number):
        def of(self, hp: Any) -> Any:
            return {"loss": hp["x"], "gain": 2 * hp["y"]}

    oracle = rt.RandomSearchOracle(["loss", rt.Objective("gain", "max")], max_trials=6, seed=1)
    tuner = search(Two(), tmp_path, oracle)
    best = tuner.get_best_hyperparameters()[0]
    scores = [hp["x"] - 2 * hp["y"] for hp in tuner.get_best_hyperparameters(6)]
    assert scores == sorted(scores) and best["x"] - 2 * best["y"] == scores[0]


def test_executions_callbacks_and_hooks(tmp_path: Path) -> None:
    lock = threading.Lock()

    class Seen(rb.callbacks.Callback):
        copies: list[int] = []

        def on_train_begin(self, logs: Any = None) -> None:
            with lock:
                self.copies.append(id(self))
                assert not hasattr(self, "used")  # each execution has its own
                self.used = True

    tuner = rt.RandomSearch(
        build, "val_loss", max_trials=2, seed=1, directory=tmp_path, executions_per_trial=2
    )
    tuner.search(X, Y, epochs=2, validation_split=0.25, verbose=0, callbacks=[Seen()])
    assert len(Seen.copies) == 4
    trial = tuner.oracle.trials["0"]
    assert trial.status == "COMPLETED" and len(trial.history["loss"]) == 2  # the latest one
    events = [e for e in Journal(tuner.project_dir).news() if e["event"] == "epoch"]
    losses = [e["logs"]["val_loss"] for e in events if e["trial_id"] == "0"]
    executions = losses[:2], losses[2:]
    assert executions[1] == trial.history["val_loss"]
    assert executions[0] != executions[1]  # other weights
    assert trial.score == pytest.approx(np.mean([min(e) for e in executions]))


def test_tensorboard_has_a_folder_for_each_execution(tmp_path: Path) -> None:
    tuner = rt.RandomSearch(
        build, "val_loss", max_trials=2, seed=1, directory=tmp_path, executions_per_trial=2
    )
    board = rb.callbacks.TensorBoard(tmp_path / "logs", write_graph=False)
    tuner.search(X, Y, epochs=1, validation_split=0.25, verbose=0, callbacks=[board])
    assert {t.status for t in tuner.oracle.trials.values()} == {"COMPLETED"}
    for trial in ("0", "1"):
        for execution in ("execution0", "execution1"):
            run = tmp_path / "logs" / trial / execution
            assert list(run.glob("*tfevents*")) and list(run.glob("validation/*tfevents*"))


def test_models_that_are_too_large_or_none(tmp_path: Path) -> None:
    tuner = rt.RandomSearch(
        build, "val_loss", max_trials=1, max_model_size=3, directory=tmp_path / "a"
    )
    tuner.search(X, Y, validation_split=0.25, verbose=0)
    assert "Given: 4 parameters" in tuner.oracle.trials["0"].message
    tuner = rt.RandomSearch(lambda hp: None, "val_loss", directory=tmp_path / "b")
    with pytest.raises(rt.errors.FatalTypeError, match="Fix: end it with `return model`"):
        tuner.search(X, Y)


def test_summaries_and_results(tmp_path: Path, capsys: Any) -> None:
    oracle = rt.RandomSearchOracle(max_trials=3, seed=3)
    tuner = Searching(oracle, Number(), directory=tmp_path, workers=1)
    tuner.search_space_summary()
    tuner.search()
    tuner.results_summary(2)
    text = capsys.readouterr().out
    for part in ("Default search space size: 2", "x (Float)", "Search: Running Trial #1",
                 "Trial 3 Complete [00h 00m 00s]", "Best default_objective So Far: ",
                 "Showing 2 best trials", "Trial 1 summary", "Score: "):  # fmt: skip
        assert part in text, part
    frame = tuner.results()
    assert frame["trial_id"].to_list() == ["0", "1", "2"]
    assert frame["hp/x"].to_list() == [t.hyperparameters["x"] for t in oracle.trials.values()]
    assert frame["score"].to_list() == [t.score for t in oracle.trials.values()]


def test_bayesian_optimization_finds_more_than_chance(tmp_path: Path) -> None:
    best = {}
    for kind in (rt.BayesianOptimizationOracle, rt.RandomSearchOracle):
        found = [
            search(Number(), tmp_path / f"{kind.__name__}{seed}", kind(max_trials=14, seed=seed),
                   workers=1).oracle.get_best_trials()[0].score
            for seed in (1, 2)
        ]  # fmt: skip
        best[kind] = float(np.median(found))
    assert best[rt.BayesianOptimizationOracle] < 0.25 * best[rt.RandomSearchOracle]


@pytest.mark.parametrize("direction", ["min", "max"])
def test_bayesian_optimization_counts_pending_trials(direction: str) -> None:
    hp = rt.HyperParameters()
    hp.Float("x", 0, 1)
    oracle = rt.BayesianOptimizationOracle(
        rt.Objective("value", direction), 20, 4, seed=1, hyperparameters=hp, beta=1.0
    )
    oracle.verbose = 0
    sign = 1 if direction == "min" else -1
    for _ in range(6):
        trial = oracle.create_trial("one")
        x = trial.hyperparameters["x"]
        oracle.update_trial(trial.trial_id, {"value": sign * (x - 0.4) ** 2})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    pending = [oracle.create_trial(str(i)).hyperparameters["x"] for i in range(4)]
    assert len(set(np.round(pending, 6))) == 4
    assert abs(pending[0] - 0.4) < 0.1


def test_bayesian_optimization_ends_in_a_finite_space(tmp_path: Path) -> None:
    class Finite(Number):
        def build(self, hp: Any) -> Any:
            hp.Fixed("x", 0.1)
            hp.Choice("y", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])

    oracle = rt.BayesianOptimizationOracle(max_trials=50, num_initial_points=2, seed=1)
    tuner = search(Finite(), tmp_path, oracle, workers=1)
    assert sorted(t.hyperparameters["y"] for t in tuner.oracle.trials.values()) == [
        0.1, 0.2, 0.3, 0.4, 0.5, 0.6
    ]  # fmt: skip


def test_sklearn_tuner(tmp_path: Path) -> None:
    from sklearn.linear_model import Ridge
    from sklearn.metrics import mean_absolute_error
    from sklearn.model_selection import KFold, cross_val_score

    oracle = rt.RandomSearchOracle(rt.Objective("score", "max"), max_trials=3, seed=1)
    tuner = rt.SklearnTuner(
        oracle,
        lambda hp: Ridge(alpha=hp.Float("alpha", 0.1, 100, sampling="log")),
        metrics=mean_absolute_error,
        cv=KFold(3),
        directory=tmp_path,
    )
    oracle.verbose = 0
    tuner.search(X, Y[:, 0], sample_weight=np.ones(96))
    for trial in oracle.trials.values():
        model = Ridge(alpha=trial.hyperparameters["alpha"])
        expected = cross_val_score(model, X, Y[:, 0], cv=KFold(3)).mean()
        assert trial.score == pytest.approx(expected)
        assert trial.metrics.get_last_value("mean_absolute_error") > 0
    (best,) = tuner.get_best_models()
    assert best.alpha == tuner.get_best_hyperparameters()[0]["alpha"]
