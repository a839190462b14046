"""A check that the HDF5 library leaves out: it never ends on some damaged heaps of texts.

Texts of any length, such as a legacy file's `model_config`, stand in "global heaps": chains of
objects, each with its size before it. The library follows a free object of size 0 for ever.
(HDF5 File Format Specification, III.E "Disk Format: Level 1E - Global Heap".)
"""

from __future__ import annotations

import mmap

_SIGNATURE = b"GCOL\x01\x00\x00\x00"
_HEADER = 16  # of a heap, and of an object in it, where lengths have 8 bytes
_SUPERBLOCKS = {0: 14, 1: 14, 2: 10, 3: 10}  # where each version says how long a length is


def has_endless_heap(path: str) -> bool:
    """Whether the texts of an HDF5 file cannot be read safely.

    Args:
        path: the file.

    Returns:
        True where a heap's chain does not lead to its end, or where lengths are of a size that
        neither Keras nor h5py writes.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = _SUPERBLOCKS.get(content[8]) if len(content) > _HEADER else None
        if place is None or content[place] != 8:
            return True
        start = content.find(_SIGNATURE)
        while start >= 0:
            if not _leads_to_its_end(content, start):
                return True
            start = content.find(_SIGNATURE, start + 1)
    return False


def _leads_to_its_end(content: mmap.mmap, start: int) -> bool:
    def number(place: int, size: int) -> int:
        return int.from_bytes(content[place : place + size], "little")

    end = start + number(start + 8, 8)
    place = start + _HEADER
    if not place <= end <= len(content):
        return False
    while place + _HEADER <= end:
        index, size = number(place, 2), number(place + 8, 8)
        step = _HEADER + (size + 7) // 8 * 8 if index else size
        if step == 0:
            return False
        place += step
    return place <= end
