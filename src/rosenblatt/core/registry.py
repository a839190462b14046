"""Names of classes and functions: the built-in, the registered and the given ones.

Built-in classes are entered with `@builtin("keras.layers")` under the module Keras exports them
from, so that files and configs are the same in both libraries. Nothing here imports a module that
a config names: a name is found among the built-ins, the registered or the given classes, or it is
an error.
"""

from __future__ import annotations

import builtins
import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import ContextDecorator, ExitStack
from typing import Any

from rosenblatt.core import dtypes, faces
from rosenblatt.core.errors import BadArgument, UnknownClass, WrongType, nearest
from rosenblatt.core.loading import loading, loading_now

_builtin: dict[tuple[str, str], Any] = {}
_registered: dict[str, Any] = {}
_registered_names: dict[Any, str] = {}


def builtin(module: str, *aliases: str) -> Callable[[Any], Any]:
    """Enter a class or function under Keras's module name (and further class names)."""

    def enter(obj: Any) -> Any:
        for name in (obj.__name__, *aliases):
            _builtin[(module, name)] = obj
        if isinstance(obj, type):
            obj._keras_module = module  # type: ignore[attr-defined]
        return obj

    return enter


def is_builtin(cls: type) -> bool:
    """Whether a class is this library's own (a subclass of one written elsewhere is not)."""
    return "_keras_module" in vars(cls) or cls.__module__.startswith("rosenblatt.")


def entry_of(cls: type) -> tuple[str, str] | None:
    """The module and name by which files find a built-in class; None where they do not.

    >>> from rosenblatt.layers import Dense
    >>> entry_of(Dense), entry_of(dict)
    (('keras.layers', 'Dense'), None)
    """
    entry = vars(cls).get("_keras_module", ""), cls.__name__
    return entry if _builtin.get(entry) is cls else None


def is_ours(part: object) -> bool:
    """Whether an object or function is this library's, with the function it is made of.

    >>> from rosenblatt.losses import Huber, LossFunctionWrapper
    >>> is_ours(Huber()), is_ours(LossFunctionWrapper(max))
    (True, False)
    """
    if not is_builtin(type(part)):  # a function
        return str(getattr(part, "__module__", "")).startswith("rosenblatt.")
    return "fn" not in vars(part) or is_ours(vars(part)["fn"])


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[Any], Any]:
    """Register a class or function so that files that name it can be loaded.

    Args:
        package: a prefix that keeps names of different projects apart.
        name: the name within the package; the class's own if None.

    Returns:
        A decorator that returns the class unchanged.

    Raises:
        ValueError: a class without `get_config`.

    >>> @register_keras_serializable("docs")
    ... class Tile:
    ...     def get_config(self):
    ...         return {}
    >>> get_registered_name(Tile)
    'docs>Tile'
    """

    def enter(obj: Any) -> Any:
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise BadArgument(
                f"Cannot register class {obj.__name__}: it has no `get_config()` method.",
                fix="add `get_config()` that returns the arguments of `__init__`.",
            )
        registered = f"{package}>{name or obj.__name__}"
        _registered[registered] = obj
        _registered_names[obj] = registered
        return obj

    return enter


def get_registered_name(obj: Any) -> str:
    """The name a class is registered under, or its own name.

    Raises:
        WrongType: an object, which has no name.
    """
    if not isinstance(getattr(obj, "__name__", None), str):
        raise WrongType(
            "`saving.get_registered_name`: bad `obj`.",
            given=repr(obj),
            expected="a class or a function",
        )
    return _registered_names.get(obj, obj.__name__)


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Any = None
) -> Any:
    """The class registered under a name, or None.

    Raises:
        WrongType: a table that is not a dict, or a name that is not a string.
    """
    for argument, table in (("custom_objects", custom_objects), ("module_objects", module_objects)):
        if table is not None and not isinstance(table, Mapping):
            raise WrongType(
                f"`saving.get_registered_object`: bad `{argument}`.",
                given=repr(table),
                expected="a dict from names to classes or functions, or None",
            )
    if not isinstance(name, str):
        raise WrongType(
            "`saving.get_registered_object`: bad `name`.", given=repr(name), expected="a string"
        )
    for table in (loading_now().names, _registered, custom_objects or {}, module_objects or {}):
        if name in table:
            return table[name]
    return None


def get_custom_objects() -> dict[str, Any]:
    """The table of registered classes; entries may be added."""
    return _registered


class CustomObjectScope(ContextDecorator):
    """Makes classes and functions known by name inside a `with` block.

    Args:
        custom_objects: a dict from a name to a class or function.

    >>> class Tile:
    ...     pass
    >>> with CustomObjectScope({"Tile": Tile}):
    ...     get_registered_object("Tile").__name__
    'Tile'
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None):
        if custom_objects is not None and not isinstance(custom_objects, Mapping):
            raise WrongType(
                "CustomObjectScope: bad `custom_objects`.",
                given=repr(custom_objects),
                expected="a dict from names to classes or functions, or None",
            )
        self.custom_objects = custom_objects or {}
        self._inside: list[ExitStack] = []

    def __enter__(self) -> CustomObjectScope:
        inside = ExitStack()
        inside.enter_context(loading(names=dict(self.custom_objects)))
        self._inside.append(inside)
        return self

    def __exit__(self, *error: object) -> None:
        self._inside.pop().close()


custom_object_scope = CustomObjectScope


def _home_of(module: str) -> str | None:
    """Our package for what files name by a module of Keras or of this library, or None.

    >>> _home_of("keras.src.ops.numpy"), _home_of("keras"), _home_of("os.path")
    ('rosenblatt.ops', 'rosenblatt', None)
    """
    library, _, path = module.partition(".")
    if library not in ("keras", "rosenblatt"):
        return None
    parts = ["rosenblatt", *path.removeprefix("src.").split(".")]
    tried = (".".join(parts[:count]) for count in range(len(parts), 1, -1))
    return next((home for home in tried if home in faces.homes), "rosenblatt")


def _entered(module: str, name: str) -> Any:
    """The class or function that is entered under a module and a name, or None."""
    if (module, name) not in _builtin and (home := _home_of(module)):
        faces.load(home, name)
        if (module, name) not in _builtin and home in faces.homes:
            faces.load(home)  # not a public name: the class of an op, a name of an older Keras
    return _builtin.get((module, name))


def _load_all() -> None:
    for home in faces.homes:
        faces.load(home)


def _find_builtin(module: str, name: str) -> Any:
    modules = [module, module.rpartition(".src.")[0] or module]
    if module == "builtins":  # how Keras names the functions it exports
        homes = ("activations", "losses", "metrics", "initializers", "regularizers")
        modules += [f"keras.{home}" for home in homes]
    for candidate in modules:
        if (found := _entered(candidate, name)) is not None:
            return found
    if module.startswith("keras") or not module:
        _load_all()
        matches = {id(obj): obj for (_, n), obj in _builtin.items() if n == name}
        return next(iter(matches.values())) if len(matches) == 1 else None
    return None


def is_of_python(module: str, name: str) -> bool:
    """Whether a config names something of Python itself, which nobody should be told to import.

    >>> is_of_python("os", "system"), is_of_python("builtins", "eval"), is_of_python("mine", "f")
    (True, True, False)
    """
    if module == "builtins":  # Keras's word for every function, those of users too
        return hasattr(builtins, name)
    return module.partition(".")[0] in sys.stdlib_module_names


def _registered_function(name: str) -> Any:
    """The only registered function of a name, or None.

    Releases of Keras before 3.12 write a function's own name, whatever it is registered under.
    """
    found = [
        part
        for registered, part in _registered.items()
        if not isinstance(part, type)
        and name in (registered.rpartition(">")[2], getattr(part, "__name__", None))
    ]
    return found[0] if len(found) == 1 else None


def find_object(config: Mapping[str, Any], name: str) -> Any:
    """The class or function a config names, among built-in, registered and given ones.

    Raises:
        UnknownClass: not found; the message says how to register it and names near misses.
    """
    module, registered = config.get("module") or "", config.get("registered_name")
    for key in (registered, name):
        found = get_registered_object(key) if key else None
        if found is not None:
            return found
    if (found := _find_builtin(module, name)) is not None:
        return found
    if config.get("class_name") == "function" and (found := _registered_function(name)) is not None:
        return found
    _load_all()
    known = [n for m, n in _builtin if m == module] or [n for _, n in _builtin]
    problem = f"Unknown class or function {registered or name!r} (module {module!r})."
    if is_of_python(module, name):
        raise UnknownClass(
            problem,
            fix=f"{name!r} is Python's own and not part of a model; do not use this file unless "
            "you know who made it.",
        )
    raise UnknownClass(
        problem,
        fix="import the file that defines it and decorate it with "
        "`@rosenblatt.saving.register_keras_serializable()`, or pass "
        f"`custom_objects={{{name!r}: {name}}}`; {nearest(name, known)}",
    )


builtin("keras")(dtypes.DTypePolicy)
builtin("keras")(dtypes.FloatDTypePolicy)
builtin("keras.dtype_policies")(dtypes.DTypePolicyMap)
