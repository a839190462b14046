"""StableHLO: the compiled program's own language, loaded by `jax.export.deserialize`."""

from __future__ import annotations

from pathlib import Path

from rosenblatt.core.files import atomic_write
from rosenblatt.saving.export.prediction import Prediction
from rosenblatt.saving.export.program import compiled_program


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
