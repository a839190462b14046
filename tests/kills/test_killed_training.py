"""Training killed at random moments and started again: nothing is lost, no file is half written."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

SCRIPT = Path(__file__).with_name("training_run.py")
SECONDS_A_BATCH = 0.008
PATIENCE = 1800  # seconds, on a busy machine, for what takes some on an idle one


def start(folder: Path, epochs: int, seconds: float, last: int = 0) -> subprocess.Popen[str]:
    """Start `training_run.py`, which says what the numbers mean."""
    command = [sys.executable, str(SCRIPT), str(folder), str(epochs), str(seconds), str(last)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )


def finished(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return out


def check_files(folder: Path) -> None:
    """Every file that is there is whole; what was being written is a hidden file beside it."""
    for path in folder.glob("[!.]*.keras"):
        model = rb.models.load_model(path)
        assert np.isfinite(model.predict(np.ones((1, 4)), verbose=0)).all()
    part = folder / "part.weights.h5"
    best = folder / "best.keras"
    if part.exists() and best.exists():
        rb.models.load_model(best).load_weights(part)


def variables(path: Path) -> list[Any]:
    model = rb.models.load_model(path)
    return [np.asarray(v) for v in [*model.variables, *model.optimizer.variables]]


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.soak)])
def test_a_killed_run_ends_as_one_that_was_not(tmp_path: Path, kills: int) -> None:
    chance = random.Random(kills)
    epochs = 4 + 3 * kills
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir(), cut.mkdir()
    reference = start(whole, epochs, 0.0)
    for kill in range(kills):
        # Far enough, every second time, for a backup; the moment after that is chance, and
        # however late the kill comes, the run has not ended.
        batches = 20 if kill % 2 else chance.randint(1, 40)
        process = start(cut, epochs, SECONDS_A_BATCH, last=batches + 10)
        assert process.stdout is not None and process.stderr is not None
        for _ in range(batches):
            assert process.stdout.readline().startswith("batch"), process.stderr.read()
        time.sleep(chance.uniform(0.0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "the run ended before it was killed"
        check_files(cut)
    resumed, whole_run = (
        int(finished(process).split()[-1]) for process in (start(cut, epochs, 0.0), reference)
    )
    assert whole_run == 19 * epochs
    assert resumed <= whole_run - 14 * (kills // 2)  # it went on; it did not begin again
    for found, expected in zip(
        variables(cut / "final.keras"), variables(whole / "final.keras"), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    for found, expected in zip(
        variables(cut / "best.keras"), variables(whole / "best.keras"), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    assert not (cut / "backup").exists() or not any((cut / "backup").iterdir())
