"""Fashion MNIST and MNIST: the loaders users call."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rosenblatt.datasets import fashion_mnist, mnist

DEBIAN = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture
def tiny_mnist(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(mnist, "_DATA", dataclasses.replace(tiny.data, name="mnist"))
    return tiny


def npz(tiny: Any, path: Path, **changes: np.ndarray) -> Path:
    members = dict(
        zip(("x_train", "y_train", "x_test", "y_test"), tiny.arrays.values(), strict=True)
    )
    np.savez(path, **{**members, **changes})
    return path


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_fashion_mnist_from_debian(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROSENBLATT_FASHION_MNIST_DIR", raising=False)
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert x_train.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
    assert y_train.shape == (60000,) and y_test.shape == (10000,)
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert [fashion_mnist.CLASS_NAMES[label] for label in y_test[:3]] == [
        "Ankle boot",
        "Pullover",
        "Trouser",
    ]
    assert np.bincount(y_train).tolist() == [6000] * 10
    assert not cache.exists()  # nothing is copied


def test_known_files() -> None:
    for module in (fashion_mnist, mnist):
        files = module._DATA.files
        assert [file.size for file in files] == [47_040_016, 60_008, 7_840_016, 10_008]
        assert len({file.md5 for file in files}) == 4
    assert len(set(fashion_mnist.CLASS_NAMES)) == 10


def test_mnist_from_a_folder(tiny_mnist: Any, tmp_path: Path) -> None:
    tiny_mnist.check(mnist.load_data(tiny_mnist.write(tmp_path / "mine")))


def test_mnist_from_the_cache_whatever_the_npz_name(tiny_mnist: Any, cache: Path) -> None:
    tiny_mnist.write(cache / "datasets" / "tiny")
    tiny_mnist.check(mnist.load_data())
    tiny_mnist.check(mnist.load_data("mnist.npz"))


def test_mnist_from_npz(tiny_mnist: Any, tmp_path: Path) -> None:
    tiny_mnist.check(mnist.load_data(npz(tiny_mnist, tmp_path / "m.npz")))


def test_mnist_npz_refused(tiny_mnist: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    npz(tiny_mnist, path, y_test=np.zeros(2, np.int64))
    with pytest.raises(ValueError) as error:
        mnist.load_data(path)
    assert str(error.value) == (
        f"mnist.load_data: y_test.npy in {path} is another array. Given: int64 (2,). "
        "Expected: uint8 (2,)."
    )
    npz(tiny_mnist, path, x_train=np.zeros((6, 4, 3), np.uint8))
    with pytest.raises(ValueError, match="is damaged or holds other data"):
        mnist.load_data(path)
    # An array of objects would be a pickle: it is refused before its bytes are looked at.
    npz(tiny_mnist, path, x_train=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"x_train.npy .* is another array. Given: object"):
        mnist.load_data(path)
    for content in (b"no zip", b""):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"is not the .npz file Keras keeps"):
            mnist.load_data(path)
    for member in (b"", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x09\x00"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x_train.npy", member)
        with pytest.raises(ValueError, match=r"x_train.npy .* is another array. Given: no array"):
            mnist.load_data(path)


def test_mnist_path_that_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "none"
    with pytest.raises(FileNotFoundError) as error:
        mnist.load_data(path)
    assert str(error.value) == (
        f"mnist.load_data: `path` does not exist. Given: {path}. "
        "Expected: a folder with the four IDX files, or an .npz file. "
        "Fix: leave `path` out to search the cache and download."
    )
