"""A model's prediction as one function of arrays, for formats that hold whole programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rosenblatt.core import dtypes
from rosenblatt.core.errors import explain
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.graph.host import looks_up


def prediction(model: Any, format: str) -> Callable[..., list[Any]]:
    """The function from the input arrays, in the inputs' order, to the list of outputs.

    Raises:
        ValueError: a layer that looks up text or 64-bit ids, which no program holds.
    """
    for layer in model._flatten_layers():
        if looks_up(layer) and layer is not model and not hasattr(layer, "_graph"):
            raise ValueError(
                explain(
                    f"export: format {format!r} cannot hold layer {layer.name!r} "
                    f"({type(layer).__name__}), which looks values up on the host.",
                    fix='export to "onnx", or look up before the model.',
                )
            )

    def predict(*arrays: Any) -> list[Any]:
        return tree_leaves(model._graph.run(list(arrays), training=False))

    return predict


def numpy_dtypes(model: Any) -> list[Any]:
    """The dtypes of the inputs."""
    return [dtypes.numpy_dtype(tensor.dtype) for tensor in model._graph.inputs]
