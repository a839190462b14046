"""Columns and tables: what they hold, what is taken of them, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from rosenblatt.tables import NumberColumn, Table, TextColumn, TimeColumn


def table() -> Table:
    return Table.of(
        [
            NumberColumn("age", np.array([31.0, np.nan, 45.5])),
            TextColumn("sea", np.array([1, -1, 0], "int32"), np.array(["far", "near"], object)),
            TimeColumn("sold", np.array(["2013-01-31", "NaT", "2013-02-01T10:00"], "M8[us]")),
        ],
        "homes.csv",
        ["separator ';'"],
    )


def texts(found: Table) -> list[list[str | None]]:
    return [[c.text(row) for c in found.columns.values()] for row in range(found.rows)]


def test_columns_know_their_length_kind_and_gaps() -> None:
    columns = table().columns.values()
    assert [column.kind for column in columns] == ["number", "text", "time"]
    assert [len(column) for column in columns] == [3, 3, 3]
    assert [column.missing.tolist() for column in columns] == [[False, True, False]] * 3


def test_values_as_text() -> None:
    assert texts(table()) == [
        ["31", "near", "2013-01-31"],
        [None, None, None],
        ["45.5", "far", "2013-02-01T10:00:00"],
    ]


@pytest.mark.parametrize(
    "rows", [np.array([2, 0]), np.array([True, False, True]), slice(0, 0), slice(None, None, -1)]
)
def test_taken_rows_are_those_rows(rows) -> None:
    part = table().take(rows)
    numbers = np.arange(3)[rows]
    assert texts(part) == [texts(table())[row] for row in numbers]
    assert part.rows == len(part) == len(numbers)
    assert part.source == "homes.csv" and part.notes == ["separator ';'"]
    assert part["sea"].words.tolist() == ["far", "near"]


def test_a_table_without_columns_keeps_its_rows() -> None:
    empty = table().without(["age", "sea", "sold", "nothing"])
    assert empty.names == [] and empty.rows == 3
    assert empty.take(np.array([True, False, True])).rows == 2


def test_columns_are_added_replaced_and_renamed() -> None:
    more = table().with_(NumberColumn("rooms", np.ones(3))).with_(NumberColumn("age", np.zeros(3)))
    assert more.names == ["age", "sea", "sold", "rooms"]
    assert more["age"].values.tolist() == [0, 0, 0]
    renamed = more.renamed({"age": "sea", "sea": "age", "unknown": "x"})
    assert renamed.names == ["sea", "age", "sold", "rooms"]
    assert renamed["age"].name == "age" and renamed["age"].kind == "text"


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(ValueError) as info:
        table()["sae"]
    assert str(info.value) == "homes.csv: column 'sae' is missing. Fix: did you mean 'sea'?"
    with pytest.raises(ValueError) as info:
        table().with_(NumberColumn("rooms", np.ones(2)))
    assert str(info.value) == (
        "homes.csv: the columns do not have the same length. Given: 3 values in 'age', 2 in "
        "'rooms'. Expected: a value for each row in every column."
    )
    with pytest.raises(ValueError, match="two columns would have the name 'sea'"):
        table().renamed({"age": "sea"})
