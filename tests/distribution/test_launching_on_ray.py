"""`rosenblatt launch --ray`: what ends processes, what is said, and how a cluster is found."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from rosenblatt.cli import launching, main, ray_launching, supervising
from rosenblatt.cli.supervising import End


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


class _Lost(Exception):
    """As Ray says that an actor is gone: the cause in the last line."""


class _Failed(_Lost):
    """As Ray says that a method of an actor failed."""


class _Reference:
    """A call of an actor, with its answer: an error is raised."""

    def __init__(self, answer: Any):
        self.answer = answer


class _Method:
    """A method of an actor, with the answers to all its calls."""

    def __init__(self, *answers: Any):
        self._answers = [*answers]

    def remote(self, *arguments: Any) -> _Reference:
        return _Reference(self._answers.pop(0))


class _Cluster:
    """A cluster on which all answers are there at once."""

    def __init__(self, *supervisors: Any):
        self.processes = len(supervisors)
        self.killed: list[Any] = []
        self.left = False
        self.supervisors = lambda: [*supervisors]
        errors = SimpleNamespace(RayError=_Lost, RayTaskError=_Failed)
        self.ray = SimpleNamespace(
            wait=lambda asked, **_: (asked, []),
            get=self._get,
            kill=self.killed.append,
            exceptions=errors,
        )

    def _get(self, asked: _Reference) -> Any:
        if isinstance(asked.answer, Exception):
            raise asked.answer
        return asked.answer

    def leave(self) -> None:
        self.left = True


def supervisor(number: int, *looks: Any, start: Any = None) -> Any:
    """A supervisor on a node of its own."""
    node = _Method(ray_launching._Node(f"10.0.0.{number}", 5000))
    end = _Method((b"", f"the end of {number}\n".encode()))
    return SimpleNamespace(node=node, start=_Method(start), look=_Method(*looks), end=end)


def seen(code: int | None, touched: int | None, *printed: bytes) -> ray_launching._Seen:
    return ray_launching._Seen(code, touched, (*printed, *[b""] * (2 - len(printed))))  # type: ignore[arg-type]


def on(cluster: Any) -> ray_launching._OnNodes:
    return ray_launching._OnNodes(cluster, ["train"], [])


def test_what_supervisors_see(capfd: pytest.CaptureFixture[str]) -> None:
    first = supervisor(0, seen(None, 8, b"out\n", b"err\n"), seen(None, None), seen(0, None))
    second = supervisor(1, seen(None, None), seen(None, 9), seen(3, 9))
    team = on(cluster := _Cluster(first, second))
    assert (team.ended(), team.touched()) == (None, {0: 8})
    assert (team.ended(), team.touched()) == (None, {1: 9})
    assert team.ended() == team.ended() == End(1, 3, "ended with 3")
    team.end([])
    assert cluster.killed == [first, second] and not cluster.left  # the resources are kept
    assert capfd.readouterr() == ("out\n", "err\nthe end of 0\nthe end of 1\n")


def test_what_is_printed_last_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    looks = [seen(None, None, b"first\n"), seen(None, None, b"last\n")]
    team = on(_Cluster(supervisor(0, *looks)))
    assert team.ended() is None
    team.end([2])  # while a look is on its way
    assert capfd.readouterr() == ("first\nlast\n", "the end of 0\n")


def test_resources_are_waited_for() -> None:
    asked: list[Any] = []
    state = {"state": "PENDING"}

    def placement_group(places: Any, strategy: str) -> str:
        asked.append((places, strategy))
        return "group"

    def strategy(group: str, placement_group_bundle_index: int) -> Any:
        return group, placement_group_bundle_index

    def options(**given: Any) -> Any:
        asked.append(given)
        return SimpleNamespace(remote=lambda: "supervisor")

    ray: Any = SimpleNamespace(
        util=SimpleNamespace(
            placement_group=placement_group,
            placement_group_table=lambda group: state,
            remove_placement_group=asked.append,
            scheduling_strategies=SimpleNamespace(PlacementGroupSchedulingStrategy=strategy),
        ),
        remote=lambda kind: SimpleNamespace(options=options),
        cluster_resources=lambda: {"CPU": 8.0, "GPU": 4.0},
        available_resources=lambda: {"CPU": 6.0},
    )
    cluster = ray_launching._Cluster(ray, 2, 2)
    assert cluster.supervisors() == cluster.supervisors() == ["supervisor"] * 2
    options_of = [
        {"num_cpus": 1, "num_gpus": 2, "scheduling_strategy": ("group", n)} for n in (0, 1)
    ]
    assert asked == [([{"CPU": 1, "GPU": 2}] * 2, "SPREAD"), *options_of, *options_of]
    told = "2 processes need 1 CPU and 2 GPU each; free: 6 of 8 CPU, 0 of 4 GPU."
    assert cluster.waiting() == f"waiting for resources of the Ray cluster: {told}"
    state["state"] = "CREATED"  # a worker is slow to start
    assert cluster.waiting() is None
    cluster.leave()
    cluster.supervisors()  # elsewhere
    assert asked[5:7] == ["group", asked[0]]


def test_a_supervisor_that_is_lost() -> None:
    gone = _Lost("The actor died.\n  ip: 10.0.0.1\nThe actor died because its node has died.")
    why = "was lost with its supervisor on 10.0.0.1 (The actor died because its node has died.)"
    for second in (supervisor(1, gone), supervisor(1, start=gone)):
        team = on(cluster := _Cluster(supervisor(0, *[seen(None, 8)] * 2), second))
        assert team.ended() == End(1, -9, why)
        assert not cluster.left  # the other one is ended before
        team.end([])
        assert cluster.left


def test_what_is_not_on_a_node_is_named() -> None:
    cluster = _Cluster(supervisor(0), supervisor(1, start="No such file or directory: 'train'"))
    told = r"process 1 cannot be started. Given: No such file or directory: 'train', on the node"
    told += r" 10.0.0.1. Expected: a program, and this folder, that exist on all nodes."
    with pytest.raises(ValueError, match=told):
        on(cluster)
    assert len(cluster.killed) == 2


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
    told = "launch: no Ray cluster found; starting one on this machine.\n"
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
