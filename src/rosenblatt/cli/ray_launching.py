"""`rosenblatt launch --ray`: the processes of a run on the nodes of a Ray cluster."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, Protocol, TypeVar, cast

from rosenblatt.cli.children import GRACE, LOOK, Child, end, free_port
from rosenblatt.cli.supervising import End, end_of, say, supervise
from rosenblatt.cli.verbs import RAY_FOUND
from rosenblatt.core.errors import BadArgument, require

_PATIENCE = 5.0  # seconds of waiting for Ray before the user is told why
_ANSWER = GRACE + 5.0  # seconds that a supervisor has to end its process
_LOST = -int(getattr(signal, "SIGKILL", signal.SIGTERM))  # the exit code: as if it was killed
# Variables with these prefixes are passed on to the nodes; all others are the node's own.
_PASSED = ("ROSENBLATT_", "JAX_", "XLA_", "TF_", "KERAS_", "NCCL_", "OMP_", "PYTHON")
# What Ray sets in its workers: a limit on threads, and its own debugger.
_OF_RAY = ("OMP_NUM_THREADS", "PYTHONBREAKPOINT")
_ADDRESS = "RAY_ADDRESS"
_LOCAL = "local"  # Ray's word for a new cluster of this machine
_NONE_THERE = "Could not find any running Ray"  # its words where it finds no cluster
_QUIET = {"log_to_driver": False, "logging_level": "error"}
_NOTHING = object()  # the answer of a supervisor that is lost

T = TypeVar("T")


class _Method(Protocol):
    """A method of an actor."""

    def remote(self, *arguments: object) -> object:
        """Call it; returns a reference to the answer."""


class _Handle(Protocol):
    """A supervisor on some node."""

    node: _Method
    start: _Method
    look: _Method
    end: _Method


class _Node(NamedTuple):
    """Where a supervisor is: what others reach it by, and a port that is free there."""

    address: str
    port: int


class _Seen(NamedTuple):
    """What a supervisor sees of its process, as `Child` gives it."""

    code: int | None
    touched: int | None
    printed: tuple[bytes, bytes]


class _Job(NamedTuple):
    """What all processes of an attempt are started with: `Child` has the rest."""

    command: Sequence[str]
    total: int
    address: str
    variables: Mapping[str, str]
    folder: str


class Supervisor:
    """An actor that starts a process on its node, which ends with it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="rosenblatt-launch-", ignore_cleanup_errors=True
        )
        self._child: Child | None = None

    def node(self) -> _Node:
        """Where it is."""
        import ray

        # The one by which Ray's own nodes reach each other.
        address = ray.util.get_node_ip_address()
        return _Node(address, free_port(address))

    def start(self, job: _Job, number: int) -> str | None:
        """Start the process; returns what is wrong where it cannot be."""
        own = {name: value for name, value in os.environ.items() if name not in _OF_RAY}
        variables = {**own, **job.variables}
        progress = Path(self._folder.name) / "progress"
        try:
            self._child = Child(
                job.command, number, job.total, job.address, progress, variables, job.folder, True
            )
        except OSError as error:
            return str(error)
        return None

    def look(self) -> _Seen:
        """What there is to see of the process."""
        assert self._child is not None
        code = self._child.code()  # what it has printed before its end is there after it
        return _Seen(code, self._child.touched(), self._child.printed())

    def end(self, caught: Sequence[int]) -> tuple[bytes, bytes]:
        """End the process; returns what it has still printed."""
        children = [] if self._child is None else [self._child]
        end(children, caught)
        self._folder.cleanup()
        return self._child.printed() if self._child else (b"", b"")


class _Cluster:
    """A placement group of a cluster, with a bundle for each process.

    It is kept from one attempt to the next, unless a node was lost.

    Args:
        ray: the module, connected.
        processes: how many.
        gpus: of each.
    """

    def __init__(self, ray: ModuleType, processes: int, gpus: int):
        self.ray, self.processes = ray, processes
        self._needs = {"CPU": 1, **({"GPU": gpus} if gpus else {})}
        self._group: object = None

    def supervisors(self) -> list[_Handle]:
        """New supervisors; Ray starts them as soon as it has the resources."""
        util = self.ray.util
        if self._group is None:
            bundles = [self._needs] * self.processes
            self._group = util.placement_group(bundles, strategy="SPREAD")
        strategy = util.scheduling_strategies.PlacementGroupSchedulingStrategy
        actor = self.ray.remote(Supervisor)
        return [
            actor.options(
                num_cpus=1,
                num_gpus=self._needs.get("GPU", 0),
                scheduling_strategy=strategy(self._group, placement_group_bundle_index=index),
            ).remote()
            for index in range(self.processes)
        ]

    def leave(self) -> None:
        """Give the resources back."""
        if self._group is not None:
            self.ray.util.remove_placement_group(self._group)
            self._group = None

    def waiting(self) -> str | None:
        """Which resources are missing; None if all are reserved, and only actors have to start."""
        if self.ray.util.placement_group_table(self._group)["state"] == "CREATED":
            return None
        needs = " and ".join(f"{number} {kind}" for kind, number in self._needs.items())
        total, free = self.ray.cluster_resources(), self.ray.available_resources()
        there = ", ".join(
            f"{free.get(kind, 0):g} of {total.get(kind, 0):g} {kind}" for kind in self._needs
        )
        return (
            f"waiting for resources of the Ray cluster: {self.processes} processes need {needs} "
            f"each; free: {there}."
        )


class _OnNodes:
    """The processes of an attempt, on nodes of a cluster.

    Args:
        cluster: where they run.
        command: the program and its arguments.
        caught: the signals that have come, after which nothing is waited for.

    Raises:
        BadArgument: the program or the folder does not exist on a node.
    """

    def __init__(self, cluster: _Cluster, command: Sequence[str], caught: Sequence[int]):
        self._cluster = cluster
        self._lost: End | None = None
        self._codes: dict[int, int | None] = dict.fromkeys(range(cluster.processes))
        self._touched: dict[int, int] = {}
        self._nodes: list[_Node] = []
        self._asked: dict[object, int] = {}  # for a look, and who was
        self._supervisors = cluster.supervisors()
        try:
            self._start(command, caught)
        except BaseException:
            self.end([])
            raise

    def _start(self, command: Sequence[str], caught: Sequence[int]) -> None:
        self._nodes = self._answers([one.node.remote() for one in self._supervisors], caught)
        if not self._nodes:
            return
        passed = {name: text for name, text in os.environ.items() if name.startswith(_PASSED)}
        variables = {**passed, "PYTHONUNBUFFERED": "1"}  # to a pipe, lines would come late
        address = f"{self._nodes[0].address}:{self._nodes[0].port}"
        job = _Job([*command], self._cluster.processes, address, variables, str(Path.cwd()))
        starts = [one.start.remote(job, n) for n, one in enumerate(self._supervisors)]
        troubles: list[str | None] = self._answers(starts, caught)
        for number, trouble in enumerate(troubles):
            if trouble is not None:
                raise BadArgument(
                    f"launch: process {number} cannot be started.",
                    given=f"{trouble}, on the node {self._nodes[number].address}",
                    expected="a program, and this folder, that exist on all nodes",
                )
        if troubles:
            self._asked = {one.look.remote(): n for n, one in enumerate(self._supervisors)}

    def _answers(self, asked: Sequence[object], caught: Sequence[int]) -> list[T]:
        """What all supervisors answer; nothing where one is lost, or after a signal."""
        until, waiting, told = time.monotonic() + _PATIENCE, [*asked], False
        while waiting and not caught:
            ready, waiting = self._cluster.ray.wait(waiting, num_returns=len(waiting), timeout=LOOK)
            if any(self._answer(one, asked.index(one)) is _NOTHING for one in ready):
                return []
            if waiting and not told and time.monotonic() > until:
                text = self._cluster.waiting()
                told = text is not None
                if text is not None:
                    say(text)
        return [] if waiting else [cast(T, self._cluster.ray.get(one)) for one in asked]

    def _answer(self, asked: object, number: int) -> object:
        """What a supervisor has answered; `_NOTHING` where it is lost."""
        errors = self._cluster.ray.exceptions
        try:
            return self._cluster.ray.get(asked)
        except errors.RayTaskError:  # raised by our own code there
            raise
        except errors.RayError as error:
            where = self._nodes[number].address if self._nodes else "some node"
            reason = textwrap.shorten(str(error).strip().splitlines()[-1], 120)
            self._lost = End(number, _LOST, f"was lost with its supervisor on {where} ({reason})")
            return _NOTHING

    def ended(self) -> End | None:
        """How they ended."""
        ray = self._cluster.ray
        asked = [*self._asked]
        ready = ray.wait(asked, num_returns=len(asked), timeout=0)[0] if asked else []
        for one in ready:
            number = self._asked.pop(one)
            seen = self._answer(one, number)
            if isinstance(seen, _Seen):
                self._take(number, seen)
        return self._lost or end_of(self._codes)

    def _take(self, number: int, seen: _Seen) -> None:
        _print(seen.printed)
        self._codes[number] = seen.code
        if seen.touched is None:
            self._touched.pop(number, None)
        else:
            self._touched[number] = seen.touched
        if seen.code is None:
            self._asked[self._supervisors[number].look.remote()] = number

    def touched(self) -> Mapping[int, int]:
        """When files were touched on their nodes, as far as is known here."""
        return self._touched

    def end(self, caught: Sequence[int]) -> None:
        """End what still runs."""
        ray = self._cluster.ray
        if self._nodes:
            ends = [one.end.remote([*caught]) for one in self._supervisors]
            asked = [*self._asked, *ends]  # the looks have what was printed before
            ready = ray.wait(asked, num_returns=len(asked), timeout=_ANSWER)[0]
            for one in filter(ready.__contains__, asked):
                with contextlib.suppress(ray.exceptions.RayError):  # it is gone
                    answer = ray.get(one)
                    _print(answer.printed if isinstance(answer, _Seen) else answer)
        for supervisor in self._supervisors:
            ray.kill(supervisor)
        if self._lost is not None:
            self._cluster.leave()


def _print(printed: tuple[bytes, bytes]) -> None:
    """Print where processes of this machine do: at this one's output and errors."""
    for number, text in zip((1, 2), printed, strict=True):
        if text:
            with open(number, "wb", closefd=False) as stream:
                stream.write(text)


def launch_on_ray(
    command: Sequence[str],
    processes: int,
    restarts: int,
    address: str,
    gpus: int,
    stuck_after: float,
) -> int:
    """Run a command in several processes on the nodes of a Ray cluster; see `launch`.

    Each process is the child of an actor, its supervisor, for which Ray reserves one CPU. If a node
    is lost, all are started again on other nodes, as soon as these have the resources.

    Args:
        command: the program and its arguments.
        processes: how many in all, spread over the nodes.
        restarts: how often all are started again.
        address: host:port of the cluster. "auto": the one that `RAY_ADDRESS` names or that runs on
            this machine; a new one if there is none. "local": a new one.
        gpus: of each process.
        stuck_after: as of `launch`.

    Returns:
        The exit code, as of `supervise`; 137 if an actor or a node was lost.

    Raises:
        BadArgument: no cluster can be reached; the program or the folder does not exist on a node.
        ImportError: ray is not installed.
    """
    ray = require("ray", "rosenblatt[ray]", "launch --ray")
    with _connected(ray, address, processes):
        cluster = _Cluster(ray, processes, gpus)
        try:
            return supervise(
                lambda caught: _OnNodes(cluster, command, caught), restarts, stuck_after
            )
        finally:
            cluster.leave()


@contextmanager
def _connected(ray: ModuleType, address: str, processes: int) -> Iterator[None]:
    """Connect to a cluster, or start one."""
    if ray.is_initialized():
        yield
        return
    named = os.environ.get(_ADDRESS) or None if address == RAY_FOUND else address
    try:
        if named == _LOCAL:
            _start_here(ray, processes)
        else:
            _connect(ray, named, processes)
        yield
    finally:
        ray.shutdown()


def _connect(ray: ModuleType, address: str | None, processes: int) -> None:
    """Connect to the cluster at an address, or to the one that is found; start one if none is."""
    try:
        host, _, port = (address or "").rpartition(":")
        if port.isdecimal() and "://" not in host:  # Ray itself would try for minutes
            socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
        ray.init(RAY_FOUND if address is None else address, **_QUIET)
    except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        if address is None and str(error).startswith(_NONE_THERE):
            say("no Ray cluster found; starting one on this machine.")
            _start_here(ray, processes)
            return
        raise BadArgument(
            f"launch --ray: no connection to a Ray cluster ({error}).",
            given="no address" if address is None else repr(address),
            expected="the address of a cluster that runs, as 10.0.0.1:6379",
            fix=f"--ray {_LOCAL} starts one on this machine.",
        ) from error


def _start_here(ray: ModuleType, processes: int) -> None:
    """Start a cluster on this machine, where processes may share a core."""
    cores = max(os.cpu_count() or 1, processes)
    ray.init(_LOCAL, num_cpus=cores, include_dashboard=False, **_QUIET)
