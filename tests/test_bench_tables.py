"""The benchmark of raw tables: what the peers are given, what is kept, what is reported."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench.tables import __main__, columns, records, running, tuning
from bench.tables.boosting import Predict, Settings
from bench.tables.columns import Meta, Part, TypedTable
from bench.tables.comparing import Duel, Results, duel
from bench.tables.records import Record
from bench.tables.report import report
from bench.tables.scores import coverage, error, scores


def raw(rows: int) -> pd.DataFrame:
    """Every kind of column; the last two rows are of the validation and the test part."""
    count = np.arange(rows)
    frame = pd.DataFrame(
        {
            "number": count / 2,
            "in text": [f" {i}.5" for i in range(rows)],
            "color": ["red" if i % 3 else "blue" for i in range(rows)],
            "day": [f"2024-0{1 + i % 2}-1{i % 10}" for i in range(rows)],
            "id": [f"row {i}" for i in range(rows)],
            "same": 7,
            "y": count % 2,
            "__split__": "train",
        }
    )
    frame.loc[rows - 2 :, "__split__"] = ["val", "test"]
    return frame


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one table."""
    frame = raw(22)
    frame.loc[20, ["color", "number", "in text"]] = ["?", np.nan, "n/a"]
    frame.loc[21, "color"] = "green"
    frame.to_parquet(tmp_path / "small.parquet")
    meta = {"small": {"target": "y", "task": "bin", "rows": 22}}
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    return tmp_path


def test_columns_are_typed_for_the_peers(folder: Path) -> None:
    (meta,) = columns.tables(folder)
    table = columns.typed(folder, meta)
    dates = ["day: days", "day: month", "day: day", "day: weekday", "day: day of year"]
    assert table.number_names == ["number", "in text", *dates]
    assert table.category_names == ["color"]
    train, valid, test = (table.parts[name] for name in columns.PARTS)
    assert train.numbers[3, :2].tolist() == [1.5, 3.5]
    # 2024-02-13, a Tuesday, the fourth row.
    assert train.numbers[3, 2:].tolist() == [19766.0, 2.0, 13.0, 1.0, 44.0]
    assert train.codes[:3].ravel().tolist() == [2, 1, 1]  # the commonest is 1
    assert valid.codes.tolist() == [[columns.MISSING]]
    assert np.isnan(valid.numbers[0, :2]).all()
    assert test.codes.tolist() == [[columns.UNSEEN]]
    assert table.classes == ["0", "1"]
    assert test.y.tolist() == [1]


def test_a_class_that_training_rows_lack_is_refused(folder: Path) -> None:
    (meta,) = columns.tables(folder)
    frames = columns.read(folder, meta)
    frames["test"]["y"] = 5
    with pytest.raises(ValueError, match=r"small: a class of 'y' is not in the training rows"):
        columns.targets(frames, meta)


def test_scores_by_task() -> None:
    found = scores("reg", np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0], [6.0]]))
    assert found == pytest.approx({"rmse": 3**0.5, "mae": 1.0, "r2": 1 - 3 / (2 / 3)})
    p = np.array([[0.8, 0.2], [0.4, 0.6], [0.4, 0.6], [0.2, 0.8]])
    found = scores("bin", np.array([0, 0, 1, 1]), p)
    assert found["auc"] == 3.5 / 4
    assert found["log_loss"] == pytest.approx(-np.log([0.8, 0.4, 0.6, 0.8]).mean())
    assert found["balanced_accuracy"] == 0.75
    # Two rows of confidence 0.8, both right; two of 0.6, one right.
    assert found["calibration_error"] == pytest.approx(0.5 * 0.2 + 0.5 * 0.1)
    assert error("bin", found) == 0.125
    with pytest.raises(ValueError, match="not finite"):
        scores("reg", np.ones(1), np.array([np.nan]))
    y = np.array([0.0, 1.0, 2.0, 3.0])
    assert coverage(y, np.zeros(4), np.array([1.0, 1.0, 1.0, 4.0])) == 0.75


def record(table: str, model: str, value: float, seed: int = 0, loaded: bool = False) -> Record:
    """A fit to a quantity with this RMSE."""
    test = {"rmse": value} | ({"coverage_90": 0.87} if model == "ours" else {})
    return Record(
        table, model, seed, "1.0", "reg", 2, loaded, test=test,
        fit_seconds=10 * value, cpu_seconds=1.0, peak_bytes=2**20,
    )  # fmt: skip


def test_records_outlive_a_line_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "results" / "fits.jsonl"
    assert records.read(path) == []
    first = record("a", "ours", 1.0)
    records.append(path, first)
    with path.open("a") as file:
        file.write('{"table": "b", "mod')
    assert records.read(path) == [first]


def test_timed_fits_stand_before_those_of_a_loaded_machine() -> None:
    timed, loaded = record("a", "ours", 1.0), record("a", "ours", 2.0, loaded=True)
    later = record("a", "ours", 3.0)
    assert records.newest([loaded, timed, loaded]) == {timed.key: timed}
    assert records.newest([timed, later]) == {timed.key: later}


def test_a_run_continues_with_what_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "fits.jsonl"
    arguments = [str(folder), "--results", str(path), "--models", "hgb", "--seeds", "0,1"]
    assert __main__.main([*arguments, "--limit", "0.001"]) == 0
    assert [one.cut for one in records.read(path)] == ["after 0 s"] * 2
    assert __main__.main(arguments) == 0
    assert len(records.read(path)) == 2
    # Of one validation row there is no AUC: what fails is recorded and stops nothing.
    assert __main__.main([*arguments, "--seeds", "0", "--again"]) == 0
    assert "cut, ValueError: rows of one class have no AUC\n" in capsys.readouterr().err
    frame = pd.concat([raw(60).assign(__split__=part) for part in columns.PARTS])
    frame.to_parquet(folder / "small.parquet")
    assert __main__.main([*arguments, "--seeds", "0", "--timed"]) == 0
    fit = records.read(path)[-1]
    assert (fit.seed, fit.cut, fit.loaded, fit.predict_rows) == (0, "", False, 60)
    assert 0.4 < fit.test["auc"] <= 1
    assert fit.peak_bytes > 2**20
    plan = running.Plan(folder, path, timed=True)
    assert running.missing(plan, running.keys(columns.tables(folder), ["hgb"], [0, 1])) == [
        ("small", "hgb", 1)
    ]


def test_unknown_models_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        __main__.main([str(folder), "--models", "nobody"])
    assert "unknown: nobody; known: ours, " in capsys.readouterr().err


def test_models_take_turns_on_the_smallest_table_first(tmp_path: Path) -> None:
    listed = {name: {"target": "y", "task": "reg", "rows": n} for name, n in (("b", 9), ("a", 2))}
    (tmp_path / "meta.json").write_text(json.dumps(listed))
    found = [*running.keys(columns.tables(tmp_path), ["one", "two"], [0])]
    assert found == [("a", "one", 0), ("a", "two", 0), ("b", "one", 0), ("b", "two", 0)]


def test_tuning_keeps_the_best_trial_and_stops_at_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part = Part(np.zeros((3, 1)), np.zeros((3, 0), np.int64), np.arange(3.0))
    parts = dict.fromkeys(columns.PARTS, part)
    table = TypedTable(Meta("small", "y", "reg", 9), ["x"], [], [], parts)
    given: list[Settings] = []

    def fit(
        table: TypedTable, seed: int, threads: int, settings: Settings
    ) -> tuple[Predict, Settings]:
        given.append(settings)
        return lambda part: table.parts[part].y + abs(settings.get("off", 1.0)), {"rounds": 3}

    search = tuning.tuned(fit, lambda trial: {"off": trial.suggest_float("off", -2, 2)})
    predict, facts = search(table, 0, 1, {})
    assert given[0] == {}
    assert len(given) == facts["trials"] == tuning.TRIALS
    best = min(abs(settings.get("off", 1.0)) for settings in given)
    assert abs(facts["off"]) == best < 0.5
    assert predict("test") - table.parts["test"].y == pytest.approx(best)
    monkeypatch.setattr(time, "process_time", iter([0.0, tuning.CPU_SECONDS]).__next__)
    assert search(table, 0, 1, {})[1] == {"trials": 1, "rounds": 3}


def test_duels_count_common_tables_and_seeds() -> None:
    results = Results(
        [
            record("a", "ours", 0.9), record("a", "ours", 5.0, seed=1), record("a", "hgb", 1.0),
            record("b", "ours", 1.1), record("b", "hgb", 1.0), record("c", "hgb", 1.0),
        ]
    )  # fmt: skip
    found = results.differences("ours", "hgb")
    assert found == pytest.approx({"a": 0.1, "b": -0.1})
    assert duel({"a": 0.1, "b": -0.02, "c": 0.01}) == Duel(2, 1, 0.01, -0.02, "b")
    assert results.mean_ranks(["ours", "hgb"]) == ({"ours": 2.0, "hgb": 1.0}, 2)
    assert Results([record("a", "hgb", 1.0), record("a", "ours", 1.0)]).ranks(
        "a", ["hgb", "ours"]
    ) == {"hgb": 1.5, "ours": 1.5}


def test_the_report_is_made_from_what_there_is() -> None:
    fits = [
        record("a", "ours", 0.9), record("a", "lightgbm", 1.0), record("b", "ours", 1.2),
        record("b", "lightgbm", 1.0), record("a", "hgb", 2.0, loaded=True),
        dataclasses.replace(record("b", "tabm", 1.0), test={}, cut="after 600 s"),
    ]  # fmt: skip
    result = report(fits)
    scored, against, costs, honest = result.tables
    assert scored.headings[2:] == ["rosenblatt", "HistGradientBoosting", "LightGBM"]
    assert scored.rows[0] == ["a", "RMSE", "**0.9000 (1)**", "2.0000 (3)", "1.0000 (2)"]
    assert scored.rows[-1] == ["mean rank among 2 on 2 tables", "", "1.50", "", "1.50"]
    assert against.rows[1] == [
        "LightGBM", "1 : 1", "-5.0%", "-20.0% (b)", "≥ 80% better, worst ≥ -5%", "**not met**"
    ]  # fmt: skip
    assert costs.rows[0][:3] == ["rosenblatt", "2", "10.5 (12)"]
    assert costs.rows[1][:3] == ["HistGradientBoosting", "0", ""]
    assert honest.rows[0] == ["a", "coverage of 90 % intervals", "87.0%", "**not met**"]
    assert result.notes[-1] == "Without scores, too long or failed: b TabM-D seed 0."
    with pytest.raises(ValueError, match="no fit has scores yet"):
        report([])
