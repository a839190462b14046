"""Objects to plain data and back, in Keras 3's serialization format."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
import numpy as np

from rosenblatt.core import bytecode, dtypes
from rosenblatt.core.errors import explain, nearest
from rosenblatt.core.registry import (
    custom_object_scope,
    find_object,
    get_registered_name,
    get_registered_object,
    given_names,
)

PLAIN = (str, int, float, bool)


class _Shared:
    """Objects met in a serialization by identity, or in a deserialization by number."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.objects: dict[int, Any] = {}

    def number(self, obj: Any) -> int:
        """A number for an object, the same each time; keeps it alive, and so its `id` its own."""
        number = self.numbers.setdefault(id(obj), len(self.numbers) + 1)
        self.objects[number] = obj
        return number


_shared: ContextVar[_Shared | None] = ContextVar("shared_objects", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """Within this block an object that a config holds twice is one object again when loaded."""
    token = _shared.set(_Shared())
    try:
        yield
    finally:
        _shared.reset(token)


def serialize_shared(obj: Any) -> Any:
    """`serialize_keras_object`, with a `shared_object_id` on what occurs more than once."""
    with sharing():
        config = serialize_keras_object(obj)
    counts: dict[int, int] = {}

    def count(item: Any) -> None:
        if isinstance(item, dict):
            if "shared_object_id" in item:
                number = item["shared_object_id"]
                counts[number] = counts.get(number, 0) + 1
            for value in item.values():
                count(value)
        elif isinstance(item, (list, tuple)):
            for value in item:
                count(value)

    def without_single(item: Any) -> Any:
        if isinstance(item, dict):
            return {
                key: without_single(value)
                for key, value in item.items()
                if key != "shared_object_id" or counts[value] > 1
            }
        if isinstance(item, (list, tuple)):
            return type(item)(without_single(value) for value in item)
        return item

    count(config)
    return without_single(config)


def serialize_keras_object(obj: Any) -> Any:
    """Turn an object into plain data that `deserialize_keras_object` turns back.

    Args:
        obj: None, plain values, containers, arrays, functions by name, objects with `get_config`.

    Returns:
        JSON-ready data in Keras 3's format.

    Raises:
        TypeError: an object without `get_config`.
    """
    if obj is None or type(obj) in PLAIN:
        return obj
    if type(obj) is dict:  # nearly all that a config holds: asked first, as the next test is slow
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, PLAIN):
        return obj
    if isinstance(obj, (list, tuple)):
        items = [serialize_keras_object(item) for item in obj]
        return tuple(items) if isinstance(obj, tuple) else items
    if isinstance(obj, Mapping) and not hasattr(obj, "get_config"):
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
    return _serialize_named(obj)


def _serialize_named(obj: Any) -> Any:
    if isinstance(obj, types.FunctionType) or (callable(obj) and not hasattr(obj, "get_config")):
        name = getattr(obj, "__name__", "<lambda>")
        if name == "<lambda>":
            return bytecode.describe(obj)
        if (obj.__module__ or "").startswith("rosenblatt."):
            return name  # every place that takes a function of the library takes its name
        return {
            "module": "builtins" if obj.__module__ is None else obj.__module__,
            "class_name": "function",
            "config": name,
            "registered_name": get_registered_name(obj) if _hashable(obj) else name,
        }
    if not hasattr(obj, "get_config"):
        raise TypeError(
            explain(
                f"Cannot serialize {obj!r}: class {type(obj).__name__} has no `get_config()`.",
                fix="add `get_config()` that returns the arguments of `__init__`.",
            )
        )
    cls = type(obj)
    module = vars(cls).get("_keras_module")
    data = {
        "module": module or cls.__module__,
        "class_name": vars(cls).get("_keras_name", cls.__name__),
        "config": serialize_keras_object(obj.get_config()),
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
    shared = _shared.get()
    if shared is not None and not isinstance(obj, dtypes.DTypePolicy):
        data["shared_object_id"] = shared.number(obj)
    return data


def _hashable(obj: Any) -> bool:
    try:
        hash(obj)
    except TypeError:
        return False
    return True


def _plain_special(name: str, inner: Any, recurse: Callable[[Any], Any]) -> Any:
    if name == "__bytes__":
        return inner["value"].encode()
    if name == "__slice__":
        return slice(*(recurse(inner[k]) for k in ("start", "stop", "step")))
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__tuple__":
        return tuple(recurse(v) for v in inner["value"])
    array = np.array(inner["value"], dtypes.numpy_dtype(inner["dtype"]))
    return array if name == "__numpy__" else jax.numpy.asarray(array)


_SPECIAL = ("__bytes__", "__slice__", "__ellipsis__", "__tuple__", "__numpy__", "__tensor__")


def deserialize_keras_object(
    config: Any,
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
        ValueError: a lambda, or data in another format.
        TypeError: a class that is not known, with how to register it.
    """
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize_keras_object(config, None, safe_mode, module_objects)

    def recurse(item: Any) -> Any:
        return deserialize_keras_object(item, None, safe_mode)

    if isinstance(config, str) and module_objects and config in module_objects:
        return module_objects[config]
    if config is None or isinstance(config, PLAIN) or bytecode.is_kept(config):
        return config
    if isinstance(config, (list, tuple)):
        return type(config)(recurse(item) for item in config)
    if not isinstance(config, Mapping):
        raise TypeError(
            explain("Cannot deserialize.", given=f"{type(config).__name__}: {config!r}")
        )
    if "class_name" not in config or "config" not in config:
        return {key: recurse(value) for key, value in config.items()}
    name, inner = config["class_name"], config["config"]
    if name == "__lambda__":
        if bytecode.in_safe_mode(safe_mode):
            raise ValueError(
                explain(
                    "The file holds the code of a lambda, which is not run.",
                    fix="save it with a named function instead, and pass that in "
                    "`custom_objects`; or load it with `safe_mode=False`, if you know who made it.",
                )
            )
        return bytecode.function_of(inner, given_names())
    if name in _SPECIAL:
        return _plain_special(name, inner, recurse)
    if name == "function":
        return find_object(config, inner if isinstance(inner, str) else config["registered_name"])
    with bytecode.safe_mode_scope(bytecode.in_safe_mode(safe_mode)):
        return _shared_or_new(name, config, recurse)


def _shared_or_new(name: str, config: Mapping[str, Any], recurse: Callable[[Any], Any]) -> Any:
    shared, number = _shared.get(), config.get("shared_object_id")
    if shared is None or number is None:
        return _instantiate(find_object(config, name), config, recurse)
    # Keras's numbers are addresses, which it may use again for another object.
    known = shared.objects.get(number)
    if known is None or known[0] != config:
        known = (config, _instantiate(find_object(config, name), config, recurse))
        shared.objects[number] = known
    return known[1]


def _instantiate(cls: Any, config: Mapping[str, Any], recurse: Callable[[Any], Any]) -> Any:
    if not isinstance(cls, type):
        return cls
    if not hasattr(cls, "from_config"):
        raise TypeError(
            explain(
                f"Class {cls.__name__} cannot be made from a config.",
                fix="add the class method `from_config(cls, config)`.",
            )
        )
    instance = cls.from_config(dict(config["config"]))
    build_config = config.get("build_config")
    if (
        build_config
        and hasattr(instance, "build_from_config")
        and not getattr(instance, "built", 0)
    ):
        instance.build_from_config(recurse(build_config))
    compile_config = config.get("compile_config")
    if compile_config and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(compile_config)
    return instance


def resolve(
    identifier: Any,
    table: Mapping[str, Any],
    kind: str,
    *,
    instantiate: bool = True,
) -> Any:
    """Resolve what a user may pass for an object: None, a name, a config, a class or the object.

    Args:
        identifier: the user's argument.
        table: known names to classes or functions.
        kind: what it is, for the message ("activation", "loss" …).
        instantiate: call classes without arguments.

    Raises:
        ValueError: an unknown name (with the nearest match) or an object that cannot be called.
    """
    if identifier is None:
        return None
    if isinstance(identifier, Mapping):
        found: Any = deserialize_keras_object(identifier)
    elif isinstance(identifier, str):
        found = get_registered_object(identifier)
        found = table.get(identifier) if found is None else found
        if found is None:
            raise ValueError(
                explain(f"Unknown {kind} {identifier!r}.", fix=nearest(identifier, table))
            )
    else:
        found = identifier
    if isinstance(found, type) and instantiate:
        found = found()
    if not callable(found) and not hasattr(found, "get_config"):
        raise ValueError(
            explain(
                f"Cannot understand this {kind}.",
                given=repr(identifier),
                expected=f"a name, a config dict, a function or an object of a {kind} class",
            )
        )
    return found
