"""What a picture of a model shows: boxes, models within them, and arrows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rosenblatt.core.symbolic import KerasTensor, Node, node_of, tree_leaves
from rosenblatt.core.types import Shape
from rosenblatt.layers.base import Layer
from rosenblatt.layers.signatures import map_shapes

NO_ARROWS = "Order unknown: the layers are called by Python code in `call()`."


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
        structure = map_shapes(_shape_text, layer.compute_output_shape(*shapes.values()))
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
