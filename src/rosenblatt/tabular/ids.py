"""Numbers that are ids: rows counted, or told apart by whole numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

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


@dataclass(frozen=True)
class OfAll:
    """What is known of all values of a column, where a sample of them is looked at.

    Args:
        count: how many there are, none missing.
        different: how many of them differ, about.
    """

    count: int
    different: float


def unique_share(different: int, count: int, of_all: OfAll | None = None) -> float:
    """The share of a column's values that are different, of all where these are known.

    Args:
        different: values that differ, of those that are looked at.
        count: values that are looked at.
        of_all: what is known of all.

    >>> unique_share(90, 100), unique_share(100, 100, OfAll(5_000, 2_500.0))
    (0.9, 0.5)
    """
    return different / count if of_all is None else min(1.0, of_all.different / of_all.count)


def id_of_numbers(name: str, values: Numbers, of_all: OfAll | None = None) -> str:
    """Why numbers are an id: whole, all different, and counting or with the name of one.

    Args:
        name: of the column.
        values: of it, none missing.
        of_all: what is known of all values, where these are a sample.

    Returns:
        The reason in words; nothing where they are not an id.
    """
    count = len(values)
    if count < FEWEST_ROWS or not (values == np.floor(values)).all():
        return ""
    if names_id(name):
        unique = unique_share(len(np.unique(values)), count, of_all)
        if unique > UNIQUE:
            return f"{percent(unique)} of the whole numbers are different, and its name is an id's"
    words = words_of_name(name)
    span = values.max() - values.min() + 1
    if (
        count < _FEWEST_OF_COUNTER
        or span > 3 * (of_all.count if of_all else count)
        or _ORDERED & set(words)
    ):
        return ""
    if len(np.unique(values)) < count or unique_share(count, count, of_all) < UNIQUE:
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
