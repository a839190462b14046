"""Configs of Keras 2 and tf.keras, written as Keras 3 writes them, and the reverse.

Keras 2 names classes without their modules, gives a first layer its `batch_input_shape`, writes a
layer's calls as lists, and has other names for some arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from rosenblatt import losses
from rosenblatt.core.errors import BadData
from rosenblatt.core.types import Config, DTypeLike

# Where a class is looked for, by the end of the key it stands under: many names mean several.
_MODULES = {
    "_initializer": "keras.initializers",
    "_regularizer": "keras.regularizers",
    "_constraint": "keras.constraints",
    "layer": "keras.layers",
    "activation": "keras.layers",
    "learning_rate": "keras.optimizers.schedules",
}
_FUNCTIONAL = ("keras.src.models.functional", "Functional")
_MODELS = {
    "Model": _FUNCTIONAL, "Functional": _FUNCTIONAL, "Sequential": ("keras", "Sequential"),
}  # fmt: skip
_RENAMED = {("LeakyReLU", "alpha"): "negative_slope"}
# Arguments that Keras 3 no longer has, and that say nothing about a dense network.
_DROPPED_OF_LAYERS = ("time_major", "input_length", "experimental_autocast", "autocast")
_DROPPED_OF_OPTIMIZERS = ("decay", "is_legacy_optimizer", "jit_compile", "initial_decay")


def modern_layer(entry: Config) -> Config:
    """A layer's or model's config of Keras 2 as Keras 3 writes it.

    >>> config = {"units": 1, "kernel_initializer": {"class_name": "Zeros", "config": {}}}
    >>> layer = modern_layer({"class_name": "Dense", "config": config})
    >>> layer["module"], layer["config"]["kernel_initializer"]["module"]
    ('keras.layers', 'keras.initializers')
    """
    name, config = entry["class_name"], entry["config"]
    if name in _MODELS:
        module, kind = _MODELS[name]
        found: Config = {"module": module, "class_name": kind, "config": _modern_model(config)}
    else:
        config = _modern_lambda(config) if name == "Lambda" else config
        found = _named(name, "keras.layers", _modern_arguments(name, config))
    # Keras 2 writes a layer's name beside its config too, and the calls of the graph.
    found.update({key: entry[key] for key in ("name", "build_config") if key in entry})
    if "inbound_nodes" in entry:
        found["inbound_nodes"] = [_modern_call(node) for node in entry["inbound_nodes"]]
    return found


def _listed(layers: object) -> Sequence[Any]:
    if isinstance(layers, (list, tuple)):
        return layers
    raise BadData("A model's config has no list of layers.", given=repr(layers))


def modern_model(config: Config) -> Config:
    """A model's config as Keras 3 writes it; returned as it is where it is of Keras 3 already."""
    for layer in _listed(config["layers"]):
        if not isinstance(layer, Mapping) or not isinstance(layer.get("config"), Mapping):
            raise BadData(
                "A model's config holds something that describes no layer.",
                given=repr(layer),
                expected="a dict with `class_name` and `config`",
            )
        if "class_name" not in layer:
            raise BadData("A model's config holds a layer without `class_name`.", given=layer)
    if all("module" in layer for layer in config["layers"]):
        return config
    return _modern_model(config)


def _named(name: str, module: str, config: Any) -> Config:
    """An object; a name with `>` is one that the user registered."""
    registered = name if ">" in name else None
    plain = name.rpartition(">")[2]
    return {
        "module": None if registered else module,
        "class_name": plain,
        "config": config,
        "registered_name": registered or plain,
    }


def _modern_model(config: Any) -> Config:
    if isinstance(config, list):  # a Sequential of the first Keras 2
        config = {"layers": config}
    config = _calls_from_zero(config)
    found = {**config, "layers": [modern_layer(layer) for layer in config["layers"]]}
    found.pop("build_input_shape" if not found.get("build_input_shape") else "", None)
    if "dtype" in found:
        found["dtype"] = _policy(found["dtype"])
    return found


def _calls_from_zero(config: Config) -> Config:
    """A config in which calls of inner models are counted from 0, as those of other layers are.

    A model of Keras 2 is called once when it is made, so its calls in a graph count from 1. (In
    `output_layers` Keras 3 still counts a functional one's so.)
    """
    inner = {
        layer["config"]["name"]: (len(layer["inbound_nodes"]), layer["class_name"])
        for layer in config["layers"]
        if isinstance(layer.get("config"), dict)
        and "layers" in layer["config"]
        and layer.get("inbound_nodes")
    }
    shifted: set[str] = set()

    def note(name: str, call: int) -> int:
        if name in inner and call >= inner[name][0]:
            shifted.add(name)
        return call

    nodes = [layer.get("inbound_nodes") for layer in config["layers"]]
    _recounted([nodes, config.get("output_layers")], note)
    if not shifted:
        return config
    ends = {name for name in shifted if inner[name][1] == "Sequential"}
    layers = [
        {
            **layer,
            "inbound_nodes": _recounted(layer["inbound_nodes"], lambda n, c: c - (n in shifted)),
        }
        if "inbound_nodes" in layer
        else layer
        for layer in config["layers"]
    ]
    outputs = _recounted(config["output_layers"], lambda name, call: call - (name in ends))
    return {**config, "layers": layers, "output_layers": outputs}


def _is_place(value: object) -> TypeGuard[list[Any]]:
    """Whether a value is `[layer, call, tensor]`, perhaps with arguments behind it."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and all(isinstance(number, int) for number in value[1:3])
    )


def _recounted(value: Any, count: Callable[[str, int], int]) -> Any:
    """A nest with the calls in its places counted again, from a layer's name and the old number."""
    if _is_place(value):
        name, call, tensor, *arguments = value
        return [name, count(name, call), tensor, *(_recounted(one, count) for one in arguments)]
    if isinstance(value, dict):
        return {key: _recounted(item, count) for key, item in value.items()}
    return [_recounted(item, count) for item in value] if isinstance(value, list) else value


def _modern_lambda(config: Config) -> Config:
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


def _modern_arguments(name: str, config: Config) -> Config:
    found = {}
    for key, value in config.items():
        if key in _DROPPED_OF_LAYERS:
            continue
        if key == "batch_input_shape" and name == "InputLayer":
            key = "batch_shape"
        if name == "BatchNormalization" and key == "axis" and isinstance(value, list):
            value = value[0]
        found[_RENAMED.get((name, key), key)] = _modern_value(key, value)
    return found


def _policy(dtype: DTypeLike) -> Any:
    return dtype["config"]["name"] if isinstance(dtype, dict) and "config" in dtype else dtype


def _modern_value(key: str, value: Any) -> Any:
    if key == "dtype":
        return _policy(value)
    if not isinstance(value, dict) or "class_name" not in value or "config" not in value:
        return value
    module = next((m for end, m in _MODULES.items() if key.endswith(end)), "")
    if module == "keras.layers" and key != "activation":
        return modern_layer(value)
    return _modern_object(value, module)


def _modern_object(value: Config, module: str) -> Config:
    if value.get("module") or value["class_name"].startswith("__"):
        return dict(value)
    config = value["config"]
    if isinstance(config, dict):
        config = {k: _modern_value(k, v) for k, v in config.items()}
    return _named(value["class_name"], module, config)


def _modern_call(node: Any) -> Config:
    """A call `[[layer, node, tensor, arguments], …]` as Keras 3 writes calls."""
    if isinstance(node, dict) and "args" in node:
        return dict(node)
    if isinstance(node, dict):  # inputs by name
        rows = list(node.values())
        inputs: Any = {key: _tensor(row) for key, row in node.items()}
    else:
        rows = [node] if node and isinstance(node[0], str) else list(node)
        inputs = [_tensor(row) for row in rows]
        inputs = inputs[0] if len(inputs) == 1 else inputs
    arguments = rows[0][3] if rows and len(rows[0]) > 3 else {}
    # An argument that is another layer's output is written as its place.
    kwargs = {
        key: _tensor(value) if _is_place(value) else value for key, value in arguments.items()
    }
    return {"args": [inputs], "kwargs": kwargs}


def _tensor(row: list[Any]) -> Config:
    history = {"keras_history": list(row[:3])}
    return {"class_name": "__keras_tensor__", "config": history}


def modern_training(config: Config) -> Config:
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
        "learning_rate" if key == "lr" else key: _modern_value(key, value)
        for key, value in optimizer["config"].items()
        if key not in _DROPPED_OF_OPTIMIZERS
    }
    name = optimizer["class_name"].removeprefix("Custom>")
    found["optimizer"] = _named(name, "keras.optimizers", arguments)
    return found


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """A nest of lists and dicts with every loss or metric in it changed."""
    if isinstance(value, list):
        return [_each(item, change) for item in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _each(item, change) for key, item in value.items()}
    return change(value)


def _modern_loss(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    config = value["config"]
    if isinstance(config, dict):
        config = {key: item for key, item in config.items() if key != "fn"}
        if config.get("reduction") == "auto":
            config["reduction"] = "sum_over_batch_size"
    return _modern_object({**value, "config": config}, "keras.losses")


def _modern_metric(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    config = value["config"]
    if isinstance(config, dict) and value["class_name"] == "MeanMetricWrapper":
        # Keras 2 writes a metric given by name as the function it stands for.
        return config["name"] if config["name"] in ("accuracy", "acc") else config.get("fn")
    return _modern_object(value, "keras.metrics")


def legacy_layer(entry: Config) -> Config:
    """A layer's or model's config as legacy files hold it: classes without their modules."""
    config = entry["config"]
    if isinstance(config, dict) and isinstance(config.get("layers"), list):
        config = {**config, "layers": [legacy_layer(layer) for layer in config["layers"]]}
    found = {"class_name": _legacy_name(entry), "config": config}
    found.update({key: entry[key] for key in ("name", "inbound_nodes") if key in entry})
    return found


def _legacy_name(entry: Config) -> str:
    custom = not str(entry.get("module") or "").startswith("keras")
    return (custom and entry.get("registered_name")) or entry["class_name"]


def _in_full(loss: object) -> Any:
    """A loss's name without abbreviation: Keras 3 cannot read "mse" from legacy files."""
    return getattr(losses.get(loss), "__name__", loss) if isinstance(loss, str) else loss


def legacy_training(config: Config) -> Config:
    """A `compile_config` as the `training_config` of legacy files."""
    found = {key: value for key, value in config.items() if key != "optimizer"}
    found["loss"] = _each(config.get("loss"), _in_full)
    optimizer = config["optimizer"]
    found["optimizer_config"] = {
        "class_name": _legacy_name(optimizer), "config": optimizer["config"],
    }  # fmt: skip
    return found
