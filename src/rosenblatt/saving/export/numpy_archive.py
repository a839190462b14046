"""A plain NumPy archive: `model.json`, the steps in order, and the arrays they need.

`docs/npz_loader.py` runs it with NumPy alone. So that it stays short, what layers compute is
written as few kinds of steps: all that standardizes or scales, say, is one affine function.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rosenblatt.activations.functions import IN_NUMPY, serialize
from rosenblatt.core.errors import NotSavable
from rosenblatt.core.files import atomic_write
from rosenblatt.core.symbolic import Operation
from rosenblatt.saving.export.flat_model import (
    TRAINING_ONLY,
    FlatModel,
    Step,
    flat_model,
    writer_of,
)
from rosenblatt.saving.export.prediction import Prediction, with_graph


class _Call(NamedTuple):
    """A function of the loader, with the arrays and settings that follow its inputs."""

    function: str
    weights: tuple[Any, ...] = ()
    settings: tuple[Any, ...] = ()


def export_numpy(prediction: Prediction, path: Path) -> None:
    """Write a model's steps and weights as an `.npz` archive without pickles.

    Raises:
        NotSavable: a layer or an activation that the loader does not know.
    """
    arrays: dict[str, np.ndarray] = {}
    with with_graph(prediction) as found:
        flat = flat_model(found, lambda layer: writer_of(_WRITERS, layer) is not None, "npz")
        _refuse_masks(flat)
        text = {
            "inputs": [name for name, _ in flat.inputs],
            "steps": [entry for step in flat.steps for entry in _entries(step, arrays)],
            "outputs": [name for _, name in flat.outputs],
        }
    arrays["model.json"] = np.frombuffer(json.dumps(text).encode(), "uint8")
    with atomic_write(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def _refuse_masks(flat: FlatModel) -> None:
    """Refuse a layer that computes with a mask: the loader passes none on."""
    masked: set[str] = set()
    for step in flat.steps:
        if getattr(step.layer, "mask_zero", False) or masked.intersection(step.inputs):
            masked.update(step.outputs)
        name = type(step.layer).__name__
        if name in ("GlobalAveragePooling1D", "Softmax") and masked.intersection(step.inputs):
            raise _refused(step.layer, "a mask")


def _entries(step: Step, arrays: dict[str, np.ndarray]) -> Iterator[dict[str, Any]]:
    """A layer's calls, each reading what the one before it made."""
    calls = list(_WRITERS[type(step.layer).__name__](step))
    inputs = list(step.inputs)
    for number, call in enumerate(calls, start=1):
        output = step.output if number == len(calls) else f"{step.output}.{number}"
        names = [f"{output}.{call.function}.{i}" for i in range(len(call.weights))]
        for name, value in zip(names, call.weights, strict=True):
            arrays[name] = np.asarray(value, "float32")
        yield {
            "function": call.function,
            "inputs": inputs,
            "weights": names,
            "settings": list(call.settings),
            "output": output,
        }
        inputs = [output]


def _dense(step: Step) -> Iterator[_Call]:
    layer = step.layer
    bias = () if layer.bias is None else (layer.bias.numpy(),)
    yield _Call("dense", (np.asarray(layer.kernel), *bias))
    yield from _activation(step)


def _activation(step: Step) -> Iterator[_Call]:
    name = serialize(step.layer.activation)
    if name not in IN_NUMPY:
        raise _refused(step.layer, f"activation {name!r}")
    if name != "linear" or type(step.layer).__name__ == "Activation":
        yield _Call(str(name))


def _relu(step: Step) -> Iterator[_Call]:
    layer = step.layer
    yield _Call("relu", (), (layer.negative_slope, layer.max_value, layer.threshold))


def _axes(step: Step) -> list[int]:
    return [int(axis) % len(step.shapes[0]) for axis in np.atleast_1d(step.layer.axis)]


def _spread(step: Step, value: np.ndarray) -> np.ndarray:
    """A weight along the layer's axes, with ones along the others."""
    sizes, axes = np.shape(value), _axes(step)
    shape = [1] * len(step.shapes[0])
    for size, axis in zip(sizes, axes, strict=True):
        shape[axis] = size
    return np.reshape(value, shape)


def _batch_normalization(step: Step) -> Iterator[_Call]:
    layer = step.layer
    scale = 1 / np.sqrt(layer.moving_variance.numpy().astype("float64") + layer.epsilon)
    if layer.gamma is not None:
        scale = scale * layer.gamma.numpy()
    offset = np.zeros_like(scale) if layer.beta is None else layer.beta.numpy()
    values = (layer.moving_mean.numpy(), scale, offset)
    yield _Call("affine", tuple(_spread(step, value) for value in values))


def _layer_normalization(step: Step) -> Iterator[_Call]:
    layer = step.layer
    if layer.rms_scaling:
        raise _refused(layer, "rms_scaling=True")
    yield _Call("layer_norm", (), (_axes(step), layer.epsilon))
    gamma = 1.0 if layer.gamma is None else _spread(step, layer.gamma.numpy())
    beta = 0.0 if layer.beta is None else _spread(step, layer.beta.numpy())
    yield _Call("affine", (0.0, gamma, beta))


def _normalization(step: Step) -> Iterator[_Call]:
    layer = step.layer
    mean, deviation = np.asarray(layer.mean), np.sqrt(np.asarray(layer.variance, "float64"))
    deviation = np.maximum(deviation, 1e-7)
    values = (0.0, deviation, mean) if layer.invert else (mean, 1 / deviation, 0.0)
    yield _Call("affine", values)


def _plain(function: str, *fields: str) -> Callable[[Step], Iterator[_Call]]:
    """A layer that is one function of its inputs and of some of its attributes."""

    def write(step: Step) -> Iterator[_Call]:
        yield _Call(function, (), tuple(getattr(step.layer, field) for field in fields))

    return write


def _softmax(step: Step) -> Iterator[_Call]:
    if not isinstance(step.layer.axis, int):
        raise _refused(step.layer, f"axis={step.layer.axis}")
    yield _Call("softmax", (), (step.layer.axis,))


def _merge(function: str) -> Callable[[Step], Iterator[_Call]]:
    def write(step: Step) -> Iterator[_Call]:
        if len({len(shape) for shape in step.shapes}) > 1:
            raise _refused(step.layer, f"inputs of different ranks, {step.shapes}")
        yield _Call(function)

    return write


def _flatten(step: Step) -> Iterator[_Call]:
    if step.layer.data_format == "channels_first" and len(step.shapes[0]) > 2:
        raise _refused(step.layer, "data_format='channels_first'")
    yield _Call("flatten")


def _reshape(step: Step) -> Iterator[_Call]:
    yield _Call("reshape", (), tuple(int(size) for size in step.layer.target_shape))


def _pooling(function: str, *between: None) -> Callable[[Step], Iterator[_Call]]:
    """A layer that is NumPy's function over the steps: axis, what is between, and `keepdims`."""

    def write(step: Step) -> Iterator[_Call]:
        yield _Call(function, (), (step.layer.steps_axis, *between, bool(step.layer.keepdims)))

    return write


def _zero_padding(step: Step) -> Iterator[_Call]:
    widths = [[0, 0], [0, 0], [0, 0]]
    widths[step.layer.steps_axis] = list(step.layer.padding)
    yield _Call("pad", (), (widths,))


def _cropping(step: Step) -> Iterator[_Call]:
    before, after = step.layer.cropping
    yield _Call("crop", (), (before, -after or None))


# A writer for each layer that the loader can run: what it computes as calls, in order.
_WRITERS: dict[str, Callable[[Step], Iterator[_Call]]] = {
    "Dense": _dense,
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _plain("relu", "negative_slope"),
    "ELU": _plain("elu", "alpha"),
    "Softmax": _softmax,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Normalization": _normalization,
    "Rescaling": lambda s: iter([_Call("affine", (0.0, s.layer.scale, s.layer.offset))]),
    "Embedding": lambda s: iter([_Call("embedding", (s.layer.embeddings.numpy(),))]),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Concatenate": _plain("concatenate", "axis"),
    "GlobalAveragePooling1D": _pooling("mean", None, None),
    "GlobalMaxPooling1D": _pooling("max", None),
    "ZeroPadding1D": _zero_padding,
    "Cropping1D": _cropping,
    "UpSampling1D": lambda s: iter([_Call("repeat", (), (s.layer.size, 1))]),
    **{
        name: _merge(name.lower())
        for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
    },
    **dict.fromkeys(TRAINING_ONLY, _plain("linear")),
}  # fmt: skip


def _refused(layer: Operation, what: str) -> NotSavable:
    return NotSavable(
        f"export: format 'npz' cannot hold layer {layer.name!r} ({type(layer).__name__}) with "
        f"{what}.",
        fix='use format "onnx" or "stablehlo".',
    )
