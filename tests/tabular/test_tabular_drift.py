"""What differs between the rows of training and those given to `predict`."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from rosenblatt.tables.reading import read
from rosenblatt.tabular.drift import Summary, drift, stability_index, summarize
from rosenblatt.tabular.kinds import infer

RNG = np.random.default_rng(2)
ROWS = 3000


def columns(rows: int, **other: object) -> dict[str, object]:
    days = np.datetime64("2013-01-01") + RNG.integers(0, 600, rows)
    return {
        "size": RNG.lognormal(size=rows),
        "zero": np.where(RNG.random(rows) < 0.9, 0.0, RNG.random(rows)),
        "text": [f"{v:.1f} kg" for v in RNG.normal(70, 9, rows)],
        "city": RNG.choice(["Rome", "Bonn", "Oslo"], rows, p=[0.6, 0.3, 0.1]),
        "many": [f"m{i}" for i in RNG.integers(0, 40, rows)],
        "gaps": [None if gone < 0.3 else gone for gone in RNG.random(rows)],
        "day": days,
        "said": [
            f"a nice house with {i} rooms and {i * 7} more" for i in RNG.integers(0, 9**7, rows)
        ],
        **other,
    }


TABLE = read(columns(ROWS))
SCHEMA = infer(TABLE)
REFERENCE = summarize(TABLE, SCHEMA)


def test_the_same_distribution_has_no_findings_whatever_the_rows() -> None:
    assert len(REFERENCE.columns) == 8
    for rows in (30, 60, 200, 1000, 3000):
        for _ in range(5):
            assert drift(REFERENCE, read(columns(rows)), SCHEMA) == []


CHANGED = {
    "larger": ("size", RNG.lognormal(1.5, size=500), "drift",
               r"above .* has .* % of the rows, 10 %"),
    "no zeros": ("zero", RNG.random(500), "drift", r"up to 0 has 0 % of the rows, 9\d(\.\d)? %"),
    "heavier": ("text", [f"{v:.1f} kg" for v in RNG.normal(90, 9, 500)], "drift", "above"),
    "another city": ("city", RNG.choice(["Rome", "Oslo"], 500, p=[0.1, 0.9]), "drift",
                     r"'Oslo' has (89|9\d)(\.\d)? % of the rows, 1\d(\.\d)? % in training"),
    "new cities": ("city", ["Rome", "Rome", "Rome", "Kyiv", "Kyiv"] * 100, "unseen",
                   "% of the words are rare or unseen, 0 % in training"),
    "gone": ("gaps", [None] * 400 + [1.0] * 100, "missing", "80 % of the values are missing"),
    "later": ("day", np.datetime64("2016-01-01") + np.arange(500), "drift",
              r"above 2014-0\d-\d\dT00:00:00 has 100 % of the rows"),
    "no dates": ("day", ["soon"] * 500, "missing", "100 % of the values are missing, 0 %"),
    "no text": ("said", [None] * 500, "missing", "100 % of the values are missing"),
    "no numbers": ("size", ["large"] * 500, "missing", "100 % of the values are missing"),
    "times": ("size", np.full(500, np.datetime64("2016-01-01")), "missing", "100 %"),
    "numbers for words": ("city", np.arange(500.0), "unseen", "100 % of the words"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGED)
def test_what_changed_is_said(change: str) -> None:
    name, values, code, text = CHANGED[change]
    found = drift(REFERENCE, read(columns(500, **{name: values})), SCHEMA)
    assert [(one.code, one.column) for one in found] == [(code, name)]
    assert found[0].text.startswith(f"column '{name}': ")
    assert re.search(text, found[0].text), found[0].text


def test_few_rows_and_missing_columns_say_nothing() -> None:
    assert drift(REFERENCE, read(columns(29, size=[1e9] * 29)), SCHEMA) == []
    assert drift(REFERENCE, read(columns(500)).without(["size", "city"]), SCHEMA) == []


def test_a_summary_is_small_and_becomes_json() -> None:
    text = json.dumps(REFERENCE.to_config())
    assert len(text) < 6000
    assert Summary.from_config(json.loads(text)) == REFERENCE


def test_categories_that_are_numbers() -> None:
    table = read({"zip": RNG.integers(0, 5, 500)})
    schema = infer(table, types={"zip": "category"})
    reference = summarize(table, schema)
    assert sorted(reference.columns["zip"].words) == ["0", "1", "2", "3", "4"]
    assert drift(reference, read({"zip": [float(i % 5) for i in range(500)]}), schema) == []
    assert drift(reference, read({"zip": [str(i % 5) for i in range(500)]}), schema) == []


def test_stability_index() -> None:
    assert stability_index([0.5, 0.5], [0.5, 0.5]) == 0
    expected = 0.4 * np.log(0.9 / 0.5) - 0.4 * np.log(0.1 / 0.5)
    assert stability_index([0.5, 0.5], [0.9, 0.1]) == pytest.approx(expected)
    assert np.isfinite(stability_index([1.0, 0.0], [0.0, 1.0]))


def test_columns_without_values() -> None:
    table = read({"a": [1.0, 2.0] * 40, "b": ["x", "y"] * 40})
    schema = infer(table)
    empty = read({"a": [None] * 80, "b": ["?"] * 80})
    reference = summarize(empty, schema)
    assert [one.missing for one in reference.columns.values()] == [1, 1]
    assert drift(reference, table, schema) == []
