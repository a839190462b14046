"""Inputs of a network in the forms users give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadArgument, nearest


@dataclass(frozen=True)
class Signals:
    """Columns of bools by input, and the shape they came in."""

    columns: dict[str, np.ndarray]
    shape: tuple[int, ...]

    @property
    def rows(self) -> int:
        """How many instances there are."""
        return int(np.prod(self.shape))

    def shaped(self, flat: np.ndarray) -> Any:
        """An output in the shape of the inputs: a bool for numbers."""
        return flat.reshape(self.shape) if self.shape else bool(flat[0])


def read_signals(inputs: Sequence[str], values: Any, by_name: Mapping[str, Any]) -> Signals:
    """Columns of the inputs, from one array, a dict or frame of columns, or arguments by name.

    Raises:
        ValueError: an unknown or missing input, values other than 0 and 1, unequal shapes.
    """
    if values is not None and not (isinstance(values, Mapping) or hasattr(values, "columns")):
        return _of_array(inputs, values, by_name)
    names = getattr(values, "columns", values if values is not None else [])
    given = {**{name: values[name] for name in names}, **by_name}
    for name in given:
        if name not in inputs:
            hint = nearest(str(name), inputs)
            raise BadArgument(f"Network: there is no input {name!r}.", fix=hint)
    missing = [name for name in inputs if name not in given]
    if missing:
        raise BadArgument(
            f"Network: no value for the input {missing[0]!r}.",
            given=sorted(map(str, given)),
            expected=list(inputs),
        )
    columns = {name: _binary(name, given[name]) for name in inputs}
    try:
        shape = np.broadcast_shapes(*(column.shape for column in columns.values()))
    except ValueError as error:
        raise BadArgument(
            "Network: inputs of unequal shapes.",
            given={name: column.shape for name, column in columns.items()},
            expected="one shape for all, or single numbers",
        ) from error
    return Signals({n: np.broadcast_to(c, shape).ravel() for n, c in columns.items()}, shape)


def _of_array(inputs: Sequence[str], values: Any, by_name: Mapping[str, Any]) -> Signals:
    array = np.asarray(values)
    more = f" and {sorted(by_name)} by name" if by_name else ""
    if array.ndim not in (1, 2) or array.shape[-1] != len(inputs) or by_name:
        raise BadArgument(
            "Network: an array of inputs has one column for each of them.",
            given=f"shape {array.shape}{more}",
            expected=f"(rows, {len(inputs)}), for {', '.join(inputs)}",
        )
    columns = np.ascontiguousarray(np.atleast_2d(_binary("the array", array)).T)
    return Signals(dict(zip(inputs, columns, strict=True)), array.shape[:-1])


def _binary(name: str, values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype == bool:
        return array
    if array.dtype.kind not in "uif":
        raise BadArgument(
            f"Network: {name} holds no numbers.", given=array.dtype, expected="0 and 1"
        )
    found = array == 1
    wrong = ~found & (array != 0)
    if wrong.any():
        raise BadArgument(
            f"Network: {name} holds values that are neither 0 nor 1.",
            given=array[wrong].flat[0],
            fix="compare first: `x > 0.5`.",
        )
    return found
