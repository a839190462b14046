"""Operators of symbolic tensors: `a + b` records the node that `ops.add(a, b)` records.

Who imports this module gives symbolic tensors operators; the ops are defined when one is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rosenblatt import ops
from rosenblatt.core.symbolic import KerasTensor

_BOTH_WAYS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "pow": "power",
    "matmul": "matmul", "floordiv": "floor_divide", "mod": "mod", "and": "logical_and",
    "or": "logical_or", "xor": "logical_xor",
}  # fmt: skip
_ONE_WAY = {
    "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "getitem": "get_item",
}  # fmt: skip
_OF_ONE = {
    "neg": "negative", "abs": "absolute", "invert": "logical_not", "round": "round",
    "trunc": "trunc", "floor": "floor", "ceil": "ceil",
}  # fmt: skip


def _install() -> None:
    """Give symbolic tensors operators, `x[…]`, `abs(x)`, `round(x)`; all ops are defined then."""

    def method(name: str, swapped: bool = False) -> Callable[..., Any]:
        if swapped:
            return lambda a, b: getattr(ops, name)(b, a)
        return lambda a, *rest: getattr(ops, name)(a, *rest)

    for operator, name in {**_BOTH_WAYS, **_ONE_WAY, **_OF_ONE}.items():
        setattr(KerasTensor, f"__{operator}__", method(name))
    for operator, name in _BOTH_WAYS.items():
        setattr(KerasTensor, f"__r{operator}__", method(name, swapped=True))
    for one in (reshape, squeeze):
        setattr(KerasTensor, one.__name__, one)


def reshape(self: KerasTensor, newshape: Sequence[int]) -> Any:
    """`ops.reshape`: the tensor in another shape, which has the batch in it."""
    return ops.reshape(self, newshape)


def squeeze(self: KerasTensor, axis: int | Sequence[int] | None = None) -> Any:
    """`ops.squeeze`: the tensor without axes of size 1."""
    return ops.squeeze(self, axis)


_install()
