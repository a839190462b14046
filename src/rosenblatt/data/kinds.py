"""What values are that should be numbers, found out without ever failing."""

from __future__ import annotations

import datetime
import numbers
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

_LENGTH = 60
# What messages say about a column that holds several kinds: of the first of these.
_BY_WEIGHT = (
    "record", "nested", "date", "object", "text", "NA", "number as text", "number", "missing",
)  # fmt: skip
_DATES = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)


class Failing(NamedTuple):
    """The first value that is not a number, or the first of all where only the dtype is at fault.

    Attributes:
        row: its row.
        text: the value as the user would write it.
        kind: "number" (nothing but the dtype is wrong), "number as text", "missing", "NA" (which
            NumPy does not know), "nested", "record", "date", "text", "text in places" (among
            numbers), or "object".
    """

    row: int
    text: str
    kind: str

    @property
    def place(self) -> str:
        """What to say of it: the value and its row, where a value is at fault."""
        if self.kind == "number":
            return "numbers as Python objects"
        return f"{self.text} in row {self.row}"


def failing(values: Iterable[object]) -> Failing:
    """Look for what makes values unreadable.

    Args:
        values: of one column, in order.

    >>> failing([1.5, "?", 2.0])
    Failing(row=1, text="'?'", kind='text in places')
    >>> failing(["red", "green"]).kind, failing(["1.5", "n/a", "2"]).row
    ('text', 1)
    """
    firsts: dict[str, tuple[int, object]] = {}
    counts: Counter[str] = Counter()
    for row, value in enumerate(values):
        kind = kind_of(value)
        firsts.setdefault(kind, (row, value))
        counts[kind] += 1
    for kind in _BY_WEIGHT:
        if kind in firsts:
            row, value = firsts[kind]
            numeric = counts["number"] + counts["number as text"]
            mixed = kind == "text" and numeric >= counts["text"]
            return Failing(row, _shown(value), "text in places" if mixed else kind)
    return Failing(0, "nothing", "object")


def kind_of(value: object) -> str:
    """What a value is: see `Failing`."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if type(value).__name__ == "NAType":
        return "NA"
    if value is None or type(value).__name__ == "NaTType":
        return "missing"
    if isinstance(value, (numbers.Number, np.bool_)) and not isinstance(value, _DATES):
        return "missing" if _is_nan(value) else "number"
    if isinstance(value, (str, bytes)):
        return "number as text" if reads_as_number(value) else "text"
    if isinstance(value, _DATES):
        return "date"
    if isinstance(value, dict):
        return "record"
    nested = isinstance(value, (list, tuple, set)) or hasattr(value, "__array__")
    return "nested" if nested else "object"


def _is_nan(value: object) -> bool:
    try:
        return bool(value != value)
    except Exception:  # whatever a user's number does when compared
        return False


def reads_as_number(text: str | bytes) -> bool:
    """Whether Python reads a text as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shown(value: object) -> str:
    """A value's text, short; its type where it has none."""
    try:
        text = repr(value.item() if isinstance(value, np.generic) else value)
        text = " ".join(text.split())
    except Exception:  # a user's `__repr__`
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}… ({type(value).__name__})"
