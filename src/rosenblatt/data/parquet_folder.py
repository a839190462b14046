"""Parquet files as their footers tell of them: columns, row groups, and what these hold."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import BadData, FileRefused, MissingFile, nearest, require
from rosenblatt.core.types import PathLike

_ENDINGS = (".parquet", ".pq")
_TAIL = 8  # bytes: the length of a footer, and four letters

# A file, a table and a row group's footer of pyarrow, which need not be installed.
ArrowTable = Any
_ParquetFile = Any
_Footer = Any


@dataclass(frozen=True)
class RowGroup:
    """A row group of a folder's files.

    Attributes:
        file: number of the file it is in.
        number: its own, in that file.
        rows: how many it has.
    """

    file: int
    number: int
    rows: int


class ParquetFolder:
    """The Parquet files of a folder, read only as far as somebody asks.

    Args:
        files: a folder, a file, or several files.

    Attributes:
        path: the folder, or the first of several files.
        files: their paths, in the order of their names.
        names: these, as paths within the folder.
        columns: names of the columns to the type each has in the first file, as pyarrow says it.
        groups: the row groups that have a row, in order.
        rows: how many there are in all.
        nbytes: of all columns, unpacked.
        digest: of the files' names and footers: what changes when a file is written again.
        reads: row groups that were read so far.

    Raises:
        MissingPackage: pyarrow is not installed.
        ValueError: no such files, one that is damaged, or one with other columns.
    """

    def __init__(self, files: PathLike | Sequence[PathLike]):
        self._arrow = require("pyarrow", "rosenblatt[parquet]", "Parquet files")
        self._parquet = require("pyarrow.parquet", "rosenblatt[parquet]", "Parquet files")
        found = _found(files)
        self.files = [path for path, _ in found]
        self.path = self.files[0] if isinstance(files, (list, tuple)) else Path(files)  # type: ignore[arg-type]
        self.names = [name for _, name in found]
        self.columns: dict[str, str] = {}
        self.groups: list[RowGroup] = []
        self.nbytes = 0
        self.reads = 0
        self._footers: list[_Footer] = []
        self._stamps: list[tuple[int, int]] = []
        self._digests: list[str] = []
        for number, path in enumerate(self.files):
            stamp, footer = self._read_footer(path)
            told = f"{stamp[0]}\n".encode() + _footer_bytes(path, stamp[0])
            self._digests.append(hashlib.blake2b(told, digest_size=16).hexdigest())
            self._footers.append(footer)
            self._stamps.append(stamp)
            self._check_columns(number, footer)
            for place in range(footer.num_row_groups):
                rows = footer.row_group(place).num_rows
                self.nbytes += footer.row_group(place).total_byte_size
                if rows:
                    self.groups.append(RowGroup(number, place, rows))
        self.rows = sum(group.rows for group in self.groups)
        named = repr(list(zip(self.names, self._digests, strict=True)))
        self.digest = hashlib.blake2b(named.encode(), digest_size=16).hexdigest()

    def name_of(self, group: RowGroup) -> str:
        """A row group's name in messages."""
        return f"{self.files[group.file]}, row group {group.number}"

    def read(self, group: RowGroup, columns: Sequence[str]) -> ArrowTable:
        """The rows of a row group.

        Args:
            group: which.
            columns: names of those that are read, in this order.

        Raises:
            ValueError: the file is damaged, or was rewritten since its footer was read.
        """
        try:
            with self._opened(group.file) as file:
                table = file.read_row_group(group.number, list(columns), use_threads=False)
        except (OSError, ValueError) as error:
            if isinstance(error, FileRefused):
                raise
            raise FileRefused(
                f"{self.name_of(group)}: it cannot be read.",
                given=_first_line(error),
                fix="write the file again, or take it out of the folder.",
            ) from error
        self.reads += 1
        return table.select(list(columns))

    def nothing(self, file: int, columns: Sequence[str]) -> ArrowTable:
        """A table of the columns of a file without rows."""
        schema = self._footers[file].schema.to_arrow_schema()
        return schema.empty_table().select(list(columns))

    def digest_of(self, file: int) -> str:
        """What changes when a file is written again."""
        return self._digests[file]

    def require(self, columns: Sequence[str]) -> None:
        """Refuse names that no column has.

        Raises:
            ValueError: naming the first of them.
        """
        for name in columns:
            if name not in self.columns:
                raise BadData(
                    f"{self.files[0]}: there is no column {name!r}.",
                    given="columns " + ", ".join(self.columns),
                    fix=nearest(name, self.columns),
                )

    def joined(self, tables: Sequence[ArrowTable]) -> ArrowTable:
        """Tables below each other."""
        return self._arrow.concat_tables(tables, promote_options="permissive")

    def ranges(self, column: str) -> Iterator[tuple[float, float]]:
        """The smallest and the largest value of a column in each row group that says so."""
        for group in self.groups:
            footer = self._footers[group.file].row_group(group.number)
            for place in range(footer.num_columns):
                chunk = footer.column(place)
                found = chunk.statistics if chunk.path_in_schema == column else None
                if found is not None and found.has_min_max:
                    try:
                        yield float(found.min), float(found.max)
                    except (TypeError, ValueError):  # words, dates
                        return

    def _opened(self, number: int) -> _ParquetFile:
        """A file for one read: one that stays open keeps the bytes that were read last."""
        path = self.files[number]
        if _stamp(path) != self._stamps[number]:
            raise FileRefused(
                f"{path}: it was rewritten since training began.",
                fix="start again with the files as they are now.",
            )
        return self._parquet.ParquetFile(path, metadata=self._footers[number])

    def _read_footer(self, path: Path) -> tuple[tuple[int, int], _Footer]:
        try:
            return _stamp(path), self._parquet.read_metadata(path)
        except (OSError, ValueError) as error:
            empty = path.is_file() and path.stat().st_size == 0
            raise FileRefused(
                f"{path}: no Parquet file, or a damaged one.",
                given="an empty file" if empty else _first_line(error),
                expected="a whole Parquet file",
                fix="write it again, or take it out of the folder.",
            ) from error

    def _check_columns(self, number: int, footer: _Footer) -> None:
        schema = footer.schema.to_arrow_schema()
        columns = {name: str(schema.field(name).type) for name in dict.fromkeys(schema.names)}
        if not self.columns:
            self.columns = columns
            return
        path, first = self.files[number], self.files[0]
        for name, where, lacks in (
            *((name, first, path) for name in self.columns if name not in columns),
            *((name, path, first) for name in columns if name not in self.columns),
        ):
            raise BadData(
                f"{lacks}: column {name!r} is missing, which {where} has.",
                given="columns " + ", ".join(columns if lacks is path else self.columns),
                expected="the same columns in each file",
                fix=nearest(name, columns if lacks is path else self.columns),
            )
        for name, kind in columns.items():
            if _family(kind) != _family(self.columns[name]):
                raise BadData(
                    f"{path}: column {name!r} is of another kind than in {first}.",
                    given=kind,
                    expected=self.columns[name],
                    fix="write the column in one type in each file.",
                )


def holds_numbers(kind: str) -> bool:
    """Whether a type of pyarrow's, as text, is one of numbers or booleans.

    >>> holds_numbers("int64"), holds_numbers("double"), holds_numbers("string")
    (True, True, False)
    """
    return kind.startswith(("int", "uint", "float", "double", "halffloat", "bool"))


def _family(kind: str) -> str:
    """What types of pyarrow's, as text, have in common that can stand below each other.

    >>> _family("int64") == _family("double"), _family("string") == _family("large_string")
    (True, True)
    >>> _family("timestamp[us]") == _family("timestamp[ns]"), _family("date32[day]")
    (True, 'date32[day]')
    """
    if holds_numbers(kind):
        return "numbers"
    if kind.startswith("dictionary<values="):
        kind = kind[len("dictionary<values=") :].partition(",")[0]
    if kind in ("string", "large_string", "string_view"):
        return "words"
    return re.sub(r"^(timestamp|time64|duration)\[\w+", r"\1[", kind)


def _found(files: PathLike | Sequence[PathLike]) -> list[tuple[Path, str]]:
    """The files, each with its name within the folder, in the order of the names."""
    if isinstance(files, (list, tuple)):
        listed = [Path(file) for file in files]
        found = [(path, path.name) for path in listed]
    else:
        folder = Path(files)  # type: ignore[arg-type]
        if not folder.is_dir():
            found = [(folder, folder.name)]
        else:
            names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
            found = [(folder / name, name) for name in names if _is_one(folder, name)]
            if not found:
                raise MissingFile(
                    f"{folder}: no Parquet file in this folder.",
                    expected=f"files that end in {' or '.join(_ENDINGS)}",
                )
    if not found:
        raise BadData("No Parquet file was given.", expected="a folder, a file, or some files")
    for path, _ in found:
        if not path.is_file():
            raise MissingFile(f"{path}: no such file or folder.")
    return found


def _is_one(folder: Path, name: str) -> bool:
    """Whether a file holds rows: names that begin with a dot or a line are others' own."""
    hidden = any(part.startswith((".", "_")) for part in name.split("/"))
    return not hidden and name.lower().endswith(_ENDINGS) and (folder / name).is_file()


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is rewritten: its size, and when it changed."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _footer_bytes(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(size - _TAIL)
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, size - _TAIL - length))
        return file.read()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
