"""Starts the processes of a run, watches them, and starts all again where one is lost."""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import typer

from rosenblatt.cli.verbs import PORT, STUCK_AFTER, VERBS
from rosenblatt.core.config import PROGRESS_FILE
from rosenblatt.core.errors import BadArgument
from rosenblatt.distribution import environment

_LOOK = 0.1  # seconds between looks at the processes
_GRACE = 10.0  # seconds that they have to end by themselves after Ctrl-C
_APART = 5.0  # seconds until the machines of a run have seen that a process is lost
_STUCK = 124  # the exit code where a process made no progress; that of `timeout`
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows ends a process by either


class _End(NamedTuple):
    """How an attempt came to its end: the process that decided it, its exit code, and why."""

    number: int
    code: int
    why: str


def launch_verb(
    command: list[str],
    processes: int,
    restarts: int,
    hosts: str | None,
    port: int,
    stuck_after: float,
) -> None:
    """Run a verb, or a program, in several processes that train together.

    Raises:
        Exit: with the exit code, where it is another one than 0.
    """
    verb = [sys.executable, "-m", "rosenblatt"] if command[0] in VERBS else []
    names = [one.strip() for one in hosts.split(",")] if hosts else []
    code = launch([*verb, *command], processes, restarts, names, port, stuck_after)
    if code:
        raise typer.Exit(code)


def launch(
    command: Sequence[str],
    processes: int,
    restarts: int = 0,
    hosts: Sequence[str] = (),
    port: int = PORT,
    stuck_after: float = STUCK_AFTER,
) -> int:
    """Run a command in several processes that train together.

    Each process gets its number and the address of the first one in the environment, where
    `rosenblatt.distribution.initialize` finds them. Where one ends with an error, is killed or is
    stuck, all are ended and, so many times, started again: a run with `BackupAndRestore` or
    `resume_from` then goes on where its last backup was.

    On several machines, call it on each, with the same arguments: each starts its own processes,
    and starts them again when those of another one are lost.

    Args:
        command: the program and its arguments.
        processes: how many, on each machine.
        restarts: how often all are started again.
        hosts: names or addresses of all machines; the first process runs on the first one.
            This machine alone if there are none.
        port: where the first process is reached, on several machines.
        stuck_after: seconds without a step, in the middle of an epoch or an evaluation, after which
            a process counts as stuck; 0: never.

    Returns:
        The exit code: 0, that of the process that failed, 128 and the number of the signal, or 124
        where one was stuck.

    Raises:
        BadArgument: no process, no command, or one that does not exist; a machine that is none of
            the hosts.
    """
    if processes < 1 or not command:
        raise BadArgument(
            "launch: nothing to start.",
            given=f"{processes} processes of {' '.join(command)!r}",
            expected="at least one process, and a command",
        )
    if shutil.which(command[0]) is None:
        raise BadArgument(
            "launch: the program does not exist, or may not be run.",
            given=repr(command[0]),
            expected=f"a program such as `python`, or a verb: {', '.join(VERBS)}",
        )
    first = processes * _place_among(hosts)
    numbers = range(first, first + processes)
    total = processes * max(1, len(hosts))
    of_all = ",".join(f"{host}:{port}" for host in hosts for _ in range(processes))

    def start(folder: Path) -> Team:
        return _Here(command, numbers, total, of_all or f"127.0.0.1:{free_port()}", folder)

    return supervise(start, restarts, stuck_after, _APART if hosts else 0.0)


class Team(Protocol):
    """The processes of an attempt that a supervisor has started."""

    numbers: Sequence[int]

    def codes(self) -> list[int | None]:
        """Their exit codes; None of one that runs."""

    def touched(self) -> dict[int, int]:
        """When each last showed progress, in any unit: of those that are in a pass over data."""

    def end(self, caught: Sequence[int]) -> None:
        """End what still runs: asked to after a signal, else at once."""


def supervise(
    start: Callable[[Path], Team], restarts: int, stuck_after: float, apart: float = 0.0
) -> int:
    """Watch processes, and start all again where one is lost.

    Args:
        start: starts them; it gets a folder of its own for each attempt.
        restarts: how often all are started again.
        stuck_after: as of `launch`.
        apart: seconds to wait before that.

    Returns:
        The exit code, as of `launch`.
    """
    with _signals() as caught, tempfile.TemporaryDirectory(prefix="rosenblatt-launch-") as name:
        for attempt in range(restarts + 1):
            folder = Path(name) / str(attempt)
            folder.mkdir()
            end = _watched(start(folder), stuck_after, caught)
            if end.code == 0 or caught:
                break
            left = restarts - attempt
            again = f"all are started again (restart {attempt + 1} of {restarts})"
            what = again if left else "all are ended"
            print(f"launch: process {end.number} {end.why}; {what}.", file=sys.stderr)
            if left:
                time.sleep(apart)
    return 128 + caught[0] if caught else end.code if end.code >= 0 else 128 - end.code


def _watched(team: Team, stuck_after: float, caught: list[int]) -> _End:
    """Watch processes until all have ended well, or one has not."""
    watch = Watch(stuck_after)
    try:
        while not caught:
            codes = team.codes()
            for number, code in zip(team.numbers, codes, strict=True):
                if code:
                    return _End(number, code, f"ended with {code}")
            if all(code == 0 for code in codes):
                return _End(0, 0, "")
            stuck = watch.stuck(team.touched(), time.monotonic())
            if stuck is not None:
                why = f"made no progress for {stuck_after:g} s (--stuck-after)"
                return _End(stuck, _STUCK, why)
            time.sleep(_LOOK)
        return _End(0, -caught[0], "")
    finally:
        team.end(caught)


class Watch:
    """Sees which processes are stuck.

    Args:
        seconds: without progress after which a process is stuck; 0: never.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        # By process: when it showed progress, and when that was seen. Only the latter is a time of
        # a clock that is never set.
        self._seen: dict[int, tuple[int, float]] = {}

    def stuck(self, touched: Mapping[int, int], now: float) -> int | None:
        """The process that has been stuck for the longest time; None where none is.

        Args:
            touched: as of `Team`.
            now: seconds of a clock that is never set.
        """
        self._seen = {n: self._seen[n] for n in touched if n in self._seen}
        for number, when in touched.items():
            if number not in self._seen or self._seen[number][0] != when:
                self._seen[number] = when, now
        waiting = {number: now - seen for number, (_, seen) in self._seen.items()}
        longest = max(waiting, key=waiting.__getitem__, default=None)
        late = longest is not None and self.seconds and waiting[longest] > self.seconds
        return longest if late else None


def _place_among(hosts: Sequence[str]) -> int:
    """Which of the hosts this machine is: the one whose address it has; 0 where there are none."""
    if not hosts:
        return 0
    for place, host in enumerate(hosts):
        try:
            found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
            with socket.socket(found[0][0], socket.SOCK_STREAM) as here:
                here.bind(found[0][4])
            return place
        except OSError:  # another machine's, or unknown
            continue
    raise BadArgument(
        "launch: this machine is none of the hosts.",
        given=", ".join(hosts),
        expected=f"one of its addresses among them; its name is {socket.gethostname()!r}",
    )


class _Here:
    """The processes of this machine.

    Args:
        command: the program and its arguments.
        numbers: of its processes.
        total: how many there are on all machines.
        addresses: of the first process, or of all.
        folder: for the files by which they show progress.
    """

    def __init__(
        self,
        command: Sequence[str],
        numbers: Sequence[int],
        total: int,
        addresses: str,
        folder: Path,
    ):
        self.numbers, self._folder = numbers, folder
        self._started: list[subprocess.Popen[bytes]] = []
        try:
            for number in numbers:
                more = {
                    environment.JOB_ADDRESSES: addresses,
                    environment.NUM_PROCESSES: str(total),
                    environment.PROCESS_ID: str(number),
                    PROGRESS_FILE: str(folder / str(number)),
                }
                self._started.append(started(command, more, is_quiet=number > 0))
        except BaseException:
            self.end([])
            raise

    def codes(self) -> list[int | None]:
        """Their exit codes; None of one that runs."""
        return [one.poll() for one in self._started]

    def touched(self) -> dict[int, int]:
        """When their files were touched."""
        times = {number: touched_at(self._folder / str(number)) for number in self.numbers}
        return {number: time for number, time in times.items() if time is not None}

    def end(self, caught: Sequence[int]) -> None:
        """End what still runs: asked to after a signal, else at once."""
        running = [one for one in self._started if one.poll() is None]
        if caught:
            for one in running:
                _signal(one, signal.SIGINT)
            until = time.monotonic() + _GRACE
            while time.monotonic() < until and any(one.poll() is None for one in running):
                time.sleep(_LOOK)
        for one in self._started:
            _signal(one, _KILL)
            one.wait()


def started(
    command: Sequence[str], more: Mapping[str, str], is_quiet: bool
) -> subprocess.Popen[bytes]:
    """A process in a session of its own, which ends with the one that starts it.

    Args:
        command: the program and its arguments.
        more: added to the environment.
        is_quiet: whether what it prints is dropped: the first process speaks for all.
    """
    dies = functools.partial(_end_with_parent, os.getpid())
    return subprocess.Popen(
        command,
        env=os.environ | more,
        stdout=subprocess.DEVNULL if is_quiet else None,
        start_new_session=True,
        preexec_fn=dies if sys.platform == "linux" else None,
    )


def touched_at(path: Path) -> int | None:
    """When a file was touched; None where there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # no pass over data is under way
        return None


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a process and to what it started; Windows ends the process."""
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(process.pid, number)
    else:
        process.terminate()


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The signals that ask for an end, as they come."""
    caught: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: caught.append(got))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_parent(supervisor: int) -> None:
    """Let the kernel end this process when its supervisor is killed."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != supervisor:  # which was killed before that
        os._exit(1)


def free_port() -> int:
    """A port that no process of this machine uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
