"""Columns of text in files as numbers, where all that they hold are numbers."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from rosenblatt.tables.frames import polars_words
from rosenblatt.tables.parsing import MISSING_WORDS
from rosenblatt.tables.table import Column, NumberColumn
from rosenblatt.tables.values import LARGEST_WHOLE, word_column

if TYPE_CHECKING:
    import polars

_LOOKED_AT = 5_000  # rows that tell which decimal sign a file has
# With a decimal comma, and thousands marked by points, blanks or apostrophes.
_COMMA = re.compile(r"[-+]?(\d+|\d{1,3}([. '’\u00a0\u202f]\d{3})+)(,\d*)?([eE][-+]?\d+)?")
_POINT = re.compile(r"[-+]?(\d{1,3}([, '’\u00a0\u202f]\d{3})+(\.\d*)?|\d+\.?\d*([eE][-+]?\d+)?)")
_GROUPS = r"^[-+]?\d{1,3}(\.\d{3})+$"
_ZERO_FIRST = r"^[+-]?0\d"
_LONG = r"^[+-]?\d{16,}(\.0*)?$"


def decimal_of(columns: Iterable[polars.Series], separator: str) -> str:
    """The decimal sign of a file, as its first rows tell.

    Where all of them may be read either way ("1,234"), it is the comma in files that are separated
    by semicolons, and a mark of thousands in others.

    Args:
        columns: of text.
        separator: of the file.
    """
    import polars

    start = polars.DataFrame([column.head(_LOOKED_AT) for column in columns])
    votes: Counter[str] = Counter()
    has_comma = start.select(polars.all().str.contains(",", literal=True).any()).row(0)
    for column in itertools.compress(start.get_columns(), has_comma):
        words = [word for word in column.unique().to_list() if not _is_missing(word)]
        comma, point = (
            all(map(pattern.fullmatch, map(str.strip, words))) for pattern in (_COMMA, _POINT)
        )
        if comma or point:
            votes["either" if comma and point else "," if comma else "."] += 1
    if votes[","] or votes["."]:
        return "," if votes[","] > votes["."] else "."
    return "," if votes["either"] and separator == ";" else "."


def _is_missing(word: str | None) -> bool:
    return word is None or word.strip().lower() in MISSING_WORDS


def column_of_text(
    name: str, series: polars.Series, decimal: str = "."
) -> tuple[Column, list[str], bool]:
    """A column of a file as one of numbers, where all that it holds are numbers, else of text.

    Whole numbers that begin with a zero or are longer than float64 holds are ids, and stay text.

    Args:
        name: of the column.
        series: its texts; empty ones are missing.
        decimal: the decimal sign of the file.

    Returns:
        The column; the words in it that stand for a missing value; whether its numbers were
        written with a decimal comma or with marks of thousands.
    """
    text = series.str.strip_chars()
    if (text == "").any():
        text = text.set(text == "", None)
    if text.null_count() == len(text):
        return NumberColumn(name, np.full(len(text), np.nan), "nothing"), [], False
    if decimal == "." and _all_plain(text.head(_LOOKED_AT)):  # as most are
        numbers = _cast(text)
        if numbers.null_count() == text.null_count() and not _is_id(text, numbers):
            return _number_column(name, numbers), [], False
    for part in (text.head(_LOOKED_AT), text):  # most columns of text are known by their start
        numbers, failing, marked = _read(part, decimal)
        others = failing.filter(~failing.str.to_lowercase().is_in(list(MISSING_WORDS)))
        if len(others):
            return _words(name, text, others), [], False
    if numbers.null_count() == len(text) or _is_id(text, numbers):
        return _words(name, text, text.drop_nulls().unique()), [], False
    return _number_column(name, numbers), sorted(failing.to_list()), marked


def _number_column(name: str, numbers: polars.Series) -> NumberColumn:
    import polars

    stored = "int64" if numbers.dtype == polars.Int64 else "float64"
    values = numbers.cast(polars.Float64)
    if values.null_count():
        values = values.fill_null(np.nan)
    return NumberColumn(name, values.to_numpy(), stored)


def _all_plain(text: polars.Series) -> bool:
    """Whether all texts are numbers as polars reads them."""
    import polars

    return text.cast(polars.Float64, strict=False).null_count() == text.null_count()


def _read(text: polars.Series, decimal: str) -> tuple[polars.Series, polars.Series, bool]:
    """Texts as numbers; the different ones that are none; whether marks were taken out."""
    numbers = _cast(text)
    failing = _failing(text, numbers)
    pattern = _COMMA if decimal == "," else _POINT
    some = [word for word in failing.head(_LOOKED_AT).to_list() if not _is_missing(word)]
    if (some and all(map(pattern.fullmatch, some))) or (decimal == "," and _all_grouped(text)):
        numbers = _cast(_unmarked(text, decimal))
        return numbers, _failing(text, numbers), True
    return numbers, failing, False


def _cast(text: polars.Series) -> polars.Series:
    """Texts as whole numbers where all are, else as float64; null for others."""
    import polars

    start = text.head(_LOOKED_AT)
    if start.cast(polars.Int64, strict=False).null_count() > start.null_count():
        return text.cast(polars.Float64, strict=False)
    whole = text.cast(polars.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return whole
    numbers = text.cast(polars.Float64, strict=False)
    return whole if whole.null_count() == numbers.null_count() else numbers


def _failing(text: polars.Series, numbers: polars.Series) -> polars.Series:
    """The different texts that are not numbers."""
    return text.filter(numbers.is_null() & text.is_not_null()).unique()


def _all_grouped(text: polars.Series) -> bool:
    """Whether all points in numbers mark thousands."""
    pointed = text.filter(text.str.contains(".", literal=True))
    return bool(len(pointed)) and bool(pointed.str.contains(_GROUPS).all())


def _unmarked(text: polars.Series, decimal: str) -> polars.Series:
    """Numbers without marks of thousands, with a decimal point."""
    if decimal == ".":
        return text.str.replace_all("[, '’\u00a0\u202f]", "")
    return text.str.replace_all("[. '’\u00a0\u202f]", "").str.replace(",", ".", literal=True)


def _is_id(text: polars.Series, numbers: polars.Series) -> bool:
    """Whether numbers are names: digits that start with a zero, or more than float64 holds."""
    if numbers.dtype.is_integer() and text.str.contains(_ZERO_FIRST).any():
        return True
    beyond = (numbers > LARGEST_WHOLE) | (numbers < -LARGEST_WHOLE)
    if not beyond.any():
        return False
    return bool(text.filter(beyond).str.contains(_LONG).any())


def _words(name: str, text: polars.Series, others: polars.Series) -> Column:
    """A column of text; of booleans where its words say so."""
    column = polars_words(name, text, "text")
    if len(others) <= 6 and {word.lower() for word in others.to_list()} <= {"true", "false"}:
        words = [None if _is_missing(word) else word.title() for word in column.words]
        return word_column(name, column.codes, words, "bool")
    return column
