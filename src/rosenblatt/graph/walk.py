"""A graph's nodes in order, and the one way through them; what is done at each is a rule.

The order is Keras's: files number layers by it. Running on arrays, running the part that is the
host's, cloning layers and taking inner models apart are rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax

from rosenblatt.core.errors import BadData
from rosenblatt.core.symbolic import KerasTensor, Node, Operation, node_of, tree_leaves, tree_map
from rosenblatt.core.types import Tree

Values = dict[int, Any]  # by the ids of symbolic tensors
Rule = Callable[[Node, tuple[Any, ...], dict[str, Any]], Any]


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


def filled(nest: Tree, values: Values) -> Any:
    """A nest with values in place of symbolic tensors."""
    if type(nest) is dict:  # with its keys in the order that the user gave them
        return {key: filled(part, values) for key, part in nest.items()}
    return tree_map(lambda leaf: values[id(leaf)] if isinstance(leaf, KerasTensor) else leaf, nest)


def walk(nodes: Iterable[Node], values: Values, rule: Rule) -> None:
    """Find the values of the outputs of nodes.

    Args:
        nodes: each after those it needs; those whose outputs have values already are passed over.
        values: values of tensors; those of the nodes' outputs are added.
        rule: from a node and its arguments to what its call gives.
    """
    for node in nodes:
        if any(id(tensor) not in values for tensor in node.outputs):
            args, kwargs = filled((node.args, node.kwargs), values)
            results = tree_leaves(rule(node, args, kwargs))
            values.update(zip(map(id, node.outputs), results, strict=True))


def running(training: bool | None) -> Rule:
    """The rule that calls each operation.

    Args:
        training: passed to the layers that take it.
    """

    def rule(node: Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if training is not None and "training" not in kwargs and _takes_training(node.operation):
            kwargs = {**kwargs, "training": training}
        return node.operation(*args, **kwargs)

    return rule


def _takes_training(operation: Operation) -> bool:
    return bool(getattr(operation, "_call_takes", lambda _: False)("training"))


# -- what runs on the host (`graph.host`) ---------------------------------------------------------


class LookedUp(tuple):
    """What the host part of a graph made of the inputs: a tuple of arrays, or nests of them."""

    __slots__ = ()


jax.tree_util.register_pytree_node(
    LookedUp, lambda items: (tuple(items), None), lambda _, items: LookedUp(items)
)


def is_host_layer(layer: Operation) -> bool:
    """Whether a layer looks up text or ids (`layers.preprocessing.host.HostLayer`)."""
    return getattr(layer, "on_host", False)


def is_halved(layer: Operation) -> bool:
    """Whether a layer looks up on the host and encodes in the program; a user's `call` does not."""
    return getattr(layer, "in_halves", False)


def looks_up(operation: Operation) -> bool:
    """Whether an operation is, or holds, a layer that runs on the host."""
    layers = getattr(operation, "_flatten_layers", None)
    return layers is not None and any(map(is_host_layer, layers()))
