"""Frames, dicts, lists and arrays as tables: every type of column, every refusal by its text."""

from __future__ import annotations

import datetime
import subprocess
import sys
from decimal import Decimal

import narwhals
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from rosenblatt.tables import Table, read

DAY, TIME = datetime.date(2013, 1, 31), datetime.datetime(2013, 1, 31, 10, 30)
NOON = datetime.time(12)
LONG = 2**60 + 1


def shown(column) -> tuple[str, list[str | None]]:
    return column.kind, [column.text(row) for row in range(len(column))]


# Values, and what a column of them is.
LISTS = {
    "whole": ([1, None, 3], ("number", ["1", None, "3"])),
    "float": ([1.5, None, 3.0], ("number", ["1.5", None, "3"])),
    "decimal": ([Decimal("1.5"), None, Decimal("3")], ("number", ["1.5", None, "3"])),
    "long": ([LONG, None, 3], ("text", [str(LONG), None, "3"])),
    "text": (["near", None, "far"], ("text", ["near", None, "far"])),
    "bool": ([True, None, False], ("text", ["True", None, "False"])),
    "date": ([DAY, None, DAY], ("time", ["2013-01-31", None, "2013-01-31"])),
    "time": ([TIME, None, TIME], ("time", ["2013-01-31T10:30:00", None, "2013-01-31T10:30:00"])),
    "duration": ([datetime.timedelta(hours=1), None, datetime.timedelta(1)],
                 ("number", ["3600", None, "86400"])),
    "clock": ([NOON, None, NOON], ("text", ["12:00:00", None, "12:00:00"])),
    "nothing": ([None, None, None], ("number", [None, None, None])),
    "nested": ([[1, 2], None, [3]], ("text", ["[1, 2]", None, "[3]"])),
    "bytes": ([b"ab", None, b"\xff"], ("text", ["ab", None, "\ufffd"])),
}  # fmt: skip
MIXED = {
    "blanks": ([" a", "a", "  "], ("text", ["a", "a", None])),
    "nothing but blanks": (["", " ", None], ("number", [None, None, None])),
    "numbers and text": ([1, "a", 1.5], ("text", ["1", "a", "1.5"])),
    "bools and numbers": ([True, 0, None], ("text", ["True", "0", None])),
    "dates and text": ([DAY, "x", TIME], ("text", ["2013-01-31", "x", "2013-01-31 10:30:00"])),
    "gaps of all kinds": ([np.nan, pd.NA, pd.NaT], ("number", [None, None, None])),
    "times with zones": (
        [TIME.replace(tzinfo=datetime.UTC), TIME, None],
        ("time", ["2013-01-31T10:30:00", "2013-01-31T10:30:00", None]),
    ),
    "beyond float64": ([10**400, 1, 2], ("text", [str(10**400), "1", "2"])),
    "half a pair of surrogates": (["\ud800", "a", "\ufffd"], ("text", ["\ufffd", "a", "\ufffd"])),
    "dicts": ([{"a": 1}, None, {}], ("text", ["{'a': 1}", None, "{}"])),
}


@pytest.mark.parametrize("kind", LISTS | MIXED)
def test_lists_of_python_values(kind: str) -> None:
    values, expected = (LISTS | MIXED)[kind]
    for given in (values, tuple(values)):
        assert shown(read({"x": given})["x"]) == expected
    assert shown(read([[value] for value in values])["x0"]) == expected
    assert shown(read([{"x": value} for value in values])["x"]) == expected


@pytest.mark.parametrize("kind", LISTS)
def test_frames_hold_what_lists_hold(kind: str) -> None:
    values, expected = LISTS[kind]
    frames = [pd.DataFrame({"x": pd.Series(values, dtype=object)}), pl.DataFrame({"x": values}),
              pa.table({"x": values})]  # fmt: skip
    frames += [narwhals.from_native(frames[1]), frames[1].lazy(), pa.concat_tables(
        [frames[2].slice(0, 1), frames[2].slice(1)])]  # fmt: skip
    for frame in frames:
        assert shown(read(frame)["x"]) == expected, type(frame)
    for frame in frames[:3]:
        assert shown(read({"x": frame["x"]})["x"]) == expected, type(frame)
    if kind not in ("nested", "bytes", "long"):
        inferred = pd.DataFrame({"x": values}).convert_dtypes()
        assert shown(read(inferred)["x"])[1] == expected[1]


ARRAYS = {
    "int8": (np.array([1, -2], "i1"), ("number", ["1", "-2"])),
    "uint64": (np.array([2**63 + 5, 3], "u8"), ("text", [str(2**63 + 5), "3"])),
    "2**53": (np.array([2**53, -1]), ("number", ["9007199254740992.0", "-1"])),
    "float16": (np.array([0.5, np.nan], "f2"), ("number", ["0.5", None])),
    "bool": (np.array([True, False]), ("text", ["True", "False"])),
    "text": (np.array(["a", "b"]), ("text", ["a", "b"])),
    "new text": (np.array(["a", "b"], np.dtypes.StringDType()), ("text", ["a", "b"])),
    "bytes": (np.array([b"a", b"b"]), ("text", ["a", "b"])),
    "years": (np.array(["2013", "NaT"], "M8[Y]"), ("time", ["2013-01-01", None])),
    "far years": (np.array([10**12, 43], "M8[Y]"), ("time", [None, "2013-01-01"])),
    "nanoseconds": (np.array(["2013-01-31", "NaT"], "M8[ns]"), ("time", ["2013-01-31", None])),
    "hours": (np.array([1, "NaT"], "m8[h]"), ("number", ["3600", None])),
    "masked": (np.ma.array([1, 2], mask=[False, True]), ("number", ["1", None])),
    "one column": (np.array([[1.0], [2.0]]), ("number", ["1", "2"])),
}  # fmt: skip


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_of_any_dtype(kind: str) -> None:
    array, expected = ARRAYS[kind]
    assert shown(read({"x": array})["x"]) == expected
    assert shown(read(array.reshape(-1, 1))["x0"]) == expected


PANDAS = {
    "category": pd.Categorical(["b", None, "a"], categories=["a", "b", "c"]),
    "string": pd.array(["b", None, "a"], dtype="string"),
    "arrow": pd.array(["b", None, "a"], dtype="string[pyarrow]"),
    "dictionary": pd.array(
        ["b", None, "a"], dtype=pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string()))
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PANDAS)
def test_text_types_of_pandas(kind: str) -> None:
    assert shown(read(pd.DataFrame({"x": PANDAS[kind]}))["x"]) == ("text", ["b", None, "a"])


def test_number_categories_are_text() -> None:
    assert shown(read(pd.DataFrame({"x": pd.Categorical([2, None, 1])}))["x"]) == (
        "text",
        ["2", None, "1"],
    )


@pytest.mark.parametrize("dtype", ["category", "enum"])
def test_categories_of_polars(dtype: str) -> None:
    kind = pl.Categorical if dtype == "category" else pl.Enum(["a", "b", "c"])
    frame = pl.DataFrame({"x": pl.Series(["b", None, "a"], dtype=kind)})
    assert shown(read(frame)["x"]) == ("text", ["b", None, "a"])


def test_nullable_numbers_of_pandas() -> None:
    for dtype in ("Int64", "Float64", "int64[pyarrow]", "double[pyarrow]"):
        frame = pd.DataFrame({"x": pd.array([1, None, 3], dtype=dtype)})
        assert shown(read(frame)["x"]) == ("number", ["1", None, "3"])
    frame = pd.DataFrame({"x": pd.array([LONG, None, 3], dtype="Int64")})
    assert shown(read(frame)["x"]) == ("text", [str(LONG), None, "3"])


def test_times_with_zones_are_the_clocks_time() -> None:
    times = pd.to_datetime(["2013-01-31 10:30"]).tz_localize("Asia/Tokyo")
    frame = pd.DataFrame({"x": times})
    stored = pd.DataFrame({"x": times.astype(pd.ArrowDtype(pa.timestamp("us", "Asia/Tokyo")))})
    for given in (frame, stored, pl.from_pandas(frame), pa.Table.from_pandas(frame)):
        assert read(given)["x"].text(0) == "2013-01-31T10:30:00"


def test_names_and_notes() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", 7])
    table = read(frame)
    assert table.names == ["a", "a_2", "7"]
    assert table.notes == ["More than one column is named 'a': column 2 is now 'a_2'."]
    assert read([{"a": 1}, {"b": 2}])["a"].missing.tolist() == [False, True]
    assert read(np.zeros((2, 3))).names == ["x0", "x1", "x2"]
    assert read(table) is table


def test_tables_without_rows_or_columns() -> None:
    assert read(pd.DataFrame({"a": []})).rows == 0
    assert read(pl.DataFrame({"a": []}, schema={"a": pl.String}))["a"].words.tolist() == []
    assert read(np.zeros((3, 0))).rows == 3
    assert read([{}, {}]).rows == 2


class Unwilling:
    """An object that has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no")


def test_objects_without_text_are_named_by_their_type() -> None:
    assert shown(read({"x": [Unwilling(), 1]})["x"]) == (
        "text",
        ["an object of type Unwilling", "1"],
    )


EXPECTED = (
    "Expected: a path, a DataFrame, a dict of columns, a list of dicts or of rows, or an array of "
    "shape (rows, columns)."
)
REFUSED = {
    "a number": (3, TypeError, f"X is not a table. Given: type int. {EXPECTED}"),
    "nothing": ([], ValueError, f"X is an empty list. {EXPECTED}"),
    "one axis": (
        np.arange(3), ValueError,
        "X does not have rows and columns. Given: an array of shape (3,). Expected: an array of "
        "shape (rows, columns). Fix: Reshape your data: `.reshape(-1, 1)` if it is one column, "
        "`.reshape(1, -1)` if it is one row.",
    ),
    "ragged rows": (
        [[1], [1, 2]], ValueError,
        "X: row 1 is not a row like the others. Given: 2 values. Expected: a list of 1 values, as "
        "in row 0.",
    ),
    "values": ([1, 2], ValueError,
               f"X: row 0 is not a row like the others. Given: int. {EXPECTED}"),
    "no column": (
        {"a": 1, "b": [1]}, ValueError,
        "X: column 'a' is not a column. Given: type int. Expected: an array or a list with a value "
        "for each row.",
    ),
    "a wide column": (
        {"a": np.zeros((2, 3))}, ValueError,
        "X: column 'a' does not have one value for each row. Given: an array of shape (2, 3). "
        "Expected: shape (rows,).",
    ),
    "lengths": (
        {"a": [1], "b": [1, 2]}, ValueError,
        "X: the columns do not have the same length. Given: 1 values in 'a', 2 in 'b'. Expected: a "
        "value for each row in every column.",
    ),
    "complex": (
        np.zeros((2, 1), complex), ValueError,
        "X: column 'x0' holds complex numbers. Complex data not supported. Given: dtype "
        "complex128. Expected: real numbers, text or times. Fix: make a column of the real and one "
        "of the imaginary part.",
    ),
    "sparse": (
        sparse.csr_array((2, 3)), ValueError,
        f"X is a sparse matrix, which is not read as a table. Given: csr_array of shape (2, 3). "
        f"{EXPECTED} Fix: make it dense, `X.toarray()`, if it fits into memory.",
    ),
    "a query that fails": (
        pl.LazyFrame({"a": ["x"]}).select(pl.col("a").cast(pl.Int64)), ValueError,
        "X: the lazy table cannot be computed. Given: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    given, kind, text = REFUSED[case]
    with pytest.raises(kind) as info:
        read(given)
    assert str(info.value).startswith(text)


def test_no_library_of_frames_is_imported() -> None:
    code = (
        "import sys; from rosenblatt.tables import read; read({'a': [1, 'x']}); read([[1]]);"
        "print([m for m in ('pandas', 'polars', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_table_is_what_it_was() -> None:
    table = read({"a": [1, 2]})
    assert isinstance(table, Table)
    assert table.source == "X"
