"""Pictures as SVG: axes, points, lines and areas, coloured by the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from rosenblatt.tabular.wording import clean, tick

WIDTH, HEIGHT = 340, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 10, 10, 38
_TICKS = 5

Range = tuple[float, float]


def steps(low: float, high: float, count: int = _TICKS) -> list[float]:
    """Round numbers from low to high, about so many.

    >>> steps(0.0, 1.0), steps(-3.0, 17.0)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 5.0, 10.0, 15.0])
    """
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    size = next(power * one for one in (1, 2, 5, 10) if power * one >= rough * 0.999)
    first, last = math.ceil(low / size - 1e-9), math.floor(high / size + 1e-9)
    return [float(f"{place * size:.12g}") for place in range(first, last + 1)]


def padded(values: Iterable[float], part: float = 0.04) -> Range:
    """The range of numbers, a little wider; never empty.

    >>> padded([1.0, 2.0], 0.1), padded([3.0]), padded([])
    ((0.9, 2.1), (2.5, 3.5), (0.0, 1.0))
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if low == high:
        return low - 0.5, high + 0.5
    more = (high - low) * part
    return low - more, high + more


def titled(tag: str, attributes: str, title: str) -> str:
    """An element that says something when the pointer rests on it."""
    return f"<{tag} {attributes}><title>{escape(clean(title))}</title></{tag}>"


class Chart:
    """A picture with two axes, to which marks are added in the units of the data.

    Args:
        x, y: the ranges of the axes.
        x_title, y_title: what they are.
        says: the picture in a sentence, for who cannot see it.
        log: whether both axes are logarithmic; then ranges are above 0.

    >>> chart = Chart((0.0, 1.0), (0.0, 1.0), "x", "y", "A line that rises.")
    >>> chart.line([(0.0, 0.0), (1.0, 1.0)], "line")
    >>> chart.svg().count("<path")
    1
    """

    def __init__(
        self,
        x: Range,
        y: Range,
        x_title: str,
        y_title: str,
        says: str,
        *,
        log: bool = False,
    ):
        self._x, self._y, self._log = x, y, log
        self._says = says
        self._marks: list[str] = []
        self._axes(x_title, y_title)

    def _scaled(self, value: float, ends: Range) -> float:
        low, high = ends
        if self._log:
            value, low, high = (math.log10(max(one, 1e-300)) for one in (value, low, high))
        return min(max((value - low) / (high - low), -0.02), 1.02)

    def _at(self, x: float, y: float) -> tuple[str, str]:
        across = _LEFT + self._scaled(x, self._x) * (WIDTH - _LEFT - _RIGHT)
        down = HEIGHT - _BOTTOM - self._scaled(y, self._y) * (HEIGHT - _TOP - _BOTTOM)
        return f"{across:.1f}", f"{down:.1f}"

    def _ticks(self, ends: Range) -> list[float]:
        if not self._log:
            return steps(*ends)
        powers = range(math.ceil(math.log10(ends[0])), math.floor(math.log10(ends[1])) + 1)
        return [10.0**power for power in powers] if len(powers) > 1 else steps(*ends, 3)

    def _axes(self, x_title: str, y_title: str) -> None:
        for value in self._ticks(self._y):
            x, y = self._at(self._x[0], value)
            end, _ = self._at(self._x[1], value)
            self._marks.append(f'<line class="grid" x1="{x}" y1="{y}" x2="{end}" y2="{y}"/>')
            self._text(f'x="{_LEFT - 6}" y="{y}" dy="0.32em" text-anchor="end"', tick(value))
        for value in self._ticks(self._x):
            x, y = self._at(value, self._y[0])
            self._text(f'x="{x}" y="{HEIGHT - _BOTTOM + 14}" text-anchor="middle"', tick(value))
        x, y = self._at(self._x[0], self._y[0])
        end, _ = self._at(self._x[1], self._y[0])
        self._marks.append(f'<line class="axis" x1="{x}" y1="{y}" x2="{end}" y2="{y}"/>')
        middle = (_LEFT + WIDTH - _RIGHT) / 2
        self._text(f'x="{middle}" y="{HEIGHT - 6}" text-anchor="middle"', x_title)
        turned = f'transform="translate(11 {(HEIGHT - _BOTTOM + _TOP) / 2}) rotate(-90)"'
        self._text(f'{turned} text-anchor="middle"', y_title)

    def _text(self, attributes: str, text: str) -> None:
        self._marks.append(f"<text {attributes}>{escape(clean(text))}</text>")

    def line(self, points: Sequence[tuple[float, float]], style: str) -> None:
        """Join points; those that are not finite are left out."""
        known = [self._at(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        if len(known) > 1:
            path = "M" + "L".join(f"{x} {y}" for x, y in known)
            self._marks.append(f'<path class="{style}" d="{path}"/>')

    def area(self, points: Sequence[tuple[float, float, float]], style: str) -> None:
        """Fill between two lines of (x, low, high)."""
        up = [self._at(x, high) for x, _, high in points]
        down = [self._at(x, low) for x, low, _ in reversed(points)]
        path = "M" + "L".join(f"{x} {y}" for x, y in [*up, *down]) + "Z"
        self._marks.append(f'<path class="{style}" d="{path}"/>')

    def dot(self, x: float, y: float, radius: float, style: str, title: str) -> None:
        """A point that says its values."""
        across, down = self._at(x, y)
        place = f'class="{style}" cx="{across}" cy="{down}" r="{radius:g}"'
        self._marks.append(titled("circle", place, title))

    def bar(self, x: float, low: float, high: float, style: str) -> None:
        """A vertical line from low to high."""
        self.line([(x, low), (x, high)], style)

    def svg(self) -> str:
        """The picture."""
        return picture(WIDTH, HEIGHT, self._says, self._marks)


def picture(width: float, height: float, says: str, marks: Iterable[str]) -> str:
    """An SVG element of this size at most, narrower where the page is."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" style="max-width:{width * 1.35:g}px" '
        f'role="img" aria-label="{escape(clean(says))}">' + "".join(marks) + "</svg>"
    )
