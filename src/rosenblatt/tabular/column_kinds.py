"""What one column holds, found from its different values in the training rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rosenblatt.tables.parsing import EPOCHS, ISO, MISSING_WORDS, Numbers, missing, numbers, times
from rosenblatt.tables.table import Column, NumberColumn, TextColumn
from rosenblatt.tabular.date_formats import find_format
from rosenblatt.tabular.ids import FEWEST_ROWS, UNIQUE, OfAll, id_of_numbers, percent, unique_share

Kind: TypeAlias = Literal["number", "category", "date", "text", "id", "constant", "dropped"]
READ = ("number", "category", "date", "text")

_NEARLY_ALL = 0.97  # of the rows, so that some garbage changes nothing
_WORDS_OF_TEXT = 4
_EXAMPLES = 2000
_MOST_DIGITS = 15  # of a number that float64 has exactly
_CODE = re.compile(r"[-+]?0\d+")  # such as the zip code 02134
_UNIT = re.compile(r"[-+]?[\d., ]*\d\s*([A-Za-zµ°Ωμ²³/%]{1,12})")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:\.\d{3})+")


@dataclass(frozen=True)
class ColumnKind:
    """What a column holds, and how it is read.

    Args:
        kind: "number" (also in text), "category", "date", "text" (of several words), or what is
            left out: "id", "constant", "dropped".
        reason: why, in words.
        decimal: the decimal sign of numbers in text.
        unit: what stands after numbers in text, such as "kg".
        date_format: of dates, as `tables.parsing.times` takes it.
    """

    kind: Kind
    reason: str
    decimal: str = "."
    unit: str = ""
    date_format: str = ISO

    @property
    def is_read(self) -> bool:
        """Whether a model reads the column."""
        return self.kind in READ


def infer_column(
    column: Column, rows: NDArray[np.intp] | slice, of_all: OfAll | None = None
) -> ColumnKind:
    """Say what a column holds.

    Args:
        column: of a table.
        rows: the training rows: no other row is looked at.
        of_all: what is known of all values, where the table is a sample of the rows.

    >>> column = NumberColumn("age", np.array([31.0, 28.0, 31.0]), "int64")
    >>> infer_column(column, slice(None)).kind
    'number'
    """
    part = column.take(rows)
    if isinstance(part, TextColumn):
        return infer_words(part, of_all)
    if isinstance(part, NumberColumn):
        return _infer_numbers(part, of_all)
    known = part.values[~part.missing]
    return _if_constant(known, len(part)) or ColumnKind("date", f"times ({part.stored})")


def _infer_numbers(part: NumberColumn, of_all: OfAll | None) -> ColumnKind:
    values = part.values[np.isfinite(part.values)]
    constant = _if_constant(values, len(part))
    if constant is not None:
        return constant
    date_format = date_format_of_numbers(values)
    if date_format:
        example = str(int(values[0]))
        return ColumnKind(
            "date", f"numbers that are dates, such as {example}", date_format=date_format
        )
    reason = id_of_numbers(part.name, values, of_all)
    if reason:
        return ColumnKind("id", reason)
    return ColumnKind("number", f"numbers ({part.stored})")


def _if_constant(values: NDArray[np.generic], rows: int) -> ColumnKind | None:
    if len(values) == 0:
        return ColumnKind("constant", "no value in any training row")
    if len(values) == rows and bool((values == values[0]).all()):
        return ColumnKind("constant", f"always {_shown(values[0])}")
    return None


def _shown(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def date_format_of_numbers(values: Numbers) -> str:
    """The format of numbers such as 20240131; nothing where they are other numbers."""
    for date_format, first, last in [
        ("%Y%m%d", 19000101, 21001231),
        ("%Y%m%d%H%M%S", 19000101000000, 21001231235959),
    ]:
        inside = (values >= first) & (values <= last)
        if inside.mean() < _NEARLY_ALL:
            continue
        found = times(values, date_format)
        if (~np.isnat(found)).mean() >= _NEARLY_ALL:
            return date_format
    return ""


def infer_words(column: TextColumn, of_all: OfAll | None = None) -> ColumnKind:
    """Say what a column of text holds, from its different words and how often each comes.

    Args:
        column: of text.
        of_all: what is known of all values, where the column is a sample of them.
    """
    words, counts = present_words(column)
    if len(words) == 0:
        return ColumnKind("constant", "no value in any training row")
    if len(words) == 1 and counts[0] == len(column):
        return ColumnKind("constant", f"always {_shown(words[0])!r}")
    if {str(word).strip().lower() for word in words[:3]} <= {"true", "false"}:
        return ColumnKind("category", "true or false")
    return (
        _as_date(words, counts)
        or _as_number(column.name, words, counts, of_all)
        or _as_id_or_text(column.name, words, counts, of_all)
        or _as_category(words)
    )


def present_words(
    column: TextColumn, missing_words: Collection[str] = MISSING_WORDS
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The words of a column's rows, missing words left out, and how many rows have each."""
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.words))
    present = np.flatnonzero(counts)
    present = present[~missing(column.words[present], missing_words)]
    return column.words[present], counts[present]


def _as_date(words: NDArray[np.object_], counts: NDArray[np.int64]) -> ColumnKind | None:
    found = find_format(words, counts)
    if found is None or not _mostly(~np.isnat(found.times), counts):
        return None
    good = ~np.isnat(found.times)
    example = words[np.flatnonzero(good)[0]]
    dates = "dates" if found.name == ISO or "%d" in found.name else "times"
    reason = f"{_share_of_texts(good, counts)} are {dates}, such as {_shown(example)}"
    if found.name != ISO:
        reason += f" ({found.name})"
    return ColumnKind(
        "date", f"{reason}; {found.note}" if found.note else reason, date_format=found.name
    )


def _mostly(good: NDArray[np.bool_], counts: NDArray[np.int64], share: float = _NEARLY_ALL) -> bool:
    """Whether a column is what its good words are.

    Nearly all rows say so, or nearly all of many different words: then a frequent other word, such
    as "unknown", stands for a missing value.
    """
    rows = counts[good].sum() / counts.sum()
    if good.sum() >= 20 and good.mean() >= share:
        return bool(rows >= 0.5)
    return bool(rows >= share and good.mean() >= 0.5)


def _share_of_texts(good: NDArray[np.bool_], counts: NDArray[np.int64]) -> str:
    share = counts[good].sum() / counts.sum()
    return "all texts" if good.all() else f"{percent(share)} of the texts"


def _as_number(
    name: str,
    words: NDArray[np.object_],
    counts: NDArray[np.int64],
    of_all: OfAll | None = None,
    share: float = _NEARLY_ALL,
) -> ColumnKind | None:
    found = find_numbers(words, counts, share)
    if found is None:
        return None
    values, decimal, unit = found
    good = ~np.isnan(values)
    bare = [str(word).strip() for word in _examples(words[good])]
    if any(len(word) > _MOST_DIGITS and word.isdigit() for word in bare):
        return None  # long ids: float64 would make two of them one
    if np.mean([bool(_CODE.fullmatch(word)) for word in bare]) > 0.02:
        return None
    reason = id_of_numbers(name, np.repeat(values[good], np.minimum(counts[good], 2)), of_all)
    if reason:
        return ColumnKind("id", f"{reason}, in text")
    reason = f"numbers in text, such as {_shown(words[good][0])}"
    if not good.all():
        other = words[~good][np.argmax(counts[~good])]
        share = counts[~good].sum() / counts.sum()
        reason += f"; {percent(share)} are other texts, such as {_shown(other)!r}, read as missing"
    if decimal == ",":
        reason += "; decimal comma"
    if unit:
        reason += f"; in {unit}"
    return ColumnKind("number", reason, decimal=decimal, unit=unit)


def _examples(words: NDArray[np.object_]) -> NDArray[np.object_]:
    """Some texts from all over the column."""
    return words[np.linspace(0, len(words) - 1, min(len(words), _EXAMPLES)).astype(int)]


def find_numbers(
    words: NDArray[np.object_], counts: NDArray[np.int64], share: float = _NEARLY_ALL
) -> tuple[Numbers, str, str] | None:
    """Texts as numbers, with the decimal sign and the unit that most of them have.

    Returns:
        (n,) numbers with NaN for other texts, the decimal sign, the unit; None where the texts are
        not mostly numbers.
    """
    examples = _examples(words)
    likely = [bool(re.search(r"\d", word)) and len(word) < 40 for word in examples]
    if np.mean(likely) < 0.4:
        return None
    unit = _common_unit(examples)
    decimals = ["."] + [","] * (any("," in w for w in words) or _dots_are_thousands(words))
    shares = {d: np.mean(~np.isnan(numbers(examples, d, unit=unit))) for d in decimals}
    best = max(shares.values())
    if best < 0.4:
        return None
    likely_ones = [decimal for decimal in decimals if shares[decimal] > best - 0.1]
    read = {decimal: numbers(words, decimal, unit=unit) for decimal in likely_ones}
    fits = {decimal: counts[~np.isnan(values)].sum() for decimal, values in read.items()}
    decimal = "." if fits.get(".", 0) >= fits.get(",", 0) else ","
    if fits.get(",") == fits.get(".") and _dots_are_thousands(words):
        decimal = ","
    values = read[decimal]
    return (values, decimal, unit) if _mostly(~np.isnan(values), counts, share) else None


def _common_unit(examples: NDArray[np.object_]) -> str:
    """The unit that nearly all texts end with after a number; nothing where they do not."""
    matches = [_UNIT.fullmatch(str(word).strip()) for word in examples]
    units = Counter(match[1] for match in matches if match)
    if not units:
        return ""
    unit, times_found = units.most_common(1)[0]
    known = not np.isnan(numbers([f"1 {unit}"])[0])  # percent, thousands, currencies
    return unit if times_found >= 0.8 * len(examples) and not known else ""


def _dots_are_thousands(words: NDArray[np.object_]) -> bool:
    """Whether each dot has three digits behind it, while other numbers are whole: 1.250 and 900."""
    dotted = whole = 0
    for word in words:
        if "." in word:
            if not _THOUSANDS.fullmatch(word.strip()):
                return False
            dotted += 1
        elif word.strip().isdigit():
            whole += 1
    return dotted >= 10 and whole >= 3


def _as_id_or_text(
    name: str, words: NDArray[np.object_], counts: NDArray[np.int64], of_all: OfAll | None
) -> ColumnKind | None:
    unique = unique_share(len(words), int(counts.sum()), of_all)
    length = np.mean([len(str(word).split()) for word in _examples(words)])
    if length >= _WORDS_OF_TEXT and (unique > 0.5 or (length >= 8 and len(words) > 200)):
        return ColumnKind(
            "text", f"{length:.1f} words in each on average, {percent(unique)} are different"
        )
    if unique > UNIQUE and counts.sum() >= FEWEST_ROWS:
        # Numbers with much garbage tell more than an id, which is left out.
        numbers_after_all = _as_number(name, words, counts, of_all, share=0.8)
        return numbers_after_all or ColumnKind(
            "id", f"{percent(unique)} of the texts are different"
        )
    return None


def _as_category(words: NDArray[np.object_]) -> ColumnKind:
    if len(words) == 1:
        return ColumnKind("category", f"one text, {_shown(words[0])}, or a missing value")
    examples = ", ".join(_shown(word) for word in words[:3])
    more = ", …" if len(words) > 3 else ""
    return ColumnKind("category", f"{len(words):,} different texts: {examples}{more}")


def epoch_format(values: Numbers) -> str:
    """Since when numbers count, by their size: seconds up to the year 5000, else milliseconds."""
    seconds, milliseconds = EPOCHS
    largest = np.nanmax(np.abs(values)) if len(values) else 0.0
    return seconds if largest < 1e11 else milliseconds
