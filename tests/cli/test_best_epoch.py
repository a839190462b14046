"""`rosenblatt train`: which epoch is kept, and when training ends."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import polars
import pytest

import rosenblatt as rb
from rosenblatt.cli import main


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of which a network learns the noise: its validation loss has a best epoch early."""
    path = tmp_path_factory.mktemp("tables") / "noise.csv"
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 6))
    y = x[:, 0] + rng.normal(size=120)
    table = {f"x{i}": x[:, i] for i in range(6)} | {"y": y}
    polars.DataFrame(table).write_csv(path)
    return path


def losses_of(out: Path) -> list[float]:
    with (out / "history.csv").open(newline="") as file:
        return [float(row["val_loss"]) for row in csv.DictReader(file)]


def test_a_file_stops_early_and_keeps_the_best_epoch(noise: Path, tmp_path: Path, capsys) -> None:
    assert (
        main(["train", "--no-tabular", str(noise), "--target", "y", "--out", str(tmp_path), "-q"])
        == 0
    )
    losses = losses_of(tmp_path)
    best = losses.index(min(losses)) + 1
    assert len(losses) == best + 10 < 50  # ten epochs without a better one
    facts = json.loads((tmp_path / "metrics.json").read_text())
    assert (facts["best_epoch"], facts["epochs_trained"]) == (best, len(losses))
    assert (facts["patience"], facts["epochs"]) == (10, 50)
    assert facts["validation"]["loss"] == pytest.approx(min(losses), rel=1e-5)
    assert f"Kept epoch {best} of {len(losses)}, the best on the validation part (loss " in (
        capsys.readouterr().out
    )
    # The file holds that epoch's network, not the last one's.
    frame = polars.read_csv(noise)
    assert main(["evaluate", str(tmp_path), str(noise)]) == 0
    model = rb.models.load_model(tmp_path / "model.keras")
    x = frame.drop("y").to_numpy().astype("float32")
    mse = np.mean((model.predict(x, verbose=0)[:, 0] - frame["y"].to_numpy()) ** 2)
    assert f"(120 rows): loss {mse:.4f}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        (["--patience", "2"], lambda best: best + 2),
        (["--patience", "0", "--epochs", "40"], lambda best: 40),
        (["--patience", "30", "--epochs", "25"], lambda best: 25),
    ],
)
def test_patience(noise: Path, tmp_path: Path, options: list[str], epochs) -> None:
    words = [
        "train",
        "--no-tabular",
        str(noise),
        "--target",
        "y",
        "--out",
        str(tmp_path),
        "-q",
        *options,
    ]
    assert main(words) == 0
    losses = losses_of(tmp_path)
    best = losses.index(min(losses)) + 1
    assert len(losses) == epochs(best)
    facts = json.loads((tmp_path / "metrics.json").read_text())
    assert facts["validation"]["loss"] == pytest.approx(min(losses), rel=1e-5)


@pytest.mark.parametrize(("data", "epochs"), [("iris", 100), ("digits", 30)])
def test_built_in_data_run_their_epochs_and_keep_the_best(
    data: str, epochs: int, tmp_path: Path
) -> None:
    """They follow the chapter, which trains for a number of epochs."""
    assert main(["train", data, "--out", str(tmp_path), "-q"]) == 0
    losses = losses_of(tmp_path)
    assert len(losses) == epochs
    facts = json.loads((tmp_path / "metrics.json").read_text())
    assert facts["validation"]["loss"] == pytest.approx(min(losses), rel=1e-4)


def test_find_lr_is_for_the_network_that_train_makes(capsys) -> None:
    """Its optimizer and units are the recipe's: a rate for another network would mislead."""
    said = {}
    for name, options in {
        "default": [],
        "same": ["--hidden", "5", "--optimizer", "adam"],
        "other": ["--hidden", "50,50,50", "--optimizer", "sgd"],
    }.items():
        assert main(["find-lr", "iris", *options]) == 0
        said[name] = capsys.readouterr().out
    assert said["default"] == said["same"] != said["other"]


def test_tune_has_the_option(noise: Path, tmp_path: Path) -> None:
    words = [
        "tune",
        "--no-tabular",
        str(noise),
        "--target",
        "y",
        "--out",
        str(tmp_path),
        "--workers",
        "1",
        "-q",
    ]
    assert main([*words, "--trials", "1", "--epochs", "30", "--patience", "1"]) == 0
    assert json.loads((tmp_path / "metrics.json").read_text())["patience"] == 1
    lines = (tmp_path / "search" / "journal.jsonl").read_text().splitlines()
    epochs = [json.loads(line) for line in lines if '"event":"epoch"' in line]
    losses = [one["logs"]["val_loss"] for one in epochs]
    assert len(losses) == losses.index(min(losses)) + 2
