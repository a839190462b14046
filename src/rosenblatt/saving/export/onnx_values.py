"""The arrays of a traced program while it is written as an ONNX graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rosenblatt.core.types import ArrayLike
from rosenblatt.saving.export.onnx_builder import Builder, Unwritable


@dataclass(frozen=True)
class Array:
    """An array of the program.

    Args:
        shape: as it stands in the graph: an axis that was broadcast may still be of size 1, since
            most nodes broadcast by themselves.
        dtype: as NumPy's.
        name: its name in the graph, for what is computed there.
        constant: its value, for what is known now.
    """

    shape: Sequence[Any]
    dtype: Any
    name: str | None = None
    constant: np.ndarray | None = None

    @classmethod
    def of(cls, value: ArrayLike) -> Array:
        """A constant."""
        array = np.asarray(value)
        return cls(array.shape, array.dtype, constant=array)


class Graph:
    """Nodes of a program, and the sizes that are known when it runs only.

    Args:
        b: collects the nodes.
        sizes: for each free size, by name, an input of the graph and its axis that has it.
    """

    def __init__(self, b: Builder, sizes: Mapping[str, tuple[str, int]]):
        self.b = b
        self._sizes = sizes

    def name(self, x: Array) -> str:
        """The name of an array as it stands."""
        if x.constant is not None:
            return self.b.constant(x.constant, x.constant.dtype)
        assert x.name is not None
        return x.name

    def full(self, x: Array, shape: Sequence[Any]) -> str:
        """The name of an array with all its axes broadcast."""
        if tuple(x.shape) == tuple(shape):
            return self.name(x)
        if x.constant is not None and all(isinstance(size, int) for size in shape):
            return self.b.constant(np.broadcast_to(x.constant, tuple(shape)), x.constant.dtype)
        wanted = [1 if has == size else size for has, size in zip(x.shape, shape, strict=True)]
        return self.b.op("Expand", self.name(x), self.sizes(wanted))

    def sizes(self, shape: Sequence[Any]) -> str:
        """A shape as an int64 array of the graph."""
        if all(isinstance(size, int) for size in shape):
            return self.integers(shape)
        parts = [self.integers([s]) if isinstance(s, int) else self._size(s) for s in shape]
        return self.b.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]

    def integers(self, values: Sequence[int]) -> str:
        """A constant int64 array."""
        return self.b.constant(np.array(values, "int64"), "int64")

    def _size(self, size: object) -> str:
        factor, _, one = str(size).rpartition("*")  # such as 3*batch
        if one not in self._sizes or (not factor.isdigit() and factor):
            raise Unwritable(f"a size of {size} is known to no input")
        name, axis = self._sizes[one]
        shape, span = self.b.op("Shape", name), map(self.integers, ([axis], [axis + 1]))
        found = self.b.op("Slice", shape, *span)
        return self.b.op("Mul", found, self.integers([int(factor)])) if factor else found
