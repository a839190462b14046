"""Parameters by prefix: which go where, and objects made of a class and its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rosenblatt.core.errors import BadArgument, UnknownName, WrongType, nearest

PREFIXES = (
    "model", "optimizer", "loss", "metrics", "callbacks", "compile", "fit", "predict", "score",
)  # fmt: skip
_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def has_prefix(name: str) -> bool:
    """Whether a parameter says by its prefix where it goes."""
    prefix, separator, _ = name.partition("__")
    return bool(separator) and prefix in PREFIXES


def route(params: Mapping[str, Any], destination: str, names: Iterable[str] = ()) -> dict[str, Any]:
    """The parameters for one destination.

    Args:
        params: all parameters.
        destination: a prefix; `destination__name` goes there as `name`.
        names: parameters that go there without a prefix; those with one come first.

    >>> route({"epochs": 3, "fit__epochs": 5, "verbose": 0}, "fit", ["epochs", "verbose"])
    {'epochs': 5, 'verbose': 0}
    """
    wanted = set(names)
    found = {name: value for name, value in params.items() if name in wanted}
    prefix = f"{destination}__"
    found.update(
        (name.removeprefix(prefix), value)
        for name, value in params.items()
        if name.startswith(prefix)
    )
    return found


def keyword_names(function: Any) -> tuple[list[str], bool]:
    """Names of a function's (or class's) arguments, and whether it takes any others."""
    parameters = inspect.signature(function).parameters.values()
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    return [p.name for p in parameters if p.kind in _KEYWORDS], takes_any


def check_accepted(given: Iterable[str], function: Any, where: str) -> None:
    """Refuse parameters that a function (or class) has no argument for.

    Raises:
        ValueError: with the nearest name it has.
    """
    names, takes_any = keyword_names(function)
    for name in given:
        if name not in names and not takes_any:
            called = getattr(function, "__name__", repr(function))
            raise UnknownName(
                f"{where}: the parameter {name!r} goes nowhere: {called} has no such argument.",
                fix=nearest(name, names),
            )


def construct(item: Any, params: Mapping[str, Any], get: Callable[[str], Any], where: str) -> Any:
    """An object from a class (or name) and its parameters; lists and dicts of them too.

    Args:
        item: a class, a name, an object, or a list or dict of these.
        params: its arguments. In `{"0__patience": 3}` (or `name__patience`) the number (or name)
            says which of the list (or dict) is meant; `patience` without one is for all.
        get: makes an object of a name.
        where: prefix, for messages.
    """
    own, inner = _by_part(params)
    if isinstance(item, (list, tuple)):
        keys = [str(i) for i in range(len(item))]
        made = _construct_each(dict(zip(keys, item, strict=True)), own, inner, get, where)
        return type(item)(made.values()) if type(item) in (list, tuple) else list(made.values())
    if isinstance(item, Mapping):
        return _construct_each(item, own, inner, get, where)
    if isinstance(item, str) and params:
        item = _class_of(item, get)
    if not inspect.isclass(item):
        if params and item is not None:
            raise WrongType(
                f"{where}: only a class or a name takes parameters.",
                given=f"{item!r}, with {', '.join(params)}",
                fix="pass the class, or set them on the object.",
            )
        return item
    for name, parts in inner.items():
        own[name] = construct(own.get(name), parts, get, f"{where}__{name}")
    positional = [own.pop(key) for key in sorted((k for k in own if k.isdigit()), key=int)]
    check_accepted(own, item, where)
    return item(*positional, **{k: construct(v, {}, get, where) for k, v in own.items()})


def _class_of(name: str, get: Callable[[str], Any]) -> type:
    """The class of a name; of a function's name that which has the function's formula."""
    found = get(name)
    if not inspect.isfunction(found):
        return type(found)
    if hasattr(found, "loss_class"):
        return found.loss_class
    raise BadArgument(
        f"{name!r} is a function without a class, so it takes no parameters.",
        fix="pass `functools.partial(function, …)`.",
    )


def _construct_each(
    items: Mapping[str, Any],
    own: dict[str, Any],
    inner: dict[str, dict[str, Any]],
    get: Callable[[str], Any],
    where: str,
) -> dict[str, Any]:
    """Objects of a group: parameters of one by its key, all others shared."""
    items = {key: own.get(key, item) for key, item in items.items()}
    shared = {name: value for name, value in own.items() if name not in items}
    for name in inner:
        if name not in items:
            for part, value in inner[name].items():
                shared[f"{name}__{part}"] = value
    return {
        key: construct(item, {**shared, **inner.get(str(key), {})}, get, f"{where}__{key}")
        for key, item in items.items()
    }


def _by_part(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Parameters without a further prefix, and those with one by prefix."""
    own: dict[str, Any] = {}
    inner: dict[str, dict[str, Any]] = {}
    for name, value in params.items():
        first, separator, rest = name.partition("__")
        if separator:
            inner.setdefault(first, {})[rest] = value
        else:
            own[name] = value
    return own, inner
