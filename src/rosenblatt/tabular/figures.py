"""The pictures of a report: what each shows of a model, and how to read it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from rosenblatt.tabular.charts import Chart, padded, picture, titled
from rosenblatt.tabular.facts import Effect, Facts
from rosenblatt.tabular.held_out import Bin, HeldOut, Point
from rosenblatt.tabular.scores import MEASURES
from rosenblatt.tabular.wording import clean, cut, number, share, short

_MOST_BARS = 20
_MOST_NUMBERS = 8  # classes; with more, a cell is too small for its number
_LOG_FROM = 20.0  # ratio of large to small quantities


class Figure(NamedTuple):
    """A picture with its heading and how to read it."""

    heading: str
    svg: str
    caption: str


def figures(facts: Facts) -> list[Figure]:
    """All pictures that the facts allow, in the order of the page.

    >>> figures(Facts("a.csv", "y", "quantity"))
    []
    """
    makers: tuple[Callable[[Facts], Figure | None], ...] = (
        importance_bars,
        true_and_predicted,
        residuals,
        coverage,
        confusion,
        calibration,
        training_curves,
    )
    made = [made for made in (make(facts) for make in makers) if made is not None]
    return made + [effect_of(one, facts) for one in facts.effects]


def importance_bars(facts: Facts) -> Figure | None:
    """A bar for each of the most important columns."""
    shown = facts.importance[:_MOST_BARS]
    if not shown:
        return None
    measure = measure_title(facts.importance_measure)
    start, end, step = 148, 286, 21
    most = max((max(one.drop, 0.0) + one.spread for one in shown), default=0.0) or 1.0
    marks = []
    for place, one in enumerate(shown):
        y = place * step
        length = max(one.drop, 0.0) / most * (end - start)
        says = f"{one.name}: {number(one.drop)} ± {number(one.spread, 2)}"
        text = 'dy="0.32em" text-anchor="end"'
        marks.append(f'<text x="{start - 6}" y="{y + 9}" {text}>{escape(cut(one.name, 21))}</text>')
        size = f'x="{start}" y="{y + 2}" width="{max(length, 0.5):.1f}" height="14" rx="2"'
        marks.append(titled("rect", f'class="mark" {size}', says))
        low, high = (
            start + min(max(one.drop + by, 0.0), most) / most * (end - start)
            for by in (-one.spread, one.spread)
        )
        marks.append(f'<path class="whisker" d="M{low:.1f} {y + 9}L{high:.1f} {y + 9}"/>')
        marks.append(f'<text x="338" y="{y + 9}" {text} class="number">{short(one.drop)}</text>')
    left = len(facts.importance) - len(shown)
    more = f" {left} columns that matter less are not shown." if left else ""
    caption = (
        f"How much worse {measure} becomes when a column's values are shuffled; the thin line is "
        f"the spread over repeats. Columns that say the same share their importance.{more}"
    )
    svg = picture(340, len(shown) * step, "Importance of columns", marks)
    return Figure("What the model needs", svg, caption)


def measure_title(name: str) -> str:
    """A score as people write it."""
    return MEASURES[name].title if name in MEASURES else clean(name) or "the score"


def true_and_predicted(facts: Facts) -> Figure | None:
    """Points of held-out rows around the diagonal."""
    held = facts.held_out
    if held is None or not held.points:
        return None
    values = [value for point in held.points for value in (point.target, point.predicted)]
    log = min(values) > 0 and np.quantile(values, 0.95) > _LOG_FROM * np.quantile(values, 0.05)
    ends = padded(values)
    if log:
        ends = min(values) / 1.1, max(values) * 1.1
    says = f"Predicted against true {facts.target}"
    chart = Chart(ends, ends, f"true {cut(facts.target, 30)}", "predicted", says, log=bool(log))
    chart.line([(ends[0], ends[0]), (ends[1], ends[1])], "reference")
    for point in sorted(held.points, key=_is_missed):
        title = f"true {number(point.target)}, predicted {number(point.predicted)}"
        if point.low is not None and point.high is not None:
            title += f" ({number(point.low)} to {number(point.high)})"
        style = "point miss" if _is_missed(point) else "point"
        chart.dot(point.target, point.predicted, 2, style, title)
    shown = "" if len(held.points) == held.rows else f" {len(held.points)} of {held.rows:,} rows."
    judged = any(point.low is not None for point in held.points)
    missed = " Rows outside of their 90 % interval have the other colour." if judged else ""
    scale = " Both axes are logarithmic." if log else ""
    caption = f"On the line, a prediction is right.{missed}{scale}{shown}"
    return Figure("True and predicted", chart.svg(), caption)


def _is_missed(point: Point) -> bool:
    if point.low is None or point.high is None:
        return False
    return not point.low <= point.target <= point.high


def residuals(facts: Facts) -> Figure | None:
    """Errors by prediction: where the model is off, and where it is unsure."""
    held = facts.held_out
    if held is None or len(held.bands) < 2:
        return None
    bands = held.bands
    x = padded([band.predicted for band in bands], 0.02)
    y = padded([0.0, *(value for band in bands for value in (band.low, band.high))])
    says = "Predicted minus true, by prediction"
    chart = Chart(x, y, f"predicted {cut(facts.target, 30)}", "predicted − true", says)
    chart.area([(band.predicted, band.low, band.high) for band in bands], "band")
    chart.line([(x[0], 0.0), (x[1], 0.0)], "reference")
    chart.line([(band.predicted, band.middle) for band in bands], "line")
    for band in bands:
        title = f"around {number(band.predicted)}: median {number(band.middle)}, 80 % of rows from "
        title += f"{number(band.low)} to {number(band.high)}"
        chart.dot(band.predicted, band.middle, 3, "point solid", title)
    caption = (
        "Median error and the middle 80 % of errors, by prediction. A line away from 0 is a bias; "
        "a band that widens means that errors grow with the prediction."
    )
    return Figure("Residuals", chart.svg(), caption)


def coverage(facts: Facts) -> Figure | None:
    """How often intervals held the truth, by what was asked of them."""
    held = facts.held_out
    if held is None or not held.coverage:
        return None
    low = min(0.4, *(min(one.wanted, one.covered) for one in held.coverage))
    says = "Coverage found by coverage asked for"
    chart = Chart((low, 1.0), (low, 1.0), "asked for", "found", says)
    allowed = [(x, *_chance(x, held.rows)) for x in np.linspace(low, 0.999, 30)]
    chart.area(allowed, "band")
    chart.line([(low, low), (1.0, 1.0)], "reference")
    for one in held.coverage:
        title = f"{share(one.wanted)} intervals hold {share(one.covered)}; mean width "
        chart.dot(one.wanted, one.covered, 4, "point solid", title + number(one.width))
    caption = (
        f"The share of {held.rows:,} held-out targets inside their intervals. The band is what "
        "chance does to right intervals in 19 of 20 cases."
    )
    return Figure("Coverage of intervals", chart.svg(), caption)


def _chance(wanted: float, rows: int) -> tuple[float, float]:
    half = 1.96 * math.sqrt(wanted * (1 - wanted) / rows)
    return max(wanted - half, 0.0), min(wanted + half, 1.0)


def calibration(facts: Facts) -> Figure | None:
    """How often probabilities came true."""
    held = facts.held_out
    if held is None or not held.bins:
        return None
    several = facts.task == "classes"
    x_title = "largest probability" if several else "predicted probability"
    says = "How often probabilities came true"
    chart = Chart((0.0, 1.0), (0.0, 1.0), x_title, "came true", says)
    if len(held.bins) > 1:
        chart.area([(one.predicted, one.low, one.high) for one in held.bins], "band")
    chart.line([(0.0, 0.0), (1.0, 1.0)], "reference")
    chart.line([(one.predicted, one.observed) for one in held.bins], "line")
    for one in held.bins:
        chart.bar(one.predicted, one.low, one.high, "whisker")
        chart.dot(one.predicted, one.observed, 3, "point solid", _says(one))
    what = "the class that is predicted" if several else f"class {held.labels[-1]!r}"
    error = held.calibration_error
    mean = f" Off by {number(error * 100, 2)} points on average." if error is not None else ""
    caption = f"Bins of the probability of {what} with their 95 % bands.{mean}"
    return Figure("Calibration", chart.svg(), caption)


def _says(one: Bin) -> str:
    return (
        f"predicted {share(one.predicted)}, came true {share(one.observed)} "
        f"({share(one.low)} to {share(one.high)}); {share(one.share)} of the rows"
    )


def training_curves(facts: Facts) -> Figure | None:
    """Losses by epoch, of each network."""
    curves = [one for one in facts.curves if len(one.epochs) > 1]
    values = [v for one in curves for v in (*one.validation, *one.training) if math.isfinite(v)]
    if not values:
        return None
    last = max(max(one.epochs) for one in curves)
    y = padded([min(values), float(np.quantile(values, 0.97))])
    chart = Chart((0.0, last), y, "epoch", "loss", "Loss by epoch")
    for one in curves:
        if one.training:
            chart.line(list(zip(one.epochs, one.training, strict=False)), "line faint")
    for one in curves:
        chart.line(list(zip(one.epochs, one.validation, strict=True)), "line")
        if one.best in one.epochs:
            loss = one.validation[one.epochs.index(one.best)]
            title = f"{one.name}: epoch {number(one.best)}, validation loss {number(loss)}"
            chart.dot(one.best, loss, 4, "point solid", title)
    trained = any(one.training for one in curves)
    caption = "Loss on rows that the networks do not learn from"
    caption += ", and, faint, on those they do." if trained else "."
    return Figure("Training", chart.svg(), f"{caption} Points are the epochs that were kept.")


def effect_of(effect: Effect, facts: Facts) -> Figure:
    """The mean prediction by the value of a column: a line for numbers, bars for texts.

    Args:
        effect: of one column.
        facts: what is predicted.
    """
    present = [value for value in effect.values if value is not None]
    if present and all(isinstance(value, float) for value in present):
        svg = _line_of_effect(effect, facts)
    else:
        svg = _rows_of_effect(effect)
    quantity = facts.task == "quantity"
    what = f"predicted {cut(facts.target, 30)}" if quantity else "probability of the second class"
    caption = (
        f"The mean {what} if all rows had this value, other columns as they are, and the middle "
        "80 % of rows."
    )
    return Figure(f"Effect of {cut(effect.name, 40)}", svg, caption)


def _line_of_effect(effect: Effect, facts: Facts) -> str:
    known = [
        (value, mean, low, high)
        for value, mean, low, high in zip(*effect[1:], strict=True)
        if isinstance(value, float) and math.isfinite(value)
    ]
    x = padded([one[0] for one in known])
    y = padded([*effect.means, *effect.low, *effect.high])
    y_title = "mean prediction" if facts.task == "quantity" else "mean probability"
    chart = Chart(x, y, cut(effect.name, 40), y_title, f"Mean prediction by {effect.name}")
    if known:
        chart.area([(value, low, high) for value, _, low, high in known], "band")
    chart.line([(value, mean) for value, mean, _, _ in known], "line")
    for value, mean, _, _ in known:
        chart.dot(value, mean, 2.5, "point solid", f"{number(value)}: {number(mean)}")
    return chart.svg()


def _rows_of_effect(effect: Effect) -> str:
    start, end, step = 148, 286, 21
    left, right = padded([*effect.means, *effect.low, *effect.high])
    marks = []
    shown = list(zip(*effect[1:], strict=True))[:_MOST_BARS]
    for place, (value, mean, low, high) in enumerate(shown):
        y = place * step + 9
        label = "(missing)" if value is None else cut(value, 21)
        text = 'dy="0.32em" text-anchor="end"'
        marks.append(f'<text x="{start - 6}" y="{y}" {text}>{escape(label)}</text>')
        middle, first, last = (
            start + (one - left) / (right - left) * (end - start) for one in (mean, low, high)
        )
        marks.append(f'<path class="whisker" d="M{first:.1f} {y}L{last:.1f} {y}"/>')
        dot = f'class="point solid" cx="{middle:.1f}" cy="{y}" r="4"'
        marks.append(titled("circle", dot, f"{label}: {number(mean)}"))
        marks.append(f'<text x="338" y="{y}" {text} class="number">{short(mean)}</text>')
    return picture(340, len(shown) * step, f"Mean prediction by {effect.name}", marks)


def confusion(facts: Facts) -> Figure | None:
    """True classes by predicted ones."""
    held = facts.held_out
    if held is None or not held.confusion:
        return None
    count = len(held.labels)
    longest = max(len(cut(label, 15)) for label in held.labels)
    left = min(100.0, 14 + 6.5 * longest)
    top = 26.0 if count <= 4 else min(76.0, 20 + 5 * longest)
    size = min(56.0, (324 - left) / count)
    marks = list(_axis_of_classes(held, left, top, size))
    for row, line in enumerate(held.confusion):
        marks += _cells(held, row, line, (left, top + row * size, size))
    right = sum(held.confusion[place][place] for place in range(count))
    caption = (
        f"Rows: the true class; columns: the predicted one. {right:,} of {held.rows:,} are on the "
        "diagonal, which is right. Colour is the share of the true class."
    )
    if facts.threshold is not None:
        value, label = number(facts.threshold.value), clean(held.labels[-1])
        caption += f" A row is {label!r} from a probability of {value} on."
    svg = picture(340, top + count * size + 4, "Confusion matrix", marks)
    return Figure("Classes mistaken for others", svg, caption)


def _axis_of_classes(held: HeldOut, left: float, top: float, size: float) -> Iterator[str]:
    font = min(11.0, size * 0.8)
    style = f'style="font-size:{font:.1f}px"'
    for place, label in enumerate(held.labels):
        middle = (place + 0.5) * size
        down = f'x="{left - 6}" y="{top + middle:.1f}" dy="0.32em" text-anchor="end"'
        yield f"<text {down} {style}>{escape(cut(label, 15))}</text>"
        if len(held.labels) <= 4:
            across = f'x="{left + middle:.1f}" y="{top - 8}" text-anchor="middle"'
            name = cut(label, 9)
        else:
            across = f'transform="translate({left + middle + 4:.1f} {top - 6}) rotate(-60)"'
            name = cut(label, 12)
        yield f"<text {across} {style}>{escape(name)}</text>"


def _cells(
    held: HeldOut, row: int, line: Sequence[int], place: tuple[float, float, float]
) -> Iterator[str]:
    left, y, size = place
    total = sum(line) or 1
    for column, rows in enumerate(line):
        part = rows / total
        x = left + column * size
        says = f"{held.labels[row]} predicted as {held.labels[column]}: {rows:,} ({share(part)})"
        box = f'x="{x + 0.5:.1f}" y="{y + 0.5:.1f}" width="{size - 1:.1f}" height="{size - 1:.1f}"'
        yield titled("rect", f'class="cell" {box} fill-opacity="{0.06 + 0.94 * part:.2f}"', says)
        if len(held.labels) <= _MOST_NUMBERS:
            middle = f'x="{x + size / 2:.1f}" y="{y + size / 2:.1f}" dy="0.32em"'
            shade = "on" if part > 0.5 else "number"
            yield f'<text {middle} text-anchor="middle" class="{shade}">{rows:,}</text>'
