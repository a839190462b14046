"""Parts of rows: strata, times and groups, whatever the rows are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosenblatt.tables.reading import read
from rosenblatt.tabular.kinds import infer
from rosenblatt.tabular.splitting import Splitting, folds, split, splitting


def test_random_parts_have_their_shares_and_repeat() -> None:
    parts = split(1000, seed=3)
    assert [len(part) for part in parts] == [640, 160, 200]
    again, other = split(1000, seed=3), split(1000, seed=4)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))
    assert not np.array_equal(parts.train, other.train)


def test_rare_classes_are_in_every_part() -> None:
    labels = np.repeat([0, 1, 2], [900, 97, 3])
    parts = split(1000, labels=labels)
    for part, share in zip(parts, (0.64, 0.16, 0.2), strict=True):
        counts = np.bincount(labels[part], minlength=3)
        assert counts[2] == 1
        np.testing.assert_allclose(counts[:2], [900 * share, 97 * share], atol=1)


def test_a_part_can_be_left_empty() -> None:
    train, valid, test = split(100, shares=(0.8, 0.2, 0.0))
    assert (len(train), len(valid), len(test)) == (80, 20, 0)


def test_later_rows_are_the_test() -> None:
    table = read({"when": [f"{day}/6/2013" for day in range(1, 31)] * 10})
    how = splitting("time:when", table)
    days = np.tile(np.arange(1, 31), 10)
    parts = split(300, how)
    assert days[parts.train].max() < days[parts.valid].min()
    assert days[parts.valid].max() < days[parts.test].min()
    assert len(parts.train) == 190
    for train, valid in folds(300, 5, how):
        assert days[train].max() < days[valid].min()


@pytest.mark.parametrize(
    "values",
    [
        [2001, 2002, 2003],
        ["2001", "2002", "2003"],
        np.array(["2001-01-01", "2002-01-01", "2003-01-01"], "M8[D]"),
        [20010101, 20020101, 20030101],
    ],
)
def test_what_gives_an_order_in_time(values: object) -> None:
    how = splitting("time:t", read({"t": values}))
    assert [part.tolist() for part in split(3, how)] == [[0], [1], [2]]


def test_the_schema_says_how_dates_are_written() -> None:
    table = read({"t": ["01/12/2013", "02/11/2013", "03/10/2013"]})
    schema = infer(table, types={"t": "date:%d/%m/%Y"})
    assert split(3, splitting("time:t", table)).train.tolist() == [0]
    assert split(3, splitting("time:t", table, schema)).train.tolist() == [2]
    dropped = infer(table, drop=["t"])
    assert split(3, splitting("time:t", table, dropped)).train.tolist() == [0]


def test_a_counter_gives_an_order_too() -> None:
    for values in (np.arange(100), [str(i) for i in range(100)]):
        table = read({"step": values, "t": values})
        for name in table.names:
            assert split(100, splitting(f"time:{name}", table)).test.tolist() == [*range(80, 100)]


def test_rows_without_a_time_train() -> None:
    how = splitting("time:t", read({"t": [5.0, None, 3.0, 4.0]}))
    assert split(4, how, shares=(0.5, 0.25, 0.25)).train.tolist() == [1, 2]


def test_groups_stay_together() -> None:
    table = read({"who": [f"p{i % 40}" for i in range(990)] + [None] * 10})
    how = splitting("group:who", table)
    parts = split(1000, how)
    names = [set(how.values[part][~np.isnan(how.values[part])].tolist()) for part in parts]
    assert not (names[0] & names[1] or names[0] & names[2] or names[1] & names[2])
    np.testing.assert_allclose([len(part) for part in parts], [640, 160, 200], atol=30)
    for train, valid in folds(1000, 4, how):
        assert not set(how.values[train].tolist()) & set(how.values[valid].tolist()) - {np.nan}


def test_few_large_groups_fill_every_part() -> None:
    how = Splitting("group", "g", np.repeat([0.0, 1.0, 2.0], [80, 10, 10]))
    assert sorted(len(part) for part in split(100, how)) == [10, 10, 80]


@given(
    st.lists(st.integers(0, 4), min_size=8, max_size=60),
    st.sampled_from(["random", "time", "group"]),
    st.integers(0, 9),
)
def test_every_row_is_in_one_part(values: list[int], kind: str, seed: int) -> None:
    labels, rows = np.array(values), len(values)
    how = Splitting(kind, None if kind == "random" else "c", labels.astype(float))
    if kind != "random" and len(set(values)) < 3:
        with pytest.raises(ValueError, match="too few different values in column 'c'"):
            split(rows, how, seed=seed)
        return
    parts = split(rows, how, labels=labels, seed=seed)
    assert np.sort(np.concatenate(parts)).tolist() == list(range(rows))
    assert all(len(part) for part in parts)
    if kind == "random":
        for label in set(values):
            if values.count(label) >= 3:
                assert all((labels[part] == label).any() for part in parts)
    if kind != "random":
        held = [set(labels[part].tolist()) for part in parts]
        assert sum(map(len, held)) == len(set(values))


@given(st.lists(st.integers(0, 3), min_size=5, max_size=50), st.integers(2, 5))
def test_folds_validate_each_row_once(values: list[int], count: int) -> None:
    labels = np.array(values)
    found = folds(len(values), count, labels=labels)
    valid = np.concatenate([v for _, v in found])
    assert np.sort(valid).tolist() == list(range(len(values)))
    for train, held_out in found:
        assert np.sort(np.concatenate([train, held_out])).tolist() == list(range(len(values)))
        counts = np.bincount(labels[held_out], minlength=4)
        assert np.abs(counts - np.bincount(labels, minlength=4) / count).max() < 1.01


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("chance", r"way to split is unknown\. Given: 'chance'\. Expected: 'random', 'time:"),
        ("time:", r"way to split is unknown\. Given: 'time:'"),
        ("group:citty", r"'group:citty' names a column that X .* did you mean 'city'"),
        ("time:city", r"'city' gives the rows no order in time\. Given: category: .* dates"),
    ],
)  # fmt: skip
def test_what_does_not_split_is_refused(how: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        splitting(how, read({"city": ["Rome", "Bonn"]}))


def test_too_little_to_split_is_refused() -> None:
    with pytest.raises(ValueError, match=r"No row is left for the part 'valid'.*Given: 2 rows"):
        split(2)
    with pytest.raises(
        ValueError, match=r"shares of the parts are wrong\. Given: \(0.5, 0.1, 0.1\)"
    ):
        split(9, shares=(0.5, 0.1, 0.1))
    with pytest.raises(ValueError, match=r"number of models is wrong\. Given: 1, of 9 rows"):
        folds(9, 1)
    with pytest.raises(ValueError, match=r"fewer rows or groups than the 3 models.*column 'g'"):
        folds(9, 3, Splitting("group", "g", np.repeat([0.0, 1.0, 1.0], 3)))
    with pytest.raises(ValueError, match="by time needs a value for each of the 9 rows"):
        split(9, Splitting("time", "t", np.zeros(3)))


def test_a_splitting_of_some_rows() -> None:
    how = Splitting("time", "t", np.arange(6.0)).take(np.array([5, 1, 3]))
    assert [part.tolist() for part in split(3, how)] == [[1], [2], [0]]
    assert Splitting().take(np.array([1])).values is None
