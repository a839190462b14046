"""The bytes of a file, unpacked where they are packed, and what they are by their first ones."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import IO

from rosenblatt.core.errors import BadData, FileRefused, require

STDIN = "-"
SAMPLE = 1 << 18  # bytes that are looked at to find out what a file is
READ = (
    "CSV, Parquet, Arrow or Feather, JSON, JSON lines or Excel; plain or packed (.gz, .bz2, .xz, "
    ".zip, .zst)"
)
_CHUNK = 1 << 22
_ZIP = b"PK\x03\x04"
_ZSTD = b"\x28\xb5\x2f\xfd"
_PACKED: dict[bytes, Callable[[IO[bytes]], io.BufferedIOBase]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
_PACKED_ENDINGS = (".gz", ".gzip", ".bz2", ".xz", ".zip", ".zst")


@dataclass(frozen=True)
class Content:
    """What is in a file.

    Args:
        source: the path, for messages.
        name: the file's name, without the ending of a packer.
        start: its first bytes.
        path: where it is; None where `data` has it.
        data: all of it, where there is no path: it was unpacked or came from a pipe.
        notes: what was found, for the user.
    """

    source: str
    name: str
    start: bytes
    path: Path | None = None
    data: bytes = b""
    notes: tuple[str, ...] = ()

    @property
    def ending(self) -> str:
        """The ending of the name, in lower case."""
        return os.path.splitext(self.name)[1].lower()

    @property
    def whole(self) -> bool:
        """Whether `start` is all there is."""
        return len(self.start) < SAMPLE

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self.data) if self.path is None else self.path.stat().st_size

    def handle(self) -> Path | bytes:
        """What a library reads it from: the path, or the bytes."""
        return self.data if self.path is None else self.path

    def read(self) -> bytes:
        """All bytes."""
        return self.data if self.path is None else self.path.read_bytes()


def content_of(path: Path) -> Content:
    """What is in a file, or comes from standard input where the path is "-".

    Raises:
        ValueError: it cannot be read or unpacked, or it holds several files.
    """
    if str(path) == STDIN:
        return content_of_stream(sys.stdin.buffer, "standard input")
    try:
        with path.open("rb") as file:
            content = Content(str(path), path.name, file.read(SAMPLE), path=path)
    except OSError as error:
        raise _unreadable(str(path), error) from error
    return _unpacked(content)


def content_of_stream(stream: IO[bytes] | IO[str], source: str) -> Content:
    """What is left to read of an open file, or of standard input.

    Args:
        stream: of bytes or of text.
        source: what to call it in messages.

    Raises:
        ValueError: it cannot be read or unpacked, or it holds several files.
    """
    name = getattr(stream, "name", "")
    try:
        read = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(source, error) from error
    data = read.encode() if isinstance(read, str) else bytes(read)
    named = os.path.basename(name) if isinstance(name, str) else ""
    return _unpacked(Content(source, named, data[:SAMPLE], data=data))


def _unreadable(source: str, error: Exception) -> FileRefused:
    given = getattr(error, "strerror", None) or str(error)
    as_text = isinstance(error, UnicodeDecodeError)
    fix = "open it for bytes, `open(path, 'rb')`: what it holds is then found." if as_text else None
    return FileRefused(f"{source}: the file cannot be read.", given=given, fix=fix)


def _unpacked(content: Content) -> Content:
    """What is inside, where a file is packed; polars unpacks Zstandard itself."""
    start = content.start
    unpack = next((made for magic, made in _PACKED.items() if start.startswith(magic)), None)
    if start.startswith(_ZSTD):
        return _unpacked_by_polars(content)
    try:
        if start.startswith(_ZIP):
            return _unzipped(content)
        if unpack is not None:
            with _opened(content) as file, unpack(file) as inside:
                return _read_all(content, inside, _bare(content.name))
    except _DAMAGED as error:
        raise damaged(content.source, str(error), "a packed file that is whole") from error
    except MemoryError as error:
        raise damaged(content.source, "more than fits into memory", "a smaller file") from error
    if content.ending in _PACKED_ENDINGS and content.start:
        given = f"bytes that are not {content.ending[1:]}"
        raise damaged(content.source, given, "a packed file that is whole")
    return content


def damaged(source: str, given: str, expected: str) -> FileRefused:
    """The error for a file that is not what it should be."""
    return FileRefused(
        f"{source}: the file is damaged or not what its ending says.",
        given=given.partition("\n")[0].rstrip("."),
        expected=expected,
    )


def no_rows(source: str) -> FileRefused:
    """The error for a table without any row."""
    return FileRefused(f"{source}: the table is empty.", expected="a header and at least one row")


def _opened(content: Content) -> IO[bytes]:
    return io.BytesIO(content.data) if content.path is None else content.path.open("rb")


def _bare(name: str) -> str:
    stem, ending = os.path.splitext(name)
    return stem if ending.lower() in _PACKED_ENDINGS else name


def _read_all(content: Content, file: io.BufferedIOBase | IO[bytes], name: str) -> Content:
    """All that a stream holds, as long as that fits into memory."""
    most = memory() // 2
    whole = io.BytesIO()
    while part := file.read(_CHUNK):
        if whole.write(part) and whole.tell() > most:
            raise MemoryError
    data = whole.getvalue()
    return replace(content, name=name, start=data[:SAMPLE], path=None, data=data)


def memory() -> int:
    """The memory of this computer, in bytes."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on this system
        return 1 << 34


def _unzipped(content: Content) -> Content:
    with _opened(content) as file, zipfile.ZipFile(file) as archive:
        names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        if "xl/workbook.xml" in names or "[Content_Types].xml" in names:
            return content  # a workbook
        tables = [n for n in names if not n.startswith(("__MACOSX/", ".")) and "/." not in n]
        if len(tables) != 1:
            raise BadData(
                f"{content.source}: not one table but {len(tables)} files.",
                given=", ".join(tables[:5]) or "an empty archive",
                expected="an archive of one file",
                fix="unpack it and give the file, or the folder if they are parts of one table.",
            )
        try:
            with archive.open(tables[0]) as inside:
                found = _read_all(content, inside, os.path.basename(tables[0]))
        except (RuntimeError, NotImplementedError) as error:  # a password, a rare method
            raise damaged(content.source, str(error), "an archive without a password") from error
    return replace(found, notes=(*content.notes, f"{tables[0]!r} in the archive is read."))


def _unpacked_by_polars(content: Content) -> Content:
    """Lines of text that are packed by Zstandard, which older Pythons do not know."""
    polars = polars_for(content.source)
    try:
        lines = polars.read_lines(content.handle())
        text = io.BytesIO()
        lines.write_csv(text, include_header=False, quote_style="never")
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError) as error:
        raise damaged(content.source, str(error), "a packed file of lines of text") from error
    return _read_all(content, io.BytesIO(text.getvalue()), _bare(content.name))


def polars_for(source: str) -> ModuleType:
    """polars, which reads files of tables.

    Raises:
        ImportError: it is not installed.
    """
    return require("polars", "rosenblatt[tables]", f"{source}: reading tables")
