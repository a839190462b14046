"""Leaks, copies, repeated rows and the rest are found, and clean tables are left in peace."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import r2_score, roc_auc_score

from rosenblatt.tables.reading import read
from rosenblatt.tables.table import Table
from rosenblatt.tabular.checks import Finding, check, row_hashes
from rosenblatt.tabular.kinds import infer
from rosenblatt.tabular.one_column import auc, bins, ranks, score
from rosenblatt.tabular.splitting import split, splitting
from rosenblatt.tabular.task import Task, class_codes, infer_task

ROWS = 2000
RNG = np.random.default_rng(1)
X = RNG.normal(size=ROWS)
PRICE = np.exp(X + RNG.normal(size=ROWS))
SOLD = np.where(RNG.random(ROWS) < 1 / (1 + np.exp(-X)), "yes", "no")
QUANTITY = Task("quantity", "")
TWO = Task("two classes", "", ("no", "yes"))


def findings(columns: dict[str, object], target: object, how: str = "random") -> list[Finding]:
    table = read({**columns, "y": target})
    column, table = table["y"], table.without(["y"])
    task = infer_task(column)
    by = splitting(how, table)
    labels = None if task.is_quantity else class_codes(column, task)
    parts = split(table.rows, by, labels=labels)
    return check(table, infer(table, parts.train), column, task, parts, by)


def shown(found: list[Finding]) -> list[tuple[str, str | None]]:
    return [(one.code, one.column) for one in found]


CLEAN = {
    "x": X, "z": RNG.normal(size=ROWS), "n": RNG.integers(0, 50, ROWS),
    "city": RNG.choice(["Rome", "Bonn", "Oslo"], ROWS),
}  # fmt: skip


@pytest.mark.parametrize("target", [PRICE, SOLD, RNG.integers(0, 6, ROWS)])
def test_a_clean_table_has_no_findings(target: object) -> None:
    assert findings(CLEAN, target) == []


LEAKS = {
    "nearly the price": (PRICE + RNG.normal(size=ROWS) * 0.01, PRICE, "leak",
                         r"R² 0\.99\d\d on rows"),
    "nearly the label": (np.where(SOLD == "yes", 5.0, 1.0) + RNG.random(ROWS), SOLD, "leak",
                         r"AUC 0\.999\d on rows held out\): leave it out if it is only"),
    "a code of many": (RNG.integers(0, 3, ROWS) * 2 + (SOLD == "yes"), SOLD, "leak", "AUC 1.0000"),
    "the price": (PRICE, PRICE, "target", "its values are equal; leave it out"),
    "other units": (PRICE * 1.1 + 5, PRICE, "target", "its values are the same up to scale"),
    "its logarithm": (np.log(PRICE), PRICE, "target", "its values have the same order"),
    "1 and 0": ((SOLD == "yes").astype(int), SOLD, "target",
                "each of its values stands for one class"),
    "Y and N": (np.where(SOLD == "yes", "Y", "N"), SOLD, "target", "stands for one class"),
}  # fmt: skip


@pytest.mark.parametrize("leak", LEAKS)
def test_a_column_that_is_the_target_or_nearly_so(leak: str) -> None:
    values, target, code, text = LEAKS[leak]
    found = findings({**CLEAN, "leak": values}, target)
    assert shown(found)[0] == (code, "leak")
    (said,) = [str(one) for one in found if one.column == "leak" and one.code == code]
    assert said.startswith("column 'leak' ")
    assert re.search(text, said), said


def test_a_leak_of_many_classes() -> None:
    labels = RNG.integers(0, 5, ROWS)
    names = np.array(["a", "b", "c", "d", "e"])
    found = findings({**CLEAN, "leak": labels * 10 + RNG.integers(0, 9, ROWS)}, names[labels])
    assert shown(found) == [("leak", "leak")]
    assert "errors avoided 1.0000" in found[0].text


def test_ids_do_not_look_like_leaks() -> None:
    columns = {**CLEAN, "row": np.arange(ROWS), "code": [f"c{i:x}" for i in range(ROWS)]}
    assert shown(findings(columns, SOLD)) == [("id", "row"), ("id", "code")]
    many = {**CLEAN, "many": [f"m{i % 1500}" for i in range(ROWS)]}
    assert findings(many, SOLD) == []


def test_copies() -> None:
    columns = {
        **CLEAN,
        "town": np.where(CLEAN["city"] == "Rome", "R", np.where(CLEAN["city"] == "Bonn", "B", "O")),
        "z cubed": CLEAN["z"] ** 3,
        "n in text": [f"{n} km" for n in CLEAN["n"]],
        "minus x": [None if i % 9 == 0 else -x for i, x in enumerate(X)],
    }
    found = findings(columns, PRICE)
    assert shown(found) == [("copy", "town"), ("copy", "n in text"), ("copy", "z cubed")]
    assert found[0].text == "columns 'city' and 'town' hold the same under other names"
    assert found[2].text.startswith("columns 'z' and 'z cubed' put the rows in the same order")


def test_many_copies_are_counted() -> None:
    columns = {"x0": X, "x1": -X, "x2": X**3, "x3": np.exp(X), "x4": 2 * X + 1}
    found = findings(columns, PRICE)
    assert shown(found) == [("copy", f"x{i}") for i in (1, 2, 3, 4, 2)]
    assert found[-1].text.endswith("tells little (and 5 more such pairs)")


def test_rows_that_are_in_two_parts() -> None:
    columns = {name: np.concatenate([values, values[:200]]) for name, values in CLEAN.items()}
    found = findings(columns, np.concatenate([PRICE, PRICE[:200]]))
    assert shown(found) == [("repeated rows", None)]
    again = int(found[0].text.split()[0])
    assert 30 < again < 90
    assert f"{again} of 440 test rows" in found[0].text


def test_rows_are_told_apart_by_every_column() -> None:
    table = read({"a": [0.0, -0.0, None, None, 1.0], "b": ["x", "x", None, None, "x"]})
    hashes = row_hashes(table, infer(table))
    assert hashes[0] == hashes[1]
    assert hashes[2] == hashes[3]
    assert len(set(hashes.tolist())) == 3
    swapped = row_hashes(read({"a": [1.0, 2.0], "b": [2.0, 1.0]}), infer(table))
    assert swapped[0] != swapped[1]


def test_dates_and_ids_of_several_rows_with_a_random_split() -> None:
    days = np.datetime64("2013-01-01") + np.arange(ROWS)
    columns = {**CLEAN, "day": days, "patient_id": RNG.integers(0, 300, ROWS) * 7}
    found = findings(columns, SOLD)
    assert shown(found) == [("date", "day"), ("group", "patient_id")]
    assert "'time:day' (`--split`) tests it on the latest rows" in found[0].text
    assert (
        "names 300 of something" in found[1].text or "of something that has rows" in found[1].text
    )
    assert findings(columns, SOLD, "time:day") == []
    assert findings(columns, SOLD, "group:patient_id") == []
    clock = {**CLEAN, "at": [f"{i % 24:02d}:{i % 60:02d}" for i in range(ROWS)]}
    assert findings(clock, SOLD) == []


def test_few_rows_and_rare_classes() -> None:
    few = findings({"x": X[:60]}, PRICE[:60])
    assert [one.text for one in few] == [
        "38 training rows are few for a model of any kind",
        "12 test rows are few: the scores are uncertain",
    ]
    labels = ["a"] * (ROWS - 15) + ["b"] * 3 + [f"c{i // 2}" for i in range(12)]
    found = findings({"x": X}, labels)
    assert shown(found) == [("rare class", None)]
    assert found[0].text.startswith(
        "classes of fewer than 10 rows, hard to learn and to judge: 'b' (3)"
    )
    assert found[0].text.endswith("and 2 more")


def test_rows_without_a_target_are_left_out() -> None:
    target = [None if i % 3 == 0 else label for i, label in enumerate(SOLD.tolist())]
    assert findings(CLEAN, target) == []
    leak = [1.0 if label == "yes" else 0.0 for label in SOLD]
    assert shown(findings({**CLEAN, "leak": leak}, target)) == [("target", "leak")]


def test_areas_and_ranks_are_those_of_scikit_learn() -> None:
    positive, values = SOLD == "yes", np.round(X, 1)
    assert auc(positive, values) == pytest.approx(roc_auc_score(positive, values), abs=1e-12)
    assert auc(np.ones(3, dtype=bool), np.arange(3.0)) == 0.5
    order = np.argsort(np.argsort(X))
    np.testing.assert_array_equal(ranks(X), order)


def test_a_column_alone_scores_as_held_out_means_do() -> None:
    codes = RNG.integers(0, 4, ROWS)
    target = codes + RNG.normal(size=ROWS)
    found = score(codes, target, QUANTITY)
    means = np.array([target[codes == c].mean() for c in range(4)])[codes]
    assert found == pytest.approx(r2_score(target, means), abs=0.02)
    # Each value once: nothing is known of any row, where fitting itself would be perfect.
    assert score(np.arange(ROWS), target, QUANTITY) == pytest.approx(0, abs=1e-9)
    assert score(np.arange(ROWS), (target > 1).astype(float), TWO) == 0.5


def test_bins_have_equally_many_rows() -> None:
    counts = np.bincount(bins(X))
    assert len(counts) == 101
    assert counts.max() <= 21
    assert bins(np.array([np.nan, np.inf])).tolist() == [0, 0]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_small_table_can_be_checked(data: st.DataObject) -> None:
    rows = data.draw(st.integers(4, 50))
    value = st.one_of(st.none(), st.floats(), st.integers(-3, 3), st.sampled_from(["a", "b", "1"]))
    columns = {
        name: data.draw(st.lists(value, min_size=rows, max_size=rows)) for name in ("a", "b", "c")
    }
    table: Table = read(columns)
    target = read({"y": [i % 2 for i in range(rows)]})["y"]
    found = check(table, infer(table), target, infer_task(target), split(rows))
    assert all(one.text for one in found)
