"""A report about a model for tables: in a terminal, as JSON, as one HTML file."""

from __future__ import annotations

import json
from pathlib import Path

from rosenblatt.core.errors import FileRefused
from rosenblatt.core.files import replacing
from rosenblatt.core.html import Markup, element, joined
from rosenblatt.tabular.facts import Facts
from rosenblatt.tabular.report_html import fragment, page
from rosenblatt.tabular.report_text import terminal
from rosenblatt.tabular.wording import clean, cut

_FORMAT = "rosenblatt report"


def shown_html(model: object, report: Report | None) -> str:
    """A model for tables as a notebook shows it: its parameters, and its report behind a click.

    Args:
        model: the estimator.
        report: what is known about it; None before it is fitted.
    """
    name = element("code", repr(model))
    if report is None:
        return joined([name, " not fitted"])
    facts = report.facts
    learnt = f" fitted: {clean(facts.target)} from {clean(facts.source)}"
    inside = joined([element("summary", joined([name, learnt])), Markup(report._repr_html_())])
    return element("details", inside)


class Report:
    """What is known about a model: its data, warnings, scores and what it needs.

    `str(report)` is for a terminal of 80 columns; a notebook shows it as HTML.

    Args:
        facts: all that it says.

    >>> report = Report(Facts("houses.csv", "price", "quantity", rows={"training": 13209}))
    >>> print(report)
    price from houses.csv
    =====================
    A quantity is predicted.
    Rows: 13,209 training.
    """

    def __init__(self, facts: Facts):
        self.facts = facts

    def __str__(self) -> str:
        return terminal(self.facts)

    def __repr__(self) -> str:
        return f"<Report: {clean(self.facts.target)} from {clean(self.facts.source)}>"

    def to_json(self) -> str:
        """All facts as JSON text.

        >>> Report.from_json(Report(Facts("a.csv", "y", "classes")).to_json()).facts.target
        'y'
        """
        said = {"format": _FORMAT, "version": 1, **self.facts.to_config()}
        return json.dumps(said, ensure_ascii=False, allow_nan=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The report that `to_json` was called on.

        Raises:
            ValueError: text that is not a report.
        """
        try:
            said = json.loads(text)
            if said["format"] != _FORMAT:
                raise KeyError("format")
            return cls(Facts.from_config(said))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FileRefused(
                "The text is not a report.", given=cut(text, 40), expected="what `to_json` wrote"
            ) from error

    def to_html(self, path: str | Path | None = None) -> str:
        """One HTML page that needs nothing else: no scripts, no fonts, no other files.

        Args:
            path: where to write it; None: nowhere.

        Returns:
            The page.
        """
        text = page(self.facts)
        if path is not None:
            with replacing(Path(path)) as beside:
                beside.write_text(text, encoding="utf-8")
        return text

    def _repr_html_(self) -> str:
        return fragment(self.facts)
