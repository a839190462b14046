"""A part of a file, as a file."""

from __future__ import annotations

import io
import os
import zlib
from typing import Any, BinaryIO

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
