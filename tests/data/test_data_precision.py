"""Columns of which float32 keeps too little: they are found, and said, and normalized in time."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import pipeline, preprocessing

import rosenblatt as rb
from rosenblatt.data import precision
from rosenblatt.data.precision import counted_from, origin_of

ROWS = 200
PART = np.linspace(0, 600, ROWS)

FAR = {
    "seconds": 1.7e9 + PART,
    "whole seconds": (1.7e9 + PART).astype("int64"),
    "milliseconds": (1.7e12 + 1e3 * PART).astype("int64"),
    "nanoseconds": 1_700_000_000_000_000_000 + (1e9 * PART).astype("int64"),
    "digits": 202_401_310_000 + PART.astype("int64"),
    "unsigned": np.uint64(2**63) + PART.astype("uint64"),
    "negative": -1.7e9 + PART,
    "near the largest": 2**63 - 1 - PART.astype("int64"),
}
NEAR = {
    "already rounded": FAR["seconds"].astype("float32"),
    "years": 1990 + PART // 20,
    "exact": 2.0**30 + 128 * np.round(PART),
    "around zero": 1e12 * (PART - 300),
    "constant": np.full(ROWS, 1.7e9 + 1),
    "small": PART,
    "booleans": PART > 300,
    "gaps": np.where(PART > 300, np.nan, FAR["seconds"]),
    "infinite": np.where(PART > 300, np.inf, FAR["seconds"]),
    "small integers": PART.astype("int32"),
}


@pytest.mark.parametrize("name", FAR)
def test_far(name: str) -> None:
    values = FAR[name]
    origin = origin_of(values)
    assert origin == values.min()
    found = counted_from(values, origin)
    assert found.dtype == np.float32
    exact = np.array([int(v) - int(origin) for v in values]) if values.dtype.kind in "iu" else (
        values - origin
    )  # fmt: skip
    np.testing.assert_allclose(found, exact, rtol=1e-6)


@pytest.mark.parametrize("name", NEAR)
def test_near(name: str) -> None:
    assert origin_of(NEAR[name]) is None


@pytest.mark.parametrize("other", [-(2**63), 0, 2**62])
def test_values_far_from_the_origin(other: int) -> None:
    """What `predict` is given need not lie where the training rows lay."""
    values = np.array([other, 2**62 + 5])
    found = counted_from(values, 2**62)
    np.testing.assert_allclose(found, [float(other - 2**62), 5.0], rtol=1e-6)


def model() -> Any:
    net = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1, kernel_initializer="zeros")])
    net.compile(rb.optimizers.SGD(0.0), "mse")
    return net


MAKE = {
    "array": lambda column: np.stack([column, column % 7], axis=1),
    "pandas": lambda column: pd.DataFrame({"time": column, "b": column % 7}),
    "polars": lambda column: pl.DataFrame({"time": column, "b": column % 7}),
}


TABLES = {
    "numbered columns": pd.DataFrame(np.ones((ROWS, 2))),
    "names that repeat": pd.DataFrame(np.ones((ROWS, 2)), columns=["a", "a"]),
    "numbers and booleans": pd.DataFrame({"a": PART, "b": PART > 300}),
    "nullable": pd.DataFrame({"a": PART, "b": pd.array([1] * ROWS, dtype="Int64")}),
    "polars": pl.DataFrame({"a": PART, "b": PART}),
    "lazy": pl.LazyFrame({"a": PART, "b": PART}),
    "pyarrow": pl.DataFrame({"a": PART, "b": PART}).to_arrow(),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_any_kind_train(kind: str) -> None:
    model().fit(TABLES[kind], PART, epochs=1, verbose=0)


@pytest.mark.parametrize("kind", MAKE)
def test_fit_says_it(kind: str) -> None:
    name = "0" if kind == "array" else "'time'"
    with pytest.warns(UserWarning, match="hardly tells") as told:
        model().fit(MAKE[kind](FAR["seconds"]), PART, epochs=1, verbose=0)
    assert str(told[0].message) == (
        f"x: float32 hardly tells the rows of column {name} apart. Given: 1700000000.0 to "
        "1700000600.0, which it holds in steps of 128. Fix: subtract 1700000000.0 from the column "
        "while it has 64 bits, in `predict` too."
    )
    assert told[0].filename == __file__


@pytest.mark.parametrize("name", ["whole seconds", "milliseconds", "nanoseconds", "digits"])
def test_fit_says_it_of_whole_numbers(name: str) -> None:
    x = np.stack([np.arange(ROWS), FAR[name]], axis=1)
    with pytest.warns(UserWarning, match="x: float32 hardly tells the rows of column 1 apart"):
        model().fit(x, PART, epochs=1, verbose=0)


def test_fit_says_it_of_targets() -> None:
    x = np.zeros((ROWS, 2), "float32")
    with pytest.warns(UserWarning, match="y: float32 hardly tells the rows of column 0 apart"):
        model().fit(x, FAR["seconds"], epochs=1, verbose=0)


@pytest.mark.parametrize("name", ["already rounded", "years", "around zero", "small"])
def test_fit_is_silent(name: str) -> None:
    x = np.stack([NEAR[name] / 1e9, NEAR[name] / 1e9], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model().fit(x, PART, epochs=1, verbose=0)


# Those near 2**63 are too long for float64, in which the layer computes.
@pytest.mark.parametrize("name", [n for n in FAR if n not in ("unsigned", "near the largest")])
def test_normalization_subtracts_before_it_rounds(name: str) -> None:
    x = np.stack([FAR[name].astype("float64" if FAR[name].dtype.kind == "f" else "int64"),
                  (PART * 1000).astype("int64")], axis=1)  # fmt: skip
    layer = rb.layers.Normalization()
    layer.adapt(x)
    found = np.asarray(layer(x))
    assert found.dtype == np.float32
    # The mean is kept as float32: the middle may be off, the rows keep their distances.
    shape = (PART - PART.mean()) / PART.std()
    np.testing.assert_allclose(found[:, 0] - found[:, 0].mean(), np.sign(
        float(FAR[name][-1]) - float(FAR[name][0])) * shape, atol=0.02)  # fmt: skip
    np.testing.assert_allclose(found[:, 1], shape, atol=1e-3)


def test_other_data_are_normalized_as_before() -> None:
    """To the bit: a model that holds the layer computes the same from float32."""
    x = np.random.default_rng(0).normal(5, 2, (ROWS, 3))
    layer, same = rb.layers.Normalization(), rb.layers.Normalization()
    layer.adapt(x)
    same.adapt(x.astype("float32"))
    np.testing.assert_array_equal(layer(x), same(x.astype("float32")))


ESTIMATORS = {
    "MLPRegressor": lambda: rb.sklearn.MLPRegressor(hidden_layer_sizes=(2,), max_iter=1),
    "KerasRegressor": lambda: rb.sklearn.KerasRegressor(model, epochs=1, verbose=0),
}


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_estimators_say_it(kind: str) -> None:
    far = np.stack([np.arange(ROWS), FAR["seconds"]], axis=1)
    with pytest.warns(UserWarning, match="^[xX]: float32 hardly tells the rows of column 1 apart"):
        ESTIMATORS[kind]().fit(far, PART)
    with pytest.warns(UserWarning, match="^y: float32 hardly tells the rows of column 0 apart"):
        ESTIMATORS[kind]().fit(far - far.min(axis=0), FAR["seconds"])
    # A scaler subtracts while the column has 64 bits.
    pipeline.make_pipeline(preprocessing.StandardScaler(), ESTIMATORS[kind]()).fit(far, PART)


def test_feature_spaces_say_it() -> None:
    space = rb.utils.FeatureSpace({"time": "float_normalized", "b": "float"})
    with pytest.warns(UserWarning, match=r"^dataset\['time'\]: float32 hardly tells the rows"):
        space.adapt({"time": FAR["seconds"], "b": PART})


def test_a_look_at_some_rows_hides_no_far_column() -> None:
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(500):
        rows = int(rng.integers(1, 400))
        middle = 10 ** rng.uniform(-3, 12) * rng.choice([-1, 1])
        table = middle + 10 ** rng.uniform(-4, 9) * rng.standard_normal((rows, 3))
        if rng.random() < 0.3:
            table[rng.integers(rows)] = rng.choice([middle, np.nan])
        columns = {c: precision.origin_of(table[:, c]) for c in range(3)}
        expected = {c: origin for c, origin in columns.items() if origin is not None}
        # `origin_of` is asked of columns whose spread is small beside their values only.
        assert precision.far_columns(table).items() <= expected.items()
        narrow = {c for c in expected if precision._is_narrow(table[:, [c]], 64)[0]}
        assert set(precision.far_columns(table)) == narrow
        found += len(narrow)
    assert found > 100
