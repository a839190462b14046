"""Shapley values against their definition: linear functions by hand, others over all subsets."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from rosenblatt.tables import NumberColumn, Table, read
from rosenblatt.tabular import asking
from rosenblatt.tabular.shapley_values import shapley


def table(rows: int, seed: int, columns: int = 4) -> Table:
    rng = np.random.default_rng(seed)
    return Table.of(NumberColumn(f"x{place}", rng.normal(size=rows)) for place in range(columns))


def matrix(table: Table) -> np.ndarray:
    return np.stack([column.values for column in table.columns.values()], axis=1)


def curved(table: Table) -> np.ndarray:
    """Two outputs of three columns that act together, and of a fourth that does nothing."""
    x = matrix(table)
    return np.stack([x[:, 0] * x[:, 1] * x[:, 2] + x[:, 0], np.tanh(x[:, 1] - x[:, 2])], axis=1)


def by_definition(background: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Σ over subsets S without j of |S|!(d−|S|−1)!/d! · (v(S with j) − v(S))."""
    d = len(row)

    def value(of_row: tuple[int, ...]) -> np.ndarray:
        x = background.copy()
        x[:, list(of_row)] = row[list(of_row)]
        return curved(Table.of(NumberColumn(f"x{j}", x[:, j]) for j in range(d))).mean(axis=0)

    found = np.zeros((d, 2))
    for j in range(d):
        others = [k for k in range(d) if k != j]
        for size in range(d):
            share = math.factorial(size) * math.factorial(d - size - 1) / math.factorial(d)
            for some in itertools.combinations(others, size):
                found[j] += share * (value((*some, j)) - value(some))
    return found


def test_of_a_linear_function_by_hand() -> None:
    slopes = np.array([2.0, -1.0, 0.5, 0.0])
    background, rows = table(40, 0), table(3, 1)
    found = shapley(lambda t: matrix(t) @ slopes + 7, background, rows, permutations=40)
    expected = slopes * (matrix(rows) - matrix(background).mean(axis=0))
    np.testing.assert_allclose(found.values[..., 0], expected, atol=1e-12)
    np.testing.assert_allclose(found.baseline, (matrix(background) @ slopes + 7).mean())
    assert found.names == ("x0", "x1", "x2", "x3")


def test_of_columns_that_act_together() -> None:
    background, rows = table(30, 2), table(4, 3)
    found = shapley(curved, background, rows, permutations=3000)
    for row in range(4):
        expected = by_definition(matrix(background), matrix(rows)[row])
        off = np.abs(found.values[row] - expected)
        assert (off <= 4 * found.errors[row] + 1e-12).all()
        assert found.errors[row].max() < 0.15
    assert not found.values[:, 3].any()


@pytest.mark.parametrize("permutations", [1, 7, 64])
@pytest.mark.parametrize("columns", [1, 2, 4])
def test_values_add_up(permutations: int, columns: int) -> None:
    def predict(table: Table) -> np.ndarray:
        return np.sin(matrix(table)).prod(axis=1).astype("float32")

    background, rows = table(30, 4, columns), table(5, 5, columns)
    found = shapley(predict, background, rows, permutations=permutations)
    np.testing.assert_allclose(
        found.baseline + found.values.sum(axis=1), found.predictions, rtol=0, atol=1e-12
    )
    np.testing.assert_array_equal(found.predictions[:, 0], predict(rows))
    assert found.values.shape == (5, columns, 1)


def test_a_row_is_explained_alike_whatever_is_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def predict(table: Table) -> np.ndarray:
        calls.append(table.rows)
        return curved(table)

    background, rows = table(30, 6), table(5, 7)
    whole = shapley(predict, background, rows)
    assert calls == [64 + 5 + 5 * 64 * 3]  # one call
    alone = shapley(predict, background, rows.take(np.array([3])))
    np.testing.assert_array_equal(alone.values[0], whole.values[3])
    monkeypatch.setattr(asking, "_MOST_ROWS", 50)
    np.testing.assert_array_equal(shapley(predict, background, rows).values, whole.values)
    assert calls[2:] == [50] * 20 + [29]
    assert (shapley(predict, background, rows, seed=1).values != whole.values).any()


def test_reversed_orders_leave_less_to_chance() -> None:
    """Of two columns that act together, a pair of orders has no chance in it at all."""
    background, rows = read({"a": [0.0], "b": [0.0]}), read({"a": [2.0], "b": [3.0]})
    found = shapley(lambda t: t["a"].values * t["b"].values, background, rows, permutations=2)
    assert found.values.ravel().tolist() == [3.0, 3.0]


def test_text_dates_and_gaps() -> None:
    known = read({"sea": ["near", "far"], "sold": np.array(["2020-01-01"] * 2, "M8[us]")})
    new = read({"sold": [None, None], "more": [1, 2], "sea": ["elsewhere", None]})

    def predict(table: Table) -> np.ndarray:
        sea = [table["sea"].text(row) for row in range(table.rows)]
        return 5.0 * np.array([text is None for text in sea]) + 3.0 * table["sold"].missing

    found = shapley(predict, known, new)
    assert found.values[..., 0].tolist() == [[0.0, 3.0], [5.0, 3.0]]
    assert found.baseline.tolist() == [0.0]
    found = shapley(lambda t: predict(t.with_(known["sold"].take(np.zeros(t.rows, int)))),
                    known, new, ["sea"])  # fmt: skip
    assert found.names == ("sea",) and found.values.ravel().tolist() == [0.0, 5.0]


def test_what_does_not_fit_is_named() -> None:
    known = table(3, 0)
    with pytest.raises(ValueError, match=r"`permutations` is wrong. Given: 0."):
        shapley(curved, known, known, permutations=0)
    with pytest.raises(ValueError, match="column 'x3' is missing"):
        shapley(curved, known, known.without(["x3"]))
    with pytest.raises(ValueError, match="X has no rows to explain by"):
        shapley(curved, known, known.take(np.arange(0)))
    with pytest.raises(ValueError, match="X has no columns to explain by"):
        shapley(curved, known, known, [])
