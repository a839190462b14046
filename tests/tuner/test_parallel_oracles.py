"""Several trials at once through the public methods of oracles."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rosenblatt import tuner

KINDS = ("RandomSearch", "BayesianOptimization", "GridSearch", "Hyperband")
STATUSES = {"RUNNING", "IDLE", "INVALID", "STOPPED", "COMPLETED", "FAILED"}


def oracle_of(kind: str) -> Any:
    space = tuner.HyperParameters()
    space.Choice("a", [1, 2, 3])
    space.Choice("b", ["x", "y"])
    options: dict[str, Any] = {"hyperparameters": space}
    if kind == "Hyperband":
        space.Float("r", 0.0, 1.0)
        options |= {"max_epochs": 9, "factor": 3}
    elif kind != "GridSearch":
        options |= {"max_trials": 6}
    if kind != "GridSearch":
        options["seed"] = 0
    return getattr(tuner.oracles, kind)(tuner.Objective("score", "max"), **options)


def driven(oracle: Any, tuners: int) -> tuple[list[str], Counter[str]]:
    """Ask for a trial for each free tuner, then end one of those that run, until none does.

    Returns:
        Ids in the order in which trials ended, and how often `create_trial` gave each status.
    """
    running: dict[int, Any] = {}
    given, ended = Counter[str](), []
    for turn in range(1000):
        for number in sorted({*range(tuners)} - running.keys()):
            trial = oracle.create_trial(f"tuner{number}")
            given[trial.status] += 1
            if trial.status == "RUNNING":
                running[number] = trial
        if not running:
            return ended, given
        trial = running.pop(sorted(running)[turn % len(running)])
        values = trial.hyperparameters.values
        score = 10 * values["a"] + (values["b"] == "y") + values.get("r", 0.0)
        oracle.update_trial(trial.trial_id, {"score": score}, step=1)
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
        ended.append(trial.trial_id)
    raise AssertionError("the search does not end")


@pytest.mark.parametrize("tuners", [1, 2, 4, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_trials_at_once(kind: str, tuners: int, tmp_path: Path, capsys: Any) -> None:
    oracle = oracle_of(kind)
    oracle.set_project_dir(tmp_path, "search")
    ended, given = driven(oracle, tuners)
    assert len(ended) == len({*ended}) == given["RUNNING"] == len(oracle.trials)
    assert given.keys() <= {"RUNNING", "IDLE", "STOPPED"}
    assert given["STOPPED"] >= tuners  # each tuner is told that the search is over
    assert {trial.status for trial in oracle.trials.values()} == {"COMPLETED"}
    if kind in ("GridSearch", "BayesianOptimization", "RandomSearch"):
        assert len(ended) == 6
    if tuners == 1:
        assert given["IDLE"] == 0
    best = oracle.get_best_trials()[0].hyperparameters.values
    assert kind == "Hyperband" or (best["a"], best["b"]) == (3, "y")


def test_hyperband_promotes_the_same_trials_whoever_runs_them(tmp_path: Path, capsys: Any) -> None:
    found = []
    for tuners in (1, 3, 8):
        oracle = oracle_of("Hyperband")
        oracle.set_project_dir(tmp_path / str(tuners), "search")
        driven(oracle, tuners)
        found.append({name: one.hyperparameters.values for name, one in oracle.trials.items()})
    assert found[0] == found[1] == found[2]


def test_statuses_have_the_names_of_keras_tuner() -> None:
    theirs = pytest.importorskip("keras_tuner")
    source = Path(theirs.__file__).parent / "src" / "engine" / "trial.py"
    classes = [n for n in ast.parse(source.read_text("utf-8")).body if isinstance(n, ast.ClassDef)]
    body = next(one for one in classes if one.name == "TrialStatus").body
    names = {one.value.value for one in body if isinstance(one, ast.Assign)}  # type: ignore[attr-defined]
    ours = {value for name, value in vars(tuner.engine.trial.TrialStatus).items() if name.isupper()}
    assert ours == names == STATUSES
