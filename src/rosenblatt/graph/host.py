"""The part of a graph that runs on the host, once for the data: look-ups of text and of ids.

A program computes with numbers of 32 bits. Nodes that look up text or ids, and those before them,
therefore run on the data before they reach a program; the program gets what was found in place of
the data, and goes on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.core.symbolic import KerasTensor, Node, Operation, node_of, tree_leaves, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.graph.walk import Values, filled, running, walk
from rosenblatt.layers.input import Input, InputLayer

if TYPE_CHECKING:
    from rosenblatt.graph.graph import Graph


class LookedUp(tuple):
    """What the host part of a graph made of the inputs: a tuple of arrays, or nests of them."""

    __slots__ = ()


jax.tree_util.register_pytree_node(
    LookedUp, lambda items: (tuple(items), None), lambda _, items: LookedUp(items)
)


def is_host_layer(layer: Operation) -> bool:
    """Whether a layer looks up text or ids (`layers.preprocessing.host.HostLayer`)."""
    return getattr(layer, "on_host", False)


def looks_up(operation: Operation) -> bool:
    """Whether an operation is, or holds, a layer that runs on the host."""
    layers = getattr(operation, "_flatten_layers", None)
    return layers is not None and any(map(is_host_layer, layers()))


class HostPart:
    """The nodes of a graph that run on the host, and those that are left for the program.

    Args:
        graph: a graph with host layers. Inner models that hold some are taken apart.

    Raises:
        ValueError: a host layer behind layers with trainable weights.
    """

    def __init__(self, graph: Graph):
        while any(_is_inner(node) for node in graph.nodes):
            graph = _taken_apart(graph)
        self.graph = graph
        on_host: set[int] = set()
        for node in reversed(graph.nodes):
            if id(node) in on_host or looks_up(node.operation):
                on_host.add(id(node))
                on_host.update(id(parent) for parent in node.parents)
        begins = [n for n in graph.nodes if isinstance(n.operation, InputLayer)]
        on_host.update(map(id, begins))
        self._nodes = [n for n in graph.nodes if id(n) in on_host and n not in begins]
        self._rest = [n for n in graph.nodes if id(n) not in on_host]
        _refuse_weights(self._nodes, graph.name)
        read_on_host = {id(t) for n in self._nodes for t in n.inputs}
        read_later = {id(t) for n in self._rest for t in n.inputs} | set(map(id, graph.outputs))
        self._encoded_on_host = read_on_host
        self._cut: list[KerasTensor] = []
        for node in (*begins, *self._nodes):
            self._cut += [t for t in node.outputs if id(t) in read_later]
        _refuse_text(self._cut, graph)

    def look_up(self, columns: Tree) -> LookedUp:
        """Run the host part.

        Args:
            columns: arrays for the model's inputs, of numbers or text.

        Returns:
            The arrays for the program.

        Raises:
            ValueError: data that do not fit the model's inputs.
        """
        graph = self.graph
        arrays = graph.arrange(columns)
        values = dict(zip(map(id, graph.inputs), arrays, strict=True))
        found: Values = {}

        def rule(node: Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            layer: Any = node.operation
            if not is_host_layer(layer):
                return layer(*args, **kwargs)
            args, kwargs = layer._convert_inputs(args, kwargs)
            output = id(node.outputs[0])
            found[output] = layer.lookup(*args, **kwargs)
            return layer.encode(found[output]) if output in self._encoded_on_host else None

        walk(self._nodes, values, rule)
        return LookedUp(
            found[id(t)] if id(t) in found else np.asarray(values[id(t)]) for t in self._cut
        )

    def run(self, looked_up: LookedUp, training: bool | None) -> Any:
        """Compute the graph's outputs from what `look_up` gave, which may be traced."""
        values: Values = {}
        for tensor, value in zip(self._cut, looked_up, strict=True):
            layer: Any = node_of(tensor).operation
            values[id(tensor)] = layer.encode(value) if is_host_layer(layer) else value
        walk(self._rest, values, running(training))
        return filled(self.graph.returned, values)


def _is_inner(node: Node) -> bool:
    return getattr(node.operation, "_graph", None) is not None and looks_up(node.operation)


def _taken_apart(graph: Graph) -> Any:
    """The same graph with the nodes of inner models that look up in place of the models."""

    def begin(tensor: KerasTensor) -> KerasTensor:
        layer: Any = node_of(tensor).operation
        return Input(
            batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name, optional=layer.optional
        )

    inputs = tree_map(begin, graph.input_structure)

    def rule(node: Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        model: Any = node.operation
        return model._graph.run(args[0]) if _is_inner(node) else model(*args, **kwargs)

    return type(graph)(inputs, graph.walk(tree_leaves(inputs), rule), graph.name)


def _refuse_weights(nodes: list[Node], model: str) -> None:
    lookups = [n.operation.name for n in nodes if looks_up(n.operation)]
    for node in nodes:
        layer: Any = node.operation
        if getattr(layer, "trainable_variables", None):
            raise BadData(
                f"Model {model!r}: layer {layer.name!r} ({type(layer).__name__}) has trainable "
                f"weights and comes before {lookups[-1]!r}, which looks values up on the host, "
                "once, before training.",
                fix="let look-ups read the inputs, not outputs of trained layers; apply "
                "`invert=True` layers to what `predict` returns.",
            )


def _refuse_text(cut: list[KerasTensor], graph: Graph) -> None:
    for tensor in cut:
        if tensor.dtype == "string":
            raise BadData(
                f"Model {graph.name!r}: {tensor.name!r} is text, which a compiled program "
                "cannot give.",
                fix="call the model itself, `model(x)`, which computes step by step.",
            )
