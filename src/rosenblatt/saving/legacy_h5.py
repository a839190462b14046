"""Whole models and weights in the HDF5 format of Keras 2 and tf.keras (`.h5`), which Keras 3 keeps.

Architecture and training settings are texts (attributes `model_config`, `training_config`). Weights
lie in one group for each layer of the model, in the order of its attribute `weight_names`; the
optimizer's in `optimizer_weights`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import h5py
import numpy as np

from rosenblatt.core.errors import FileRefused, NotSavable
from rosenblatt.core.files import atomic_write
from rosenblatt.core.serialization import described, serialize_shared
from rosenblatt.core.types import Config
from rosenblatt.core.variable import Variable
from rosenblatt.layers.base import Layer
from rosenblatt.saving.assets import files_of
from rosenblatt.saving.config_text import read_json
from rosenblatt.saving.contract import Model
from rosenblatt.saving.custom_objects import warn_of_code
from rosenblatt.saving.hdf5_read import SavedArray, WeightsReader
from rosenblatt.saving.legacy_config import (
    legacy_layer,
    legacy_training,
    modern_layer,
    modern_training,
)
from rosenblatt.saving.saved_parts import saved_parts
from rosenblatt.saving.weights import LoadReport, assign, load_optimizer, misfit

_MODEL, _TRAINING, _WEIGHTS = "model_config", "training_config", "model_weights"
_TOP, _SLOTS = "top_level_model_weights", "optimizer_weights"
_ATTRIBUTE_LIMIT = 64_000  # bytes that HDF5 keeps beside a group


def _weights_of(layer: Layer) -> list[Variable]:
    """A layer's weights in the order of legacy files: trained ones first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _top_level(model: Model) -> list[Variable]:
    return sorted(model._own_variables(), key=lambda variable: not variable.trainable)


# -- writing -------------------------------------------------------------------------------------


def write_legacy_model(
    model: Model, path: str, keras_version: str, include_optimizer: bool = True
) -> None:
    """Write a whole model, with its training settings and optimizer or without.

    Raises:
        NotSavable: a layer whose vocabulary the format has no place for, a subclassed model.
    """
    with_files = [
        f"{part.name!r} ({type(part).__name__})" for _, part in saved_parts(model) if files_of(part)
    ]
    if with_files:
        raise NotSavable(
            f"Model {model.name!r} cannot be saved as {path!r}: the `.h5` format has no place "
            f"for the vocabulary or other files of layer {', '.join(with_files)}.",
            fix="save it as `model.save('model.keras')`, or give the layer its vocabulary as "
            "`vocabulary=[…]`.",
        )
    if getattr(model, "_graph", None) is None:
        raise NotSavable(
            f"Model {model.name!r} cannot be saved as `.h5`: the format holds Sequential and "
            "functional models that are built.",
            fix="save it as `model.save('model.keras')`.",
        )
    entry = serialize_shared(model)
    for one in described(entry):  # Keras 2 knows of none
        one.pop("shared_object_id", None)
    warn_of_code(entry)
    texts = {_MODEL: json.dumps(legacy_layer(entry))}
    training = model.get_compile_config() if include_optimizer else {}
    if training.get("optimizer"):
        texts[_TRAINING] = json.dumps(legacy_training(training))
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs.update({"backend": "jax", "keras_version": keras_version})
        file.attrs.update(texts)
        _write_layers(file.create_group(_WEIGHTS), model, keras_version)
        if _TRAINING in texts and model.optimizer.variables:
            _write_values(file.create_group(_SLOTS), model.optimizer.variables)
    with atomic_write(path) as target:
        target.write(buffer.getbuffer())


def _write_layers(group: h5py.Group, model: Model, keras_version: str) -> None:
    layers = model.layers
    _write_names(group, "layer_names", [layer.name for layer in layers])
    group.attrs.update({"backend": "jax", "keras_version": keras_version})
    # By name: HDF5 must meet `a` before `a/b`.
    for layer in sorted(layers, key=lambda layer: layer.name):
        _write_values(group.create_group(layer.name), _weights_of(layer))
    _write_values(group.create_group(_TOP), _top_level(model))


def _write_values(group: h5py.Group, variables: Sequence[Variable]) -> None:
    _write_names(group, "weight_names", [v.path for v in variables])
    for variable in variables:
        value = variable.numpy()
        # HDF5 has no bfloat16; float32 holds each of its values.
        value = value.astype("float32") if value.dtype.name == "bfloat16" else value
        group.create_dataset(variable.path, data=value)


def _write_names(group: h5py.Group, key: str, names: list[str]) -> None:
    encoded = np.array([name.encode() for name in names])
    parts = max(1, -(-encoded.nbytes // _ATTRIBUTE_LIMIT))
    if parts == 1:
        group.attrs[key] = encoded
        return
    for number, part in enumerate(np.array_split(encoded, parts)):
        group.attrs[f"{key}{number}"] = part


# -- reading -------------------------------------------------------------------------------------


def legacy_model_config(reader: WeightsReader, place: str, compile: bool) -> Config:
    """The config of a whole model, as Keras 3 writes it.

    Raises:
        FileRefused: weights alone, or texts that are damaged.
    """
    text = reader.text(_MODEL)
    if text is None:
        raise FileRefused(
            f"load_model: {place} holds weights alone, without an architecture.",
            fix="build the model in Python, then `model.load_weights(path)`.",
        )
    config = read_json(text, f"{place}: {_MODEL}")
    try:
        found = modern_layer(config)
        training = reader.text(_TRAINING) if compile else None
        if training is not None:
            settings = read_json(training, f"{place}: {_TRAINING}")
            found["compile_config"] = modern_training(settings)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise FileRefused(
            f"{place}: {_MODEL} does not describe a model.", given=repr(error)
        ) from error
    return found


def load_legacy_weights(
    model: Model, reader: WeightsReader, place: str, *, by_name: bool, skip_mismatch: bool
) -> LoadReport:
    """Give a model's layers the values of a legacy file: all of them, or none.

    Args:
        model: a built model.
        reader: the file.
        place: what to call it in messages.
        by_name: find layers by name instead of by their order; layers the file lacks keep their
            weights.
        skip_mismatch: leave out, and report, layers that do not fit.

    Raises:
        FileRefused: a different number of layers (by order), or weights that do not fit.
    """
    root = _WEIGHTS if reader.text(_MODEL) is not None else ""
    names = reader.names(root, "layer_names")
    every = {name: _arrays(reader, f"{root}/{name}") for name in names}
    saved = {name: arrays for name, arrays in every.items() if arrays}
    layers = [layer for layer in model.layers if _weights_of(layer)]
    report = LoadReport(place)
    missing = []
    if by_name:
        missing = [layer.name for layer in layers if layer.name not in saved]
        report.unused = [name for name in saved if name not in {layer.name for layer in layers}]
        pairs = [(layer, saved[layer.name]) for layer in layers if layer.name in saved]
    elif len(layers) != len(saved):
        raise FileRefused(
            f"{place}: the file has a different number of layers with weights.",
            given=f"{len(saved)}: {list(saved)}",
            expected=f"{len(layers)}: {[layer.name for layer in layers]}",
            fix="build the model as it was when the file was saved, or load the layers whose "
            "names agree with `load_weights(…, by_name=True)`.",
        )
    else:
        pairs = list(zip(layers, saved.values(), strict=True))
    parts = [(layer, _weights_of(layer), arrays) for layer, arrays in pairs]
    if reader.has_group(f"{root}/{_TOP}") and (top := _arrays(reader, f"{root}/{_TOP}")):
        parts.append((model, _top_level(model), top))
    fitting: list[tuple[Variable, SavedArray]] = []
    for part, variables, arrays in parts:
        here, there = [v.shape for v in variables], [array.shape for array in arrays]
        if here == there:
            report.matched.append(part.name)
            fitting += zip(variables, arrays, strict=True)
        else:
            report.skipped[part.name] = (
                f"layer {part.name!r} ({type(part).__name__}) has weights of shapes {here} in the "
                f"model, {there} in the file"
            )
    if report.skipped and not skip_mismatch:
        raise FileRefused(misfit(place, report.skipped.values()))
    assign([variable for variable, _ in fitting], [array for _, array in fitting])
    report.skipped.update(dict.fromkeys(missing, "the file has no layer of this name"))
    return report


def _arrays(reader: WeightsReader, path: str) -> list[SavedArray]:
    path = path.lstrip("/")
    return reader.arrays(path, reader.names(path, "weight_names"))


def load_legacy_optimizer(model: Model, reader: WeightsReader) -> None:
    """Give a compiled model's optimizer the file's state, where it fits; warn where it does not."""
    optimizer = model.optimizer
    if not reader.has_group(_SLOTS) or optimizer is None:
        return
    saved = _in_our_order(_arrays(reader, _SLOTS), len(model.trainable_variables))
    variables = list(optimizer.variables)
    if len(saved) == len(variables) - 1:  # Keras 2 keeps the rate in the config alone
        variables = [variables[0], *variables[2:]]
    if len(saved) <= 2 < len(variables):  # saved before its first step: it had no slots yet
        variables = variables[: len(saved)]
    load_optimizer(optimizer, variables, saved)


def _in_our_order(saved: list[SavedArray], trained: int) -> list[SavedArray]:
    """Keras 2 until 2.10: the step, then one slot of all weights, then the next slot of all."""
    slots, left = divmod(len(saved) - 1, max(trained, 1))
    ends = [array.name.removesuffix(":0") for array in saved[1:]]
    by_slot = (
        slots > 1
        and left == 0
        and all(len(set(ends[n * trained : (n + 1) * trained])) == 1 for n in range(slots))
    )
    if not by_slot:
        return saved
    rest = saved[1:]
    return [saved[0], *(rest[n * trained + i] for i in range(trained) for n in range(slots))]
