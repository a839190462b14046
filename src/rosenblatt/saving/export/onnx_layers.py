"""Layers as nodes of ONNX, where their programs would take more nodes, or know no text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rosenblatt.activations.functions import IN_ONNX, serialize
from rosenblatt.saving.export.flat_model import TRAINING_ONLY, Step
from rosenblatt.saving.export.onnx_builder import Builder, Unwritable

Writer = Callable[[Builder, Step, Sequence[str]], str]


def _activation(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    name = serialize(step.layer.activation)
    if not isinstance(name, str) or name not in IN_ONNX:
        raise Unwritable(f"activation {name!r}")
    return IN_ONNX[name](b, inputs[0])


def _dense(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    layer, (x,) = step.layer, inputs
    y = b.op("MatMul", x, b.constant(layer.kernel.numpy()))
    if layer.use_bias:
        y = b.op("Add", y, b.constant(layer.bias.numpy()))
    return _activation(b, step, [y])


def _relu(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    layer, (x,) = step.layer, inputs
    if layer.threshold:
        raise Unwritable(f"threshold={layer.threshold}")
    slope = layer.negative_slope
    y = b.op("LeakyRelu", x, alpha=float(slope)) if slope else b.op("Relu", x)
    if layer.max_value is None:
        return y
    return b.op("Min", y, b.constant(layer.max_value))


def _softmax(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    if not isinstance(step.layer.axis, int):
        raise Unwritable(f"axis={step.layer.axis}")
    return b.op("Softmax", inputs[0], axis=step.layer.axis)


def _affine(b: Builder, x: str, factor: np.ndarray, shift: np.ndarray) -> str:
    return b.op("Add", b.op("Mul", x, b.constant(factor)), b.constant(shift))


def _batch_normalization(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    """The running statistics, γ and β as one product and one sum."""
    layer = step.layer
    factor = 1 / np.sqrt(layer.moving_variance.numpy() + layer.epsilon)
    factor = factor * (1 if layer.gamma is None else layer.gamma.numpy())
    shift = -layer.moving_mean.numpy() * factor
    shift = shift + (0 if layer.beta is None else layer.beta.numpy())
    shape = [1] * len(step.shape)
    shape[layer.axis] = -1
    return _affine(b, inputs[0], factor.reshape(shape), shift.reshape(shape))


def _layer_normalization(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    layer, (x,) = step.layer, inputs
    rank = len(step.shape)
    axes = sorted(a % rank for a in np.atleast_1d(layer.axis).tolist())
    if layer.rms_scaling:
        raise Unwritable("rms_scaling=True")
    if axes == list(range(axes[0], rank)):  # the last ones: ONNX's own node
        sizes = [int(size or 1) for size in step.shape[axes[0] :]]
        gamma = np.ones(sizes) if layer.gamma is None else layer.gamma.numpy().reshape(sizes)
        given = [b.constant(gamma)]
        if layer.beta is not None:
            given.append(b.constant(layer.beta.numpy().reshape(sizes)))
        place: dict[str, Any] = {"axis": axes[0] - rank, "epsilon": float(layer.epsilon)}
        return b.op("LayerNormalization", x, *given, **place)
    where = b.constant(axes, "int64")
    centred = b.op("Sub", x, b.op("ReduceMean", x, where))
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), where)
    y = b.op("Div", centred, b.op("Sqrt", b.op("Add", variance, b.constant(layer.epsilon))))
    shape = [size if axis in axes else 1 for axis, size in enumerate(step.shape)]
    if layer.gamma is not None:
        y = b.op("Mul", y, b.constant(layer.gamma.numpy().reshape(shape)))
    if layer.beta is not None:
        y = b.op("Add", y, b.constant(layer.beta.numpy().reshape(shape)))
    return y


def _embedding(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    ids = b.cast(inputs[0], "int64")
    return b.op("Gather", b.constant(step.layer.embeddings.numpy()), ids, axis=0)


def _vectors(b: Builder, step: Step, ids: str, mode: str, depth: int) -> str:
    """Ids as they are, or as vectors; an id outside the vectors counts nowhere."""
    if mode == "int":
        return ids
    if mode not in ("one_hot", "multi_hot", "count"):
        raise Unwritable(f"output_mode={mode!r}")
    if mode == "one_hot" and step.shapes[0][-1] == 1:
        ids = b.op("Squeeze", ids, b.constant([-1], "int64"))
    places = b.constant(np.arange(depth), "int64")
    same = b.op("Equal", b.op("Unsqueeze", ids, b.constant([-1], "int64")), places)
    vectors = b.cast(same, "float32")
    if mode == "one_hot":
        return vectors
    kind = "ReduceMax" if mode == "multi_hot" else "ReduceSum"
    return b.op(kind, vectors, b.constant([-2], "int64"), keepdims=0)


def _category_encoding(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    if len(inputs) > 1:
        raise Unwritable("count_weights")
    ids = b.cast(inputs[0], "int64")
    return _vectors(b, step, ids, step.layer.output_mode, step.layer.num_tokens)


def _lookup(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    """A label encoder; what is not in the vocabulary gets the one place for it."""
    layer = step.layer
    if layer.invert or layer.num_oov_indices != 1 or layer.pad_to_max_tokens:
        raise Unwritable("invert, pad_to_max_tokens or num_oov_indices other than 1")
    vocabulary = layer.get_vocabulary()
    start = int(layer.mask_token is not None and layer.output_mode == "int")
    places = {token: place for place, token in enumerate(vocabulary) if place != start}
    kind = "strings" if layer.vocabulary_dtype == "string" else "int64s"
    x = inputs[0] if kind == "strings" else b.cast(inputs[0], "int64")
    table: dict[str, Any] = {
        f"keys_{kind}": list(places),
        "values_int64s": list(places.values()),
        "default_int64": start,
    }
    ids = b.op("LabelEncoder", x, domain="ai.onnx.ml", **table)
    return _vectors(b, step, ids, layer.output_mode, len(vocabulary))


def _discretization(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    """How many boundaries are not above a number."""
    layer = step.layer
    places = b.op("Unsqueeze", b.cast(inputs[0], "float32"), b.constant([-1], "int64"))
    reached = b.op("GreaterOrEqual", places, b.constant(layer.bin_boundaries))
    ids = b.op("ReduceSum", b.cast(reached, "int64"), b.constant([-1], "int64"), keepdims=0)
    return _vectors(b, step, ids, layer.output_mode, len(layer.bin_boundaries) + 1)


def _reshape(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    if getattr(step.layer, "data_format", None) == "channels_first":
        raise Unwritable("data_format='channels_first'")
    sizes = [0, *(-1 if size is None else size for size in step.shape[1:])]
    return b.op("Reshape", inputs[0], b.constant(sizes, "int64"))


def _repeat(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    rows = b.op("Unsqueeze", inputs[0], b.constant([1], "int64"))
    return b.op("Tile", rows, b.constant([1, step.layer.n, 1], "int64"))


def _pooling(kind: str) -> Writer:
    def write(b: Builder, step: Step, inputs: Sequence[str]) -> str:
        axis = b.constant([step.layer.steps_axis], "int64")
        return b.op(kind, inputs[0], axis, keepdims=int(step.layer.keepdims))

    return write


def _cropping(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    before, after = step.layer.cropping
    end = -after or np.iinfo("int64").max
    return b.op("Slice", inputs[0], *(b.constant([n], "int64") for n in (before, end, 1)))


WRITERS: dict[str, Writer] = {
    "Dense": _dense,
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": lambda b, s, x: b.op("LeakyRelu", x[0], alpha=float(s.layer.negative_slope)),
    "ELU": lambda b, s, x: b.op("Elu", x[0], alpha=float(s.layer.alpha)),
    "PReLU": lambda b, s, x: b.op("PRelu", x[0], b.constant(s.layer.alpha.numpy())),
    "Softmax": _softmax,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Embedding": _embedding,
    "CategoryEncoding": _category_encoding,
    "Discretization": _discretization,
    "StringLookup": _lookup,
    "IntegerLookup": _lookup,
    "Flatten": _reshape,
    "Reshape": _reshape,
    "Permute": lambda b, s, x: b.op("Transpose", x[0], perm=[0, *s.layer.dims]),
    "RepeatVector": _repeat,
    "Cropping1D": _cropping,
    "GlobalAveragePooling1D": _pooling("ReduceMean"),
    "GlobalMaxPooling1D": _pooling("ReduceMax"),
    "Concatenate": lambda b, s, x: b.op("Concat", *x, axis=s.layer.axis),
    **dict.fromkeys(TRAINING_ONLY, lambda b, s, x: x[0]),
}
