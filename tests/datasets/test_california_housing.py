"""California housing: values, splits, frames, and a damaged file."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from rosenblatt.datasets import california_housing as housing


def test_first_row_and_shape() -> None:
    x, y = housing.load_matrix()
    assert x.shape == (20640, 8) and y.shape == (20640,)
    assert x.dtype == y.dtype == np.float64
    first = [8.3252, 41, 880 / 126, 129 / 126, 322, 322 / 126, 37.88, -122.23]
    np.testing.assert_array_equal(x[0], first)
    assert y[0] == 4.526 and y.min() == 0.14999 and y.max() == 5.00001


def test_least_squares_on_all_rows() -> None:
    x, y = housing.load_matrix()
    # Standardised columns keep the normal equations well conditioned; R2 does not change.
    columns = np.c_[np.ones(len(x)), (x - x.mean(0)) / x.std(0)]
    residual = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    r2 = 1 - residual @ residual / np.sum((y - y.mean()) ** 2)
    assert abs(r2 - 0.606232685199805) < 1e-12


@pytest.mark.parametrize("seed", [0, 42])
def test_split_equals_scikit_learn(seed: int) -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    x, y = housing.load_matrix()
    x_rest, x_test, y_rest, y_test = selection.train_test_split(x, y, random_state=seed)
    x_train, x_valid, y_train, y_valid = selection.train_test_split(
        x_rest, y_rest, random_state=seed
    )
    split = housing.load_split(seed)
    assert [len(part[0]) for part in split] == [11610, 3870, 5160]
    for got, want in zip(
        (*split.train, *split.valid, *split.test),
        (x_train, y_train, x_valid, y_valid, x_test, y_test),
        strict=True,
    ):
        np.testing.assert_array_equal(got, want)


def test_load_data_is_documented_keras() -> None:
    (x_train, y_train), (x_test, y_test) = housing.load_data()
    assert x_train.shape == (16512, 8) and x_test.shape == (4128, 8)
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.float32)}
    # Printed from Keras's own loader in public notebooks: same order, dollars.
    assert y_train[:3].tolist() == [252300, 146900, 290900]
    assert 10 < np.concatenate([x_train, x_test])[:, 1].mean() < 40  # HouseAge is the second


def test_load_data_small_and_arguments_by_position() -> None:
    (x_train, y_train), (x_test, _) = housing.load_data("small", "anywhere.npz", 0.2, 113)
    assert x_train.shape == (480, 8) and x_test.shape == (120, 8)
    assert y_train[-2:].tolist() == [140500, 217100]  # as Keras's
    (x_all, _), (x_none, y_none) = housing.load_data("small", test_split=0)
    assert len(x_all) == 600 and x_none.shape == (0, 8) and y_none.shape == (0,)


def test_load_data_holds_every_row_once() -> None:
    x, y = housing.load_matrix()
    (x_train, y_train), (x_test, y_test) = housing.load_data(seed=7)
    together = np.c_[np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])]
    want = np.c_[x, y * 100_000].astype(np.float32)
    np.testing.assert_array_equal(np.sort(together, axis=0), np.sort(want, axis=0))


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_frame(backend: str) -> None:
    library = pytest.importorskip(backend)
    frame = housing.load_frame(backend)
    assert isinstance(frame, library.DataFrame)
    assert list(frame.columns) == [*housing.FEATURE_NAMES, housing.TARGET_NAME]
    x, y = housing.load_matrix()
    np.testing.assert_array_equal(frame.to_numpy(), np.c_[x, y])


def test_bad_arguments() -> None:
    with pytest.raises(ValueError) as error:
        housing.load_data(version="huge")
    assert str(error.value) == (
        "california_housing.load_data: unknown `version`. Given: 'huge'. "
        "Expected: 'large' (20,640 rows) or 'small' (600 rows)."
    )
    with pytest.raises(ValueError) as error:
        housing.load_data(test_split=1)
    assert str(error.value) == (
        "load_data: `test_split` is out of range. Given: 1. "
        "Expected: a fraction of the rows, 0 <= test_split < 1."
    )
    with pytest.raises(ValueError) as error:
        housing.load_frame("spark")
    assert str(error.value) == (
        "california_housing.load_frame: unknown `backend`. Given: 'spark'. "
        "Expected: 'polars' or 'pandas'."
    )


@pytest.mark.parametrize(
    ("backend", "command"),
    [("polars", 'pip install "rosenblatt[tables]"'), ("pandas", 'pip install "pandas"')],
)
def test_frame_without_its_library(
    backend: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, backend, None)
    with pytest.raises(ImportError) as error:
        housing.load_frame(backend)
    assert str(error.value) == (
        "datasets.california_housing.load_frame: an optional dependency is missing. "
        f"Expected: an installed '{backend}'. Fix: {command}"
    )


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"1,2,3\n"),
        gzip.compress(b"1,2,3\n" * 100)[:-9],
        b"not gzip",
        None,
    ],
    ids=["other", "truncated", "not gzip", "missing"],
)
def test_damaged_file(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cal_housing.data.gz"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(housing, "_FILE", file)
    with pytest.raises(RuntimeError, match=r"missing or damaged\. Given: .* Fix: pip install"):
        housing.load_matrix()
