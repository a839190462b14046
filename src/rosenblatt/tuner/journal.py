"""The journal of a search: one line of JSON for each thing that happened, never changed."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from rosenblatt.core.errors import FileRefused, explain
from rosenblatt.core.types import PathLike

FILE = "journal.jsonl"
LOCK = "journal.lock"
_POLL = 0.002  # seconds between two looks at a lock that another process has
_BINARY = getattr(os, "O_BINARY", 0)  # on Windows
_SYNC = 0.05  # seconds of results that a power cut may take at most


class Journal:
    """A file of events that survives a kill at any moment, and that several processes may write.

    A line that was cut off has no end; what it would have said did not happen.

    Args:
        folder: of the search; made when it is locked.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal, other = Journal(folder), Journal(folder)
    ...     with journal.locked():
    ...         journal.record("trial", trial_id="0")
    ...     list(other.news())
    [{'event': 'trial', 'trial_id': '0'}]
    """

    def __init__(self, folder: PathLike):
        self.folder = Path(folder)
        self.path = self.folder / FILE
        self._lock = FileLock(self.folder / LOCK, thread_local=False, poll_interval=_POLL)
        self._position = 0  # of the first event that was neither read nor written here
        self._lines = 0
        self._synced = 0.0
        self._pending: list[bytes] = []  # lines for which there was no room on the disk

    def exists(self) -> bool:
        """Whether anything was written, or waits to be."""
        return bool(self._pending) or self.path.exists()

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Keep other processes from writing; may be entered within itself.

        Yields:
            Whether it was entered from outside, so that there may be news.
        """
        if self._lock.is_locked:
            yield False
            return
        if not self._position:
            self.folder.mkdir(parents=True, exist_ok=True)
        elif not self.folder.is_dir():
            self._check_size(0)
        with self._lock:
            yield True

    def record(
        self, event: str, *, lasting: bool = True, wait: bool = False, **fields: Any
    ) -> None:
        """Append an event. The journal must be locked, and its news read.

        Args:
            event: its kind.
            lasting: force it to the disk, so that it survives a power cut too; where one was just
                forced there, with the next one.
            wait: write it with the next event, in one piece.
            fields: plain data.
        """
        line = json.dumps({"event": event, **_plain(fields)}, separators=(",", ":")) + "\n"
        self._pending.append(line.encode())
        if not wait:
            self._write(force=lasting and time.monotonic() - self._synced > _SYNC)

    def _write(self, force: bool) -> None:
        """Append what waits: all of it, or nothing, which then waits for the next time."""
        content = b"".join(self._pending)
        create = os.O_CREAT if not self._position else 0
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | create | _BINARY, 0o666)
        try:
            size = os.fstat(file).st_size
            self._check_size(size)
            try:
                if size > self._position:  # a line that was cut off
                    os.ftruncate(file, self._position)
                written = 0
                while written < len(content):
                    written += os.write(file, content[written:])
                if force:
                    os.fsync(file)
                    self._synced = time.monotonic()
            except OSError as error:
                os.ftruncate(file, self._position)
                raise type(error)(error.errno, error.strerror, str(self.path)) from error
        finally:
            os.close(file)
        self._position += len(content)
        self._lines += len(self._pending)
        self._pending.clear()

    def _check_size(self, size: int) -> None:
        if size < self._position:
            raise FileNotFoundError(
                explain(
                    f"{self.path} is gone, or shorter than it was.",
                    given=f"{size} bytes",
                    expected=f"{self._position} bytes, which this search has read or written",
                    fix="make the tuner again: it reads what is on disk.",
                )
            )

    def sync(self) -> None:
        """Force everything to the disk."""
        if self.exists():
            self._write(force=True)

    def news(self) -> Iterator[dict[str, Any]]:
        """The events that were neither read nor written here yet, in their order.

        Raises:
            ValueError: a line that is no event.
            FileNotFoundError: the journal was removed meanwhile.
        """
        size = self.path.stat().st_size if self.path.exists() else 0
        self._check_size(size)
        if size == self._position:
            return
        with self.path.open("rb") as file:
            file.seek(self._position)
            lines = file.read().split(b"\n")[:-1]  # the last one has no end: cut off
        for line in lines:
            self._position += len(line) + 1
            self._lines += 1
            try:
                yield json.loads(line)
            except ValueError as error:
                raise FileRefused(
                    f"Line {self._lines} of {self.path} is damaged.",
                    given=line[:80].decode(errors="replace"),
                    fix="remove the line, or start over with `overwrite=True`.",
                ) from error


def _plain(value: Any) -> Any:
    """Plain data that JSON can hold: NaN and infinities as text, arrays of no axes as numbers."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
