"""Raw columns of numbers and of times, as text or not: what a network computes with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.checks import Check, choice, is_real, number, several, text
from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import HOST, setting
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.layers.tabular.host import RawLayer, Values, each_once, refuse_times
from rosenblatt.tables.parsing import DECIMALS, ISO, MISSING_WORDS, check_format, numbers, times

Floats = NDArray[np.float64]

_FINITE = Check(lambda v: is_real(v) and math.isfinite(v), "a finite number", float, ["1", None])
_POSITIVE = Check(
    lambda v: is_real(v) and 0 < v < math.inf, "a positive number", float, ["1", None, 0.0, -1.0]
)
_WORDS = Check(
    lambda value: (
        value is None
        or (isinstance(value, (list, tuple)) and all(isinstance(word, str) for word in value))
    ),
    "a list of words, or None for the usual ones",
    lambda value: None if value is None else [word.lower() for word in value],
    ["na", [3]],
)


def standardized(values: Floats, center: Floats | float, scale: Floats | float) -> Values:
    """(x − center) / scale in 64 bits, then in 32."""
    with np.errstate(over="ignore"):
        return ((values - center) / scale).astype(np.float32)


@builtin("rosenblatt.layers")
class NumberParsing(RawLayer):
    """Numbers, or text of numbers, as (x − center) / scale; what is missing is NaN.

    x and the difference have 64 bits: seconds since 1970 and long ids keep what tells rows apart.

    Args:
        center: what is subtracted, such as the median.
        scale: what the difference is divided by, such as the distance of the quartiles.
        decimal: the decimal sign of text, "." or ",".
        missing_words: texts that stand for a missing value, in any case; the usual ones ("NA", "?",
            "-" …) if None. Numbers among them, such as "-999", count in columns of numbers too.
        unit: what stands after the numbers in text, such as "kg".

    Inputs: numbers, booleans or text of any shape. Outputs: float32 of the same shape, NaN where a
    value is missing, infinite, or text that is not a number.

    Raises:
        ValueError: settings that are out of range; times.

    >>> NumberParsing(center=10.0, scale=2.0)(np.array(["12", "n/a", "1,010", None], object))
    Array([  1.,  nan, 500.,  nan], dtype=float32)
    """

    center: float = setting(_FINITE, default=0.0, role=HOST)
    scale: float = setting(_POSITIVE, default=1.0, role=HOST)
    decimal: str = setting(choice(*DECIMALS), default=".", role=HOST)
    missing_words: Sequence[str] | None = setting(_WORDS, default=None, role=HOST)
    unit: str = setting(text, default="", role=HOST)

    def values(self, inputs: Values) -> Floats:
        """The numbers themselves, float64 of the inputs' shape, NaN where missing."""
        refuse_times(inputs, self._where)
        words = MISSING_WORDS if self.missing_words is None else self.missing_words
        if inputs.dtype.kind not in "fiub":
            return each_once(
                lambda items: numbers(items, self.decimal, words, self.unit), inputs
            ).reshape(inputs.shape)
        found = inputs.astype(np.float64)
        found[~np.isfinite(found)] = np.nan
        if self.missing_words:
            coded = numbers(self.missing_words, missing_words=())
            found[np.isin(found, coded[~np.isnan(coded)])] = np.nan
        return found

    def lookup(self, inputs: Values) -> Values:
        """The numbers, centered and scaled."""
        return standardized(self.values(inputs), self.center, self.scale)

    @staticmethod
    def lookup_all(layers: Sequence[NumberParsing], columns: Sequence[Values]) -> list[Values]:
        """What several layers find, each for its column: for columns of numbers at once.

        For one row this takes a tenth of the time that as many calls take.
        """
        plain = [
            place
            for place, (layer, column) in enumerate(zip(layers, columns, strict=True))
            if column.dtype.kind in "fiub" and column.ndim == 1 and not layer.missing_words
        ]
        if not plain:
            return [layer.lookup(column) for layer, column in zip(layers, columns, strict=True)]
        table = np.empty((len(plain), len(columns[0])))
        for row, place in enumerate(plain):
            table[row] = columns[place]
        table[~np.isfinite(table)] = np.nan
        center, scale = np.array([[layers[p].center, layers[p].scale] for p in plain]).T
        found = standardized(table, center[:, None], scale[:, None])
        at_once = dict(zip(plain, found, strict=True))
        return [
            at_once[place] if place in at_once else layer.lookup(column)
            for place, (layer, column) in enumerate(zip(layers, columns, strict=True))
        ]

    def found_spec(self, inputs: KerasTensor) -> KerasTensor:
        """A symbolic tensor like what `lookup` finds."""
        return KerasTensor(inputs.shape, "float32")


DATE_PARTS = ("days", "year", "month", "day", "weekday", "day_of_year", "hour")
"""Parts of a time: days since 1970 with a fraction, Monday 0, January 1st 1, whole hours."""


def date_parts(values: NDArray[np.datetime64], parts: Sequence[str] = DATE_PARTS) -> Floats:
    """Parts of times.

    Args:
        values: (n,) datetime64.
        parts: which of `DATE_PARTS`.

    Returns:
        (n, parts) float64, NaN where a time is missing.

    >>> date_parts(np.array(["2013-02-03T06:00"], "datetime64[us]")).tolist()
    [[15739.25, 2013.0, 2.0, 3.0, 6.0, 34.0, 6.0]]
    """
    gone = np.isnat(values)
    micro = np.where(gone, np.datetime64(0, "us"), values.astype("datetime64[us]"))
    day, month, year = (micro.astype(f"datetime64[{unit}]") for unit in "DMY")
    since = day.astype(np.int64)
    of_day = (micro - day).astype(np.int64)
    found = {
        "days": since + of_day / 86_400e6,
        "year": year.astype(np.int64) + 1970,
        "month": month.astype(np.int64) % 12 + 1,
        "day": (day - month.astype("datetime64[D]")).astype(np.int64) + 1,
        "weekday": (since + 3) % 7,
        "day_of_year": (day - year.astype("datetime64[D]")).astype(np.int64) + 1,
        "hour": of_day // 3_600_000_000,
    }
    table = np.stack([found[part] for part in parts], axis=1).astype(np.float64)
    table[gone] = np.nan
    return table


_PARTS = Check(
    lambda value: (
        isinstance(value, (list, tuple))
        and bool(value)
        and all(part in DATE_PARTS for part in value)
    ),
    "a list of " + ", ".join(map(repr, DATE_PARTS)),
    list,
    [[], "year", ["century"]],
)


@builtin("rosenblatt.layers")
class DateParsing(RawLayer):
    """Times, or text of times, as parts: (part − center) / scale; what is missing is NaN.

    Args:
        format: of text (and of numbers whose digits are a date): "ISO 8601", directives such as
            "%d/%m/%Y %H:%M", or "seconds since 1970" and "milliseconds since 1970".
        parts: which parts: "days" (since 1970, with a fraction), "year", "month", "day", "weekday"
            (Monday is 0), "day_of_year", "hour".
        center, scale: a number for all parts, or one for each.

    Inputs: times, text or numbers, (batch,) or (batch, 1). Outputs: float32 (batch, parts), NaN
    where a value is missing or is not such a time.

    Raises:
        ValueError: an unknown format or part; as many centers as there are no parts.

    >>> DateParsing(parts=["year", "weekday"])(np.array(["2013-02-03", "", "soon"]))
    Array([[2013.,    6.],
           [  nan,   nan],
           [  nan,   nan]], dtype=float32)
    """

    format: str = setting(Check(lambda v: isinstance(v, str), "a format of dates", check_format,
                                [3, None]), default=ISO, role=HOST)  # fmt: skip
    parts: Sequence[str] = setting(_PARTS, default=DATE_PARTS)
    center: Any = setting(several(number()), default=0.0, role=HOST)
    scale: Any = setting(several(number(above=0)), default=1.0, role=HOST)

    def __post_init__(self) -> None:
        """There are as many centers as parts."""
        for name, given in (("center", self.center), ("scale", self.scale)):
            if isinstance(given, list) and len(given) != len(self.parts):
                raise BadArgument(
                    f"{self._where}: `{name}` does not fit the parts.",
                    given=f"{len(given)} numbers for {len(self.parts)} parts",
                    expected="one number, or one for each part",
                )

    def values(self, inputs: Values) -> Floats:
        """The parts themselves, (batch, parts) float64, NaN where missing."""
        if inputs.ndim > 2 or inputs.shape[1:] not in ((), (1,)):
            raise BadData(
                f"{self._where} takes one column.",
                given=f"an array of shape {inputs.shape}",
                expected="(rows,) or (rows, 1)",
            )
        column = inputs.ravel()
        if column.dtype.kind in "iufM":
            found = times(column, self.format)
        else:
            found = each_once(lambda items: times(items, self.format), column)
        return date_parts(found, self.parts)

    def lookup(self, inputs: Values) -> Values:
        """The parts, centered and scaled."""
        center, scale = np.asarray(self.center), np.asarray(self.scale)
        return ((self.values(inputs) - center) / scale).astype(np.float32)

    def found_spec(self, inputs: KerasTensor) -> KerasTensor:
        """A symbolic tensor like what `lookup` finds."""
        return KerasTensor((inputs.shape[0], len(self.parts)), "float32")
