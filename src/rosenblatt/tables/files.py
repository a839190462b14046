"""Files as tables: which kind a file is, by what is in it, and what reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from rosenblatt.core.errors import BadData, FileRefused, explain, nearest, require
from rosenblatt.tables.content import (
    READ,
    STDIN,
    Content,
    content_of,
    damaged,
    no_rows,
    polars_for,
)
from rosenblatt.tables.csv_files import read_csv
from rosenblatt.tables.frames import read_frame
from rosenblatt.tables.json_files import read_json
from rosenblatt.tables.names import NO_NAMES, listed
from rosenblatt.tables.parquet_pages import negative_count
from rosenblatt.tables.stacking import stacked
from rosenblatt.tables.table import NumberColumn, Table
from rosenblatt.tables.values import column_of

_PACKED = (".gz", ".bz2", ".xz", ".zip", ".zst")
_LARGEST_COUNTED = 1 << 24
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
_PART = re.compile(r"([^=]+)=(.*)")  # a folder that is named after a value: year=2013


@dataclass(frozen=True)
class FileKind:
    """A kind of file that holds a table.

    Args:
        endings: of such files' names.
        read: (polars, content) → the table.
        expected: what such a file is, for messages.
        magic: what such files begin with, whatever they are called.
    """

    endings: tuple[str, ...]
    read: Callable[[ModuleType, Content], Table]
    expected: str
    magic: tuple[bytes, ...] = ()


def _of_frame(read: str) -> Callable[[ModuleType, Content], Table]:
    """A reader by the function of polars with this name."""

    def reader(polars: ModuleType, content: Content) -> Table:
        return read_frame(getattr(polars, read)(content.handle()), content.source)

    return reader


def _read_parquet(polars: ModuleType, content: Content) -> Table:
    # In a larger file a damaged byte hardly ever is one of the few that count something.
    if content.size <= _LARGEST_COUNTED and (said := negative_count(content.read())):
        raise damaged(content.source, f"a negative number of {said}", "a Parquet file")
    return read_frame(polars.read_parquet(content.handle()), content.source)


def _read_excel(polars: ModuleType, content: Content) -> Table:
    """The first sheet with a table of a workbook."""
    fastexcel = require(
        "fastexcel",
        "rosenblatt[tables]",
        f"{content.source}: reading workbooks",
        instead="save the sheet as CSV",
    )
    try:
        sheets = polars.read_excel(content.handle(), sheet_id=0, raise_if_empty=False)
    except fastexcel.FastExcelError as error:
        raise damaged(content.source, str(error), "a workbook of Excel") from error
    filled = [name for name, sheet in sheets.items() if sheet.height]
    if not filled:
        raise no_rows(content.source)
    table = read_frame(sheets[filled[0]], content.source)
    if len(sheets) > 1:
        table.notes.append(f"Of {len(sheets)} sheets {filled[0]!r} is read.")
    return table


_CSV = FileKind(
    (".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".data"),
    lambda polars, content: read_csv(content),
    "lines of as many values as the header",
)
_JSON = FileKind((".json", ".jsonl", ".ndjson"), lambda polars, content: read_json(content), "JSON")
KINDS = (
    FileKind((".parquet", ".pq"), _read_parquet, "a Parquet file", (b"PAR1",)),
    FileKind((".arrow", ".feather", ".ipc"), _of_frame("read_ipc"), "an Arrow file", (b"ARROW1",)),
    FileKind((".arrows",), _of_frame("read_ipc_stream"), "an Arrow stream", (b"\xff" * 4,)),
    FileKind(
        (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
        _read_excel,
        "a workbook of Excel",
        (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"),
    ),
    _JSON,
    _CSV,
)


def read_file(path: Path) -> Table:
    """The table in a file, in a folder of files, or from standard input.

    Args:
        path: of the file or folder; "-" is standard input.

    Raises:
        ImportError: polars, or what it needs for this file, is not installed.
        FileNotFoundError: no such file.
        ValueError: a file of another kind, without rows, or damaged.
    """
    if str(path) != STDIN:
        try:
            if path.is_dir():
                return _read_folder(path)
            if not path.exists():
                raise FileNotFoundError(_no_file(path))
        except PermissionError as error:
            raise FileRefused(f"{path}: the file cannot be read.", given=error.strerror) from error
    return read_content(content_of(path))


def read_content(content: Content) -> Table:
    """The table in the bytes of a file.

    Raises:
        ImportError: polars, or what it needs for this file, is not installed.
        ValueError: bytes of another kind, without rows, or damaged.
    """
    if content.whole and not content.start.strip(b"\xef\xbb\xbf \t\r\n,;|"):
        raise no_rows(content.source)
    polars = polars_for(content.source)
    kind = _kind(content)
    try:
        table = kind.read(polars, content)
    except polars.exceptions.NoDataError as error:
        raise no_rows(content.source) from error
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError) as error:
        raise damaged(content.source, str(error), kind.expected) from error
    table = _without_index(table)
    if not table.rows or not table.columns:
        raise no_rows(content.source)
    notes = [*content.notes, *_said_of_kind(content, kind), *table.notes]
    return replace(table, notes=list(dict.fromkeys(notes)))


def _kind(content: Content) -> FileKind:
    """What a file is: by its first bytes, else by its name, else by what it looks like."""
    for kind in KINDS:
        if content.start.startswith(kind.magic or (b"\0" * 64,)):
            return kind
    for kind in KINDS:
        if content.ending in kind.endings:
            return kind
    bare = content.start.lstrip(b"\xef\xbb\xbf \t\r\n")
    return _JSON if bare[:1] in (b"{", b"[") else _CSV


def _said_of_kind(content: Content, kind: FileKind) -> list[str]:
    others = [other for other in KINDS if other is not kind and content.ending in other.endings]
    if not others:
        return []
    return [f"The file is {kind.expected}, whatever its ending says."]


def _without_index(table: Table) -> Table:
    """A table without the columns that only count the rows, as pandas writes them."""
    left = [name for name in table.names if _PANDAS_INDEX.fullmatch(name)]
    first = table.names[0] if table.names else "-"
    if first in NO_NAMES and isinstance(column := table[first], NumberColumn):
        whole = not column.missing.any() and bool((column.values % 1 == 0).all())
        left += [first] if whole and len(set(column.values.tolist())) == len(column) else []
    if left:
        table.notes.append(f"Column {listed(left)} only counts the rows: it is left out.")
    return table.without(left)


def _read_folder(folder: Path) -> Table:
    """The files of a folder, and of those in it, one below the other, in the order of their names.

    Raises:
        ValueError: no tables, files of several kinds, or of different columns.
    """
    endings = [ending for kind in KINDS for ending in kind.endings]
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
        and _ending(file) in endings
    ]
    kinds = sorted({_ending(file) for file in files})
    if len(kinds) != 1:
        raise BadData(
            f"{folder}: not a folder of parts of one table.",
            given=f"files that end with {', '.join(kinds)}" if kinds else "no table in it",
            expected="files of one kind with the same columns",
        )
    tables = [_with_parts(read_file(file), file.relative_to(folder)) for file in files]
    table = stacked(tables, str(folder))
    said = f"The folder holds {len(files)} file{'s' * (len(files) > 1)}, read in order of name."
    return replace(table, notes=[said, *table.notes])


def _ending(file: Path) -> str:
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _with_parts(table: Table, path: Path) -> Table:
    """A table with a column for each folder above it that is named after a value: year=2013."""
    for part in path.parts[:-1]:
        found = _PART.fullmatch(part)
        if found and found[1] not in table:
            table = table.with_(column_of(found[1], [found[2]] * table.rows, "text"))
    return table


def _no_file(path: Path) -> str:
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    near = nearest(path.name, beside) if beside else ""
    return explain(
        f"{path}: no such file.",
        expected=f"the path of a table: {READ}",
        fix=near if near.startswith("did") else None,
    )
