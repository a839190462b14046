"""The folder of a training run: model, history, picture and facts; written and found again."""

from __future__ import annotations

import csv
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rosenblatt.callbacks.history import History
from rosenblatt.core.errors import BadArgument, require
from rosenblatt.core.files import replacing
from rosenblatt.models.model import Model
from rosenblatt.plots.curves import learning_curves
from rosenblatt.plots.figures import import_pyplot, save_figure
from rosenblatt.serving.columns import print_table, records
from rosenblatt.serving.runs import METRICS, MODEL

HISTORY = "history.csv"
CURVES = "learning_curves.png"


def make_folder(out: Path) -> None:
    """Make the folder for the results before anything is trained for it.

    Raises:
        ValueError: a file is in its place, or nothing may be written there.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise BadArgument(
            f"--out {out}: a file is in the way.",
            expected="a folder, new or existing",
            fix="name another folder, or move the file.",
        ) from error
    if not os.access(out, os.W_OK):
        raise BadArgument(
            f"--out {out}: nothing may be written into this folder.", fix="name another."
        )


def begin_imports() -> None:
    """Import what `write_results` draws with in another thread, while a network trains."""

    def draws() -> None:
        with suppress(ImportError):  # said where it is needed
            import_pyplot()

    threading.Thread(target=draws).start()


def write_results(out: Path, model: Model, history: History, facts: Mapping[str, Any]) -> None:
    """Write the four files of a run, each whole or not at all."""
    model.save(out / MODEL)
    curves: Mapping[str, Sequence[float]] = history.history
    with replacing(out / HISTORY) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *curves])
        for epoch, *row in zip(history.epoch, *curves.values(), strict=True):
            writer.writerow([epoch + 1, *(float(value) for value in row)])
    save_figure(learning_curves(history), out / CURVES)
    write_facts(out, facts)


def write_facts(out: Path, facts: Mapping[str, Any]) -> None:
    """Write what is known of a run, whole or not at all."""
    with replacing(out / METRICS) as part:
        part.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def write_table(out: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write columns into a file, whole or not at all: CSV, Parquet or JSON by its ending.

    Raises:
        ValueError: another ending, or not a place for a file.
        ImportError: Parquet without polars.
    """
    ending = out.suffix.lower()
    if ending not in _WRITERS:
        raise BadArgument(
            f"--out {out}: the ending says no kind of table.",
            given=repr(out.suffix),
            expected=", ".join(filter(None, _WRITERS)),
        )
    try:
        with replacing(out) as part:
            _WRITERS[ending](part, columns)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise BadArgument(
            f"--out {out}: not a place for a file.",
            expected="the path of a file, in a folder that exists",
        ) from error


def _write_csv(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        print_table(file, columns)


def _write_parquet(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    polars = require("polars", "rosenblatt[tables]", "Parquet files")
    polars.DataFrame({name: list(values) for name, values in columns.items()}).write_parquet(path)


def _write_json(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    path.write_text(json.dumps([*records(columns)], indent=1, ensure_ascii=False) + "\n", "utf-8")


def _write_lines(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records(columns))
    path.write_text("".join(lines), "utf-8")


_WRITERS: dict[str, Callable[[Path, Mapping[str, Sequence[Any]]], None]] = {
    "": _write_csv, ".csv": _write_csv, ".txt": _write_csv, ".parquet": _write_parquet,
    ".json": _write_json, ".jsonl": _write_lines, ".ndjson": _write_lines,
}  # fmt: skip
