"""ONNX: the graph written layer by layer, for ONNX Runtime and its like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from rosenblatt.core.files import atomic_write
from rosenblatt.core.registry import is_builtin
from rosenblatt.core.symbolic import KerasTensor, Operation
from rosenblatt.graph.walk import looks_up
from rosenblatt.layers.masking import Masking
from rosenblatt.saving.export.flat_model import Step, flat_model, writer_of
from rosenblatt.saving.export.onnx_builder import (
    IR_VERSION,
    ML_OPSET,
    OPSET,
    Builder,
    Unwritable,
    onnx_package,
    refused,
)
from rosenblatt.saving.export.onnx_layers import WRITERS
from rosenblatt.saving.export.onnx_program import write_program
from rosenblatt.saving.export.onnx_raw import RAW_WRITERS, is_raw
from rosenblatt.saving.export.prediction import Prediction, refuse_lookups, with_graph

_WRITERS = {**WRITERS, **RAW_WRITERS}


def export_onnx(prediction: Prediction, path: Path) -> None:
    """Write a model for any number of rows; inputs and outputs have the model's names.

    Raises:
        MissingPackage: the package onnx is not installed.
        NotSavable: layers or settings that ONNX has no place for, by name.
    """
    onnx = onnx_package()
    with with_graph(prediction) as found:
        proto = _model(onnx, found)
    onnx.checker.check_model(proto, full_check=True)
    with atomic_write(path) as file:
        file.write(proto.SerializeToString())


def _model(onnx: ModuleType, prediction: Prediction) -> Any:
    flat = flat_model(prediction, _holds, "onnx")
    builder = Builder(onnx)
    # A model's input or output may be called as a tensor inside is: inside, all have a prefix.
    names = {name: f"in:{name}" for name, _ in flat.inputs}
    if any(_makes_masks(step.layer) for step in flat.steps):
        # Masks go along beside the tensors: the program of the whole model has them.
        refuse_lookups(prediction, "onnx")
        flat = flat_model(replace(prediction, graph=None), _holds, "onnx")
    for step in flat.steps:
        names.update(zip(step.outputs, _write(builder, step, names), strict=True))
    helper = onnx.helper
    inputs, starts = [], []
    for name, tensor in flat.inputs:
        inputs.append(
            helper.make_tensor_value_info(name, _type(onnx, tensor.dtype), _sizes(tensor))
        )
        starts.append(helper.make_node("Identity", [name], [names[name]]))
    outputs, ends = [], []
    used = {name for name, _ in flat.inputs}
    for (name, inside), tensor in zip(flat.outputs, prediction.outputs, strict=True):
        while name in used:
            name += "_output"
        used.add(name)
        kind = _type(onnx, "int64" if "int" in tensor.dtype else tensor.dtype)
        outputs.append(helper.make_tensor_value_info(name, kind, _sizes(tensor)))
        ends.append(helper.make_node("Identity", [names[inside]], [name]))
    nodes = [*starts, *builder.nodes, *ends]
    graph = helper.make_graph(nodes, prediction.model.name, inputs, outputs, builder.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    return helper.make_model(
        graph, opset_imports=opsets, producer_name="rosenblatt", ir_version=IR_VERSION
    )


def _holds(operation: Operation) -> bool:
    return not looks_up(operation) or writer_of(_WRITERS, operation) is not None


def _makes_masks(operation: Operation) -> bool:
    """Whether masks begin at a layer; those of this library only, or a user's."""
    users = getattr(operation, "makes_masks", False) and not is_builtin(type(operation))
    return isinstance(operation, Masking) or bool(users or getattr(operation, "mask_zero", False))


def _write(b: Builder, step: Step, names: Mapping[str, str]) -> list[str]:
    """Write a layer by its own nodes, or those of its program; the names of its outputs."""
    reads = [names[name] for name in step.inputs]
    writer = writer_of(_WRITERS, step.layer)
    b.begin(step.output)
    if writer is not None and is_raw(step.layer):
        try:
            return [writer(b, step, reads)]
        except Unwritable as error:
            raise refused(step.layer, str(error)) from None
    if writer is not None and step.layer.compute_dtype in ("float32", "int64", "string"):
        short = ("float16", "bfloat16", "float64")  # what the layer would cast itself
        try:
            with b.whole_or_nothing():
                pairs = zip(reads, step.dtypes, strict=True)
                cast = [b.cast(x, "float32") if kind in short else x for x, kind in pairs]
                return [writer(b, step, cast)]
        except Unwritable as error:
            if looks_up(step.layer):
                raise refused(step.layer, str(error)) from None
    try:
        return write_program(b, step.run, reads, step.shapes, step.dtypes)
    except Unwritable as error:
        raise refused(step.layer, str(error)) from error


def _type(onnx: ModuleType, dtype: str) -> int:
    if dtype == "string":
        return int(onnx.TensorProto.STRING)
    return int(onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def _sizes(tensor: KerasTensor) -> list[Any]:
    """Sizes by number, and free ones by name."""
    free = ["batch", *(f"{tensor.name}_{axis}" for axis in range(1, len(tensor.shape)))]
    return [n if s is None else s for s, n in zip(tensor.shape, free, strict=False)]
