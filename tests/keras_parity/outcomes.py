"""What a call does in each library: nothing, a warning, or an error that was meant or not."""

from __future__ import annotations

import inspect
import linecache
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from rosenblatt.core.errors import RosenblattError

BUILTINS = (ValueError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError,
            OSError, ImportError, RuntimeError)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What a call did.

    Args:
        error: the exception, or None.
        meant: whether the library raised it itself, rather than met it in what it called.
        warned: the texts of its warnings.
        value: what was returned.
    """

    error: Exception | None
    meant: bool
    warned: tuple[str, ...]
    value: Any = None

    @property
    def kinds(self) -> set[type]:
        """The builtin types of its error."""
        return {one for one in BUILTINS if isinstance(self.error, one)}

    def __str__(self) -> str:
        if self.error is None:
            return "accepted" + (" with a warning" if self.warned else "")
        text = " ".join(str(self.error).split())
        return f"{type(self.error).__name__}{'' if self.meant else ' (stray)'}: {text[:90]}"


def outcome(call: Callable[[], Any]) -> Outcome:
    """Call, and say what happened."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value, error = call(), None
        except Exception as raised:
            value, error = None, raised
    texts = tuple(
        str(one.message) for one in caught if not issubclass(one.category, DeprecationWarning)
    )
    return Outcome(error, error is not None and is_meant(error), texts, value)


def is_meant(error: Exception) -> bool:
    """Whether a `raise` of the library made an error, as far as its traceback tells."""
    if isinstance(error, RosenblattError):
        return True
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    file = last.tb_frame.f_code.co_filename
    line = linecache.getline(file, last.tb_lineno).strip()
    return ("/keras/" in file or "/rosenblatt/" in file) and line.startswith("raise")


def public_classes(ours: ModuleType, theirs: ModuleType) -> list[str]:
    """The names of the classes that both modules offer."""
    names = set(dir(ours)) & set(dir(theirs))
    return sorted(
        name
        for name in names
        if name[0].isupper()
        and inspect.isclass(getattr(ours, name))
        and inspect.isclass(getattr(theirs, name))
    )
