"""Columns of predictions as rows and as lines of CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

import numpy as np


def records(columns: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Columns as rows.

    >>> list(records({"a": [1, 2], "b": ["x", "y"]}))
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'y'}]
    """
    values = (np.asarray(column, object).tolist() for column in columns.values())
    return (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))


def print_table(file: TextIO, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write columns as CSV to an open file."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
