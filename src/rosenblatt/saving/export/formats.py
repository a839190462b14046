"""The formats of other programs that a model can be written in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rosenblatt.core.errors import UnknownName, nearest
from rosenblatt.core.types import PathLike, Tree
from rosenblatt.saving.contract import Model
from rosenblatt.saving.export.numpy_archive import export_numpy
from rosenblatt.saving.export.onnx_file import export_onnx
from rosenblatt.saving.export.prediction import Prediction, prediction_of
from rosenblatt.saving.export.program import export_stablehlo
from rosenblatt.saving.export.saved_model import export_saved_model


class Format(NamedTuple):
    """A format of another program.

    Args:
        write: writes a model's prediction to a path.
        ending: of its files' names; None for a folder.
    """

    write: Callable[[Prediction, Path], None]
    ending: str | None


FORMATS = {
    "onnx": Format(export_onnx, ".onnx"),
    "stablehlo": Format(export_stablehlo, ".stablehlo"),
    "npz": Format(export_numpy, ".npz"),
    "tf_saved_model": Format(export_saved_model, None),
}


def export_model(
    model: Model,
    filepath: PathLike,
    format: str,
    verbose: bool = False,
    input_signature: Tree = None,
) -> None:
    """Write a model, as it predicts, for use without this library.

    Args:
        model: a built model.
        filepath: the file to write; a folder for "tf_saved_model".
        format: "onnx" (ONNX Runtime and its like), "stablehlo" (`jax.export`), "npz" (a plain
            NumPy archive) or "tf_saved_model" (TensorFlow).
        verbose: print what was written, and what it takes and gives.
        input_signature: what each argument of the call is; found out if None.

    Raises:
        UnknownName: an unknown format.
        NotBuilt: a model that was never called.
        NotSavable: a layer that the format cannot hold, by name, before anything is written.
        MissingPackage: the format needs a package that is not installed.
    """
    if format not in FORMATS:
        raise UnknownName(f"export: unknown format {format!r}.", fix=nearest(format, FORMATS))
    prediction = prediction_of(model, input_signature)
    FORMATS[format].write(prediction, Path(filepath))
    if verbose:
        lines = [f"Model {model.name!r} saved as {os.fspath(filepath)!r} (format {format!r})."]
        for what, names, specs in (
            ("takes", prediction.input_names, prediction.inputs),
            ("gives", prediction.output_names, prediction.outputs),
        ):
            pairs = zip(names, specs, strict=True)
            listed = ", ".join(f"{name} {spec.shape} {spec.dtype}" for name, spec in pairs)
            lines.append(f"  {what}: {listed}")
        sys.stdout.write("\n".join([*lines, ""]))
