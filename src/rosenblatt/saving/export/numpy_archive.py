"""A plain NumPy archive: `model.json`, the steps in order, and an array for each weight.

`docs/npz_loader.py` runs it with NumPy alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from rosenblatt.activations import serialize
from rosenblatt.core.errors import explain
from rosenblatt.core.files import atomic_write
from rosenblatt.saving.export.plan import Step, plan_of

# What the loader knows, and the layers' attributes it needs. The weights come by their names.
_FIELDS: dict[str, tuple[str, ...]] = {
    "Dense": ("activation",),
    "Activation": ("activation",),
    "ReLU": (),
    "LeakyReLU": ("negative_slope",),
    "ELU": ("alpha",),
    "Softmax": ("axis",),
    "BatchNormalization": ("axis", "epsilon"),
    "LayerNormalization": ("axis", "epsilon"),
    "Normalization": (),
    "Rescaling": ("scale", "offset"),
    "Embedding": (),
    "Flatten": (),
    "Reshape": ("target_shape",),
    "Concatenate": ("axis",),
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), ()),
    **dict.fromkeys(
        ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization",
         "Identity"), ()),
}  # fmt: skip
_ACTIVATIONS = (
    "linear", "relu", "sigmoid", "tanh", "softmax", "elu", "selu", "softplus", "softsign", "silu",
    "leaky_relu", "exponential", "gelu",
)  # fmt: skip


def export_numpy(model: Any, path: Path) -> None:
    """Write a model's steps and weights as an `.npz` archive without pickles.

    Raises:
        ValueError: a layer or an activation that the loader does not know.
    """
    plan = plan_of(model, _FIELDS, "npz")
    arrays: dict[str, np.ndarray] = {}
    steps = [_step(step, arrays) for step in plan.steps]
    text = {
        "inputs": [name for name, _ in plan.inputs],
        "steps": steps,
        "outputs": [name for _, name in plan.outputs],
    }
    arrays["model.json"] = np.frombuffer(json.dumps(text).encode(), "uint8")
    with atomic_write(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def _step(step: Step, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    layer, kind = step.layer, type(step.layer).__name__
    found = {"kind": kind, "inputs": step.inputs, "output": step.output}
    for field in _FIELDS[kind]:
        value = getattr(layer, field)
        if field == "activation":
            value = _activation(layer)
        found[field] = np.asarray(value).tolist() if field in ("scale", "offset") else value
    if kind == "ReLU" and (layer.max_value is not None or layer.negative_slope or layer.threshold):
        raise _refused(layer, "a ReLU with settings")
    weights = {v.name: v.numpy().astype("float32") for v in layer.weights}
    if kind == "Normalization":
        if layer.invert:
            raise _refused(layer, "invert=True")
        weights = {name: np.asarray(getattr(layer, name)) for name in ("mean", "variance")}
    if kind == "LayerNormalization" and layer.rms_scaling:
        raise _refused(layer, "rms_scaling=True")
    for name in weights:
        arrays[f"{step.output}.{name}"] = weights[name]
    found["weights"] = list(weights)
    return found


def _activation(layer: Any) -> str:
    name = serialize(layer.activation)
    if name not in _ACTIVATIONS:
        raise _refused(layer, f"activation {name!r}")
    return str(name)


def _refused(layer: Any, what: str) -> ValueError:
    return ValueError(
        explain(
            f"export: format 'npz' cannot hold layer {layer.name!r} ({type(layer).__name__}) with "
            f"{what}.",
            fix='use format "onnx" or "stablehlo".',
        )
    )
