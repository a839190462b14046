"""The part of a graph that runs on the host, once for the data: look-ups of text and of ids.

A program computes with numbers of 32 bits. Nodes that look up text or ids, and those before them,
therefore run on the data before they reach a program; the program gets what was found in place of
the data, and goes on from there.

Layers for raw columns (`reads_raw`) are functions of arrays that need no walk through the graph.
Those of one kind that read the model's inputs run together where they know how (`lookup_all`): what
counts for a single row is the number of calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.core.symbolic import KerasTensor, Node, node_of, tree_leaves, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.graph.walk import (
    LookedUp,
    Values,
    filled,
    is_halved,
    looks_up,
    running,
    walk,
)
from rosenblatt.layers.input import Input, InputLayer

if TYPE_CHECKING:
    from rosenblatt.graph.graph import Graph


_READ = frozenset("fiubOSUTM")  # kinds of dtypes that raw columns have


class Call(NamedTuple):
    """A call of one layer.

    Attributes:
        layer: the layer.
        sources: ids of the tensors it reads.
        several: whether it takes a list of them.
        target: id of the tensor it gives.
    """

    layer: Any
    sources: tuple[int, ...]
    several: bool
    target: int

    def run(self, values: Values) -> Values:
        """What the layer finds, by the id of the tensor it gives."""
        arrays = [_array(values[source]) for source in self.sources]
        return {self.target: self.layer.lookup(arrays if self.several else arrays[0])}


class Together(NamedTuple):
    """Calls of layers of one class that have `lookup_all`.

    Attributes:
        calls: each on a tensor of its own.
    """

    calls: Sequence[Call]

    def run(self, values: Values) -> Values:
        """What the layers find, by the ids of the tensors they give."""
        layers = [call.layer for call in self.calls]
        arrays = [_array(values[call.sources[0]]) for call in self.calls]
        found = layers[0].lookup_all(layers, arrays)
        return {call.target: one for call, one in zip(self.calls, found, strict=True)}


Step: TypeAlias = Node | Call | Together


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
        self._steps = steps_of(self._nodes, set(map(id, graph.inputs)))
        self._plain = all(graph.raw) and all(t.shape == (None,) for t in graph.inputs)
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
        return self._look_up(dict(zip(map(id, graph.inputs), graph.arrange(columns), strict=True)))

    def look_up_at_once(self, columns: Tree) -> LookedUp | None:
        """Run the host part on a dict of arrays that need no reading first.

        A single row is looked up in a fifth of the time that way.

        Args:
            columns: what the model was given.

        Returns:
            The arrays for the program; None where `look_up` is needed, as the columns are something
            else than (rows,) arrays or the model reads them otherwise than raw.
        """
        names = self.graph.input_names
        if not self._plain or type(columns) is not dict or any(n not in columns for n in names):
            return None
        arrays = [columns[name] for name in names]
        if any(type(array) is not np.ndarray for array in arrays):
            return None
        if len({array.shape for array in arrays}) > 1 or arrays[0].ndim != 1 or not arrays[0].size:
            return None
        if not {array.dtype.kind for array in arrays} <= _READ:
            return None
        return self._look_up(dict(zip(map(id, self.graph.inputs), arrays, strict=True)))

    def _look_up(self, values: Values) -> LookedUp:
        """The arrays for the program, from those of the graph's inputs."""
        found: Values = {}

        def rule(node: Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            layer: Any = node.operation
            if not is_halved(layer):
                return layer(*args, **kwargs)
            args, kwargs = layer._convert_inputs(args, kwargs)
            output = id(node.outputs[0])
            found[output] = layer.lookup(*args, **kwargs)
            return layer.encode(found[output]) if output in self._encoded_on_host else None

        for step in self._steps:
            if isinstance(step, Node):
                walk([step], values, rule)
            else:
                new = step.run(values)
                found.update(new)
                values.update(new)
        return LookedUp(
            found[id(t)] if id(t) in found else np.asarray(values[id(t)]) for t in self._cut
        )

    def run(self, looked_up: LookedUp, training: bool | None) -> Any:
        """Compute the graph's outputs from what `look_up` gave, which may be traced."""
        values: Values = {}
        for tensor, value in zip(self._cut, looked_up, strict=True):
            layer: Any = node_of(tensor).operation
            values[id(tensor)] = layer.encode(value) if is_halved(layer) else value
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


def steps_of(nodes: Iterable[Node], inputs: set[int]) -> list[Step]:
    """What is done at nodes, each after those it needs; a node where a walk is needed.

    Args:
        nodes: in order.
        inputs: ids of the graph's inputs.
    """
    first: dict[type, list[Call]] = {}
    rest: list[Step] = []
    for node in nodes:
        call = _call_of(node)
        if call is None:
            rest.append(node)
        elif hasattr(call.layer, "lookup_all") and not call.several and call.sources[0] in inputs:
            first.setdefault(type(call.layer), []).append(call)
        else:
            rest.append(call)
    return [*map(Together, first.values()), *rest]


def _call_of(node: Node) -> Call | None:
    """The call of a raw layer on a tensor or a list of tensors; None for any other call."""
    layer: Any = node.operation
    plain = getattr(layer, "reads_raw", False) and is_halved(layer)
    if not plain or node.kwargs or len(node.args) != 1:
        return None
    given = node.args[0]
    several = isinstance(given, (list, tuple))
    tensors = list(given) if several else [given]
    if not all(isinstance(tensor, KerasTensor) for tensor in tensors):
        return None
    return Call(layer, tuple(map(id, tensors)), several, id(node.outputs[0]))


def _array(value: Any) -> np.ndarray:
    return value if type(value) is np.ndarray else np.asarray(value)
