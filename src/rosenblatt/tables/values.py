"""Values of any kind as a column: arrays of NumPy and lists of Python objects."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData
from rosenblatt.tables.table import Column, NumberColumn, TextColumn, TimeColumn

# Whole numbers up to here are exact in float64; longer ones are ids, and come as text.
LARGEST_WHOLE = 2**53
_LARGEST_YEAR = 200_000  # datetime64[us] reaches a little further
_BOOLS = (bool, np.bool_)
_SECONDS = {
    "Y": 31_556_952.0, "M": 2_629_746.0, "W": 604_800.0, "D": 86_400.0, "h": 3600.0, "m": 60.0,
    "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15, "as": 1e-18,
    "generic": 1.0,
}  # fmt: skip


def column_of(
    name: str, values: NDArray[Any] | Sequence[object], stored: str = "", where: str = "X"
) -> Column:
    """A column of values of any kind.

    Args:
        name: of the column.
        values: (rows,) array of any dtype, or a list of objects.
        stored: the type in the source; the array's dtype if empty.
        where: what to call the table in messages.

    Raises:
        ValueError: complex numbers, or several values in each row.

    >>> column_of("age", [31, None, 45]).values.tolist()
    [31.0, nan, 45.0]
    >>> column_of("sea", ["near", None, "far"]).codes.tolist()
    [0, -1, 1]
    """
    array = _plain(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise BadData(
            f"{where}: column {name!r} does not have one value for each row.",
            given=f"an array of shape {array.shape}",
            expected="shape (rows,)",
        )
    stored = stored or ("object" if array.dtype.kind == "O" else str(array.dtype))
    kind = array.dtype.kind
    if kind == "b":
        return bool_column(name, array, stored)
    if kind in "iu":
        return _whole_column(name, array, stored)
    if kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return NumberColumn(name, array.astype(np.float64), stored)
    if kind == "M":
        return time_column(name, array, stored)
    if kind == "m":
        return _seconds_column(name, array, stored)
    if kind == "c":
        raise BadData(
            f"{where}: column {name!r} holds complex numbers. Complex data not supported.",
            given=f"dtype {array.dtype}",
            expected="real numbers, text or times",
            fix="make a column of the real and one of the imaginary part.",
        )
    return _object_column(name, array.tolist(), stored)


def _plain(values: NDArray[Any] | Sequence[object]) -> NDArray[Any]:
    """Values as a plain array; what is masked is None."""
    if isinstance(values, np.ma.MaskedArray):
        array: NDArray[Any] = np.ma.getdata(values).astype(object)
        array[np.ma.getmaskarray(values)] = None
        return array
    return np.asarray(values) if isinstance(values, np.ndarray) else objects_of(values)


def objects_of(values: Sequence[object]) -> NDArray[np.object_]:
    """A list as a (rows,) array of objects, whatever these are."""
    array = np.empty(len(values), object)
    for row, value in enumerate(values):
        array[row] = value
    return array


def bool_column(
    name: str,
    values: NDArray[np.bool_],
    stored: str,
    missing: NDArray[np.bool_] | None = None,
) -> TextColumn:
    """A column of booleans, of which some may be missing."""
    codes = values.astype(np.int32)
    if missing is not None:
        codes[missing] = -1
    return TextColumn(name, codes, np.array(["False", "True"], object), stored, (False, True))


def _whole_column(name: str, values: NDArray[np.integer], stored: str) -> Column:
    if len(values) and (values.max() > LARGEST_WHOLE or values.min() < -LARGEST_WHOLE):
        return encoded_column(name, map(str, values.tolist()), stored)
    return NumberColumn(name, values.astype(np.float64), stored)


def time_column(name: str, values: NDArray[np.datetime64], stored: str) -> TimeColumn:
    """A column of NumPy's times, of any unit; those beyond the years ±200,000 are missing."""
    if values.dtype == np.dtype("M8[us]"):
        return TimeColumn(name, values, stored)
    missing = np.isnat(values)
    if np.datetime_data(values.dtype)[0] in ("Y", "M", "W", "D", "h", "m", "s", "ms"):
        years = values.astype("M8[Y]").astype(np.int64)
        missing = missing | (np.abs(years) > _LARGEST_YEAR)
    kept = np.where(missing, np.datetime64("NaT"), values)
    return TimeColumn(name, kept.astype("M8[us]"), stored)


def _seconds_column(name: str, values: NDArray[np.timedelta64], stored: str) -> NumberColumn:
    unit, count = np.datetime_data(values.dtype)
    seconds = values.astype(np.int64).astype(np.float64) * (_SECONDS[unit] * count)
    return NumberColumn(name, np.where(np.isnat(values), np.nan, seconds), stored)


def _object_column(name: str, values: list[object], stored: str) -> Column:
    """A column of Python objects: of one kind if they all are of it, else the text of each."""
    types = set(map(type, values)) - {type(None)}
    if types == {str}:
        return or_nothing(encoded_column(name, values, stored))  # type: ignore[arg-type]
    kept = [None if _is_missing(value) else value for value in values]
    types = set(map(type, kept)) - {type(None)}
    if not types:
        return NumberColumn(name, np.full(len(kept), np.nan), stored)
    if all(issubclass(kind, _BOOLS) for kind in types):
        missing = np.array([value is None for value in kept])
        truths = np.array([bool(value) for value in kept])
        return bool_column(name, truths, stored or "bool", missing)
    for fits, made in (
        (_is_number_type, _numbers),
        (_is_time_type, _times),
        (_is_duration_type, _durations),
    ):
        if all(map(fits, types)):
            column = made(name, kept, stored)
            if column is not None:
                return column
    return or_nothing(encoded_column(name, (text_of(value) for value in kept), stored))


def _is_missing(value: object) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, (float, np.floating, np.datetime64, np.timedelta64)):
        return bool(value != value)
    return False


def _is_number_type(kind: type) -> bool:
    real = issubclass(kind, (numbers.Real, Decimal, np.integer, np.floating))
    return real and not issubclass(kind, (*_BOOLS, np.timedelta64))


def _is_time_type(kind: type) -> bool:
    return issubclass(kind, (datetime.date, np.datetime64))


def _is_duration_type(kind: type) -> bool:
    return issubclass(kind, (datetime.timedelta, np.timedelta64))


def _numbers(name: str, values: list[object], stored: str) -> Column | None:
    """A column of numbers; None where float64 would not tell them apart, or they do not fit."""
    found = np.empty(len(values))
    try:
        for row, value in enumerate(values):
            number = np.nan if value is None else float(value)  # type: ignore[arg-type]
            if abs(number) > LARGEST_WHOLE and isinstance(value, (int, np.integer, Decimal)):
                return None
            found[row] = number
    except Exception:  # a user's number, or one beyond float64
        return None
    return NumberColumn(name, found, stored)


def _times(name: str, values: list[object], stored: str) -> Column | None:
    try:
        times = np.array([_clock(value) for value in values], "M8[us]")
    except Exception:  # out of range
        return None
    return TimeColumn(name, times, stored)


def _clock(value: object) -> object:
    """A time without its zone."""
    if isinstance(value, datetime.datetime):
        return datetime.datetime.combine(value.date(), value.time())
    return value


def _durations(name: str, values: list[object], stored: str) -> Column | None:
    try:
        return _seconds_column(name, np.array(values, "m8[us]"), stored)
    except Exception:  # out of range
        return None


def encoded_column(name: str, texts: Iterable[str | None], stored: str) -> TextColumn:
    """A column of texts, None where missing, by their different words in order of appearance."""
    places: dict[str | None, int] = {}
    codes = np.fromiter(
        (-1 if text is None else places.setdefault(text, len(places)) for text in texts), np.int32
    )
    return word_column(name, codes, list(places), stored)


def word_column(
    name: str, codes: NDArray[np.integer], words: Iterable[object], stored: str
) -> TextColumn:
    """A column of codes and the values that they stand for, which need not differ as text.

    Blanks around a text are left out, and one of nothing but blanks is missing: whether a file
    keeps them depends on who wrote it.

    Args:
        name: of the column.
        codes: (rows,) positions among the words; negative where the value is missing.
        words: a value of any type for each code; one that is missing makes its rows missing.
        stored: the type in the source.
    """
    words = list(words)
    texts = [None if _is_missing(word) else text_of(word) for word in words]
    bare = [text.strip() if text is not None else "" for text in texts]
    places: dict[str, int] = {}
    into = [places.setdefault(text, len(places)) if text else -1 for text in bare]
    array = objects_of(list(places))
    codes = np.maximum(np.asarray(codes), -1)
    if into != list(range(len(into))):
        codes = np.array([*into, -1])[codes]
    first = {text: word for text, word in zip(reversed(bare), reversed(words), strict=True) if text}
    meant = _meant([first[text] for text in places if text])
    return TextColumn(name, codes.astype(np.int32, copy=False), array, stored, meant)


def _meant(values: Sequence[object]) -> tuple[bool | int | float, ...] | None:
    """Booleans or numbers as Python has them; None where one of them is something else."""
    if any(isinstance(value, str) for value in values[:1]):
        return None
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    for kinds in ((bool,), (int, float)):
        if plain and all(type(value) in kinds for value in plain):
            return tuple(plain)  # type: ignore[arg-type]
    return None


def or_nothing(column: TextColumn) -> Column:
    """A column of text; one of numbers, all missing, where it has no text at all."""
    if len(column.words) or not len(column):
        return column
    return NumberColumn(column.name, np.full(len(column), np.nan), column.stored)


def text_of(value: object) -> str | None:
    """The text of a value, whatever it is, that can be written as UTF-8."""
    if value is None:
        return None
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    try:
        text = str(value)
    except Exception:  # a user's `__str__`
        return f"an object of type {type(value).__name__}"
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return str.__str__(text)
