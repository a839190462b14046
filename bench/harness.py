"""Processes that take turns, and the figures that come of it."""

from __future__ import annotations

import contextlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench.peers import ROOT, Peer, environment

_TIMEOUT = 900.0  # seconds for one request
_Key = TypeVar("_Key")
_Figure = TypeVar("_Figure", bound=float)


@dataclass(frozen=True)
class Context:
    """What a workload is given: a folder that is removed after the run, and how many rounds."""

    folder: Path
    rounds: int | None = None
    before: str = "5b73708"  # the revision that ours is compared with, where a workload does so
    seconds: float = 600.0  # that a server is asked for

    def rounds_or(self, default: int) -> int:
        """The rounds asked for on the command line, else the workload's own number."""
        return self.rounds or default

    def empty_cache(self) -> Path:
        """A new, empty cache folder."""
        return Path(tempfile.mkdtemp(prefix="cache-", dir=self.folder))


class Seconds(float):
    """Wall time; `cpu` is the processor's, of all threads."""

    cpu: float

    def __new__(cls, wall: float, cpu: float) -> Seconds:
        """Both in seconds."""
        made = super().__new__(cls, wall)
        made.cpu = cpu
        return made

    def __getnewargs__(self) -> tuple[float, float]:  # type: ignore[override]
        """What a copy is made from."""
        return float(self), self.cpu


@dataclass(frozen=True)
class Comparison:
    """Our times against a peer's, pairwise from the same rounds, in seconds."""

    measure: str
    peer: str
    ours: list[float]
    theirs: list[float]
    target: float | None = None

    @property
    def ratios(self) -> list[float]:
        """How many times longer the peer took, round by round."""
        return [theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True)]

    @property
    def met(self) -> bool | None:
        """Whether the median ratio reaches the target; None without one."""
        return None if self.target is None else statistics.median(self.ratios) >= self.target


@dataclass(frozen=True)
class Limit:
    """A figure that should not pass a limit."""

    measure: str
    values: list[float]
    unit: str
    limit: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the median keeps to the limit; None without one."""
        return None if self.limit is None else statistics.median(self.values) <= self.limit


@dataclass(frozen=True)
class Table:
    """Figures that are neither: a heading and rows of text."""

    headings: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Result:
    """All figures of one workload; `notes` say how it was measured."""

    title: str
    notes: list[str]
    comparisons: list[Comparison] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


class Worker:
    """A long-lived process that runs one peer and answers requests, one line of JSON each."""

    def __init__(self, peer: Peer, cache: Path) -> None:
        """Start the process; see `bench.peers.environment` for the arguments."""
        self.peer = peer
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in `close`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", peer.library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=ROOT,
            env=environment(peer, cache),
        )

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Have the worker call `operation(**arguments)` and wait for what it returns.

        Raises:
            RuntimeError: it failed, ended or took too long; the message holds its last output.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        watchdog = threading.Timer(_TIMEOUT, self._process.kill)
        watchdog.start()
        try:
            self._process.stdin.write(json.dumps([operation, arguments]) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watchdog.cancel()
        reply = json.loads(line) if line else {"error": "the process ended"}
        if "error" in reply:
            raise RuntimeError(f"{self.peer.title}: {operation}: {reply['error']}\n{self._tail()}")
        return reply["value"]

    def timed(self, operation: str, calls: int | None = None, **arguments: Any) -> Seconds:
        """Ask for an operation that returns seconds; the processor's time of a call beside them.

        Args:
            operation: its name.
            calls: how often it does its work, if it is to be told.
            arguments: passed on.
        """
        # Linux: the clock of a process by its number, as clock_getcpuclockid(3) makes it.
        clock = (~self._process.pid << 3) | 2
        if calls:
            arguments["calls"] = calls
        before = time.clock_gettime(clock)
        wall = self.ask(operation, **arguments)
        return Seconds(wall, (time.clock_gettime(clock) - before) / (calls or 1))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _tail(self) -> str:
        self._log.seek(0)
        return self._log.read()[-2000:]


@contextlib.contextmanager
def workers(
    peers: Iterable[Peer], context: Context, caches: Mapping[Peer, Path] | None = None
) -> Iterator[dict[Peer, Worker]]:
    """A worker for each peer, with an empty cache or the one given; ended on leaving."""
    with contextlib.ExitStack() as stack:
        started = {}
        for peer in peers:
            cache = caches[peer] if caches else context.empty_cache()
            started[peer] = Worker(peer, cache)
            stack.callback(started[peer].close)
        yield started


def in_turns(
    actions: Mapping[_Key, Callable[[], _Figure]], rounds: int
) -> dict[_Key, list[_Figure]]:
    """Call every action once a round, in order, so that all meet the same state of the machine.

    Args:
        actions: what to call, by name or peer; each returns a figure.
        rounds: how often.

    Returns:
        The figures of each, in the order of the rounds.
    """
    figures: dict[_Key, list[_Figure]] = {key: [] for key in actions}
    for number in range(rounds):
        for key, action in actions.items():
            figures[key].append(action())
        print(f"  round {number + 1}/{rounds}: {_latest(figures)}", file=sys.stderr, flush=True)
    return figures


def _latest(figures: Mapping[Any, list[float]]) -> str:
    return ", ".join(f"{_name(key)} {values[-1]:.4g}" for key, values in figures.items())


def _name(key: Any) -> str:
    if isinstance(key, tuple):
        return " ".join(map(_name, key))
    return key.title if isinstance(key, Peer) else str(key)


def run(
    command: list[str], peer: Peer, cache: Path, timeout: float = _TIMEOUT
) -> tuple[Seconds, str]:
    """Run a Python process to its end.

    Args:
        command: arguments of the interpreter.
        peer: whose environment it gets.
        cache: folder for our data and compiled programs.
        timeout: seconds at most.

    Returns:
        Seconds from its start to its end, and what it printed.

    Raises:
        RuntimeError: it failed; the message holds its last output.
    """
    start, used = time.perf_counter(), _of_children()
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(peer, cache),
        timeout=timeout,
        check=False,
    )
    seconds = Seconds(time.perf_counter() - start, _of_children() - used)
    if done.returncode:
        raise RuntimeError(f"{peer.title}: {' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return seconds, done.stdout


def _of_children() -> float:
    """Processor time of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def checkout(revision: str, context: Context) -> Iterator[Peer]:
    """Our own package as it was at a revision of the repository; removed on leaving."""
    folder = context.folder / f"at-{revision}"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run(
        [*git, "add", "--detach", str(folder), revision], check=True, capture_output=True
    )
    try:
        yield Peer(f"rosenblatt at {revision}", "rosenblatt", source=folder / "src")
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True, capture_output=True)
