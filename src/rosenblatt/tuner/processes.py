"""The processes that share a search; each holds a file locked for as long as it lives."""

from __future__ import annotations

import os
import platform
import secrets
from pathlib import Path

from filelock import FileLock, Timeout

from rosenblatt.core.types import PathLike

_FOLDER = "processes"


class Processes:
    """Says which processes run trials of a search; the system frees the file of a killed one.

    Args:
        folder: of the search.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     processes = Processes(folder)
    ...     processes.join()
    ...     seen = Processes(folder).is_alive(processes.name)
    ...     processes.leave()
    ...     seen, Processes(folder).is_alive(processes.name)
    (True, False)
    """

    def __init__(self, folder: PathLike):
        self.name = f"{platform.node() or 'host'}-{os.getpid()}-{secrets.token_hex(3)}"
        self._folder = Path(folder) / _FOLDER
        self._held: FileLock | None = None

    def join(self) -> None:
        """Count this process as alive from now on."""
        if self._held is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._held = FileLock(self._folder / self.name, thread_local=False)
            self._held.acquire()

    def leave(self) -> None:
        """No longer count this process as alive."""
        if self._held is not None:
            self._held.release()
            (self._folder / self.name).unlink(missing_ok=True)
            self._held = None

    def is_alive(self, name: str) -> bool:
        """Whether a process runs trials now; the file of one that was killed is removed."""
        if name == self.name:
            return self._held is not None
        path = self._folder / Path(name).name
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0, thread_local=False):
                pass
        except Timeout:
            return True
        path.unlink(missing_ok=True)
        return False

    def others(self) -> list[str]:
        """The names of the other processes that are alive."""
        if not self._folder.is_dir():
            return []
        names = sorted(path.name for path in self._folder.iterdir())
        return [name for name in names if name != self.name and self.is_alive(name)]
