"""`model.summary()`: the table Keras prints, with the same numbers."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rosenblatt.core.errors import explain


def summary_text(
    model: Any,
    line_length: int | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: tuple[str, str] | list[str] | None = None,
) -> str:
    """The table as text.

    Args:
        model: a model.
        line_length: width in characters.
        expand_nested: show the layers of inner models too.
        show_trainable: show which layers are trained.
        layer_range: regular expressions or names of the first and last layer to show.
    """
    graph = getattr(model, "_graph", None)
    connected = graph is not None and not _is_chain(model)
    headers = ["Layer (type)", "Output Shape", "Param #"]
    if connected:
        headers.append("Connected to")
    if show_trainable:
        headers.append("Trainable")
    table = Table(
        *headers,
        box=box.HEAVY_HEAD,
        show_lines=True,
        width=line_length or (98 if connected else 78),
    )
    table.columns[2].justify = "right"
    for layer, depth in _rows(_selected(model, layer_range), expand_nested):
        cells = [
            f"{'    ' * depth}{layer.name} ({type(layer).__name__})",
            _shape_text(layer),
            _count_text(layer),
        ]
        if connected:
            cells.append(_connections(layer, graph))
        if show_trainable:
            cells.append("Y" if getattr(layer, "trainable", True) and layer.weights else "-")
        table.add_row(*(escape(cell) for cell in cells))
    console = Console(file=io.StringIO(), width=line_length or 100, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return f'Model: "{model.name}"\n{capture.get()}{_totals(model)}'


def print_summary(model: Any, print_fn: Callable[[str], Any] | None = None, **options: Any) -> None:
    """Print the table, or give it to `print_fn`."""
    text = summary_text(model, **options)
    if print_fn is None:
        print(text)  # noqa: T201
        return
    try:
        print_fn(text)
    except TypeError as error:
        raise TypeError(
            explain("summary: `print_fn` must take one text.", given=repr(print_fn))
        ) from error


def _is_chain(model: Any) -> bool:
    return type(model).__name__ == "Sequential"


def _selected(model: Any, layer_range: Any) -> list[Any]:
    layers = model.layers
    if not layer_range:
        return layers
    if len(layer_range) != 2:
        raise ValueError(
            explain("summary: `layer_range` takes two names.", given=repr(layer_range))
        )
    places = []
    for pattern in layer_range:
        found = [i for i, layer in enumerate(layers) if re.match(pattern, layer.name)]
        if not found:
            raise ValueError(
                explain(
                    f"summary: no layer matches {pattern!r}.",
                    expected=f"one of {[layer.name for layer in layers]}",
                )
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


def _shape_text(layer: Any) -> str:
    nodes = layer._inbound_nodes
    if not nodes:
        return "?"
    shapes = [str(t.shape) for t in nodes[0].outputs]
    return shapes[0] if len(shapes) == 1 else ", ".join(shapes)


def _count_text(layer: Any) -> str:
    if not getattr(layer, "built", True) and not layer.weights:
        return "0 (unbuilt)"
    return f"{_scalars(getattr(layer, 'weights', [])):,}"


def _connections(layer: Any, graph: Any) -> str:
    inside = {id(node) for node in graph.nodes}
    names = []
    for node in layer._inbound_nodes:
        if id(node) not in inside:
            continue
        for tensor in node.inputs:
            history = tensor._keras_history
            names.append(f"{history.operation.name}[{history.node_index}][{history.tensor_index}]")
    return ", ".join(names) or "-"


def _scalars(variables: Any) -> int:
    return sum(math.prod(v.shape) for v in variables)


def _bytes(variables: Any) -> int:
    size = {"bfloat16": 2, "float16": 2, "float64": 8, "int64": 8, "uint8": 1, "int8": 1, "bool": 1}
    return sum(math.prod(v.shape) * size.get(v.dtype, 4) for v in variables)


def _readable(size: int) -> str:
    units = ("B", "KB", "MB", "GB", "TB")
    power = min(int(math.log(size, 1024)), len(units) - 1) if size else 0
    return f"{size / 1024**power:.2f} {units[power]}"


def _totals(model: Any) -> str:
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
