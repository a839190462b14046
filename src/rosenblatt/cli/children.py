"""A process of a run, on the machine where it is started: what it is told, and how it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rosenblatt.core.config import PROGRESS_FILE
from rosenblatt.distribution import environment

LOOK = 0.1  # seconds between looks at processes
GRACE = 10.0  # seconds that they have to end by themselves after Ctrl-C
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows ends a process by either
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
_MOST = 1 << 20  # bytes of a pipe that are read at a time; none holds more


class Child:
    """A process of a run, in a session of its own, which ends with the one that starts it.

    Args:
        command: the program and its arguments.
        number: of the process. What another one than the first prints is dropped.
        total: how many there are in all.
        addresses: of the first process, or of all.
        progress: the file by which it shows progress.
        variables: the rest of its environment; this process's if None.
        folder: where it runs; here if None.
        is_read: whether what it prints is read, else it is printed where this process prints.

    Raises:
        OSError: the program or the folder does not exist.
    """

    def __init__(
        self,
        command: Sequence[str],
        number: int,
        total: int,
        addresses: str,
        progress: Path,
        variables: Mapping[str, str] | None = None,
        folder: str | None = None,
        is_read: bool = False,
    ):
        self._progress = progress
        told = {
            environment.JOB_ADDRESSES: addresses,
            environment.NUM_PROCESSES: str(total),
            environment.PROCESS_ID: str(number),
            PROGRESS_FILE: str(progress),
        }
        output = subprocess.PIPE if is_read else None
        self._process = subprocess.Popen(
            command,
            bufsize=0,
            env={**(os.environ if variables is None else variables), **told},
            cwd=folder,
            stdout=subprocess.DEVNULL if number else output,
            stderr=output,
            start_new_session=True,
            preexec_fn=None if sys.platform == "win32" else _beginning(os.getpid()),
        )
        self._pipes = self._process.stdout, self._process.stderr
        for pipe in self._pipes:
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)

    def code(self) -> int | None:
        """Its exit code, −n after signal n; None while it runs."""
        return self._process.poll()

    def touched(self) -> int | None:
        """When it last showed progress, in nanoseconds; None where no pass is under way."""
        try:
            return self._progress.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def printed(self) -> tuple[bytes, bytes]:
        """What it has printed since the last call, and what of it as an error."""
        output, errors = ((pipe and pipe.read(_MOST)) or b"" for pipe in self._pipes)
        return output, errors

    def signal(self, number: int) -> None:
        """Send a signal to it and to what it started; Windows ends it."""
        if self.code() is not None:
            return
        if hasattr(os, "killpg"):
            os.killpg(self._process.pid, number)
        else:
            self._process.terminate()

    def kill(self) -> None:
        """End it at once, and wait for that."""
        self.signal(KILL)
        self._process.wait()


def end(children: Sequence[Child], caught: Sequence[int]) -> None:
    """End processes that still run.

    Args:
        children: the processes.
        caught: signals that came: after one they are asked to end first, else ended at once.
    """
    if caught:
        for child in children:
            child.signal(signal.SIGINT)
        until = time.monotonic() + GRACE
        while time.monotonic() < until and any(child.code() is None for child in children):
            time.sleep(LOOK)
    for child in children:
        child.kill()


def _beginning(supervisor: int) -> Callable[[], None]:
    """What a new process is to do first: hear Ctrl-C, and end when its supervisor is killed."""
    # Loaded before the fork, after which another thread may hold the lock that loading takes.
    library = ctypes.CDLL(None) if sys.platform == "linux" else None

    def begin() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # Ray blocks it
        if library is not None:
            library.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != supervisor:  # which was killed before that
            os._exit(1)

    return begin


def free_port(address: str = "127.0.0.1") -> int:
    """A port that no process of this machine uses.

    Args:
        address: the machine's, under which it is reached.
    """
    with socket.socket() as free:
        free.bind((address, 0))
        port: int = free.getsockname()[1]
        return port
