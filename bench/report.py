"""Results as Markdown: a section for each workload in one document."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

from bench.harness import Comparison, Limit, Result

_TITLE = "# Benchmarks\n"
_INTRO = (
    "Written by `make bench` (`python -m bench`, or `python -m bench NAME ...` for some of it). "
    "We and our peers run in one run and take turns; a ratio is the peer's time over ours in the "
    "same round, so more is better. Everybody gets the same arrays, float32, all cores and the "
    "library's own defaults. What stands under a section's `### Notes` is kept when it is "
    "rewritten.\n"
)
_NOTES = "\n### Notes\n"
_WORDS = {True: "met", False: "**not met**", None: ""}


def update(path: Path, results: list[Result], machine: str) -> None:
    """Write results into a document; sections of other workloads stay as they are.

    Args:
        path: the Markdown file; made where it does not exist.
        results: the workloads that ran.
        machine: one line about machine, date and versions.
    """
    sections = _read(path)
    for result in results:
        notes = sections.get(result.title, "").partition(_NOTES)[2]
        sections[result.title] = render(result, machine) + (_NOTES + notes if notes else "")
    body = "".join(f"\n## {title}\n{text.rstrip()}\n" for title, text in sections.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{_TITLE}\n{_INTRO}{body}", encoding="utf-8")


def render(result: Result, machine: str) -> str:
    """One section without its heading."""
    parts = [f"\n{machine}.\n", *(f"\n{note}\n" for note in result.notes)]
    if result.comparisons:
        parts.append(
            "\n| | against | ours, s | theirs, s | ratio: min | median | max | target | |\n"
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
        )
        parts += [_comparison(row) for row in result.comparisons]
    if result.limits:
        parts.append(
            "\n| | min | median | max | limit | |\n| --- | ---: | ---: | ---: | ---: | --- |\n"
        )
        parts += [_limit(row) for row in result.limits]
    for table in result.tables:
        rule = ["---"] * len(table.headings)
        rows = [table.headings, rule, *table.rows]
        parts.append("\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows))
    return "".join(parts)


def _comparison(row: Comparison) -> str:
    low, middle, high = _spread(row.ratios)
    ours, theirs = statistics.median(row.ours), statistics.median(row.theirs)
    target = "" if row.target is None else f"≥ {row.target:g}"
    return (
        f"| {row.measure} | {row.peer} | {ours:.3g} | {theirs:.3g} "
        f"| {low:.1f} | {middle:.1f} | {high:.1f} | {target} | {_WORDS[row.met]} |\n"
    )


def _limit(row: Limit) -> str:
    low, middle, high = (f"{value:.2f} {row.unit}" for value in _spread(row.values))
    limit = "" if row.limit is None else f"≤ {row.limit:g} {row.unit}"
    return f"| {row.measure} | {low} | {middle} | {high} | {limit} | {_WORDS[row.met]} |\n"


def _spread(values: list[float]) -> tuple[float, float, float]:
    return min(values), statistics.median(values), max(values)


def _read(path: Path) -> dict[str, str]:
    """Sections of an earlier document by title."""
    if not path.exists():
        return {}
    parts = re.split(r"^## (.+)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
