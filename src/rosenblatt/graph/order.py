"""The order of a graph's nodes and layers, as Keras orders them (files number layers by it)."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.errors import BadData
from rosenblatt.core.symbolic import KerasTensor, Node, Operation, node_of


def trace_back(
    inputs: list[KerasTensor], outputs: list[KerasTensor]
) -> tuple[list[Node], dict[int, int]]:
    """Nodes between inputs and outputs, each after those it needs, and when each layer was met.

    Raises:
        ValueError: an output needs a tensor that is not among the inputs.
    """
    boundary = {id(node_of(tensor)) for tensor in inputs}
    ordered: list[Node] = []
    met: dict[int, int] = {}
    done: set[int] = set()
    stack: list[tuple[Node, bool]] = [(node_of(t), False) for t in reversed(outputs)]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            ordered.append(node)
            continue
        if id(node) in done:
            continue
        done.add(id(node))
        met.setdefault(id(node.operation), len(met))
        stack.append((node, True))
        if id(node) in boundary:
            continue
        if not node.inputs:
            raise BadData(
                f"The graph is cut off: the outputs need {node.operation.name!r}, which is not "
                "among the model's inputs.",
                given=f"inputs {[t.name for t in inputs]}",
                fix=f"add the tensor of {node.operation.name!r} to `inputs`.",
            )
        stack.extend((parent, False) for parent in reversed(node.parents))
    return ordered, met


def by_depth(
    inputs: list[KerasTensor], outputs: list[KerasTensor]
) -> tuple[list[Node], list[Operation]]:
    """Nodes in running order, and layers from the inputs to the outputs.

    Layers farther from the outputs come first; those equally far, as they were met.

    Raises:
        ValueError: a cut-off graph; two layers of one name.
    """
    ordered, met = trace_back(inputs, outputs)
    depth: dict[int, int] = {}
    layer_depth: dict[int, int] = {}
    layers: dict[int, Operation] = {}
    for node in reversed(ordered):
        layer = node.operation
        layers[id(layer)] = layer
        level = max(depth.get(id(node), 0), layer_depth.get(id(layer), 0))
        layer_depth[id(layer)] = depth[id(node)] = level
        for parent in node.parents:
            depth[id(parent)] = max(level + 1, depth.get(id(parent), 0))
    for tensor in inputs:
        layer = node_of(tensor).operation
        if id(layer) not in layers:
            layers[id(layer)] = layer
            layer_depth[id(layer)] = 0
            met[id(layer)] = -1
            ordered.insert(0, node_of(tensor))
            depth[id(node_of(tensor))] = 0
    order = {id(node): index for index, node in enumerate(ordered)}
    nodes = sorted(ordered, key=lambda n: (-depth[id(n)], order[id(n)]))
    sorted_layers = sorted(layers.values(), key=lambda o: (-layer_depth[id(o)], met[id(o)]))
    _refuse_equal_names(sorted_layers)
    return nodes, sorted_layers


def _refuse_equal_names(layers: list[Any]) -> None:
    seen: set[str] = set()
    for layer in layers:
        if layer.name in seen:
            raise BadData(
                f"Two layers of the graph are called {layer.name!r}.",
                fix="give each a `name=` of its own.",
            )
        seen.add(layer.name)
