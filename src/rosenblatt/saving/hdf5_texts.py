"""A check that the HDF5 library leaves out: it never ends on some damaged heaps of texts.

Texts of any length, such as a legacy file's `model_config`, stand in "global heaps": chains of
objects, each with its size before it. The library follows a free object of size 0 forever.
(HDF5 File Format Specification, III.E "Disk Format: Level 1E - Global Heap".)
"""

from __future__ import annotations

import mmap

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
_HEADER = 16  # of a heap, and of an object in it, where lengths have 8 bytes
_SUPERBLOCKS = {0: 14, 1: 14, 2: 10, 3: 10}  # where each version says how long a length is


def longest_text(path: str) -> int | None:
    """The bytes of the longest text in an HDF5 file's heaps.

    Args:
        path: the file.

    Returns:
        The bytes; None where a heap's chain does not lead to its end, or where lengths are of a
        size that neither Keras nor h5py writes: the file cannot be read safely.
    """
    largest = 0
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = _SUPERBLOCKS.get(content[8]) if len(content) > _HEADER else None
        if place is None or content[place] != 8:
            return None
        start = content.find(_SIGNATURE)
        while start >= 0:
            found = _largest_object(content, start)
            if found is None:
                return None
            largest = max(largest, found)
            start = content.find(_SIGNATURE, start + 1)
    return largest


def _largest_object(content: mmap.mmap, start: int) -> int | None:
    """The size of a heap's largest object; None where its chain does not lead to its end."""

    def number(place: int, size: int) -> int:
        return int.from_bytes(content[place : place + size], "little")

    end = start + number(start + 8, 8)
    place, largest = start + _HEADER, 0
    if not place <= end <= len(content):
        return None
    while place + _HEADER <= end:
        index, size = number(place, 2), number(place + 8, 8)
        step = _HEADER + (size + 7) // 8 * 8 if index else size
        if step == 0:
            return None
        largest = max(largest, size if index else 0)
        place += step
    return largest if place <= end else None
