"""Weights in HDF5: one group `path/vars` for each owner, with datasets `0`, `1`, … in it.

What is read may come from anyone. Only hard links are followed, only plain numbers stored in the
file itself are read, and their declared size is checked before any memory is taken for it.
"""

from __future__ import annotations

import io
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import h5py
import numpy as np
from ml_dtypes import bfloat16

from rosenblatt.core.errors import explain
from rosenblatt.core.variable import Variable

# gzip, shuffle, checksum and lzf are built in; any other filter would load a plugin from disk.
_FILTERS = frozenset({1, 2, 3, 32000})
# Values whose size no variable tells may be this many times as large as the file, or this large.
_EXPANSION = 100
_ALWAYS_ALLOWED = 1 << 26
_MAX_DEPTH = 100
# What h5py raises on damaged files.
_DAMAGED = (OSError, RuntimeError, ValueError, TypeError, KeyError, OverflowError, MemoryError)
_AGAIN = "copy or download it again, or save the model again."


class _Refusal(ValueError):
    """Something a weights file has no use for; not to be mistaken for damage."""


@contextmanager
def _reading(where: str) -> Iterator[None]:
    """Say of any error of h5py which part of the file is damaged."""
    try:
        yield
    except _Refusal:
        raise
    except _DAMAGED as error:
        text = str(error).rstrip(".")
        raise ValueError(
            explain(f"{where} cannot be read: the file is damaged.", given=text, fix=_AGAIN)
        ) from error


class WriteStore:
    """The mapping that `save_own_variables(store)` writes to."""

    def __init__(self, file: h5py.File, path: str, name: str | None):
        self._file = file
        self._path = path
        self._group: h5py.Group | None = None
        if name is not None:
            self._make().attrs["name"] = name

    def _make(self) -> h5py.Group:
        if self._group is None:
            self._group = self._file.create_group(f"{self._path}/vars".lstrip("/"))
        return self._group

    def __setitem__(self, key: str, value: Any) -> None:
        array = value.numpy() if isinstance(value, Variable) else np.asarray(value)
        dataset = self._make().create_dataset(key, data=array)
        if array.dtype == bfloat16:  # HDF5 has no such type: two bytes and this mark, as Keras does
            dataset.attrs["dtype"] = "bfloat16"


class WeightsWriter:
    """An HDF5 file of weights, made in memory."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._file = h5py.File(self._buffer, "w")

    def store(self, path: str, name: str | None) -> WriteStore:
        """The mapping for the object at a path."""
        return WriteStore(self._file, path, name)

    def finish(self) -> bytes:
        """The content of the finished file."""
        self._file.close()
        return self._buffer.getvalue()


class ReadStore(Mapping[str, np.ndarray]):
    """The mapping that `load_own_variables(store)` reads from; empty where the file has none."""

    def __init__(self, group: h5py.Group | None, place: str, file_size: int):
        self._place = place
        self._file_size = file_size
        members = {} if group is None else {name: _child(group, name, place) for name in group}
        self._datasets = {k: v for k, v in members.items() if isinstance(v, h5py.Dataset)}

    def __iter__(self) -> Iterator[str]:
        return iter(self._datasets)

    def __len__(self) -> int:
        return len(self._datasets)

    def __contains__(self, key: object) -> bool:
        return key in self._datasets  # a mapping's own way is to read the value

    def shape(self, key: str) -> tuple[int, ...]:
        """The declared shape of a value, which is not read."""
        with _reading(self._place):
            return tuple(self._datasets[key].shape or ())

    def __getitem__(self, key: str) -> np.ndarray:
        return self.read(key, None)

    def read(self, key: str, expected: tuple[int, ...] | None) -> np.ndarray:
        """A value, once its declared size has been checked.

        Args:
            key: its name.
            expected: the shape it must have; None where only a general limit applies.

        Raises:
            ValueError: something a weights file has no use for, or too large a value.
        """
        dataset = self._datasets[key]
        with _reading(self._place):
            where = f"{self._place}{dataset.name}"
            _refuse_unusual(dataset, where)
            if expected is None:
                size = math.prod(dataset.shape) * dataset.dtype.itemsize
                if size > max(_ALWAYS_ALLOWED, _EXPANSION * self._file_size):
                    reason = f"it declares {size:,} bytes in a file of {self._file_size:,}"
                    raise _refused(where, reason)
            elif tuple(dataset.shape) != expected:
                raise _refused(where, f"it declares shape {dataset.shape}, not {expected}")
            value = np.asarray(dataset[()])
            return value.view(bfloat16) if value.dtype.kind == "V" else value


class WeightsReader:
    """The groups of an HDF5 file of weights."""

    def __init__(self, file: h5py.File, place: str, file_size: int):
        self._file = file
        self._place = place
        self._file_size = file_size
        self._asked: set[str] = set()

    @property
    def is_legacy(self) -> bool:
        """Whether it is a whole model or weights of Keras 2's HDF5 format."""
        with _reading(self._place):
            attributes = self._file.attrs
            return "layer_names" in attributes or "model_config" in attributes

    def store(self, path: str) -> ReadStore:
        """The values of the object at a path."""
        names = [*path.split("/"), "vars"] if path else ["vars"]
        self._asked.add("/".join(names))
        group: Any = self._file
        with _reading(f"{self._place}: {path or 'model'}"):
            for name in names:
                group = _child(group, name, self._place)
                if not isinstance(group, h5py.Group):
                    group = None
                    break
            return ReadStore(group, self._place, self._file_size)

    def not_asked_for(self) -> list[str]:
        """Paths whose values nobody has read."""
        with _reading(self._place):
            return sorted(self._not_asked_for())

    def _not_asked_for(self) -> Iterator[str]:
        seen: set[int] = set()
        todo: list[tuple[str, h5py.Group]] = [("", self._file)]
        while todo:
            path, group = todo.pop()
            address = h5py.h5o.get_info(group.id).addr
            if address in seen or path.count("/") > _MAX_DEPTH:
                continue
            seen.add(address)
            children = {name: _child(group, name, self._place) for name in group}
            is_values = path == "vars" or path.endswith("/vars")
            holds = any(isinstance(child, h5py.Dataset) for child in children.values())
            if is_values and holds and path not in self._asked:
                yield path.removesuffix("vars").rstrip("/")
            todo.extend(
                (f"{path}/{name}".lstrip("/"), child)
                for name, child in children.items()
                if isinstance(child, h5py.Group)
            )


@contextmanager
def open_weights(source: str | bytes, place: str) -> Iterator[WeightsReader]:
    """Open an HDF5 file of weights for reading.

    Args:
        source: its path, or its content.
        place: what to call it in messages.

    Raises:
        ValueError: it cannot be read as HDF5.
    """
    size = os.path.getsize(source) if isinstance(source, str) else len(source)
    try:
        file = h5py.File(source, "r") if isinstance(source, str) else _in_memory(source)
    except _DAMAGED as error:
        raise ValueError(
            explain(
                f"{place} cannot be read as HDF5: it is cut off or damaged.",
                given=f"{size:,} bytes; {error}",
                fix=_AGAIN,
            )
        ) from error
    with file:
        yield WeightsReader(file, place, size)


def _in_memory(content: bytes) -> h5py.File:
    """A file whose bytes are in memory. HDF5 takes two of one name for one, so each has its own."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(content)
    name = f"weights-{secrets.token_hex(8)}".encode()
    return h5py.File(h5py.h5f.open(name, h5py.h5f.ACC_RDONLY, fapl=access))


def _child(group: h5py.Group, name: str, place: str) -> Any:
    """A member of a group, or None; links out of the file or along paths are refused."""
    link = group.get(name, None, getlink=True)
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        where = f"{place}{group.name}/{name}".replace("//", "/")
        raise _refused(where, f"it is a {type(link).__name__}")
    return group[name]


def _refuse_unusual(dataset: h5py.Dataset, where: str) -> None:
    if dataset.is_virtual or dataset.external:
        raise _refused(where, "its values are in another file")
    if dataset.shape is None:
        raise _refused(where, "it is empty")
    kind, size = dataset.dtype.kind, dataset.dtype.itemsize
    if kind not in "biufc" and not (kind == "V" and size == 2 and dataset.dtype.names is None):
        raise _refused(where, f"its type is {dataset.dtype}, not numbers")
    creation = dataset.id.get_create_plist()
    filters = {creation.get_filter(i)[0] for i in range(creation.get_nfilters())}
    if not filters <= _FILTERS:
        raise _refused(where, f"it needs HDF5 filter {min(filters - _FILTERS)}")


def _refused(where: str, reason: str) -> _Refusal:
    return _Refusal(
        explain(
            f"{where} is refused: {reason}.",
            expected="an array of numbers in the file itself, of the size of the model's weight",
            fix="do not use this file unless you know who made it.",
        )
    )
