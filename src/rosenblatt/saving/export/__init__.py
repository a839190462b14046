"""Models in the formats of other programs: ONNX, StableHLO, NumPy archives, TensorFlow."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import explain, nearest
from rosenblatt.saving.export.numpy_archive import export_numpy
from rosenblatt.saving.export.onnx_file import export_onnx
from rosenblatt.saving.export.saved_model import export_saved_model
from rosenblatt.saving.export.stable_hlo import export_stablehlo

FORMATS: dict[str, Callable[[Any, Path], None]] = {
    "onnx": export_onnx,
    "stablehlo": export_stablehlo,
    "npz": export_numpy,
    "tf_saved_model": export_saved_model,
}


def export_model(
    model: Any, filepath: str | os.PathLike[str], format: str, verbose: bool = False
) -> None:
    """Write a model, as it predicts, for use without this library.

    Args:
        model: a built model.
        filepath: the file to write; a folder for "tf_saved_model".
        format: "onnx" (ONNX Runtime and its like), "stablehlo" (`jax.export`), "npz" (a plain
            NumPy archive) or "tf_saved_model" (TensorFlow).
        verbose: print what was written, and what it takes and gives.

    Raises:
        ValueError: an unknown format; a model that is not built; a layer that the format cannot
            hold, by name, before anything is written.
        ImportError: the format needs a package that is not installed.
    """
    if format not in FORMATS:
        raise ValueError(
            explain(f"export: unknown format {format!r}.", fix=nearest(format, FORMATS))
        )
    if not model.built or getattr(model, "_graph", None) is None:
        raise ValueError(
            explain(
                f"export: model {model.name!r} ({type(model).__name__}) has no graph of layers to "
                "write.",
                expected="a Sequential or functional model that is built",
                fix="call it on data first; write a subclassed one as `Model(inputs, outputs)`.",
            )
        )
    FORMATS[format](model, Path(filepath))
    if verbose:
        lines = [f"Model {model.name!r} saved as {os.fspath(filepath)!r} (format {format!r})."]
        for what, specs in (("takes", model.inputs), ("gives", model.outputs)):
            listed = ", ".join(f"{spec.name} {spec.shape} {spec.dtype}" for spec in specs)
            lines.append(f"  {what}: {listed}")
        sys.stdout.write("\n".join([*lines, ""]))


__all__ = ["FORMATS", "export_model"]
