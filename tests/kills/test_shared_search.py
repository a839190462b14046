"""Several processes on one folder: they share a search, and one that is killed is replaced."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from test_killed_search import EPOCHS, PATIENCE, results, start

import rosenblatt as rb
from rosenblatt.tuner.journal import Journal

TRIALS = 12


def runners(folder: Path) -> dict[str, set[str]]:
    """The trials that each process began."""
    found: dict[str, set[str]] = {}
    for event in Journal(folder / "s").news():
        if event["event"] in ("trial", "again"):
            found.setdefault(event["by"], set()).add(event["trial_id"])
    return found


def wait_for_epochs(process: Any, count: int) -> None:
    while count:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        count -= line.startswith("epoch")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: Any) -> dict[str, Any]:
    """What one process alone finds."""
    folder = tmp_path_factory.mktemp("whole")
    process = start(folder, TRIALS, 0.0)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return results(folder)


def test_two_processes_share_a_search(tmp_path: Path, expected: Any) -> None:
    both = [start(tmp_path, TRIALS, 0.05, company=2) for _ in range(2)]
    trained = 0
    for process in both:
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        trained += out.count("epoch")
    assert results(tmp_path) == expected
    assert trained == TRIALS * EPOCHS
    parts = list(runners(tmp_path).values())
    assert len(parts) == 2
    assert min(map(len, parts)) >= 2
    assert not set.intersection(*parts)
    assert not list((tmp_path / "s" / "processes").iterdir())


def test_another_process_goes_on_with_the_trials_of_a_killed_one(
    tmp_path: Path, expected: Any
) -> None:
    killed = start(tmp_path, TRIALS, 0.1, last=5)
    stays = start(tmp_path, TRIALS, 0.1, company=1)
    wait_for_epochs(killed, 5)
    killed.send_signal(signal.SIGKILL)
    before, _ = killed.communicate()
    out, err = stays.communicate(timeout=PATIENCE)
    assert stays.returncode == 0, err
    assert results(tmp_path) == expected
    # Its two workers lose the epoch they were in, and one that was not yet written.
    assert 5 + before.count("epoch") + out.count("epoch") <= TRIALS * EPOCHS + 2 * 2
    trials = list(runners(tmp_path).values())
    assert set.intersection(*trials), "the killed process had no trial running"


def test_a_search_that_runs_is_not_overwritten(tmp_path: Path) -> None:
    running = start(tmp_path, TRIALS, 0.5)
    wait_for_epochs(running, 1)
    try:
        with pytest.raises(RuntimeError, match=r"Another process searches in '.*s' now"):
            rb.tuner.RandomSearch(
                lambda hp: None, "val_loss", directory=tmp_path, project_name="s", overwrite=True
            )
    finally:
        running.kill()
        running.communicate()
    assert len(list(Journal(tmp_path / "s").news())) > 2
