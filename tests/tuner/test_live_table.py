"""The live table of a search: in a terminal, and what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from rosenblatt import tuner as rt
from rosenblatt.tuner.live_table import LiveTable

SCRIPT = Path(__file__).with_name("live_run.py")


def shown(oracle: Any, epochs: int | None = None) -> str:
    console = Console(width=120, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(LiveTable(oracle, epochs).render())
    console.file.close()
    return console.export_text()


def test_what_the_table_shows() -> None:
    hp = rt.HyperParameters()
    hp.Float("rate", 0, 1)
    hp.Choice("[kind]", ["plain", "other"])
    oracle = rt.RandomSearchOracle("val_loss", max_trials=9, seed=1, hyperparameters=hp)
    oracle.verbose = 0
    assert shown(oracle).startswith("Trials: 0 of 9 ended, 0 running  [00h 00m 00s]")
    for value, status in ((2.0, "COMPLETED"), (1.5, "COMPLETED"), (0.0, "FAILED")):
        trial = oracle.create_trial("a")
        oracle.update_history(trial.trial_id, 0, {"val_loss": value})
        oracle.update_trial(trial.trial_id, {"val_loss": value})
        trial.status, trial.message = status, "ValueError: [bad]\n\nTraceback"
        oracle.end_trial(trial)
    running = oracle.create_trial("b")
    oracle.update_history(running.trial_id, 0, {"val_loss": 7.25, "loss": 9.0})
    text = shown(oracle, epochs=4)
    assert "Trials: 3 of 9 ended, 1 running, 1 failed" in text
    assert re.search(r"3 │\s+1/4 │\s+7.25 │", text)
    assert text.index("1.5") < text.index("2 │")  # best first
    assert "Trial 2 failed: ValueError: [bad]" in text and "Traceback" not in text
    assert "[kind]" in text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_in_a_terminal_a_table_is_drawn_and_elsewhere_lines_are_printed(tmp_path: Path) -> None:
    import pty

    command = [sys.executable, str(SCRIPT)]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen([*command, str(tmp_path / "a")], stdout=theirs, env=environment)
    os.close(theirs)
    drawn = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        drawn += part
    os.close(ours)
    assert process.wait() == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.decode())
    assert "Search: Running Trial" not in text and "Epoch 1/5" not in text
    assert len(set(re.findall(r"[1-5]/5", text))) >= 2  # epochs, as often as it is drawn
    assert "Trial 0002 failed: ValueError: the rate [7] is too high" in text
    assert text.rindex("Trials: 3 ended, 0 running, 1 failed") < text.rindex("Best")

    plain = subprocess.run([*command, str(tmp_path / "b")], capture_output=True, text=True,
                           check=True).stdout  # fmt: skip
    assert "Search: Running Trial #1" in plain and "Epoch 1/5" in plain
    assert "\x1b" not in plain and "│" not in plain
