"""A model as lines of text, for the terminal."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rosenblatt.core.symbolic import Node
from rosenblatt.graph.graph import Graph
from rosenblatt.graph.picture import NO_ARROWS, Picture, output_text, picture_of
from rosenblatt.layers.base import Layer

# A crossing by what it joins: up, down, left, right.
_JOINTS = {
    "ud": "│", "udr": "├", "udl": "┤", "udlr": "┼", "ur": "└", "ul": "┘", "ulr": "┴",
    "dr": "┌", "dl": "┐", "dlr": "┬", "lr": "─", "": " ",
}  # fmt: skip


def text_diagram(model: Layer, expand_nested: bool = False) -> str:
    """A model as lines of text: each call of a layer is a line, and its inputs lead down to it.

    Args:
        model: a Sequential, Functional or subclassed model (whose layers are listed, no more).
        expand_nested: show the layers of inner models below them.

    Returns:
        The lines: names, classes, output shapes, numbers of parameters.

    >>> import rosenblatt as rb
    >>> a, b = rb.Input((4,), name="a"), rb.Input((3,), name="b")
    >>> hidden = rb.layers.Dense(2, name="hidden")(b)
    >>> joined = rb.layers.Concatenate(name="joined")([a, hidden])
    >>> print(text_diagram(rb.Model([a, b], [joined, rb.layers.Dense(1, name="aux")(hidden)])))
    ● b (InputLayer)           (None, 3)
    │ ● a (InputLayer)         (None, 4)
    ● │ hidden (Dense)         (None, 2)  8
    ├─┤
    │ ● joined (Concatenate)   (None, 6)
    ● aux (Dense)              (None, 1)  3
    """
    rows = _rows(model, picture_of(model, expand_nested), "", "●")
    table = [row for row in rows if any(row[1:])]
    head = max((len(left) for left, *_ in table), default=0)
    shape = max((len(text) for _, text, _ in table), default=0)
    lines = [f"{left:{head}}   {text:{shape}}  {count}".rstrip() for left, text, count in rows]
    return "\n".join(lines)


Row = tuple[str, str, str]


def _rows(model: Layer, picture: Picture, indent: str, mark: str) -> list[Row]:
    """Lines, with the shapes and numbers of parameters that stand in columns behind them."""
    inner = {id(box.layer): box.inner for box in picture.boxes}
    rows: list[Row] = []

    def add(lanes: str, layer: Layer, node: Node | None, below: str) -> None:
        size = sum(math.prod(v.shape) for v in getattr(layer, "weights", []))
        left = f"{indent}{lanes} {layer.name} ({type(layer).__name__})"
        rows.append((left, output_text(layer, node), f"{size:,}" if size else ""))
        part = inner.pop(id(layer), None)  # a model that is called again is shown once
        if part is not None:
            rows.extend(_rows(layer, part, f"{indent}{below} ", "○"))

    graph = getattr(model, "_graph", None)
    if not picture.known:
        for layer in model.layers:
            add("·", layer, None, " ")
        rows.append((indent + NO_ARROWS, "", ""))
    elif graph is None or hasattr(model, "_sequence"):
        for layer in model.layers:
            add(mark, layer, None, " " if layer is model.layers[-1] else "│")
    else:
        for turn, lanes, node, below in _lanes(graph, mark):
            if turn:
                rows.append((indent + turn, "", ""))
            add(lanes, node.operation, node, below)
    return rows


def _lanes(graph: Graph, mark: str) -> Iterator[tuple[str, str, Any, str]]:
    """For each call: a line that leads its inputs to it, its own line, itself, what goes on below.

    The output of a call comes down in a column of its own until the last call that takes it.
    """
    takers = Counter(id(parent) for node in graph.nodes for parent in node.parents)
    columns: list[Any] = []  # the node whose output comes down there, or None
    for node in graph.nodes:
        parents = {id(parent) for parent in node.parents}
        takers.subtract(id(parent) for parent in node.parents)
        sources = [i for i, above in enumerate(columns) if id(above) in parents]
        done = [i for i in sources if not takers[id(columns[i])]]
        free = [i for i, above in enumerate(columns) if above is None]
        own = [*done, *free, len(columns)][0]
        after = [None if i in done else above for i, above in enumerate(columns)]
        after += [None] * (own + 1 - len(after))
        after[own] = node
        turn = "" if sources in ([own], []) else _turn(columns, after, {*sources, own})
        line = [mark if n is node else "│" if n else " " for n in after]
        columns = [n if takers[id(n)] else None for n in after]
        yield turn, " ".join(line).rstrip(), node, " ".join("│" if n else " " for n in columns)
        while columns and columns[-1] is None:
            columns.pop()


def _turn(before: Sequence[Any], after: Sequence[Any], joined: set[int]) -> str:
    """The line in which the columns of a call's inputs turn towards its own."""
    left, right = min(joined), max(joined)
    text = ""
    for i in range(max(len(before), len(after))):
        ways = "u" * (i < len(before) and before[i] is not None)
        ways += "d" * (i < len(after) and after[i] is not None)
        if i in joined:
            ways += "l" * (left < i) + "r" * (i < right)
        elif left < i < right and not ways:
            ways = "lr"
        text += _JOINTS[ways] + ("─" if left <= i < right else " ")
    return text.rstrip()
