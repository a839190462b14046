"""A model's prediction as a compiled program, for formats that hold whole programs; StableHLO."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
from jax import export as jax_export

from rosenblatt.core import dtypes
from rosenblatt.core.errors import NotSavable
from rosenblatt.core.files import atomic_write
from rosenblatt.saving.export.prediction import Prediction, refuse_lookups

PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def free_shapes(shapes: Sequence[Any], kinds: Sequence[str], apart: bool) -> list[Any]:
    """Shapes with a symbol for each free size; the number of rows is one for all.

    Args:
        shapes: with None for free sizes.
        kinds: dtype names.
        apart: whether free sizes of two inputs are two sizes; else they are one by their axis.
    """
    scope = jax_export.SymbolicScope()
    specs = []
    for number, (shape, kind) in enumerate(zip(shapes, kinds, strict=True)):
        free = [f"size{number if apart else ''}_{axis}" for axis in range(len(shape))]
        free[:1] = ["batch"][: len(shape)]
        text = ",".join(n if s is None else str(s) for s, n in zip(shape, free, strict=True))
        dims = jax_export.symbolic_shape(text, scope=scope)
        dtype = jax.dtypes.canonicalize_dtype(dtypes.numpy_dtype(kind))
        specs.append(jax.ShapeDtypeStruct(dims, dtype))
    return specs


def for_free_shapes(
    trace: Callable[[list[Any]], Any], shapes: Sequence[Any], kinds: Sequence[str]
) -> Any:
    """What a trace gives for shapes with free sizes: each a size of its own, or else shared.

    Raises:
        Exception: of whatever kind the trace raises for the first of the two.
    """
    failed: Exception | None = None
    for apart in (True, False):
        try:
            return trace(free_shapes(shapes, kinds, apart))
        except Exception as error:  # JAX raises many kinds where a shape depends on the batch
            failed = failed or error
    assert failed is not None
    raise failed


def compiled_program(prediction: Prediction, format: str, flat: bool) -> jax_export.Exported:
    """A model's prediction for all processors and accelerators, for any number of rows.

    Args:
        prediction: the model.
        format: its name, for messages.
        flat: whether it takes arrays one after another and gives a list; else as the model does.

    Raises:
        NotSavable: a layer that a program cannot hold, or one whose shapes depend on the batch.
    """
    refuse_lookups(prediction, format)
    function = prediction.run_flat if flat else prediction.run

    def trace(specs: list[Any]) -> Any:
        exporting = jax_export.export(jax.jit(function), platforms=PLATFORMS)
        if flat:
            return exporting(*specs)
        args, kwargs = prediction.filled(specs)
        return exporting(*args, **kwargs)

    shapes = [tensor.shape for tensor in prediction.inputs]
    kinds = [tensor.dtype for tensor in prediction.inputs]
    try:
        program = for_free_shapes(trace, shapes, kinds)
    except Exception as error:
        if str(error).startswith("export: "):  # said in our words already
            raise
        raise NotSavable(
            f"export: model {prediction.model.name!r} cannot be written for any number of rows.",
            given=str(error).splitlines()[0],
            fix="give the inputs their sizes: `Input(batch_shape=(1, …))`.",
        ) from error
    code = without_places(program.mlir_module_serialized)
    return dataclasses.replace(program, mlir_module_serialized=code)


def without_places(code: bytes) -> bytes:
    """StableHLO without the lines of code that it was traced from: a file names no other files."""
    from jax.extend.mlir import ir, passmanager  # takes 60 ms
    from jax.extend.mlir.dialects import stablehlo

    version = re.search(rb"StableHLO_v([0-9.]+)", code[:64])
    if version is None:
        return code
    with ir.Context() as context:
        stablehlo.register_dialect(context)
        module = stablehlo.deserialize_portable_artifact(context, code)
        passmanager.PassManager.parse("builtin.module(strip-debuginfo)").run(module.operation)
        return bytes(stablehlo.serialize_portable_artifact(module, version[1].decode()))


def export_stablehlo(prediction: Prediction, path: Path) -> None:
    """Write a model's prediction for processors and accelerators, for any number of rows.

    `jax.export.deserialize(bytearray(open(path, "rb").read())).call(x)` runs it, without this
    library.

    Raises:
        NotSavable: a layer that a program cannot hold, or one whose shapes depend on the batch.
    """
    content = compiled_program(prediction, "stablehlo", flat=True).serialize()
    with atomic_write(path) as file:
        file.write(content)
