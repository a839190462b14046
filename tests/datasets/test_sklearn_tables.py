"""Iris and digits, and the package's lazy face."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import rosenblatt.datasets as datasets
from rosenblatt.datasets import digits, iris


def test_iris_holds_scikit_learns_rows() -> None:
    source = pytest.importorskip("sklearn.datasets").load_iris()
    assert tuple(source.feature_names) == iris.FEATURE_NAMES
    assert tuple(source.target_names) == iris.CLASS_NAMES
    (x_train, y_train), (x_test, y_test) = iris.load_data()
    assert x_train.dtype == np.float64 and y_train.dtype == np.int64
    assert x_train.shape == (120, 4) and y_test.shape == (30,)
    got = np.c_[np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])]
    want = np.c_[source.data, source.target]
    assert sorted(map(tuple, got)) == sorted(map(tuple, want))


def test_iris_seed() -> None:
    pytest.importorskip("sklearn")
    (a, _), _ = iris.load_data(seed=1)
    (b, _), _ = iris.load_data(seed=1)
    (c, _), _ = iris.load_data(seed=2)
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_digits() -> None:
    source = pytest.importorskip("sklearn.datasets").load_digits()
    (x_train, y_train), (x_test, y_test) = digits.load_data(test_split=0)
    assert x_train.shape == (1797, 8, 8) and x_test.shape == (0, 8, 8) and y_test.shape == (0,)
    assert x_train.dtype == y_train.dtype == np.uint8
    assert x_train.sum() == source.data.sum()
    np.testing.assert_array_equal(np.bincount(y_train), np.bincount(source.target))


@pytest.mark.parametrize("module", [iris, digits])
def test_without_scikit_learn(module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "sklearn.datasets", raising=False)
    name = module.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    with pytest.raises(ImportError) as error:
        module.load_data()  # type: ignore[attr-defined]
    assert str(error.value) == (
        f"datasets.{name}.load_data: an optional dependency is missing. "
        "Expected: an installed 'sklearn'. Fix: pip install \"rosenblatt[sklearn]\""
    )


def test_lazy_modules() -> None:
    assert dir(datasets) == sorted(
        ["california_housing", "digits", "fashion_mnist", "iris", "mnist"]
    )
    code = (
        "import sys, rosenblatt.datasets as d\n"
        "assert 'rosenblatt.datasets.mnist' not in sys.modules\n"
        "d.mnist.load_data\n"
        "d.california_housing.load_matrix()\n"
        "assert not {'sklearn', 'pandas', 'polars', 'jax'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(
        AttributeError, match="datasets has no 'cifar10'; known names: california_housing"
    ):
        datasets.cifar10  # noqa: B018
