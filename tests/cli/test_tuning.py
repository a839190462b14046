"""`rosenblatt tune` and `rosenblatt trials`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import polars
import pytest

import rosenblatt as rb
from rosenblatt.cli import main, tuning


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    a, b = np.random.default_rng(0).normal(size=(2, 240))
    path = tmp_path_factory.mktemp("tables") / "prices.csv"
    polars.DataFrame({"a": a, "b": b, "price": 3 * a - 2 * b + 50}).write_csv(path)
    return path


@pytest.fixture(scope="module")
def search(table: Path) -> Path:
    """The folder of a search of three trials."""
    out = table.parent / "search"
    words = ["tune", "--no-tabular", str(table), "--target", "price", "--out", str(out)]
    assert main([*words, "--trials", "3", "--epochs", "3", "--workers", "1", "-q"]) == 0
    return out


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_writes_the_best_model_and_all_trials(search: Path, table: Path) -> None:
    rows = rows_of(search / "trials.csv")
    assert [row["status"] for row in rows] == ["COMPLETED"] * 3
    losses = [float(row["val_loss"]) for row in rows]
    assert losses == sorted(losses)
    facts = json.loads((search / "metrics.json").read_text())
    assert facts["learning_rate"] == pytest.approx(float(rows[0]["learning_rate"]))
    assert facts["validation"]["loss"] == pytest.approx(losses[0], rel=1e-4)
    model = rb.models.load_model(search / "model.keras")
    units = [layer.units for layer in model.layers if isinstance(layer, rb.layers.Dense)]
    assert units == [int(rows[0]["units"])] * int(rows[0]["layers"]) + [1]
    assert main(["evaluate", str(search), str(table)]) == 0


def test_a_search_goes_on(search: Path, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = rows_of(search / "trials.csv")
    words = ["tune", "--no-tabular", str(table), "--target", "price", "--out", str(search)]
    assert main([*words, "--trials", "4", "--epochs", "3", "--workers", "1", "-q"]) == 0
    after = rows_of(search / "trials.csv")
    assert len(after) == 4
    known = {row["trial"]: row for row in after}
    assert all(known[row["trial"]] == row for row in before)  # none ran twice
    capsys.readouterr()
    assert main(["trials", str(search), "--most", "2"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("4 trials by val_loss") and shown.endswith("and 2 more\n")


def test_trials_of_a_tuner_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def value(hp: rb.tuner.HyperParameters) -> float:
        return hp.Float("x", 0, 1)

    class Mine(rb.tuner.RandomSearch):
        def run_trial(self, trial: rb.tuner.Trial, *args: object, **kwargs: object) -> float:
            return value(trial.hyperparameters)

    tuner = Mine(
        objective=rb.tuner.Objective("x", "max"),
        max_trials=3,
        seed=1,
        directory=tmp_path,
        project_name="own",
    )
    tuner.search(verbose=0)
    assert main(["trials", str(tmp_path / "own"), "--out", str(tmp_path / "all.csv")]) == 0
    assert capsys.readouterr().out.startswith("3 trials by x")
    scores = [float(row["x"]) for row in rows_of(tmp_path / "all.csv")]
    assert scores == sorted(scores, reverse=True)


def test_errors_are_one_line(
    search: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", "california_housing", "--out", str(search), "-q"]) == 2
    assert capsys.readouterr().err == (
        f"rosenblatt: --out {search} holds another search. Given: data california_housing, "
        f"target MedHouseVal, seed 42. Expected: data {table}, target price, seed 42. "
        "Fix: name another folder.\n"
    )
    assert main(["trials", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"rosenblatt: {tmp_path}: no search. Expected: the --out folder of `rosenblatt "
        "tune`, or the project folder of a tuner or of Keras Tuner.\n"
    )


def test_a_search_without_a_result_says_why(
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Failing(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            raise ValueError("no room on the moon")

    words = ["--target", "price", "--trials", "2", "--epochs", "1", "--workers", "1", "-q"]
    assert (
        main(
            [
                "tune",
                "--no-tabular",
                str(table),
                "--out",
                str(tmp_path / "a"),
                *words,
                "--max-seconds",
                "0",
            ]
        )
        == 2
    )
    assert capsys.readouterr().err == (
        f"rosenblatt: No trial of the search in '{tmp_path}/a/search' has a result. Given: no "
        "trial that has ended. Fix: let `search` run until one has.\n"
    )
    monkeypatch.setattr(tuning, "keep_best", lambda patience, epochs: Failing())
    assert main(["tune", "--no-tabular", str(table), "--out", str(tmp_path / "b"), *words]) == 2
    assert capsys.readouterr().err == (
        f"rosenblatt: No trial of the search in '{tmp_path}/b/search' has a result. Given: 2 "
        "trials that have failed. The first of them, 0, because: ValueError: no room on the moon. "
        "Fix: fix the cause, and search with `overwrite=True` or another `project_name`.\n"
    )
