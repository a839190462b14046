"""A search of the real Keras Tuner, gone on with."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.cli import main

X = np.random.default_rng(0).random((32, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def builder(lib: Any) -> Any:
    def build(hp: Any) -> Any:
        units = hp.Int("units", 2, 8)
        model = lib.Sequential(
            [lib.Input((3,)), lib.layers.Dense(units, activation="relu"), lib.layers.Dense(1)]
        )
        rate = hp.Float("rate", 1e-3, 1e-1, sampling="log")
        model.compile(lib.optimizers.Adam(rate), "mse")
        return model

    return build


@pytest.fixture
def project(keras: Any, tmp_path: Path) -> Any:
    """Keras Tuner's tuner, after three trials."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras_tuner = pytest.importorskip("keras_tuner")
        tuner = keras_tuner.RandomSearch(
            builder(keras), "val_loss", 3, seed=1, directory=tmp_path, project_name="p"
        )
        tuner.search(X, Y, epochs=2, validation_data=(X, Y), verbose=0)
    return tuner


def ours(folder: Path, trials: int, objective: Any = "val_loss") -> Any:
    return rb.tuner.RandomSearch(
        builder(rb), objective, trials, seed=2, directory=folder, project_name="p", workers=1
    )


def test_trials_models_and_search_go_on(project: Any, tmp_path: Path) -> None:
    tuner = ours(tmp_path, 5)
    theirs = project.oracle.trials
    assert list(tuner.oracle.trials) == list(theirs) == ["0", "1", "2"]
    for name, trial in tuner.oracle.trials.items():
        assert trial.hyperparameters.values == theirs[name].hyperparameters.values
        assert (trial.score, trial.status) == (theirs[name].score, "COMPLETED")
        assert trial.metrics.get_last_value("loss") == theirs[name].metrics.get_last_value("loss")
    (best,) = tuner.get_best_models()  # Keras Tuner's own fails: the optimizer is not built
    scores = [trial.score for trial in theirs.values()]
    assert best.evaluate(X, Y, verbose=0) == pytest.approx(min(scores), rel=1e-5)
    tuner.search(X, Y, epochs=2, validation_data=(X, Y), verbose=0)
    assert list(tuner.oracle.trials) == ["0", "1", "2", "3", "4"]
    again = ours(tmp_path, 5)  # from our journal now
    assert [t.score for t in again.oracle.trials.values()] == [
        t.score for t in tuner.oracle.trials.values()
    ]


def test_a_trial_that_was_running_runs_again(project: Any, tmp_path: Path) -> None:
    path = tmp_path / "p" / "trial_1" / "trial.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, "status": "RUNNING", "score": None, "metrics": None}))
    tuner = ours(tmp_path, 3)
    tuner.search(X, Y, epochs=2, validation_data=(X, Y), verbose=0)
    found = tuner.oracle.trials["1"]
    assert found.hyperparameters.values == project.oracle.trials["1"].hyperparameters.values
    assert found.status == "COMPLETED"
    assert list(tuner.oracle.trials) == ["0", "1", "2"]


def test_on_the_command_line(
    project: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trials", str(tmp_path / "p")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "3 trials by score"
    best = min(project.oracle.trials.values(), key=lambda trial: trial.score)
    assert f"{best.score:.4g}" in lines[4]


def test_errors(project: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as caught:
        ours(tmp_path, 3, rb.tuner.Objective("loss_of_another", "min"))
    folder = str(tmp_path / "p")
    assert str(caught.value) == (
        f"Trial 0 of Keras Tuner in {folder!r} has no 'loss_of_another'. Given: loss, val_loss. "
        "Fix: give the objective of that search, or another `project_name`."
    )
    assert not (tmp_path / "p" / "journal.jsonl").exists()
    path = tmp_path / "p" / "trial_2" / "trial.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"trial_2/trial.json: not a file of Keras Tuner\. Given:"):
        ours(tmp_path, 3)
    path.write_text('{"trial_id": "2"}')
    with pytest.raises(ValueError) as caught:
        ours(tmp_path, 3)
    assert str(caught.value) == f"{path}: no 'hyperparameters'. Given: trial_id."
