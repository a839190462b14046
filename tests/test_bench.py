"""`python -m bench`: what a workload measured is kept, each figure and the table."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from bench import __main__
from bench.harness import Comparison, Limit, Result, Seconds


def measured(_: object) -> Result:
    ours, theirs = [Seconds(1.0, 1.5), Seconds(2.0, 2.5)], [Seconds(4.0, 6.0), Seconds(6.0, 9.0)]
    comparison = Comparison("a step", "a peer", ours, theirs, target=3.0)
    return Result("A workload", ["How."], [comparison], [Limit("memory", [0.5, 0.7], "x", 1.0)])


def test_every_figure_and_the_table_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bench").mkdir()
    monkeypatch.setattr(__main__, "ROOT", tmp_path)
    monkeypatch.setitem(__main__.WORKLOADS, "one", measured)
    monkeypatch.setattr(__main__.machine, "describe", lambda: "a machine")
    output = tmp_path / "benchmarks.md"
    assert __main__.main(["one", "--output", str(output)]) == 0
    kept = json.loads((tmp_path / "bench" / "results" / "one.json").read_text())
    assert kept["machine"] == "a machine"
    assert kept["comparisons"][0]["theirs"] == [4.0, 6.0]
    assert "| a step | a peer |" in output.read_text()
    assert "3.5 |" in output.read_text() and "met" in output.read_text()
    assert str(output) in capsys.readouterr().out


def test_a_copy_of_seconds_has_the_processors_too() -> None:
    made = copy.deepcopy(Seconds(1.0, 2.0))
    assert (made, made.cpu) == (1.0, 2.0)
