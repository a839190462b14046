"""The bodies of requests as rows, and predictions as the bodies of answers."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

from rosenblatt.core.errors import RosenblattError
from rosenblatt.serving.columns import print_table, records
from rosenblatt.serving.refusals import CSV, JSON, Refusal
from rosenblatt.tables.content import SAMPLE, Content, polars_for
from rosenblatt.tables.csv_files import read_csv
from rosenblatt.tables.table import Table

# What JSON holds: objects, lists, texts, numbers, booleans and null.
Value: TypeAlias = Any
# Name to the values of each row, as JSON has them.
Columns: TypeAlias = dict[str, list[Value]]

_FORMS = '[{"column": value, …}, …], {"column": [value, …], …}, or one row: {"column": value, …}'
_CELLS = (str, int, float, bool, type(None))


def kind_of(content_type: str | None) -> str:
    """Whether a body is JSON or CSV, by its header.

    Raises:
        Refusal: with 415, something else.
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind not in (JSON, CSV):
        raise Refusal(
            415,
            "The body is not of a kind that is read.",
            given=f"Content-Type: {content_type}" if content_type else "no Content-Type",
            expected=[JSON, CSV],
            fix=f"with curl: -H 'Content-Type: {JSON}'",
        )
    return kind


def wanted_kind(accept: str | None, given: str) -> str:
    """The kind of the answer, by what the client accepts.

    Args:
        accept: the header; None: anything.
        given: the kind of the request, which decides where the client does not.

    Raises:
        Refusal: with 406, neither JSON nor CSV is accepted.

    >>> wanted_kind("text/html, text/csv;q=0.9, */*;q=0.1", JSON)
    'text/csv'
    >>> wanted_kind("*/*", JSON)
    'application/json'
    """
    if not (accept or "").strip():
        return given
    weights = dict(map(_weighed, str(accept).split(",")))
    both = (given, CSV if given == JSON else JSON)
    found = {
        kind: weights.get(kind, weights.get(f"{kind.partition('/')[0]}/*", weights.get("*/*", 0.0)))
        for kind in both
    }
    best = max(both, key=lambda kind: found[kind])  # the first one of equals
    if not found[best] > 0:
        raise Refusal(
            406, "No kind of answer is accepted that there is.", given=accept, expected=[JSON, CSV]
        )
    return best


def _weighed(part: str) -> tuple[str, float]:
    """A kind that a client accepts, and how much it wants it."""
    kind, *settings = (piece.strip().lower() for piece in part.split(";"))
    weight = next((one[2:] for one in settings if one.startswith("q=")), "1")
    try:
        return kind, float(weight)
    except ValueError:
        return kind, 0.0


def json_of(body: bytes) -> Value:
    """The value of a body of JSON.

    Raises:
        Refusal: with 400, it is not JSON.
    """
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, RosenblattError):
            raise
        said = str(error) if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise Refusal(400, "The body is not JSON.", given=said, expected=_FORMS) from error


def _refuse_constant(word: str) -> NoReturn:
    raise Refusal(
        400, "JSON has no such number.", given=word, fix="write null where a value is missing."
    )


def columns_of(value: Value) -> Columns:
    """Rows of JSON by column: a list of objects, an object of lists, or one object of values.

    Raises:
        Refusal: something else, rows of different columns, columns of different lengths, or no row.
    """
    if isinstance(value, Mapping) and any(isinstance(one, list) for one in value.values()):
        return _equally_long(value)
    rows = [value] if isinstance(value, Mapping) else value
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Refusal(422, "The rows have another form.", given=_form(value), expected=_FORMS)
    if not rows:
        raise Refusal(422, "There is no row to predict for.", expected="one row or more")
    names = rows[0].keys()
    for place, row in enumerate(rows):
        if row.keys() != names:
            raise Refusal(
                422,
                f"Row {place} has other columns than row 0.",
                given=list(row),
                expected=list(names),
                fix="write null where a value is missing.",
            )
    return {name: [row[name] for row in rows] for name in names}


def _equally_long(value: Mapping[str, Value]) -> Columns:
    """An object of lists."""
    for name, column in value.items():
        if not isinstance(column, list):
            raise Refusal(
                422, f"Column {name!r} is not a list.", given=_form(column), expected=_FORMS
            )
    lengths = {name: len(column) for name, column in value.items()}
    if len(set(lengths.values())) > 1:
        raise Refusal(
            422,
            "The columns do not have the same length.",
            given=[f"{length} values in {name!r}" for name, length in lengths.items()],
            expected="a value for each row in every column",
        )
    if not any(lengths.values()):
        raise Refusal(422, "There is no row to predict for.", expected="one row or more")
    return dict(value)


def check_cells(columns: Columns) -> None:
    """Refuse cells that are not single values.

    Raises:
        Refusal: the first one is named.
    """
    for name, values in columns.items():
        for row, value in enumerate(values):
            if not isinstance(value, _CELLS):
                raise Refusal(
                    422,
                    f"Column {name!r} does not hold a single value in row {row}.",
                    given=_form(value),
                    expected="a text, a number, true, false or null",
                )


def _form(value: Value) -> str:
    """What a value of JSON is, for messages."""
    if isinstance(value, list):
        kinds = sorted({_form(one).partition(" of ")[0] for one in value[:100]})
        return f"a list of {', '.join(kinds)}" if kinds else "an empty list"
    names = {dict: "an object", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def table_of(body: bytes) -> Table:
    """The table in a body of CSV, whose first line has the names of the columns.

    Raises:
        Refusal: with 400, it is not CSV.
        MissingPackage: polars is not installed.
    """
    polars = polars_for("The body")
    content = Content("The body", "body.csv", body[:SAMPLE], data=body)
    failures = (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError, csv.Error)
    expected = "a line of names, and a line of as many values for each row"
    if not body.strip():
        raise Refusal(400, "The body is empty.", expected=expected)
    try:
        return read_csv(content, header=True)
    except RosenblattError as error:
        raise Refusal(400, str(error)) from error
    except failures as error:
        said = str(error).partition("\n")[0]
        raise Refusal(400, "The body is not CSV.", given=said, expected=expected) from error


def answer_of(columns: Mapping[str, Sequence[Any]], kind: str) -> bytes:
    """Predictions as the body of an answer.

    Args:
        columns: by name; what is not finite is left out: null, or nothing in CSV.
        kind: JSON or CSV.

    >>> answer_of({"prediction": [1.5, float("nan")]}, JSON)
    b'{"predictions": [{"prediction": 1.5}, {"prediction": null}]}'
    """
    plain = {name: [*map(_or_none, values)] for name, values in columns.items()}
    if kind == CSV:
        text = io.StringIO(newline="")
        print_table(text, plain)
        return text.getvalue().encode("utf-8", "replace")
    return as_json({"predictions": [*records(plain)]})


def _or_none(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_json(value: Value) -> bytes:
    """A value as JSON in UTF-8; half a surrogate pair, which UTF-8 cannot hold, as "?"."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace")
