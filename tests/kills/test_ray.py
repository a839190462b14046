"""A search over the machines of a Ray cluster, one of which is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rosenblatt as rb
from rosenblatt.tuner import executors
from rosenblatt.tuner.ray_executor import RayExecutor

SCRIPT = Path(__file__).with_name("ray_run.py")


@pytest.fixture(scope="module")
def found(tmp_path_factory: Any) -> dict[str, Any]:
    """What the search on two nodes came to; see `ray_run.py`."""
    command = [sys.executable, str(SCRIPT), str(tmp_path_factory.mktemp("ray"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_node_is_lost_and_no_trial(found: dict[str, Any]) -> None:
    (lost,) = found["lost"]
    assert set(found["seen"]) == set(found["nodes"])  # both worked
    assert found["seen"][-1] != lost
    assert found["cluster"] == found["threads"]
    assert len(found["cluster"]) == 6
    finished = [t for t in found["cluster"].values() if t[1] == "COMPLETED"]
    assert [epochs for *_, epochs in finished] == [8] * 4
    # The lost node's trial went on where its backup was: its first epochs were seen once.
    assert [found["epochs"].count(epoch) for epoch in (0, 1)] == [4, 4]
    assert len(found["epochs"]) > 8 * 4


def test_failures_and_weights_come_back(found: dict[str, Any]) -> None:
    assert len(found["failed"]) == 2
    for message in found["failed"]:
        assert "ValueError: seven units are too many" in message and "in build" in message
    assert found["loss"] == pytest.approx(found["best"], rel=1e-5)
    assert found["kept"] == 3


def test_which_executor() -> None:
    assert isinstance(executors.get_executor("threads"), executors.Threads)
    assert isinstance(executors.get_executor("ray"), RayExecutor)
    given = RayExecutor(num_cpus=2)
    assert executors.get_executor(given) is given
    with pytest.raises(
        ValueError, match=r"Unknown `executor`. Given: 'spark'. Expected: 'threads', 'ray'"
    ):
        executors.get_executor("spark")


def test_without_ray(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    tuner = rb.tuner.RandomSearch(lambda hp: rb.Sequential(), "val_loss", directory=tmp_path)
    with pytest.raises(ImportError, match=r"an installed 'ray'[\s\S]*rosenblatt\[ray\]"):
        tuner.search(executor="ray")
