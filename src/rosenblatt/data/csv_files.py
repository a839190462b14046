"""Files of tables as polars frames: separators, encodings, headers and damage."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rosenblatt.core.errors import FileRefused, explain, needed

if TYPE_CHECKING:
    import polars

_MISSING = ["NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None"]
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_CHARACTER = "\ufffd"  # what stands in a text for bytes that are not UTF-8


@dataclass(frozen=True)
class FileKind:
    """A kind of file that holds a table.

    Args:
        endings: of the files' names.
        read: (polars, path) → the table, and the names that its header holds more than once.
        expected: what such a file is, for messages.
    """

    endings: tuple[str, ...]
    read: Callable[[ModuleType, Path], tuple[polars.DataFrame, list[str]]]
    expected: str


def read_frame(path: Path, kind: FileKind) -> tuple[polars.DataFrame, list[str]]:
    """A file as a polars DataFrame, and the names that its header holds more than once.

    Raises:
        ImportError: polars is not installed.
        ValueError: a damaged or empty file, or one in another encoding.
    """
    with needed(
        f"{path}: reading tables needs polars, which is not installed.",
        '`pip install "rosenblatt[tabular]"`',
    ):
        import polars
    failures = polars.exceptions
    try:
        frame, twice = kind.read(polars, path)
    except failures.NoDataError as error:
        raise FileRefused(no_rows(path)) from error
    except (failures.PolarsError, failures.PanicException, OSError, EOFError, zlib.error) as error:
        raise FileRefused(
            f"{path}: the file is damaged or not what its ending says.",
            given=str(error).partition("\n")[0].rstrip("."),
            expected=kind.expected,
        ) from error
    if frame.height == 0 or frame.width == 0:
        raise FileRefused(no_rows(path))
    return frame, twice


def no_rows(path: Path) -> str:
    """The message for a table without any row."""
    return explain(
        f"{path}: the table is empty.", expected="a header and at least one row of numbers"
    )


def read_csv(polars: ModuleType, path: Path) -> tuple[polars.DataFrame, list[str]]:
    separator = _separator(path)
    names = _header(polars, path, separator)
    options: dict[str, Any] = {"separator": separator, "null_values": _MISSING}
    try:
        frame = polars.read_csv(path, infer_schema_length=None, **options)
    except polars.exceptions.ComputeError as error:
        said = str(error)
        options["encoding"] = "utf8-lossy" if "utf-8" in said else "utf8"
        # A value that is not a number after all: whoever needs the column says so by its name.
        unparsed = "could not parse" in said and "dtype `str`" not in said
        if not unparsed and options["encoding"] == "utf8":
            raise
        frame = polars.read_csv(path, infer_schema=False, **options)
    # A comma at the end of each line, as some programs write it, is no column.
    empty = [n for n, c in zip(names, frame.get_columns(), strict=False) if not n and _blank(c)]
    if empty:
        kept = [c for n, c in zip(names, frame.get_columns(), strict=True) if n or not _blank(c)]
        frame, names = polars.DataFrame(kept), [name for name in names if name]
    return frame, [name for name, times in Counter(names).items() if times > 1]


def _blank(column: polars.Series) -> bool:
    return bool(column.null_count() == len(column))


def _header(polars: ModuleType, path: Path, separator: str) -> list[str]:
    """The names as they stand in the file; polars renames those that stand there twice."""
    first = polars.read_csv(
        path, separator=separator, has_header=False, n_rows=1, infer_schema=False,
        encoding="utf8-lossy",
    )  # fmt: skip
    names = [name or "" for name in (first.row(0) if first.height else ())]
    if any(_NO_CHARACTER in name for name in names):
        raise FileRefused(_not_utf_8(path, "bytes that are not UTF-8 in the header line"))
    return names


def _separator(path: Path) -> str:
    """The separator the header has most of; comma if none."""
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        line = file.readline(1 << 20)
    if line.startswith(_UTF_16):
        raise FileRefused(_not_utf_8(path, "UTF-16"))
    header = line.decode("utf-8", "replace")
    return max(",;\t", key=header.count)


def _not_utf_8(path: Path, given: str) -> str:
    return explain(
        f"{path}: the file is in another encoding.",
        given=given,
        expected="UTF-8",
        fix="save it as UTF-8 (in spreadsheets: “CSV UTF-8”).",
    )
