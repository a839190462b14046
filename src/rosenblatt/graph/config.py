"""Graphs to and from Keras's Functional config."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rosenblatt.core.errors import BadData, nearest
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.core.symbolic import KerasTensor, Node, Operation, node_of, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.graph.graph import Graph
from rosenblatt.layers.base import Layer
from rosenblatt.layers.signatures import parameters_of

Find = Callable[[Sequence[Any]], KerasTensor]


def graph_to_config(graph: Graph) -> dict[str, Any]:
    """`layers`, `input_layers` and `output_layers` of Keras's Functional config."""
    in_graph = {id(node) for node in graph.nodes}
    number: dict[int, int] = {}  # id of a node → its index among its layer's nodes in the graph
    for layer in graph.layers:
        inside = [node for node in layer._inbound_nodes if id(node) in in_graph]
        number.update({id(node): index for index, node in enumerate(inside)})

    def history_of(tensor: KerasTensor) -> list[Any]:
        history = tensor._keras_history
        assert history is not None
        return [history.operation.name, number[id(node_of(tensor))], history.tensor_index]

    def reference(tensor: KerasTensor) -> list[Any]:
        name, node_index, tensor_index = history_of(tensor)
        return [name, node_index + _first_call(node_of(tensor).operation), tensor_index]

    def argument(leaf: Tree) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        config = {"shape": list(leaf.shape), "dtype": leaf.dtype, "keras_history": history_of(leaf)}
        return {"class_name": "__keras_tensor__", "config": config}

    layers = []
    for layer in graph.layers:
        config = serialize_keras_object(layer)
        config["name"] = layer.name
        config["inbound_nodes"] = [
            {
                "args": serialize_keras_object(list(tree_map(argument, node.args))),
                "kwargs": serialize_keras_object(tree_map(argument, _said(node))),
            }
            for node in layer._inbound_nodes
            if id(node) in in_graph and node.inputs
        ]
        layers.append(config)
    return {
        "layers": layers,
        "input_layers": tree_map(reference, graph.input_structure),
        "output_layers": tree_map(reference, graph.output_structure),
    }


def graph_from_config(config: Mapping[str, Any]) -> tuple[Any, Any]:
    """The symbolic inputs and outputs of a Functional config, with new layers between them.

    Raises:
        ValueError: a layer that waits for a tensor no layer makes.
    """
    created: dict[str, Any] = {}
    # Where a layer was called before the graph (a nested model), the config's count starts later.
    offset: dict[str, int] = {}
    # A layer's calls are numbered: a later one must not overtake one that still waits.
    calls: dict[str, deque[Mapping[str, Any]]] = {}
    for entry in _entries(config):
        layer = deserialize_keras_object({k: v for k, v in entry.items() if k != "inbound_nodes"})
        name = entry.get("name") or entry["config"]["name"]
        if not isinstance(layer, Operation):
            raise BadData(
                f"The config's layer {name!r} is not one.", given=f"a {type(layer).__name__}"
            )
        created[name] = layer
        offset[name] = 0 if entry["class_name"] == "InputLayer" else len(layer._inbound_nodes)
        calls[name] = deque(entry.get("inbound_nodes", []))

    def find(history: Sequence[Any]) -> KerasTensor:
        name, node_index, tensor_index = history[:3]
        nodes = _known(created, name)._inbound_nodes
        if offset[name] + node_index >= len(nodes):
            raise _NotThere(name)
        return nodes[offset[name] + node_index].outputs[tensor_index]

    _make_calls(created, calls, find)

    def find_end(history: Sequence[Any]) -> KerasTensor:
        name, node_index, tensor_index = history[:3]
        return find([name, node_index - _first_call(_known(created, name)), tensor_index])

    try:
        inputs, outputs = (
            _references(config[key], find_end) for key in ("input_layers", "output_layers")
        )
    except _NotThere as missing:
        raise BadData(
            f"The config's layer {missing.args[0]!r} is not called as often as an output says."
        ) from None
    return _single(inputs), _single(outputs)


def _entries(config: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The configs of the layers.

    Raises:
        ValueError: what is missing, or of another kind.
    """
    for key in ("layers", "input_layers", "output_layers"):
        if not isinstance(config.get(key), (list, tuple, Mapping)):
            raise BadData("A Functional model's config is incomplete.", expected=f"a list {key!r}")
    for entry in config["layers"]:
        if not entry.get("name") and "name" not in entry["config"]:
            raise BadData("A Functional model's config holds a layer without a name.", given=entry)
    layers: Sequence[Mapping[str, Any]] = config["layers"]
    return layers


def _known(created: Mapping[str, Any], name: str) -> Any:
    if name not in created:
        raise BadData(
            f"The config speaks of a layer {name!r}, which is not among its layers.",
            fix=nearest(str(name), created),
        )
    return created[name]


class _NotThere(Exception):
    """A layer has not been called as often yet."""


def _make_calls(
    created: Mapping[str, Any], calls: Mapping[str, deque[Mapping[str, Any]]], find: Find
) -> None:
    """Call the layers, each as soon as those that it waits for have been called."""
    todo = deque(calls)
    waiting: dict[str, list[str]] = {}
    while todo:
        name = todo.popleft()
        while calls[name]:
            try:
                _call(created[name], calls[name][0], find)
            except _NotThere as missing:
                waiting.setdefault(missing.args[0], []).append(name)
                break
            calls[name].popleft()
            todo.extend(waiting.pop(name, ()))
    left = next((name for name, nodes in calls.items() if nodes), None)
    if left is not None:
        raise BadData(f"The config's layer {left!r} is called on a tensor that no layer makes.")


def _single(structure: Tree) -> Any:
    return structure[0] if isinstance(structure, list) and len(structure) == 1 else structure


def _first_call(layer: Operation) -> int:
    """The number of a layer's first call in `input_layers` and `output_layers`.

    Keras counts the calls of an inner Functional model from 1 there, and from 0 elsewhere.
    """
    return int(getattr(layer, "_counts_calls_from", 0))


def _trains_unless_told(layer: Operation) -> bool:
    """Whether `call` has `training=False` for its default, as Keras's dropout has.

    Keras writes that default into configs as if it were given, and lets the model overrule it.
    """
    parameter = parameters_of(type(layer), "call").get("training")
    return parameter is not None and parameter.default is False


def _said(node: Node) -> dict[str, Any]:
    """A node's keyword arguments; where `training=False` was really given, 0 says so."""
    given = dict(node.kwargs)
    if given.get("training") is False and _trains_unless_told(node.operation):
        given["training"] = 0
    return given


def _call(layer: Layer, node: Mapping[str, Any], find: Find) -> None:
    def fill(value: Tree) -> Any:
        if isinstance(value, Mapping):
            if value.get("class_name") == "__keras_tensor__":
                return find(value["config"]["keras_history"])
            if "class_name" in value and "config" in value:
                return deserialize_keras_object(value)
            return {k: fill(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(fill(v) for v in value)
        return value

    args, kwargs = fill(node["args"]), fill(node["kwargs"])
    if kwargs.get("training") is False and _trains_unless_told(layer):
        kwargs = {key: value for key, value in kwargs.items() if key != "training"}
    layer(*args, **kwargs)


def _references(structure: Tree, find: Find) -> Any:
    if isinstance(structure, Mapping):
        return {k: _references(v, find) for k, v in structure.items()}
    if len(structure) == 3 and isinstance(structure[0], str) and isinstance(structure[1], int):
        return find(structure)
    return [_references(item, find) for item in structure]
