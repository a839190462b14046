"""Whatever a file or a frame holds, it is a table, or one of our errors that names it."""

from __future__ import annotations

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rosenblatt.core.errors import RosenblattError
from rosenblatt.tables import Table, TextColumn, read

EXAMPLES = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check(table: Table) -> None:
    """A table holds what its columns promise."""
    for name, column in table.columns.items():
        assert column.name == name
        assert len(column) == len(column.missing) == table.rows
        texts = [column.text(row) for row in range(min(table.rows, 20))]
        assert [text is None for text in texts] == column.missing[:20].tolist()
        if isinstance(column, TextColumn):
            assert column.codes.dtype == np.int32
            assert set(column.codes.tolist()) <= {-1, *range(len(column.words))}
            assert len(set(column.words)) == len(column.words)
            assert all(type(word) is str and word and word.encode() for word in column.words)
        else:
            assert column.values.dtype == ("float64" if column.kind == "number" else "<M8[us]")
    assert all(type(note) is str for note in table.notes)


def check_file(path: Path, content: bytes) -> None:
    """A file is a table with rows, or refused by its name."""
    path.write_bytes(content)
    refused = ""
    try:
        table = read(path)
    except RosenblattError as error:
        refused = str(error)
    if refused:
        assert refused.startswith(f"{path}: ")
        assert "\n" not in refused
    else:
        assert table.rows
        assert table.names
        check(table)


ENDINGS = (
    "", ".csv", ".tsv", ".txt", ".parquet", ".arrow", ".arrows", ".json", ".jsonl", ".csv.gz",
    ".bz2", ".xz", ".zip", ".zst",
)  # fmt: skip


@EXAMPLES
@given(st.binary(max_size=300), st.sampled_from(ENDINGS))
def test_any_bytes(tmp_path: Path, content: bytes, ending: str) -> None:
    check_file(tmp_path / f"file{ending}", content)


SIGNS = "ab12,;\t| \"'\n\r.-+eE#:/=é\x00\ufeff{}[]%NA"


@EXAMPLES
@given(
    st.text(alphabet=SIGNS, max_size=150),
    st.sampled_from(["", ".csv", ".tsv", ".jsonl"]),
    st.sampled_from(["utf-8", "latin-1", "utf-16"]),
)
def test_any_text(tmp_path: Path, text: str, ending: str, encoding: str) -> None:
    check_file(tmp_path / f"file{ending}", text.encode(encoding, "replace"))


FRAME = pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [1.5, 2.0, 3.0]})
FILE = io.BytesIO()
FRAME.write_parquet(FILE)
WHOLE = {
    ".parquet": FILE.getvalue(),
    ".csv": FRAME.write_csv().encode(),
    ".csv.gz": gzip.compress(FRAME.write_csv().encode()),
    ".jsonl": FRAME.write_ndjson().encode(),
    ".utf16": FRAME.write_csv().encode("utf-16"),
}


@EXAMPLES
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 10**6),
)
def test_damaged_files(
    tmp_path: Path, ending: str, edits: list[tuple[int, int]], length: int
) -> None:
    content = bytearray(WHOLE[ending])
    for place, byte in edits:
        content[place % len(content)] = byte
    check_file(tmp_path / f"file{ending}", bytes(content[: length % (2 * len(content))]))


CELL = st.text(alphabet="ab,;\" \n'é|", max_size=6).map(str.strip)


@EXAMPLES
@given(
    st.integers(1, 3).flatmap(
        lambda width: st.lists(
            st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=8
        )
    ),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_quoted_cells_come_back(tmp_path: Path, rows: list[list[str]], separator: str) -> None:
    """As Python writes them, under a header that no separator but its own could part."""
    path = tmp_path / "file.csv"
    names = [f"name{place}" for place in range(len(rows[0]))]
    rows = [[f"x{cell}".strip() for cell in row] for row in rows]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([names, *rows])
    table = read(path)
    assert table.names == names
    assert [[table[name].text(row) for name in names] for row in range(table.rows)] == rows


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.decimals(),
    st.fractions(),
    st.complex_numbers(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.sampled_from(
        [pd.NA, pd.NaT, np.float32(1), np.int8(1), np.datetime64("2013"), Decimal("sNaN")]
    ),
)
KIND = st.one_of(
    VALUES.map(lambda value: st.one_of(st.none(), st.just(value))),
    st.just(VALUES),
    st.sampled_from([st.integers(), st.floats(), st.text(max_size=5), st.booleans(), st.dates()]),
)
COLUMN = KIND.flatmap(lambda values: st.lists(values, min_size=3, max_size=3))
COLUMNS = st.dictionaries(st.text(max_size=3), COLUMN, min_size=1, max_size=3)


@EXAMPLES
@given(COLUMNS)
def test_any_columns(columns: dict[str, list[Any]]) -> None:
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for given_as in (columns, rows, [list(row.values()) for row in rows]):
        table = read(given_as)
        assert (table.rows, len(table.names)) == (3, len(columns))
        check(table)


@EXAMPLES
@given(COLUMNS)
def test_any_frame(columns: dict[str, list[Any]]) -> None:
    for make in (
        lambda: pd.DataFrame({name: pd.Series(v, dtype=object) for name, v in columns.items()}),
        lambda: pd.DataFrame(columns).convert_dtypes(),
        lambda: pd.DataFrame(columns).astype("category"),
        lambda: pl.DataFrame(columns, strict=False),
        lambda: pa.table(columns),
    ):
        try:
            frame = make()
        except (Exception, pl.exceptions.PanicException):  # values that it does not hold
            continue
        if any(np.dtype(complex) == dtype for dtype in getattr(frame, "dtypes", ())):
            continue  # refused: see below
        table = read(frame)
        assert (table.rows, len(table.names)) == (3, len(columns))
        check(table)


DTYPES = st.sampled_from(
    ["?", "i1", "u8", "i8", "f2", "f4", "f8", "g", "S3", "U3", "M8[Y]", "M8[D]", "M8[s]", "M8[ns]",
     "M8[as]", "m8[Y]", "m8[D]", "m8[ns]", "m8[as]", "M8", "m8", "V4", "c8"]
)  # fmt: skip


@EXAMPLES
@given(DTYPES, st.binary(min_size=48, max_size=48))
def test_any_array(dtype: str, content: bytes) -> None:
    values = np.frombuffer(
        content[: 48 // np.dtype(dtype).itemsize * np.dtype(dtype).itemsize], dtype
    )
    if dtype == "?":
        values = np.frombuffer(content, "u1") % 2 == 1
    if dtype == "c8":
        with pytest.raises(ValueError, match="Complex data not supported"):
            read({"x": values})
        return
    check(read({"x": values}))
    check(read(values.reshape(-1, 1)))
