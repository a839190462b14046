"""Tables in files: what is read, and every refusal by its text."""

from __future__ import annotations

import gzip
import sys

import numpy as np
import polars as pl
import pytest

from rosenblatt.data.files import open_table

CSV = "rooms,age,new,price\n1.5,10,true,2\n2.5,20,false,4\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "homes.csv").write_text(CSV)
    (tmp_path / "homes.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    (tmp_path / "homes.tsv").write_text(CSV.replace(",", "\t"))
    (tmp_path / "semicolon.csv").write_text(CSV.replace(",", ";"))
    pl.read_csv(tmp_path / "homes.csv").write_parquet(tmp_path / "homes.parquet")
    return tmp_path


FILES = ["homes.csv", "homes.csv.gz", "homes.tsv", "semicolon.csv", "homes.parquet"]


@pytest.mark.parametrize("name", FILES)
def test_read(folder, name):
    columns = read_table(folder / name)
    assert list(columns) == ["rooms", "age", "new", "price"]
    assert {k: v.dtype.name for k, v in columns.items()} == {
        "rooms": "float64",
        "age": "int64",
        "new": "bool",
        "price": "int64",
    }
    assert [values.tolist() for values in columns.values()] == [
        [1.5, 2.5], [10, 20], [True, False], [2, 4],
    ]  # fmt: skip


def read_table(path):
    return open_table(path).columns()


def error(function, *args, kind=ValueError):
    with pytest.raises(kind) as info:
        function(*args)
    return str(info.value)


def test_missing_file(folder):
    path = folder / "home.csv"
    assert error(read_table, path, kind=FileNotFoundError) == (
        f"{path}: no such file. Expected: the path of a CSV or Parquet file. Fix: did you mean "
        "'homes.csv'?"
    )
    path = folder / "nowhere" / "homes.csv"
    assert error(read_table, path, kind=FileNotFoundError) == (
        f"{path}: no such file. Expected: the path of a CSV or Parquet file."
    )


@pytest.mark.parametrize("content", ["", "a,b\n"])
def test_empty(folder, content):
    path = folder / "empty.csv"
    path.write_text(content)
    assert error(read_table, path) == (
        f"{path}: the table is empty. Expected: a header and at least one row of numbers."
    )


def test_other_kind(folder):
    path = folder / "homes.xlsx"
    path.write_text("")
    assert error(read_table, path) == (
        f"{path}: not a kind of file this library reads. Given: '.xlsx'. Expected: one of .csv, "
        ".csv.gz, .tsv, .tsv.gz, .txt, .parquet, .pq."
    )


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("bad.parquet", b"PAR1 no", "a Parquet file"),
        ("bad.csv", b"a,b\n1,2,3,4\n", "lines of as many values as the header"),
        ("bad.csv.gz", b"\x1f\x8b no gzip", "lines of as many values as the header"),
        ("plain.csv.gz", b"a,b\n1,2\n", "lines of as many values as the header"),
    ],
)
def test_damaged(folder, name, content, expected):
    path = folder / name
    path.write_bytes(content)
    text = error(read_table, path)
    assert text.startswith(f"{path}: the file is damaged or not what its ending says. Given: ")
    assert text.endswith(f"Expected: {expected}.")


def test_text_columns(folder):
    path = folder / "text.csv"
    path.write_text("age,sea,power\n1,near,5\n2,far,?\n")
    assert error(read_table, path) == (
        f"{path}: columns 'sea', 'power' do not hold numbers. Given: 'sea': 'near' in row 0; "
        "'power': '?' in row 1. Expected: numbers in every column. Fix: encode text as numbers, or "
        "leave such columns out of the file."
    )


def test_no_header(folder):
    path = folder / "headless.csv"
    path.write_text("8.3,41,880\n8.2,21,7099\n")
    assert error(read_table, path) == (
        f"{path}: the first line holds numbers where column names should be. Given: 8.3, 41, 880. "
        "Expected: a header line. Fix: add a line of column names at the top of the file."
    )


def test_missing_values_are_nan(folder):
    path = folder / "gaps.csv"
    path.write_text("age,rooms,price\n1,2,3\nNA,4,5\n6,,7\n")
    columns = read_table(path)
    assert np.isnan(columns["age"]).tolist() == [False, True, False]
    assert np.isnan(columns["rooms"]).tolist() == [False, False, True]


def test_without_polars(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    path = folder / "homes.csv"
    assert error(read_table, path, kind=ImportError) == (
        f"{path}: reading tables needs polars, which is not installed. Fix: `pip install "
        '"rosenblatt[tabular]"`'
    )
