"""What an ONNX graph is collected in while a model is written: nodes, constants, sizes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from rosenblatt.core.errors import NotSavable
from rosenblatt.core.symbolic import Operation
from rosenblatt.core.types import ArrayLike, DTypeLike

# Reductions took their axes as inputs from 18 on; runtimes of the last years read it.
OPSET, ML_OPSET, IR_VERSION = 18, 3, 9
# Nodes that came later: a graph that has one of them asks for that version.
_LATER = {"StringSplit": 20, "StringConcat": 20, "RegexFullMatch": 20}


class Builder:
    """Nodes and constants of a graph.

    Args:
        onnx: the package.

    Attributes:
        opset: the version of ONNX's nodes that the graph needs.
    """

    def __init__(self, onnx: ModuleType):
        self.onnx = onnx
        self.opset = OPSET
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._prefix = ""
        self._count = 0

    def begin(self, prefix: str) -> None:
        """Name what follows after a layer."""
        self._prefix, self._count = prefix, 0

    @contextlib.contextmanager
    def whole_or_nothing(self) -> Iterator[None]:
        """Take back the nodes of a layer that turns out to be unwritable."""
        before = len(self.nodes), len(self.constants), self._count
        try:
            yield
        except Unwritable:
            del self.nodes[before[0] :], self.constants[before[1] :]
            self._count = before[2]
            raise

    def constant(self, value: ArrayLike, dtype: DTypeLike = "float32") -> str:
        """An array of the graph, of text where the dtype is object; returns its name."""
        name = self._name("value")
        array = np.ascontiguousarray(np.asarray(value, dtype)).reshape(np.shape(value))
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def op(
        self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any
    ) -> str:
        """A node; returns the name of its (first) output."""
        output = self._name(kind.lower())
        names = [output, *(f"{output}_{number}" for number in range(1, outputs))]
        node = self.onnx.helper.make_node(
            kind, list(inputs), names, name=output, domain=domain, **attributes
        )
        self.nodes.append(node)
        self.opset = max(self.opset, _LATER.get(kind, OPSET))
        return output

    def cast(self, x: str, dtype: str) -> str:
        """Another type."""
        return self.op("Cast", x, to=self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def _name(self, what: str) -> str:
        self._count += 1
        return f"{self._prefix}/{what}_{self._count}"


class Unwritable(Exception):
    """Something that these nodes cannot say; its text says what."""


def refused(layer: Operation, what: str) -> NotSavable:
    """The error for a layer that ONNX has no nodes for."""
    return NotSavable(
        f"export: format 'onnx' cannot hold layer {layer.name!r} ({type(layer).__name__}): {what}.",
        fix='change the layer, or use format "stablehlo".',
    )


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
