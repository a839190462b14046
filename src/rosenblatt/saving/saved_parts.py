"""The parts of a model whose values go into files, and their paths in Keras's weights files.

A path is made of attribute names, not of the names of layers: `layers/dense_1`, `encoder/hidden`,
`optimizer`. So a model that is made again with other layer names, still finds its weights.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard

from rosenblatt.core.naming import to_snake_case
from rosenblatt.core.random import SeedGenerator
from rosenblatt.layers.base import Layer
from rosenblatt.optimizers.base import Optimizer
from rosenblatt.saving.contract import SavedPart

# Where a model keeps its layers itself (files know them as `layers`), and its metrics, whose state
# is in no file.
_INTERNAL = frozenset({"_operations", "_sequence", "metrics", "metrics_names"})


def _is_saved(value: object) -> TypeGuard[SavedPart]:
    kind: type = type(value)
    return _are_saved(kind)


@functools.lru_cache(maxsize=1024)
def _are_saved(cls: type) -> bool:
    """Whether objects of a class have values for files."""
    ours = issubclass(cls, (Layer, Optimizer, SeedGenerator))
    return ours or callable(getattr(cls, "save_own_variables", None))


def saved_parts(root: SavedPart) -> Iterator[tuple[str, SavedPart]]:
    """Each part whose values go into files, once, with the first path that leads to it.

    Args:
        root: a model or layer; its path is "".

    Yields:
        Pairs of path and part, in the order in which Keras visits them.

    >>> from rosenblatt.layers import Dense
    >>> layer = Layer(name="pair")
    >>> layer.hidden, layer.heads = Dense(2), [Dense(1), Dense(1)]
    >>> [path for path, _ in saved_parts(layer)]
    ['', 'heads/dense', 'heads/dense_1', 'hidden']
    """
    seen: set[int] = set()

    def visit(
        value: object, path: str, containers: frozenset[int]
    ) -> Iterator[tuple[str, SavedPart]]:
        if _is_saved(value):
            if id(value) not in seen:
                seen.add(id(value))
                yield path, value
                for name, part in _attributes(value):
                    yield from visit(part, f"{path}/{name}".lstrip("/"), frozenset())
        elif isinstance(value, (list, tuple, Mapping)) and id(value) not in containers:
            inside = containers | {id(value)}
            for name, part in _items(value):
                yield from visit(part, f"{path}/{name}", inside)

    yield from visit(root, "", frozenset())


def _attributes(part: SavedPart) -> Iterator[tuple[str, object]]:
    """Attributes and properties that may hold parts: public ones by name, then private ones."""
    if getattr(part, "_graph", None) is not None:
        yield "layers", part.layers  # type: ignore[attr-defined]
    # Where its attributes are all in its `__dict__` and its class, asking these is faster.
    plain = hasattr(part, "__dict__") and type(part).__dir__ is object.__dir__
    names = _names_of_class(type(part)) | vars(part).keys() if plain else {*dir(part)}
    base = next((base for base in (Optimizer, Layer) if isinstance(part, base)), None)
    skipped = _names_of_base(base) if base else frozenset()
    found = [name for name in names - skipped if not name.startswith("__")]
    for name in sorted(found, key=lambda name: f"~{name}" if name[0] == "_" else name):
        try:
            value = getattr(part, name)
        except Exception:  # a property that is not ready yet has nothing to save
            continue
        if isinstance(value, (list, tuple, Mapping)) or _is_saved(value):
            yield name, value


@functools.cache
def _names_of_class(cls: type) -> frozenset[str]:
    """Names of a class that may give parts of an object: all but its functions."""
    functions = (types.FunctionType, classmethod, staticmethod, types.BuiltinFunctionType)
    return frozenset(
        name for name in dir(cls) if not isinstance(inspect.getattr_static(cls, name), functions)
    )


@functools.cache
def _names_of_base(base: type) -> frozenset[str]:
    """The names every object of a base class has, which hold no parts of a subclass."""
    names = set(dir(base)) | _INTERNAL
    if base is Layer:
        names |= set(vars(Layer(name="any")))
    return frozenset(names)


def _items(container: Iterable[Any]) -> Iterator[tuple[str, object]]:
    """Parts by class name and number: names of layers may differ from run to run."""
    counts: dict[str, int] = {}
    for value in container.values() if isinstance(container, Mapping) else container:
        if _is_saved(value):
            name = to_snake_case(type(value).__name__)
        elif isinstance(value, (list, tuple, Mapping)):
            name = "container"
        else:
            continue
        number = counts.get(name, 0)
        counts[name] = number + 1
        yield (f"{name}_{number}" if number else name), value
