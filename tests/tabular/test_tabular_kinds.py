"""What columns hold: real and nasty ones, what the user says of them, and any column at all."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rosenblatt.tables.reading import read
from rosenblatt.tables.table import NumberColumn, Table, TextColumn, TimeColumn
from rosenblatt.tabular.kinds import ColumnKind, Schema, as_numbers, as_times, infer

ROWS = 600
RNG = np.random.default_rng(0)
SIZES = RNG.lognormal(6, 1.5, ROWS)
DAYS = [datetime(2011, 3, 5) + timedelta(hours=41 * i) for i in range(ROWS)]
WORDS = ["the", "a", "nice", "house", "with", "large", "garden", "near", "street", "sold", "by"]


def swapped(text: str) -> str:
    return text.translate(str.maketrans(",.", ".,"))


def one_in(count: int, other: str, texts: Sequence[str]) -> list[str]:
    return [other if i % count == 0 else text for i, text in enumerate(texts)]


def kind_of(values: object, name: str = "c") -> ColumnKind:
    return infer(read({name: values})).columns[name]


def dates(date_format: str) -> list[str]:
    return [day.strftime(date_format) for day in DAYS]


KINDS = {
    "decimals": (SIZES, "number"),
    "integers": (RNG.integers(0, 9, ROWS), "number"),
    "currency": ([f"${x:,.2f}" for x in SIZES], "number"),
    "euros": ([swapped(f"{x:,.2f} €") for x in SIZES], "number"),
    "percent": ([f"{x:.1f} %" for x in SIZES], "number"),
    "signed": ([f"{x - 300:+.1f}" for x in SIZES], "number"),
    "accounting": ([f"({x:.2f})" for x in SIZES], "number"),
    "scientific": ([f"{x:.3e}" for x in SIZES], "number"),
    "blanks": (one_in(9, " ", [f"{x:.2f}" for x in SIZES]), "number"),
    "some garbage": (one_in(40, "err", [f"{x:.2f}" for x in SIZES]), "number"),
    "a frequent word": (one_in(3, "unknown", [f"{x:.2f}" for x in SIZES]), "number"),
    "digits as words": (RNG.choice(["1", "2", "3"], ROWS), "number"),
    "years": ([str(1990 + i % 30) for i in range(ROWS)], "number"),
    "year numbers": (np.arange(1900, 2020), "number", "year"),
    "epoch seconds": ([int(day.timestamp()) for day in DAYS], "number"),
    "unnamed whole numbers": (RNG.choice(10**8, ROWS, replace=False), "number"),
    "number of votes": (RNG.choice(10**8, ROWS, replace=False), "number", "number of votes"),
    "a number and gaps": ([5.0, None] * 300, "number"),
    "infinite": ([1.0, np.inf, 2.0] * 200, "number"),
    "zip codes": ([f"{z:05d}" for z in RNG.integers(0, 200, ROWS)], "category"),
    "yes and no": (RNG.choice(["yes", "No"], ROWS), "category"),
    "booleans": (RNG.choice([True, False], ROWS), "category"),
    "sizes": (RNG.choice(["S", "M", "XL"], ROWS), "category"),
    "grades": (RNG.choice(["A+", "A-", "B"], ROWS), "category"),
    "open end": (RNG.choice(["1", "2", "3", "4+"], ROWS), "category"),
    "age groups": (RNG.choice(["10-19", "20-29", "30-39"], ROWS), "category"),
    "ordinals": (RNG.choice(["1st", "2nd", "3rd"], ROWS), "category"),
    "months": (RNG.choice(["Jan", "Feb", "Dec"], ROWS), "category"),
    "versions": (RNG.choice(["1.2.3", "1.10.0"], ROWS), "category"),
    "seasons": ([f"{y}-{(y + 1) % 100:02d}" for y in range(1990, 2020)] * 20, "category"),
    "long digits that repeat": ([str(10**18 + i % 20) for i in range(ROWS)], "category"),
    "phrases that repeat": (["a long way to go", "no way to go at all"] * 300, "category"),
    "one word and gaps": (["a", None] * 300, "category"),
    "names that repeat": ([f"name {i % 400}" for i in range(ROWS)], "category"),
    "counter": (np.arange(ROWS), "id"),
    "shuffled counter": (RNG.permutation(2 * ROWS)[:ROWS] + 10**6, "id"),
    "counter in text": ([str(i) for i in range(ROWS)], "id"),
    "customers": (RNG.choice(10**8, ROWS, replace=False), "id", "CustomerID"),
    "an index": (RNG.choice(10**8, ROWS, replace=False), "id", "Unnamed: 0"),
    "uuids": ([str(uuid.UUID(int=int(i) << 60)) for i in RNG.integers(0, 2**62, ROWS)], "id"),
    "unique texts": ([f"A-{i:x}" for i in range(ROWS)], "id"),
    "long digits": ([str(10**18 + i) for i in range(ROWS)], "id"),
    "a constant": (["a"] * ROWS, "constant"),
    "a constant number": ([5] * ROWS, "constant"),
    "nothing": ([None] * ROWS, "constant"),
    "missing words": (["?", "n/a", ""] * 200, "constant"),
    "NaN": ([np.nan] * ROWS, "constant"),
    "text": ([" ".join(RNG.choice(WORDS, 9)) for _ in range(ROWS)], "text"),
    "times": (np.array(DAYS, dtype="datetime64[us]"), "date"),
    "20110305": ([int(day) for day in dates("%Y%m%d")], "date"),
    "20110305101500": ([float(day) for day in dates("%Y%m%d%H%M%S")], "date"),
    "dates, some garbage": (one_in(40, "err", dates("%d/%m/%Y")), "date"),
    "dates or unknown": (one_in(3, "unknown", dates("%d/%m/%Y")), "date"),
    "zero dates": (one_in(40, "0000-00-00", dates("%Y-%m-%d")), "date"),
}  # fmt: skip

FORMATS = [
    "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S+02:00", "%Y-%m-%d %H:%M UTC", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y",
    "%d.%m.%y", "%m/%d/%y", "%d-%m-%Y", "%y-%m-%d", "%b %d, %Y", "%B %d, %Y", "%d %B %Y",
    "%d. %B %Y",
    "%d-%b-%Y", "%d-%b-%y", "%d%b%Y", "%d%b%y", "%a, %d %b %Y %H:%M:%S +0000", "%A, %B %d, %Y",
    "%Y/%m/%d %H:%M", "%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S +0000 %Y", "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y, %H:%M", "%m/%d/%y %I:%M:%S%p", "%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%dT%H%M%S",
    "%d/%b/%Y:%H:%M:%S +0100",
    "%Y.%m.%d",
]  # fmt: skip


@pytest.mark.parametrize("column", KINDS)
def test_kind_of_a_column(column: str) -> None:
    values, kind, *name = KINDS[column]
    found = kind_of(values, *name)
    assert (found.kind, bool(found.reason)) == (kind, True), found


@pytest.mark.parametrize("date_format", FORMATS)
def test_dates_of_any_format_are_found_and_read(date_format: str) -> None:
    table = read({"when": dates(date_format)})
    schema = infer(table)
    assert schema.columns["when"].kind == "date"
    found = as_times(table["when"], schema.columns["when"]).tolist()
    hours, minutes, seconds = (f"%{c}" in date_format for c in ["H", "M", "S"])
    hours |= "%I" in date_format
    kept = [
        day.replace(hour=day.hour * hours, minute=day.minute * minutes, second=day.second * seconds)
        for day in DAYS
    ]
    assert found == kept


@pytest.mark.parametrize(
    ("date_format", "part"), [("%H:%M", "times"), ("%I:%M %p", "times"), ("%b-%Y", "times")]
)
def test_times_of_day_and_months(date_format: str, part: str) -> None:
    found = kind_of(dates(date_format))
    assert (found.kind, found.date_format) == ("date", date_format)
    assert f"are {part}, such as" in found.reason


def test_values_above_12_tell_day_from_month() -> None:
    days, months = ["13/01/2013", "05/06/2014"], ["01/13/2013", "05/06/2014"]
    assert kind_of(days).date_format == "%d/%m/%Y"
    assert kind_of(months).date_format == "%m/%d/%Y"


def test_what_tells_nothing_is_said() -> None:
    unclear = kind_of(["01/02/2013", "05/06/2014"])
    assert unclear.date_format == "%m/%d/%Y"
    assert unclear.reason.endswith(
        "no value tells %m/%d/%Y from %d/%m/%Y; if that is wrong: 'date:%d/%m/%Y'"
    )
    assert kind_of(["01.02.2013", "05.06.2014"]).date_format == "%d.%m.%Y"
    # The first of each month, not twelve days of January.
    assert kind_of(["01/01/2013", "01/02/2013", "01/03/2013"]).date_format == "%d/%m/%Y"


@pytest.mark.parametrize(
    ("texts", "decimal", "numbers"),
    [
        (["1.5", "2.25", "1,234"], ".", [1.5, 2.25, 1234]),
        (["1,5", "2,25", "1.234"], ",", [1.5, 2.25, 1234]),
        (["0,123", "0,456"], ",", [0.123, 0.456]),
        (["1,234", "2,345"], ".", [1234, 2345]),
        ([f"{i}.{100 + i}" for i in range(1, 20)] + ["900", "850", "70"], ",", [1101, 2102]),
    ],
)
def test_the_decimal_sign_is_found(texts: list[str], decimal: str, numbers: list[float]) -> None:
    table = read({"c": texts})
    kind = infer(table).columns["c"]
    assert (kind.kind, kind.decimal) == ("number", decimal)
    assert as_numbers(table["c"], kind)[: len(numbers)].tolist() == numbers


def test_numbers_with_a_unit() -> None:
    table = read({"c": ["72 kg", "80.5 kg", "65 kg", None, "n/a", "71.2 kg", "90 kg"]})
    kind = infer(table).columns["c"]
    assert (kind.kind, kind.unit) == ("number", "kg")
    np.testing.assert_array_equal(
        as_numbers(table["c"], kind), [72, 80.5, 65, np.nan, np.nan, 71.2, 90]
    )


def test_reasons_are_words() -> None:
    table = read({
        "day": one_in(40, "err", dates("%d/%m/%Y")),
        "size": one_in(40, "err", [f"{x:.2f}" for x in SIZES]),
        "row": np.arange(ROWS),
        "name": [f"A-{i}" for i in range(ROWS)],
        "same": ["x"] * ROWS,
        "sex": ["m", "f"] * 300,
    })  # fmt: skip
    assert infer(table).described() == [
        "day: date: 97.5 % of the texts are dates, such as 06/03/2011 (%d/%m/%Y)",
        f"size: number: numbers in text, such as {SIZES[1]:.2f}; 2.5 % are other texts, such as "
        "'err', read as missing",
        "row: id, left out: whole numbers, all different, between 0 and 599",
        "name: id, left out: 100 % of the texts are different",
        "same: constant, left out: always 'x'",
        "sex: category: 2 different texts: m, f",
    ]


def test_only_the_training_rows_tell() -> None:
    table = read({"c": ["1", "2", "3"] * 20 + ["red"] * 60, "d": ["x"] * 60 + ["y"] * 60})
    found = infer(table, np.arange(60)).columns
    assert (found["c"].kind, found["d"].kind) == ("number", "constant")


def test_the_user_overrules() -> None:
    table = read({
        "zip": [10001, 94110] * 20,
        "size": ["1.234", "2.345"] * 20,
        "day": ["01/02/2013", "05/06/2014"] * 20,
        "seconds": [1.4e9, 1.5e9] * 20,
        "note": [f"n{i}" for i in range(40)],
        "age": list(range(40)),
        "left": [1, 2] * 20,
    })  # fmt: skip
    types = {
        "zip": "category", "size": "number:,", "day": "date:%d/%m/%Y", "seconds": "date",
        "note": "text", "age": "id",
    }  # fmt: skip
    schema = infer(table, types=types, drop=["left"])
    assert [kind.kind for kind in schema.columns.values()] == [
        "category", "number", "date", "date", "text", "id", "dropped",
    ]  # fmt: skip
    assert {kind.reason for kind in schema.columns.values()} == {"as you asked"}
    assert list(schema.read) == ["zip", "size", "day", "seconds", "note"]
    assert list(schema.left_out) == ["age", "left"]
    assert as_numbers(table["size"], schema.columns["size"])[0] == 1234
    assert as_times(table["day"], schema.columns["day"])[0] == np.datetime64("2013-02-01")
    assert as_times(table["seconds"], schema.columns["seconds"])[0].astype(int) == 1.4e15


def test_a_date_without_its_format_is_found() -> None:
    table = read({"d": ["5 May 2013", "x", "y", "6 May 2013", "7 May 2013"] * 9})
    assert infer(table).columns["d"].kind == "category"
    assert infer(table, types={"d": "date:%d %b %Y"}).columns["d"].kind == "date"


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"pirce": "number"}, r"`types` names a column that X does not have\. Given: 'pirce'\. "
                              r"Fix: did you mean 'price'\?"),
        ({"price": "nubmer"}, r"column 'price' an unknown kind\. Given: 'nubmer'\. Expected: "
                              r"number, category, date, text, id\. Fix: did you mean 'number'\?"),
        ({"price": "text"}, r"X: column 'price' cannot be read as a text: it holds numbers \("),
        ({"city": "number"}, r"'city' cannot be read as a number: none of its texts is one, the "
                             r"first is 'Bonn'\. Fix: give it another kind in `types`"),
        ({"city": "date"}, r"'city' cannot be read as a date: none .* 8601, the first is 'Bonn'"),
        ({"city": "date:%Q"}, r"format of the dates is unknown\. Given: '%Q'"),
        ({"city": "number:;"}, r"decimal sign is unknown\. Given: ';'"),
        ({"sold": "category"}, r"'sold' cannot be read as a category: it holds times"),
        ({"sold": "number"}, r"'sold' cannot be read as a number: it holds times"),
        ({"sold": "text"}, r"'sold' cannot be read as a text: it holds times"),
    ],
)  # fmt: skip
def test_what_a_column_cannot_be_is_refused(types: dict[str, str], message: str) -> None:
    sold = np.array(["2013-01-31", "NaT"], dtype="datetime64[us]")
    table = read({"price": [1.5, 2.5], "city": ["Bonn", "Rome"], "sold": sold})
    with pytest.raises(ValueError, match=message):
        infer(table, types=types)


def test_an_unknown_name_to_drop_is_refused() -> None:
    with pytest.raises(ValueError, match="`drop` names a column that X does not have"):
        infer(read({"a": [1, 2]}), drop=["b"])


def test_numbers_of_times_are_refused() -> None:
    column = TimeColumn("t", np.array(["2013-01-31"], dtype="datetime64[us]"))
    with pytest.raises(
        ValueError, match=r"Column 't' was expected to hold numbers; it holds times"
    ):
        as_numbers(column, ColumnKind("number", ""))


def test_as_numbers_and_as_times_row_by_row() -> None:
    kind = ColumnKind("number", "")
    values = as_numbers(NumberColumn("a", np.array([1.0, np.inf, np.nan])), kind)
    np.testing.assert_array_equal(values, [1, np.nan, np.nan])
    words = np.array(["2013-01-31", "5"], dtype=object)
    column = TextColumn("b", np.array([1, -1, 0, 1], dtype=np.int32), words)
    np.testing.assert_array_equal(as_numbers(column, kind), [5, np.nan, np.nan, 5])
    found = as_times(column, ColumnKind("date", ""))
    assert found.astype("datetime64[D]").astype(str).tolist() == ["NaT", "NaT", "2013-01-31", "NaT"]


def test_a_small_part_of_a_table_reads_the_words_that_it_has() -> None:
    table = read(
        {
            "n": [f"{i}.5" for i in range(500)],
            "d": [f"{i % 28 + 1}/6/{1500 + i}" for i in range(500)],
        }
    )
    number, date = ColumnKind("number", ""), ColumnKind("date", "", date_format="%d/%m/%Y")
    part = table.take(np.array([400, 3, 3]))
    assert as_numbers(part["n"], number).tolist() == [400.5, 3.5, 3.5]
    found = as_times(part["d"], date).astype("datetime64[D]").astype(str)
    assert found.tolist() == ["1900-06-09", "1503-06-04", "1503-06-04"]
    gone = TextColumn("n", np.array([-1, 7], dtype=np.int32), table["n"].words)
    np.testing.assert_array_equal(as_numbers(gone, number), [np.nan, 7.5])


_TEXTS = st.one_of(
    st.none(), st.text(max_size=12), st.integers().map(str), st.floats().map(str),
    st.datetimes().map(str), st.sampled_from(["", "?", "1,5", "01/02/13", "20240131", "True"]),
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rows = draw(st.integers(0, 60))
    columns = []
    for name in draw(st.lists(st.text(max_size=6), max_size=4, unique=True)):
        kind = draw(st.sampled_from(["number", "whole", "text", "time"]))
        if kind == "text":
            words = draw(
                st.lists(st.text(max_size=12) | _TEXTS.filter(bool), min_size=1, unique=True)
            )
            codes = draw(st.lists(st.integers(-1, len(words) - 1), min_size=rows, max_size=rows))
            columns.append(
                TextColumn(name, np.array(codes, dtype=np.int32), np.array(words, dtype=object))
            )
            continue
        element = st.floats() if kind == "number" else st.integers(-(2**40), 2**62)
        values = draw(st.lists(element, min_size=rows, max_size=rows))
        if kind == "time":
            columns.append(TimeColumn(name, np.array(values, "int64").astype("datetime64[us]")))
        else:
            columns.append(NumberColumn(name, np.array(values, dtype=np.float64)))
    return Table({column.name: column for column in columns}, rows=rows)


@settings(deadline=None)
@given(tables())
def test_any_table_has_a_schema(table: Table) -> None:
    schema = infer(table)
    assert list(schema.columns) == table.names
    assert len(schema.described()) == len(table.names)
    assert Schema.from_config(json.loads(json.dumps(schema.to_config()))) == schema
    for name, kind in schema.columns.items():
        if kind.kind == "number":
            assert np.isfinite(as_numbers(table[name], kind)).any()
        if kind.kind == "date":
            assert not np.isnat(as_times(table[name], kind)).all()


@settings(deadline=None)
@given(st.lists(_TEXTS, min_size=1, max_size=60))
def test_any_texts_have_a_kind(texts: list[str | None]) -> None:
    assert kind_of(texts).kind in ("number", "category", "date", "text", "id", "constant")
