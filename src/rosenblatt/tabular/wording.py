"""Numbers and strangers' texts as people read them."""

from __future__ import annotations

import math

_SUFFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: float, digits: int = 4, *, zeros: bool = False) -> str:
    """A number with so many significant digits, and commas between thousands.

    Args:
        value: the number.
        digits: how many.
        zeros: whether zeros at the end count as digits, as in a column of numbers.

    >>> number(0.45591), number(1234567.0), number(20.0), number(1.5e-7)
    ('0.4559', '1,234,567', '20', '1.5e-07')
    >>> number(0.9, zeros=True)
    '0.9000'
    """
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size >= 10 ** (digits - 1):
        return f"{value:,.0f}" if size < 1e15 else f"{value:.{digits}g}"
    return f"{value:#.{digits}g}" if zeros else f"{value:.{digits}g}"


def rounded(value: float, digits: int = 6) -> float:
    """A number of so many significant digits, for files.

    >>> rounded(0.123456789)
    0.123457
    """
    return float(f"{value:.{digits}g}")


def tick(value: float) -> str:
    """A round number on an axis, short.

    >>> tick(250000.0), tick(0.05), tick(-3e6), tick(1500.0)
    ('250k', '0.05', '-3M', '1.5k')
    """
    for size, suffix in _SUFFIXES:
        if abs(value) >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"


def short(value: float) -> str:
    """A number in a few characters.

    >>> short(5161567.0), short(0.08848), short(-0.00083)
    ('5.16M', '0.0885', '-0.00083')
    """
    return tick(float(f"{value:.3g}"))


def share(value: float) -> str:
    """A share in percent; what is not nothing, or not all, does not read as if it were.

    >>> share(0.0), share(0.0001), share(0.123), share(0.9999), share(1.0)
    ('0 %', '< 0.1 %', '12.3 %', '> 99.9 %', '100 %')
    """
    if 0 < value < 0.001:
        return "< 0.1 %"
    if 0.999 < value < 1:
        return "> 99.9 %"
    return f"{value * 100:.3g} %"


def seconds(value: float) -> str:
    """A time.

    >>> seconds(0.25), seconds(42.3), seconds(90.0), seconds(7300.0)
    ('0.25 s', '42 s', '1 min 30 s', '2 h 1 min')
    """
    if value < 10:
        return f"{value:.2g} s"
    if value < 60:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def clean(text: object) -> str:
    """A text on one line, without characters that move the cursor or cannot be in a page.

    >>> clean("a\\nb\\x1b[31m")
    'a b�[31m'
    """
    one_line = " ".join(str(text).split())
    shown = (c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in one_line)
    return "".join(shown).encode("utf-8", "replace").decode()


def cut(text: object, length: int) -> str:
    """A clean text of at most so many characters.

    >>> cut("longitude", 6)
    'longi…'
    """
    cleaned = clean(text)
    return cleaned if len(cleaned) <= length else cleaned[: max(0, length - 1)] + "…"
