"""What an ONNX graph is collected in while a model is written layer by layer."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.saving.export.plan import Step

# Reductions took their axes as inputs from 18 on; runtimes of the last years read it.
OPSET, ML_OPSET, IR_VERSION = 18, 3, 9


def onnx_package() -> Any:
    """The package `onnx`.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return importlib.import_module("onnx")
    except ImportError as error:
        raise ImportError(
            explain(
                'export: format "onnx" needs the package onnx.',
                given=error,
                fix="`pip install 'rosenblatt[export]'`.",
            )
        ) from error


class Builder:
    """Nodes and constants of a graph.

    Args:
        onnx: the package.
    """

    def __init__(self, onnx: Any):
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._prefix = ""
        self._count = 0

    def begin(self, step: Step) -> None:
        """Name what follows after a layer."""
        self._prefix, self._count = step.output, 0

    def constant(self, value: Any, dtype: Any = "float32") -> str:
        """An array of the graph; returns its name."""
        name = self._name("value")
        array = np.ascontiguousarray(np.asarray(value, dtype)).reshape(np.shape(value))
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """A node with one output; returns the output's name."""
        output = self._name(kind.lower())
        node = self.onnx.helper.make_node(
            kind, list(inputs), [output], name=output, domain=domain, **attributes
        )
        self.nodes.append(node)
        return output

    def cast(self, x: str, dtype: str) -> str:
        """Another type."""
        return self.op("Cast", x, to=self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def _name(self, what: str) -> str:
        self._count += 1
        return f"{self._prefix}/{what}_{self._count}"


def refused(layer: Any, what: str) -> ValueError:
    """The error for a layer whose settings ONNX has no place for."""
    return ValueError(
        explain(
            f"export: format 'onnx' cannot hold layer {layer.name!r} ({type(layer).__name__}) with "
            f"{what}.",
            fix='change the layer, or use format "stablehlo".',
        )
    )
