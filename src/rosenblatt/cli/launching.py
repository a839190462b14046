"""Starts the processes of a run: on this machine, on several, or on those of a Ray cluster."""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import typer

from rosenblatt.cli.children import Child, end, free_port
from rosenblatt.cli.ray_launching import launch_on_ray
from rosenblatt.cli.supervising import End, end_of, supervise
from rosenblatt.cli.verbs import PORT, STUCK_AFTER, VERBS
from rosenblatt.core.errors import BadArgument

_APART = 5.0  # seconds until the machines of a run have seen that a process is lost


def launch_verb(
    command: list[str],
    processes: int,
    restarts: int,
    hosts: str | None,
    port: int,
    ray: str | None,
    gpus: int,
    stuck_after: float,
) -> None:
    """Run a verb, or a program, in several processes that train together.

    Raises:
        BadArgument: hosts are named, and a Ray cluster too; GPUs without one.
        Exit: with the exit code, where it is another one than 0.
    """
    if ray is not None and hosts:
        raise BadArgument(
            "launch: --hosts and --ray are two ways to several machines.",
            given=f"--hosts {hosts} --ray {ray}",
            expected="one of them",
        )
    if ray is None and gpus:
        raise BadArgument(
            "launch: --gpus is what a process takes of a Ray cluster.",
            given=f"--gpus {gpus}",
            fix="add --ray, or leave it out: without Ray a process has all GPUs of its machine.",
        )
    verb = [sys.executable, "-m", "rosenblatt"] if command[0] in VERBS else []
    line = [*verb, *command]
    if ray is None:
        names = [one.strip() for one in hosts.split(",")] if hosts else []
        code = launch(line, processes, restarts, names, port, stuck_after)
    else:
        _check(line, processes)
        code = launch_on_ray(line, processes, restarts, ray, gpus, stuck_after)
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
        The exit code, as of `supervise`.

    Raises:
        BadArgument: no process, no command, or one that does not exist; a machine that is none of
            the hosts.
    """
    _check(command, processes)
    first = processes * _place_among(hosts)
    numbers = range(first, first + processes)
    total = processes * max(1, len(hosts))
    of_all = ",".join(f"{host}:{port}" for host in hosts for _ in range(processes))

    def start(_: Sequence[int]) -> _Here:
        return _Here(command, numbers, total, of_all or f"127.0.0.1:{free_port()}")

    return supervise(start, restarts, stuck_after, _APART if hosts else 0.0)


def _check(command: Sequence[str], processes: int) -> None:
    """Refuse what cannot be started."""
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
    """

    def __init__(self, command: Sequence[str], numbers: Sequence[int], total: int, addresses: str):
        self._folder = tempfile.TemporaryDirectory(
            prefix="rosenblatt-launch-", ignore_cleanup_errors=True
        )
        self._children: dict[int, Child] = {}
        try:
            for number in numbers:
                progress = Path(self._folder.name) / str(number)
                self._children[number] = Child(command, number, total, addresses, progress)
        except BaseException:
            self.end([])
            raise

    def ended(self) -> End | None:
        """How they ended."""
        return end_of({number: child.code() for number, child in self._children.items()})

    def touched(self) -> dict[int, int]:
        """When their files were touched."""
        times = {number: child.touched() for number, child in self._children.items()}
        return {number: time for number, time in times.items() if time is not None}

    def end(self, caught: Sequence[int]) -> None:
        """End what still runs."""
        end([*self._children.values()], caught)
        self._folder.cleanup()
