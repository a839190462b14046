"""The framing of event files: length, its checksum, data, their checksum.

    uint64 length | uint32 masked CRC32C of length | data | uint32 masked CRC32C of data

Reference: TensorFlow, `tensorflow/core/lib/io/record_writer.h` (TFRecord); CRC32C: RFC 3720, B.4.
"""

from __future__ import annotations

import functools
import os
import struct
from collections.abc import Callable, Iterator

from rosenblatt.core.errors import FileRefused
from rosenblatt.tensorboard import library

_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
_HEADER_SIZE = _LENGTH.size + _CHECKSUM.size


def masked_crc32c(data: bytes) -> int:
    """CRC32C of data, rotated and shifted so that checksums of checksums stay good ones.

    >>> hex(masked_crc32c(b"123456789"))
    '0xc78ab0e5'
    """
    crc = _crc32c()(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@functools.cache
def _crc32c() -> Callable[[bytes], int]:
    return library.load("google_crc32c").value


@functools.lru_cache(maxsize=1024)
def _header(length: int) -> bytes:
    head = _LENGTH.pack(length)
    return head + _CHECKSUM.pack(masked_crc32c(head))


def frame(data: bytes) -> bytes:
    """A record that holds the data.

    >>> len(frame(b"event")) - len(b"event")
    16
    """
    return _header(len(data)) + data + _CHECKSUM.pack(masked_crc32c(data))


def read_records(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """The data of a file's records.

    A record that is cut off at the end (its writer was killed, or is writing just now) ends the
    reading: everything before it is whole.

    Raises:
        ValueError: a checksum is wrong.
    """
    with open(path, "rb") as file:
        while True:
            start = file.tell()
            header = file.read(_HEADER_SIZE)
            if len(header) < _HEADER_SIZE:
                return
            (length,) = _LENGTH.unpack_from(header)
            if _header_is_wrong(header):
                raise _damaged(path, start)
            body = file.read(length + _CHECKSUM.size)
            if len(body) < length + _CHECKSUM.size:
                return
            data = body[:length]
            if _CHECKSUM.unpack_from(body, length)[0] != masked_crc32c(data):
                raise _damaged(path, start)
            yield data


def _header_is_wrong(header: bytes) -> bool:
    (checksum,) = _CHECKSUM.unpack_from(header, _LENGTH.size)
    return bool(checksum != masked_crc32c(header[: _LENGTH.size]))


def _damaged(path: str | os.PathLike[str], start: int) -> FileRefused:
    return FileRefused(
        f"{os.fspath(path)}: not an event file, or a damaged one.",
        given=f"a wrong checksum in the record at byte {start}",
    )
