"""The `.keras` archive: a zip file with `metadata.json`, `config.json` and `model.weights.h5`.

Members are read by these names alone, into memory, after their declared sizes have been checked.
"""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from rosenblatt.core.errors import FileRefused
from rosenblatt.core.types import Config
from rosenblatt.saving.config_text import read_json, shorten
from rosenblatt.saving.file_kinds import AGAIN, UNTRUSTED, what_is
from rosenblatt.saving.hdf5_write import WeightsWriter

_CHUNK = 1 << 24


class FilePart(io.RawIOBase):
    """A part of a binary file, read or written in any order.

    Args:
        file: the file; closing the part closes it.
        start: where the part begins.
        size: how long it is; None where it is written now, to the end of the file.

    >>> part = FilePart(io.BytesIO(b"abcdef"), 2, 3)
    >>> part.read(), part.seek(1), part.read(9)
    (b'cde', 1, b'de')
    """

    def __init__(self, file: BinaryIO, start: int, size: int | None = None):
        self._file = file
        self._start = start
        self._size = size
        self._place = 0

    def __len__(self) -> int:
        if self._size is not None:
            return self._size
        return self._file.seek(0, os.SEEK_END) - self._start

    def readable(self) -> bool:
        """It is."""
        return True

    def writable(self) -> bool:
        """Where its size is open."""
        return self._size is None

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the part."""
        base = len(self) if whence == io.SEEK_END else self._place if whence == io.SEEK_CUR else 0
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """The place in the part."""
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Read from that place on, not beyond the part's end."""
        view = memoryview(buffer).cast("B")
        view = view[: max(0, len(self) - self._place)]
        self._file.seek(self._start + self._place)
        count = self._file.readinto(view) or 0  # type: ignore[attr-defined]
        self._place += count
        return count

    def write(self, data: Any) -> int:
        """Write to that place."""
        self._file.seek(self._start + self._place)
        count = self._file.write(data)
        self._place += count
        return count

    def truncate(self, size: int | None = None) -> int:
        """End the part here, or at a size."""
        end = self._place if size is None else size
        self._file.truncate(self._start + end)
        return end

    def flush(self) -> None:
        """Pass on what is written."""
        if not self._file.closed:
            self._file.flush()

    def checksum(self) -> tuple[int, int]:
        """CRC-32 and length of the part."""
        found, size = 0, len(self)
        left = size
        self._file.seek(self._start)
        while left and (chunk := self._file.read(min(_CHUNK, left))):
            found = zlib.crc32(chunk, found)
            left -= len(chunk)
        return found, size

    def close(self) -> None:
        """Close the file where it was read; one that is written stays open."""
        if self._size is not None and not self.closed:
            self._file.close()
        super().close()


METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
KERAS_FILE = (
    f"a `.keras` file: a zip archive with {METADATA}, {CONFIG} and {WEIGHTS}, as "
    "`model.save('model.keras')` writes it"
)
_MAX_JSON = 1 << 26
_SMALL_JSON = 1 << 20
# A member larger than this must not expand more than this many times: weights hardly compress.
_SMALL = 1 << 28
# Members from this size on are read in pieces.
_LARGE = 1 << 26
_EXPANSION = 100
# What the zip library raises on damaged archives.
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError,
    ValueError, KeyError,
)  # fmt: skip


def write_archive(
    file: BinaryIO,
    metadata: Config,
    config: Config,
    weights: WeightsWriter,
    assets: Mapping[str, bytes],
) -> None:
    """Write the members: uncompressed as Keras does, or compressed where the weights are.

    Args:
        file: a binary file, to read and write.
        metadata, config: plain data.
        weights: what the HDF5 file is to hold.
        assets: content of further members by name.
    """
    method = zipfile.ZIP_DEFLATED if weights.packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", method) as archive:
        _write_member(archive, file, METADATA, json.dumps(metadata).encode())
        _write_member(archive, file, CONFIG, json.dumps(config).encode())
        if weights.is_large:
            _write_in_place(archive, file, WEIGHTS, weights)
        else:
            _write_member(archive, file, WEIGHTS, weights.content())
        for name, content in assets.items():
            _write_member(archive, file, name, content)


def _write_member(
    archive: zipfile.ZipFile, file: BinaryIO, name: str, content: bytes | bytearray
) -> None:
    """What `archive.writestr` does, without going back in the file for the checksum."""
    if archive.compression != zipfile.ZIP_STORED or len(content) > _LARGE:
        archive.writestr(name, content)
        return
    info = zipfile.ZipInfo(name, time.localtime()[:6])
    info.external_attr = 0o600 << 16
    info.CRC, info.file_size, info.compress_size = zlib.crc32(content), len(content), len(content)
    info.header_offset = file.tell()
    file.write(info.FileHeader(zip64=False))
    file.write(content)
    _note(archive, info, file.tell())


def _note(archive: zipfile.ZipFile, info: zipfile.ZipInfo, end: int) -> None:
    """Add a written member to the archive's directory, which begins at its end."""
    archive.filelist.append(info)
    archive.NameToInfo[info.filename] = info
    archive.start_dir = end


def _write_in_place(
    archive: zipfile.ZipFile, file: BinaryIO, name: str, weights: WeightsWriter
) -> None:
    """Write a large member where it belongs, without a copy in memory; HDF5 goes back and forth."""
    info = zipfile.ZipInfo(name, time.localtime()[:6])
    file.seek(archive.start_dir)
    info.header_offset = file.tell()
    info.CRC = info.file_size = info.compress_size = 0  # known afterwards
    file.write(info.FileHeader(zip64=True))
    part = FilePart(file, file.tell())
    weights.write(part)  # type: ignore[arg-type]
    info.CRC, info.file_size = part.checksum()
    info.compress_size = info.file_size
    file.seek(info.header_offset)
    file.write(info.FileHeader(zip64=True))
    _note(archive, info, file.seek(0, os.SEEK_END))


@contextmanager
def open_archive(path: str) -> Iterator[zipfile.ZipFile]:
    """Open a `.keras` file.

    Raises:
        FileRefused: it is something else, or damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
    except UNREADABLE as error:
        raise not_a_keras_file(path) from error
    with archive:
        yield archive


def not_a_keras_file(path: str, found: str | None = None) -> FileRefused:
    """The error for a file that is not a `.keras` file: what it is, and what was expected."""
    kind, fix = what_is(path)
    return FileRefused(
        f"{path!r} is not a `.keras` file.",
        given=found or kind,
        expected=KERAS_FILE,
        fix=fix,
    )


def read_config(archive: zipfile.ZipFile, path: str) -> Config:
    """The model's config.

    Raises:
        FileRefused: the archive has none, or it is damaged, too large or no JSON object.
    """
    place = f"{path!r}: {CONFIG}"
    config = read_json(read_member(archive, CONFIG, path, _MAX_JSON), place)
    if "class_name" not in config:
        raise FileRefused(
            f"{place} does not describe a model.",
            given=shorten(config),
            expected="an object with `class_name` and `config`",
        )
    return config


def read_metadata(archive: zipfile.ZipFile, path: str) -> Config:
    """Versions and the like; empty where the archive has none that can be read."""
    if METADATA not in archive.namelist():
        return {}
    try:
        found = json.loads(read_member(archive, METADATA, path, _SMALL_JSON))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def open_member(archive: zipfile.ZipFile, path: str) -> BinaryIO:
    """The archive's weights file, to be read; a large one stays on the disk.

    Raises:
        FileRefused: as `read_member`.
    """
    info = find_member(archive, WEIGHTS, path)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size < _LARGE:
        return io.BytesIO(b"".join(_chunks(archive, info, path)))
    for _ in _chunks(archive, info, path):  # whether all of it is as it was written
        pass
    return FilePart(open(path, "rb"), _start(path, info), info.file_size)  # type: ignore[return-value]


def read_member(archive: zipfile.ZipFile, name: str, path: str, limit: int | None = None) -> bytes:
    """Read a member whole, once its declared size has been checked.

    Args:
        archive: the open archive.
        name: the member's name.
        path: the archive's path, for messages.
        limit: the most bytes it may have; None where only the rate of expansion is limited.

    Raises:
        FileRefused: missing, there twice, encrypted, too large, or damaged.
    """
    return b"".join(_chunks(archive, find_member(archive, name, path, limit), path))


def find_member(
    archive: zipfile.ZipFile, name: str, path: str, limit: int | None = None
) -> zipfile.ZipInfo:
    """A member whose declared size has been checked; arguments as in `read_member`."""
    infos = [info for info in archive.infolist() if info.filename == name]
    if not infos:
        names = sorted(info.filename for info in archive.infolist()[:10])
        raise not_a_keras_file(path, f"a zip archive without {name}; it holds {names}")
    info = infos[0]
    small = _SMALL if limit is None else _SMALL_JSON
    reason = None
    if len(infos) > 1:
        reason = "it is in the archive more than once"
    elif info.flag_bits & 1:
        reason = "it is encrypted"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        reason = f"its compression method is {info.compress_type}"
    elif limit is not None and info.file_size > limit:
        reason = f"it declares {info.file_size:,} bytes, and {limit:,} are allowed"
    elif info.compress_size > os.path.getsize(path):
        reason = f"it declares more bytes than the archive has, {info.compress_size:,}"
    elif info.file_size > max(small, _EXPANSION * info.compress_size):
        reason = f"{info.compress_size:,} bytes would expand to {info.file_size:,}"
    if reason:
        raise FileRefused(
            f"{path!r}: {name} is refused: {reason}.",
            fix=UNTRUSTED,
        )
    return info


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> Iterator[bytes]:
    """A member's content, piece by piece; its checksum is compared at the end."""
    try:
        with archive.open(info) as file:
            while chunk := file.read(_LARGE):
                yield chunk
    except UNREADABLE as error:
        raise FileRefused(
            f"{path!r} is damaged: {info.filename} cannot be read.",
            given=shorten(error),
            fix=AGAIN,
        ) from error


def _start(path: str, info: zipfile.ZipInfo) -> int:
    """Where the content of a member begins in the archive, behind its local header."""
    with open(path, "rb") as file:
        file.seek(info.header_offset + 26)
        lengths = file.read(4)
    return (
        info.header_offset + 30 + sum(int.from_bytes(lengths[i : i + 2], "little") for i in (0, 2))
    )
