"""Lazy packages and modules: what they offer is imported when it is used, not before."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType, ModuleType
from typing import Any

from rosenblatt.core.collector import importing
from rosenblatt.core.errors import nearest

Find = Callable[[str], Any]
List = Callable[[], list[str]]

# When the first module of this library was loaded, in nanoseconds since 1970.
began = time.time_ns()
# The packages whose classes and functions files may name.
homes: list[str] = []
# Of each lazy package: public name to (module, name there).
_tables: dict[str, Mapping[str, tuple[str, str]]] = {}


def bring_in(module: str) -> ModuleType:
    """Import a module that something of is used now.

    Args:
        module: its full name.
    """
    if module in sys.modules:
        return import_module(module)  # waits where another thread is importing it
    with importing():
        return import_module(module)


def face(
    package: str, names: Mapping[str, str] = MappingProxyType({}), modules: str = ""
) -> tuple[Find, List, list[str]]:
    """What the `__init__` of a package needs to offer names that are imported when they are used.

    `tools/stubs.py` writes the `__init__.pyi` that shows them to editors and type checkers.

    Args:
        package: the package's `__name__`.
        names: for each module of the package (or of another one, by its full name), the public
            names it holds; "new=old" offers one under another name.
        modules: names of modules of the package that are public themselves.

    Returns:
        `__getattr__`, `__dir__` and `__all__` of the package.

    >>> __getattr__, __dir__, __all__ = face("rosenblatt.core", {"errors": "say=explain"}, "names")
    >>> __dir__()
    ['names', 'say']
    >>> __getattr__("say")("A problem.")
    'A problem.'
    """
    offered = dict.fromkeys(modules.split(), ("", ""))
    for module, held in names.items():
        home = module if module.startswith("rosenblatt.") else f"{package}.{module}"
        for public, _, own in (name.partition("=") for name in held.split()):
            offered[public] = (home, own or public)

    _tables[package] = offered

    def __getattr__(name: str) -> Any:
        if name not in offered:
            raise _unknown(package, name, offered)
        home, own = offered[name]
        value = getattr(bring_in(home), own) if home else bring_in(f"{package}.{name}")
        setattr(sys.modules[package], name, value)
        return value

    names_in_order = sorted(offered)
    return __getattr__, lambda: names_in_order, names_in_order


class _OnUse:
    """What `on_use` gives."""

    def __init__(self, module: str):
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(bring_in(self._module), name)


def on_use(module: str) -> Any:
    """A module of this library that is imported when something of it is used.

    For what a fit of plain layers on arrays does without: tables, streams, a user's own steps. Type
    checkers need the import itself:

        if TYPE_CHECKING:
            from rosenblatt.data import frames
        else:
            frames = on_use("rosenblatt.data.frames")

    Args:
        module: its full name.

    >>> on_use("rosenblatt.core.naming").to_snake_case("TwoWords")
    'two_words'
    """
    return _OnUse(module)


def modules_of(package: str, offers: Callable[[str], bool] = bool) -> list[str]:
    """The modules that hold the public names of a lazy package.

    Args:
        package: its name.
        offers: asked of each name; only the modules of those that it takes.
    """
    table = _tables.get(package, {}).items()
    homes_of = dict.fromkeys(home for name, (home, _) in table if offers(name))
    return [home for home in homes_of if home]


def table_face(package: str, module: str, modules: str = "") -> tuple[Find, List]:
    """Like `face`, for a package whose names stand in a table, `TABLE`, of one of its modules.

    Args:
        package: the package's `__name__`.
        module: the module with the table; it is imported when a name is used.
        modules: names of modules of the package that are public themselves.
    """
    public = modules.split()

    def __getattr__(name: str) -> Any:
        if name in public:
            return bring_in(f"{package}.{name}")
        if _is_module(package, name):
            raise AttributeError(name)
        table = bring_in(f"{package}.{module}").TABLE
        found = {"TABLE": table, "__all__": sorted([*table, *public]), **table}
        if name not in found:
            raise _unknown(package, name, found["__all__"])
        setattr(sys.modules[package], name, found[name])
        return found[name]

    return __getattr__, lambda: __getattr__("__all__")


def _is_module(package: str, name: str) -> bool:
    """Whether a package has a module of this name: `from package import name` asks for it first."""
    return hasattr(sys.modules[package], "__path__") and bool(find_spec(f"{package}.{name}"))


def _unknown(package: str, name: str, names: Iterable[str]) -> AttributeError:
    hint = "" if name.startswith("__") or _is_module(package, name) else f"; {nearest(name, names)}"
    return AttributeError(f"{package} has no {name!r}{hint}", name=name)


def hand_in_homes(packages: str) -> None:
    """Tell in which packages the parts are that files may name; `rosenblatt/__init__.py` knows."""
    homes[:] = [f"rosenblatt.{package}" for package in packages.split()]


def load(package: str, name: str | None = None) -> None:
    """Import what a package offers under a name, or everything it offers.

    Where it does not offer the name nothing is imported: a name may come from a file.
    """
    module = bring_in(package)
    for one in getattr(module, "__all__", ()):
        if name is None or one == name:
            getattr(module, one)
