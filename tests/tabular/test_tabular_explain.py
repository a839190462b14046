"""Importance and dependence against scikit-learn's, and what they do with text, dates and gaps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rosenblatt.tables import NumberColumn, Table, TextColumn, TimeColumn, read
from rosenblatt.tabular import asking
from rosenblatt.tabular.asking import joined
from rosenblatt.tabular.explain import dependence, importance

inspection = pytest.importorskip("sklearn.inspection", reason="needs scikit-learn")


def numbers(rows: int = 300) -> Table:
    rng = np.random.default_rng(0)
    return Table.of(NumberColumn(name, rng.normal(size=rows)) for name in "abc")


def matrix(table: Table) -> np.ndarray:
    return np.stack([table[name].values for name in "abc"], axis=1)


class Product:
    """A fitted estimator to scikit-learn, a function of tables to us; it counts its calls."""

    _estimator_type = "regressor"

    def __init__(self) -> None:
        self.fitted_, self.calls = True, 0

    def __sklearn_tags__(self) -> object:
        from sklearn.base import BaseEstimator, RegressorMixin

        class Any(RegressorMixin, BaseEstimator):
            pass

        return Any().__sklearn_tags__()

    def fit(self, x: np.ndarray, y: np.ndarray) -> Product:
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        return 3 * x[:, 0] + x[:, 0] * x[:, 1]

    def __call__(self, table: Table) -> np.ndarray:
        self.calls += 1
        return self.predict(matrix(table))


def mixed() -> Table:
    return Table.of([
        NumberColumn("age", np.array([1.0, np.inf, np.nan, 2.0, 1.0, 5.0])),
        TextColumn("sea", np.array([1, 1, 0, 2, 2, -1], "int32"),
                   np.array(["x", "y", "?"], object)),
        TextColumn("size", np.array([0, 1, 2, 3, 3, 3], "int32"),
                   np.array(["10 kg", "9 kg", "100 kg", "11 kg"], object)),
        TimeColumn("sold", np.array(["2020-01-02", "NaT", "2019-05-06"] * 2, "M8[us]")),
    ])  # fmt: skip


def test_importance_is_scikit_learns() -> None:
    """Within what a few shuffles leave to chance."""
    table, model = numbers(), Product()
    targets = model(table) + np.random.default_rng(1).normal(size=300)
    found = importance(model, table, targets, "quantity", repeats=40)
    expected = inspection.permutation_importance(
        model, matrix(table), targets, n_repeats=40, random_state=0,
        scoring="neg_root_mean_squared_error",
    )  # fmt: skip
    assert [one.name for one in found] == ["a", "b", "c"]
    for one, mean, spread in zip(
        found, expected.importances_mean, expected.importances_std, strict=True
    ):
        assert one.drop == pytest.approx(mean, abs=5 * spread / np.sqrt(40) + 1e-12)
        assert one.spread == pytest.approx(spread, rel=0.5)
    assert found[2][1:] == (0.0, 0.0)


@pytest.mark.parametrize("task", ["two classes", "classes"])
def test_importance_of_classes(task: str) -> None:
    rng = np.random.default_rng(2)
    table = numbers()
    count = 2 if task == "two classes" else 3

    def predict(table: Table) -> np.ndarray:
        raised = np.exp(np.outer(table["b"].values, np.arange(count)))
        return raised / raised.sum(1, keepdims=True)

    targets = (predict(table).cumsum(1) > rng.random((300, 1))).argmax(1)
    found = importance(predict, table, targets, task, weights=rng.uniform(1, 2, 300))
    assert found[0].name == "b" and found[0].drop > 0.1
    assert {one.drop for one in found[1:]} == {0.0}
    found = importance(predict, table, targets, task, measure="accuracy")
    assert found[0].name == "b" and 0 < found[0].drop < 1


def test_importance_asks_once_and_a_column_alone_has_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table, model = numbers(), Product()
    targets = model(table)
    model.calls = 0
    whole = importance(model, table, targets, "quantity", seed=3)
    assert model.calls == 1
    alone = importance(model, table, targets, "quantity", ["b"], seed=3)
    assert alone == [one for one in whole if one.name == "b"]
    assert importance(model, table, targets, "quantity", seed=4) != whole
    model.calls = 0
    monkeypatch.setattr(asking, "_MOST_ROWS", 700)
    assert importance(model, table, targets, "quantity", seed=3) == whole
    assert model.calls == 8  # of two variants each


def test_some_rows_of_a_long_table_are_enough() -> None:
    seen = []

    def predict(table: Table) -> np.ndarray:
        seen.append(table.rows)
        return matrix(table)[:, 0]

    table = numbers()
    found = importance(predict, table, matrix(table)[:, 0], "quantity", repeats=2, most_rows=50)
    assert found[0].name == "a" and seen == [50 * 7]
    dependence(predict, table, "a", points=4, most_rows=30)
    assert seen[1:] == [120]


def test_dependence_is_scikit_learns() -> None:
    table, model = numbers(), Product()
    found = dependence(model, table, "a", points=9)
    assert model.calls == 1
    assert len(found.values) == 9 and set(found.values) <= set(table["a"].values)
    expected = inspection.partial_dependence(
        model, matrix(table), [0], custom_values={0: np.array(found.values)}, kind="both"
    )
    np.testing.assert_allclose(found.means[:, 0], expected["average"][0])
    single = expected["individual"][0]
    np.testing.assert_allclose(found.low[:, 0], np.quantile(single, 0.1, axis=0))
    np.testing.assert_allclose(found.high[:, 0], np.quantile(single, 0.9, axis=0))


def test_dependence_does_not_depend_on_how_calls_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    table, model = numbers(), Product()
    whole = dependence(model, table, "b")
    monkeypatch.setattr(asking, "_MOST_ROWS", 1000)
    cut = dependence(model, table, "b")
    assert model.calls == 1 + 7
    np.testing.assert_array_equal(cut.means, whole.means)
    np.testing.assert_array_equal(cut.high, whole.high)


@pytest.mark.parametrize(
    ("name", "points", "values"),
    [
        ("age", 9, (1.0, 2.0, 5.0, None)),
        ("age", 2, (1.0, 5.0, None)),
        ("sea", 9, ("y", "x", None)),  # "?" is a missing word
        ("sea", 1, ("y", None)),
        ("size", 9, ("9 kg", "10 kg", "11 kg", "100 kg")),  # by their number, not by their text
        ("size", 3, ("9 kg", "11 kg", "100 kg")),
        ("sold", 9, ("2019-05-06", "2020-01-02", None)),
    ],
)
def test_grids_of_any_column(name: str, points: int, values: tuple) -> None:
    def share_missing(table: Table) -> np.ndarray:
        return table[name].missing.astype(float)

    found = dependence(share_missing, mixed(), name, points=points)
    assert found.values == values
    assert found.kind == mixed()[name].kind
    assert found.means[:-1].sum() == 0


def test_dates_in_text_are_in_the_order_of_time() -> None:
    days = [f"{day}/{month}/2020" for month in (1, 2) for day in (3, 25)]
    table = read({"sold": [days[place] for place in (3, 1, 0, 2) for _ in range(3)]})
    assert list(dependence(lambda t: np.zeros(t.rows), table, "sold").values) == days


def test_a_column_without_values_has_one_point() -> None:
    table = Table.of([NumberColumn("a", np.full(3, np.nan))])
    assert dependence(lambda t: np.zeros(t.rows), table, "a").values == (None,)
    table = Table.of([NumberColumn("a", np.full(3, np.inf))])
    assert dependence(lambda t: np.zeros(t.rows), table, "a").values == (np.inf,)


@pytest.mark.parametrize(
    ("other", "texts"),
    [
        ({"v": [2.5, None]}, ["1", "2.5", None]),
        ({"v": ["b"]}, ["1", "b"]),
        ({"v": np.array(["2020-01-02"], "M8[us]")}, ["1", "2020-01-02"]),
        ({"v": [None]}, ["1", None]),
        ({"v": [None], "more": [1]}, ["1", None]),
    ],
)
def test_tables_are_joined_whatever_their_columns_hold(other: dict, texts: list) -> None:
    both = joined(read({"v": [1.0]}), read(other))
    assert both.names == ["v"]
    assert [both["v"].text(row) for row in range(len(both))] == texts
    back = joined(read(other).without(["more"]), read({"v": [1.0]}))
    assert [back["v"].text(row) for row in range(len(back))] == [*texts[1:], "1"]


@pytest.mark.parametrize("first", [{"v": ["a"]}, {"v": np.array(["2020-01-02"], "M8[us]")}])
def test_a_row_without_a_value_keeps_the_kind_of_the_column(first: dict) -> None:
    both = joined(read(first), read({"v": [None]}))
    assert both["v"].kind == read(first)["v"].kind
    assert both["v"].missing.tolist() == [False, True]
    assert joined(read({"v": [None]}), read(first))["v"].kind == both["v"].kind


ZEROS: Callable[[Table], np.ndarray] = lambda table: np.zeros(table.rows)  # noqa: E731


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: importance(ZEROS, t, np.zeros(300), "quantity", ["d"]), "column 'd' is missing"),
        (lambda t: importance(ZEROS, t, np.zeros(3), "quantity"), "300 rows, 3 targets, 300 weig"),
        (lambda t: importance(ZEROS, t, np.zeros(300), "quantity", repeats=0), "`repeats` is wr"),
        (lambda t: importance(ZEROS, t, np.zeros(300), "quantity", most_rows=0), "`most_rows` is"),
        (
            lambda t: importance(ZEROS, t, np.zeros(300), "quantity", measure="auc"),
            "The measure is unknown for this task. Given: 'auc'. Expected: rmse, mae, r2.",
        ),
        (
            lambda t: importance(ZEROS, t, np.zeros(300), "quantity", measure="r2"),
            "R² is undefined for these rows. Fix: give rows with different targets",
        ),
        (
            lambda t: importance(lambda t: np.zeros(3), t, np.zeros(300), "quantity"),
            "does not return a prediction for each row. Given: shape (3,). Expected: shape (4800,)",
        ),
        (
            lambda t: dependence(lambda t: np.full(t.rows, np.nan), t, "a"),
            "`predict` returns NaN or infinity.",
        ),
        (lambda t: dependence(ZEROS, t, "a", points=0), "`points` is wrong. Given: 0."),
        (lambda t: dependence(ZEROS, t.take(np.arange(0)), "a"), "X has no rows."),
    ],
)
def test_what_does_not_fit_is_named(call: Callable[[Table], object], message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call(numbers())
    assert message in str(raised.value)
