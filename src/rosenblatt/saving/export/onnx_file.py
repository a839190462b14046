"""ONNX: the graph written layer by layer, for ONNX Runtime and its like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rosenblatt.core.files import atomic_write
from rosenblatt.saving.export.onnx_builder import (
    IR_VERSION,
    ML_OPSET,
    OPSET,
    Builder,
    onnx_package,
    refused,
)
from rosenblatt.saving.export.onnx_layers import WRITERS
from rosenblatt.saving.export.plan import plan_of


def export_onnx(model: Any, path: Path) -> None:
    """Write a model for any number of rows; inputs and outputs have the model's names.

    Raises:
        ImportError: the package onnx is not installed.
        ValueError: layers or settings that ONNX has no place for, by name.
    """
    plan = plan_of(model, WRITERS, "onnx")
    onnx = onnx_package()
    builder = Builder(onnx)
    # A model's input or output may be called as a tensor inside is: inside, all have a prefix.
    names = {name: f"in:{name}" for name, _ in plan.inputs}
    for step in plan.steps:
        if step.layer.compute_dtype not in ("float32", "int64", "string"):
            raise refused(step.layer, f"dtype {step.layer.compute_dtype!r}")
        builder.begin(step)
        reads = [names[name] for name in step.inputs]
        names[step.output] = WRITERS[type(step.layer).__name__](builder, step, reads)
    helper = onnx.helper
    inputs, starts = [], []
    for name, tensor in plan.inputs:
        inputs.append(
            helper.make_tensor_value_info(name, _type(onnx, tensor.dtype), _sizes(tensor))
        )
        starts.append(helper.make_node("Identity", [name], [names[name]]))
    outputs, ends = [], []
    used = {name for name, _ in plan.inputs}
    for (name, inside), tensor in zip(plan.outputs, model._graph.outputs, strict=True):
        while name in used:
            name += "_output"
        used.add(name)
        kind = _type(onnx, "int64" if "int" in tensor.dtype else tensor.dtype)
        outputs.append(helper.make_tensor_value_info(name, kind, _sizes(tensor)))
        ends.append(helper.make_node("Identity", [names[inside]], [name]))
    nodes = [*starts, *builder.nodes, *ends]
    graph = helper.make_graph(nodes, model.name, inputs, outputs, builder.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    proto = helper.make_model(
        graph, opset_imports=opsets, producer_name="rosenblatt", ir_version=IR_VERSION
    )
    onnx.checker.check_model(proto, full_check=True)
    with atomic_write(path) as file:
        file.write(proto.SerializeToString())


def _type(onnx: Any, dtype: str) -> int:
    if dtype == "string":
        return int(onnx.TensorProto.STRING)
    return int(onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def _sizes(tensor: Any) -> list[Any]:
    """Sizes by number, and free ones by name."""
    free = ["batch", *(f"{tensor.name}_{axis}" for axis in range(1, len(tensor.shape)))]
    return [n if s is None else s for s, n in zip(tensor.shape, free, strict=True)]
