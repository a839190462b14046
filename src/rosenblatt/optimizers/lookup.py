"""From a name, config, class or object to an optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.loading import loading
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.optimizers.base import Optimizer, family

serialize = family.serialize


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The optimizer of a config; built-in class names in any case.

    Raises:
        BadArgument: not a config.
    """
    if not isinstance(config, Mapping) or "class_name" not in config:
        raise BadArgument(
            "`config` is not that of an optimizer.",
            given=repr(config),
            expected="what `serialize` returned",
        )
    with loading(names=custom_objects):
        return _deserialized(config, custom_objects)


def _deserialized(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None) -> Any:
    name, registered = str(config.get("class_name", "")), config.get("registered_name")
    # A class of the same name that is registered under another one is the user's own.
    if registered in (None, name) and name not in (custom_objects or {}):
        cls = family.find(name)
        if cls is not None:
            config = {**config, "module": family.module, "class_name": cls.__name__}
    return deserialize_keras_object(config, custom_objects)


def is_transform(candidate: object) -> bool:
    """Whether a value is an Optax transform: something with functions `init` and `update`.

    >>> is_transform("adam")
    False
    """
    functions = (getattr(candidate, name, None) for name in ("init", "update"))
    return not isinstance(candidate, type) and all(callable(one) for one in functions)


def get(identifier: Any) -> Any:
    """The optimizer meant by a name (in any case), a config, a class, an optimizer or None.

    An Optax transform becomes an optimizer too.

    Raises:
        ValueError: an unknown name, with the nearest one, or something that is not an optimizer.

    >>> get("SGD").get_config()["momentum"]
    0.0
    """
    if is_transform(identifier):
        return family.find("OptaxOptimizer")(identifier)
    found = deserialize(identifier) if isinstance(identifier, Mapping) else family.get(identifier)
    if found is None or isinstance(found, Optimizer):
        return found
    raise BadArgument(
        "Cannot understand this optimizer.",
        given=repr(identifier),
        expected="a name such as 'adam', a config, or an object of an `Optimizer` class",
    )
