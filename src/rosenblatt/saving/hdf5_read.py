"""Weights from HDF5, as `hdf5_write` writes them.

What is read may come from anyone. Only hard links are followed, only plain numbers stored in the
file itself are read, and their declared size is checked before any memory is taken for it.
"""

from __future__ import annotations

import functools
import itertools
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, TypeAlias

import h5py
import numpy as np
from ml_dtypes import bfloat16

from rosenblatt.core.errors import FileRefused
from rosenblatt.saving.config_text import shorten
from rosenblatt.saving.file_kinds import AGAIN
from rosenblatt.saving.hdf5_texts import longest_text

# gzip, shuffle, checksum and lzf are built in; any other filter would load a plugin from disk.
_FILTERS = frozenset({1, 2, 3, 32000})
# A value may be this many times as large as what is stored of it, or this large.
_EXPANSION = 100
_ALWAYS_ALLOWED = 1 << 26
_MAX_DEPTH = 100
# What h5py raises on damaged files.
_DAMAGED = (OSError, RuntimeError, ValueError, TypeError, KeyError, OverflowError, MemoryError)


@contextmanager
def _reading(where: str) -> Iterator[None]:
    """Say of any error of h5py which part of the file is damaged."""
    try:
        yield
    except FileRefused:
        raise
    except _DAMAGED as error:
        raise FileRefused(
            f"{where} cannot be read: the file is damaged.", given=shorten(error), fix=AGAIN
        ) from error


Dataset: TypeAlias = h5py.h5d.DatasetID


class SavedArray:
    """A value in a file, which is not read yet.

    Args:
        dataset: where HDF5 has it.
        where: what to call it in messages.
        file_size: bytes of the whole file.
    """

    def __init__(self, dataset: Dataset, where: str, file_size: int):
        self._dataset = dataset
        self._where = where
        self._file_size = file_size

    @property
    def name(self) -> str:
        """Its name in its group."""
        return self._where.rpartition("/")[2]

    @property
    def shape(self) -> tuple[int, ...]:
        """Its declared shape."""
        with _reading(self._where):
            return tuple(self._dataset.shape or ())

    @property
    def dtype(self) -> np.dtype:
        """Its declared dtype."""
        with _reading(self._where):
            kind = self._dataset.dtype
            return np.dtype(bfloat16) if kind.kind == "V" and kind.itemsize == 2 else kind

    def read(self, expected: tuple[int, ...] | None = None) -> np.ndarray:
        """The value, once its declared size has been checked.

        Args:
            expected: the shape it must have; None where only a general limit applies.

        Raises:
            FileRefused: something a weights file has no use for, or too large a value.
        """
        dataset, where = self._dataset, self._where
        with _reading(where):
            dtype, shape = dataset.dtype, dataset.shape
            _refuse_unusual(dataset, dtype, where)
            if expected is not None and tuple(shape) != expected:
                raise _refused(where, f"it declares shape {shape}, not {expected}")
            size, stored = math.prod(shape) * dtype.itemsize, dataset.get_storage_size()
            if size > max(_ALWAYS_ALLOWED, _EXPANSION * min(stored, self._file_size)):
                raise _refused(where, f"it declares {size:,} bytes and stores {stored:,}")
            if dtype.kind == "V":
                return np.asarray(h5py.Dataset(dataset)[()]).view(bfloat16)
            value = np.empty(shape, dtype)
            if value.size:
                dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, value)
            return value


class ReadStore(Mapping[str, np.ndarray]):
    """The mapping that `load_own_variables(store)` reads from; empty where the file has none.

    Args:
        arrays: the values by their names.
    """

    def __init__(self, arrays: Mapping[str, SavedArray]):
        self.arrays = arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def __contains__(self, key: object) -> bool:
        return key in self.arrays  # a mapping's own way is to read the value

    def __getitem__(self, key: str) -> np.ndarray:
        return self.arrays[key].read()


class WeightsReader:
    """The groups of an HDF5 file of weights.

    Args:
        file: the open file.
        path: where it is; None for a part of another file, which has no texts that are read.
        place: what to call it in messages.
        size: its bytes.
    """

    def __init__(self, file: h5py.File, path: str | None, place: str, size: int):
        self._file = file
        self._path = path
        self._place = place
        with _reading(place):
            self._groups = {
                group: {
                    name: SavedArray(dataset, f"{place}/{group}/{name}", size)
                    for name, dataset in datasets.items()
                }
                for group, datasets in _datasets_by_group(file, place)
            }
        self._asked: set[str] = set()

    def _check_texts(self, key: str, group: h5py.Group) -> None:
        """Refuse texts that HDF5 would never have read, or that would fill the memory."""
        with _reading(f"{self._place}: {key}"):
            if self._path is None or key not in group.attrs:
                return
            longest = self._longest_text
            attribute = group.attrs.get_id(key)
            texts = math.prod(attribute.shape or ())
            # Any number of texts may be the same one in the file.
            is_shared = attribute.get_type().get_class() in (h5py.h5t.STRING, h5py.h5t.VLEN)
            if is_shared and texts > 1 and texts * longest > _ALWAYS_ALLOWED:
                reason = f"its {texts:,} texts may have {longest:,} bytes each"
                raise _refused(f"{self._place}: {key}", reason)

    @property
    def groups(self) -> Mapping[str, Mapping[str, SavedArray]]:
        """The values of each group by their names, by the group's path."""
        return self._groups

    @functools.cached_property
    def _longest_text(self) -> int:
        assert self._path is not None
        longest = longest_text(self._path)
        if longest is None:
            raise FileRefused(
                f"{self._place} cannot be read: the file is damaged.",
                given="a heap of texts that does not end",
                fix=AGAIN,
            )
        return longest

    @property
    def is_legacy(self) -> bool:
        """Whether it is a whole model or weights of Keras 2's HDF5 format."""
        with _reading(self._place):
            attributes = self._file.attrs
            return "layer_names" in attributes or "model_config" in attributes

    def text(self, name: str) -> str | None:
        """A text among the file's attributes; None where it has none of that name.

        Raises:
            FileRefused: it is something else than text.
        """
        self._check_texts(name, self._file)
        with _reading(f"{self._place}: {name}"):
            value = self._file.attrs.get(name)
            if value is None:
                return None
            value = value.decode() if isinstance(value, bytes) else value
        if not isinstance(value, str):
            raise _refused(f"{self._place}: {name}", f"it is {type(value).__name__}, not text")
        return value

    def names(self, path: str, name: str) -> list[str]:
        """A list of texts among the attributes of a group; a long one stands in several."""
        with _reading(f"{self._place}/{path}: {name}"):
            group = self._file[path or "/"]
            attributes = group.attrs
            parts = (f"{name}{number}" for number in itertools.count())
            several = itertools.takewhile(attributes.__contains__, parts)
            keys = [name] if name in attributes else list(several)
            for key in keys:
                self._check_texts(key, group)
            found = [item for key in keys for item in np.atleast_1d(attributes[key]).tolist()]
            return [item.decode() if isinstance(item, bytes) else str(item) for item in found]

    def has_group(self, path: str) -> bool:
        """Whether the file has a group at a path."""
        return path.strip("/") in self._groups

    def arrays(self, path: str, names: list[str]) -> list[SavedArray]:
        """The values of these paths below a group.

        Raises:
            FileRefused: one of them is not in the file.
        """
        found = []
        for name in names:
            group, _, key = f"{path}/{name}".lstrip("/").rpartition("/")
            if key not in self._groups.get(group, {}):
                raise FileRefused(f"{self._place}: the file lacks {path}/{name}.", fix=AGAIN)
            found.append(self._groups[group][key])
        return found

    def store(self, path: str) -> ReadStore:
        """The values of the object at a path."""
        name = f"{path}/vars".lstrip("/")
        self._asked.add(name)
        return ReadStore(self._groups.get(name, {}))

    def all_arrays(self) -> Iterator[tuple[str, SavedArray]]:
        """Every value with its path, in the order of the groups' paths."""
        for group, arrays in sorted(self._groups.items()):
            yield from ((f"{group}/{name}", array) for name, array in arrays.items())

    def not_asked_for(self) -> list[str]:
        """Paths whose values were not asked for."""
        return sorted(
            name.removesuffix("vars").rstrip("/")
            for name, arrays in self._groups.items()
            if arrays and name not in self._asked and f"/{name}".endswith("/vars")
        )


def _datasets_by_group(file: h5py.File, place: str) -> Iterator[tuple[str, dict[str, Dataset]]]:
    """Each group's path and datasets; links out of the file or along paths are refused."""
    seen: set[int] = set()
    todo = [("", file.id if isinstance(file.id, h5py.h5g.GroupID) else file["/"].id)]
    while todo:
        path, group = todo.pop()
        address = h5py.h5o.get_info(group).addr
        if address in seen or path.count("/") > _MAX_DEPTH:
            continue
        seen.add(address)
        datasets = {}
        for raw in group:
            name = raw.decode("utf-8", "replace")
            link = group.links.get_info(raw).type
            if link != h5py.h5l.TYPE_HARD:
                kinds = {h5py.h5l.TYPE_SOFT: "SoftLink", h5py.h5l.TYPE_EXTERNAL: "ExternalLink"}
                raise _refused(
                    f"{place}/{path}/{name}".replace("//", "/"), f"it is a {kinds.get(link, link)}"
                )
            member = h5py.h5o.open(group, raw)
            if isinstance(member, h5py.h5d.DatasetID):
                datasets[name] = member
            elif isinstance(member, h5py.h5g.GroupID):
                todo.append((f"{path}/{name}".lstrip("/"), member))
        yield path, datasets


@contextmanager
def open_weights(source: str | BinaryIO, place: str) -> Iterator[WeightsReader]:
    """Open an HDF5 file of weights for reading.

    Args:
        source: its path, or a file to read it from.
        place: what to call it in messages.

    Raises:
        FileRefused: it cannot be read as HDF5.
    """
    size = os.path.getsize(source) if isinstance(source, str) else source.seek(0, os.SEEK_END)
    try:
        file = h5py.File(source, "r")
    except _DAMAGED as error:
        raise FileRefused(
            f"{place} cannot be read as HDF5: it is cut off or damaged.",
            given=f"{size:,} bytes; {error}",
            fix=AGAIN,
        ) from error
    with file:
        yield WeightsReader(file, source if isinstance(source, str) else None, place, size)


def _refuse_unusual(dataset: Dataset, dtype: np.dtype, where: str) -> None:
    creation = dataset.get_create_plist()
    if creation.get_layout() == h5py.h5d.VIRTUAL or creation.get_external_count():
        raise _refused(where, "its values are in another file")
    if dataset.get_space().get_simple_extent_type() == h5py.h5s.NULL:
        raise _refused(where, "it is empty")
    if dtype.kind not in "biufc" and (dtype.kind != "V" or dtype.itemsize != 2 or dtype.names):
        raise _refused(where, f"its type is {dtype}, not numbers")
    filters = {creation.get_filter(i)[0] for i in range(creation.get_nfilters())}
    if not filters <= _FILTERS:
        raise _refused(where, f"it needs HDF5 filter {min(filters - _FILTERS)}")


def _refused(where: str, reason: str) -> FileRefused:
    return FileRefused(
        f"{where} is refused: {reason}.",
        expected="an array of numbers in the file itself, of the size of the model's weight",
        fix="do not use this file unless you know who made it.",
    )
