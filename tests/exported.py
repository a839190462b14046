"""Models in ONNX Runtime, for the tests of layers, ops and formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


def run_onnx(path: Path, *arrays: Any) -> list[np.ndarray]:
    """What ONNX Runtime computes of arrays, in the order of the model's inputs."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return session.run(None, dict(zip(names, arrays, strict=True)))
