"""A report as text for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from rosenblatt.tabular.facts import ColumnFacts, Facts, Score
from rosenblatt.tabular.figures import measure_title
from rosenblatt.tabular.wording import clean, cut, number, seconds, share

_WIDTH = 80
_NAMES = 24
_MOST_BARS = 12
_MOST_COLUMNS = 40
_BAR = 30


def terminal(facts: Facts) -> str:
    """The report as lines of at most 80 characters.

    >>> print(terminal(Facts("a.csv", "y", "classes")))
    y from a.csv
    ============
    A class is predicted.
    """
    title = cut(f"{facts.target} from {facts.source}", _WIDTH)
    lines = [title, "=" * len(title), *_listed(summary(facts), "")]
    for heading, section in (
        ("Warnings", _listed(facts.warnings, "! ")),
        ("Drift", _listed(facts.drift, "! ")),
        ("Scores", scores_text(facts)),
        ("What the model needs", _importance(facts)),
        ("Columns", _columns([one for one in facts.columns if one.used])),
        ("Left out", _columns([one for one in facts.columns if not one.used])),
        ("Model card", _card(facts)),
    ):
        body = list(section)
        if body:
            lines += ["", heading, "-" * len(heading), *body]
    return "\n".join(lines)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(clean(text), _WIDTH, subsequent_indent=indent, break_on_hyphens=False) or [
        ""
    ]


def summary(facts: Facts) -> list[str]:
    """What is predicted from what, a sentence a line."""
    what = "A quantity is predicted" if facts.task == "quantity" else "A class is predicted"
    lines = [f"{what}{': ' + facts.task_reason if facts.task_reason else ''}".rstrip(".") + "."]
    if facts.rows:
        parts = ", ".join(f"{rows:,} {part}" for part, rows in facts.rows.items())
        used = sum(one.used for one in facts.columns)
        columns = f"; {used} of {len(facts.columns)} columns are read" if facts.columns else ""
        lines.append(f"Rows: {parts}{columns}.")
    if facts.classes:
        counts = ", ".join(f"{label}: {rows:,}" for label, rows in facts.classes.items())
        lines.append(f"Classes in training: {counts}.")
    return lines + [f"Reading: {note}" for note in facts.notes]


def _listed(texts: Iterable[str], mark: str) -> Iterator[str]:
    for text in texts:
        yield from _wrapped(mark + clean(text), " " * len(mark))


def interval(score: Score, digits: int = 4) -> str:
    """The interval of a score in words; nothing where there is none."""
    if score.low is None or score.high is None:
        return ""
    low, high = (number(end, digits, zeros=True) for end in (score.low, score.high))
    return f"{low} to {high}"


def scores_text(facts: Facts) -> Iterator[str]:
    """The scores, how often intervals hold, and the threshold, as lines."""
    for name, score in facts.scores.items():
        ends = interval(score)
        beside = f"   {ends}" if ends else ""
        yield f"{cut(measure_title(name), 20):20s}{number(score.value, zeros=True):>12s}{beside}"
    held = facts.held_out
    where = f"On {held.rows:,} {held.part} rows" if held is not None else ""
    if where and facts.scores:
        bounds = any(score.low is not None for score in facts.scores.values())
        yield from _wrapped(f"{where}{', with 95 % bootstrap intervals' if bounds else ''}.")
    for one in held.coverage if held is not None else ():
        yield from _wrapped(
            f"Intervals of {share(one.wanted)} hold {share(one.covered)} of the targets; their "
            f"mean width is {number(one.width)}."
        )
    if held is not None and held.calibration_error is not None:
        off = number(held.calibration_error * 100, 2)
        yield f"Probabilities are off by {off} points on average."
    if facts.threshold is not None:
        chosen = facts.threshold
        yield from _wrapped(
            f"From a probability of {number(chosen.value)} on a row is of the second class, for "
            f"the best {measure_title(chosen.goal)} on validation rows: {number(chosen.score)} "
            f"({number(chosen.at_half)} with 0.5)."
        )


def _importance(facts: Facts) -> Iterator[str]:
    shown = facts.importance[:_MOST_BARS]
    most = max((one.drop for one in shown), default=0.0)
    for one in shown:
        length = round(_BAR * max(one.drop, 0.0) / most) if most > 0 else 0
        spread = f"± {number(one.spread, 2)}"
        value = f"{number(one.drop, 3):>10s} {spread}"
        yield f"{cut(one.name, _NAMES):{_NAMES}s} {'█' * length:{_BAR}s} {value}"[:_WIDTH].rstrip()
    if shown:
        measure = measure_title(facts.importance_measure)
        yield from _wrapped(f"How much worse {measure} becomes when a column is shuffled.")


def _columns(columns: list[ColumnFacts]) -> Iterator[str]:
    for one in columns[:_MOST_COLUMNS]:
        gaps = f"{share(one.missing)} missing; " if one.missing else ""
        head = f"{cut(one.name, _NAMES):{_NAMES}s} {cut(one.kind, 9):9s} "
        # The name is as it is; only what follows is wrapped.
        said = textwrap.wrap(clean(gaps + one.reason), _WIDTH - len(head)) or [""]
        yield (head + said[0]).rstrip()
        yield from (" " * len(head) + line for line in said[1:])
    if len(columns) > _MOST_COLUMNS:
        yield f"… and {len(columns) - _MOST_COLUMNS} more."


def _card(facts: Facts) -> Iterator[str]:
    for name, text in card(facts):
        yield from _wrapped(f"{name}: {text}", "  ")


def card(facts: Facts) -> list[tuple[str, str]]:
    """How the model was made, a line for each thing that is known."""
    settings = ", ".join(f"{name} {value}" for name, value in facts.recipe.items())
    times = ", ".join(f"{what} {seconds(took)}" for what, took in facts.seconds.items())
    versions = ", ".join(f"{package} {version}" for package, version in facts.versions.items())
    sharpened = "surer" if facts.temperature < 1 else "less sure"
    heat = f"{number(facts.temperature)}: probabilities are made {sharpened}"
    lines = [
        ("Split", facts.split),
        ("Seeds", ", ".join(map(str, facts.seeds))),
        ("Recipe", settings),
        ("Temperature", heat if facts.temperature != 1 else ""),
        ("Time", times),
        ("Versions", versions),
        ("Made", facts.made),
    ]
    return [(name, clean(text)) for name, text in lines if text]
