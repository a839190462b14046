"""Values that are no numbers: the message names the row that fails, and is no error itself."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rosenblatt as rb
from rosenblatt.data import as_arrays

ROWS = 60
NUMBERS = np.random.default_rng(0).random(ROWS)
OBJECTS = NUMBERS.astype(object)


def changed(value: Any, row: int = 37) -> Any:
    column = OBJECTS.copy()
    column[row] = value
    return column


class Unspeakable:
    """Fails wherever a message might touch it."""

    def _fails(self, *_: Any) -> Any:
        raise RuntimeError("touched")

    __repr__ = __str__ = __bool__ = __len__ = __eq__ = __ne__ = __float__ = __iter__ = _fails
    __hash__ = None  # type: ignore[assignment]


CONVERT = 'Fix: convert it: `{}.astype("float32")`.'
COERCE = (
    'Fix: correct or drop that row; `pandas.to_numeric({}, errors="coerce")` makes missing values '
    "of what is not a number."
)
STACK = (
    "Fix: the cells hold several values each: make an array of them with "
    "`numpy.stack({}.to_list())`."
)
RECORDS = "Fix: the cells hold several values each: make a column of each."
CLASSES = "Fix: number the classes, e.g. `classes, y = numpy.unique(y, return_inverse=True)`."
OBJECT = "numbers as Python objects (dtype object)"

CASES: dict[str, tuple[str, Any, str, str]] = {
    "objects": ("x", pd.DataFrame({"a": OBJECTS}), f"'a': {OBJECT}", CONVERT.format("x['a']")),
    "one is text": (
        "x", pd.DataFrame({"b": NUMBERS, "a": changed("?")}), "'a': '?' in row 37 (dtype object)",
        COERCE.format("x['a']"),
    ),
    "text of numbers": (
        "x", pd.DataFrame({"a": changed("n/a").astype(str)}), "'a': 'n/a' in row 37",
        COERCE.format("x['a']"),
    ),
    "all text of numbers": (
        "x", pd.DataFrame({"a": pd.Series(NUMBERS.astype(str), dtype=object)}), "in row 0",
        CONVERT.format("x['a']"),
    ),
    "polars, text of numbers": (
        "x", pl.DataFrame({"a": changed("n/a").astype(str).tolist()}),
        "'a': 'n/a' in row 37 (dtype String)",
        "Fix: correct or drop that row; `x['a'].cast(polars.Float32, strict=False)` makes missing",
    ),
    "targets": ("y", pd.Series(OBJECTS), OBJECT, CONVERT.format("y")),
    "array of targets": ("y", OBJECTS, OBJECT, CONVERT.format("y")),
    "one target is text": ("y", pd.Series(changed("low")), "'low' in row 37", COERCE.format("y")),
    "one target is None": ("y", changed(None), OBJECT, CONVERT.format("y")),
    "classes": ("y", pd.Series(["red", "green"] * 30), "'red' in row 0", CLASSES),
    "array of classes": ("y", np.array(["red", "green"] * 30), "'red' in row 0", CLASSES),
    "dates": (
        "x", pd.DataFrame({"day": pd.date_range("2020-01-01", periods=ROWS)}), "in row 0",
        "Fix: turn dates into numbers",
    ),
    "one is a date": (
        "x", pd.DataFrame({"a": changed(datetime.date(2020, 1, 1))}),
        "'a': datetime.date(2020, 1, 1) in row 37", "Fix: turn dates into numbers",
    ),
    "arrays in cells": (
        "x", pd.DataFrame({"e": [np.ones(3)] * ROWS}), "'e': array([1., 1., 1.]) in row 0",
        STACK.format("x['e']"),
    ),
    "lists in cells": (
        "x", pd.DataFrame({"e": [[1, 2]] * ROWS}), "'e': [1, 2] in row 0", STACK.format("x['e']")
    ),
    "one list in a cell": (
        "x", pd.DataFrame({"e": changed([1, 2])}), "'e': [1, 2] in row 37", STACK.format("x['e']")
    ),
    "polars' lists": (
        "x", pl.DataFrame({"e": [[1.0, 2]] * ROWS}), "in row 0 (dtype List(Float64))",
        STACK.format("x['e']"),
    ),
    "arrow's lists": (
        "x", pa.table({"e": [[1.0, 2]] * ROWS}), "'e': [1.0, 2.0] in row 0", STACK.format("x['e']")
    ),
    "polars' structs": (
        "x", pl.DataFrame({"e": [{"a": 1}] * ROWS}), "'e': {'a': 1} in row 0", RECORDS
    ),
    "dicts in cells": ("x", pd.DataFrame({"e": changed({"a": 1})}), "{'a': 1} in row 37", RECORDS),
    "NA": (
        "x", pd.DataFrame({"a": changed(pd.NA)}), "'a': <NA> in row 37 (dtype object)",
        "Fix: convert it: `x['a'].astype(\"Float32\")`, which keeps what is missing.",
    ),
    "series of lists": ("y", pd.Series([[1, 2]] * ROWS), "[1, 2] in row 0", STACK.format("y")),
    "array of lists": (
        "x", np.array([[1], [1, 2], [3]] * 20, dtype=object), "[1] in row 0",
        "Fix: make one array of them: `numpy.stack(x)`.",
    ),
    "second column": (
        "x", np.column_stack([OBJECTS, changed("?")]), "'?' in row 37, column 1", COERCE.format("x")
    ),
    "three axes": (
        "x", changed("?").reshape(ROWS, 1, 1), "'?' in row 37 (dtype object)", COERCE.format("x")
    ),
    "a single text": ("x", "housing.csv", "'housing.csv' (dtype", "Fix: encode it as numbers"),
    "unspeakable": (
        "x", pd.DataFrame({"a": changed(Unspeakable())}),
        "'a': an object of type Unspeakable in row 37", "Fix: encode it as numbers",
    ),
    "unspeakable in an array": (
        "x", changed(Unspeakable()), "an object of type Unspeakable in row 37", "Fix: encode it",
    ),
    "long": (
        "x", changed("a" * 500), f"'{'a' * 59}… (str) in row 37", COERCE.format("x")
    ),
    "nothing but gaps": ("x", pd.DataFrame({"a": [None] * 3}, dtype=object), "None in row 0", ""),
    "rows of lists": (
        "x", [[1, 2]] * 37 + [[1, 2, 3]] + [[1, 2]] * 5, "2 values in row 0, 3 values in row 37",
        "Fix: fill up or cut",
    ),
    "the first row of lists": (
        "x", [[1, 2, 3]] + [[1, 2]] * 5, "2 values in row 1, 3 values in row 0", ""
    ),
    "deeper": (
        "x", [[[1, 2], [3, 4]]] * 9 + [[[1, 2], [3]]], "values nested differently in row 9", ""
    ),
    "numbers among lists": ("x", [[1], 2, [3]], "1 value in row 0, a single value in row 1", ""),
    "a column of a dict": (
        "x", {"a": NUMBERS, "b": changed("?")}, "'?' in row 37", COERCE.format("x['b']")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_row_that_fails(name: str) -> None:
    what, data, given, fix = CASES[name]
    with pytest.raises(ValueError) as caught:
        as_arrays(data, what)
    text = str(caught.value)
    assert given in text
    assert fix in text


def test_a_model_says_it_too() -> None:
    model = rb.Sequential([rb.Input((1,)), rb.layers.Dense(1)])
    model.compile("sgd", "mse")
    for x, y in (
        (pd.DataFrame({"a": changed("?")}), NUMBERS),
        (NUMBERS, pd.Series(changed("?"))),
        (iter([(NUMBERS, NUMBERS), (changed("?"), NUMBERS)]), None),
    ):
        with pytest.raises(ValueError, match=r"'\?' in row 37"):
            model.fit(x, y, verbose=0)


def test_decimals_and_gaps_are_numbers() -> None:
    series = pl.Series([decimal.Decimal("1.5"), None])
    np.testing.assert_array_equal(as_arrays(series, "x"), [1.5, np.nan])
