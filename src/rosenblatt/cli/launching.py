"""Starts the processes of a run, watches them, and starts all again where one is lost."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from rosenblatt.cli.verbs import PORT, VERBS
from rosenblatt.core.errors import BadArgument
from rosenblatt.distribution import environment

_LOOK = 0.1  # seconds between looks at the processes
_GRACE = 10.0  # seconds that they have to end by themselves after Ctrl-C
_APART = 5.0  # seconds until the machines of a run have seen that a process is lost
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows ends a process by either


def launch_verb(
    command: list[str], processes: int, restarts: int, hosts: str | None, port: int
) -> None:
    """Run a verb, or a program, in several processes that train together.

    Raises:
        Exit: with the exit code, where it is another one than 0.
    """
    verb = [sys.executable, "-m", "rosenblatt"] if command[0] in VERBS else []
    names = [one.strip() for one in hosts.split(",")] if hosts else []
    code = launch([*verb, *command], processes, restarts, names, port)
    if code:
        raise typer.Exit(code)


def launch(
    command: Sequence[str],
    processes: int,
    restarts: int = 0,
    hosts: Sequence[str] = (),
    port: int = PORT,
) -> int:
    """Run a command in several processes that train together.

    Each process gets its number and the address of the first one in the environment, where
    `rosenblatt.distribution.initialize` finds them. Where one ends with an error, or is killed, all
    are ended and, so many times, started again: a run with `BackupAndRestore` or `resume_from` then
    goes on where its last backup was.

    On several machines, call it on each, with the same arguments: each starts its own processes,
    and starts them again when those of another one are lost.

    Args:
        command: the program and its arguments.
        processes: how many, on each machine.
        restarts: how often all are started again.
        hosts: names or addresses of all machines; the first process runs on the first one.
            This machine alone if there are none.
        port: where the first process is reached, on several machines.

    Returns:
        The exit code: 0, that of the process that failed, or 128 and the number of the signal.

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
    with _signals() as caught:
        for attempt in range(restarts + 1):
            addresses = of_all or f"127.0.0.1:{_free_port()}"
            number, code = _attempt(command, numbers, total, addresses, caught)
            if code == 0 or caught:
                break
            left = restarts - attempt
            again = f"all are started again (restart {attempt + 1} of {restarts})"
            what = again if left else "all are ended"
            print(f"launch: process {number} ended with {code}; {what}.", file=sys.stderr)
            if left and hosts:  # the other machines see it a little later
                time.sleep(_APART)
    return 128 + caught[0] if caught else code if code >= 0 else 128 - code


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


def _attempt(
    command: Sequence[str],
    numbers: Sequence[int],
    total: int,
    addresses: str,
    caught: list[int],
) -> tuple[int, int]:
    """Run this machine's processes until all have ended well; one that has not, and its code."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for number in numbers:
            more = {
                environment.JOB_ADDRESSES: addresses,
                environment.NUM_PROCESSES: str(total),
                environment.PROCESS_ID: str(number),
            }
            quiet = subprocess.DEVNULL if number else None  # the first one speaks for all
            started.append(
                subprocess.Popen(
                    command,
                    env=os.environ | more,
                    stdout=quiet,
                    start_new_session=True,
                    preexec_fn=_end_with_parent if sys.platform == "linux" else None,
                )
            )
        while not caught:
            codes = [one.poll() for one in started]
            for number, code in zip(numbers, codes, strict=True):
                if code:
                    return number, code
            if all(code == 0 for code in codes):
                return 0, 0
            time.sleep(_LOOK)
        return 0, -caught[0]
    finally:
        _end(started, caught)


def _end(started: Sequence[subprocess.Popen[bytes]], caught: Sequence[int]) -> None:
    """End what still runs: asked to after a signal, else at once."""
    running = [one for one in started if one.poll() is None]
    if caught:
        for one in running:
            _signal(one, signal.SIGINT)
        until = time.monotonic() + _GRACE
        while time.monotonic() < until and any(one.poll() is None for one in running):
            time.sleep(_LOOK)
    for one in started:
        _signal(one, _KILL)
        one.wait()


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


def _end_with_parent() -> None:
    """Let the kernel end this process when its supervisor is killed."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
