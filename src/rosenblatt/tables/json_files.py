"""JSON and lines of JSON as tables."""

from __future__ import annotations

import json
from typing import Any

from rosenblatt.tables.content import Content, damaged, no_rows, polars_for
from rosenblatt.tables.encodings import as_utf_8, encoding_of
from rosenblatt.tables.frames import read_frame
from rosenblatt.tables.objects import read_object
from rosenblatt.tables.table import Table

_EXPECTED = "an object in each line, or a list of objects, or an object of columns"


def read_json(content: Content) -> Table:
    """A table of JSON: an object in each line, a list of objects or of rows, or columns.

    Args:
        content: of the file.

    Raises:
        ImportError: polars is not installed.
        ValueError: not JSON, or JSON that is not a table; the message says in which line.
    """
    polars = polars_for(content.source)
    encoding = encoding_of(content.start, content.whole)
    if encoding.name == "utf-8" and content.start.lstrip()[:1] == b"{":
        try:
            frame = polars.read_ndjson(content.handle(), infer_schema_length=None)
            if frame.height > 1:
                return read_frame(frame, content.source)
        except (polars.exceptions.PolarsError, polars.exceptions.PanicException):
            pass  # Python says where, or reads it all the same
    data = content.read()
    return _by_python(content, as_utf_8(data, encoding_of(data)).decode())


def _by_python(content: Content, text: str) -> Table:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _lines(content, text)
    if isinstance(value, dict):
        value = _columns(value)
    elif not isinstance(value, list):
        raise damaged(content.source, f"a value of type {type(value).__name__}", _EXPECTED)
    if not value:
        raise no_rows(content.source)
    return read_object(value, content.source)


def _lines(content: Content, text: str) -> list[Any]:
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise damaged(content.source, f"{said} in line {number}", _EXPECTED) from error
        if not isinstance(value, (dict, list)):
            raise damaged(content.source, f"no object in line {number}", _EXPECTED)
        found.append(value)
    return found


def _columns(value: dict[str, Any]) -> object:
    """An object of columns; an object of single values is a row."""
    if set(value) >= {"columns", "data"} and isinstance(value["data"], list):
        rows = value["data"]
        if all(isinstance(row, list) and len(row) == len(value["columns"]) for row in rows):
            return [dict(zip(map(str, value["columns"]), row, strict=True)) for row in rows]
    if "data" in value and isinstance(value["data"], list):
        return value["data"]
    if value and all(isinstance(column, dict) for column in value.values()):
        rows = list(dict.fromkeys(row for column in value.values() for row in column))
        return {name: [column.get(row) for row in rows] for name, column in value.items()}
    if value and all(isinstance(column, list) for column in value.values()):
        return value
    return [value]
