"""Operators of symbolic tensors: `a + b` records the node that `ops.add(a, b)` records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def install(table: dict[str, Callable[..., Any]]) -> None:
    """Give symbolic tensors operators, `x[…]`, `abs(x)` and `round(x)`, from a table of ops."""

    def method(op: Callable[..., Any], swapped: bool) -> Callable[..., Any]:
        return (lambda a, b: op(b, a)) if swapped else (lambda a, b: op(a, b))

    for name, target in _BOTH_WAYS.items():
        setattr(KerasTensor, f"__{name}__", method(table[target], False))
        setattr(KerasTensor, f"__r{name}__", method(table[target], True))
    for name, target in _ONE_WAY.items():
        setattr(KerasTensor, f"__{name}__", method(table[target], False))
    for name, target in _OF_ONE.items():
        setattr(KerasTensor, f"__{name}__", lambda a, *rest, op=table[target]: op(a, *rest))
    for name in ("reshape", "squeeze"):
        setattr(KerasTensor, name, lambda a, *rest, op=table[name]: op(a, *rest))
