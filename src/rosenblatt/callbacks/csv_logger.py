"""CSVLogger: the metrics of each epoch in a file."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import IO, Any

import numpy as np

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.checks import anything, flag, path
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import Configured, setting
from rosenblatt.core.types import ArrayLike, PathLike


@builtin("keras.callbacks")
class CSVLogger(Callback, Configured):
    """Writes a line of metrics after each epoch.

    Args:
        filename: the file; its folder is made where missing.
        separator: between values.
        append: continue the file instead of starting it again.

    >>> CSVLogger("log.csv", append=True).append
    True
    """

    is_for_main = True

    filename: PathLike = setting(path)
    separator: str = setting(anything, default=",")
    append: bool = setting(flag, default=False)

    def __post_init__(self) -> None:
        """Begin without a file."""
        self.csv_file: IO[str] | None = None
        self.writer: csv.DictWriter[str] | None = None
        self.keys: list[str] | None = None  # the columns after the epoch's
        self.append_header = True  # whether the file still needs its first line

    @property
    def sep(self) -> str:
        """Keras's name of `separator`."""
        return self.separator

    @sep.setter
    def sep(self, value: str) -> None:
        self.separator = value

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start over; the file is opened with the first line."""
        self.csv_file, self.writer, self.keys = None, None, None
        self._size = None if not self.append else -1  # bytes of it to keep: none, or all

    def get_state(self) -> dict[str, Any]:
        """How long the file is."""
        return {"size": Path(self.filename).stat().st_size if self.csv_file is not None else None}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue the file as long as it was; what came after is written again."""
        self._size = state["size"]

    def _open(self, logs: dict[str, Any]) -> None:
        path = Path(self.filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        goes_on = self._size is not None and path.exists() and path.stat().st_size > 0
        if goes_on and self._size != -1:
            os.truncate(path, self._size)  # type: ignore[arg-type]
        self.append_header = not goes_on
        self.keys = self._head_of(path) if goes_on else self._columns(logs)
        self.csv_file = path.open("a" if goes_on else "w", newline="", encoding="utf-8")
        self.writer = csv.DictWriter(
            self.csv_file,
            ["epoch", *self.keys],
            "NA",
            extrasaction="ignore",
            delimiter=self.separator,
        )
        if not goes_on:
            self.writer.writeheader()

    def _head_of(self, path: Path) -> list[str]:
        with path.open(newline="", encoding="utf-8") as file:
            return next(csv.reader(file, delimiter=self.separator), [])[1:]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the epoch's line; it is in the file when this returns."""
        logs = logs or {}
        if self.csv_file is None:
            self._open(logs)
        assert self.csv_file is not None
        assert self.writer is not None
        self.writer.writerow({"epoch": epoch, **{k: _cell(v) for k, v in logs.items()}})
        self.csv_file.flush()

    def _columns(self, logs: dict[str, Any]) -> list[str]:
        names = sorted(logs)
        validated = any(name.startswith("val_") for name in names)
        # An epoch without validation may come first: its columns are kept free.
        if self.params.get("validates") and not validated:
            names += [f"val_{name}" for name in names if name != "learning_rate"]
        return names

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Close the file."""
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = self.writer = None

    def __getstate__(self) -> dict[str, Any]:
        """Without the open file."""
        return {**super().__getstate__(), "csv_file": None, "writer": None}


def _cell(value: ArrayLike) -> Any:
    """A value as Keras writes it: several as a quoted list."""
    return f'"[{", ".join(map(str, np.ravel(value)))}]"' if np.ndim(value) else value
