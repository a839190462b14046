"""Whether a graph's operations keep the rows of a batch apart.

Padding a batch changes nothing then. Layers say it of themselves (`row_independent`); of an op on
tensors it follows from which op it is, its axes and the shapes. What cannot be seen counts as no.
"""

from __future__ import annotations

from typing import Any

from rosenblatt.core.symbolic import KerasTensor, Node, Operation, tree_leaves
from rosenblatt.ops import elementwise, nonlinear
from rosenblatt.ops.define import TABLES

_BY_ELEMENT = {
    name
    for table in TABLES.values()
    for name, op in table.items()
    if op.__module__ in (elementwise.__name__, nonlinear.__name__)
    and name not in ("allclose", "isin", "glu", "softmax", "log_softmax", "sparsemax")
} | {"cast", "saturate_cast", "stop_gradient"}
_MORE_AXES = ("expand_dims", "stack")  # their axis is one of the result
_GATHERS = ("take",)  # with indices of their own rows


def keeps_rows_apart(node: Node) -> bool:
    """Whether each row of a node's results comes of the same row of its inputs alone.

    >>> from rosenblatt import ops
    >>> from rosenblatt.core.symbolic import KerasTensor, node_of
    >>> x = KerasTensor((None, 3))
    >>> keeps_rows_apart(node_of(x + 1)), keeps_rows_apart(node_of(ops.flip(x, 0)))
    (True, False)
    """
    operation: Operation = node.operation
    name = getattr(operation, "op_name", None)
    if name is None:
        return False
    shapes = [tensor.shape for tensor in node.inputs]
    others = [leaf for leaf in tree_leaves((node.args, node.kwargs))
              if hasattr(leaf, "shape") and not isinstance(leaf, KerasTensor)]  # fmt: skip
    settings = getattr(operation, "settings", {})
    rank = len(node.outputs[0].shape)
    if not rank or any(not shape or shape[0] is not None for shape in shapes):
        return False
    if name in _BY_ELEMENT:
        same = all(len(shape) == rank for shape in shapes)
        return same and all(_is_for_each_row(array.shape, rank) for array in others)
    if name in ("matmul", "dot"):
        return len(shapes) == 1 and isinstance(node.args[0], KerasTensor) and len(shapes[0]) > 1
    if name == "get_item":
        key = node.args[1] if len(node.args) > 1 else node.kwargs.get("key")
        first = key[0] if isinstance(key, (tuple, list)) and key else key
        return first is Ellipsis or first == slice(None)
    if name == "transpose":
        return bool(settings.get("axes")) and settings["axes"][0] == 0
    if name == "reshape":
        return _size(node.outputs[0].shape[1:]) == _size(shapes[0][1:]) is not None
    if others or name in _GATHERS or len({len(shape) for shape in shapes}) != 1:
        return False
    return _leaves_out_rows(settings.get("axis"), len(shapes[0]) + (name in _MORE_AXES))


def _is_for_each_row(shape: Any, rank: int) -> bool:
    """Whether an array is broadcast to every row."""
    return len(shape) < rank or (len(shape) == rank and shape[0] == 1)


def _size(shape: Any) -> int | None:
    size = 1
    for one in shape:
        if one is None:
            return None
        size *= one
    return size


def _leaves_out_rows(axis: Any, rank: int) -> bool:
    axes = axis if isinstance(axis, (tuple, list)) else [axis]
    return bool(axes) and all(isinstance(one, int) and one % rank != 0 for one in axes)
