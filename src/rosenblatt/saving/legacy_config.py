"""Configs of Keras 2 and tf.keras, written as Keras 3 writes them, and the reverse.

Keras 2 names classes without their modules, gives a first layer its `batch_input_shape`, writes a
layer's calls as lists, and has other names for some arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rosenblatt import losses

# Where a class is looked for, by the end of the key it stands under: many names mean several.
_MODULES = {
    "_initializer": "keras.initializers",
    "_regularizer": "keras.regularizers",
    "_constraint": "keras.constraints",
    "layer": "keras.layers",
    "learning_rate": "keras.optimizers.schedules",
}
_MODELS = {"Model": "Functional", "Functional": "Functional", "Sequential": "Sequential"}
_RENAMED = {"LeakyReLU": {"alpha": "negative_slope"}}
# Arguments that Keras 3 no longer has, and that say nothing about a dense network.
_DROPPED_OF_LAYERS = ("time_major", "input_length", "experimental_autocast", "autocast")
_DROPPED_OF_OPTIMIZERS = ("decay", "is_legacy_optimizer", "jit_compile", "initial_decay")


def modern_layer(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's or model's config of Keras 2 as Keras 3 writes it.

    >>> config = {"units": 1, "kernel_initializer": {"class_name": "Zeros", "config": {}}}
    >>> layer = modern_layer({"class_name": "Dense", "config": config})
    >>> layer["module"], layer["config"]["kernel_initializer"]["module"]
    ('keras.layers', 'keras.initializers')
    """
    name, config = entry["class_name"], entry["config"]
    if name in _MODELS:
        module = "keras" if name == "Sequential" else "keras.src.models.functional"
        inner = _modern_model(config)
        found: dict[str, Any] = {"module": module, "class_name": _MODELS[name], "config": inner}
    else:
        if name == "Lambda":
            config = _modern_lambda(config)
        found = _named(name, "keras.layers", _modern_arguments(name, config))
    # Keras 2 writes a layer's name beside its config too, and the calls of the graph.
    for key in ("name", "build_config"):
        if key in entry:
            found[key] = entry[key]
    if "inbound_nodes" in entry:
        found["inbound_nodes"] = [_modern_call(name, node) for node in entry["inbound_nodes"]]
    return found


def modern_model(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A model's config as Keras 3 writes it; returned as it is where it is of Keras 3 already."""
    if all("module" in layer for layer in config["layers"]):
        return config
    return _modern_model(config)


def _named(name: str, module: str, config: Any) -> dict[str, Any]:
    """An object; a name with `>` is one that the user registered."""
    registered = name if ">" in name else None
    plain = name.rpartition(">")[2]
    return {
        "module": None if registered else module,
        "class_name": plain,
        "config": config,
        "registered_name": registered or plain,
    }


def _modern_model(config: Any) -> dict[str, Any]:
    if isinstance(config, list):  # a Sequential of the first Keras 2
        config = {"layers": config}
    config = _calls_from_zero(config)
    found = {**config, "layers": [modern_layer(layer) for layer in config["layers"]]}
    found.pop("build_input_shape" if not found.get("build_input_shape") else "", None)
    if "dtype" in found:
        found["dtype"] = _policy(found["dtype"])
    return found


def _calls_from_zero(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A config in which calls of inner models are counted from 0, as those of other layers are.

    A model of Keras 2 is called once when it is made, so its calls in a graph count from 1. (In
    `output_layers` Keras 3 still counts a functional one's so.)
    """
    inner = {
        layer["config"]["name"]: (len(layer["inbound_nodes"]), layer["class_name"])
        for layer in config["layers"]
        if isinstance(layer.get("config"), Mapping)
        and "layers" in layer["config"]
        and layer.get("inbound_nodes")
    }
    nodes = [layer.get("inbound_nodes") for layer in config["layers"]]
    places = [place for place in _places([nodes, config.get("output_layers")]) if place[0] in inner]
    shifted = {place[0] for place in places if place[1] >= inner[place[0]][0]}
    if not shifted:
        return config
    ends = {name for name in shifted if inner[name][1] == "Sequential"}
    layers = [
        {**layer, "inbound_nodes": _shifted(layer["inbound_nodes"], shifted)}
        if "inbound_nodes" in layer
        else layer
        for layer in config["layers"]
    ]
    return {**config, "layers": layers, "output_layers": _shifted(config["output_layers"], ends)}


def _is_place(value: Any) -> bool:
    """Whether a value is `[layer, call, tensor]`, perhaps with arguments behind it."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and all(isinstance(number, int) for number in value[1:3])
    )


def _places(value: Any) -> Iterator[list[Any]]:
    if _is_place(value):
        yield value
        value = value[3:]
    if isinstance(value, (list, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _places(item)


def _shifted(value: Any, names: set[str]) -> Any:
    """A nest with the calls of some layers counted from one lower."""
    if _is_place(value):
        call = value[1] - (value[0] in names)
        return [value[0], call, value[2], *(_shifted(item, names) for item in value[3:])]
    if isinstance(value, Mapping):
        return {key: _shifted(item, names) for key, item in value.items()}
    return [_shifted(item, names) for item in value] if isinstance(value, list) else value


def _modern_lambda(config: Mapping[str, Any]) -> dict[str, Any]:
    """A Lambda layer's config: Keras 2 says beside a function whether it is a name or code."""
    found = {k: v for k, v in config.items() if not k.endswith(("_type", "module"))}
    for key in ("function", "output_shape"):
        kind, value = config.get(f"{key}_type"), config.get(key)
        if kind == "lambda":
            found[key] = {"class_name": "__lambda__", "config": {"value": value}}
        elif kind == "function":
            module = config.get("module" if key == "function" else f"{key}_module")
            named = {"class_name": "function", "config": value, "registered_name": value}
            found[key] = {"module": module, **named}
    return found


def _modern_arguments(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in config.items():
        if key in _DROPPED_OF_LAYERS:
            continue
        key = _RENAMED.get(name, {}).get(key, key)
        if key == "batch_input_shape" and name == "InputLayer":
            key = "batch_shape"
        if key == "dtype":
            value = _policy(value)
        elif name == "BatchNormalization" and key == "axis" and isinstance(value, list):
            value = value[0]
        elif key == "activation" and isinstance(value, Mapping) and "class_name" in value:
            value = _modern_object(value, "keras.layers")
        else:
            value = _modern_value(key, value)
        found[key] = value
    return found


def _policy(dtype: Any) -> Any:
    if isinstance(dtype, Mapping) and "config" in dtype:
        return dtype["config"]["name"]
    return dtype


def _modern_value(key: str, value: Any) -> Any:
    if not isinstance(value, Mapping) or "class_name" not in value or "config" not in value:
        return value
    module = next((m for end, m in _MODULES.items() if key.endswith(end)), "")
    if module == "keras.layers":
        return modern_layer(value)
    return _modern_object(value, module)


def _modern_object(value: Mapping[str, Any], module: str) -> dict[str, Any]:
    if value.get("module") or value["class_name"].startswith("__"):
        return dict(value)
    config = value["config"]
    if isinstance(config, Mapping):
        config = {k: _modern_value(k, v) for k, v in config.items()}
    return _named(value["class_name"], module, config)


def _modern_call(name: str, node: Any) -> dict[str, Any]:
    """A call `[[layer, node, tensor, arguments], …]` as Keras 3 writes calls."""
    if isinstance(node, Mapping) and "args" in node:
        return dict(node)
    if isinstance(node, Mapping):  # inputs by name
        inputs: Any = {key: _tensor(one) for key, one in node.items()}
        rows = list(node.values())
    else:
        rows = [node] if node and isinstance(node[0], str) else list(node)
        inputs = [_tensor(one) for one in rows]
    arguments = rows[0][3] if rows and len(rows[0]) > 3 else {}
    single = isinstance(inputs, list) and len(inputs) == 1
    kwargs = {key: _maybe_tensor(value) for key, value in arguments.items()}
    return {"args": [inputs[0] if single else inputs], "kwargs": kwargs}


def _tensor(row: Any) -> dict[str, Any]:
    history = {"keras_history": list(row[:3])}
    return {"class_name": "__keras_tensor__", "config": history}


def _maybe_tensor(value: Any) -> Any:
    """An argument that is another layer's output is written as its place."""
    return _tensor(value) if _is_place(value) else value


def modern_training(config: Mapping[str, Any]) -> dict[str, Any]:
    """A `training_config` of Keras 2 as Keras 3's `compile_config`.

    >>> modern_training({"loss": "mse", "metrics": None, "optimizer_config": {
    ...     "class_name": "SGD", "config": {"lr": 0.1, "decay": 0.0}}})["optimizer"]["config"]
    {'learning_rate': 0.1}
    """
    found = {
        "loss": _each(config.get("loss"), _modern_loss),
        "loss_weights": config.get("loss_weights"),
        "metrics": _each(config.get("metrics"), _modern_metric),
        "weighted_metrics": _each(config.get("weighted_metrics"), _modern_metric),
    }
    for key in ("run_eagerly", "steps_per_execution", "jit_compile"):
        if config.get(key) is not None:
            found[key] = config[key]
    optimizer = config["optimizer_config"]
    arguments = {
        {"lr": "learning_rate"}.get(key, key): _modern_value(key, value)
        for key, value in optimizer["config"].items()
        if key not in _DROPPED_OF_OPTIMIZERS
    }
    name = optimizer["class_name"].removeprefix("Custom>")
    found["optimizer"] = _named(name, "keras.optimizers", arguments)
    return found


def _each(value: Any, change: Any) -> Any:
    """A nest of lists and dicts with every loss or metric in it changed."""
    if isinstance(value, list):
        return [_each(item, change) for item in value]
    if isinstance(value, Mapping) and "class_name" not in value:
        return {key: _each(item, change) for key, item in value.items()}
    return change(value)


def _modern_loss(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    config = dict(value["config"]) if isinstance(value["config"], Mapping) else value["config"]
    if isinstance(config, dict):
        config.pop("fn", None)
        if config.get("reduction") == "auto":
            config["reduction"] = "sum_over_batch_size"
    return _modern_object({**value, "config": config}, "keras.losses")


def _modern_metric(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    config = value["config"]
    if isinstance(config, Mapping) and value["class_name"] == "MeanMetricWrapper":
        # Keras 2 writes a metric given by name as the function it stands for.
        return config["name"] if config["name"] in ("accuracy", "acc") else config.get("fn")
    return _modern_object(value, "keras.metrics")


def legacy_layer(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's or model's config as legacy files hold it: classes without their modules."""
    custom = not str(entry.get("module") or "").startswith("keras")
    name = (custom and entry.get("registered_name")) or entry["class_name"]
    config = entry["config"]
    if isinstance(config, Mapping) and isinstance(config.get("layers"), list):
        config = {**config, "layers": [legacy_layer(layer) for layer in config["layers"]]}
    found = {"class_name": name, "config": config}
    found.update({key: entry[key] for key in ("name", "inbound_nodes") if key in entry})
    return found


def _in_full(loss: Any) -> Any:
    """A loss's name without abbreviation: Keras 3 cannot read "mse" from legacy files."""
    return getattr(losses.get(loss), "__name__", loss) if isinstance(loss, str) else loss


def legacy_training(config: Mapping[str, Any]) -> dict[str, Any]:
    """A `compile_config` as the `training_config` of legacy files."""
    found = {key: value for key, value in config.items() if key != "optimizer"}
    found["loss"] = _each(config.get("loss"), _in_full)
    optimizer = config["optimizer"]
    custom = not str(optimizer.get("module") or "").startswith("keras")
    name = (custom and optimizer.get("registered_name")) or optimizer["class_name"]
    found["optimizer_config"] = {"class_name": name, "config": optimizer["config"]}
    return found
