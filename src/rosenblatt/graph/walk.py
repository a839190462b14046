"""The one way through a graph's nodes; what is done at each is a rule.

Running on arrays, running the part that is the host's, cloning layers and taking inner models apart
are rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rosenblatt.core.symbolic import KerasTensor, Node, Operation, tree_leaves, tree_map
from rosenblatt.core.types import Tree

Values = dict[int, Any]  # by the ids of symbolic tensors
Rule = Callable[[Node, tuple[Any, ...], dict[str, Any]], Any]


def filled(nest: Tree, values: Values) -> Any:
    """A nest with values in place of symbolic tensors."""
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
