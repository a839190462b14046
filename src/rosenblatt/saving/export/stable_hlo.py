"""StableHLO: the compiled program's own language, loaded by `jax.export.deserialize`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import export as jax_export

from rosenblatt.core.errors import explain
from rosenblatt.core.files import atomic_write
from rosenblatt.saving.export.program import numpy_dtypes, prediction


def export_stablehlo(model: Any, path: Path) -> None:
    """Write a model's prediction for processors and accelerators, for any number of rows.

    `jax.export.deserialize(bytearray(open(path, "rb").read())).call(x)` runs it, without this
    library.

    Raises:
        ValueError: a layer that a program cannot hold, or one whose shapes depend on the batch.
    """
    predict = prediction(model, "stablehlo")
    scope = jax_export.SymbolicScope()
    specs = []
    for number, (tensor, dtype) in enumerate(
        zip(model._graph.inputs, numpy_dtypes(model), strict=True)
    ):
        free = ["batch", *(f"size{number}_{axis}" for axis in range(1, len(tensor.shape)))]
        sizes = [n if s is None else str(s) for s, n in zip(tensor.shape, free, strict=True)]
        shape = jax_export.symbolic_shape(",".join(sizes) or "", scope=scope)
        specs.append(jax.ShapeDtypeStruct(shape, np.dtype(dtype)))
    platforms = ("cpu", "cuda", "rocm", "tpu")
    try:
        exported = jax_export.export(jax.jit(predict), platforms=platforms)(*specs)
    except Exception as error:  # JAX raises many kinds where a shape depends on the batch
        raise ValueError(
            explain(
                f"export: model {model.name!r} cannot be written for any number of rows.",
                given=str(error).splitlines()[0],
                fix="give the inputs their sizes: `Input(batch_shape=(1, …))`.",
            )
        ) from error
    with atomic_write(path) as file:
        file.write(exported.serialize())
