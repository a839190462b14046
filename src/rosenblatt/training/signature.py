"""What two models must share to share a program, and the numbers in which they may differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rosenblatt.core import registry, serialization
from rosenblatt.core.bytecode import lambdas
from rosenblatt.core.scope import HasParameters
from rosenblatt.training.state import StateVariables

# Settings that change initial values or messages, not programs.
_IRRELEVANT = ("name", "seed", "build_config", "compile_config", "learning_rate")


def parameters_of(model: Any, train: bool) -> list[tuple[HasParameters, str]]:
    """Every run-time parameter of a compiled model, in a fixed order.

    Args:
        model: a compiled model.
        train: the optimizer's too.
    """
    found: list[tuple[HasParameters, str]] = []
    seen: set[int] = set()

    def visit(owner: Any) -> None:
        if not isinstance(owner, HasParameters) or id(owner) in seen:
            return
        seen.add(id(owner))
        for name in owner.runtime_parameters:
            value = getattr(owner, name, None)
            if isinstance(value, (int, float, np.floating, np.integer)) and value is not None:
                found.append((owner, name))
        for attribute, value in list(vars(owner).items()):
            for one in value if isinstance(value, list) else [value]:
                inner = isinstance(one, HasParameters) and not hasattr(one, "_flatten_layers")
                if inner and attribute != "optimizer":  # a model's optimizer has its own place
                    visit(one)

    for owner in _owners(model, train):
        visit(owner)
    return found


def _owners(model: Any, train: bool) -> Iterator[Any]:
    for layer in model._flatten_layers():
        yield layer
        for variable in layer._own_variables():
            yield variable.regularizer
            yield variable.constraint
    compiled = model._compiled
    if compiled is None:
        return
    if train:
        yield compiled.optimizer
    yield from compiled.spec.losses
    yield from compiled.spec.metrics


@lambdas("refuse")
def structure_key(model: Any, variables: StateVariables, train: bool = False) -> str | None:
    """A text equal for models that share programs, or None where user code decides.

    Only a model made wholly of this library's classes is known from its configuration. The
    optimizer counts in training only.
    """
    compiled = model._compiled
    parts = [*model._flatten_layers()]
    if compiled is not None:
        parts += [one.loss for one in compiled.spec.losses]
        parts += [*compiled.spec.metrics, *([compiled.optimizer] if train else [])]
    if not all(part is None or registry.is_builtin(type(part)) for part in parts):
        return None
    if any(getattr(part, "runs_user_code", False) for part in parts):
        return None
    try:
        layers = [_masked(serialization.serialize_keras_object(layer)) for layer in [model]]
        if compiled is not None:
            if train:
                layers.append(_masked(serialization.serialize_keras_object(compiled.optimizer)))
                layers.append(list(compiled.optimizer.structure))
            layers.append([_loss_key(one) for one in compiled.spec.losses])
            layers.append([_group_key(group) for group in compiled.spec.outputs])
        if any(_has_code(entry) for entry in layers):
            return None
    except (TypeError, ValueError, NotImplementedError):
        return None
    names: dict[str, int] = {}
    for layer in model._flatten_layers():
        names.setdefault(layer.name, len(names))
        for inner in getattr(getattr(layer, "_graph", None), "layers", []):
            names.setdefault(inner.name, len(names))
    shapes = [[(v.shape, v.dtype, v.trainable) for v in group] for group in variables]
    return json.dumps([_renamed(layers, names), shapes], default=str)


def _loss_key(one: Any) -> Any:
    weighted = one.weight is not None
    return [one.index, weighted, one.tracker is not None, _masked(_config_of(one.loss))]


def _group_key(group: Any) -> Any:
    return [group.index, group.weighted, [_masked(_config_of(m)) for m in group.metrics]]


def _config_of(obj: Any) -> Any:
    """An object's config, with the function that a wrapper was given."""
    config = serialization.serialize_keras_object(obj)
    function = getattr(obj, "fn", None) or getattr(obj, "_fn", None)
    if function is not None:
        config["fn"] = _function_name(function)
    return config


def _function_name(function: Any) -> Any:
    module = getattr(function, "__module__", "") or ""
    name = getattr(function, "__qualname__", None)
    if not module.startswith("rosenblatt.") or not name or "<locals>" in name:
        raise ValueError("a function of the user's")
    return f"{module}.{name}"


def _masked(config: Any) -> Any:
    """A config without initializers and names, its run-time parameters as zero or not."""
    if isinstance(config, Mapping):
        result: dict[str, Any] = {}
        hidden: tuple[str, ...] = ()
        if "class_name" in config and isinstance(config.get("config"), Mapping):
            cls = (
                registry.find_object(config, config["class_name"]) if config.get("module") else None
            )
            hidden = getattr(cls, "runtime_parameters", ())
            on_host = getattr(cls, "host_fields", ())
            inner = {
                k: (v if v is None else bool(v)) if k in hidden and _is_number(v) else v
                for k, v in config["config"].items()
                if k not in on_host
            }
            config = {**config, "config": inner}
        for key, value in config.items():
            if (key == "learning_rate" and isinstance(value, Mapping)) or (
                key not in _IRRELEVANT and not key.endswith("_initializer")
            ):
                result[key] = _masked(value)
            elif key == "name" and "inbound_nodes" in config:
                result[key] = value
        return result
    if isinstance(config, (list, tuple)):
        return [_masked(item) for item in config]
    return config


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, (int, float))


def _has_code(config: Any) -> bool:
    """Whether a config names a function that is not this library's."""
    if isinstance(config, Mapping):
        if config.get("class_name") in ("function", "__lambda__"):
            return config.get("module") != "builtins"  # under which our own functions are saved
        return any(_has_code(v) for v in config.values())
    return isinstance(config, (list, tuple)) and any(_has_code(v) for v in config)


def _renamed(value: Any, names: Mapping[str, int]) -> Any:
    """Layer names replaced by numbers, where a graph's config refers to layers."""
    if isinstance(value, Mapping):
        return {k: _renamed(v, names) for k, v in value.items() if k != "registered_name"} | (
            {"name": names.get(value["name"], -1)} if "name" in value else {}
        )
    if isinstance(value, (list, tuple)):
        if (
            len(value) == 3
            and isinstance(value[0], str)
            and value[0] in names
            and isinstance(value[1], int)
        ):
            return [names[value[0]], *value[1:]]
        return [_renamed(item, names) for item in value]
    return value


def rows_stay_apart(model: Any) -> bool:
    """Whether padding a batch changes nothing: in no layer, loss or metric.

    A user's `call()` may look across the rows of a batch, unless its class says
    `row_independent = True`; so may operations on a graph's tensors.
    """
    layers = list(model._flatten_layers())
    apart = all(
        getattr(layer, "row_independent", True)
        if registry.is_builtin(type(layer))
        else vars(type(layer)).get("row_independent", False)
        for layer in layers
    )
    graphs = [g for layer in layers if (g := getattr(layer, "_graph", None)) is not None]
    apart = apart and all(graph.keeps_rows_apart for graph in graphs)
    return apart and (model._compiled is None or model._compiled.spec.exact_on_padding)
