"""The command line on raw tables: every verb, its errors in one line, pipes, and being cut off."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rosenblatt.cli import leaderboard, main
from rosenblatt.tabular import TabularClassifier, TabularRegressor, load
from rosenblatt.tabular.training import Crew

ROWS = 160
SHORT = ["--epochs", "25", "--batch-size", "16", "--models", "2", "-q"]
FILES = {"model.keras", "report.html", "metrics.json", "history.csv", "learning_curves.png"}


def houses() -> pl.DataFrame:
    """Ids, words, gaps, dates and numbers with decimal commas; a price, and whether it is dear."""
    rng = np.random.default_rng(0)
    sea = rng.choice(["near", "far", "inland"], ROWS)
    rooms = rng.integers(1, 9, ROWS)
    price = 50 * rooms + 80 * (sea == "near") + rng.normal(size=ROWS)
    return pl.DataFrame(
        {
            "id": [f"h{row:03d}" for row in range(ROWS)],
            "sea": sea,
            "rooms": [None if row % 17 == 0 else int(rooms[row]) for row in range(ROWS)],
            "sold": np.datetime64("2012-01-01") + rng.integers(0, 900, ROWS),
            "weight": rng.integers(1, 4, ROWS),
            "price": price,
            "dear": np.where(price > 250, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of the table."""
    folder = tmp_path_factory.mktemp("raw")
    frame = houses()
    frame.drop("dear").write_csv(folder / "prices.csv", separator=";")
    frame.drop("price").write_parquet(folder / "dear.parquet")
    frame.head(12).write_csv(folder / "few.csv")
    return folder


@pytest.fixture(scope="module")
def price_run(folder: Path) -> Path:
    """The folder of a model of prices."""
    out = folder / "price_run"
    words = ["train", str(folder / "prices.csv"), "--target", "price", "--weights", "weight"]
    assert main([*words, "--out", str(out), *SHORT]) == 0
    return out


@pytest.fixture(scope="module")
def dear_run(folder: Path) -> Path:
    """The folder of a model of two classes."""
    out = folder / "dear_run"
    words = ["train", str(folder / "dear.parquet"), "--target", "dear", "--drop", "weight"]
    assert main([*words, "--out", str(out), *SHORT]) == 0
    return out


def table_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_train_says_what_it_found_and_writes_all(folder: Path, tmp_path: Path, capsys) -> None:
    words = ["train", str(folder / "prices.csv"), "--target", "price", "--drop", "weight"]
    assert main([*words, "--types", "rooms=category", "--out", str(tmp_path), *SHORT]) == 0
    said = capsys.readouterr().out
    assert "prices.csv: 128/32 rows to train/test\n  The separator is ';'.\n" in said
    assert "Columns that are read: 3 (2 category, 1 date)" in said
    assert "left out: id, id: 100 % of the texts are different" in said
    assert "left out: weight, dropped: as you asked" in said
    assert "To predict: 'price', a quantity: numbers (float64)\n" in said
    assert "Warning: column 'sold' holds dates and the rows are split at random" in said
    for name in ("RMSE", "MAE", "R²"):
        assert name in said
    assert "On 32 test rows, with 95 % bootstrap intervals." in said
    assert "Intervals of 90 % hold" in said
    assert {path.name for path in tmp_path.iterdir()} == FILES
    facts = json.loads((tmp_path / "metrics.json").read_text())
    assert (facts["target"], facts["features"]) == ("price", ["sea", "rooms", "sold"])
    assert facts["report"]["rows"] == {"training": 128, "test": 32}
    assert facts["test"]["r2"] > 0.5
    assert isinstance(load(tmp_path / "model.keras"), TabularRegressor)
    rows = table_of((tmp_path / "history.csv").read_text())
    assert list(rows[0]) == ["epoch", "loss_1", "val_loss_1", "loss_2", "val_loss_2"]
    assert 12 <= len(rows) <= 25
    assert main(["curves", str(tmp_path), "--name", "loss_1"]) == 0
    assert capsys.readouterr().out.startswith("loss_1 ")


@pytest.fixture(scope="module")
def rooms_run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The price by rooms as a category."""
    run = tmp_path_factory.mktemp("rooms")
    words = ["train", str(folder / "prices.csv"), "--target", "price", "--types", "rooms=category"]
    assert main([*words, "--out", str(run), *SHORT]) == 0
    return run


def test_train_classes_by_time(folder: Path, tmp_path: Path, capsys) -> None:
    words = ["train", str(folder / "dear.parquet"), "--target", "dear", "--split", "time:sold"]
    assert main([*words, "--verbose", "--out", str(tmp_path), *SHORT]) == 0
    said = capsys.readouterr().out
    assert "To predict: 'dear', two classes" in said
    assert "  rows: no " in said
    assert "  sold: date: " in said
    assert "holds dates and the rows are split" not in said
    assert "balanced accuracy" in said
    report = json.loads((tmp_path / "metrics.json").read_text())["report"]
    assert "time:sold" in report["split"]
    assert set(report["classes"]) == {"no", "yes"}


def test_the_task_can_be_overruled(tmp_path: Path, capsys) -> None:
    frame = houses().with_columns(stars=pl.col("rooms").fill_null(1)).drop("price", "dear", "id")
    frame.write_csv(tmp_path / "t.csv")
    words = ["train", str(tmp_path / "t.csv"), "--target", "stars", "--task", "class"]
    assert main([*words, "--drop", "rooms", "--out", str(tmp_path / "run"), *SHORT]) == 0
    assert "'stars', classes: as you asked" in capsys.readouterr().out
    assert isinstance(load(tmp_path / "run" / "model.keras"), TabularClassifier)


def test_predict_a_quantity(price_run: Path, folder: Path, tmp_path: Path, capsys) -> None:
    words = ["predict", str(price_run), str(folder / "prices.csv"), "--interval", "0.8"]
    assert main([*words, "--explain", "2"]) == 0
    rows = table_of(capsys.readouterr().out)
    assert list(rows[0]) == ["id", "prediction", "low", "high", "because_1", "because_2"]
    assert [row["id"] for row in rows] == houses()["id"].to_list()
    low, middle, high = (
        np.array([float(r[n]) for r in rows]) for n in ("low", "prediction", "high")
    )
    assert ((low < middle) & (middle < high)).all()
    # Rooms move the price most where they are few; the sign says which way.
    few = next(i for i, rooms in enumerate(houses()["rooms"]) if rooms == 1)
    assert rows[few]["because_1"].startswith("rooms=1 (-")
    assert "rooms=(missing) (" in rows[0]["because_1"] + rows[0]["because_2"]

    for name in ("p.parquet", "p.json", "p.jsonl", "p.csv"):
        assert main([*words, "--out", str(tmp_path / name)]) == 0
    frames = [
        pl.read_parquet(tmp_path / "p.parquet"),
        pl.read_json(tmp_path / "p.json"),
        pl.read_ndjson(tmp_path / "p.jsonl"),
        pl.read_csv(tmp_path / "p.csv"),
    ]
    for frame in frames:
        np.testing.assert_allclose(frame["prediction"].to_numpy(), middle)


def test_predict_classes(dear_run: Path, folder: Path, capsys) -> None:
    words = ["predict", str(dear_run), str(folder / "dear.parquet")]
    assert main(words) == 0
    rows = table_of(capsys.readouterr().out)
    assert list(rows[0]) == ["id", "prediction", "probability_no", "probability_yes"]
    chances = np.array([float(row["probability_yes"]) for row in rows])
    assert [row["prediction"] for row in rows] == np.where(chances > 0.5, "yes", "no").tolist()
    assert main([*words, "--threshold", "0.2"]) == 0
    lower = table_of(capsys.readouterr().out)
    assert [row["prediction"] for row in lower] == np.where(chances >= 0.2, "yes", "no").tolist()


def test_other_columns_and_orders_and_unseen_words(price_run: Path, tmp_path: Path, capsys) -> None:
    frame = houses().select("rooms", pl.lit("x").alias("more"), "sold", "sea", "id")
    frame.write_csv(tmp_path / "new.csv")
    assert main(["predict", str(price_run), str(tmp_path / "new.csv")]) == 0
    same = capsys.readouterr()
    assert "Warning" not in same.err
    frame.with_columns(sea=pl.lit("lake"), rooms=pl.lit(None)).write_csv(tmp_path / "odd.csv")
    assert main(["predict", str(price_run), str(tmp_path / "odd.csv")]) == 0
    odd = capsys.readouterr()
    assert len(table_of(odd.out)) == len(table_of(same.out)) == ROWS
    assert "Warning: column 'sea': 100 % of the words are rare or unseen" in odd.err
    assert "Warning: column 'rooms': 100 % of the values are missing" in odd.err


# What a cell may hold in a new table, whatever its column held in training.
CELLS = {
    "gap": None,
    "number": 3,
    "fraction": 2.5,
    "word": "lake",
    "day": "2013-05-01",
    "yes": True,
}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", ["sea", "rooms", "sold"])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_column_of_another_kind_is_read_and_explained(
    price_run: Path, tmp_path: Path, name: str, cell: str, ending: str
) -> None:
    """Each column in turn holds one thing in all rows: numbers, words, times or nothing."""
    new = tmp_path / f"new.{ending}"
    frame = houses().head(3).with_columns(pl.lit(CELLS[cell]).alias(name))
    frame.write_csv(new) if ending == "csv" else frame.write_parquet(new)
    out = tmp_path / "out.csv"
    words = ["predict", str(price_run), str(new), "--interval", "0.8", "--out", str(out)]
    assert main(words) == 0
    plain = pl.read_csv(out)["prediction"]
    assert main([*words, "--explain", "4"]) == 0
    rows = pl.read_csv(out)
    assert rows["prediction"].to_list() == plain.to_list()
    assert all(f"{name}=" in " ".join(map(str, row)) for row in rows.rows())


@pytest.mark.parametrize("cell", CELLS)
def test_numbers_that_are_categories_may_be_anything_else(
    folder: Path, rooms_run: Path, tmp_path: Path, cell: str
) -> None:
    new, out = tmp_path / "new.parquet", tmp_path / "out.csv"
    houses().head(3).with_columns(rooms=pl.lit(CELLS[cell])).write_parquet(new)
    assert main(["predict", str(rooms_run), str(new), "--explain", "4", "--out", str(out)]) == 0
    assert all("rooms=" in " ".join(map(str, row)) for row in pl.read_csv(out).rows())


def test_evaluate_report_and_summary(price_run: Path, folder: Path, tmp_path: Path, capsys) -> None:
    assert main(["evaluate", str(price_run), str(folder / "prices.csv")]) == 0
    assert "prices.csv (160 rows):\nRMSE" in capsys.readouterr().out
    assert main(["report", str(price_run), "--html", str(tmp_path / "r.html")]) == 0
    assert (tmp_path / "r.html").read_text().startswith("<!")
    assert main(["report", str(price_run)]) == 0
    capsys.readouterr()
    assert main(["report", str(price_run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == {"training": 128, "test": 32}
    assert main(["summary", str(price_run)]) == 0
    said = capsys.readouterr().out
    assert "Total params" in said
    assert "to predict 'price' (a quantity) from these columns:\n  sea: category\n" in said


def test_pipes(
    price_run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys
) -> None:
    class Piped:
        buffer = BytesIO((folder / "prices.csv").read_bytes())

    monkeypatch.setattr(sys, "stdin", Piped())
    assert main(["predict", str(price_run), "-", "--out", "-"]) == 0
    assert len(table_of(capsys.readouterr().out)) == ROWS


def test_leaderboard(folder: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    found = leaderboard.find_spec
    monkeypatch.setattr(leaderboard, "find_spec", lambda n: None if n == "catboost" else found(n))
    words = ["leaderboard", str(folder / "dear.parquet"), "--target", "dear", "--drop", "weight"]
    out = tmp_path / "board.csv"
    assert main([*words, "--epochs", "8", "--models", "2", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "32 test rows, by AUC" in said
    missing = "Left out, as catboost is not installed: CatBoost. Fix: pip install catboost\n"
    assert missing in said
    assert "scikit-learn is not" not in said
    board = pl.read_csv(out)
    expected = {"constant", "linear", "HistGradientBoosting", "plain network", "rosenblatt"}
    assert expected <= set(board["model"])
    scores = dict(zip(board["model"], board["auc"], strict=True))
    assert scores["constant"] == 0.5
    assert min(score for name, score in scores.items() if name != "constant") > 0.6
    assert board["auc"].to_list() == sorted(board["auc"], reverse=True)


def test_tune_searches_around_the_defaults_and_resumes(
    folder: Path, tmp_path: Path, capsys
) -> None:
    words = ["tune", str(folder / "prices.csv"), "--target", "price", "--out", str(tmp_path)]
    options = ["--epochs", "2", "--models", "2", "--workers", "1", "-q", "--seed", "3"]
    assert main([*words, *options, "--trials", "1"]) == 0
    (first,) = pl.read_csv(tmp_path / "trials.csv").to_dicts()
    recipe = json.loads((tmp_path / "metrics.json").read_text())["report"]["recipe"]
    for name in ("width", "depth", "dropout", "members", "learning_rate"):
        assert first[name] == pytest.approx(recipe[name])
    assert (first["width"], first["members"]) == (128, 8)
    assert first["dropout"] == 0  # of quantities, not of classes
    assert first["learning_rate"] == pytest.approx(0.008)
    assert main([*words, *options, "--trials", "2"]) == 0
    frame = pl.read_csv(tmp_path / "trials.csv")
    assert frame.height == 2
    assert frame["rmse"].is_sorted()
    assert isinstance(load(tmp_path / "model.keras"), TabularRegressor)
    capsys.readouterr()
    assert main([*words, *options, "--trials", "2", "--types", "rooms=category"]) == 2
    assert "holds another search" in capsys.readouterr().err


ERRORS = {
    "no target": (
        "train {t}/prices.csv --out {new}",
        "prices.csv: which column is to be predicted? Expected: --target with one of id, sea",
    ),
    "a misspelt target": (
        "train {t}/prices.csv --target prise --out {new}",
        "The table has no column 'prise' to predict. Fix: did you mean 'price'?",
    ),
    "types without a kind": (
        "train {t}/prices.csv --target price --types rooms --out {new}",
        "--types: not a column and its kind. Given: 'rooms'. Expected: e.g. zip=category.",
    ),
    "types of an unknown column": (
        "train {t}/prices.csv --target price --types room=category --out {new}",
        "--types names a column that {t}/prices.csv does not have beside the target. "
        "Given: 'room'. Fix: did you mean 'rooms'?",
    ),
    "an unknown kind": (
        "train {t}/prices.csv --target price --types rooms=catgory --out {new}",
        "`types` gives column 'rooms' an unknown kind. Given: 'catgory'.",
    ),
    "an unknown column to drop": (
        "train {t}/prices.csv --target price --drop ids --out {new}",
        "--drop names a column that {t}/prices.csv does not have beside the target. "
        "Given: 'ids'. Fix: did you mean 'id'?",
    ),
    "an unknown split": (
        "train {t}/prices.csv --target price --split sold --out {new}",
        "The way to split is unknown. Given: 'sold'. Expected: 'random', 'time:COLUMN' or "
        "'group:COLUMN'.",
    ),
    "a split by an unknown column": (
        "train {t}/prices.csv --target price --split time:date --out {new}",
        "--split names a column that {t}/prices.csv does not have beside the target.",
    ),
    "an unknown task": (
        "train {t}/prices.csv --target price --task regress --out {new}",
        "The task is unknown. Given: 'regress'. Expected: class or quantity.",
    ),
    "weights that are none": (
        "train {t}/prices.csv --target price --weights sea --out {new}",
        "`sample_weight` holds a value that is no weight.",
    ),
    "a table's option with built-in data": (
        "train iris --types a=number --out {new}",
        "--types is for models of raw tables in files. Given: --types with iris. "
        "Fix: leave --types out.",
    ),
    "options that do not go together": (
        "train {t}/prices.csv --target price --hidden 5 --drop id --out {new}",
        "--drop is for models of raw tables in files. Given: --drop with --hidden. "
        "Fix: leave --drop, or --hidden, out.",
    ),
    "text for the plain network": (
        "train {t}/prices.csv --target price --no-tabular --out {new}",
        "columns 'id', 'sea', 'sold' do not hold numbers.",
    ),
    "a missing column": (
        "predict {t}/price_run {t}/lacks.csv",
        "{t}/lacks.csv: columns 'sea', 'sold' are missing. Given: columns 'id', 'rooms'.",
    ),
    "intervals of classes": (
        "predict {t}/dear_run {t}/dear.parquet --interval 0.9",
        "An interval is for quantities. Given: a model of two classes.",
    ),
    "a coverage that is none": (
        "predict {t}/price_run {t}/prices.csv --interval 2",
        "coverage",
    ),
    "a threshold of a quantity": (
        "predict {t}/price_run {t}/prices.csv --threshold 0.3",
        "A threshold is for two classes. Given: a model of quantity.",
    ),
    "an ending that says nothing": (
        "predict {t}/price_run {t}/prices.csv --out {new}.xyz",
        "{new}.xyz: the ending says no kind of table. Given: '.xyz'. Expected: .csv, .txt, "
        ".parquet, .json, .jsonl, .ndjson.",
    ),
    "no target to compare with": (
        "evaluate {t}/price_run {t}/dear.parquet",
        "{t}/dear.parquet: no target column to compare predictions with.",
    ),
    "built-in data for a raw table's model": (
        "evaluate {t}/price_run iris",
        "iris is a built-in data set; this model was trained on a table in a file.",
    ),
    "no report of a plain network": (
        "report {t}/plain.keras",
        "only models of raw tables have a report. Given: a Sequential.",
    ),
}


@pytest.mark.usefixtures("price_run", "dear_run")
@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_one_line(case: str, folder: Path, tmp_path: Path, capsys) -> None:
    houses().select("id", "rooms").write_csv(folder / "lacks.csv")
    if case == "no report of a plain network":
        import rosenblatt as rb

        rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)]).save(folder / "plain.keras")
    command, message = ERRORS[case]
    places = {"t": folder, "new": tmp_path / "new"}
    capsys.readouterr()
    assert main(command.format(**places).split()) == 2
    said = capsys.readouterr().err
    assert message.format(**places) in said
    lines = said.splitlines()
    assert lines[-1].startswith("rosenblatt: ")
    # What reading found may stand before it.
    assert all(not line.startswith(("rosenblatt: ", "Traceback")) for line in lines[:-1])
    assert not list(tmp_path.rglob("*.*"))


def test_a_plain_option_means_the_plain_network(tmp_path: Path, capsys) -> None:
    houses().select("weight", "price").write_csv(tmp_path / "t.csv")
    words = ["train", str(tmp_path / "t.csv"), "--target", "price", "--out", str(tmp_path / "run")]
    assert main([*words, "--hidden", "4", "--epochs", "1", "-q"]) == 0
    said = capsys.readouterr().err
    assert "--hidden belongs to the plain network: it is trained (--no-tabular)." in said
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["hidden"] == [4]


# -- being cut off -----------------------------------------------------------------------------


def start(words: list[str]) -> subprocess.Popen[str]:
    """A process of its own; pytest's may have been started with Ctrl-C ignored."""
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from rosenblatt.cli import main; sys.exit(main())"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def wait_for(what: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until training is so far; loaded machines take their time."""
    end = time.monotonic() + 600
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_killed_training_resumes(folder: Path, tmp_path: Path, capsys) -> None:
    """With the same figures as one that was not killed."""
    options = ["--epochs", "60", "--models", "2", "-q"]
    words = ["train", str(folder / "prices.csv"), "--target", "price", *options]
    backup = tmp_path / "cut" / "unfinished"
    process = start([*words, "--out", str(tmp_path / "cut")])
    try:
        wait_for(lambda: any(path.is_file() for path in backup.rglob("*")), process)
    finally:
        process.kill()
        process.communicate()
    assert not (tmp_path / "cut" / "model.keras").exists()
    assert main([*words[:-1], "--out", str(tmp_path / "cut")]) == 0
    assert "holds a training that was cut off" in capsys.readouterr().out
    assert not backup.exists()
    assert main([*words, "--out", str(tmp_path / "whole")]) == 0
    cut, whole = (
        json.loads((tmp_path / name / "metrics.json").read_text())["test"]
        for name in ("cut", "whole")
    )
    assert cut == whole


def test_ctrl_c_keeps_the_best_so_far(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """Pressed when an epoch of some network has been judged."""
    progress, pressed = Crew.progress, []

    def press(self: Crew, network: int, share: float, loss: float | None = None) -> None:
        progress(self, network, share, loss)
        if loss is not None and not pressed:
            pressed.append(share)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    monkeypatch.setattr(Crew, "progress", press)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    options = ["--epochs", "4000", "--models", "2", "-q"]
    words = ["train", str(folder / "prices.csv"), "--target", "price", *options]
    try:
        assert main([*words, "--out", str(tmp_path)]) == 0
    finally:
        signal.signal(signal.SIGINT, before)
    assert pressed[0] < 0.5
    assert "Trained in" in capsys.readouterr().out
    assert len(load(tmp_path / "model.keras").predict(houses())) == ROWS


def test_ctrl_c_before_any_epoch_writes_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def press(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rosenblatt.tabular.learning.train_networks", press)
    words = ["train", str(folder / "prices.csv"), "--target", "price", "--out", str(tmp_path)]
    assert main([*words, *SHORT]) == 2
    assert capsys.readouterr().err == (
        "rosenblatt: Stopped before there was a model: nothing was written. Fix: the same command "
        "goes on from here.\n"
    )
    assert not list(tmp_path.iterdir())
