"""Numbers that are ids: rows counted, or told apart by whole numbers."""

from __future__ import annotations

import re

import numpy as np

from rosenblatt.tables.parsing import Numbers

FEWEST_ROWS = 20
"""With fewer rows every column looks like an id."""

UNIQUE = 0.95
"""So large a share of an id's values are different."""

_FEWEST_OF_COUNTER = 50
_NAMES = frozenset({
    "guid", "id", "identifier", "ids", "pk", "rowid", "rownum", "rownumber", "uid", "uuid",
})  # fmt: skip
_LAST_WORDS = frozenset({"idx", "key", "no", "nr", "number"})  # "number of votes" is not an id
_OWNED = re.compile(
    r"(account|case|client|customer|device|employee|household|item|listing|loan|member|order"
    r"|passenger|patient|person|product|record|row|sample|session|student|subject|transaction|user)"
    r"(id|no)"
)
# Whole numbers of these names mean something, even where all are different.
_ORDERED = frozenset({
    "age", "date", "day", "hour", "minute", "month", "position", "rank", "ranking", "score",
    "second", "step", "time", "week", "year",
})  # fmt: skip


def unique_share(different: int, count: int, rows: int | None = None) -> float:
    """The share of a column's values that are different.

    Args:
        different: values that differ, of those that were looked at.
        count: values that were looked at.
        rows: of the column, where these are a sample of it. Of d values that come equally often a
            sample of n has about n² / 2d pairs of equal ones; by them d is estimated.

    >>> unique_share(90, 100), unique_share(100, 100, rows=5_000)
    (0.9, 1.0)
    >>> unique_share(990, 1_000, rows=100_000)
    0.5
    """
    again = count - different
    if rows is None or rows <= count or not again:
        return different / count
    return min(different / count, count * count / (2 * again) / rows)


def id_of_numbers(name: str, values: Numbers, rows: int | None = None) -> str:
    """Why numbers are an id: whole, all different, and counting or with the name of one.

    Args:
        name: of the column.
        values: of it, none missing.
        rows: of the whole column, where the values are a sample of it.

    Returns:
        The reason in words; nothing where they are not an id.
    """
    count = len(values)
    if count < FEWEST_ROWS or not (values == np.floor(values)).all():
        return ""
    if names_id(name):
        unique = unique_share(len(np.unique(values)), count, rows)
        if unique > UNIQUE:
            return f"{percent(unique)} of the whole numbers are different, and its name is an id's"
    words = words_of_name(name)
    span = values.max() - values.min() + 1
    if count < _FEWEST_OF_COUNTER or span > 3 * max(count, rows or 0) or _ORDERED & set(words):
        return ""
    if len(np.unique(values)) < count:
        return ""
    return f"whole numbers, all different, between {values.min():.0f} and {values.max():.0f}"


def words_of_name(name: str) -> list[str]:
    """The words of a column's name, in lower case.

    >>> words_of_name("CustomerID"), words_of_name("zip_code 2")
    (['customer', 'id'], ['zip', 'code', '2'])
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.findall(r"[^\W_]+", apart)]


def names_id(name: str) -> bool:
    """Whether a column is called as ids are: customerID, order_id, index.

    >>> names_id("customerID"), names_id("patientid"), names_id("paid")
    (True, True, False)
    """
    words = words_of_name(name)
    if words[:1] == ["unnamed"] and len(words) <= 2:  # pandas names an index so
        return True
    if words[-1:] == ["index"]:
        return words in (["index"], ["row", "index"])
    named = any(word in _NAMES or _OWNED.fullmatch(word) for word in words)
    return named or bool(_LAST_WORDS & set(words[-1:]))


def percent(share: float) -> str:
    """A share as reasons say it.

    >>> percent(0.97512)
    '97.5 %'
    """
    return f"{100 * share:.3g} %"
