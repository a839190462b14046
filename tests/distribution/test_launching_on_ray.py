"""`rosenblatt launch --ray`: what ends processes, what is said, and how a cluster is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rosenblatt.cli import launching, main, ray_launching, supervising
from rosenblatt.cli.supervising import End

SCENES = Path(__file__).with_name("ray_scenes.py")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: Any) -> dict[str, Any]:
    """Exit codes of launches on a Ray of this machine, and what was printed; see the script."""
    folder = tmp_path_factory.mktemp("ray")
    command = [sys.executable, str(SCENES), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    left = [path.name for path in folder.iterdir() if path.suffix != ".json"]
    found: dict[str, Any] = json.loads((folder / "found.json").read_text())
    return found | {"out": done.stdout, "err": done.stderr, "processes": left}


def test_processes_have_the_driver_s_folder_and_variables(scenes: dict[str, Any]) -> None:
    """Of the first process output is printed, and errors of all."""
    printed = [line for line in scenes["out"].splitlines() if line.endswith("None None 2")]
    assert printed == [f"0 {os.getcwd()} 0 None None 2"]  # a word that is none of ours stays here
    assert {"of 0", "of 1"} <= {*scenes["err"].splitlines()}


@pytest.mark.parametrize(
    ("scene", "code", "text"),
    [
        ("waits", 130, "the Ray cluster: 3 processes need 1 CPU each; free is 2 of 2 CPU."),
        ("badly", 3, "launch: process 0 ended with 3; all are ended."),
        ("lost", 137, "launch: process 1 was lost with its supervisor on "),
        ("stuck", 124, "launch: process 1 made no progress for 0.5 s (--stuck-after); all are"),
        ("interrupted", 130, ""),
    ],
)
def test_what_ends_all(scenes: dict[str, Any], scene: str, code: int, text: str) -> None:
    assert scenes[scene] == code
    assert text in scenes["err"]


def test_processes_hear_that_they_are_to_end(scenes: dict[str, Any]) -> None:
    """Whatever the workers of Ray that start them have blocked."""
    assert scenes["out"].splitlines().count("heard") == 1  # the first one's output
    assert len(scenes["processes"]) == 2
    for number in scenes["processes"]:
        with pytest.raises(ProcessLookupError):
            os.kill(int(number), 0)


def test_what_is_on_no_node_is_named(scenes: dict[str, Any]) -> None:
    assert "launch: process 0 cannot be started. Given: " in scenes["refused"]
    assert "'pythn', on the node " in scenes["refused"]
    assert "Expected: a program, and this folder, that exist on all nodes." in scenes["refused"]


class _Team:
    """Processes that end as they are told to."""

    def __init__(self, end: End | None, touched: Mapping[int, int]):
        self._end, self._touched, self.is_over = end, touched, False

    def ended(self) -> End | None:
        return self._end

    def touched(self) -> Mapping[int, int]:
        return self._touched

    def end(self, caught: Sequence[int]) -> None:
        self.is_over = True


def supervised(ends: Sequence[End | None], restarts: int, caught: Sequence[int] = ()) -> Any:
    """The exit code of a run whose attempts come to these ends, and how many there were."""
    teams: list[_Team] = []

    def start(signals: Any) -> _Team:
        signals.extend(caught)
        teams.append(_Team(ends[len(teams)], {1: 7}))
        return teams[-1]

    code = supervising.supervise(start, restarts, 0.05)
    assert all(team.is_over for team in teams)
    return code, len(teams)


def test_attempts_go_on_until_one_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    lost, well = End(2, -9, "was lost"), End(0, 0, "")
    assert supervised([lost, End(1, 3, "ended with 3"), well], 2) == (0, 3)
    assert capsys.readouterr().err.splitlines() == [
        "launch: process 2 was lost; all are started again (restart 1 of 2).",
        "launch: process 1 ended with 3; all are started again (restart 2 of 2).",
    ]
    assert supervised([lost, lost], 1) == (137, 2)
    assert supervised([None], 0) == (124, 1)  # stuck
    assert supervised([None], 5, caught=[15]) == (143, 1)  # a signal while they were started


class _Ray(ModuleType):
    """Ray, of which no cluster runs; or one that something is wrong with."""

    class exceptions:
        RayError = KeyError

    def __init__(self, wrong: Exception):
        super().__init__("ray")
        self.wrong, self.calls = wrong, []

    def init(self, address: str, **options: Any) -> None:
        self.calls.append([address, options.get("num_cpus", 0) >= 1000])
        if address != "local":
            raise self.wrong

    def is_initialized(self) -> bool:
        return False

    def shutdown(self) -> None:
        self.calls.append(["shutdown"])


NONE = "Could not find any running Ray instance. Please specify the one to connect to."


@pytest.mark.parametrize("address", ["auto", "local"])
def test_a_cluster_is_started_where_none_is(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    ray = _Ray(ConnectionError(NONE))
    with ray_launching._connected(ray, address, 1000):  # processes, more than cores
        pass
    tried = [["auto", False]] if address == "auto" else []
    assert ray.calls == [*tried, ["local", True], ["shutdown"]]
    told = "launch: no Ray cluster is there; one is started on this machine.\n"
    assert capsys.readouterr().err == told * len(tried)


@pytest.mark.parametrize(
    ("address", "named", "wrong", "told"),
    [
        ("auto", "", RuntimeError("Version mismatch"), r"\(Version mismatch\). Given: no address."),
        ("auto", "", ConnectionError("Found multiple"), r"\(Found multiple\). Given: no address."),
        ("auto", "here", ConnectionError(NONE), r"\(Could not find .*\). Given: 'here'."),
        ("", "", ValueError("Invalid address"), r"\(Invalid address\). Given: ''."),
        ("127.0.0.1:1", "", AssertionError(), r"\(.*refused.*\). Given: '127.0.0.1:1'."),
    ],
)
def test_a_cluster_that_cannot_be_reached_is_named(
    address: str, named: str, wrong: Exception, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", named)
    end = r" Expected: .* as 10.0.0.1:6379. Fix: --ray local starts one on this machine.$"
    text = f"^launch --ray: no connection to a Ray cluster {told}{end}"
    with pytest.raises(ValueError, match=text), ray_launching._connected(_Ray(wrong), address, 2):
        pass


def test_without_ray(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["launch", "--ray", "--", sys.executable]) == 2
    told = capsys.readouterr().err
    assert "launch --ray: an optional dependency is missing. Expected: an installed 'ray'." in told
    assert 'Fix: pip install "rosenblatt[ray]"' in told


def test_options_that_do_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["launch", "--ray", "--hosts", "a,b", "--", "python"]) == 2
    told = "launch: --hosts and --ray are two ways to several machines. Given: --hosts a,b --ray"
    assert f"{told} auto. Expected: one of them." in capsys.readouterr().err
    assert main(["launch", "--gpus", "1", "--", "python"]) == 2
    told = (
        "launch: --gpus is what a process takes of a Ray cluster. Given: --gpus 1. Fix: add --ray"
    )
    assert told in capsys.readouterr().err
    assert main(["launch", "--ray", "--", "pythn"]) == 2
    assert "launch: the program does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "address"),
    [
        (["--ray"], "auto"),
        (["--ray", "--gpus", "2"], "auto"),
        (["--ray", "10.0.0.1:6379"], "10.0.0.1:6379"),
        (["--ray=local", "--restarts", "3"], "local"),
    ],
)
def test_the_address_may_be_left_out(
    words: list[str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def launch_on_ray(*arguments: Any) -> int:
        given.extend(arguments)
        return 7

    monkeypatch.setattr(launching, "launch_on_ray", launch_on_ray)
    assert main(["launch", *words, "--", "train", "iris", "--out", "run", "--ray"]) == 7
    line = [sys.executable, "-m", "rosenblatt", "train", "iris", "--out", "run", "--ray"]
    restarts, gpus = 3 * ("--restarts" in words), 2 * ("--gpus" in words)
    assert given == [line, 2, restarts, address, gpus, 1800.0]
