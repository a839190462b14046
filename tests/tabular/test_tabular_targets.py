"""Targets and weights of every kind that holds one value for each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import narwhals
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rosenblatt.tables.table import Column, TextColumn
from rosenblatt.tabular import TabularClassifier, TabularRegressor
from rosenblatt.tabular.inputs import target_column

VALUES: dict[str, Sequence[Any]] = {
    "words": ["a", "b", "a", "c"],
    "whole": [1, 2, 1, 3],
    "numbers": [1.5, 2.0, 1.0, 3.0],
    "truths": [True, False, True, True],
}
KINDS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "array": np.array,
    "objects": lambda v: np.array(v, object),
    "pandas": pd.Series,
    "pandas, named": lambda v: pd.Series(v, name="t", index=range(10, 14)),
    "pandas, own types": lambda v: pd.Series(v).convert_dtypes(),
    "pandas, Arrow's types": lambda v: pd.Series(v, dtype=pd.ArrowDtype(pa.array(v).type)),
    "pandas, index": pd.Index,
    "pandas, array": pd.array,
    "pandas, frame": lambda v: pd.DataFrame({"t": v}),
    "polars": pl.Series,
    "polars, named": lambda v: pl.Series("t", v),
    "polars, frame": lambda v: pl.DataFrame({"t": v}),
    "polars, lazy": lambda v: pl.LazyFrame({"t": v}),
    "narwhals": lambda v: narwhals.from_native(pl.Series(v), series_only=True),
    "arrow": pa.array,
    "arrow, chunks": lambda v: pa.chunked_array([v[:1], v[1:]]),
    "arrow, table": lambda v: pa.table({"t": v}),
}
NAMED = {
    "pandas, named", "pandas, frame", "polars, named", "polars, frame", "polars, lazy",
    "arrow, table",
}  # fmt: skip


def values_of(column: Column) -> list[Any]:
    if isinstance(column, TextColumn):
        return list(column.words[column.codes])
    return column.values.tolist()


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_target_is_the_same_column_however_it_comes(kind: str, values: str) -> None:
    found = target_column(KINDS[kind](VALUES[values]))
    expected = target_column(np.array(VALUES[values]))
    assert type(found) is type(expected)
    assert values_of(found) == values_of(expected)
    assert found.name == ("t" if kind in NAMED else "y")


@pytest.mark.parametrize(
    "words",
    [
        pl.Series(VALUES["words"], dtype=pl.Categorical),
        pl.Series(VALUES["words"], dtype=pl.Enum(["c", "b", "a"])),
        pd.Series(VALUES["words"], dtype="category"),
        pd.Categorical(VALUES["words"]),
        pa.array(VALUES["words"]).dictionary_encode(),
        [b"a", b"b", b"a", b"c"],
    ],
    ids=["polars", "polars, fixed", "pandas", "pandas, array", "arrow", "bytes"],
)
def test_categories(words: Any) -> None:
    assert values_of(target_column(words)) == VALUES["words"]


@pytest.mark.parametrize(
    "y", [{"t": [1, 2]}, iter([1, 2]), {1, 2}, 3], ids=["dict", "iterator", "set", "number"]
)
def test_what_is_no_column_is_refused(y: Any) -> None:
    with pytest.raises(ValueError, match=r"y is a single value\..*Expected: \(rows,\) targets"):
        target_column(y)


def test_two_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="y has several columns; one thing is predicted"):
        target_column(pl.DataFrame({"a": [1, 2], "b": [1, 2]}))


@pytest.fixture(scope="module")
def table() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2))
    return {"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] + x[:, 1], "w": rng.uniform(1, 2, 40)}


@pytest.mark.parametrize("quantity", [True, False], ids=["quantity", "classes"])
def test_estimators_take_them_everywhere(table: dict[str, Any], quantity: bool) -> None:
    """fit, validation_data, weights, score and what is told of new rows."""

    def asked(make: Callable[[Any], Any], frame: Callable[[Any], Any]) -> list[Any]:
        X = frame({"a": table["a"], "b": table["b"]})
        y = table["y"] if quantity else np.where(table["y"] > 0, "yes", "no")
        y, weights = make(y), make(table["w"])
        model = (TabularRegressor if quantity else TabularClassifier)(
            epochs=2, models=2, members=2, width=4, depth=1, verbose=0
        )
        model.fit(X, y, sample_weight=weights, validation_data=(X, y))
        rest = model.predict(X).tolist()
        scores = model.score(X, y), model.score(X, y, sample_weight=weights)
        return [*rest, *scores, model.facts_.target]

    expected = asked(np.array, dict)
    for make, frame in (
        (lambda v: pl.Series("y", v), pl.DataFrame),
        (lambda v: pd.Series(v, name="y"), pd.DataFrame),
        (lambda v: pa.chunked_array([v[:7], v[7:]]), pa.table),
    ):
        assert asked(make, frame) == expected


TRUTHS = {
    **{kind: KINDS[kind] for kind in ("array", "objects", "list", "pandas", "polars", "arrow")},
    "arrow, chunks": KINDS["arrow, chunks"],
    "pandas, own type": lambda v: pd.Series(v, dtype="boolean"),
    "pandas, categories": lambda v: pd.Series(v).astype("category"),
}


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    return {"epochs": 1, "models": 2, "members": 2, "width": 4, "depth": 1}


@pytest.mark.parametrize("kind", TRUTHS)
def test_truths_come_back_as_truths(
    kind: str, table: dict[str, Any], small: dict[str, Any]
) -> None:
    """Text would equal none of them."""
    truths = (table["y"] > 0).tolist()
    X = {"a": table["a"], "b": table["b"]}
    model = TabularClassifier(**small).fit(X, TRUTHS[kind](truths))
    found = model.predict(X)
    assert found.dtype == bool
    assert model.classes_.tolist() == [False, True]
    right = float(np.mean(found == np.array(truths)))
    for asked in (TRUTHS[kind](truths), np.array(truths), np.array(truths, int)):
        assert model.score(X, asked) == pytest.approx(right)


@pytest.mark.parametrize(
    ("values", "kind"), [([9, 12], np.int64), ([0.5, 9.5], np.float64)], ids=["whole", "numbers"]
)
def test_categories_of_numbers_come_back_as_numbers(
    values: list[Any], kind: type, table: dict[str, Any], small: dict[str, Any]
) -> None:
    y = np.array(values)[(table["y"] > 0).astype(int)]
    X = {"a": table["a"], "b": table["b"]}
    model = TabularClassifier(**small).fit(X, pd.Series(y).astype("category"))
    assert model.classes_.tolist() == values
    assert model.predict(X).dtype == kind
    assert model.score(X, y) == model.score(X, pd.Series(y).astype("category"))


def test_no_rows_are_no_predictions(table: dict[str, Any], small: dict[str, Any]) -> None:
    none = {"a": [], "b": []}
    X = {"a": table["a"], "b": table["b"]}
    quantity = TabularRegressor(**small).fit(X, table["y"])
    assert quantity.predict(none).shape == (0,)
    assert quantity.predict_interval(none, coverage=0.5).shape == (0, 2)
    classes = TabularClassifier(**small).fit(X, table["y"] > 0)
    assert classes.predict(none).shape == (0,)
    assert classes.predict_proba(none).shape == (0, 2)
    with pytest.raises(ValueError, match=r"0 rows with a target are too few to judge"):
        classes.score(none, [])


def test_a_row_may_come_as_a_dict_of_its_values(
    table: dict[str, Any], small: dict[str, Any]
) -> None:
    X = {"a": table["a"], "b": table["b"]}
    model = TabularRegressor(**small).fit(X, table["y"])
    row = {"a": 0.5, "b": None}
    assert model.predict(row).tolist() == model.predict([row]).tolist()
    one = {name: values[:1] for name, values in X.items()}
    labels = TabularClassifier(**small).fit(X, table["y"] > 0)
    assert labels.score(one, labels.predict(one)) == 1  # a single row can be judged


def test_one_column_may_be_named_without_a_list(
    table: dict[str, Any], small: dict[str, Any]
) -> None:
    X = {"a": table["a"], "b": table["b"]}
    one = TabularRegressor(drop="a", **small).fit(X, table["y"])
    assert (
        one.predict(X).tolist()
        == TabularRegressor(drop=["a"], **small).fit(X, table["y"]).predict(X).tolist()
    )


def test_columns_without_names_count_by_their_places(
    table: dict[str, Any], small: dict[str, Any]
) -> None:
    """As in scikit-learn, with its warnings."""
    X = pd.DataFrame({"a": table["a"], "b": table["b"]})
    named = TabularRegressor(**small).fit(X, table["y"])
    unnamed = TabularRegressor(**small).fit(X.to_numpy(), table["y"])
    expected = named.predict(X)
    owner = "TabularRegressor was fitted"
    lacks = f"X does not have valid feature names, but {owner} with feature names"
    has = f"X has feature names, but {owner} without feature names"
    for model, rows, words in ((named, X.to_numpy(), lacks), (unnamed, X, has)):
        for asked in (rows, rows[:1]):
            with pytest.warns(UserWarning, match=words):
                found = model.predict(asked)
            np.testing.assert_allclose(found, expected[: len(asked)], rtol=1e-6)
        with pytest.warns(UserWarning, match=words):
            assert model.score(rows, table["y"]) == named.score(X, table["y"])
    assert unnamed.score(X.to_numpy(), table["y"]) == named.score(X, table["y"])
    with pytest.raises(ValueError, match="X has 3 features, but TabularRegressor is expecting 2"):
        named.predict(X.to_numpy()[:, [0, 1, 1]])
