"""A graph as a flat list of calls, and back: what copies and pickles hold.

Followed from tensor to tensor, a graph of sixty blocks is deeper than Python's stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rosenblatt.core.symbolic import KerasTensor, Node, Operation, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.graph.walk import Values, filled


@dataclass(frozen=True)
class Place:
    """The place of a symbolic tensor among the flat graph's."""

    index: int


@dataclass
class FlatGraph:
    """A graph's tensors by place, and its calls in order.

    Attributes:
        tensors: shape, dtype and name of each.
        calls: operation, arguments, keyword arguments and outputs of each.
        inputs, outputs: the nests that the graph was made of.
    """

    tensors: list[tuple[tuple[int | None, ...], str, str]]
    calls: list[tuple[Operation, Any, Any, Any]]
    inputs: Any
    outputs: Any


def flatten(nodes: list[Node], inputs: Tree, outputs: Tree) -> FlatGraph:
    """The flat form of a graph.

    Args:
        nodes: its nodes in order.
        inputs, outputs: the nests of its symbolic tensors.
    """
    places: Values = {}
    tensors: list[tuple[tuple[int | None, ...], str, str]] = []
    for node in nodes:
        for tensor in node.outputs:
            places[id(tensor)] = Place(len(tensors))
            tensors.append((tensor.shape, tensor.dtype, tensor.name))

    calls = [
        (node.operation, *filled((node.args, node.kwargs, node.output_structure), places))
        for node in nodes
    ]
    return FlatGraph(tensors, calls, *filled((inputs, outputs), places))


def unflatten(flat: FlatGraph) -> tuple[Any, Any]:
    """New symbolic tensors, joined by new nodes of the same operations.

    Returns:
        The nests of the inputs and of the outputs.
    """
    tensors = [KerasTensor(shape, dtype, name=name) for shape, dtype, name in flat.tensors]

    def put_back(nest: Tree) -> Any:
        return tree_map(lambda t: tensors[t.index] if isinstance(t, Place) else t, nest)

    for operation, *nests in flat.calls:
        Node(operation, *put_back(nests))
    return put_back((flat.inputs, flat.outputs))
