"""CSV of every dialect: what is read, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rosenblatt.tables import Table, read

COUNTS = "The first column only counts the rows: it is left out."
NO_HEADER = "There is no line of column names: they are 'column_1', 'column_2', …"
SEMICOLON, TAB, BLANK = (f"The separator is {what}." for what in ("';'", "tab", "blank"))


def cells(table: Table) -> list[list[str | None]]:
    return [[c.text(row) for c in table.columns.values()] for row in range(table.rows)]


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "homes.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# Content, names and cells of the table, notes.
DIALECTS: dict[str, tuple[str | bytes, list[str], list[list[str | None]], list[str]]] = {
    "commas": ("a,b\n1,x\n2,y\n", ["a", "b"], [["1", "x"], ["2", "y"]], []),
    "semicolons and decimal commas": (
        "a;b\n1,5;x\n2,25;y\n", ["a", "b"], [["1.5", "x"], ["2.25", "y"]],
        [SEMICOLON, "Decimal comma in 'a'."],
    ),
    "tabs": ("a\tb\n1\tx, y\n2\tz\n", ["a", "b"], [["1", "x, y"], ["2", "z"]], [TAB]),
    "bars": ("a|b\n1|x\n2|y\n", ["a", "b"], [["1", "x"], ["2", "y"]], ["The separator is '|'."]),
    "blanks": ("a b c\n1 2 x\n2 3 y\n", ["a", "b", "c"], [["1", "2", "x"], ["2", "3", "y"]],
               [BLANK]),
    "aligned columns": (
        "  a   b  c\n 1   2  x\n20  30  y\n", ["a", "b", "c"], [["1", "2", "x"], ["20", "30", "y"]],
        [BLANK],
    ),
    "quotes": (
        'a,b\n"1","x, ""y"""\n"2","two\nlines"\n', ["a", "b"],
        [["1", 'x, "y"'], ["2", "two\nlines"]], [],
    ),
    "single quotes": (
        "a,b\n'1,5','x'\n'2,5','y'\n", ["a", "b"], [["1.5", "x"], ["2.5", "y"]],
        ["Cells are quoted by \"'\".", "Decimal comma in 'a'."],
    ),
    "stray quotes": (
        'a,b\n5" pipe,1\n6" pipe,2\n"7" and more,3\n', ["a", "b"],
        [['5" pipe', "1"], ['6" pipe', "2"], ["7 and more", "3"]], [],
    ),
    "marks of thousands": (
        'a,b\n"1,234.5",x\n"12,345,678",y\n999,z\n', ["a", "b"],
        [["1234.5", "x"], ["12345678", "y"], ["999", "z"]], ["Marks of thousands in 'a'."],
    ),
    "points of thousands": (
        "a;b;c\n1.234,5;1.000;31.12.2020\n12,5;2.000;01.01.2021\n", ["a", "b", "c"],
        [["1234.5", "1000", "31.12.2020"], ["12.5", "2000", "01.01.2021"]],
        [SEMICOLON, "Decimal comma in 'a', 'b'."],
    ),
    "blanks of thousands": (
        "a;b\n1 234,5;x\n12 345 678,0;y\n", ["a", "b"], [["1234.5", "x"], ["12345678", "y"]],
        [SEMICOLON, "Decimal comma in 'a'."],
    ),
    "thousands or decimals": (
        "a;b\n1,234;x\n2,345;y\n", ["a", "b"], [["1.234", "x"], ["2.345", "y"]],
        [SEMICOLON, "Decimal comma in 'a'."],
    ),
    "one column of decimal commas": (
        "price\n1,5\n2,5\n", ["price"], [["1.5"], ["2.5"]], ["Decimal comma in 'price'."],
    ),
    "one column of sentences": (
        "text\nwell, well\nno\nyes, no, yes\n", ["text"],
        [["well, well"], ["no"], ["yes, no, yes"]], [],
    ),
    "missing words": (
        "a,b\nNA,x\n1,NA\n?,z\n,\n2.5,-\n", ["a", "b"],
        [[None, "x"], ["1", "NA"], [None, "z"], ["2.5", "-"]],
        ["1 empty line is left out, after row 3.",
         "Missing values in columns of numbers are written '?', 'NA'."],
    ),
    "ids": (
        "zip,id,code\n01234,12345678901234567890,9007199254740993\n12345,1,2\n",
        ["zip", "id", "code"],
        [["01234", "12345678901234567890", "9007199254740993"], ["12345", "1", "2"]], [],
    ),
    "booleans": ("a,b\ntrue,1\nFALSE,2\n,3\n", ["a", "b"],
                 [["True", "1"], ["False", "2"], [None, "3"]], []),
    "no header": ("8.3,41,x\n8.2,21,y\n7,5,x\n", ["column_1", "column_2", "column_3"],
                  [["8.3", "41", "x"], ["8.2", "21", "y"], ["7", "5", "x"]], [NO_HEADER]),
    "no header among words": (
        "39, State-gov\n50, Private\n38, State-gov\n", ["column_1", "column_2"],
        [["39", "State-gov"], ["50", "Private"], ["38", "State-gov"]], [NO_HEADER],
    ),
    "years as names": ("land,2001,2002\nDE,5.1,5.2\nFR,4.1,4.2\n", ["land", "2001", "2002"],
                       [["DE", "5.1", "5.2"], ["FR", "4.1", "4.2"]], []),
    "numbers as names": ("0,1,2\n5.1,3.5,1.4\n4.9,3,1.5\n", ["0", "1", "2"],
                         [["5.1", "3.5", "1.4"], ["4.9", "3", "1.5"]], []),
    "dates as names": ("a,2001-01-01\nx,5.1\ny,5.2\n", ["a", "2001-01-01"],
                       [["x", "5.1"], ["y", "5.2"]], []),
    "an index": (",a\n0,1.5\n1,2.5\n", ["a"], [["1.5"], ["2.5"]], [COUNTS]),
    "an index of a part": ("Unnamed: 0,a\n17,1.5\n3,2.5\n", ["a"], [["1.5"], ["2.5"]], [COUNTS]),
    "names of rows": (
        ',a\n"Mazda RX4",21\n"Datsun",22\n', ["column_1", "a"],
        [["Mazda RX4", "21"], ["Datsun", "22"]], ["Column 1 has no name: it is now 'column_1'."],
    ),
    "a header that is one short": (
        '"a" "b"\n"Mazda RX4" 21 6\n"Datsun" 22 4\n', ["column_1", "a", "b"],
        [["Mazda RX4", "21", "6"], ["Datsun", "22", "4"]],
        [BLANK, "The header has no name for the first column, which names the rows.",
         "Column 1 has no name: it is now 'column_1'."],
    ),
    "a separator at each line's end": ("a,b,\n1,x,\n2,y,\n", ["a", "b"],
                                       [["1", "x"], ["2", "y"]], []),
    "the same below the header only": ("a,b\n1,x,\n2,y,\n", ["a", "b"],
                                       [["1", "x"], ["2", "y"]], []),
    "equal names": (
        "a,a,b\n1,2,x\n3,4,y\n", ["a", "a_2", "b"], [["1", "2", "x"], ["3", "4", "y"]],
        ["More than one column is named 'a': column 2 is now 'a_2'."],
    ),
    "short lines": ("a,b\n1,x\n2\n", ["a", "b"], [["1", "x"], ["2", None]], []),
    "empty lines": ("\na,b\n\n1,x\n\n2,y\n\n", ["a", "b"], [["1", "x"], ["2", "y"]],
                    ["The first line is not part of the table.",
                     "3 empty lines are left out, after rows 0, 1, 2."]),
    "empty lines in one column": ("a\n1\n\n2\n\n", ["a"], [["1"], [None], ["2"]], []),
    "a title": (
        "Homes in 2020\n\na,b\n1,x\n2,y\n", ["a", "b"], [["1", "x"], ["2", "y"]],
        ["The first 2 lines are not part of the table."],
    ),
    "comments": ("# of 2020\n# by us\na,b\n1,x\n2,y\n", ["a", "b"], [["1", "x"], ["2", "y"]],
                 ["The first 2 lines are not part of the table."]),
    "a line for spreadsheets": ("sep=;\na;b\n1;x\n", ["a", "b"], [["1", "x"]],
                                [SEMICOLON, "The first line is not part of the table."]),
    "Windows's line ends": ("a,b\r\n1,x\r\n2,y\r\n", ["a", "b"], [["1", "x"], ["2", "y"]], []),
    "old Macs' line ends": ("a,b\r1,x\r2,y\r", ["a", "b"], [["1", "x"], ["2", "y"]],
                            ["Lines end with carriage returns only."]),
    "no line end": ("a,b\n1,x", ["a", "b"], [["1", "x"]], []),
    "blanks around cells": ("a , b\n 1, x \n2 ,y\n", ["a", "b"], [["1", "x"], ["2", "y"]], []),
    "cp1252": ("größe,b\n1,Köln\n".encode("cp1252"), ["größe", "b"], [["1", "Köln"]],
               ["The encoding is cp1252."]),
    "Latin-1": ("größe,b\n1,\x81\n".encode("latin-1"), ["größe", "b"], [["1", "\x81"]],
                ["The encoding is Latin-1."]),
    "UTF-16": ("größe,b\n1,Köln\n".encode("utf-16"), ["größe", "b"], [["1", "Köln"]],
               ["The encoding is UTF-16."]),
    "UTF-16 without a mark": ("größe,b\n1,Köln\n".encode("utf-16-be"), ["größe", "b"],
                              [["1", "Köln"]], ["The encoding is UTF-16."]),
    "a byte-order mark": ("größe,b\n1,Köln\n".encode("utf-8-sig"), ["größe", "b"], [["1", "Köln"]],
                          ["The encoding is UTF-8 with a byte-order mark."]),
    "broken characters": (("ä" * 40).encode() + b",b\n1,\xff\n", ["ä" * 40, "b"], [["1", "\ufffd"]],
                          ["The encoding is UTF-8 with broken characters."]),
}  # fmt: skip


@pytest.mark.parametrize("case", DIALECTS)
def test_dialects(case: str, tmp_path: Path) -> None:
    content, names, expected, notes = DIALECTS[case]
    table = read(written(tmp_path, content))
    assert (table.names, cells(table), table.notes) == (names, expected, notes)


def test_another_encoding_further_on(tmp_path: Path) -> None:
    """Where the start, by which the rest is judged, is plain ASCII."""
    lines = "a,b\n" + "1,Koeln\n" * 60_000
    table = read(written(tmp_path, lines.encode() + "2,Köln\n".encode("cp1252")))
    assert table.rows == 60_001
    assert table["b"].words.tolist() == ["Koeln", "Köln"]
    assert table.notes == ["The encoding is cp1252."]


def test_a_stray_quote_further_on(tmp_path: Path) -> None:
    table = read(written(tmp_path, "a,b\n" + "1,x\n" * 60_000 + '2,5" pipe\n'))
    assert table["b"].words.tolist() == ["x", '5" pipe']


def test_numbers_know_how_they_were_written(tmp_path: Path) -> None:
    table = read(written(tmp_path, "a,b,c,d,e\n1,1.5,x,true,\n2,2,y,false,\n"))
    assert [column.stored for column in table.columns.values()] == [
        "int64", "float64", "text", "bool", "nothing",
    ]  # fmt: skip
    assert table["a"].values.dtype == np.float64
    assert table["e"].missing.all()
