"""Texts as numbers and as times, by one rule for a whole column; NumPy and no other library."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadArgument

Words = Iterable[object]
Numbers = NDArray[np.float64]
Times = NDArray[np.datetime64]

# Texts that stand for "no value", in lower case and without blanks around them.
MISSING_WORDS = (
    "", "na", "n/a", "nan", "null", "none", "?", "-", "--", "nil",
    "#n/a", "<na>", "n.a.", "nat", "(null)", ".",
)  # fmt: skip

# Dates as ISO 8601 has them, with or without time of day, fraction of a second and time zone.
ISO = "ISO 8601"
# Counts from the start of 1970, each as microseconds.
EPOCHS = {"seconds since 1970": 1_000_000, "milliseconds since 1970": 1000}
DECIMALS = (".", ",")

_CURRENCY = (
    r"(?:(?:US|[ARCS])?\$|[€£¥₹₽₩₺₪₫฿₴₦¢]|(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|INR|CNY|RMB|SEK|NOK|DKK|PLN|BRL)"
    r"|Rs\.?|kr\.?|zł)"
)
# Thousands separators all alike, with three digits after each, or with two as in India.
_WHOLE = r"(?:[1-9]\d{0,2}(?P<mark>[,' _])\d{3}(?:(?P=mark)\d{3})*|[1-9]\d?(?:,\d\d)+,\d{3}|\d+)"
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+]?)\s*{_CURRENCY}?\s*(?P<sign2>[-+]?)\s*"
    rf"(?P<value>{_WHOLE}?(?:\.\d*)?(?:[eE][-+]?\d+)?)"
    rf"\s*(?P<unit>[kKMB]|bn)?\s*(?:[%‰]|{_CURRENCY})?\s*(?P<close>\))?(?P<after>-?)"
)
_ALIKE = str.maketrans({
    "−": "-", "–": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'"
})  # fmt: skip
_SWAPPED = str.maketrans({",": ".", ".": ","})
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?", re.ASCII).fullmatch
_MARKS = str.maketrans("", "", ",' _")
_UNITS = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "bn": 1e9}

_MONTHS = {
    name: month
    for month, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july",
         "aug august", "sep sept september", "oct october", "nov november", "dec december"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?"
_FIELDS = {
    "Y": r"\d{4}", "m": r"\d{1,2}", "d": r"\d{1,2}", "y": r"\d{2}", "H": r"\d{1,2}",
    "I": r"\d{1,2}", "M": r"\d{2}", "S": r"\d{2}", "f": r"\d{1,9}", "b": r"[a-z]{3,9}",
    "p": r"[ap]\.?m\.?", "z": r"z|utc|gmt|[-+]\d{2}:?\d{2}",
}  # fmt: skip
_SAME = {"B": "b", "A": "a"}
_ISO_ENDING = re.compile(r"\s*(?:Z|[A-Z]{3,5}|[-+]\d{2}:?\d{2})", re.IGNORECASE)
_FIRST_TIME, _LAST_TIME = -62_135_596_800e6, 253_402_300_799e6  # years 1 to 9999
_FIRST_OF_1970 = datetime.date(1970, 1, 1).toordinal()
_NO_TIME = int(np.datetime64("NaT", "us").astype(np.int64))
_AT_ONCE = 10_000


def missing(words: Words, missing_words: Collection[str] = MISSING_WORDS) -> NDArray[np.bool_]:
    """Say which texts stand for a missing value.

    Args:
        words: the texts; None and NaN are missing.
        missing_words: texts that say so, in lower case.

    Returns:
        A mask (n,).

    >>> missing(["7", " N/A ", "nine", None])
    array([False,  True, False,  True])
    """
    known = frozenset(missing_words)
    return np.array([not _text(word) or _text(word).lower() in known for word in words], dtype=bool)


def numbers(
    words: Words,
    decimal: str = ".",
    missing_words: Collection[str] = MISSING_WORDS,
    unit: str = "",
) -> Numbers:
    """Read texts as numbers.

    Signs of currencies and percent are left away ("12 %" is 12), thousands separators taken out,
    and "(5)", "5-" and "−5" are −5; "1.5k", "3M" and "2B" are thousands, millions, billions.

    Args:
        words: (n,) texts; numbers among them stay as they are.
        decimal: the decimal sign, "." or ",".
        missing_words: texts, in lower case, that are missing values even where they are numbers.
        unit: what may stand after each number, such as "kg".

    Returns:
        (n,) float64; NaN for what is missing, infinite or not a number.

    Raises:
        ValueError: an unknown decimal sign.

    >>> numbers(["1,234.5", "$ 7", "", "n/a", "(2)", "1e3", "12:30"])
    array([1234.5,    7. ,    nan,    nan,   -2. , 1000. ,    nan])
    >>> numbers(["1.234,5", "12,5 %", "€ 3.000"], decimal=",")
    array([1234.5,   12.5, 3000. ])
    >>> numbers(["72 kg", "80.5kg", "75", "150 lb"], unit="kg")
    array([72. , 80.5, 75. ,  nan])
    """
    if decimal not in DECIMALS:
        raise BadArgument(f"The decimal sign is unknown. Given: {decimal!r}. Expected: '.' or ','.")
    read = _number if decimal == "." else _number_with_comma
    if unit:
        words = [_text(word).removesuffix(unit) for word in words]
    found = np.array([read(word) for word in words], dtype=np.float64)
    coded = [word for word in missing_words if not np.isnan(_number(word))]
    if coded:  # such as "-1" and "999"
        found[missing(words, coded)] = np.nan
    found[~np.isfinite(found)] = np.nan
    return found


def _number(word: object) -> float:
    try:
        return float(word)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        text = _text(word)
    bare = text.strip("$€£% ")
    if _GROUPED(bare):
        bare = bare.replace(",", "")
    try:
        return float(bare)
    except ValueError:
        return _written_out(text)


def _number_with_comma(word: object) -> float:
    return _number(word.translate(_SWAPPED) if isinstance(word, str) else word)


def _written_out(word: str) -> float:
    """A number with more around it than Python reads; NaN where it is not a number."""
    match = _NUMBER.fullmatch(word if word.isascii() else word.translate(_ALIKE))
    if match is None or bool(match["open"]) != bool(match["close"]):
        return np.nan
    if match["sign"] and match["sign2"]:
        return np.nan
    try:
        value = float(match["value"].translate(_MARKS))
    except ValueError:
        return np.nan
    negative = match["open"] or "-" in (match["sign"], match["sign2"], match["after"])
    return (-value if negative else value) * _UNITS.get(match["unit"], 1.0)


def _text(word: object) -> str:
    """A value as text without blanks around it; nothing for None and NaN."""
    if isinstance(word, str):
        return word.strip()
    if isinstance(word, bytes):
        return word.decode("utf-8", "replace").strip()
    return "" if word is None or word != word else str(word)


def check_format(date_format: str) -> str:
    """Return a format of dates as it is.

    Raises:
        ValueError: it is not `ISO` and has no directive, or an unknown one.

    >>> check_format("%d/%m/%Y")
    '%d/%m/%Y'
    """
    if date_format != ISO and date_format not in EPOCHS:
        _pattern(date_format)
    return date_format


def times(values: Words | Numbers | Times, date_format: str = ISO) -> Times:
    """Read texts (or numbers such as 20240131) as times.

    A time with a zone is the clock's time there: the zone is left away. Digits of a day, month or
    hour may be one where the format has two; months are English, of any length; of two digits of a
    year 69 to 99 are in the 1900s.

    Args:
        values: (n,) texts, numbers whose digits follow the format, or times, which stay.
        date_format: `ISO`; directives as `time.strptime` has them: %Y %y %m %d %b %B %a %A %H %I
            %M %S %f %p %z; or one of `EPOCHS`, such as "seconds since 1970".

    Returns:
        (n,) datetime64[us]; NaT for what is missing or is not such a time.

    Raises:
        ValueError: an unknown format.

    >>> times(["2013-01-31", "2013-01-31T10:30:00+02:00", "soon"])
    array(['2013-01-31T00:00:00.000000', '2013-01-31T10:30:00.000000',
                                  'NaT'], dtype='datetime64[us]')
    >>> times(["31/01/2013", "1/2/2013", "31/02/2013"], "%d/%m/%Y").astype("datetime64[D]")
    array(['2013-01-31', '2013-02-01',        'NaT'], dtype='datetime64[D]')
    >>> times(np.array([20240131.0, np.nan]), "%Y%m%d").astype("datetime64[D]")
    array(['2024-01-31',        'NaT'], dtype='datetime64[D]')
    """
    check_format(date_format)
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return values.astype("datetime64[us]")
    if date_format in EPOCHS:
        return _times_since_1970(numbers(values), EPOCHS[date_format])
    read = _iso_times if date_format == ISO else _reader(date_format)
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        different, places = np.unique(values, return_inverse=True)
        return read([_digits(value) for value in different.tolist()])[places]
    return read([_text(value) for value in values])


def _digits(value: float) -> str:
    """The digits of a whole number; nothing for another one."""
    return str(int(value)) if value == value and abs(value) < 2**63 and value == int(value) else ""


def _iso_times(words: list[str]) -> Times:
    # NumPy takes long for a list of datetimes; for numbers it does not.
    micro = np.fromiter(map(_micro, map(_iso_time, words)), np.int64, len(words))
    return micro.astype("datetime64[us]")


def _micro(time: datetime.datetime | None) -> int:
    """Microseconds since 1970, as NumPy counts them."""
    if time is None:
        return _NO_TIME
    days = time.toordinal() - _FIRST_OF_1970
    seconds = days * 86_400 + time.hour * 3600 + time.minute * 60 + time.second
    return seconds * 1_000_000 + time.microsecond


def _iso_time(word: str) -> datetime.datetime | None:
    """The time that a text has, with its zone; None for another text."""
    try:
        return datetime.datetime.fromisoformat(word)
    except ValueError:
        # Blanks before the zone, or its name: "2013-01-31 10:00:00 CET".
        ending = _ISO_ENDING.search(word, 16)
        if ending is None or ending.end() != len(word):
            return None
    try:
        return datetime.datetime.fromisoformat(word[: ending.start()])
    except ValueError:
        return None


def _times_since_1970(values: Numbers, unit: int) -> Times:
    """Times so many units of microseconds after the start of 1970; NaT outside years 1 to 9999."""
    micro = np.where(np.isnan(values), np.inf, values) * float(unit)
    valid = (micro > _FIRST_TIME) & (micro < _LAST_TIME)
    result = np.where(valid, micro, 0).astype(np.int64).astype("datetime64[us]")
    result[~valid] = np.datetime64("NaT")
    return result


def _reader(date_format: str) -> Callable[[list[str]], Times]:
    pattern, fields = _pattern(date_format)

    def read_some(words: list[str]) -> Times:
        matches = [pattern.fullmatch(word) for word in words]
        found = [match.groups() for match in matches if match]
        result = np.full(len(words), np.datetime64("NaT"), dtype="datetime64[us]")
        if found:
            columns = dict(zip(fields, zip(*found, strict=True), strict=True))
            result[[match is not None for match in matches]] = _assembled(columns, len(found))
        return result

    def read(words: list[str]) -> Times:
        # Few at a time: a million matches held at once are slow to allocate.
        starts = range(0, len(words), _AT_ONCE) or [0]
        return np.concatenate([read_some(words[start : start + _AT_ONCE]) for start in starts])

    return read


@lru_cache(maxsize=256)
def _pattern(date_format: str) -> tuple[re.Pattern[str], list[str]]:
    """A format as a regular expression, and the directives of its groups."""
    pieces = re.split(r"%([A-Za-z%])", date_format)
    texts, directives = pieces[::2], [_SAME.get(d, d) for d in pieces[1::2]]
    pattern, fields = re.escape(texts[0]), []
    for place, (directive, text) in enumerate(zip(directives, texts[1:], strict=True)):
        if directive == "a":
            pattern += _WEEKDAY
        elif directive == "%":
            pattern += "%"
        elif directive in _FIELDS and directive not in fields:
            # Without a sign between two fields each has all its digits: %Y%m%d.
            alone = (text or place + 1 == len(directives)) and (texts[place] or place == 0)
            field = _FIELDS[directive] if alone else _FIELDS[directive].replace("{1,2}", "{2}")
            pattern += f"({field})"
            fields.append(directive)
        else:
            fields = []
            break
        following = directives[place + 1] if place + 1 < len(directives) else ""
        blanks = r"\\s*" if following in ("p", "z") else r"\\s+"
        pattern += re.sub(r"(?:\\?\s)+", blanks, re.escape(text))
    if not fields:
        raise BadArgument(
            "The format of the dates is unknown.",
            given=repr(date_format),
            expected=f"{ISO!r}, directives such as '%d/%m/%Y %H:%M', each once, or one of "
            + ", ".join(map(repr, EPOCHS)),
        )
    return re.compile(pattern, re.IGNORECASE | re.ASCII), fields


def _assembled(columns: dict[str, tuple[str, ...]], count: int) -> Times:
    """Times from the texts of their fields; NaT where the calendar has no such day or hour."""

    def field(directive: str, otherwise: int) -> NDArray[np.int64]:
        texts = columns.get(directive)
        if texts is None:
            return np.full(count, otherwise)
        return np.fromiter(map(int, texts), np.int64, count)

    year = field("Y", 1970)
    if "y" in columns:
        year = field("y", 70) + 1900
        year[year < 1969] += 100
    month = field("m", 1)
    if "b" in columns:
        month = np.array([_MONTHS.get(name.lower(), 0) for name in columns["b"]])
    day, minute, second = field("d", 1), field("M", 0), field("S", 0)
    hour = field("H", 0)
    valid = (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second <= 60)
    if "I" in columns:
        hour = field("I", 12)
        valid &= (hour >= 1) & (hour <= 12)
        late = [text[0] in "pP" for text in columns.get("p", ("a",) * count)]
        hour = hour % 12 + 12 * np.array(late)

    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    valid &= (day >= 1) & (days.astype("datetime64[M]") == months)
    seconds = hour * 3600 + minute * 60 + second
    micro = np.array([int(text.ljust(6, "0")[:6]) for text in columns.get("f", ("0",) * count)])
    result = days.astype("datetime64[us]") + (seconds * 1_000_000 + micro)
    result[~valid] = np.datetime64("NaT")
    return result
