"""Objects to plain data and back, in Keras 3's serialization format."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.errors import BadArgument, FileRefused, WrongType, explain, warn_user
from rosenblatt.core.faces import on_use
from rosenblatt.core.loading import in_safe_mode, loading, loading_now
from rosenblatt.core.registry import (
    find_object,
    get_registered_name,
)

if TYPE_CHECKING:
    from rosenblatt.core import bytecode
else:
    bytecode = on_use("rosenblatt.core.bytecode")

PLAIN = (str, int, float, bool)


def described(config: object) -> Iterator[dict[str, Any]]:
    """Every object that a config describes, the outer one first.

    >>> [entry["class_name"] for entry in described([{"class_name": "A", "config": {}}, 1])]
    ['A']
    """
    todo = [config]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            todo.extend(reversed(value.values()))
        elif isinstance(value, (list, tuple)):
            todo.extend(reversed(value))


def serialize_shared(obj: object) -> Any:
    """`serialize_keras_object`, with a `shared_object_id` on what occurs more than once."""
    with loading(shared={}):
        config = serialize_keras_object(obj)
    places: dict[int, list[dict[str, Any]]] = {}
    for entry in described(config):
        if "shared_object_id" in entry:
            places.setdefault(entry["shared_object_id"], []).append(entry)
    for entries in places.values():
        if len(entries) == 1:
            del entries[0]["shared_object_id"]
    return config


def serialize_keras_object(obj: object) -> Any:
    """Turn an object into plain data that `deserialize_keras_object` turns back.

    Args:
        obj: None, plain values, containers, arrays, functions by name, objects with `get_config`.

    Returns:
        JSON-ready data in Keras 3's format.

    Raises:
        TypeError: an object without `get_config`.
    """
    if obj is None or isinstance(obj, PLAIN):
        return obj
    if isinstance(obj, (list, tuple)):
        items = [serialize_keras_object(item) for item in obj]
        return tuple(items) if isinstance(obj, tuple) else items
    # Nearly all that a config holds is a dict: asked first, as the test for mappings is slow.
    if type(obj) is dict or (isinstance(obj, Mapping) and not hasattr(obj, "get_config")):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode()}}
    if isinstance(obj, slice):
        parts = {k: serialize_keras_object(getattr(obj, k)) for k in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if hasattr(obj, "serialize_reference"):  # a symbolic tensor
        return obj.serialize_reference()
    if isinstance(obj, (jax.Array, np.ndarray)) and np.ndim(obj) > 0:
        kind = "__tensor__" if isinstance(obj, jax.Array) else "__numpy__"
        config = {"value": np.asarray(obj).tolist(), "dtype": dtypes.standardize_dtype(obj.dtype)}
        return {"class_name": kind, "config": config}
    if isinstance(obj, (np.generic, np.ndarray, jax.Array)):
        return np.asarray(obj).item()
    if isinstance(obj, types.FunctionType) or (callable(obj) and not hasattr(obj, "get_config")):
        return _function_config(obj)
    return _object_config(obj)


def _function_config(function: Any) -> Any:
    name = getattr(function, "__name__", "<lambda>")
    if name == "<lambda>":
        now = loading_now()
        if now.shared is None and now.lambdas == "code":  # while a model is saved it is said once
            warn_user(
                explain(
                    "A lambda is serialized as its code: only `safe_mode=False` loads it.",
                    fix="write it as a function with a name.",
                )
            )
        return bytecode.describe(function)
    if (function.__module__ or "").startswith("rosenblatt."):
        return name  # every place that takes a function of the library takes its name
    try:
        registered = get_registered_name(function)
    except TypeError:  # it cannot be hashed
        registered = name
    return {
        "module": "builtins" if function.__module__ is None else function.__module__,
        "class_name": "function",
        "config": name,
        "registered_name": registered,
    }


def _object_config(obj: object) -> dict[str, Any]:
    if not hasattr(obj, "get_config"):
        raise WrongType(
            f"Cannot serialize {obj!r}: class {type(obj).__name__} has no `get_config()`.",
            fix="add `get_config()` that returns the arguments of `__init__`.",
        )
    cls = type(obj)
    module = vars(cls).get("_keras_module")
    config = obj.get_config()
    if not isinstance(config, Mapping):
        raise WrongType(
            f"{cls.__name__}: `get_config()` did not return a dict.", given=type(config).__name__
        )
    data = {
        "module": module or cls.__module__,
        "class_name": vars(cls).get("_keras_name", cls.__name__),
        "config": serialize_keras_object(config),
        # What Keras exports is known by its module; the rest, by a registered name too.
        "registered_name": None
        if module and not module.startswith("keras.src.")
        else get_registered_name(cls),
    }
    for key in ("build_config", "compile_config"):
        getter = getattr(obj, f"get_{key}", None)
        extra = getter() if getter else None
        if extra:
            data[key] = serialize_keras_object(extra)
    shared = loading_now().shared
    if shared is not None and not isinstance(obj, dtypes.DTypePolicy):
        # The object is kept alive, and so its `id` stays its own.
        data["shared_object_id"] = shared.setdefault(id(obj), (len(shared) + 1, obj))[0]
    return data


def deserialize_keras_object(
    config: object,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Turn plain data back into the object it was made from.

    Args:
        config: what `serialize_keras_object` returned.
        custom_objects: names of classes and functions that are not built in.
        safe_mode: refuse code in the data.
        module_objects: names to look up first, for identifiers that are plain strings.

    Returns:
        The object.

    Raises:
        FileRefused: a lambda.
        UnknownClass: a class that is not known, with how to register it.
    """
    if isinstance(config, str) and module_objects and config in module_objects:
        return module_objects[config]
    if module_objects is not None and isinstance(config, Mapping) and "class_name" not in config:
        raise BadArgument(
            "This config describes no object.", given=repr(config), expected="a `class_name` in it"
        )
    said = loading_now().safe  # by whoever opened the file
    if said is not None and custom_objects is None:
        return _made(config)
    with loading(safe=safe_mode if said is None else None, names=custom_objects):
        return _made(config)


def _made(config: object) -> Any:
    if config is None or isinstance(config, PLAIN) or _is_kept(config):
        return config
    if isinstance(config, (list, tuple)):
        return type(config)(_made(item) for item in config)
    if not isinstance(config, Mapping):
        raise WrongType("Cannot deserialize.", given=f"{type(config).__name__}: {config!r}")
    if "class_name" not in config or "config" not in config:
        return {key: _made(value) for key, value in config.items()}
    name, inner = config["class_name"], config["config"]
    if name in _SPECIAL:
        return _SPECIAL[name](inner)
    if not isinstance(name, str):
        raise WrongType("A config's `class_name` is not a string.", given=repr(name))
    if name == "function":
        if not isinstance(inner, (str, type(None))):
            raise WrongType("A config does not say a function's name.", given=repr(inner))
        return find_object(config, inner if isinstance(inner, str) else config["registered_name"])
    shared, number = loading_now().shared, config.get("shared_object_id")
    if shared is None or number is None:
        return _instance(find_object(config, name), config)
    # Keras's numbers are addresses, which it may use again for another object.
    if number not in shared or shared[number][0] != config:
        shared[number] = (config, _instance(find_object(config, name), config))
    return shared[number][1]


def _is_kept(value: object) -> bool:
    """Whether a config holds a function itself, as `loading(lambdas="keep")` leaves it."""
    return isinstance(value, types.FunctionType) and loading_now().lambdas == "keep"


def _lambda(config: Mapping[str, Any]) -> types.FunctionType:
    if in_safe_mode():
        raise FileRefused(
            "The file holds the code of a lambda, which is not run.",
            fix="save it with a named function instead, and pass that in "
            "`custom_objects`; or load it with `safe_mode=False`, if you know who made it.",
        )
    return bytecode.function_of(config, loading_now().names)


def _array(config: Mapping[str, Any]) -> np.ndarray:
    return np.array(config["value"], dtypes.numpy_dtype(config["dtype"]))


# What is not an object of a class.
_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "__lambda__": _lambda,
    "__bytes__": lambda config: config["value"].encode(),
    "__slice__": lambda config: slice(*(_made(config[k]) for k in ("start", "stop", "step"))),
    "__ellipsis__": lambda config: Ellipsis,
    "__tuple__": lambda config: tuple(_made(value) for value in config["value"]),
    "__numpy__": _array,
    "__tensor__": lambda config: jax.numpy.asarray(_array(config)),
}


def _instance(cls: Any, config: Mapping[str, Any]) -> Any:
    if not isinstance(cls, type):
        return cls
    if not hasattr(cls, "from_config"):
        raise WrongType(
            f"Class {cls.__name__} cannot be made from a config.",
            fix="add the class method `from_config(cls, config)`.",
        )
    if not isinstance(config["config"], Mapping):
        raise WrongType(
            f"The config of a {cls.__name__} is not a dict.",
            given=f"{type(config['config']).__name__}: {config['config']!r}",
        )
    instance = cls.from_config(dict(config["config"]))
    build_config = config.get("build_config")
    if (
        build_config
        and hasattr(instance, "build_from_config")
        and not getattr(instance, "built", 0)
    ):
        instance.build_from_config(_made(build_config))
    compile_config = config.get("compile_config")
    if compile_config and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(compile_config)
    return instance
