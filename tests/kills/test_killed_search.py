"""A search with two workers, killed at random moments and started again: nothing is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rosenblatt.tuner.journal import Journal

SCRIPT = Path(__file__).with_name("search_run.py")
EPOCHS = 6
PATIENCE = 1800  # seconds, on a busy machine, for what takes some on an idle one


def start(
    folder: Path, trials: int, seconds: float, last: int = 0, company: int = 0
) -> subprocess.Popen[str]:
    """Start `search_run.py`, which says what the numbers mean."""
    numbers = [str(number) for number in (trials, EPOCHS, seconds, last, company)]
    command = [sys.executable, str(SCRIPT), str(folder), *numbers]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(process: subprocess.Popen[str]) -> int:
    """How many epochs a search trained that came to its end."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return out.count("epoch")


def results(folder: Path) -> dict[str, Any]:
    """Values, score and status of each trial that ended; each ends once."""
    found: dict[str, Any] = {}
    for event in Journal(folder / "s").news():
        if event["event"] == "end":
            assert event["trial_id"] not in found, "a trial ran twice to its end"
            found[event["trial_id"]] = (event["values"], event["score"], event["status"])
    return found


@pytest.mark.parametrize("kills", [3, pytest.param(100, marks=pytest.mark.soak)])
def test_a_killed_search_ends_as_one_that_was_not(tmp_path: Path, kills: int) -> None:
    chance = random.Random(kills)
    trials = 4 + 2 * kills
    reference = start(tmp_path / "whole", trials, 0.0)
    trained = 0
    for _ in range(kills):
        epochs, wanted = 0, chance.randint(1, 9)
        # However late the kill comes, the search has not ended.
        process = start(tmp_path / "cut", trials, 0.05, last=wanted + 4)
        assert process.stdout is not None and process.stderr is not None
        while epochs < wanted:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            epochs += line.startswith("epoch")
        time.sleep(chance.uniform(0.0, 0.06))
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
        trained += epochs + out.count("epoch")
        assert process.returncode == -signal.SIGKILL, "the search ended before it was killed"
    trained += finished(start(tmp_path / "cut", trials, 0.0))
    assert finished(reference) == trials * EPOCHS
    # Each kill costs each worker the epoch it was in, and one that was not yet written.
    assert trained <= trials * EPOCHS + kills * 2 * 2
    found, expected = results(tmp_path / "cut"), results(tmp_path / "whole")
    assert len(expected) == trials
    assert found == expected
    assert not list((tmp_path / "cut").rglob("running"))
