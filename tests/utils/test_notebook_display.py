"""What notebooks show of histories, models, tables, estimators and searches: HTML, and escaped."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.tables import read
from rosenblatt.tabular import TabularRegressor
from rosenblatt.tabular.facts import Facts
from rosenblatt.tabular.report import Report, shown_html
from rosenblatt.tuner.objective import Objective
from rosenblatt.tuner.trial_results import as_html
from rosenblatt.tuner.trials import Trials, TrialStatus

SCRIPT = "<script>alert(1)</script>"


def cells(shown: Any) -> list[list[str]]:
    """The texts of a table's rows, its head first; everything around it has to be well-formed."""
    tree = ElementTree.fromstring(f"<page>{shown._repr_html_()}</page>")
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]


def test_a_history_is_a_row_for_each_metric() -> None:
    history = rb.callbacks.History()
    history.epoch = [0, 1, 2]
    history.history = {"loss": [3.0, 1.0, 2.0], SCRIPT: [1, 2, 3], "odd": ["a", "b", "c"]}
    head, *rows = cells(history)
    assert head == ["", "first", "lowest", "highest", "last", "3 epochs"]
    assert rows == [["loss", "3", "1", "3", "2", ""], [SCRIPT, "1", "1", "3", "3", ""]]
    assert history._repr_html_().count("<polyline") == 2
    assert SCRIPT not in history._repr_html_()


def test_a_history_of_nothing_is_an_empty_table() -> None:
    assert cells(rb.callbacks.History()) == [["", "first", "lowest", "highest", "last", "0 epochs"]]


def test_a_model_is_its_summary() -> None:
    model = rb.Sequential(
        [rb.Input((8,)), rb.layers.Dense(3, name="hidden"), rb.layers.Dense(1, name="out")],
        name="a<b>",
    )
    assert cells(model) == [
        ["Layer (type)", "Output Shape", "Param #"],
        ["hidden (Dense)", "(None, 3)", "27"],
        ["out (Dense)", "(None, 1)", "4"],
    ]
    shown = model._repr_html_()
    assert "a&lt;b&gt;" in shown
    assert "a<b>" not in shown
    assert "Total params: 31" in shown


def test_a_model_that_is_not_built_is_shown_too() -> None:
    class Own(rb.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = rb.layers.Dense(1, name="dense")

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    assert cells(Own())[1][0] == "dense (Dense)"


def test_a_table_is_its_first_rows() -> None:
    table = read({SCRIPT: [f"<b>{i}" for i in range(12)], "rooms": [None, *range(11)]})
    head, *rows = cells(table)
    assert head == [SCRIPT, "rooms"]
    assert len(rows) == 10
    assert rows[0] == ["<b>0", ""]
    shown = table._repr_html_()
    assert "12 rows of 2 columns, the first 10" in shown
    assert "<b>" not in shown
    assert SCRIPT not in shown


def test_a_model_for_tables_shows_its_report() -> None:
    fresh = TabularRegressor(drop=[SCRIPT])
    assert fresh._repr_html_().endswith("</code> not fitted")
    assert SCRIPT not in fresh._repr_html_()
    shown = shown_html(
        fresh, Report(Facts(f"{SCRIPT}.csv", SCRIPT, "quantity", rows={"training": 9}))
    )
    assert shown.startswith("<details><summary><code>TabularRegressor(")
    assert "rb-report" in shown
    assert SCRIPT not in shown


def test_a_search_is_its_best_trials_and_why_others_failed() -> None:
    from rosenblatt.tuner.hyperparameters import HyperParameters
    from rosenblatt.tuner.trials import Trial

    trials = Trials()
    for name, score in (("0", 2.0), ("1", 1.0), ("2", None)):
        values = HyperParameters()
        values.values = {"units": 8, SCRIPT: 0.5}
        trial = Trial(values, name)
        trial.score = score
        trial.status = TrialStatus.COMPLETED if score else TrialStatus.FAILED
        trial.message = None if score else f"it was {SCRIPT}\n\nTraceback"
        trials[name] = trial

    class Shown:
        def _repr_html_(self) -> str:
            return as_html(trials, Objective("val_loss", "min"))

    head, *rows = cells(Shown())
    assert head == ["trial", "score", "units", SCRIPT]
    assert rows == [["1", "1", "8", "0.5"], ["0", "2", "8", "0.5"]]
    shown = Shown()._repr_html_()
    assert "(min): 2 best of 3 trials" in shown
    assert "Trial 2 failed: it was &lt;script&gt;" in shown
    assert SCRIPT not in shown


def test_a_tuner_is_shown_by_its_search(tmp_path: Path) -> None:
    tuner = rb.tuner.RandomSearch(
        lambda hp: rb.Sequential([rb.Input((2,)), rb.layers.Dense(hp.Int("units", 1, 2))]),
        "val_loss", max_trials=2, directory=tmp_path,
    )  # fmt: skip
    assert "0 best of 0 trials" in tuner._repr_html_()


@pytest.mark.parametrize("values", [[1.0, float("nan"), 2.0], [5.0, 5.0], [1.7e308, -1.7e308]])
def test_a_curve_has_a_point_for_each_finite_number(values: list[float]) -> None:
    from rosenblatt.core.html import curve

    line = ElementTree.fromstring(curve(values)).find("polyline")
    assert line is not None
    points = [point.split(",") for point in line.get("points", "").split()]
    assert len(points) == np.isfinite(values).sum()
    assert all(0 <= float(x) <= 120 and 0 <= float(y) <= 24 for x, y in points)
