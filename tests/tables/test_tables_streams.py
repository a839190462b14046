"""Open files, single rows and what only looks like a table."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rosenblatt.tables import read

ROWS = pl.DataFrame({"age": [31, None, 45], "sea": ["near", "far", None]})
CSV = ROWS.write_csv().encode()


def parquet() -> bytes:
    stream = io.BytesIO()
    ROWS.write_parquet(stream)
    return stream.getvalue()


STREAMS: dict[str, Callable[[], Any]] = {
    "text": lambda: io.StringIO(CSV.decode()),
    "bytes": lambda: io.BytesIO(CSV),
    "packed": lambda: io.BytesIO(gzip.compress(CSV)),
    "Parquet": lambda: io.BytesIO(parquet()),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_an_open_file_is_the_table_in_it(kind: str) -> None:
    found, expected = read(STREAMS[kind]()), read(ROWS)
    assert found.names == expected.names
    for name in expected.names:
        texts = [[table[name].text(row) for row in range(3)] for table in (found, expected)]
        assert texts[0] == texts[1]


@pytest.mark.parametrize("mode", ["r", "rb"])
def test_an_open_file_on_disk(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(CSV)
    with path.open(mode) as file:
        assert read(file)["age"].values.tolist()[::2] == [31, 45]


def test_a_file_of_bytes_opened_as_text(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    path.write_bytes(parquet())
    with (
        path.open(encoding="utf-8") as file,
        pytest.raises(ValueError, match=r"cannot be read.*Fix: open it for bytes, `open"),
    ):
        read(file)


def test_an_empty_stream() -> None:
    with pytest.raises(ValueError, match="X: the table is empty"):
        read(io.BytesIO())


@pytest.mark.parametrize("address", ["https://a.example/t.csv", "S3://bucket/t.parquet"])
def test_an_address_is_not_read(address: str) -> None:
    with pytest.raises(ValueError, match=r"X is an address on the web.*Fix: download the file"):
        read(address)


def test_a_dict_of_single_values_is_a_row() -> None:
    table = read({"age": 31, "sea": "near", "sold": None})
    assert table.rows == 1
    assert [table[name].text(0) for name in table.names] == ["31", "near", None]


def test_a_single_value_beside_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="X: column 'sea' is not a column"):
        read({"age": [31, 45], "sea": "near"})


@pytest.mark.parametrize(
    "column",
    [pd.Series([1, 2]), ROWS.to_pandas().iloc[0], pl.Series([1, 2]), pa.chunked_array([[1], [2]])],
    ids=["pandas", "a row of pandas", "polars", "arrow"],
)
def test_a_column_is_not_a_table(column: Any) -> None:
    with pytest.raises(ValueError, match="X is a single column or row, not a table"):
        read(column)
