"""Reports: what they say, that they say it safely, and the pictures' numbers."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from rosenblatt.tabular.charts import HEIGHT, WIDTH, Chart
from rosenblatt.tabular.explain import Importance
from rosenblatt.tabular.facts import ColumnFacts, Curve, Effect, Facts, Score
from rosenblatt.tabular.figures import figures
from rosenblatt.tabular.held_out import HeldOut
from rosenblatt.tabular.intervals import Conformal
from rosenblatt.tabular.report import Report
from rosenblatt.tabular.thresholds import best_threshold

HOSTILE = "\"><script>alert('x')</script>\n&amp;\x1b[31m\x00\ud800</td>"


def of_quantity(name: str = "price", rows: int = 300) -> Facts:
    rng = np.random.default_rng(0)
    predicted = np.exp(rng.normal(3, 1.5, rows))
    true = predicted + rng.normal(0, 0.2 * predicted)
    conformal = Conformal.fit(true[:150], predicted[:150], predicted[:150])
    held = HeldOut.of_quantity(true[150:], predicted[150:], predicted[150:], conformal)
    return Facts(
        source=f"{name}.csv",
        target=name,
        task="quantity",
        task_reason=f"{name}: 97 % of the values are numbers",
        rows={"training": 13209, "validation": 150, "test": 150},
        notes=(f"separator {name}",),
        columns=(
            ColumnFacts(name, "number", f"numbers {name}", missing=0.03, distinct=1200),
            ColumnFacts("code " + 40 * "long ", name, 30 * "why ", used=False, missing=1.0),
        ),
        warnings=(f"Column {name!r} nearly is the target. " + 20 * "word ", name),
        split=name,
        seeds=(0, 7),
        versions={name: "1.0"},
        recipe={name: 128, "rate": 0.008, "what": name},
        seconds={name: 75.2},
        curves=(
            Curve(name, (1.0, 5.0, 10.0), (1.0, float("nan"), 0.5), (0.9, 0.6, 0.4), best=10.0),
        ),
        scores={"rmse": Score(1234.5678, 1100.0, 1300.0), name: Score(0.9)},
        held_out=held,
        importance=(Importance(name, 0.5, 0.1), Importance("b", -0.001, 0.01)),
        importance_measure="rmse",
        effects=(
            Effect(name, (1.0, 2.5, 7.0, None), (3.0, 2.0, 1.0, 4.0), (2.0,) * 4, (5.0,) * 4),
            Effect("word", (name, "far", None), (3.0, 2.0, 1.0), (0.0,) * 3, (5.0,) * 3),
            Effect("gone", (None,), (3.0,), (3.0,), (3.0,)),
        ),
        drift=(f"{name} has other values",),
        made="2026-01-31",
    )


def of_classes(count: int, name: str = "yes", rows: int = 400) -> Facts:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, count, rows)
    chances = rng.dirichlet(np.ones(count), rows) + 0.5 * np.eye(count)[truth]
    chances /= chances.sum(1, keepdims=True)
    threshold = best_threshold(truth, chances, "f1") if count == 2 else None
    labels = [f"{name} {place}" for place in range(count)]
    held = HeldOut.of_classes(truth, chances, labels, threshold.value if threshold else 0.5)
    return Facts(
        source="a.csv",
        target=name,
        task="two classes" if count == 2 else "classes",
        classes=dict.fromkeys(labels, 10),
        scores={"log_loss": Score(0.5, 0.4, 0.6), "auc": Score(0.9)},
        held_out=held,
        threshold=threshold,
        temperature=1.5,
    )


EVERY = {
    "nothing": Facts("a.csv", "y", "classes"),
    "a quantity": of_quantity(),
    "two classes": of_classes(2),
    "five classes": of_classes(5),
    "forty classes": of_classes(40),
    "a hostile quantity": of_quantity(HOSTILE),
    "hostile classes": of_classes(3, HOSTILE),
    "few rows": dataclasses.replace(
        of_quantity(), held_out=HeldOut.of_quantity([1.0, 1.0], [1.0, 2.0])
    ),
    "equal numbers": dataclasses.replace(
        of_quantity(), held_out=HeldOut.of_quantity(np.ones(50), np.ones(50))
    ),
}


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.unbalanced: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)


@pytest.mark.parametrize("name", EVERY)
def test_a_page_is_whole_and_safe(name: str) -> None:
    text = Report(EVERY[name]).to_html()
    found = Page(text)
    assert found.unbalanced == [] and found.open == []
    assert not found.tags & {"script", "iframe", "object", "embed", "link", "img", "a", "base"}
    assert not [one for one in found.names if one.startswith("on") or one in ("href", "src")]
    assert not re.search(r"url\(|@import|https?:", text)
    assert all(char.isprintable() or char == "\n" for char in text)
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(svg)
        assert "nan" not in svg and "inf" not in svg.replace("info", "")


@pytest.mark.parametrize("name", EVERY)
def test_a_terminal_of_80_columns_is_wide_enough(name: str) -> None:
    lines = str(Report(EVERY[name])).split("\n")
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("name", EVERY)
def test_json_keeps_all_facts(name: str) -> None:
    text = Report(EVERY[name]).to_json()
    again = Report.from_json(text)
    assert again.to_json() == text
    assert again.to_html() == Report(EVERY[name]).to_html()
    assert str(again) == str(Report(EVERY[name]))
    assert len(json.dumps(json.loads(text))) < 40_000


def test_the_text_says_what_is_known() -> None:
    assert str(Report(of_quantity())).startswith("""\
price from price.csv
====================
A quantity is predicted: price: 97 % of the values are numbers.
Rows: 13,209 training, 150 validation, 150 test; 1 of 2 columns are read.
Reading: separator price

Warnings
--------
! Column 'price' nearly is the target. word word word word word word word word
  word word word word word word word word word word word word
! price

Drift
-----
! price has other values

Scores
------
RMSE                       1,235   1,100 to 1,300
price                     0.9000
On 150 test rows, with 95 % bootstrap intervals.
""")
    text = str(Report(of_quantity()))
    assert "price                    number    3 % missing; numbers price\n" in text
    assert "Time: price 1 min 15 s\nVersions: price 1.0\nMade: 2026-01-31" in text
    assert re.search(r"^price +█{30} +0.5 ± 0.1$", text, re.MULTILINE)
    assert re.search(r"^b +-0.001 ± 0.01$", text, re.MULTILINE)
    said = str(Report(of_classes(2)))
    assert "A class is predicted.\nClasses in training: yes 0: 10, yes 1: 10.\n" in said
    assert "Temperature: 1.5: probabilities are made less sure" in said
    assert re.search(r"From a probability of 0\.\d+ on a row is of the second class", said)


def test_the_page_shows_all_of_it() -> None:
    text = Report(of_quantity()).to_html()
    assert text.index("Warnings") < text.index("Scores on 150 test rows") < text.index("Pictures")
    for heading in ("What the model needs", "True and predicted", "Residuals", "Training",
                    "Coverage of intervals", "Columns that are read (1)", "Columns left out (1)",
                    "Effect of price", "Effect of word", "(missing)", "Model card",
                    "This table differs from the training rows"):  # fmt: skip
        assert heading in text
    text = Report(of_classes(2)).to_html()
    for heading in ("Classes mistaken for others", "Calibration", "threshold"):
        assert heading in text
    assert [one.heading for one in figures(of_classes(5))] == [
        "Classes mistaken for others",
        "Calibration",
    ]


def test_a_long_list_of_columns_is_closed_and_cut() -> None:
    columns = tuple(ColumnFacts(f"c{place}", "number") for place in range(60))
    facts = dataclasses.replace(of_quantity(), columns=columns)
    assert "<details><summary>" in Report(facts).to_html()
    assert "<details open><summary>" in Report(of_quantity()).to_html()
    assert "\n… and 20 more.\n" in str(Report(facts))


def test_a_notebook_gets_a_part_of_a_page_in_its_own_style() -> None:
    text = Report(of_quantity())._repr_html_()
    assert text.startswith('<div class="rb-report"><style>') and "<body" not in text
    style = text[text.index("<style>") + 7 : text.index("</style>")]
    rules = re.findall(r"([^{}]+)\{", re.sub(r"@media[^{]+\{", "", style))
    for rule in rules:
        assert all(".rb-report" in one for one in rule.split(",")), rule


def test_a_page_is_written_where_one_says(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    text = Report(of_quantity()).to_html(path)
    assert path.read_text(encoding="utf-8") == text and len(text) < 150_000
    with pytest.raises(OSError, match="missing"):
        Report(of_quantity()).to_html(tmp_path / "missing" / "report.html")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "other"}', "null", '"a"'])
def test_what_is_not_a_report_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"The text is not a report\. .*what `to_json` wrote"):
        Report.from_json(text)


def test_confusion_is_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")
    rng = np.random.default_rng(2)
    truth, chances = rng.integers(0, 3, 90), rng.dirichlet(np.ones(3), 90)
    held = HeldOut.of_classes(truth, chances, "abc")
    expected = metrics.confusion_matrix(truth, chances.argmax(1))
    assert held.confusion == tuple(map(tuple, expected.tolist()))
    held = HeldOut.of_classes(truth % 2, chances[:, 0], "ab", threshold=0.3)
    expected = metrics.confusion_matrix(truth % 2, chances[:, 0] >= 0.3)
    assert held.confusion == tuple(map(tuple, expected.tolist()))


def test_of_many_classes_the_rare_ones_are_one() -> None:
    held = of_classes(40).held_out
    assert held is not None and len(held.labels) == 30 and held.labels[-1] == "(others)"
    assert sum(map(sum, held.confusion)) == 400 and sum(held.confusion[-1]) > 0


def test_bands_are_quantiles_of_residuals() -> None:
    rng = np.random.default_rng(3)
    predicted = np.arange(120.0)
    true = predicted - rng.normal(size=120)
    held = HeldOut.of_quantity(true, predicted)
    assert len(held.bands) == 12
    low, middle, high = np.quantile((predicted - true)[:10], (0.1, 0.5, 0.9))
    assert held.bands[0] == pytest.approx((4.5, low, middle, high), rel=1e-5)
    assert held.points[0].low is None and len(held.points) == 120


def test_coverage_is_of_what_the_rows_support() -> None:
    few = Conformal.fit(np.zeros(9), np.arange(9.0))
    held = HeldOut.of_quantity([0.0], [5.0], conformal=few)
    assert [one.wanted for one in held.coverage] == [0.5, 0.8, 0.9]
    assert held.points[0].high == pytest.approx(5 + 8)


def test_a_chart_puts_values_where_they_belong() -> None:
    chart = Chart((0.0, 10.0), (0.0, 1.0), "x", "y", "says")
    chart.dot(0.0, 0.0, 2, "point", "corner")
    chart.dot(10.0, 1.0, 2, "point", "opposite")
    circles = ElementTree.fromstring(chart.svg()).findall("circle")
    (left, bottom), (right, top) = (
        (float(one.get("cx", "")), float(one.get("cy", ""))) for one in circles
    )
    assert 0 < left < right < WIDTH and 0 < top < bottom < HEIGHT
    log = Chart((1.0, 100.0), (1.0, 100.0), "x", "y", "says", log=True)
    log.dot(10.0, 10.0, 2, "point", "middle")
    (circle,) = ElementTree.fromstring(log.svg()).findall("circle")
    assert float(circle.get("cx", "")) == pytest.approx((left + right) / 2)
    assert float(circle.get("cy", "")) == pytest.approx((top + bottom) / 2)
    assert ">10<" in log.svg() and ">100<" in log.svg()
