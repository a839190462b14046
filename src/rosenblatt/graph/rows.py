"""Whether a model's layers and operations keep the rows of a batch apart.

Padding a batch changes nothing then. Layers say it of themselves (`row_independent`), since some
read the mask of the real rows; of an operation on a graph's tensors it is read off its trace, as of
a user's loss (`core.rows`). What cannot be seen counts as no.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rosenblatt.core import registry
from rosenblatt.core.faces import on_use
from rosenblatt.core.symbolic import Node, tree_leaves
from rosenblatt.graph.walk import filled
from rosenblatt.layers.base import Layer

if TYPE_CHECKING:
    from rosenblatt.core import rows
else:
    rows = on_use("rosenblatt.core.rows")


def layers_keep_rows_apart(layers: Iterable[Layer]) -> bool:
    """Whether all layers do, and the operations in the graphs of those that are models.

    A user's `call()` may look across the rows of a batch, unless its class says
    `row_independent = True`.
    """
    return all(_says_so(layer) for layer in layers)


def _says_so(layer: Layer) -> bool:
    ours = registry.is_builtin(type(layer))
    said = layer.row_independent if ours else vars(type(layer)).get("row_independent", False)
    graph = getattr(layer, "_graph", None)
    return said and (graph is None or graph.keeps_rows_apart)


def keeps_rows_apart(node: Node) -> bool:
    """Whether each row of a node's results comes of the same row of its inputs alone.

    >>> from rosenblatt import ops
    >>> from rosenblatt.core.symbolic import KerasTensor, node_of
    >>> x = KerasTensor((None, 3))
    >>> keeps_rows_apart(node_of(x + 1)), keeps_rows_apart(node_of(ops.flip(x, 0)))
    (True, False)
    """
    if any(not tensor.shape or tensor.shape[0] is not None for tensor in node.inputs):
        return False

    def run(tensors: list[Any]) -> Any:
        values = dict(zip(map(id, node.inputs), tensors, strict=True))
        args, kwargs = filled((node.args, node.kwargs), values)
        return tree_leaves(node.operation(*args, **kwargs))

    return rows.stay_apart(run, node.inputs, numbered=False)
