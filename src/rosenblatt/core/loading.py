"""What making objects from a config depends on: one value, in one context variable.

A config may come from a file of anyone's. What it may ask for, and how it is read, is said once by
whoever opens the file (`with loading(…):`) and read wherever an object is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from rosenblatt.core.errors import FileRefused, WrongType
from rosenblatt.core.scope import holding

Lambdas = Literal["code", "refuse", "keep"]
_always_unsafe = False


class Limit:
    """How much memory a model of a file may ask for: a word in its config can mean terabytes.

    Args:
        nbytes: the limit for all that is made together.
        source: what describes the objects, for the message.
    """

    def __init__(self, nbytes: int, source: str):
        self.nbytes = self.left = nbytes
        self.source = source


@dataclass(frozen=True)
class Loading:
    """How configs are read and written now.

    Args:
        limit: of the memory that is taken; None where nothing is counted.
        safe: whether code in a config is refused; None where nobody has said.
        lambdas: what stands for a lambda in a config: its "code"; "refuse" raises, where equal code
            must not count as the same function; "keep" leaves the function itself in a config that
            no file is to hold.
        names: classes and functions that were given by name.
        shared: objects that a config holds more than once, by their numbers (read) or by their ids
            (written); None where each is an object of its own.
        undrawn: draws initial values that wait for the end of the block; None where they do not.
    """

    limit: Limit | None = None
    safe: bool | None = None
    lambdas: Lambdas = "code"
    names: Mapping[str, Any] = field(default_factory=dict)
    shared: dict[int, tuple[Any, Any]] | None = None
    undrawn: list[Callable[[], None]] | None = None


_now: ContextVar[Loading] = ContextVar("loading", default=Loading())  # noqa: B039


def loading_now() -> Loading:
    """What holds where this is called."""
    return _now.get()


@contextmanager
def loading(
    limit: Limit | None = None,
    safe: bool | None = None,
    lambdas: Lambdas | None = None,
    names: Mapping[str, Any] | None = None,
    shared: dict[int, tuple[Any, Any]] | None = None,
    undrawn: list[Callable[[], None]] | None = None,
) -> Iterator[None]:
    """Set how configs are read and written within this block; what is None stays as it is.

    Args:
        limit, safe, lambdas, shared: as `Loading` has them.
        names: beside those that hold already.
        undrawn: an empty list: a variable waits for its value, and draws it at the end of the block
            where it was given none. Loading a model gives one to each; drawing random ones before
            would be for nothing, and would need as much memory again.

    >>> with loading(limit=Limit(1000, "a file")):
    ...     take(10**12, "a kernel")
    Traceback (most recent call last):
    ...
    rosenblatt.core.errors.FileRefused: a file asks for too much memory. Given: 1,000,000,000,000 bytes for a kernel. Expected: at most 1,000 bytes for all of the model. Fix: do not use this file unless you know who made it; `load_model(path, compile=False)` leaves metrics and optimizer out.

    >>> from rosenblatt import initializers
    >>> from rosenblatt.core.variable import Variable
    >>> with loading(undrawn=[]):
    ...     a, b = (Variable(initializers.Ones(), (2,)) for _ in range(2))
    ...     _ = a.assign([5.0, 6.0])
    >>> a.numpy().tolist(), b.numpy().tolist()
    ([5.0, 6.0], [1.0, 1.0])
    """  # noqa: E501
    if names is not None and not isinstance(names, Mapping):
        raise WrongType(
            "bad `custom_objects`.",
            given=repr(names),
            expected="a dict from names to classes or functions, or None",
        )
    around = _now.get()
    given = {
        "limit": limit, "safe": safe, "lambdas": lambdas, "shared": shared, "undrawn": undrawn,
        "names": {**around.names, **names} if names else None,
    }  # fmt: skip
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    with holding(_now, replace(around, **changes)):
        yield
    for draw in undrawn or ():  # after an error the values are not needed
        draw()


def take(nbytes: int, what: str) -> None:
    """Count bytes that are about to be taken; where there is no limit, nothing is counted.

    Raises:
        FileRefused: more than is left.
    """
    limit = _now.get().limit
    if limit is None:
        return
    limit.left -= nbytes
    if limit.left < 0:
        raise FileRefused(
            f"{limit.source} asks for too much memory.",
            given=f"{nbytes:,} bytes for {what}",
            expected=f"at most {limit.nbytes:,} bytes for all of the model",
            fix="do not use this file unless you know who made it; "
            "`load_model(path, compile=False)` leaves metrics and optimizer out.",
        )


def enable_unsafe_deserialization() -> None:
    """Let every later load run code that files hold, as `safe_mode=False` lets one."""
    global _always_unsafe
    _always_unsafe = True


def in_safe_mode() -> bool:
    """Whether code in files is refused."""
    return _now.get().safe is not False and not _always_unsafe
