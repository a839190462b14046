"""`model.summary()`: the table Keras prints, with the same numbers."""

from __future__ import annotations

import io
import math
import re
import shutil
from collections.abc import Callable, Sequence
from typing import Any

from rosenblatt.core import dtypes, html
from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.printing import write
from rosenblatt.core.variable import Variable
from rosenblatt.graph.graph import Graph
from rosenblatt.graph.picture import output_text
from rosenblatt.layers.base import Layer

# Widths as Keras sets them: where each column ends, as a share of the line.
_ENDS = {False: (0.45, 0.80, 1.0), True: (0.3, 0.56, 0.74, 1.0)}
_WIDTH = {False: 88, True: 108}


def summary_text(
    model: Layer,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: tuple[str, str] | list[str] | None = None,
) -> str:
    """The table as text.

    Args:
        model: a model.
        line_length: width in characters; the terminal's, up to Keras's 88 or 108, if None.
        positions: where each column ends, as shares of the line.
        expand_nested: show the layers of inner models too.
        show_trainable: show which layers are trained.
        layer_range: regular expressions or names of the first and last layer to show.

    Raises:
        ValueError: a line too short for the columns; no layer matches `layer_range`.
    """
    connected, rows = _table(model, expand_nested, show_trainable, layer_range)
    widths = _column_widths(connected, show_trainable, line_length, positions)
    return _printed(model, rows, _headers(connected, show_trainable), widths)


def summary_html(model: Layer) -> str:
    """The table as a notebook shows it.

    Args:
        model: a model.
    """
    connected, rows = _table(model)
    heads = [text for text, _ in _headers(connected, False)]
    caption = f'Model: "{model.name}"'
    below = html.notes(line.strip() for line in _totals(model).splitlines())
    return html.joined([html.table(heads, rows, caption), below])


def _table(
    model: Layer,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: tuple[str, str] | list[str] | None = None,
) -> tuple[bool, list[list[str]]]:
    """Whether there is a column of connections, and the cells of each row."""
    graph = getattr(model, "_graph", None)
    connected = graph is not None and not hasattr(model, "_sequence") and not _is_chain(graph)
    rows = []
    for layer, depth in _rows(_selected(model, layer_range), expand_nested):
        prefix = "   " * depth + "└ " if depth else ""
        cells = [
            f"{prefix}{layer.name} ({type(layer).__name__})",
            output_text(layer),
            _count_text(layer),
        ]
        if connected and graph is not None:
            cells.append(_connections(layer, graph))
        if show_trainable:
            cells.append(_trainable_text(layer))
        rows.append(cells)
    return connected, rows


def _column_widths(
    connected: bool,
    show_trainable: bool,
    line_length: int | None,
    positions: Sequence[float] | None,
) -> list[int]:
    """The width of the whole table, then of each column."""
    ends = [float(end) for end in positions or _ENDS[connected]]
    widest = _WIDTH[connected]
    if show_trainable:
        ends, widest = [0.9 * end for end in ends] + [1.0], widest + 12
    length = line_length or min(widest, shutil.get_terminal_size().columns - 4)
    widths: list[int] = []
    for end in ends:
        widths.append(int(end * length) - sum(widths))
    columns = 3 + connected + show_trainable
    if len(widths) != columns:
        raise BadArgument(
            "summary: `positions` has a different number of columns.",
            given=repr(positions),
            expected=f"{3 + connected} shares of the line",
        )
    if min(widths) < 4:
        raise BadArgument(
            "summary: the line is too short for the columns.",
            given=f"line_length: {length} characters",
        )
    return [length, *widths]


def _headers(connected: bool, show_trainable: bool) -> list[tuple[str, Any]]:
    """The text and alignment of each column's head."""
    columns: list[tuple[str, Any]] = [
        ("Layer (type)", "left"), ("Output Shape", "left"), ("Param #", "right"),
    ]  # fmt: skip
    columns += [("Connected to", "left")] if connected else []
    return columns + ([("Trainable", "center")] if show_trainable else [])


def _printed(
    model: Layer, rows: list[list[str]], headers: list[tuple[str, Any]], widths: Any
) -> str:
    # Rich takes a seventh of a second to import, and most runs print no summary.
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.HEAVY_HEAD, show_lines=True, width=widths[0])
    for (header, justify), width in zip(headers, widths[1:], strict=True):
        table.add_column(header, justify=justify, width=width)
    for cells in rows:
        table.add_row(*(escape(cell) for cell in cells))
    console = Console(file=io.StringIO(), color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(f'Model: "{escape(model.name)}"')
        console.print(table)
        console.print(_totals(model))
    return capture.get()


def print_summary(
    model: Layer, print_fn: Callable[[str], Any] | None = None, **options: Any
) -> None:
    """Print the table, or give it to `print_fn`."""
    text = summary_text(model, **options)
    if print_fn is None:
        write(text)
        return
    try:
        print_fn(text)
    except TypeError as error:
        raise WrongType("summary: `print_fn` must take one text.", given=repr(print_fn)) from error


def _is_chain(graph: Graph) -> bool:
    """Whether each layer takes the one before it alone, once."""
    nodes = graph.nodes
    return len({id(node.operation) for node in nodes}) == len(nodes) and all(
        node.parents == ([nodes[i - 1]] if i else []) for i, node in enumerate(nodes)
    )


def _selected(model: Layer, layer_range: Sequence[str] | None) -> list[Any]:
    graph = getattr(model, "_graph", None)
    layers = model.layers if graph is None or hasattr(model, "_sequence") else graph.layers
    if layer_range is None:
        return layers
    if len(layer_range) != 2:
        raise BadArgument("summary: `layer_range` takes two names.", given=repr(layer_range))
    places: list[int] = []
    if not all(isinstance(pattern, str) for pattern in layer_range):
        raise WrongType("summary: `layer_range` takes two names.", given=repr(layer_range))
    for pattern in layer_range:
        found = [i for i, layer in enumerate(layers) if re.match(pattern, layer.name)]
        if not found:
            raise BadArgument(
                f"summary: no layer matches {pattern!r}.",
                expected=f"one of {[layer.name for layer in layers]}",
            )
        places.append(found[0] if not places else found[-1])
    return layers[min(places) : max(places) + 1]


def _rows(layers: list[Any], expand: bool, depth: int = 0) -> list[tuple[Any, int]]:
    rows: list[tuple[Any, int]] = []
    for layer in layers:
        rows.append((layer, depth))
        if expand and hasattr(layer, "summary") and getattr(layer, "layers", None):
            rows.extend(_rows(layer.layers, expand, depth + 1))
    return rows


def _count_text(layer: Layer) -> str:
    if not getattr(layer, "built", True):
        return "0 (unbuilt)"
    return f"{_scalars(getattr(layer, 'weights', [])):,}"


def _trainable_text(layer: Layer) -> str:
    if not getattr(layer, "weights", None):
        return "-"
    return "Y" if layer.trainable else "N"


def _connections(layer: Layer, graph: Graph) -> str:
    inside = {id(node) for node in graph.nodes}
    names = []
    for node in layer._inbound_nodes:
        if id(node) not in inside:
            continue
        for tensor in node.inputs:
            history = tensor._keras_history
            assert history is not None
            names.append(f"{history.operation.name}[{history.node_index}][{history.tensor_index}]")
    return ", ".join(names) or "-"


def _scalars(variables: Sequence[Variable]) -> int:
    return sum(math.prod(v.shape) for v in variables)


def _bytes(variables: Sequence[Variable]) -> int:
    return sum(math.prod(v.shape) * dtypes.numpy_dtype(v.dtype).itemsize for v in variables)


def _readable(size: int) -> str:
    units = ("B", "KB", "MB", "GB", "TB")
    power = min(int(math.log(size, 1024)), len(units) - 1) if size else 0
    return f"{size / 1024**power:.2f} {units[power]}"


def _totals(model: Layer) -> str:
    optimizer = getattr(model, "optimizer", None)
    slots = optimizer.variables if optimizer is not None and optimizer.built else []
    lines = [
        ("Total params", [*model.weights, *slots]),
        ("Trainable params", model.trainable_weights),
        ("Non-trainable params", model.non_trainable_weights),
    ]
    if slots:
        lines.append(("Optimizer params", slots))
    return "\n".join(f" {label}: {_scalars(v):,} ({_readable(_bytes(v))})" for label, v in lines)
