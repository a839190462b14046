"""A report as one page of HTML that needs no other file and runs no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from rosenblatt.tabular.facts import ColumnFacts, Facts
from rosenblatt.tabular.figures import Figure, figures, measure_title
from rosenblatt.tabular.report_text import card, interval, summary
from rosenblatt.tabular.scores import MAIN_MEASURE
from rosenblatt.tabular.wording import clean, number, share

_MOST_SHOWN = 20  # columns; a longer list opens on a click

# Every rule is below one class, so that a notebook's page keeps its own style.
_STYLE = """
.rb-report { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1b1f24;
  --soft: #57606a; --line: #d8dee4; --mark: #2563c9; --on: #fff; --miss: #c2571a; --warn: #fff4d6;
  --warn-line: #b7791f;
  background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  padding: 24px 16px; margin: 0; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { .rb-report { --page: #0f1318; --card: #181d24;
  --ink: #e6eaef; --soft: #9aa5b1; --line: #303843; --mark: #6ea8ff; --on: #0f1318; --miss: #f0a35e;
  --warn: #33290f; --warn-line: #d9a441; } }
.rb-report * { box-sizing: border-box; }
.rb-report main { max-width: 1180px; margin: 0 auto; }
.rb-report h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; }
.rb-report h2 { font-size: 18px; margin: 28px 0 10px; }
.rb-report summary { cursor: pointer; }
.rb-report summary h2 { display: inline-block; }
.rb-report h3 { font-size: 15px; margin: 0 0 8px; }
.rb-report p { margin: 0 0 4px; }
.rb-report .note { margin-top: 8px; font-size: 13px; }
.rb-report .soft, .rb-report figcaption { color: var(--soft); }
.rb-report .warnings { background: var(--warn); border-left: 4px solid var(--warn-line);
  border-radius: 6px; padding: 12px 16px; margin: 16px 0; }
.rb-report .warnings h2 { margin: 0 0 6px; font-size: 16px; }
.rb-report .warnings ul { margin: 0; padding-left: 18px; }
.rb-report .pictures { columns: 340px 3; column-gap: 14px; }
.rb-report .pictures .card { break-inside: avoid; margin-bottom: 14px; }
.rb-report .tiles { display: grid; gap: 10px;
  grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
.rb-report .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 14px; margin: 0; min-width: 0; }
.rb-report .tile b { display: block; font-size: 22px; line-height: 1.3;
  font-variant-numeric: tabular-nums; }
.rb-report .tile.main { border-color: var(--mark); border-width: 2px; padding: 13px; }
.rb-report .tile span { color: var(--soft); font-size: 13px; display: block; }
.rb-report figcaption { font-size: 13px; margin-top: 8px; }
.rb-report .wide { overflow-x: auto; overflow-wrap: normal; }
.rb-report .wide:focus-visible { outline: 2px solid var(--mark); }
.rb-report table { border-collapse: collapse; width: 100%; font-size: 14px; }
.rb-report th, .rb-report td { text-align: left; padding: 6px 14px 6px 0; vertical-align: top;
  border-bottom: 1px solid var(--line); background: none; }
.rb-report tr:last-child td { border-bottom: 0; }
.rb-report th { color: var(--soft); font-weight: 600; white-space: nowrap; }
.rb-report td.name { font-weight: 600; min-width: 110px; max-width: 260px;
  overflow-wrap: anywhere; }
.rb-report td.why { min-width: 200px; overflow-wrap: anywhere; }
.rb-report td.right, .rb-report th.right { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.rb-report dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 16px; margin: 0;
  font-size: 14px; }
.rb-report dt { color: var(--soft); }
.rb-report dd { margin: 0; min-width: 0; }
.rb-report svg { display: block; width: 100%; height: auto; margin: 0 auto; }
.rb-report svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
.rb-report svg text.number { fill: var(--ink); }
.rb-report svg text.on { fill: var(--on); }
.rb-report .grid { stroke: var(--line); stroke-width: 1; }
.rb-report .axis { stroke: var(--soft); stroke-width: 1; }
.rb-report .reference { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 3; fill: none; }
.rb-report .line { stroke: var(--mark); stroke-width: 2; fill: none; stroke-linejoin: round; }
.rb-report .faint { stroke-width: 1; opacity: 0.5; }
.rb-report .whisker { stroke: var(--ink); stroke-width: 1; fill: none; opacity: 0.6; }
.rb-report .band { fill: var(--mark); opacity: 0.16; }
.rb-report .mark, .rb-report .cell { fill: var(--mark); }
.rb-report .point { fill: var(--mark); fill-opacity: 0.5; }
.rb-report .miss { fill: var(--miss); fill-opacity: 0.9; }
.rb-report .solid { fill-opacity: 1; stroke: var(--card); stroke-width: 1; }
@media (max-width: 560px) { .rb-report { padding: 16px 10px; }
  .rb-report dl { grid-template-columns: 1fr; gap: 0; } .rb-report dd { margin-bottom: 8px; }
  .rb-report .tiles { grid-template-columns: 1fr 1fr; } }
@media print { .rb-report { background: none; } .rb-report .card { break-inside: avoid; } }
"""


def page(facts: Facts) -> str:
    """The whole page.

    >>> page(Facts("a<b>.csv", "y", "classes")).count("a&lt;b&gt;.csv")
    2
    """
    title = _text(f"{facts.target} from {facts.source}")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>body {{ margin: 0; }}{_STYLE}</style></head>"
        f'<body class="rb-report">{_main(facts)}</body></html>\n'
    )


def fragment(facts: Facts) -> str:
    """The report as a part of another page, such as a notebook.

    >>> fragment(Facts("a.csv", "y", "classes")).startswith('<div class="rb-report"><style>')
    True
    """
    return f'<div class="rb-report"><style>{_STYLE}</style>{_main(facts)}</div>'


def _main(facts: Facts) -> str:
    read = [one for one in facts.columns if one.used]
    left_out = [one for one in facts.columns if not one.used]
    parts = [
        f"<header><h1>{_text(facts.target)} <span class='soft'>from</span> "
        f"{_text(facts.source)}</h1>",
        *(f'<p class="soft">{_text(line)}</p>' for line in summary(facts)),
        "</header>",
        _warned("Warnings", facts.warnings),
        _warned("This table differs from the training rows", facts.drift),
        _scores(facts),
        _figures(figures(facts)),
        _columns(f"Columns that are read ({len(read)})", read),
        _columns(f"Columns left out ({len(left_out)})", left_out),
        _card(facts),
    ]
    return f"<main>{''.join(parts)}</main>"


def _text(text: object) -> str:
    """A stranger's text: on one line, escaped."""
    return escape(clean(text))


def _warned(heading: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    items = "".join(f"<li>{_text(text)}</li>" for text in texts)
    return f'<section class="warnings"><h2>{heading}</h2><ul>{items}</ul></section>'


def _scores(facts: Facts) -> str:
    held = facts.held_out
    tiles, main_one = [], MAIN_MEASURE[facts.task]
    for name, score in sorted(facts.scores.items(), key=lambda one: one[0] != main_one):
        main = " main" if name == main_one else ""
        ends = interval(score, 3)
        tiles.append(_tile(measure_title(name), number(score.value, zeros=True), ends, main))
    for one in held.coverage if held is not None else ():
        if one.wanted == 0.9:
            said = f"mean width {number(one.width)}"
            tiles.append(_tile("in 90 % intervals", share(one.covered), said))
    if facts.threshold is not None:
        said = f"for {measure_title(facts.threshold.goal)}"
        tiles.append(_tile("threshold", number(facts.threshold.value), said))
    if not tiles:
        return ""
    where = f" on {held.rows:,} {_text(held.part)} rows" if held is not None else ""
    bounds = any(score.low is not None for score in facts.scores.values())
    note = (
        '<p class="soft note">Below each score: its 95 % bootstrap interval.</p>' if bounds else ""
    )
    return f'<h2>Scores{where}</h2><div class="tiles">{"".join(tiles)}</div>{note}'


def _tile(title: str, value: str, beside: str = "", style: str = "") -> str:
    return (
        f'<div class="card tile{style}"><span>{_text(title)}</span><b>{_text(value)}</b>'
        f"<span>{_text(beside)}</span></div>"
    )


def _figures(made: Iterable[Figure]) -> str:
    cards = "".join(
        f'<figure class="card"><h3>{_text(one.heading)}</h3>{one.svg}'
        f"<figcaption>{_text(one.caption)}</figcaption></figure>"
        for one in made
    )
    return f'<h2>Pictures</h2><div class="pictures">{cards}</div>' if cards else ""


def _columns(heading: str, columns: Sequence[ColumnFacts]) -> str:
    if not columns:
        return ""
    counted = any(one.distinct is not None for one in columns)
    rows = "".join(_row(one, counted) for one in columns)
    values = '<th class="right">Values</th>' if counted else ""
    head = f'<th>Column</th><th>Holds</th><th class="right">Missing</th>{values}<th>Why</th>'
    shown = " open" if len(columns) <= _MOST_SHOWN else ""
    return (
        f"<details{shown}><summary><h2>{heading}</h2></summary>"
        f'<div class="card wide" tabindex="0" role="region" aria-label="{heading}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def _row(one: ColumnFacts, counted: bool) -> str:
    values = "" if one.distinct is None else f"{one.distinct:,}"
    return (
        f'<tr><td class="name">{_text(one.name)}</td><td>{_text(one.kind)}</td>'
        f'<td class="right">{_text(share(one.missing))}</td>'
        + (f'<td class="right">{values}</td>' if counted else "")
        + f'<td class="why">{_text(one.reason)}</td></tr>'
    )


def _card(facts: Facts) -> str:
    lines = card(facts)
    if not lines:
        return ""
    items = "".join(f"<dt>{_text(name)}</dt><dd>{_text(text)}</dd>" for name, text in lines)
    return f'<h2>Model card</h2><div class="card"><dl>{items}</dl></div>'
