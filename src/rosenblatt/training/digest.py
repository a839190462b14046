"""Keys as they are in every process: a digest of what they hold, or none where that cannot be said.

In a process, keys are compared by `==`, and classes and functions in them by identity. Between
processes a class is its module and name, and only what is listed here has a digest: what is unknown
makes none, which is slower and never wrong. No `hash()`, `id()` or `repr()` of an object gets in.
"""

from __future__ import annotations

import enum
import hashlib
import itertools
import operator
import struct
import sys
from typing import Any

import jax
import numpy as np

from rosenblatt.core import registry
from rosenblatt.core.tracing import lasting_settings

_LIBRARIES = (
    "rosenblatt", "jax", "jaxlib", "numpy", "ml_dtypes", "builtins", "_operator", "collections",
)  # fmt: skip


_size = struct.Struct("<Q").pack


class NoDigest(Exception):
    """Something has no form that lasts longer than this process."""


def digest(*parts: object) -> str | None:
    """A digest of hashable keys, equal in all processes where they are equal; None where unknown.

    Args:
        parts: plain values, tuples, sets, classes and functions of this library and of those it
            computes with, and structures of nests.

    >>> digest("a", 1) == digest("a", 1), digest("a", 1) == digest("a", True)
    (True, False)
    >>> print(digest(lambda x: x))
    None
    """
    try:
        return hashlib.sha256(_encoded(parts)).hexdigest()
    except NoDigest:
        return None


_last: list[tuple[list[Any], str | None]] = [([], None)]  # settings, and their digest


def digest_of_settings() -> str | None:
    """A digest of all settings that tracing and compiling read; None where one has none.

    There are over a hundred: where each is the object that it was, their digest is.
    """
    settings = lasting_settings()
    *ours, named = settings
    now = [*ours, *itertools.chain(*named)]
    before, found = _last[0]
    if len(before) != len(now) or not all(map(operator.is_, before, now)):
        found = digest(settings)
        _last[0] = now, found
    return found


def _encoded(value: Any) -> bytes:
    """Bytes from which a value could be told: its kind, its length, and what it holds."""
    kind = type(value)
    if value is None or value is Ellipsis:
        return _labelled("constant", repr(value).encode())
    if kind in (bool, int, float, complex):  # repr keeps -0.0 and every digit
        return _labelled(kind.__name__, repr(value).encode())
    if kind is str:
        return _labelled("str", value.encode("utf-8", "surrogatepass"))
    if kind is bytes:
        return _labelled("bytes", value)
    if kind is tuple:
        return _labelled("tuple", *map(_encoded, value))
    if kind is frozenset:
        return _labelled("frozenset", *sorted(map(_encoded, value)))
    if isinstance(value, enum.Enum):
        return _labelled("member", _named(kind), value.name.encode())
    if isinstance(value, np.dtype) and value.names is None:
        return _labelled("dtype", value.name.encode(), value.str.encode())
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return _labelled("named tuple", _named(kind), *map(_encoded, value))
    if isinstance(value, jax.tree_util.PyTreeDef):
        return _nest(value)
    return _named(value)


def _nest(structure: Any) -> bytes:
    """The structure of a nest: its nodes with their classes and keys."""
    node = structure.node_data()
    if node is None:
        return _labelled("leaf")
    cls, keys = node
    if cls is type(None):
        return _labelled("none")
    held = _encoded(tuple(keys) if isinstance(keys, list) else keys)
    return _labelled("nest", _named(cls), held, *map(_nest, structure.children()))


def _named(value: Any) -> bytes:
    """A class or function of a library's, by the place where its module has it."""
    if value is type(None) or value is type(Ellipsis):  # which `builtins` does not have
        return _labelled("name", b"builtins", value.__name__.encode())
    module, path = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(module, str) and isinstance(path, str):
        found: Any = sys.modules.get(module)
        for name in path.split("."):
            found = getattr(found, name, None)
        if module.partition(".")[0] not in _LIBRARIES:
            raise NoDigest
        if found is value:
            return _labelled("name", module.encode(), path.encode())
        entry = registry.entry_of(value) if isinstance(value, type) else None
        if entry is not None:  # a class that a function made, as those of ops are
            return _labelled("part", module.encode(), *(name.encode() for name in entry))
    raise NoDigest


def _labelled(label: str, *parts: bytes) -> bytes:
    """Parts joined so that no other label or parts give the same bytes."""
    sized = [_size(len(parts)), _size(len(label)), label.encode()]
    for part in parts:
        sized += _size(len(part)), part
    return b"".join(sized)
