"""Whole models and weights in the HDF5 format of Keras 2 and tf.keras (`.h5`), which Keras 3 keeps.

Architecture and training settings are texts (attributes `model_config`, `training_config`). Weights
lie in one group for each layer of the model, in the order of its attribute `weight_names`; the
optimizer's in `optimizer_weights`.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from rosenblatt.core.errors import explain, warn_user
from rosenblatt.core.files import atomic_write
from rosenblatt.core.serialization import serialize_keras_object
from rosenblatt.core.variable import Variable
from rosenblatt.saving.assets import files_of
from rosenblatt.saving.config_text import read_json
from rosenblatt.saving.hdf5 import WeightsReader
from rosenblatt.saving.legacy_config import (
    legacy_layer,
    legacy_training,
    modern_layer,
    modern_training,
)
from rosenblatt.saving.owners import owners
from rosenblatt.saving.report import LoadReport
from rosenblatt.saving.strangers import warn_of_code

_MODEL, _TRAINING, _WEIGHTS = "model_config", "training_config", "model_weights"
_TOP, _SLOTS = "top_level_model_weights", "optimizer_weights"
_ATTRIBUTE_LIMIT = 64_000  # bytes that HDF5 keeps beside a group
Values = list[tuple[Any, str]]


def legacy_weights(layer: Any) -> list[Variable]:
    """A layer's weights in the order of legacy files: trained ones first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _top_level(model: Any) -> list[Variable]:
    own = model._own_variables()
    return [v for v in own if v.trainable] + [v for v in own if not v.trainable]


# -- writing -------------------------------------------------------------------------------------


def write_legacy_model(
    model: Any, path: str, keras_version: str, include_optimizer: bool = True
) -> None:
    """Write a whole model, with its training settings and optimizer or without.

    Raises:
        ValueError: a layer whose vocabulary the format has no place for, a subclassed model.
    """
    _refuse_assets(model, path)
    if getattr(model, "_graph", None) is None:
        raise ValueError(
            explain(
                f"Model {model.name!r} cannot be saved as `.h5`: the format holds Sequential and "
                "functional models that are built.",
                fix="save it as `model.save('model.keras')`.",
            )
        )
    entry = serialize_keras_object(model)
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


def _refuse_assets(model: Any, path: str) -> None:
    """Legacy files have no place for what is not in a config or a weight."""
    names = [
        f"{owner.name!r} ({type(owner).__name__})" for _, owner in owners(model) if files_of(owner)
    ]
    if names:
        raise ValueError(
            explain(
                f"Model {model.name!r} cannot be saved as {path!r}: the `.h5` format has no place "
                f"for the vocabulary or other files of layer {', '.join(names)}.",
                fix="save it as `model.save('model.keras')`, or give the layer its vocabulary as "
                "`vocabulary=[…]`.",
            )
        )


def _write_layers(group: h5py.Group, model: Any, keras_version: str) -> None:
    layers = model.layers
    _write_names(group, "layer_names", [layer.name for layer in layers])
    group.attrs.update({"backend": "jax", "keras_version": keras_version})
    # By name: HDF5 must meet `a` before `a/b`.
    for layer in sorted(layers, key=lambda layer: layer.name):
        _write_values(group.create_group(layer.name), legacy_weights(layer))
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


def legacy_model_config(reader: WeightsReader, place: str, compile: bool) -> dict[str, Any]:
    """The config of a whole model, as Keras 3 writes it.

    Raises:
        ValueError: weights alone, or texts that are damaged.
    """
    config = _json(reader, _MODEL, place)
    if config is None:
        raise ValueError(
            explain(
                f"load_model: {place} holds weights alone, without an architecture.",
                fix="build the model in Python, then `model.load_weights(path)`.",
            )
        )
    try:
        found = modern_layer(config)
        training = _json(reader, _TRAINING, place) if compile else None
        if training is not None:
            found["compile_config"] = modern_training(training)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ValueError(
            explain(f"{place}: {_MODEL} does not describe a model.", given=repr(error))
        ) from error
    return found


def _json(reader: WeightsReader, name: str, place: str) -> dict[str, Any] | None:
    text = reader.text(name)
    if text is None:
        return None
    return read_json(text, f"{place}: {name}")


def load_legacy_weights(
    model: Any, reader: WeightsReader, place: str, *, by_name: bool, skip_mismatch: bool
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
        ValueError: another number of layers (by order), or weights that do not fit.
    """
    root = _WEIGHTS if reader.text(_MODEL) is not None else ""
    saved = {name: _values_of(reader, root, name) for name in reader.names(root, "layer_names")}
    pairs, unused = _paired(model, saved, by_name, place)
    if reader.has_group(f"{root}/{_TOP}") and (top := _values_of(reader, root, _TOP)):
        pairs.append((model, _top_level(model), top))
    matched: list[tuple[Variable, Any, str]] = []
    report = LoadReport(place, unused=unused)
    for layer, variables, values in pairs:
        problem = _misfit(layer, variables, values)
        if problem is None:
            report.matched.append(layer.name)
            matched += [(v, *value) for v, value in zip(variables, values, strict=True)]
        else:
            report.skipped[layer.name] = problem
    if report.skipped and not skip_mismatch:
        raise ValueError(
            explain(
                f"{place}: the weights do not fit the model. {report.problems()}",
                fix="build the model as it was when the file was saved, or load what fits with "
                "`load_weights(…, skip_mismatch=True)`.",
            )
        )
    arrays = [(v, store.read(key, v.shape)) for v, store, key in matched]
    for variable, array in arrays:
        variable.assign(array)
    if by_name:
        named = {layer.name for layer, _, _ in pairs}
        for layer in model.layers:
            if legacy_weights(layer) and layer.name not in named:
                report.skipped[layer.name] = "the file has no layer of this name"
    return report


def _values_of(reader: WeightsReader, root: str, name: str) -> Values:
    group = f"{root}/{name}".lstrip("/")
    return reader.values(group, reader.names(group, "weight_names"))


Pairs = list[tuple[Any, list[Variable], Values]]


def _paired(
    model: Any, saved: dict[str, Values], by_name: bool, place: str
) -> tuple[Pairs, list[str]]:
    """Each layer with its variables and the file's values; and what the file has besides."""
    with_weights = {name: values for name, values in saved.items() if values}
    layers = [layer for layer in model.layers if legacy_weights(layer)]
    if by_name:
        names = {layer.name for layer in layers}
        pairs = [
            (layer, legacy_weights(layer), with_weights[layer.name])
            for layer in layers
            if layer.name in with_weights
        ]
        return pairs, [name for name in with_weights if name not in names]
    if len(layers) != len(with_weights):
        raise ValueError(
            explain(
                f"{place}: the file has another number of layers with weights.",
                given=f"{len(with_weights)}: {list(with_weights)}",
                expected=f"{len(layers)}: {[layer.name for layer in layers]}",
                fix="build the model as it was when the file was saved, or load the layers whose "
                "names agree with `load_weights(…, by_name=True)`.",
            )
        )
    values = with_weights.values()
    return [(a, legacy_weights(a), b) for a, b in zip(layers, values, strict=True)], []


def _misfit(layer: Any, variables: list[Variable], values: Values) -> str | None:
    here = [v.shape for v in variables]
    there = [store.shape(key) for store, key in values]
    if here == there:
        return None
    return (
        f"layer {layer.name!r} ({type(layer).__name__}) has weights of shapes {here} in the model, "
        f"{there} in the file"
    )


def load_legacy_optimizer(model: Any, reader: WeightsReader) -> None:
    """Give a compiled model's optimizer the file's state, where it fits; warn where it does not."""
    if not reader.has_group(_SLOTS) or model.optimizer is None:
        return
    optimizer = model.optimizer
    values = reader.values(_SLOTS, reader.names(_SLOTS, "weight_names"))
    variables = list(optimizer.variables)
    values = _in_our_order(values, len(model.trainable_variables))
    if len(values) == len(variables) - 1:  # Keras 2 keeps the rate in the config alone
        variables = [variables[0], *variables[2:]]
    if len(values) <= 2 < len(variables):  # saved before its first step: it had no slots yet
        variables = variables[: len(values)]
    if [store.shape(key) for store, key in values] != [v.shape for v in variables]:
        warn_user(
            explain(
                f"The saved state of optimizer {optimizer.name!r} does not fit and is not loaded; "
                "training goes on with a fresh one.",
                given=f"{len(values)} saved variables",
                expected=f"{len(variables)}",
            )
        )
        return
    arrays = [store.read(key, v.shape) for v, (store, key) in zip(variables, values, strict=True)]
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _in_our_order(values: Values, trained: int) -> Values:
    """Keras 2 until 2.10: the step, then one slot of all weights, then the next slot of all."""
    slots, left = divmod(len(values) - 1, max(trained, 1))
    ends = [key.removesuffix(":0") for _, key in values[1:]]
    by_slot = (
        slots > 1
        and left == 0
        and all(len(set(ends[n * trained : (n + 1) * trained])) == 1 for n in range(slots))
    )
    if not by_slot:
        return values
    rest = values[1:]
    return [values[0], *(rest[n * trained + i] for i in range(trained) for n in range(slots))]


def is_legacy_name(path: str | os.PathLike[str]) -> bool:
    """Whether a path is named as a whole model of the legacy format."""
    name = os.fspath(path)
    return name.endswith((".h5", ".hdf5")) and not name.endswith(".weights.h5")
