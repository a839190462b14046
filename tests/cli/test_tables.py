"""Tables that the command line is given: what it ignores, what it refuses in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rosenblatt.cli import main

ROWS = 60


def table() -> pl.DataFrame:
    a, b = np.random.default_rng(0).normal(size=(2, ROWS))
    return pl.DataFrame({"a": a, "b": b, "y": a - 2 * b})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a network trained on a, b and y; its predictions for them are beside it."""
    folder = tmp_path_factory.mktemp("run")
    table().write_csv(folder / "train.csv")
    words = ["train", "--no-tabular", str(folder / "train.csv"), "--target", "y", "--epochs", "2"]
    assert main([*words, "--out", str(folder), "-q"]) == 0
    assert main(["predict", str(folder), str(folder / "train.csv"), "--out",
                 str(folder / "known.csv")]) == 0  # fmt: skip
    return folder


EXTRA = {
    "text": pl.lit("near"),
    "dates": pl.lit("2024-01-31").str.to_date(),
    "lists": pl.lit([1, 2]),
    "no values": pl.lit(None),
    "wide": pl.lit(10**20, dtype=pl.Int128),
    "infinite": pl.lit(float("inf")),
}


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
@pytest.mark.parametrize("extra", EXTRA)
def test_other_columns_are_ignored(verb: str, extra: str, run: Path, tmp_path: Path, capsys):
    path = tmp_path / "more.parquet"
    table().select(EXTRA[extra].alias("z"), "b", "y", "a").write_parquet(path)
    known = (run / "known.csv").read_text()
    if verb == "predict":
        assert main(["predict", str(run), str(path)]) == 0
        assert capsys.readouterr().out == known
    else:
        assert main(["evaluate", str(run), str(run / "train.csv")]) == 0
        said = capsys.readouterr().out.split("rows): ")[1]
        assert main(["evaluate", str(run), str(path)]) == 0
        assert capsys.readouterr().out.split("rows): ")[1] == said


@pytest.mark.parametrize("extra", EXTRA)
def test_predict_needs_no_usable_target(extra: str, run: Path, tmp_path: Path, capsys):
    path = tmp_path / "more.parquet"
    table().with_columns(EXTRA[extra].alias("y")).write_parquet(path)
    assert main(["predict", str(run), str(path)]) == 0
    assert capsys.readouterr().out == (run / "known.csv").read_text()
    assert main(["evaluate", str(run), str(path)]) == 2
    said = capsys.readouterr().err
    assert "'y'" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["text.csv", "latin.csv", "gaps.csv", "long.csv", "twice.csv"])
def test_other_columns_of_csv_files_are_ignored(name: str, run: Path, tmp_path: Path, capsys):
    extra = {
        "text.csv": b"near",
        "latin.csv": "Köln".encode("latin-1"),
        "gaps.csv": b"",
        "long.csv": b"9" * 45,
        "twice.csv": b"1",
    }[name]
    head = b"a,b,y,z,z\n" if name == "twice.csv" else b"a,b,y,z\n"
    more = extra + b"," + extra if name == "twice.csv" else extra
    lines = [f"{a},{b},{y},".encode() + more for a, b, y in table().rows()]
    (tmp_path / name).write_bytes(head + b"\n".join(lines) + b"\n")
    assert main(["predict", str(run), str(tmp_path / name)]) == 0
    found = np.loadtxt(capsys.readouterr().out.splitlines()[1:])
    known = np.loadtxt((run / "known.csv").read_text().splitlines()[1:])
    np.testing.assert_allclose(found, known, rtol=1e-5)


def lines(*columns: str) -> bytes:
    """A CSV file: a column x of the given texts, repeated, beside a target y."""
    rows = [f"{columns[row % len(columns)]},{row}.5" for row in range(40)]
    return ("x,y\n" + "\n".join(rows) + "\n").encode()


REFUSED: dict[str, tuple[bytes, str]] = {
    "whole numbers of 21 digits": (
        lines("123456789012345678901"),
        "column 'x' holds whole numbers beyond 64 bits. Given: 123456789012345678901 in row 0. "
        "Expected: whole numbers of at most 18 digits. Fix: leave the column out of the file if "
        "it only names the rows; write it with a decimal point if it is a quantity.",
    ),
    "whole numbers of 45 digits": (
        lines("1", "9" * 45),
        f"column 'x' holds whole numbers beyond 64 bits. Given: {'9' * 45} in row 1.",
    ),
    "mixed types": (
        lines("1", "2", "many"),
        "column 'x' does not hold numbers. Given: 'x': 'many' in row 2. Expected: numbers in every "
        "column. Fix: encode text as numbers, or leave such columns out of the file.",
    ),
    "long numbers and text": (
        lines("9" * 45, "many"),
        "column 'x' does not hold numbers. Given: 'x': 'many' in row 1.",
    ),
    "a number beyond float64": (
        lines("1", "1e400"),
        "x holds infinity in column 'x'. Given: inf, or a number beyond float32 in row 1",
    ),
    "a number beyond float32": (
        lines("1", "1e40"),
        "x holds infinity in column 'x'. Given: inf, or a number beyond float32 in row 1",
    ),
    "a number whose square is beyond float32": (
        lines("1", "1e30"),
        "column 'x' holds numbers whose squares are beyond float32, in which a network computes. "
        "Given: 1e+30. Expected: numbers below 1e+19. Fix: write the column in a larger unit.",
    ),
    "such a target": (
        b"x,y\n" + b"1,1e30\n2,2.5\n" * 20,
        "column 'y' holds numbers whose squares are beyond float32",
    ),
    "no value at all": (
        lines(""),
        "column 'x' does not hold numbers. Given: 'x': no value in any row.",
    ),
    "gaps": (lines("1", ""), "x holds NaN in column 'x'."),
    "text in Latin-1": (
        lines("Köln").decode().encode("latin-1"),
        "column 'x' does not hold numbers. Given: 'x': 'Köln' in row 0.",
    ),
    "nothing": (b"", "the table is empty. Expected: a header and at least one row."),
    "empty lines": (b"\n\n\n", "the table is empty."),
    "a header alone": (b"x,y\n", "the table is empty."),
    "a header without an end": (b"x,y", "the table is empty."),
    "a target twice": (
        b"x,y,y\n" + b"1,2,3\n" * 40,
        "two columns have the name 'y'. Given: columns x, y, y_2. Expected: a name of its own for "
        "the target. Fix: rename or remove one of them.",
    ),
    "no header": (
        b"1,2\n3,4\n",
        "The table has no column 'y' to predict. Fix: known names: column_1, column_2.",
    ),
    "longer lines": (
        b"x,y\n1,2\n1,2,3\n",
        "the file is damaged or not what its ending says. Given: 3 values in line 3. Expected: "
        "lines of 2 values.",
    ),
    "shorter lines": (b"x,y\n" + b"1,2.5\n3\n" * 20, "y (column 'y') holds NaN."),
    "quoted line ends": (
        lines('"1\n2"'),
        "column 'x' does not hold numbers. Given: 'x': '1\\n2' in row 0.",
    ),
    "a quote without an end": (b'x,y\n"1,2\n3,4\n', "the file is damaged"),
    "zero bytes": (lines("\0"), "column 'x' does not hold numbers. Given: 'x': '\\x00' in row 0."),
    "one column": (
        b"y\n" + b"1.5\n" * 40,
        "The table has no column beside 'y': nothing to predict it from.",
    ),
    "numbers and units": (
        lines('"1,234 km"'),
        "column 'x' does not hold numbers. Given: 'x': '1,234 km' in row 0.",
    ),
}


def refused(path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert (
        main(
            [
                "train",
                "--no-tabular",
                str(path),
                "--target",
                "y",
                "--epochs",
                "1",
                "--out",
                str(out),
            ]
        )
        == 2
    )
    said = capsys.readouterr().err
    assert said.startswith("rosenblatt: ")
    assert said.count("\n") == 1
    assert not out.exists()
    return said


@pytest.mark.parametrize("case", REFUSED)
def test_csv_files_are_refused_in_one_line(case: str, tmp_path: Path, capsys) -> None:
    content, message = REFUSED[case]
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert message in refused(path, tmp_path / "out", capsys)


ROWS_OF = {
    "lists": (pl.Series([[1, 2], [3]] * 20), "'x': [1, 2] in row 0"),
    "structs": (pl.Series([{"a": 1}] * 40), "'x': {'a': 1} in row 0"),
    "dates": (
        pl.Series(["2024-01-31"] * 40).str.to_date(),
        "'x': 2024-01-31 in row 0. Expected: numbers in every column. Fix: write times as "
        "numbers, e.g. seconds since 1970, or leave such columns out.",
    ),
    "times": (
        pl.Series(["2024-01-31 10:00"] * 40).str.to_datetime(),
        "'x': 2024-01-31T10:00:00 in row 0",
    ),
    "bytes": (pl.Series([b"ab"] * 40), "'x': 'ab' in row 0"),
    "categories": (pl.Series(["near"] * 40, dtype=pl.Categorical), "'x': 'near' in row 0"),
    "no values": (pl.Series([None] * 40), "'x': no value in any row"),
    "integers of 128 bits": (
        pl.Series([10**20] * 40, dtype=pl.Int128),
        "column 'x' holds whole numbers beyond 64 bits. Given: 100000000000000000000 in row 0.",
    ),
}


@pytest.mark.parametrize("kind", ROWS_OF)
def test_parquet_columns_are_refused_in_one_line(kind: str, tmp_path: Path, capsys) -> None:
    column, message = ROWS_OF[kind]
    path = tmp_path / "table.parquet"
    y = np.arange(40) + 0.5
    pl.DataFrame({"x": column, "y": y}).write_parquet(path)
    assert message in refused(path, tmp_path / "out", capsys)


TAKEN = {
    "decimals": pl.Series(["1.5", "2.25"] * 20).cast(pl.Decimal(10, 2)),
    "booleans": pl.Series([True, False] * 20),
    "unsigned": pl.Series([2**63 + 5, 3] * 20, dtype=pl.UInt64),
    "durations": pl.Series([1, 2] * 20).cast(pl.Duration("ms")),
    "bytes as numbers": pl.Series([1, 2] * 20, dtype=pl.UInt8),
    "small integers of 128 bits": pl.Series([1, 2] * 20, dtype=pl.Int128),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_parquet_columns_are_taken(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pl.DataFrame({"x": TAKEN[kind], "y": np.arange(40) + 0.5}).write_parquet(path)
    words = ["train", "--no-tabular", str(path), "--target", "y", "--epochs", "1", "-q"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize(
    ("case", "content"),
    {
        "spaces": lines(" 1", "2 ", '" 3"'),
        "a comma at each line's end": b"x,y,\n" + b"1,2.5,\n2,3.5,\n" * 20,
        "quotes": lines('"1"', '"2.5"'),
        "a byte-order mark": b"\xef\xbb\xbf" + lines("1", "2"),
        "Windows's line ends": lines("1", "2").replace(b"\n", b"\r\n"),
        "UTF-16": lines("1", "2").decode().encode("utf-16"),
        "a header in Latin-1": lines("1", "2").replace(b"x", "größe".encode("latin-1")),
        "a header twice": b"x,x,y\n" + b"1,2,3\n2,3,4\n" * 20,
        "marks of thousands": lines('"1,234"', '"22,345"'),
        "decimal commas": lines("1", "2").replace(b",", b";").replace(b".", b","),
    }.items(),
)
def test_csv_files_that_are_read(case: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    words = ["train", "--no-tabular", str(path), "--target", "y", "--epochs", "1", "-q"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0


def test_what_reading_found_is_said(run: Path, tmp_path: Path, capsys) -> None:
    found = "The separator is ';'.\nDecimal comma in 'a', 'b', 'y'.\n"
    path = tmp_path / "table.csv"
    text = table().write_csv(separator=";", float_precision=9).replace(".", ",")
    path.write_text(text)
    assert main(["predict", str(run), str(path)]) == 0
    said = capsys.readouterr()
    assert said.err == found
    known = np.loadtxt((run / "known.csv").read_text().splitlines()[1:])
    np.testing.assert_allclose(np.loadtxt(said.out.splitlines()[1:]), known, rtol=1e-4, atol=1e-5)
    words = ["train", "--no-tabular", str(path), "--target", "y", "--epochs", "1", "-q"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == [f"  {line}" for line in found.splitlines()]


def test_a_table_from_a_pipe(run: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    with (run / "train.csv").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert main(["predict", str(run), "-"]) == 0
    assert capsys.readouterr().out == (run / "known.csv").read_text()
