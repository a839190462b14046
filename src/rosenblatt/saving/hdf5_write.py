"""Weights to HDF5: one group `path/vars` for each owner, with datasets `0`, `1`, … in it.

A model is often saved again and again: after each epoch, each trial. Where the values go in a file
depends on their paths and shapes alone, so the second file of a structure is the first one's
content with other values in the same places; HDF5 itself is asked once.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import h5py
import numpy as np
from ml_dtypes import bfloat16

from rosenblatt.core.types import ArrayLike
from rosenblatt.core.variable import Variable

# Files remembered, and the size up to which one is made in memory and remembered.
_MOST_LAYOUTS = 8
_MOST_BYTES = 1 << 24
# Arrays from this size on are compressed in a file that is to be small, and how hard: level 9 saves
# another hundredth in twice the time.
_LEAST_PACKED, _LEVEL = 1 << 12, 6


class _Entry(NamedTuple):
    """A group with the name of what it belongs to, or a value in it."""

    path: str
    name: str | None
    key: str = ""
    array: np.ndarray | None = None

    @property
    def place(self) -> Any:
        """What decides on its place in the file."""
        array = self.array
        return (*self[:3], None if array is None else (array.shape, array.dtype))


class WriteStore:
    """The mapping that `save_own_variables(store)` writes to."""

    def __init__(self, entries: list[_Entry], path: str):
        self._entries = entries
        self._path = path

    def __setitem__(self, key: str, value: ArrayLike | Variable) -> None:
        if isinstance(value, Variable):  # an array that no device has seen yet is not sent to one
            value = value.held
        array = np.asarray(value)
        self._entries.append(_Entry(self._path, None, key, array))


class WeightsWriter:
    """The values for an HDF5 file of weights.

    Args:
        packed: whether arrays are compressed, their bytes sorted by place first, as HDF5 does it.
    """

    def __init__(self, packed: bool = False) -> None:
        self.packed = packed
        self._entries: list[_Entry] = []

    def store(self, path: str, name: str | None) -> WriteStore:
        """The mapping for the object at a path, marked with its name where it has one."""
        group = f"{path}/vars".lstrip("/")
        if name is not None:
            self._entries.append(_Entry(group, name))
        return WriteStore(self._entries, group)

    def arrays(self) -> Iterator[tuple[str, str, np.ndarray]]:
        """Each value with its group's path and its name in it."""
        for entry in self._entries:
            if entry.array is not None:
                yield entry.path, entry.key, entry.array

    @property
    def is_large(self) -> bool:
        """Whether the file should be written in place, not made in memory first."""
        sizes = (0 if entry.array is None else entry.array.nbytes for entry in self._entries)
        return sum(sizes) > _MOST_BYTES

    def write(self, file: BinaryIO) -> None:
        """Write the HDF5 file.

        Args:
            file: a binary file to read and write, empty.
        """
        if not self.is_large:
            file.write(self.content())
            return
        with h5py.File(file, "w") as target:
            for entry in self._entries:
                _write(target, entry, self.packed)

    def content(self) -> bytes | bytearray:
        """The content of the HDF5 file."""
        key = (self.packed, *(entry.place for entry in self._entries))
        known = _layouts.get(key)
        if known is not None:
            return known.filled(self._entries)
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            offsets = [_write(file, entry, self.packed) for entry in self._entries]
        content = buffer.getvalue()
        values = sum(entry.array is not None for entry in self._entries)
        in_one_piece = sum(offset is not None for offset in offsets)
        if in_one_piece == values and not self.is_large and not self.packed:
            while len(_layouts) >= _MOST_LAYOUTS:
                del _layouts[next(iter(_layouts))]
            _layouts[key] = _Layout(content, offsets)
        return content


class _Layout:
    """A finished file, and where in it the values are."""

    def __init__(self, content: bytes, offsets: list[int | None]):
        self._content = content
        self._offsets = offsets

    def filled(self, entries: list[_Entry]) -> bytearray:
        """The file with other values."""
        content = bytearray(self._content)
        for offset, entry in zip(self._offsets, entries, strict=True):
            if offset is not None and entry.array is not None:
                flat = np.frombuffer(content, np.uint8, entry.array.nbytes, offset)
                flat[:] = np.ascontiguousarray(entry.array).reshape(-1).view(np.uint8)
        return content


_layouts: dict[Any, _Layout] = {}


def _write(file: h5py.File, entry: _Entry, packed: bool) -> int | None:
    """Write a group or a value; give back where a value is in the file, if it is in one piece."""
    group = file.require_group(entry.path)
    array = entry.array
    if entry.name is not None:
        group.attrs["name"] = entry.name
    if array is None:
        return None
    if array.dtype == bfloat16:  # HDF5 has no such type: two bytes and this mark, as Keras does
        dataset = group.create_dataset(entry.key, data=array)
        dataset.attrs["dtype"] = "bfloat16"
        return dataset.id.get_offset()
    if array.size and array.dtype.kind in "biufc":
        packed = packed and array.nbytes >= _LEAST_PACKED
        return _create(group, entry.key, np.ascontiguousarray(array).reshape(array.shape), packed)
    group.create_dataset(entry.key, data=array)
    return None


def _create(group: h5py.Group, key: str, array: np.ndarray, packed: bool) -> int | None:
    """What `group.create_dataset` does, ten times as fast."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_obj_track_times(False)
    if packed:
        creation.set_chunk(array.shape)
        creation.set_shuffle()
        creation.set_deflate(_LEVEL)
    space = h5py.h5s.create_simple(array.shape) if array.ndim else h5py.h5s.create(h5py.h5s.SCALAR)
    kind = h5py.h5t.py_create(array.dtype, logical=True)
    dataset = h5py.h5d.create(group.id, key.encode(), kind, space, dcpl=creation)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, array)
    return dataset.get_offset()
