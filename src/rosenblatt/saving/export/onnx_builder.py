"""What an ONNX graph is collected in while a model is written layer by layer."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from rosenblatt.core.errors import NotSavable, needed
from rosenblatt.core.symbolic import Operation
from rosenblatt.core.types import ArrayLike, DTypeLike

# Reductions took their axes as inputs from 18 on; runtimes of the last years read it.
OPSET, ML_OPSET, IR_VERSION = 18, 3, 9


def onnx_package() -> ModuleType:
    """The package `onnx`.

    Raises:
        MissingPackage: it is not installed.
    """
    with needed(
        'export: format "onnx" needs the package onnx.', fix="`pip install 'rosenblatt[export]'`."
    ):
        return importlib.import_module("onnx")


class Builder:
    """Nodes and constants of a graph.

    Args:
        onnx: the package.
    """

    def __init__(self, onnx: ModuleType):
        self.onnx = onnx
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
        """An array of the graph; returns its name."""
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
