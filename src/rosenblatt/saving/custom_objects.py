"""Users' own classes and functions that a model's config names, Keras's "custom objects"."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from rosenblatt.core import registry
from rosenblatt.core.errors import explain, warn_user
from rosenblatt.core.serialization import described
from rosenblatt.core.types import Config

_OWN = ("keras", "builtins", "rosenblatt", "optax")


class CustomObject(NamedTuple):
    """A user's class or function: the name that files know it by, its own name, its module."""

    registered: str
    name: str
    module: str

    def is_known(self, given: Mapping[str, Any] | None = None) -> bool:
        """Whether it is registered or given."""
        names = (self.registered, self.name)
        return any(registry.get_registered_object(name, given) is not None for name in names)

    @property
    def may_be_imported(self) -> bool:
        """Whether to advise importing it: not where it is part of Python, or no name at all."""
        parts = [self.name, *(self.module or "any").split(".")]
        return all(part.isidentifier() for part in parts) and not registry.is_of_python(
            self.module, self.name
        )


def custom_objects_of(config: Config) -> list[CustomObject]:
    """The users' classes and functions in a config, each once."""
    found: dict[str, CustomObject] = {}
    for entry in described(config):
        kind, module = str(entry["class_name"]), str(entry.get("module") or "")
        name = kind
        if kind == "function":
            name = str(entry.get("config") if isinstance(entry.get("config"), str) else "")
        registered = str(entry.get("registered_name") or name)
        if registered == "function":  # as Keras before 3.12 writes it of every function
            registered = name
        own = not module or module.split(".")[0] in _OWN
        if name and not kind.startswith("__") and (not own or ">" in registered):
            found.setdefault(registered, CustomObject(registered, name, module))
    return list(found.values())


def defining_files(config: Config) -> dict[str, str]:
    """The file in which each custom object that is known here was defined, by registered name."""
    found = {}
    for custom in custom_objects_of(config):
        known = registry.get_registered_object(custom.registered)
        if known is None:  # not registered; it was looked up nowhere, as saving needs no look-up
            known = getattr(sys.modules.get(custom.module), custom.name, None)
        try:
            file = inspect.getsourcefile(known) if known is not None else None
        except TypeError:  # of a class made elsewhere than in a file
            file = None
        if file:
            found[custom.registered] = PurePath(file).name
    return found


def advice(
    config: Config, files: Mapping[str, object], custom_objects: Mapping[str, Any] | None
) -> str | None:
    """What to write so that the custom objects of a config are found; None where all are known.

    Args:
        config: of the file.
        files: what `defining_files` said when the file was saved.
        custom_objects: as given to `load_model`.
    """
    missing = [
        custom
        for custom in custom_objects_of(config)
        if not custom.is_known(custom_objects) and custom.may_be_imported
    ]
    if not missing:
        return None
    by_file: dict[str, list[CustomObject]] = {}
    for custom in missing:
        by_file.setdefault(str(files.get(custom.registered, "")), []).append(custom)
    lines = []
    for file, customs in by_file.items():
        module, stem = customs[0].module, PurePath(file).stem
        if module in ("__main__", "") and stem.isidentifier():
            module = module if registry.is_of_python(stem, "") else stem
        where = f" of {file!r}" if file else ""
        listed = ", ".join(custom.name for custom in customs)
        lines.append(f"It needs {listed}{where}: write `from {module} import {listed}` first")
    unregistered = [custom.name for custom in missing if ">" not in custom.registered]
    if unregistered:
        table = ", ".join(f"{name!r}: {name}" for name in unregistered)
        lines.append(f"pass `custom_objects={{{table}}}`")
    return "; ".join(lines) + "."


def warn_of_code(config: Config) -> None:
    """Warn of lambdas in a config that is to be saved."""
    if any(entry["class_name"] == "__lambda__" for entry in described(config)):
        warn_user(
            explain(
                "The file holds the code of a lambda: only `load_model(path, safe_mode=False)`, in "
                "this version of Python, loads it.",
                fix="write it as a function with a name, decorated with "
                "`@rosenblatt.saving.register_keras_serializable()`.",
            )
        )
