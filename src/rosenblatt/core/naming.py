"""Names as Keras makes them: unique, dense, dense_1; and paths, the names of scopes before them."""

from __future__ import annotations

import functools
import re
import threading
from collections import defaultdict
from contextvars import ContextVar, Token
from typing import Any

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.scope import holding

_lock = threading.Lock()
_counts: defaultdict[str, int] = defaultdict(int)
# Counts of this context alone, where it has any.
_own: ContextVar[defaultdict[str, int] | None] = ContextVar("names", default=None)


def _current() -> defaultdict[str, int]:
    own = _own.get()
    return _counts if own is None else own


def fresh_names() -> holding[Any]:
    """Let names start again inside, and continue afterwards as if nothing had happened.

    >>> with fresh_names():
    ...     auto_name("Dense"), auto_name("Dense")
    ('dense', 'dense_1')
    """
    return holding(_own, defaultdict(int))


@functools.lru_cache(maxsize=1024)
def to_snake_case(name: str) -> str:
    """Turn a class name into the name its instances get.

    >>> to_snake_case("BatchNormalization")
    'batch_normalization'
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def uniquify(name: str) -> str:
    """Append `_1`, `_2` … to a name that was given out before."""
    with _lock:
        counts = _current()
        count = counts[name]
        counts[name] += 1
    return f"{name}_{count}" if count else name


def auto_name(class_name: str) -> str:
    """The next free name for an instance of a class."""
    return uniquify(to_snake_case(class_name))


def name_for(part: object, given: str | None) -> str:
    """The name that an object was given, or a new one after its class.

    Raises:
        BadArgument: not a string.

    >>> name_for(object(), "mine")
    'mine'
    """
    kind = type(part).__name__
    if given is not None and not isinstance(given, str):
        raise BadArgument(f"{kind}: bad `name`.", given=repr(given), expected="a string, or None")
    return given or auto_name(kind)


def get_uid(prefix: str = "") -> int:
    """The next number for a prefix, starting at 1 (Keras's `backend.get_uid`)."""
    with _lock:
        counts = _current()
        counts[prefix] += 1
        return counts[prefix]


def reset_names() -> None:
    """Forget every name given out so far."""
    with _lock:
        _current().clear()


path: ContextVar[tuple[str, ...]] = ContextVar("path", default=())


def current_path() -> tuple[str, ...]:
    """Names of the scopes and of the layers whose `call` or `build` runs, outermost first."""
    return path.get()


class name_scope:
    """Puts a name before the paths of the variables and layers that are made in a `with` block.

    Args:
        name: the name.
        caller: whose scope it is; with `deduplicate`, a scope of the same caller and name directly
            inside adds nothing.
        deduplicate: see `caller`.
        override_parent: a path to begin with, in place of the scopes around.

    Raises:
        BadArgument: not a name, or one with a slash.

    >>> with name_scope("outer"), name_scope("inner"):
    ...     current_path()
    ('outer', 'inner')
    """

    def __init__(
        self,
        name: str,
        caller: object = None,
        deduplicate: bool = True,
        override_parent: str | None = None,
    ):
        if not isinstance(name, str) or "/" in name:
            raise BadArgument(
                "name_scope: bad `name`.", given=repr(name), expected="a string without '/'"
            )
        self.name = name
        self.caller = caller
        self.deduplicate = deduplicate
        self.override_parent = override_parent

    def __enter__(self) -> name_scope:
        before = path.get()
        if self.override_parent is not None:
            before = tuple(part for part in self.override_parent.split("/") if part)
        around = _scope.get()
        again = (
            self.deduplicate
            and self.caller is not None
            and around is not None
            and around.caller is self.caller
            and around.name == self.name
        )
        self._tokens: tuple[Token[Any], Token[Any]] = (
            path.set(before if again else (*before, self.name)),
            _scope.set(self),
        )
        return self

    def __exit__(self, *error: object) -> None:
        names, scope = self._tokens
        path.reset(names)
        _scope.reset(scope)


_scope: ContextVar[name_scope | None] = ContextVar("name_scope", default=None)
