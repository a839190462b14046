"""What a picture of a model shows: boxes, models within them, and arrows; and the same as text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rosenblatt.core.symbolic import KerasTensor, Node, node_of, tree_leaves
from rosenblatt.core.types import Shape
from rosenblatt.graph.graph import Graph
from rosenblatt.layers.base import Layer
from rosenblatt.layers.signatures import map_shapes

NO_ARROWS = "Order unknown: the layers are called by Python code in `call()`."
# A crossing by what it joins: up, down, left, right.
_JOINTS = {
    "ud": "│", "udr": "├", "udl": "┤", "udlr": "┼", "ur": "└", "ul": "┘", "ulr": "┴",
    "dr": "┌", "dl": "┐", "dlr": "┬", "lr": "─", "": " ",
}  # fmt: skip
Row = tuple[str, str, str]


class Arrow(NamedTuple):
    """From the output of one box to the input of another, by the boxes' numbers."""

    source: int
    output: int
    target: int
    input: int


@dataclass
class Box:
    """A layer, or a model with a picture of its own."""

    layer: Any
    node: Node | None = None  # its first call in the graph
    inner: Picture | None = None

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.layer.name

    @property
    def kind(self) -> str:
        """The layer's class."""
        return type(self.layer).__name__

    @property
    def activation(self) -> str | None:
        """The name of its activation, if it has one."""
        found = getattr(self.layer, "activation", None)
        if found is None:
            return None
        return getattr(found, "name", None) or getattr(found, "__name__", str(found))

    @property
    def trainable(self) -> bool | None:
        """Whether training updates it; None where it has no weights."""
        return self.layer.trainable if getattr(self.layer, "weights", None) else None

    @property
    def inputs(self) -> str | None:
        """The shapes of its inputs; None of an `Input`, which has none."""
        if self.kind == "InputLayer":
            return None
        if self.node is not None:
            return _joined([brackets(t) for t in self.node.inputs])
        shapes = getattr(self.layer, "_build_shapes", None)
        return (
            _joined(tree_leaves(map_shapes(_shape_text, list(shapes.values())))) if shapes else "?"
        )

    @property
    def outputs(self) -> str:
        """The shapes of its outputs."""
        return output_text(self.layer, self.node)

    @property
    def dtype(self) -> str:
        """The dtypes of its outputs."""
        if self.node is not None:
            return _joined([t.dtype for t in self.node.outputs])
        return getattr(self.layer, "compute_dtype", "?")


class Shown(NamedTuple):
    """What is written into the boxes."""

    shapes: bool = False
    dtype: bool = False
    names: bool = False
    activations: bool = False
    trainable: bool = False

    def lines(self, box: Box) -> list[tuple[str, str]]:
        """The lines of a box, each with its kind: "head", "fact", "trained" or "frozen"."""
        lines = [(f"{box.name} ({box.kind})" if self.names else box.kind, "head")]
        if self.activations and box.activation:
            lines.append((f"Activation: {box.activation}", "fact"))
        if self.shapes:
            if box.inputs is not None:
                lines.append((f"Input: {box.inputs}", "fact"))
            lines.append((f"Output: {box.outputs}", "fact"))
        if self.dtype:
            lines.append((f"Output dtype: {box.dtype}", "fact"))
        if self.trainable and box.trainable is not None:
            state = ("Trainable", "trained") if box.trainable else ("Non-trainable", "frozen")
            lines.append(state)
        return lines


@dataclass
class Picture:
    """The boxes of a model, those nearer to its inputs first."""

    name: str
    boxes: list[Box]
    arrows: list[Arrow] = field(default_factory=list)
    # The boxes of its inputs and outputs, in order; and whether the arrows are known at all.
    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    known: bool = True


def picture_of(model: Layer, expand: bool = False) -> Picture:
    """The boxes and arrows of a model.

    Args:
        model: a Sequential, Functional or subclassed model (whose arrows are unknown).
        expand: show the layers of inner models.
    """
    graph = getattr(model, "_graph", None)
    if hasattr(model, "_sequence"):
        boxes = [_box(layer, None, expand) for layer in model.layers]
        chain = [Arrow(i, 0, i + 1, 0) for i in range(len(boxes) - 1)]
        return Picture(model.name, boxes, chain, [0], [len(boxes) - 1])
    if graph is None:
        return Picture(model.name, [_box(one, None, expand) for one in model.layers], known=False)
    number = {id(layer): i for i, layer in enumerate(graph.layers)}
    first: dict[int, Node] = {}
    arrows: list[Arrow] = []
    for node in graph.nodes:
        first.setdefault(id(node.operation), node)
        for place, tensor in enumerate(node.inputs):
            source = number[id(node_of(tensor).operation)]
            output = tensor._keras_history.tensor_index
            arrows.append(Arrow(source, output, number[id(node.operation)], place))
    return Picture(
        model.name,
        [_box(layer, first[id(layer)], expand) for layer in graph.layers],
        list(dict.fromkeys(arrows)),
        [number[id(node_of(t).operation)] for t in graph.inputs],
        [number[id(node_of(t).operation)] for t in graph.outputs],
    )


def _box(layer: Layer, node: Node | None, expand: bool) -> Box:
    nodes = layer._inbound_nodes
    is_model = hasattr(layer, "summary") and bool(getattr(layer, "layers", None))
    inner = picture_of(layer, expand) if expand and is_model else None
    return Box(layer, node or (nodes[0] if nodes else None), inner)


def path_to(picture: Picture, number: int, place: int, *, end: bool) -> Iterator[int]:
    """The numbers of the boxes, outermost first, down to the one where an arrow begins or ends.

    Args:
        number: the arrow's box in the picture.
        place: which of its outputs (or inputs) the arrow is about.
        end: whether the arrow ends there.
    """
    yield number
    inner = picture.boxes[number].inner
    if inner is not None and inner.known:
        doors = inner.begins if end else inner.ends
        yield from path_to(inner, doors[min(place, len(doors) - 1)], 0, end=end)


def output_text(layer: Layer, node: Node | None = None) -> str:
    """The shapes of a call's outputs, of the last call, or for the shape it was built for.

    Args:
        layer: a layer or model.
        node: the call.
    """
    graph = getattr(layer, "_graph", None)
    shapes = getattr(layer, "_build_shapes", None)
    if node is not None or layer._inbound_nodes:
        return _joined([brackets(t) for t in (node or layer._inbound_nodes[-1]).outputs])
    if graph is not None:
        return _joined([brackets(t) for t in graph.outputs])
    if shapes and not getattr(layer, "layers", None):
        try:  # by name where `build` takes several shapes
            found = layer.compute_output_shape(**shapes.get("shapes_dict", shapes))
        except (TypeError, ValueError):  # a user's class may know its shapes by other names
            return "?"
        structure = map_shapes(_shape_text, found)
        texts = tree_leaves(structure)
        return texts[0] if len(texts) == 1 else str(structure).replace("'", "")
    return "?"


def brackets(tensor: KerasTensor) -> str:
    """A tensor's shape, as Keras's summary prints it."""
    return _shape_text(tensor.shape)


def _shape_text(shape: Shape) -> str:
    return f"({', '.join(str(size) for size in shape)})"


def _joined(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


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
