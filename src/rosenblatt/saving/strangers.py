"""What a model's config names that is neither this library's nor Keras's: users' own classes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from rosenblatt.core import registry
from rosenblatt.core.errors import explain, warn_user
from rosenblatt.core.serialization import described

_OWN = ("keras", "builtins", "rosenblatt", "optax")


class Stranger(NamedTuple):
    """A class or function of a user: the name files know it by, its own name, its module."""

    registered: str
    name: str
    module: str


def strangers(config: Any) -> list[Stranger]:
    """The users' classes and functions in a config, each once."""
    found: dict[str, Stranger] = {}
    for entry in described(config):
        kind, module = str(entry["class_name"]), str(entry.get("module") or "")
        name = kind
        if kind == "function":
            name = str(entry.get("config") if isinstance(entry.get("config"), str) else "")
        registered = str(entry.get("registered_name") or name)
        own = not module or module.split(".")[0] in _OWN
        if name and not kind.startswith("__") and (not own or ">" in registered):
            found.setdefault(registered, Stranger(registered, name, module))
    return list(found.values())


def sources(config: Any) -> dict[str, str]:
    """The file in which each stranger that is known here was defined, by registered name."""
    found = {}
    for stranger in strangers(config):
        known = registry.get_registered_object(stranger.registered)
        if known is None:  # not registered; it was looked up nowhere, as saving needs no look-up
            known = getattr(sys.modules.get(stranger.module), stranger.name, None)
        try:
            file = inspect.getsourcefile(known) if known is not None else None
        except TypeError:  # of a class made elsewhere than in a file
            file = None
        if file:
            found[stranger.registered] = PurePath(file).name
    return found


def _may_be_imported(stranger: Stranger) -> bool:
    """Whether to advise a user to import it: names of Python itself, and no names, only do harm."""
    parts = [stranger.name, *(stranger.module or "any").split(".")]
    return all(part.isidentifier() for part in parts) and not registry.is_of_python(
        stranger.module, stranger.name
    )


def advice(
    config: Any, files: Mapping[str, Any], custom_objects: Mapping[str, Any] | None
) -> str | None:
    """What to write so that the strangers in a config are found; None where all are known.

    Args:
        config: of the file.
        files: what `sources` said when the file was saved.
        custom_objects: as given to `load_model`.
    """
    given = custom_objects or {}
    missing = [
        s
        for s in strangers(config)
        if registry.get_registered_object(s.registered, given) is None
        and registry.get_registered_object(s.name, given) is None
        and _may_be_imported(s)
    ]
    if not missing:
        return None
    lines = []
    for file in dict.fromkeys(str(files.get(s.registered, "")) for s in missing):
        names = [s for s in missing if str(files.get(s.registered, "")) == file]
        module = PurePath(file).stem if file else names[0].module
        if not module.isidentifier() or registry.is_of_python(module, ""):
            module = names[0].module
        if names[0].module not in ("__main__", ""):
            module = names[0].module
        where = f" of {file!r}" if file else ""
        listed = ", ".join(s.name for s in names)
        lines.append(f"It needs {listed}{where}: write `from {module} import {listed}` first")
    unregistered = [s.name for s in missing if ">" not in s.registered]
    if unregistered:
        table = ", ".join(f"{name!r}: {name}" for name in unregistered)
        lines.append(f"pass `custom_objects={{{table}}}`")
    return "; ".join(lines) + "."


def warn_of_code(config: Any) -> None:
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
