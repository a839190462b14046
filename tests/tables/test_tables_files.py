"""Tables in files of every kind, and every refusal by its text."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from rosenblatt.tables import Table, read

FRAME = pl.DataFrame(
    {"age": [31, None, 45], "price": [1.5, 2.5, None], "sea": ["near", "far", None]}
)
CELLS = [["31", "1.5", "near"], [None, "2.5", "far"], ["45", None, None]]
CSV = FRAME.write_csv()
EMPTY = "the table is empty. Expected: a header and at least one row."
DAMAGED = "the file is damaged or not what its ending says."


def cells(table: Table) -> list[list[str | None]]:
    return [[c.text(row) for c in table.columns.values()] for row in range(table.rows)]


def written(folder: Path, content: str | bytes, name: str = "homes.csv") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def error(path: Path, kind: type[Exception] = ValueError) -> str:
    with pytest.raises(kind) as info:
        read(path)
    return str(info.value)


def parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def arrow(frame: pl.DataFrame, stream: bool = False) -> bytes:
    file = io.BytesIO()
    frame.write_ipc_stream(file) if stream else frame.write_ipc(file)
    return file.getvalue()


def zipped(files: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


KINDS: dict[str, bytes] = {
    "homes.csv": CSV.encode(),
    "homes": CSV.encode(),
    "homes.2020": CSV.encode(),
    "homes.csv.gz": gzip.compress(CSV.encode()),
    "homes.csv.bz2": bz2.compress(CSV.encode()),
    "homes.csv.xz": lzma.compress(CSV.encode()),
    "homes.csv.zst": pa.compress(CSV.encode(), codec="zstd", asbytes=True),
    "homes.zip": zipped({"in/homes.csv": CSV, "__MACOSX/in/._homes.csv": "x"}),
    "homes.parquet": parquet(FRAME),
    "homes.pq": parquet(FRAME),
    "homes.parquet.gz": gzip.compress(parquet(FRAME)),
    "homes.arrow": arrow(FRAME),
    "homes.feather": arrow(FRAME),
    "homes.arrows": arrow(FRAME, stream=True),
    "homes.jsonl": FRAME.write_ndjson().encode(),
    "homes.ndjson.gz": gzip.compress(FRAME.write_ndjson().encode()),
    "homes.json": FRAME.write_json().encode(),
    "columns.json": json.dumps(FRAME.to_dict(as_series=False)).encode(),
    "pandas.json": FRAME.to_pandas().to_json().encode(),
    "split.json": FRAME.to_pandas().to_json(orient="split").encode(),
    "data.json": json.dumps({"data": FRAME.to_dicts()}).encode(),
    "lines": FRAME.write_ndjson().encode(),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_files(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, KINDS[name], name)
    for given in (path, str(path)):
        table = read(given)
        assert cells(table) == CELLS
        assert table.names == ["age", "price", "sea"]
        assert table.source == str(path)


@pytest.mark.parametrize("name", [name for name in KINDS if name not in ("homes.2020",)])
def test_standard_input(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with written(tmp_path, KINDS[name], name).open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        table = read("-")
    assert cells(table) == CELLS
    assert table.source == "standard input"


def test_a_kind_under_the_ending_of_another_is_said(tmp_path: Path) -> None:
    table = read(written(tmp_path, KINDS["homes.parquet"], "homes.csv"))
    assert cells(table) == CELLS
    assert table.notes == ["The file is a Parquet file, whatever its ending says."]


def test_lines_of_json_that_polars_does_not_read(tmp_path: Path) -> None:
    lines = '{"a": 1, "b": NaN}\n\n{"a": "x", "c": {"d": [1]}}\n'
    table = read(written(tmp_path, lines, "x.jsonl"))
    assert table.names == ["a", "b", "c"]
    assert cells(table) == [["1", None, None], ["x", None, "{'d': [1]}"]]


def test_the_index_of_pandas_is_left_out(tmp_path: Path) -> None:
    frame = FRAME.to_pandas().set_index(np.array([7, 3, 5]))
    frame.to_parquet(tmp_path / "x.parquet")
    pl.from_pandas(frame.reset_index()).rename({"index": "__index_level_0__"}).write_parquet(
        tmp_path / "y.parquet"
    )
    assert read(tmp_path / "y.parquet").names == ["age", "price", "sea"]
    for name in ("x", "y"):
        assert cells(read(tmp_path / f"{name}.parquet"))[0] == CELLS[0]


def test_folders(tmp_path: Path) -> None:
    for year, rows in (("2020", FRAME[:1]), ("2021", FRAME[1:])):
        folder = tmp_path / "homes" / f"year={year}"
        folder.mkdir(parents=True)
        rows.write_parquet(folder / "part-0.parquet")
        (folder / "_SUCCESS").write_text("")
        (folder / ".hidden.parquet").write_text("")
    table = read(tmp_path / "homes")
    assert table.names == ["age", "price", "sea", "year"]
    assert cells(table) == [
        [*row, year] for row, year in zip(CELLS, ["2020", "2021", "2021"], strict=True)
    ]
    assert table.notes == ["The folder holds 2 files, read in order of name."]
    assert table.source == str(tmp_path / "homes")


def test_folders_of_other_kinds(tmp_path: Path) -> None:
    for place, content in enumerate(("a,b\n1,x\n", "b;a\ny;2,5\n", "a,b\nmany,\n")):
        written(tmp_path, content, f"{place}.csv")
    table = read(tmp_path)
    assert cells(table) == [["1", "x"], ["2.5", "y"], ["many", None]]
    written(tmp_path, "a,c\n1,2\n", "9.csv")
    assert error(tmp_path) == (
        f"{tmp_path}/9.csv: the columns are not those of {tmp_path}/0.csv. Given: column 'b' is "
        "missing. Expected: the same columns in every file."
    )
    written(tmp_path, parquet(FRAME), "9.parquet")
    assert error(tmp_path) == (
        f"{tmp_path}: not a folder of parts of one table. Given: files that end with .csv, "
        ".parquet. Expected: files of one kind with the same columns."
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    assert error(empty) == (
        f"{empty}: not a folder of parts of one table. Given: no table in it. Expected: files of "
        "one kind with the same columns."
    )


def damaged_count() -> bytes:
    """A Parquet file with -1 values in its first page, which ends a process that reads it."""
    content = bytearray(parquet(pl.DataFrame({"a": [1.5, 2.5, 4.5]})))
    header = content.index(b"\x15\x06", 4)  # field of type int: 3 values, as zigzag 6
    content[header + 1] = 1
    return bytes(content)


READ = (
    "CSV, Parquet, Arrow or Feather, JSON, JSON lines or Excel; plain or packed (.gz, .bz2, .xz, "
    ".zip, .zst)"
)
REFUSED: dict[str, tuple[str, str | bytes, str]] = {
    "nothing": ("x.csv", "", EMPTY),
    "nothing in a Parquet file": ("x.parquet", "", EMPTY),
    "nothing in a packed file": ("x.csv.gz", gzip.compress(b""), EMPTY),
    "empty lines": ("x.csv", "\n\n\n", EMPTY),
    "separators": ("x.csv", ",,\n,,\n", EMPTY),
    "a header alone": ("x.csv", "a,b\n", EMPTY),
    "no object": ("x.json", "[]", EMPTY),
    "no row": ("x.parquet", parquet(FRAME[:0]), EMPTY),
    "longer lines": (
        "x.csv", "a,b\n1,2\n3,4,5\n",
        f"{DAMAGED} Given: 3 values in line 3. Expected: lines of 2 values.",
    ),
    "all lines longer": (
        "x.csv", "a,b\n1,2,3,4\n",
        f"{DAMAGED} Given: 4 values in line 2. Expected: lines of 2 values.",
    ),
    "longer lines further on": (
        "x.csv", "a,b\n" + "1,2\n" * 50_000 + "3,4,5\n",
        f"{DAMAGED} Given: 3 values in line 50002. Expected: lines of 2 values.",
    ),
    "a quote without an end": (
        "x.csv", 'a,b\n1,2\n"3,4\n5,6\n',
        f"{DAMAGED} Given: a quote in line 3 that nothing closes. Expected: lines of as many "
        "values as the header.",
    ),
    "bytes": (
        "x.csv", bytes(range(256)),
        f"not a kind of file this library reads. Given: bytes that are not text. Expected: {READ}.",
    ),
    "a web page": (
        "x.csv", "<!DOCTYPE html><html><body>Not found</body></html>",
        f"not a kind of file this library reads. Given: a page of HTML or XML. Expected: {READ}.",
    ),
    "no Parquet": ("x.parquet", b"PAR1 no", f"{DAMAGED} Given: parquet: File out of"),
    "negative counts in Parquet": (
        "x.parquet", damaged_count(), f"{DAMAGED} Given: a negative number of values of a page. "
        "Expected: a Parquet file.",
    ),
    "no Arrow": ("x.arrow", b"ARROW1 no", f"{DAMAGED} Given: "),
    "no gzip": ("x.csv.gz", b"\x1f\x8b no gzip",
                f"{DAMAGED} Given: Unknown compression method. Expected: a packed file that is "
                "whole."),
    "half a gzip": ("x.csv.gz", gzip.compress(CSV.encode())[:-9],
                    f"{DAMAGED} Given: Compressed file ended before the end-of-stream marker was "
                    "reached. Expected: a packed file that is whole."),
    "plain text as gzip": ("x.csv.gz", "a,b\n1,2\n", f"{DAMAGED} Given: bytes that are not gz. "
                           "Expected: a packed file that is whole."),
    "half a bz2": ("x.csv.bz2", bz2.compress(CSV.encode())[:-9], f"{DAMAGED} Given: Compressed"),
    "half an xz": ("x.csv.xz", lzma.compress(CSV.encode())[:-9], f"{DAMAGED} Given: Compressed"),
    "half a zst": ("x.csv.zst", KINDS["homes.csv.zst"][:-9], f"{DAMAGED} Given: "),
    "half a zip": ("x.zip", KINDS["homes.zip"][:-9], f"{DAMAGED} Given: File is not a zip file."),
    "two files in a zip": (
        "x.zip", zipped({"a.csv": CSV, "b.csv": CSV}),
        "not one table but 2 files. Given: a.csv, b.csv. Expected: an archive of one file. Fix: "
        "unpack it and give the file, or the folder if they are parts of one table.",
    ),
    "an empty zip": ("x.zip", zipped({}), f"{DAMAGED} Given: bytes that are not zip."),
    "JSON that ends early": (
        "x.jsonl", '{"a": 1}\n{"a": 2\n',
        f"{DAMAGED} Given: Expecting ',' delimiter in line 2. Expected: an object in each line, "
        "or a list of objects, or an object of columns.",
    ),
    "a number as JSON": ("x.json", "3", f"{DAMAGED} Given: a value of type int. Expected: "),
    "numbers as lines of JSON": ("x.jsonl", "1\n2\n", f"{DAMAGED} Given: no object in line 1."),
    "deep JSON": ("x.json", "[" * 100_000, f"{DAMAGED} Given: "),
    "columns of two lengths": (
        "x.json", '{"a": [1, 2], "b": [1]}',
        "the columns do not have the same length. Given: 2 values in 'a', 1 in 'b'. Expected: a "
        "value for each row in every column.",
    ),
    "a list of two kinds": ("x.json", '[{"a": 1}, 2]',
                            "row 0 is not a row like the others. Given: dict."),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, tmp_path: Path) -> None:
    name, content, text = REFUSED[case]
    path = written(tmp_path, content, name)
    assert error(path).startswith(f"{path}: {text}")


def test_no_such_file(tmp_path: Path) -> None:
    written(tmp_path, CSV)
    assert error(tmp_path / "home.csv", FileNotFoundError) == (
        f"{tmp_path}/home.csv: no such file. Expected: the path of a table: {READ}. Fix: did you "
        "mean 'homes.csv'?"
    )
    assert error(tmp_path / "nowhere" / "homes.csv", FileNotFoundError) == (
        f"{tmp_path}/nowhere/homes.csv: no such file. Expected: the path of a table: {READ}."
    )


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, CSV)
    monkeypatch.setattr(Path, "open", refuse)
    assert error(path) == f"{path}: the file cannot be read. Given: Permission denied."


def test_without_polars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    path = written(tmp_path, CSV)
    assert error(path, ImportError) == (
        f"{path}: reading tables: an optional dependency is missing. Expected: an installed "
        "'polars'. Fix: pip install \"rosenblatt[tables]\""
    )


MEASURE = """
import resource, sys
from rosenblatt.tables import read
table = read(sys.argv[1])
print(table.rows, len(table.names), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.soak
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_two_million_rows_take_less_than_two_gigabytes(ending: str, tmp_path: Path) -> None:
    rows = 2_000_000
    generator = np.random.default_rng(0)
    columns: dict[str, pl.Series | np.ndarray] = {
        f"f{place}": generator.normal(size=rows) for place in range(8)
    }
    columns |= {f"i{place}": generator.integers(0, 1000, rows) for place in range(3)}
    city = pl.Series([f"city_{place}" for place in range(5000)])
    place = pl.int_range(rows)
    columns |= {
        "city": city.gather(generator.integers(0, 5000, rows)),
        "id": pl.select(pl.format("id-{}", place)).to_series(),
        "day": pl.select(
            pl.date(2013, 1, 1) + pl.duration(days=pl.int_range(rows) % 999)
        ).to_series(),
        "new": generator.random(rows) < 0.5,
    }
    path = tmp_path / f"large.{ending}"
    frame = pl.DataFrame(columns)
    frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    found = list(map(int, done.stdout.split()))
    assert found[:2] == [rows, 15]
    assert found[2] < 2000
