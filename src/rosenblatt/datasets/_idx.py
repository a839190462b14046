"""A strict reader of IDX files, the format of MNIST and its kin.

An IDX file of bytes is: two zero bytes, type code 8, the number of dimensions, each dimension as
a big-endian 32-bit number, then the elements. Size and contents are known beforehand here, so
nothing that a file says about itself decides how much is read.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rosenblatt.core.errors import FileRefused


@dataclass(frozen=True)
class IdxFile:
    """What is known of one file: its name without ".gz", its shape, the md5 of its bytes."""

    name: str
    shape: tuple[int, ...]
    md5: str

    @property
    def header(self) -> bytes:
        """The bytes before the elements."""
        return bytes((0, 0, 8, len(self.shape))) + struct.pack(f">{len(self.shape)}I", *self.shape)

    @property
    def size(self) -> int:
        """Bytes of the uncompressed file."""
        return len(self.header) + math.prod(self.shape)


def read_idx(path: str | os.PathLike[str], file: IdxFile) -> np.ndarray:
    """Read one file, gzipped where its name ends in ".gz", and check every byte of it.

    Args:
        path: where it is.
        file: what it must be.

    Returns:
        uint8 array of `file.shape`, writable.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not that file: damaged, truncated, too long, or another one.
    """
    path = Path(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            data = stream.read(file.size + 1)  # one more, to see that the file ends there
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _refused(path, "is not a whole gzip file", error, f"{file.name}, gzipped") from error
    _check(path, data, file)
    pixels = np.frombuffer(bytearray(data), np.uint8, offset=len(file.header))
    return pixels.reshape(file.shape)


def check_md5(path: Path, array: np.ndarray, file: IdxFile) -> None:
    """Check that `array` (uint8) holds what `file` does.

    Raises:
        ValueError: another checksum.
    """
    digest = hashlib.md5(file.header, usedforsecurity=False)
    digest.update(np.ascontiguousarray(array).data)
    _compare_md5(path, digest.hexdigest(), file)


def _check(path: Path, data: bytes, file: IdxFile) -> None:
    magic, header = file.header[:4], data[: len(file.header)]
    if data[:4] != magic:
        raise _refused(path, "is not an IDX file of bytes", data[:4].hex(" "), magic.hex(" "))
    if len(header) == len(file.header) and header != file.header:
        shape = struct.unpack(f">{len(file.shape)}I", header[4:])
        raise _refused(path, "has another shape", shape, file.shape)
    if len(data) != file.size:
        given = f"more than {file.size:,}" if len(data) > file.size else f"{len(data):,}"
        raise _refused(path, "has the wrong length", f"{given} bytes", f"{file.size:,} bytes")
    _compare_md5(path, hashlib.md5(data, usedforsecurity=False).hexdigest(), file)


def _compare_md5(path: Path, digest: str, file: IdxFile) -> None:
    if digest != file.md5:
        raise _refused(
            path, "is damaged or holds other data", f"md5 {digest}", f"md5 {file.md5} ({file.name})"
        )


def _refused(path: Path, problem: str, given: object, expected: object) -> FileRefused:
    return FileRefused(
        f"Data file {path} {problem}.",
        given=given,
        expected=expected,
        fix="delete the file, so that it is fetched again, or put the original in its place.",
    )
