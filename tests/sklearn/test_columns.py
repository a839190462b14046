"""Columns of frames by what they hold: the same in all estimators, as `Model.fit` has it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rosenblatt as rb
from rosenblatt.sklearn import KerasRegressor, MLPClassifier, MLPRegressor, Perceptron

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:pandas.DataFrame with sparse columns found"),
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
]
N = 20
NUMBERS = np.linspace(-1, 1, N)
CLASSES = np.where(NUMBERS > 0, "yes", "no")
DAYS = pd.date_range("2020-01-01", periods=N)


def objects(values: list[Any]) -> Any:
    return pd.Series((values * N)[:N], dtype=object)


# What a column holds: "numbers"; "text" (categories too), which the MLPs take apart; "neither".
PANDAS: dict[str, tuple[Any, str]] = {
    "booleans": (np.arange(N) % 2 == 0, "numbers"),
    "booleans as objects": (objects([True, False]), "numbers"),
    "nullable booleans": (pd.array(np.arange(N) % 2 == 0, dtype="boolean"), "numbers"),
    "nullable integers": (pd.array(np.arange(N), dtype="Int64"), "numbers"),
    "arrow's integers": (pd.array(np.arange(N), dtype="int32[pyarrow]"), "numbers"),
    "sparse": (pd.arrays.SparseArray(np.arange(N) * 1.0), "numbers"),
    "half precision": (np.arange(N).astype("float16"), "numbers"),
    "numbers as objects": (objects([1, 2.5]), "numbers"),
    "decimals": (objects([Decimal("1.5"), Decimal(2)]), "numbers"),
    "fractions": (objects([Fraction(1, 2), Fraction(2)]), "numbers"),
    "text": (["u", "v"] * (N // 2), "text"),
    "text of numbers": (["1", "2"] * (N // 2), "text"),
    "text as objects": (objects(["u", "v"]), "text"),
    "bytes": (objects([b"u", b"v"]), "text"),
    "categories": (pd.Categorical(["u", "v"] * (N // 2)), "text"),
    "categories of numbers": (pd.Categorical([3, 7] * (N // 2)), "text"),
    "dates": (DAYS, "neither"),
    "dates with a zone": (DAYS.tz_localize("UTC"), "neither"),
    "dates as objects": (objects(list(DAYS.date)), "neither"),
    "datetimes as objects": (objects(list(DAYS.to_pydatetime())), "neither"),
    "arrow's dates": (pd.Series(DAYS.date).astype("date32[pyarrow]"), "neither"),
    "durations": (DAYS - DAYS[0], "neither"),
    "durations as objects": (objects([dt.timedelta(1), dt.timedelta(2)]), "neither"),
    "times": (objects([dt.time(1), dt.time(2)]), "neither"),
    "periods": (DAYS.to_period("D"), "neither"),
    "intervals": (pd.interval_range(0, N), "neither"),
    "complex numbers": (np.arange(N) * 1j, "neither"),
    "lists": (objects([[1, 2]]), "neither"),
}
POLARS: dict[str, tuple[Any, str]] = {
    "booleans": (pl.Series(np.arange(N) % 2 == 0), "numbers"),
    "integers": (pl.Series(np.arange(N)), "numbers"),
    "text": (pl.Series(["u", "v"] * (N // 2)), "text"),
    "categories": (pl.Series(["u", "v"] * (N // 2), dtype=pl.Categorical), "text"),
    "enums": (pl.Series(["u", "v"] * (N // 2), dtype=pl.Enum(["u", "v"])), "text"),
    "dates": (pl.Series(list(DAYS.date)), "neither"),
    "datetimes": (pl.Series(list(DAYS.to_pydatetime())), "neither"),
    "durations": (pl.Series([dt.timedelta(1)] * N), "neither"),
    "times": (pl.Series([dt.time(1)] * N), "neither"),
    "lists": (pl.Series([[1, 2]] * N), "neither"),
}
CASES = [("pandas", name) for name in PANDAS] + [("polars", name) for name in POLARS]


def frame_of(library: str, name: str, text: bool = False) -> tuple[Any, str]:
    """A frame with the column as "c", beside numbers (and text), and what it holds."""
    column, kind = (PANDAS if library == "pandas" else POLARS)[name]
    make = pd.DataFrame if library == "pandas" else pl.DataFrame
    more = {"t": ["q", "w"] * (N // 2)} if text else {}
    return make({"a": NUMBERS, "c": column, **more}), kind


def model(meta: dict[str, Any]) -> Any:
    made = rb.Sequential([rb.Input((meta["n_features_in_"],)), rb.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


SETTINGS = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
PATHS: dict[str, Callable[[Any], Any]] = {
    "MLPClassifier": lambda x: MLPClassifier(**SETTINGS).fit(x, CLASSES),
    "MLPRegressor": lambda x: MLPRegressor(**SETTINGS).fit(x, NUMBERS),
    "partial_fit": lambda x: MLPRegressor((4,), random_state=0).partial_fit(x, NUMBERS),
    "KerasRegressor": lambda x: KerasRegressor(model, verbose=0).fit(x, NUMBERS),
    "Perceptron": lambda x: Perceptron(max_iter=2).fit(x, CLASSES),
}
TAKES_TEXT = ("MLPClassifier", "MLPRegressor", "partial_fit")
NEITHER = "X: column 'c' does not hold numbers. Given: 'c': "


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("library", "name"), CASES)
def test_each_kind_in_each_estimator(library: str, name: str, path: str) -> None:
    for text in (False, True) if path in TAKES_TEXT else (False,):
        frame, kind = frame_of(library, name, text)
        if kind == "neither":
            with pytest.raises(ValueError, match=re.escape(NEITHER)):
                PATHS[path](frame)
        elif kind == "text" and path not in TAKES_TEXT:
            with pytest.raises(ValueError, match=r"not hold numbers|hold no numbers"):
                PATHS[path](frame)
        else:
            one = PATHS[path](frame)
            assert np.isfinite(np.asarray(one.predict(frame) == one.predict(frame))).all()
            width = 1 + (1 if kind == "numbers" else 2) + 2 * text
            if path in TAKES_TEXT:
                assert one.coefs_[0].shape[0] == width


@pytest.mark.parametrize(("library", "name"), CASES)
def test_what_the_model_takes_the_estimators_take(library: str, name: str) -> None:
    """The other way round they take more: text taken apart, numbers that are objects."""
    frame, kind = frame_of(library, name)
    try:
        model({"n_features_in_": 2}).fit(frame, NUMBERS, verbose=0)
        taken = True
    except ValueError:
        taken = False
    assert not taken or kind == "numbers"


@pytest.mark.parametrize("name", [name for name, (_, kind) in PANDAS.items() if kind == "neither"])
def test_dates_in_prediction_are_refused_too(name: str) -> None:
    frame, _ = frame_of("pandas", name)
    for text in (False, True):
        plain, _ = frame_of("pandas", "text" if text else "booleans")
        one = MLPRegressor(**SETTINGS).fit(plain, NUMBERS)
        with pytest.raises(ValueError, match=re.escape(NEITHER)):
            one.predict(frame)


def test_text_is_the_same_from_each_library() -> None:
    """A missing value is a value of its own; values that training had not get zeros."""
    values = ["u", None, "v", "u"] * (N // 4)
    frames = [
        pd.DataFrame({"a": NUMBERS, "c": values}),
        pd.DataFrame({"a": NUMBERS, "c": pd.Series(values, dtype=object)}),
        pd.DataFrame({"a": NUMBERS, "c": pd.array(values, dtype="string")}),
        pd.DataFrame({"a": NUMBERS, "c": pd.Categorical(values)}),
        pl.DataFrame({"a": NUMBERS, "c": values}),
        pa.table({"a": NUMBERS, "c": values}),
    ]
    one = MLPRegressor(**SETTINGS).fit(frames[0], NUMBERS)
    assert one.coefs_[0].shape[0] == 4
    for frame in frames:
        np.testing.assert_array_equal(one.predict(frame), one.predict(frames[0]))
    array = np.array([[0.5, "u"], [0.5, "never seen"]], dtype=object)
    np.testing.assert_array_equal(
        one.predict(array), one.predict(pd.DataFrame(array, columns=["a", "c"]))
    )


GAPS = [
    pd.array([1, None] * (N // 2), dtype="Int64"),
    pd.array([True, None] * (N // 2), dtype="boolean"),
    pd.array([1.5, None] * (N // 2), dtype="Float64"),
    [1.0, np.nan] * (N // 2),
    objects([1, None]),
    objects([Decimal(1), None]),
]


@pytest.mark.parametrize("number", range(len(GAPS)))
@pytest.mark.parametrize("text", [False, True])
def test_gaps_among_numbers_are_refused(number: int, text: bool) -> None:
    frame = pd.DataFrame({"a": NUMBERS, "c": GAPS[number]})
    if text:
        frame["t"] = ["q", "w"] * (N // 2)
    named = "column 'c'" if text else "X"
    for path in TAKES_TEXT if text else PATHS:
        with pytest.raises(ValueError, match=f"Input {named} contains NaN"):
            PATHS[path](frame)


TARGETS: list[tuple[Any, str]] = [
    (DAYS, "turn dates into numbers, e.g. days since the first one."),
    (DAYS.to_numpy(), "turn dates into numbers, e.g. days since the first one."),
    (DAYS - DAYS[0], "turn dates into numbers, e.g. days since the first one."),
    (objects(list(DAYS.date)), "turn dates into numbers, e.g. days since the first one."),
    (objects([dt.timedelta(1)]), "turn dates into numbers, e.g. days since the first one."),
    (CLASSES, "use the classifier for labels."),
    (np.arange(N).astype(str), "use the classifier for labels."),
]


@pytest.mark.parametrize("number", range(len(TARGETS)))
def test_targets_of_a_regressor(number: int) -> None:
    y, fix = TARGETS[number]
    x = NUMBERS[:, None]
    for one in (MLPRegressor(**SETTINGS), KerasRegressor(model, verbose=0)):
        with pytest.raises(ValueError, match=re.escape(f"Fix: {fix}")) as caught:
            one.fit(x, y)
        assert str(caught.value).startswith("Unknown label type: a regressor's y holds numbers.")
        taken = [objects([1, 2.5]), objects([Decimal(1), Decimal(2)]), NUMBERS > 0]
        for numbers in taken:
            assert np.isfinite(one.fit(x, numbers).predict(x)).all()


def test_an_array_of_dates() -> None:
    for path, fit in PATHS.items():
        with pytest.raises(ValueError) as caught:
            fit(DAYS.to_numpy()[:, None])
        assert str(caught.value).startswith("X does not hold numbers. Given: "), path
