"""`rosenblatt train` on folders of Parquet files that do not fit into a window."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rosenblatt.cli import main
from rosenblatt.tabular import folder_tables, load, survey

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ROWS = 2000
SHORT = ["--epochs", "2", "--batch-size", "64", "--models", "1", "-q"]


@pytest.fixture(autouse=True)
def few_rows_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_tables, "ALWAYS_WHOLE", 100)
    monkeypatch.setattr(survey, "SAMPLED", 500)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Words, gaps, days and a class of which some rows lack the label."""
    folder = tmp_path_factory.mktemp("sales")
    rng = np.random.default_rng(0)
    town, area, day = rng.integers(0, 20, ROWS), rng.normal(size=ROWS), rng.integers(0, 900, ROWS)
    label = np.where(np.sin(town) + area > 0, "dear", "cheap").astype(object)
    label[::50] = None
    table = pa.table(
        {
            "town": [f"town {t}" for t in town],
            "area": pa.array(area, mask=rng.random(ROWS) < 0.1),
            "sold": (np.datetime64("2020-01-01") + day).astype("M8[D]"),
            "weight": rng.integers(1, 4, ROWS),
            "price": label.tolist(),
        }
    )
    for number in range(2):
        part = table.slice(number * ROWS // 2, ROWS // 2)
        pq.write_table(part, folder / f"{number}.parquet", row_group_size=300)
    return folder


@pytest.mark.parametrize("given", ["--window", "too large"])
def test_a_folder_is_trained_window_by_window(
    given: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    words = ["train", str(folder), "--target", "price", "--weights", "weight", *SHORT]
    words += ["--split", "time:sold", "--out", str(tmp_path / "run")]
    if given == "--window":
        words += ["--window", "20KB"]
    else:  # for a table, where no window is given; and the usual window is small
        monkeypatch.setattr(folder_tables, "LARGEST", 50_000)
        monkeypatch.setattr(
            folder_tables.parquet, "__defaults__", (None, None, (), 20_000, True, None)
        )
    assert main(words) == 0
    told = capsys.readouterr().out
    facts = json.loads((tmp_path / "run/metrics.json").read_text())["report"]
    train, valid, test = (facts["rows"][part] for part in ("training", "validation", "test"))
    assert train + valid + test == ROWS - ROWS // 50
    assert f"{folder}: {train + valid:,}/{test} rows to train/test" in told
    assert "rows: cheap " in told
    assert facts["notes"][0] == f"{train:,} rows were trained on, window by window."
    assert facts["notes"][1].startswith("What is said of columns is of a sample of ")
    assert facts["split"] == (
        f"{test} rows for the test, time:sold; the others: time:sold: 1 network, {valid} rows held "
        "out"
    )
    sold = pq.read_table(folder)["sold"].to_numpy()
    assert 0.05 * ROWS < test < 0.2 * ROWS
    assert sum(facts["classes"].values()) == train
    model = load(tmp_path / "run/model.keras")
    assert model.predict({"town": ["town 2"], "area": [1.0], "sold": [str(sold[0])]}).shape == (1,)


def test_what_fits_into_the_window_is_read_as_a_table(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(folder), "--target", "price", "--drop", "weight", *SHORT]
    assert main([*words, "--window", "1MB", "--out", str(tmp_path / "run")]) == 0
    assert "The folder holds 2 files, read in order of name." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rows.csv"], "--window is for Parquet files. Given: --window 20KB with rows.csv. "
         "Expected: a folder of .parquet files, or one of them."),
        (["{folder}", "--target", "prize"], "The table has no column 'prize' to predict."),
        (["{folder}", "--types", "twon=category"], "--types names a column that {folder} does not"),
        (["{folder}", "--hidden", "5"], "--window is for models of raw tables in files."),
    ],
)  # fmt: skip
def test_errors(words: list[str], message: str, folder: Path, tmp_path: Path, capsys) -> None:
    target = [] if "--target" in words else ["--target", "price"]
    given = [word.format(folder=folder) for word in words]
    out = ["--window", "20KB", "--out", str(tmp_path / "run")]
    assert main(["train", *given, *target, *out]) == 2
    assert message.format(folder=folder) in capsys.readouterr().err
