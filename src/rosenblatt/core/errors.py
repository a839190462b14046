"""One form for every message a user can meet, and near-miss suggestions."""

from __future__ import annotations

import difflib
import importlib
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType

_MOST_NAMES = 60  # a longer list hides the message


class RosenblattError(Exception):
    """What all errors of this library have in common; each is a builtin error too.

    Args:
        problem, given, expected, fix: the parts of the message, as `explain` takes them.

    >>> try:
    ...     raise BadArgument("Dense: `units` is wrong.", given=-1)
    ... except ValueError as error:
    ...     print(error)
    Dense: `units` is wrong. Given: -1.
    """

    def __init__(
        self,
        problem: str,
        *,
        given: object = None,
        expected: object = None,
        fix: str | None = None,
    ):
        super().__init__(explain(problem, given=given, expected=expected, fix=fix))


class BadArgument(RosenblattError, ValueError):
    """An argument has a value that does not fit."""


class OutOfRange(BadArgument, OverflowError):
    """A number does not fit into the type that keeps it."""


class WrongType(RosenblattError, TypeError, ValueError):
    """An argument has a type that does not fit.

    Keras raises the one error in some places and the other in others: either catches this one.
    """


class BadData(RosenblattError, ValueError):
    """Features, targets or weights do not fit each other or the model."""


class UnknownKey(RosenblattError, KeyError, ValueError):
    """A dict has a key that is not among the names, or lacks one."""

    __str__ = Exception.__str__  # that of KeyError is its `repr`


class UnmatchedKey(BadData, UnknownKey):
    """What is given for several outputs does not say which part belongs to which."""


class NotAFile(RosenblattError, IsADirectoryError, ValueError):
    """A folder is given for a file."""


class MissingFile(RosenblattError, FileNotFoundError, ValueError):
    """A file or folder does not exist."""


class UnknownName(RosenblattError, ValueError):
    """A name stands for nothing that is known."""


class UnknownClass(RosenblattError, TypeError, ValueError):
    """A config names a class or function that is not known."""


class NotBuilt(RosenblattError, ValueError):
    """A layer, model or optimizer is asked for what it has only once it is built."""


class NotCompiled(RosenblattError, ValueError):
    """A model is trained or evaluated before `compile()`."""


class NotFitted(RosenblattError, ValueError):
    """An object is used before it has learned from data."""


class FileRefused(RosenblattError, ValueError):
    """A file is damaged, of another format, or asks for more than it may."""


class ModelRefused(FileRefused, TypeError):
    """A file holds a model that cannot be made: of unknown classes, or wrong arguments."""


class NotSavable(RosenblattError, ValueError):
    """A model holds what a file or a format has no place for."""


class NotSupported(RosenblattError, NotImplementedError, ValueError):
    """Keras has it and this library leaves it out on purpose."""


class MissingPackage(RosenblattError, ImportError):
    """An optional package is not installed."""


def explain(
    problem: str, *, given: object = None, expected: object = None, fix: str | None = None
) -> str:
    """Join the parts of an error message into one text.

    Args:
        problem: a sentence that says what is wrong and where (layer, argument, column, file).
        given: what was found there.
        expected: what would have been right.
        fix: what the user can write instead.

    Returns:
        The message: the problem, then `Given:`, `Expected:` and `Fix:` where they are known.

    >>> explain("Dense: `units` is wrong.", given=-1, expected="a positive integer")
    'Dense: `units` is wrong. Given: -1. Expected: a positive integer.'
    """
    parts = [problem]
    if given is not None:
        parts.append(f"Given: {given}.")
    if expected is not None:
        parts.append(f"Expected: {expected}.")
    if fix is not None:
        parts.append(f"Fix: {fix}")
    return " ".join(parts)


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the known name closest to a misspelt one.

    Args:
        name: what the user wrote.
        known: the names that exist.

    Returns:
        `did you mean 'relu'?`, or the list of known names where none is close and it is short.

    >>> nearest("rellu", ["relu", "tanh"])
    "did you mean 'relu'?"
    """
    names = sorted({str(k) for k in known})
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.55)
    if not close:
        lowered = {k.lower(): k for k in names}
        close = [
            lowered[m]
            for m in difflib.get_close_matches(str(name).lower(), lowered, n=1, cutoff=0.55)
        ]
    if close:
        return f"did you mean {close[0]!r}?"
    if len(names) > _MOST_NAMES:
        return f"none of the {len(names)} known names is close to it."
    return "known names: " + ", ".join(names) + "."


def require(module: str, install: str, purpose: str, instead: str = "") -> ModuleType:
    """Import an optional module.

    Args:
        module: its dotted name, e.g. "sklearn.datasets".
        install: what pip is to install, e.g. "rosenblatt[sklearn]".
        purpose: who needs it, e.g. "datasets.iris.load_data".
        instead: what else would help.

    Raises:
        MissingPackage: it is not installed; the message names the command that installs it.

    >>> require("wings.flap", "wings", "fly")
    Traceback (most recent call last):
    rosenblatt.core.errors.MissingPackage: fly: an optional dependency is missing. Expected: an
    installed 'wings'. Fix: pip install "wings"
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A module missing *inside* an installed package is another fault: let it through.
        if (error.name or "").partition(".")[0] != package:
            raise
        raise missing(package, install, purpose, instead) from error


def missing(package: str, install: str, purpose: str, instead: str = "") -> MissingPackage:
    """The error for a package that is not installed; arguments as of `require`."""
    error = MissingPackage(
        f"{purpose}: an optional dependency is missing.",
        expected=f"an installed {package.replace('_', '-')!r}",
        fix=f'pip install "{install}"' + (f", or {instead}." if instead else ""),
    )
    error.name = package
    return error


def warn_user(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn of the line outside this library that led here."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("rosenblatt."):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, stacklevel=level)


@contextmanager
def about(problem: str) -> Iterator[None]:
    """Begin the message of an error of this library, raised in the block, with a sentence.

    Raises:
        RosenblattError: one from the block.

    >>> with about("Dense: bad `bias_initializer`."):
    ...     raise UnknownName("Unknown initializer 'one'.")
    Traceback (most recent call last):
    ...
    rosenblatt.core.errors.UnknownName: Dense: bad `bias_initializer`. Unknown initializer 'one'.
    """
    try:
        yield
    except RosenblattError as error:
        error.args = (f"{problem} {error}",)
        raise


@contextmanager
def within(where: str | None) -> Iterator[None]:
    """Say of an error about data in the block where they come from; None adds nothing.

    Raises:
        ValueError: one from the block.

    >>> with within("Batch 3"):
    ...     raise ValueError("It is empty.")
    Traceback (most recent call last):
    ...
    rosenblatt.core.errors.BadData: Batch 3: It is empty.
    """
    try:
        yield
    except ValueError as error:
        if where is None:
            raise
        raise BadData(f"{where}: {error}") from error
