"""Tables of pandas, polars, pyarrow and narwhals."""

from __future__ import annotations

import subprocess
import sys

import narwhals
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rosenblatt.data import as_arrays, read

COLUMNS = {"rooms": [1.0, 2.0, 3.0], "age": [1, 2, 3], "new": [True, False, True]}
MAKERS = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "polars lazy": pl.LazyFrame,
    "pyarrow": pa.table,
    "narwhals": lambda columns: narwhals.from_native(pl.DataFrame(columns)),
    "pandas nullable": lambda columns: pd.DataFrame(columns).convert_dtypes(),
}


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_frames_are_float_arrays(maker):
    frame = maker(COLUMNS)
    array = as_arrays(frame, "x")
    assert array.dtype == np.float32
    assert array.flags.c_contiguous
    assert array.tolist() == [[1, 1, 1], [2, 2, 0], [3, 3, 1]]
    assert read({"wide": frame}).columns == {"x['wide']": ("rooms", "age", "new")}


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("name", COLUMNS)
def test_missing_values_are_nan_and_named(maker, name):
    columns = {**COLUMNS, name: [COLUMNS[name][0], None, COLUMNS[name][2]]}
    if maker is pd.DataFrame and name == "new":
        pytest.skip("pandas makes an object column of it")
    rows = read(maker(columns))
    assert rows.suspects["x"].startswith(f"x holds NaN in column '{name}'. Given: nan in row 1 ")


@pytest.mark.parametrize("maker", [pd.Series, pl.Series, lambda v: pa.chunked_array([v])])
def test_series_keep_integers(maker):
    assert as_arrays(maker([1, 2]), "y").dtype == np.int64
    assert as_arrays(maker([1.5, 2.0]), "y").dtype == np.float32
    assert as_arrays(maker([True, False]), "y").tolist() == [True, False]


def test_pandas_index_and_row_labels_do_not_matter():
    frame = pd.DataFrame({"a": [1.0, 2.0]}, index=["p", "q"])
    assert as_arrays(frame, "x").tolist() == [[1], [2]]
    assert as_arrays(pd.Index([3, 4]), "y").tolist() == [3, 4]
    twice = pd.concat([frame, frame], axis=1)
    assert as_arrays(twice, "x").shape == (2, 2)


def test_a_column_named_like_a_method():
    frame = pd.DataFrame({"column_names": [1.0], "collect": [2.0], "to_native": [3.0]})
    assert as_arrays(frame, "x").tolist() == [[1, 2, 3]]


def text_of(value, what="x"):
    with pytest.raises(ValueError) as info:
        as_arrays(value, what)
    return str(info.value)


def test_text_columns_pandas():
    frame = pd.DataFrame({"a": [1.0, 2.0], "sea": pd.Series([None, "NEAR BAY"], dtype=object)})
    assert text_of(frame) == (
        "x: column 'sea' does not hold numbers. Given: 'sea': 'NEAR BAY' in row 1 (dtype object). "
        "Expected: numbers or booleans. Fix: encode it as numbers (e.g. `pandas.get_dummies`, "
        "scikit-learn's `OneHotEncoder`) or drop it: `x.drop(columns=['sea'])` in pandas, "
        "`x.drop(['sea'])` in polars."
    )


def test_text_columns_polars():
    frame = pl.DataFrame({"a": ["p", "q"], "b": [1, 2], "c": ["r", "s"]})
    assert text_of(frame) == (
        "x: columns 'a', 'c' do not hold numbers. Given: 'a': 'p' in row 0 (dtype String); 'c': "
        "'r' in row 0 (dtype String). Expected: numbers or booleans. Fix: encode them as numbers "
        "(e.g. `pandas.get_dummies`, scikit-learn's `OneHotEncoder`) or drop them: "
        "`x.drop(columns=['a', 'c'])` in pandas, `x.drop(['a', 'c'])` in polars."
    )


def test_date_columns():
    frame = pd.DataFrame({"when": pd.to_datetime(["2020-01-01"])})
    assert text_of(frame).endswith(
        "Expected: numbers or booleans. Fix: turn dates into numbers, e.g. days since the first "
        "one, or into year, month and weekday columns."
    )


def test_categories_and_text_series():
    assert text_of(pd.Series(["cat", "dog"], name="kind", dtype="category"), "y") == (
        "y: column 'kind' does not hold numbers. Given: 'kind': 'cat' in row 0 (dtype category). "
        "Expected: numbers or booleans. Fix: number the classes, e.g. `classes, y = "
        "numpy.unique(y, return_inverse=True)`."
    )
    assert text_of(pd.Series(["cat"], dtype=object), "y").startswith(
        "y: the column does not hold numbers. Given: 'cat' in row 0 (dtype object). "
    )


def test_reading_names_the_column():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, np.nan]})
    rows = read(frame, pd.Series([0, np.inf], name="price"))
    assert rows.suspects["x"].startswith("x holds NaN in column 'b'")
    assert rows.suspects["y"].startswith("y holds infinity in column 'price'")


def test_importing_loads_no_table_library():
    code = (
        "import sys; import rosenblatt.data; "
        "print([m for m in ('pandas', 'polars', 'pyarrow', 'narwhals', 'torch', 'tensorflow', "
        "'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
