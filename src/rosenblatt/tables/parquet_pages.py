"""Whether the counts in a Parquet file are possible: a negative one makes polars end the process.

The file ends with a description of its parts, and each page begins with a header. Both are in
Thrift's compact protocol; `parquet.thrift` of apache/parquet-format says which field is which.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, TypeAlias

Fields: TypeAlias = dict[int, Any]  # of a struct, by their numbers

_MOST_DEPTH = 20
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = (
    0, 1, 2, 3, 7, 8, 9, 10, 11, 12,
)  # fmt: skip


def negative_count(data: bytes) -> str | None:
    """The first negative count in a Parquet file, for a message; None where all are possible.

    What cannot be followed is left to the reader, which refuses it.
    """
    try:
        return next((said for said, count in _counts(data) if count < 0), None)
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, struct.error):
        return None


def _counts(data: bytes) -> Iterator[tuple[str, int]]:
    """What is counted in a file, and how many there are."""
    length = struct.unpack("<i", data[-8:-4])[0]
    file = _Reader(data, len(data) - 8 - length).fields()
    yield "rows of the file", file[3]
    for group in file[4]:
        yield "rows of a group", group[3]
        for chunk in group[1]:
            column = chunk[3]
            yield "values of a column", column[5]
            yield from _page_counts(data, column)


def _page_counts(data: bytes, column: Fields) -> Iterator[tuple[str, int]]:
    place = min(column[9], column.get(11) or column[9])
    end = place + column[7]
    while 0 <= place < end:
        reader = _Reader(data, place)
        page = reader.fields()
        for number in (5, 7, 8):  # data, dictionary, data in the second version
            for count in (1, 2, 3) if number == 8 else (1,):
                if number in page:
                    yield "values of a page", page[number][count]
        for size in (2, 3):
            yield "bytes of a page", page[size]
        place = reader.place + page[3]


class _Reader:
    """Values from some bytes, one after the other."""

    def __init__(self, data: bytes, place: int):
        self.data, self.place = data, place

    def fields(self, depth: int = 0) -> Fields:
        """The fields of a struct."""
        if depth > _MOST_DEPTH:
            raise ValueError("nested too deeply")
        found: Fields = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            kind = head & 15
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return found

    def _byte(self) -> int:
        if self.place < 0:
            raise IndexError
        self.place += 1
        return self.data[self.place - 1]

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 70:
                raise ValueError("no integer")

    def _integer(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _bytes(self, length: int) -> bytes:
        self.place += length
        if self.place > len(self.data):
            raise IndexError
        return self.data[self.place - length : self.place]

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if kind < _DOUBLE:
            return self._integer()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind in (_LIST, _SET):
            head = self._byte()
            size = head >> 4 if head >> 4 < 15 else self._unsigned()
            return [self._value(head & 15, depth + 1) for _ in range(size)]
        if kind == _MAP:
            size = self._unsigned()
            kinds = self._byte() if size else 0
            return [
                (self._value(kinds >> 4, depth + 1), self._value(kinds & 15, depth + 1))
                for _ in range(size)
            ]
        if kind == _STRUCT:
            return self.fields(depth + 1)
        raise ValueError("unknown type")
