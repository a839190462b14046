"""A model of a raw table as a server knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rosenblatt.serving.bodies import Columns, Value, check_cells, columns_of
from rosenblatt.serving.contract import Ready
from rosenblatt.serving.reasons import median_of
from rosenblatt.serving.refusals import Refusal, check_names, check_rows
from rosenblatt.serving.table_columns import Asked, Named, as_columns, check, ids_of, plain_values
from rosenblatt.tables.names import named_apart
from rosenblatt.tables.one_row import Row, read_row
from rosenblatt.tables.parsing import EPOCHS, ISO
from rosenblatt.tables.reading import read
from rosenblatt.tables.table import Table
from rosenblatt.tabular.drift import ColumnSummary
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.kinds import ColumnKind
from rosenblatt.tabular.members import Inputs

_WORDS_SHOWN = 30
_DIGITS = 4  # of the numbers of an example


class ServedTable:
    """A model of a raw table.

    Args:
        model: trained.
        name: what to call it.
    """

    def __init__(self, model: TabularModel, name: str):
        self.name = name
        self._model = model
        self._predictor = model.predictor_
        self._expected = list(self._predictor.encoder.names)
        self._ids = ids_of(model)
        self._known = {*model.schema_.columns, model.target_name_ or ""}

    @property
    def joins(self) -> bool:
        """Rows of several requests may be computed together."""
        return True

    def schema(self) -> dict[str, Any]:
        """What it takes and gives."""
        model, task = self._model, self._predictor.task
        columns = [self._column(name) for name in self._expected]
        return {
            "kind": "table",
            "task": task.kind,
            "target": model.target_name_,
            "classes": list(task.classes),
            "columns": columns,
            "also_taken": sorted(self._known - {*self._expected, ""}),
            "answered_too": self._ids,
            "intervals": self._predictor.conformal is not None,
            "threshold": task.kind == "two classes",
            "example": {column["name"]: column["example"] for column in columns},
        }

    def read(self, given: Table | Value, asked: Asked, most: int) -> Ready:
        """Check and read the rows of a request; see `contract.Served`."""
        check(self._model, asked)
        self._check_interval(asked.interval)
        columns = given if isinstance(given, Table) else columns_of(given)
        names = columns.names if isinstance(columns, Table) else list(columns)
        rows = columns.rows if isinstance(columns, Table) else len(next(iter(columns.values()), []))
        check_names(names, self._expected, self._known)
        check_rows(rows, most)
        if isinstance(columns, Table):
            table: Table | Row = columns
            beside: Named = [(n, plain_values(columns[n])) for n in self._ids if n in columns]
        else:
            check_cells(columns)
            table = _table_of({name: columns[name] for name in self._expected})
            beside = [(name, columns[name]) for name in self._ids if name in columns]
        return Ready(self._predictor.inputs(table), rows, asked, beside)

    def answers(self, requests: Sequence[Ready]) -> list[Mapping[str, Sequence[Any]]]:
        """The predictions for each request; see `contract.Served`."""
        parts: Sequence[Inputs] = requests[0].parts
        if len(requests) > 1:
            parts = [_joined([request.parts[0] for request in requests])]
        rows = sum(request.rows for request in requests)
        if rows == 1:  # a single row has a program of its own, which may round in another way
            parts = [{name: np.repeat(array, 2, axis=0) for name, array in parts[0].items()}]
        predictions = self._predictor.of_inputs(parts)
        spread = np.zeros(len(predictions))
        if any(request.asked.interval is not None for request in requests):
            spread = self._predictor.spread_of(parts)
        found: list[Mapping[str, Sequence[Any]]] = []
        start = 0
        for request in requests:
            own = slice(start, start + request.rows)
            found.append(self._answer(request, predictions[own], spread[own]))
            start += request.rows
        return found

    def example(self, rows: int) -> Ready:
        """Rows of medians and frequent words."""
        row = self.schema()["example"]
        interval = None if self._predictor.conformal is None else 0.5
        return self.read(
            {name: [value] * rows for name, value in row.items()}, Asked(interval), rows
        )

    def _answer(
        self, request: Ready, predictions: np.ndarray, spread: np.ndarray
    ) -> dict[str, Sequence[Any]]:
        """The columns of a request's answer."""
        asked, conformal, ends = request.asked, self._predictor.conformal, None
        if asked.interval is not None and conformal is not None:
            ends = conformal.interval(predictions, spread, asked.interval)
        columns = [*request.beside, *as_columns(self._model, predictions, ends, asked.threshold)]
        names, _ = named_apart([name for name, _ in columns])
        return dict(zip(names, (values for _, values in columns), strict=True))

    def _check_interval(self, interval: float | None) -> None:
        """Refuse an interval that the rows held out in training do not support."""
        if interval is None:
            return
        if self._predictor.conformal is None:
            raise Refusal(
                422,
                "The model has no intervals: too few rows were held out in training.",
                fix="leave `interval` out.",
            )
        self._predictor.conformal.quantile(interval)

    def _column(self, name: str) -> dict[str, Any]:
        """What a column holds, for those who fill it in."""
        kind = self._model.schema_.columns[name]
        summary = self._model.summary_.columns.get(name, ColumnSummary(0.0))
        words = list(summary.words[:_WORDS_SHOWN]) if kind.kind == "category" else []
        text = self._model.text_columns_.get(name, True)
        return {
            "name": name,
            "kind": kind.kind,
            "words": words,
            "format": kind.date_format if kind.kind == "date" else None,
            "example": _example(kind, summary, text),
        }


def _table_of(columns: Columns) -> Table | Row:
    """Columns of JSON as a table, or as the cells of its only row."""
    row = read_row(columns)
    return read(columns, where="The body") if row is None else row


def _joined(parts: Sequence[Inputs]) -> Inputs:
    """The rows of several requests, one below the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _example(kind: ColumnKind, summary: ColumnSummary, text: bool) -> str | float | None:
    """A value of no one: a median, or the most frequent word."""
    if kind.kind == "text":
        return "some words"
    if summary.words:
        return summary.words[0] if text else _number_or_text(summary.words[0])
    middle = median_of(summary)
    if np.isnan(middle):
        return None
    if kind.kind == "date":
        return _date(middle, kind.date_format)
    return float(f"{middle:.{_DIGITS}g}")


def _number_or_text(word: str) -> str | float:
    try:
        number = float(word)
    except ValueError:
        return word
    return number if np.isfinite(number) else word


def _date(seconds: float, date_format: str) -> str | float:
    """A time in the format of its column."""
    if date_format in EPOCHS:
        return seconds * 1e6 // EPOCHS[date_format]
    time = np.datetime64(int(seconds * 1e6), "us").item()
    if date_format == ISO:
        return str(time.date())
    return str(time.strftime(date_format))
