"""What has no nodes of its own in ONNX, written from the program that JAX traces of it.

Layers that ONNX knows are written by hand (`onnx_layers`), which gives the graph a person would
draw. Everything else (operations on tensors, attention, users' layers) is traced, and each of the
program's steps becomes a node or two. What depends on constants alone is computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend.core import Jaxpr, JaxprEqn, Literal, Var

from rosenblatt.core.types import Shape
from rosenblatt.saving.export.onnx_builder import Builder, Unwritable
from rosenblatt.saving.export.onnx_primitives import PRIMITIVES, Equation
from rosenblatt.saving.export.onnx_values import Array, Graph
from rosenblatt.saving.export.program import for_free_shapes

# Calls of a function: what they do is written in their place.
_CALLS = frozenset(
    {"jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call",
     "custom_vjp_call_jaxpr", "checkpoint", "remat", "remat2"}
)  # fmt: skip


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
