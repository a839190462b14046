"""The facts of a report from what training knows; coverage judged by rows that did not make it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rosenblatt.tables import read
from rosenblatt.tabular import Conformal, Report, facts_of, infer, infer_task
from rosenblatt.tabular.describe import curves_of
from rosenblatt.tabular.held_out import HeldOut
from rosenblatt.tabular.intervals import cross_intervals
from rosenblatt.tabular.thresholds import best_threshold

ROWS = 200


def of_rows(price: bool) -> tuple:
    rng = np.random.default_rng(0)
    table = read({"rooms": rng.normal(5, 1, ROWS), "sea": ["near", None] * (ROWS // 2)})
    values = rng.normal(size=ROWS) if price else np.array(["no", "yes"])[np.arange(ROWS) % 2]
    column = read({"y": values})["y"]
    return table, infer(table), infer_task(column, "quantity" if price else "class")


def test_of_a_quantity() -> None:
    table, schema, task = of_rows(price=True)
    rng = np.random.default_rng(1)
    targets, spreads = rng.normal(size=ROWS), rng.uniform(1, 2, ROWS)
    predictions = (targets + rng.normal(size=ROWS) * spreads)[:, None]
    facts = facts_of(task, schema, table, targets, predictions, spreads=spreads, findings=["Look."])
    assert facts.warnings == ("Look.",) and facts.source == "X" and facts.task == "quantity"
    assert [one.name for one in facts.columns] == ["rooms", "sea"]
    assert facts.columns[1].missing == 0.5 and facts.columns[1].distinct == 1
    assert list(facts.scores) == ["rmse", "mae", "r2"]
    score = facts.scores["rmse"]
    assert score.low is not None and score.high is not None
    assert score.low < score.value < score.high
    assert [one.wanted for one in facts.held_out.coverage] == [0.5, 0.8, 0.9, 0.95]
    conformal = Conformal.fit(targets[:100], predictions[:100], spreads[:100])
    rest = slice(100, None)
    facts = facts_of(task, schema, table, targets[rest], predictions[rest], None, spreads[rest],
                     conformal=conformal, part="test")  # fmt: skip
    expected = conformal.covered(targets[rest], predictions[rest], spreads[rest], 0.9)
    assert facts.held_out.coverage[2] == pytest.approx(expected, rel=1e-5)
    assert "On 100 test rows" in str(Report(facts))


def test_of_classes() -> None:
    table, schema, task = of_rows(price=False)
    truth = np.arange(ROWS) % 2
    chances = np.clip(0.3 + 0.3 * truth + np.random.default_rng(2).normal(0, 0.2, ROWS), 0, 1)
    threshold = best_threshold(truth, chances, "f1")
    facts = facts_of(task, schema, table, truth, chances, threshold=threshold, target="sold")
    assert facts.held_out.labels == ("no", "yes")
    assert sum(map(sum, facts.held_out.confusion)) == ROWS
    right = facts.held_out.confusion[1][1]
    assert right == ((chances >= threshold.value) & (truth == 1)).sum()
    facts = dataclasses.replace(facts, rows={"training": ROWS})
    text = Report(facts).to_html()
    assert "sold <span" in text and "Calibration" in text


def test_coverage_of_the_rows_that_make_the_intervals() -> None:
    """Crossed it is what new rows see, on average; of ten rows far less than of themselves."""
    shares = []
    for seed in range(300):
        error = np.random.default_rng(seed).standard_t(3, 30)
        ends = cross_intervals(np.zeros(30), error, coverage=0.8)
        shares.append(((ends[:, 0] <= 0) & (ends[:, 1] >= 0)).mean())
    assert np.mean(shares) == pytest.approx(np.ceil(25 * 0.8) / 25, abs=0.015)


def test_crossed_intervals_know_nothing_of_their_own_row() -> None:
    rng = np.random.default_rng(3)
    targets, predictions = np.zeros(50), rng.normal(size=50)
    ends = cross_intervals(targets, predictions)
    targets[7] = 1000.0
    changed = cross_intervals(targets, predictions)
    np.testing.assert_array_equal(changed[7], ends[7])
    assert (changed != ends).any()
    with pytest.raises(ValueError, match="One row cannot tell how good intervals are"):
        cross_intervals([1.0], [1.0])


@pytest.mark.parametrize("rows", [1, 2, 5, 20])
def test_few_rows_have_the_coverages_that_they_support(rows: int) -> None:
    held = HeldOut.of_quantity(np.zeros(rows), np.ones(rows), crossed=True)
    wanted = [one.wanted for one in held.coverage]
    assert wanted == [c for c in (0.5, 0.8, 0.9, 0.95) if c <= (rows // 2) / (rows // 2 + 1)]


def test_curves_of_histories() -> None:
    nan = float("nan")
    curves = curves_of(
        [{"loss": [3.0, 2.0], "val_loss": [nan, 2.5]}, {"val_loss": [1.0]}], best_epochs=[1, -1]
    )
    assert curves[0].epochs == (1.0, 2.0) and curves[0].training == (3.0, 2.0)
    assert curves[0].best == 2.0 and curves[1].best is None
