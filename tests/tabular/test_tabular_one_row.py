"""A single row is read and encoded in a shorter way: to the same arrays, bit for bit."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rosenblatt.core.errors import RosenblattError
from rosenblatt.tables import read
from rosenblatt.tables.one_row import column_of_cell, read_row
from rosenblatt.tables.table import Table
from rosenblatt.tabular import TabularClassifier, TabularRegressor, infer
from rosenblatt.tabular.encoder_fitting import Targets, fit_encoder
from rosenblatt.tabular.encoding import Encoder
from rosenblatt.tabular.recipe import recipe_for
from rosenblatt.tabular.row_encoding import RowEncoder

KINDS = ("repeated", "number", "priced", "flag", "few", "many", "other", "zip", "sold", "said")


def table_of(rows: int = 600) -> pd.DataFrame:
    """Columns of all kinds, with gaps."""
    rng = np.random.default_rng(0)
    many, other = rng.integers(0, 40, (2, rows))
    frame = pd.DataFrame(
        {
            "repeated": rng.integers(0, 30, rows).astype(float),
            "number": rng.normal(0, 1e6, rows),
            "priced": [f"{x:,.2f} €" for x in rng.uniform(1, 5e4, rows)],
            "flag": rng.random(rows) < 0.4,
            "few": rng.choice(["near", "far", "Straße", "1"], rows),
            "many": [f"word {i}" for i in many],
            "other": [f"o{i}" for i in other],
            "zip": [f"{i:05d}" for i in rng.integers(0, 60, rows)],
            "sold": pd.Timestamp("2013-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
            "said": [" ".join(rng.choice(list("abcdefghijkl"), 9)) for _ in range(rows)],
            "y": ((many + other) % 2).astype(float),
        }
    )
    for name in ("number", "few", "many", "sold", "said", "priced"):
        frame.loc[rng.random(rows) < 0.05, name] = None
    return frame


@cache
def encoder() -> Encoder:
    """One with every kind of column, target means of words and of numbers, and crosses."""
    frame = table_of()
    table = read(frame.drop(columns="y"))
    targets = Targets(frame[["y"]].to_numpy(), np.ones(len(frame)), np.arange(len(frame)) % 5)
    types = {"zip": "category", "said": "text"}
    recipe = replace(recipe_for(30_000, outputs=2), one_hot=5)
    fitted, _ = fit_encoder(table, infer(table, types=types), targets, recipe)
    assert fitted.names == KINDS
    assert len(fitted.crosses) > 0
    assert any(c.means is not None for one in fitted.columns for c in one.categories)
    return fitted


def outcome(function: Callable[[], Any]) -> Any:
    """What a function gives, as bytes; or what it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = function()
        except RosenblattError as error:
            return type(error), str(error)
    return {name: (a.dtype, a.shape, a.tobytes()) for name, a in found.items()}


def same(source: Any) -> bool:
    """Whether a row was read the short way; either way gives the same, checked here."""

    def short() -> Any:
        row = read_row(source)
        return {} if row is None else RowEncoder(encoder()).inputs(row)

    found = outcome(short)
    if found:
        assert found == outcome(lambda: encoder().encode(read(source)).inputs())
    return bool(found)


SOURCES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "lists": lambda f: f.to_dict("list"),
    "tuples": lambda f: {name: tuple(v) for name, v in f.to_dict("list").items()},
    "arrays": lambda f: {name: f[name].to_numpy() for name in f},
    "series": lambda f: {name: f[name] for name in f},
    "records": lambda f: f.to_dict("records"),
    "numpy scalars": lambda f: [dict(f.iloc[0])],
    "pandas": lambda f: f,
    "objects": lambda f: f.astype(object),
    "categories": lambda f: f.astype({name: "category" for name in f if f[name].notna().all()}),
    "nullable": lambda f: f.convert_dtypes(),
    "pyarrow types": lambda f: f.convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda f: pl.from_pandas(f),
    "polars categories": lambda f: pl.from_pandas(f).with_columns(
        pl.col("few", "many").cast(pl.Categorical), pl.col("sold").cast(pl.Date)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SOURCES)
def test_rows_of_every_source(kind: str) -> None:
    frame = table_of().drop(columns="y")
    frame.loc[1, ["few", "many", "zip"]] = "never seen"
    frame.loc[2, ["number", "repeated"]] = [np.inf, 1e300]
    frame.loc[3, ["priced", "said", "few"]] = ["?", " ", "\t"]
    shuffled = frame[frame.columns[::-1]].assign(more=1)
    read_short = [same(SOURCES[kind](shuffled.iloc[i : i + 1])) for i in range(12)]
    assert all(read_short)


def test_what_is_not_one_row_is_left_to_tables() -> None:
    frame = table_of().drop(columns="y")
    twice = pd.concat([frame, frame[["few"]]], axis=1).iloc[:1]
    for source in (
        frame.iloc[:2], frame.iloc[:0], frame.iloc[:2].to_dict("list"), [], [{}], {}, twice,
        frame.iloc[:2].to_dict("records"), iter([1]), "houses.csv", np.zeros((2, 3)), np.zeros(3),
        {"a": iter([1])}, {"": [1]}, pl.from_pandas(frame).lazy(), pa.table({"a": [1]}),
        {1: ["a"], "1": ["b"]}, {"a": [1], "b": [1, 2]}, np.zeros((1, 0)),
    ):  # fmt: skip
        assert read_row(source) is None
    assert read_row(np.array([[1, 2]])) == {"x0": 1.0, "x1": 2.0}


VALUES = st.one_of(
    st.none(), st.booleans(), st.floats(), st.floats(width=32).map(np.float32), st.text(),
    st.integers(), st.integers(-5, 40), st.integers(-(2**63), 2**63 - 1).map(np.int64),
    st.sampled_from(["near", " far ", "Straße", "word 3", "o7", "00013", "1", "nan", "NA", "-", "",
                     "12,345.60 €", "1.5", "2013-01-31", "31/01/2013 10:00", "True", "\x1c",
                     "\ud800"]),
    st.dates(), st.datetimes(), st.timedeltas(), st.times(), st.binary(max_size=5),
    st.decimals(), st.fractions(), st.complex_numbers(), st.lists(st.integers(), max_size=3),
    st.sampled_from([np.datetime64("2013-01-31"), np.timedelta64(3, "D"), pd.NaT, pd.NA,
                     np.float16(2), np.uint64(2**64 - 1), np.longdouble(2), np.bool_(True),
                     Decimal("NaN"), np.str_(" far"), datetime.UTC, 2**53, 2**53 + 1]),
)  # fmt: skip
ROWS = st.fixed_dictionaries(dict.fromkeys(KINDS, VALUES), optional={"more": VALUES})


@given(row=ROWS, kind=st.sampled_from(["lists", "records", "arrays", "pandas", "polars"]))
@settings(max_examples=100, deadline=None)
def test_values_of_any_type(row: dict[str, Any], kind: str) -> None:
    try:
        source = {
            "lists": lambda: {name: [value] for name, value in row.items()},
            "records": lambda: [row],
            "arrays": lambda: {name: np.array([value]) for name, value in row.items()},
            "pandas": lambda: pd.DataFrame([row]),
            "polars": lambda: pl.DataFrame({name: [value] for name, value in row.items()}),
        }[kind]()
    except (Exception, pl.exceptions.PanicException):  # what these libraries do not take
        return
    same(source)


@given(value=VALUES)
@settings(max_examples=100, deadline=None)
def test_a_cell_stands_for_the_column_that_would_be_read(value: object) -> None:
    source = {"a": [value]}
    whole = outcome(lambda: {"a": column_values(read(source))})
    assert whole == outcome(lambda: {"a": column_values(cells_as_table(source))})


def cells_as_table(source: Any) -> Table:
    """The table of a row's cells."""
    row = read_row(source)
    assert row is not None
    return Table.of(column_of_cell(name, cell) for name, cell in row.items())


def column_values(table: Table) -> np.ndarray:
    """What a column's values are, and of which kind."""
    column = table["a"]
    return np.array([column.kind, column.text(0) or ""])


TINY: dict[str, Any] = {"models": 1, "epochs": 1, "width": 8, "depth": 1, "members": 1}


def test_predictions_of_one_row_are_those_of_a_table() -> None:
    frame = table_of(80)
    model = TabularRegressor(**TINY).fit(frame, target="y")
    new = frame.drop(columns="y")
    for kind in SOURCES:
        source = SOURCES[kind](new.iloc[5:6])
        whole = model.predictor_.predict(read(source))
        assert model.predict(source).tobytes() == whole.tobytes()
    with pytest.raises(ValueError, match="'few', 'many' are missing"):
        model.predict(new.iloc[:1].drop(columns=["few", "many"]))


def test_a_row_without_names_has_as_many_values_as_those_of_training() -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = TabularClassifier(**TINY).fit(X, np.arange(60) % 2)
    whole = model.predictor_.predict(read(X[:1]))
    assert model.predict_proba(X[:1]).tobytes() == whole.tobytes()
    with pytest.raises(ValueError, match="X has 2 features, but TabularClassifier is expecting 3"):
        model.predict(X[:1, :2])
