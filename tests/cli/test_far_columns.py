"""Columns far from zero on the command line: they keep what tells their rows apart."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from rosenblatt.cli import main

ROWS = 600
SECONDS = np.random.default_rng(0).uniform(0, 600, ROWS).round(3)
BEGIN = datetime(2024, 12, 31, 23, 0)


def _as_digits(minutes: int) -> int:
    return int((BEGIN + timedelta(minutes=minutes)).strftime("%Y%m%d%H%M"))


# Name to the feature and to the target that is to be learnt from it.
FEATURES: dict[str, tuple[np.ndarray, np.ndarray]] = {
    "seconds since 1970": (1.7e9 + SECONDS, SECONDS / 60),
    "milliseconds since 1970": ((1.7e12 + 1000 * SECONDS).astype("int64"), SECONDS / 60),
    "nanoseconds since 1970": (
        1_700_000_000_000_000_000 + (1e9 * SECONDS).astype("int64"),
        SECONDS / 60,
    ),
    "YYYYMMDDHHMM": (
        np.array([_as_digits(int(minutes)) for minutes in SECONDS / 20]),
        (SECONDS / 20).astype(int) * 0.5,
    ),
    "long ids": (900_000_000_000_000_000 + np.arange(ROWS), np.arange(ROWS) / 60 + 0.5),
    "unsigned ids": (np.uint64(2**63 + 2**62) + np.arange(ROWS).astype("uint64"),
                     np.arange(ROWS) / 60 + 0.5),
    "before 1970": (SECONDS - 3e9, SECONDS / 60),
}  # fmt: skip


def trained(path: Path, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    pl.DataFrame({"time": x, "y": y}).write_parquet(path / "t.parquet")
    words = ["train", "--no-tabular", str(path / "t.parquet"), "--target", "y", "--out", str(path)]
    assert main([*words, "--epochs", "15", "-q"]) == 0
    return json.loads((path / "metrics.json").read_text())


@pytest.mark.parametrize("kind", FEATURES)
def test_features_keep_their_information(kind: str, tmp_path: Path, capsys) -> None:
    x, y = FEATURES[kind]
    facts = trained(tmp_path, x, y)
    assert facts["origins"] == {"time": x.min()}
    assert facts["test"]["root_mean_squared_error"] < 0.1 * np.std(y)
    # What predicts and evaluates counts from the same number.
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path), str(tmp_path / "t.parquet")]) == 0
    rmse = float(capsys.readouterr().out.split("root_mean_squared_error ")[1])
    assert rmse < 0.1 * np.std(y)
    assert main(["predict", str(tmp_path), str(tmp_path / "t.parquet")]) == 0
    predicted = np.loadtxt(capsys.readouterr().out.splitlines()[1:])
    assert np.sqrt(np.mean((predicted - y) ** 2)) == pytest.approx(rmse, abs=1e-3)
    assert main(["summary", str(tmp_path)]) == 0
    assert f"'time' is counted from {x.min()} (32 bits would not tell its rows apart)." in (
        capsys.readouterr().out
    )


def test_a_target_keeps_its_information(tmp_path: Path, capsys) -> None:
    facts = trained(tmp_path, SECONDS / 60, 1.7e9 + SECONDS)
    assert facts["origins"] == {"y": 1.7e9 + SECONDS.min()}
    assert facts["test"]["root_mean_squared_error"] < 20
    capsys.readouterr()
    assert main(["predict", str(tmp_path), str(tmp_path / "t.parquet")]) == 0
    predicted = np.loadtxt(capsys.readouterr().out.splitlines()[1:])
    assert np.abs(predicted - 1.7e9 - SECONDS).max() < 60
    assert main(["evaluate", str(tmp_path), str(tmp_path / "t.parquet")]) == 0
    assert float(capsys.readouterr().out.split("root_mean_squared_error ")[1]) < 20


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(1999, 2024, ROWS).round(),  # 32 bits hold them
        np.linspace(100_825, 101_825, ROWS),  # fourteen binary digits tell them apart
        np.linspace(0, 1e12, ROWS),
        np.full(ROWS, 1.7e9 + 1),
    ],
    ids=["years", "pressures", "from zero", "constant"],
)
def test_other_columns_reach_the_model_as_they_are(values: np.ndarray, tmp_path: Path) -> None:
    assert trained(tmp_path, values, SECONDS)["origins"] == {}
