"""The journal of a search: one line of JSON for each thing that happened, never changed."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import explain

FILE = "journal.jsonl"


class Journal:
    """A file of events that survives a kill at any moment.

    A line that was cut off has no end; it is dropped when the file is opened again. What it would
    have said had not happened yet.

    Args:
        folder: of the search; made when the first event is recorded.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(folder)
    ...     journal.record("trial", trial_id="0")
    ...     list(Journal(folder).read())
    [{'event': 'trial', 'trial_id': '0'}]
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self.path = Path(folder) / FILE
        self._ready = False
        self._lock = threading.Lock()

    def exists(self) -> bool:
        """Whether there is anything to read."""
        return self.path.exists()

    def record(self, event: str, *, lasting: bool = True, **fields: Any) -> None:
        """Append an event.

        Args:
            event: its kind.
            lasting: force it to the disk, so that it survives a power cut too.
            fields: plain data.
        """
        line = json.dumps({"event": event, **_plain(fields)}, separators=(",", ":")) + "\n"
        with self._lock:
            if not self._ready:
                self._prepare()
            with self.path.open("ab") as file:
                file.write(line.encode())
                file.flush()
                if lasting:
                    os.fsync(file.fileno())

    def read(self) -> Iterator[dict[str, Any]]:
        """The events, in their order.

        Raises:
            ValueError: a line in the middle that is no event.
        """
        if not self.exists():
            return
        lines = self.path.read_bytes().split(b"\n")[:-1]  # the last one has no end: cut off
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(
                    explain(
                        f"Line {number} of {self.path} is damaged.",
                        given=line[:80].decode(errors="replace"),
                        fix="remove the line, or start anew with `overwrite=True`.",
                    )
                ) from error

    def _prepare(self) -> None:
        """Make the folder, and drop a line that was cut off."""
        self._ready = True
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.exists():
            content = self.path.read_bytes()
            os.truncate(self.path, content.rfind(b"\n") + 1)


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
