"""Fits as lines of JSON in a file that only grows, so that a run that was cut can be resumed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Key = tuple[str, str, int]  # table, model, seed


@dataclass(frozen=True)
class Record:
    """One fit: what was fitted, by what, what came of it and what it cost.

    `loaded` says that others used the machine, so that the times mean nothing; `cut` why there are
    no scores. Seconds of `fit` include compiling and tuning, not imports and not reading the file;
    `process_seconds` are those of the whole process.
    """

    table: str
    model: str
    seed: int
    version: str
    task: str
    threads: int
    loaded: bool
    cut: str = ""
    val: dict[str, float] = field(default_factory=dict)
    test: dict[str, float] = field(default_factory=dict)
    fit_seconds: float | None = None
    cpu_seconds: float | None = None
    process_seconds: float | None = None
    predict_seconds: float | None = None
    predict_rows: int | None = None
    peak_bytes: int | None = None
    load: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What it is a fit of."""
        return self.table, self.model, self.seed


def append(path: Path, record: Record) -> None:
    """Add a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(dataclasses.asdict(record)) + "\n")


def read(path: Path) -> list[Record]:
    """All records; a last line that was cut short is left out."""
    if not path.exists():
        return []
    names = {one.name for one in dataclasses.fields(Record)}
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            content = json.loads(line)
        except json.JSONDecodeError:
            continue
        found.append(Record(**{name: content[name] for name in names & set(content)}))
    return found


def newest(records: Iterable[Record]) -> dict[Key, Record]:
    """Of each fit the last record, timed ones before those of a loaded machine."""
    found: dict[Key, Record] = {}
    for record in records:
        before = found.get(record.key)
        if before is None or before.loaded or not record.loaded:
            found[record.key] = record
    return found
