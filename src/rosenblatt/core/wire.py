"""Protocol buffers' encoding, so that files of TensorFlow are written and read without it.

A message is bytes: its fields one after another, each with its number and its kind. Here a message
is written from pairs of number and value, where bytes are a string or another message.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from rosenblatt.core.errors import FileRefused

Value = int | float | str | bytes


def message(*fields: tuple[int, Value]) -> bytes:
    """A message of fields, in the given order.

    Args:
        fields: the field's number, and an integer, a float (of 32 bits), text, or bytes.

    >>> message((1, 150), (2, "testing"))
    b'\\x08\\x96\\x01\\x12\\x07testing'
    """
    parts: list[bytes] = []
    for number, value in fields:
        if isinstance(value, float):
            parts += [varint(number << 3 | 5), struct.pack("<f", value)]
        elif isinstance(value, int):
            parts += [varint(number << 3), varint(value)]
        else:
            content = value.encode() if isinstance(value, str) else value
            parts += [varint(number << 3 | 2), varint(len(content)), content]
    return b"".join(parts)


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64-bit two's complement."""
    if 0 <= number < 0x4000:  # most numbers, without a loop
        return bytes((number & 127 | 128, number >> 7) if number > 127 else (number,))
    if 0 <= number < 0x200000:
        return bytes((number & 127 | 128, number >> 7 & 127 | 128, number >> 14))
    number &= 0xFFFFFFFFFFFFFFFF
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def entries(number: int, mapping: dict[str, bytes]) -> list[tuple[int, bytes]]:
    """The fields of a map from text to messages."""
    return [(number, message((1, key), (2, value))) for key, value in mapping.items()]


def fields(content: bytes | memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: number, and an integer or bytes.

    Raises:
        FileRefused: no message, or a damaged one.

    >>> [(number, bytes(value)) for number, value in fields(message((2, "a"), (7, b"b")))]
    [(2, b'a'), (7, b'b')]
    """
    view = memoryview(content)
    place = 0
    while place < len(view):
        key, place = _read_varint(view, place)
        kind = key & 7
        if kind == 0:
            value, place = _read_varint(view, place)
            yield key >> 3, value
            continue
        if kind == 2:
            size, place = _read_varint(view, place)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise _damaged()
        if place + size > len(view):
            raise _damaged()
        yield key >> 3, view[place : place + size]
        place += size


def within(content: bytes | memoryview, *numbers: int) -> Iterator[memoryview]:
    """The messages at the end of a path of field numbers, from the outermost message inwards.

    >>> inner = message((3, message((1, "x"))))
    >>> [bytes(found) for found in within(message((2, inner)), 2, 3, 1)]
    [b'x']
    """
    first, *rest = numbers
    for number, value in fields(content):
        if number == first and isinstance(value, memoryview):
            if rest:
                yield from within(value, *rest)
            else:
                yield value


def _read_varint(view: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for count in range(10):
        if place + count >= len(view):
            break
        byte = view[place + count]
        value |= (byte & 127) << 7 * count
        if byte < 128:
            return value, place + count + 1
    raise _damaged()


def _damaged() -> FileRefused:
    return FileRefused("The file is not a message of protocol buffers, or is damaged.")
