"""From what a user may pass for an object of some kind to the object."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.core.serialization import deserialize_keras_object, resolve


class Lookup:
    """The known names of one kind of object.

    Args:
        kind: what it is, for messages: "loss".
        module: the module whose classes a config without a module names: "keras.losses".
        table: names to classes or functions.
    """

    def __init__(self, kind: str, module: str, table: Mapping[str, Any]):
        self.kind = kind
        self.module = module
        self.table = table

    def get(self, identifier: Any) -> Any:
        """The object meant by None, a name, a config, a class, a function or the object itself.

        Raises:
            ValueError: an unknown name, with the nearest one; a class that needs arguments.
        """
        named = self.table.get(identifier) if isinstance(identifier, str) else identifier
        if isinstance(named, type):
            self._require_no_arguments(named, identifier)
        return resolve(self._within(identifier), self.table, self.kind)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The object of a config; `{"class_name": ..., "config": {...}}` is enough."""
        return deserialize_keras_object(
            self._within(config), custom_objects, module_objects=self.table
        )

    def _within(self, config: Any) -> Any:
        if isinstance(config, Mapping) and "class_name" in config and not config.get("module"):
            return {**config, "module": self.module}
        return config

    def _require_no_arguments(self, cls: type, identifier: Any) -> None:
        needed = [
            name
            for name, parameter in inspect.signature(cls).parameters.items()
            if parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]
        if needed:
            arguments = ", ".join(f"{name}=…" for name in needed)
            raise ValueError(
                explain(
                    f"The {self.kind} {cls.__name__} needs arguments.",
                    given=repr(identifier) if isinstance(identifier, str) else "the class",
                    fix=f"pass the object: `{cls.__name__}({arguments})`.",
                )
            )
