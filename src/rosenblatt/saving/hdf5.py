"""Weights from HDF5, as `hdf5_write` writes them.

What is read may come from anyone. Only hard links are followed, only plain numbers stored in the
file itself are read, and their declared size is checked before any memory is taken for it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

import h5py
import numpy as np
from ml_dtypes import bfloat16

from rosenblatt.core.errors import explain
from rosenblatt.saving.heaps import largest_text

# gzip, shuffle, checksum and lzf are built in; any other filter would load a plugin from disk.
_FILTERS = frozenset({1, 2, 3, 32000})
# A value may be this many times as large as what is stored of it, or this large.
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


Datasets = dict[str, "h5py.h5d.DatasetID"]


class ReadStore(Mapping[str, np.ndarray]):
    """The mapping that `load_own_variables(store)` reads from; empty where the file has none."""

    def __init__(self, datasets: Datasets, place: str, file_size: int):
        self._datasets = datasets
        self._place = place
        self._file_size = file_size

    def __iter__(self) -> Iterator[str]:
        return iter(self._datasets)

    def __len__(self) -> int:
        return len(self._datasets)

    def __contains__(self, key: object) -> bool:
        return key in self._datasets  # a mapping's own way is to read the value

    def shape(self, key: str) -> tuple[int, ...]:
        """The declared shape of a value, which is not read."""
        with _reading(f"{self._place}/{key}"):
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
        where = f"{self._place}/{key}"
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


class WeightsReader:
    """The groups of an HDF5 file of weights."""

    def __init__(self, file: h5py.File, place: str, file_size: int):
        self._file = file
        self._place = place
        self._file_size = file_size
        with _reading(place):
            self._groups = dict(_datasets_by_group(file, place))
        self._asked: set[str] = set()

    def _check_texts(self, key: str, group: h5py.Group) -> None:
        """Only a file of its own has texts that are read: legacy models and weights."""
        name = self._file.filename
        with _reading(f"{self._place}: {key}"):
            has_texts = isinstance(name, str) and os.path.isfile(name) and key in group.attrs
        if not has_texts:
            return
        largest = largest_text(name)
        if largest is None:
            raise ValueError(
                explain(
                    f"{self._place} cannot be read: the file is damaged.",
                    given="a heap of texts that does not end",
                    fix=_AGAIN,
                )
            )
        with _reading(f"{self._place}: {key}"):
            attribute = group.attrs.get_id(key)
            texts = math.prod(attribute.shape or ())
            # Any number of texts may be the same one in the file.
            is_shared = attribute.get_type().get_class() in (h5py.h5t.STRING, h5py.h5t.VLEN)
            if is_shared and texts > 1 and texts * largest > _ALWAYS_ALLOWED:
                reason = f"its {texts:,} texts may have {largest:,} bytes each"
                raise _refused(f"{self._place}: {key}", reason)

    @property
    def is_legacy(self) -> bool:
        """Whether it is a whole model or weights of Keras 2's HDF5 format."""
        with _reading(self._place):
            attributes = self._file.attrs
            return "layer_names" in attributes or "model_config" in attributes

    def text(self, name: str) -> str | None:
        """A text among the file's attributes; None where it has none of that name.

        Raises:
            ValueError: it is something else than text.
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
        """A list of texts among the attributes of a group; a long one is cut into several."""
        with _reading(f"{self._place}/{path}: {name}"):
            group = self._file[path or "/"]
            attributes = group.attrs
            keys = [name] if name in attributes else []
            while not keys or f"{name}{len(keys)}" in attributes:
                if not keys and f"{name}0" not in attributes:
                    return []
                keys.append(f"{name}{len(keys)}")
            for key in keys:
                self._check_texts(key, group)
            found = [item for key in keys for item in np.atleast_1d(attributes[key]).tolist()]
            return [item.decode() if isinstance(item, bytes) else str(item) for item in found]

    def has_group(self, path: str) -> bool:
        """Whether the file has a group at a path."""
        return path.strip("/") in self._groups

    def values(self, path: str, names: list[str]) -> list[tuple[ReadStore, str]]:
        """Where to read the values of these paths below a group.

        Raises:
            ValueError: one of them is not in the file.
        """
        found = []
        for name in names:
            group, _, key = f"{path}/{name}".lstrip("/").rpartition("/")
            store = ReadStore(
                self._groups.get(group, {}), f"{self._place}/{group}", self._file_size
            )
            if key not in store:
                raise ValueError(
                    explain(f"{self._place}: the file lacks {path}/{name}.", fix=_AGAIN)
                )
            found.append((store, key))
        return found

    def store(self, path: str) -> ReadStore:
        """The values of the object at a path."""
        name = f"{path}/vars".lstrip("/")
        self._asked.add(name)
        return ReadStore(self._groups.get(name, {}), f"{self._place}/{name}", self._file_size)

    def declared(self) -> Iterator[tuple[str, tuple[int, ...], str, int]]:
        """Path, shape, dtype and bytes of an element of every value, none of which is read."""
        for group, datasets in sorted(self._groups.items()):
            for name, dataset in datasets.items():
                with _reading(f"{self._place}/{group}/{name}"):
                    shape, dtype = tuple(dataset.shape or ()), dataset.dtype
                    kind = "bfloat16" if dtype.kind == "V" and dtype.itemsize == 2 else str(dtype)
                yield f"{group}/{name}", shape, kind, dtype.itemsize

    def not_asked_for(self) -> list[str]:
        """Paths whose values nobody has read."""
        return sorted(
            name.removesuffix("vars").rstrip("/")
            for name, datasets in self._groups.items()
            if datasets and name not in self._asked and f"/{name}".endswith("/vars")
        )


def _datasets_by_group(file: h5py.File, place: str) -> Iterator[tuple[str, Datasets]]:
    """Each group's path and datasets; links out of the file or along paths are refused."""
    seen: set[int] = set()
    todo = [("", file.id if isinstance(file.id, h5py.h5g.GroupID) else file["/"].id)]
    while todo:
        path, group = todo.pop()
        address = h5py.h5o.get_info(group).addr
        if address in seen or path.count("/") > _MAX_DEPTH:
            continue
        seen.add(address)
        datasets: Datasets = {}
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
        ValueError: it cannot be read as HDF5.
    """
    size = os.path.getsize(source) if isinstance(source, str) else source.seek(0, os.SEEK_END)
    try:
        file = h5py.File(source, "r")
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


def _refuse_unusual(dataset: h5py.h5d.DatasetID, dtype: np.dtype, where: str) -> None:
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


def _refused(where: str, reason: str) -> _Refusal:
    return _Refusal(
        explain(
            f"{where} is refused: {reason}.",
            expected="an array of numbers in the file itself, of the size of the model's weight",
            fix="do not use this file unless you know who made it.",
        )
    )
