"""HTML for notebooks: tables, lists and small curves, in the colours of the page they are shown in.

Everything that is given is text, and is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

_WIDTH, _HEIGHT, _EDGE = 120, 24, 2


class Markup(str):
    """Text that is HTML already, made by this module."""

    __slots__ = ()


def element(tag: str, text: str) -> Markup:
    """A text in an element.

    Args:
        tag: the element's name.
        text: its text; escaped, unless it is `Markup`.

    >>> element("b", "1 < 2")
    '<b>1 &lt; 2</b>'
    """
    inner = text if isinstance(text, Markup) else escape(text)
    return Markup(f"<{tag}>{inner}</{tag}>")


def joined(parts: Iterable[str]) -> Markup:
    """Parts one after another.

    >>> joined([element("p", "a"), "b & c"])
    '<p>a</p>b &amp; c'
    """
    return Markup("".join(one if isinstance(one, Markup) else escape(one) for one in parts))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> Markup:
    """A table.

    Args:
        heads: the names of the columns.
        rows: the cells of each row.
        caption: what stands above it.

    >>> table(["layer", "<b>"], [["dense", "9"]])
    '<table><thead><tr><th>layer</th><th>&lt;b&gt;</th></tr></thead><tbody><tr><td>dense</td><td>9</td></tr></tbody></table>'
    """
    above = [element("caption", caption)] if caption else []
    head = element("thead", _row("th", heads))
    body = element("tbody", joined(_row("td", cells) for cells in rows))
    return element("table", joined([*above, head, body]))


def _row(tag: str, cells: Sequence[str]) -> Markup:
    return element("tr", joined(element(tag, cell) for cell in cells))


def notes(texts: Iterable[str]) -> Markup:
    """A list of sentences; nothing where there are none.

    >>> notes(["The separator is ';'."]), notes([])
    ('<ul><li>The separator is &#x27;;&#x27;.</li></ul>', '')
    """
    items = [element("li", text) for text in texts]
    return element("ul", joined(items)) if items else Markup()


def curve(values: Sequence[float]) -> Markup:
    """Numbers as a small line; those that are not finite are left out.

    >>> curve([3.0, 2.0, 1.0]).count("points=")
    1
    >>> curve([1.0])
    ''
    """
    known = [(place, value) for place, value in enumerate(values) if math.isfinite(value)]
    if len(known) < 2:
        return Markup()
    low, high = min(value for _, value in known), max(value for _, value in known)
    across = (_WIDTH - 2 * _EDGE) / (len(values) - 1)
    span = (high / 2 - low / 2) or 1.0  # halves: the largest numbers do not overflow
    up = _HEIGHT - 2 * _EDGE
    points = " ".join(
        f"{_EDGE + across * place:.1f},{_HEIGHT - _EDGE - up * ((value / 2 - low / 2) / span):.1f}"
        for place, value in known
    )
    return Markup(
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
    )
