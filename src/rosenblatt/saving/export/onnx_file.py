"""ONNX: the graph written layer by layer, for ONNX Runtime and its like.

Layers that ONNX knows are written by hand (`onnx_layers`), which gives the graph a person would
draw. Everything else (operations on tensors, attention, users' layers) is written from the program
that JAX traces of it: each of its steps becomes a node or two. What depends on constants alone is
computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np
from jax.extend.core import Jaxpr, JaxprEqn, Literal, Var

from rosenblatt.core.errors import require
from rosenblatt.core.files import atomic_write
from rosenblatt.core.registry import is_builtin
from rosenblatt.core.symbolic import KerasTensor, Operation
from rosenblatt.core.types import Shape
from rosenblatt.graph.walk import looks_up
from rosenblatt.layers.masking import Masking
from rosenblatt.saving.export.flat_model import Step, flat_model, writer_of
from rosenblatt.saving.export.onnx_builder import (
    IR_VERSION,
    ML_OPSET,
    Array,
    Builder,
    Graph,
    Unwritable,
    refused,
)
from rosenblatt.saving.export.onnx_layers import WRITERS
from rosenblatt.saving.export.onnx_primitives import PRIMITIVES, Equation
from rosenblatt.saving.export.onnx_raw import RAW_WRITERS, is_raw
from rosenblatt.saving.export.prediction import Prediction, refuse_lookups, with_graph
from rosenblatt.saving.export.program import for_free_shapes

# Calls of a function: what they do is written in their place.
_CALLS = frozenset(
    {"jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call",
     "custom_vjp_call_jaxpr", "checkpoint", "remat", "remat2"}
)  # fmt: skip

_WRITERS = {**WRITERS, **RAW_WRITERS}


def export_onnx(prediction: Prediction, path: Path) -> None:
    """Write a model for any number of rows; inputs and outputs have the model's names.

    Raises:
        MissingPackage: the package onnx is not installed.
        NotSavable: layers or settings that ONNX has no place for, by name.
    """
    onnx = require("onnx", "rosenblatt[export]", 'export: format "onnx"')
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
    opsets = [helper.make_opsetid("", builder.opset), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
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


def write_program(
    b: Builder,
    function: Callable[..., list[Any]],
    names: Sequence[str],
    shapes: Sequence[Shape],
    kinds: Sequence[str],
) -> list[str]:
    """Write a function of arrays as nodes.

    Args:
        b: the graph.
        function: takes arrays, returns a list of arrays.
        names: names of its inputs in the graph.
        shapes: their shapes, None where a size is free.
        kinds: their dtype names; integers are of 64 bits in the graph.

    Returns:
        Names of its outputs.

    Raises:
        Unwritable: the program has a step that ONNX has no node for, or cannot be traced for any
            number of rows.
    """
    closed, specs = _trace(function, shapes, kinds)
    sizes: dict[str, tuple[str, int]] = {}
    inputs = []
    for name, kind, spec in zip(names, kinds, specs, strict=True):
        for axis, size in enumerate(spec.shape):
            if not isinstance(size, int):
                sizes.setdefault(str(size), (name, axis))
        if "int" in kind or kind != spec.dtype.name:
            name = b.cast(name, spec.dtype.name)
        inputs.append(Array(spec.shape, spec.dtype, name=name))
    graph = Graph(b, sizes)
    outputs = _run(graph, closed.jaxpr, closed.consts, inputs)
    found = []
    for variable, output in zip(closed.jaxpr.outvars, outputs, strict=True):
        name = graph.full(output, variable.aval.shape)
        found.append(b.cast(name, "int64") if "int" in variable.aval.dtype.name else name)
    return found


def _trace(function: Callable[..., Any], shapes: Sequence[Shape], kinds: Sequence[str]) -> Any:
    """The function's program, and the shapes it was traced for."""
    try:
        return for_free_shapes(
            lambda specs: (jax.make_jaxpr(function)(*specs), specs), shapes, kinds
        )
    except Exception as error:  # JAX raises many kinds where a shape depends on the batch
        if str(error).startswith("export: "):  # said in our words already
            raise
        raise Unwritable(str(error).splitlines()[0]) from error


def _run(graph: Graph, jaxpr: Jaxpr, consts: Sequence[Any], inputs: Sequence[Array]) -> list[Array]:
    """Write a program's steps in order; its outputs."""
    values: dict[Var, Array] = dict(zip(jaxpr.invars, inputs, strict=True))
    values.update({v: Array.of(c) for v, c in zip(jaxpr.constvars, consts, strict=True)})

    def read(variable: Var | Literal) -> Array:
        return Array.of(variable.val) if isinstance(variable, Literal) else values[variable]

    for equation in jaxpr.eqns:
        given = [read(variable) for variable in equation.invars]
        results = _step(graph, equation, given)
        values.update(zip(equation.outvars, results, strict=True))
    return [read(variable) for variable in jaxpr.outvars]


def _step(graph: Graph, equation: JaxprEqn, inputs: list[Array]) -> list[Array]:
    name, params = equation.primitive.name, equation.params
    if name in _CALLS:
        inner, consts = _inner(params)
        return _run(graph, inner, consts, inputs)
    takes: list[Any] = [variable.aval for variable in equation.invars]
    makes: list[Any] = [variable.aval for variable in equation.outvars]
    shapes = [aval.shape for aval in takes]
    outputs = [Array(aval.shape, aval.dtype) for aval in makes]
    known = all(isinstance(size, int) for aval in (*takes, *makes) for size in aval.shape)
    # A size that only the run knows (`dim_as_value`) looks like a constant.
    if known and name != "dim_as_value" and all(x.constant is not None for x in inputs):
        return _computed(equation, inputs, shapes)
    if name not in PRIMITIVES:
        raise Unwritable(f"ONNX has no node for its step {name!r}")
    return PRIMITIVES[name](Equation(graph, params, inputs, shapes, outputs))


def _inner(params: Mapping[str, Any]) -> tuple[Any, Sequence[Any]]:
    found = next(params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in params)
    return (found.jaxpr, found.consts) if hasattr(found, "jaxpr") else (found, ())


def _computed(
    equation: JaxprEqn, inputs: Sequence[Array], shapes: Sequence[Sequence[int]]
) -> list[Array]:
    """The results of a step on constants of known sizes."""
    arrays = [
        np.broadcast_to(x.constant, shape)  # type: ignore[arg-type]
        for x, shape in zip(inputs, shapes, strict=True)
    ]
    with jax.ensure_compile_time_eval():
        results = equation.primitive.bind(*map(jax.numpy.asarray, arrays), **equation.params)
    results = results if equation.primitive.multiple_results else [results]
    return [Array.of(result) for result in results]
