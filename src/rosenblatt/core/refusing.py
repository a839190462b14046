"""What a public function says where its arguments do not fit: which one, and what it was given.

Nothing is looked at before a function fails, so that calls cost nothing more. Then its annotations
tell which argument is of a wrong kind.
"""

from __future__ import annotations

import functools
import inspect
import os
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import jax
import numpy as np

from rosenblatt.core import dtypes, registry
from rosenblatt.core.checks import is_real, is_whole
from rosenblatt.core.errors import BadArgument, RosenblattError, WrongType
from rosenblatt.core.tracing import LIBRARIES, VALUE_ERRORS

F = TypeVar("F", bound=Callable[..., Any])

# What code that is given a wrong value raises by accident.
STRAY = (
    TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError, AssertionError,
    NameError, NotImplementedError, ZeroDivisionError,
)  # fmt: skip
_STAYS = (RosenblattError, *VALUE_ERRORS, jax.errors.UnexpectedTracerError)


class Unfit(BadArgument, TypeError, IndexError):
    """Arguments do not fit a function: Keras raises any of these types, by function and fault."""


class UnfitDivisor(Unfit, ZeroDivisionError):
    """A number to divide by is 0, as a step or a count of parts: NumPy and Keras raise this."""


class UnknownChoice(Unfit, NotImplementedError):
    """A choice does not exist, as a mode: JAX, and with it Keras, raise this."""


def _unfit(error: Exception) -> type[Unfit]:
    """The type that is also what was met inside, for code that catches that."""
    if isinstance(error, ZeroDivisionError):
        return UnfitDivisor
    return UnknownChoice if isinstance(error, NotImplementedError) else Unfit


def _is_array(value: Any) -> bool:
    if value is None or isinstance(value, (str, bytes, Mapping)):
        return False
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return not str(value.dtype).startswith(("object", "<U", "|S"))
    return bool(np.asarray(value).dtype.kind in "biufc")


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, complex)) or is_real(value) or getattr(value, "shape", 0) == ()


def _is_integer(value: Any) -> bool:
    of_array = str(getattr(value, "dtype", "")).startswith(("int", "uint"))
    return isinstance(value, bool) or is_whole(value) or (of_array and value.shape == ())


def _is_flag(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_)) or _is_number(value)


def _are_integers(value: Any) -> bool:
    many = value.tolist() if isinstance(value, np.ndarray) else value
    return isinstance(many, (list, tuple)) and all(_is_integer(one) for one in many)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _are_texts(value: Any) -> bool:
    return _is_sequence(value) and all(isinstance(one, str) for one in value)


def _are_numbers(value: Any) -> bool:
    return _is_sequence(value) and all(is_real(one) for one in value)


def _is_dtype(value: Any) -> bool:
    return value is None or bool(dtypes.standardize_dtype(value))


_MAPPING = (lambda value: isinstance(value, Mapping)), "a dict"
# By the words of an annotation: which values fit, and what they are called.
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Array": (_is_array, "an array of numbers"),
    "ArrayLike": (_is_array, "an array of numbers"),
    "np.ndarray": (_is_array, "an array of numbers"),
    "float": (_is_number, "a number"),
    "Scalar": (_is_number, "a number"),
    "int": (_is_integer, "an integer"),
    "bool": (_is_flag, "True or False"),
    "str": (lambda value: isinstance(value, str), "a string"),
    "None": (lambda value: value is None, "None"),
    "Sequence[int]": (_are_integers, "a list of integers"),
    "Sequence[str]": (_are_texts, "a list of strings"),
    "Sequence[float]": (_are_numbers, "a list of numbers"),
    "Config": _MAPPING,
    "Mapping[str, Any]": _MAPPING,
    "MutableMapping[str, Any]": _MAPPING,
    "dict[str, Any]": _MAPPING,
    "PathLike": (lambda value: isinstance(value, (str, os.PathLike)), "a path"),
    "Callable[[str], Any]": (callable, "a function of a string"),
    "DTypeLike": (_is_dtype, "a dtype"),
    "Axes": (
        lambda value: value is None or _is_integer(value) or _are_integers(value),
        "an integer, a list of integers or None",
    ),
}


def _expected(annotation: Any, value: Any) -> str | None:
    """What an annotation asks for, where a value is nothing of it."""
    kinds = [_KINDS.get(word) for word in str(annotation).split(" | ")]
    known = [kind for kind in kinds if kind is not None]
    if len(known) < len(kinds):  # a kind that only the function knows
        return None
    for fits, _ in known:
        try:
            if fits(value):
                return None
        except STRAY:
            continue
    words = list(dict.fromkeys(word for _, word in known))
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def told(value: Any) -> str:
    """A value of an argument, in a few words."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and not isinstance(value, type):
        return f"shape {shape}"
    if isinstance(value, (list, tuple)) and any(hasattr(one, "shape") for one in value):
        return f"[{', '.join(map(told, value))}]"
    if isinstance(value, dict) and any(hasattr(one, "shape") for one in value.values()):
        return f"{{{given_as(value)}}}"
    text = " ".join(repr(value).split())
    return text if len(text) < 80 else f"{text[:77]}..."


def given_as(arguments: Mapping[str, Any]) -> str:
    """All arguments by their names, those that are arrays by their shapes.

    >>> given_as({"x": np.zeros((2, 3)), "axis": 5})
    'x: shape (2, 3), axis: 5'
    """
    return ", ".join(f"{name}: {told(value)}" for name, value in arguments.items())


def reword(error: Exception, explained: Callable[[Exception], RosenblattError]) -> None:
    """Raise the error that says which argument does not fit, in place of one met inside.

    Args:
        error: one of `STRAY`, where it was caught; what follows this call raises it again.
        explained: makes the error to raise of it. It is not called for one that stays: of this
            library, for what traces a function, or out of a user's function.
    """
    if not isinstance(error, _STAYS) and not is_of_user(error):
        raise explained(error) from error


def refused(
    where: str, signature: inspect.Signature, args: Any, kwargs: Any, error: Exception
) -> RosenblattError:
    """The error for a call that failed inside.

    Args:
        where: the function: "`ops.sum`".
        signature: its signature.
        args, kwargs: what it was called with.
        error: what came of it.
    """
    try:
        arguments = signature.bind(*args, **kwargs).arguments
    except TypeError as problem:
        return WrongType(f"{where}: {problem}.")
    if next(iter(arguments), None) in ("self", "cls"):
        arguments.pop(next(iter(arguments)))
    return misfit(where, signature, arguments, error)


def misfit(
    where: str, signature: inspect.Signature, arguments: Mapping[str, Any], error: Exception
) -> Unfit:
    """The error for arguments of which one is of a wrong kind, or which do not fit each other.

    Args:
        where: the function: "`ops.sum`".
        signature: its signature.
        arguments: what it was called with, by name.
        error: what came of it.
    """
    for name, value in arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        expected = _expected(parameter.annotation, value)
        if expected is not None:
            return _unfit(error)(f"{where}: bad `{name}`.", given=told(value), expected=expected)
    reason = str(error).strip().partition("\n")[0].rstrip(".")
    return _unfit(error)(
        f"{where}: the arguments do not fit{f' ({reason})' if reason else ''}.",
        given=given_as(arguments),
    )


def is_of_user(error: BaseException) -> bool:
    """Whether an error came out of code that is neither ours nor a library's."""
    frames = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    # Of compiled Cython, as in NumPy's generators, the name is that of the source.
    return any(not file.startswith(LIBRARIES) and not file.endswith(".pyx") for file in frames)


def refusing(where: str) -> Callable[[F], F]:
    """Make a function or method tell which of its arguments does not fit, whatever it met inside.

    Args:
        where: its name in messages.

    >>> import operator
    >>> refusing("`neg`")(operator.neg)("4")
    Traceback (most recent call last):
    ...
    rosenblatt.core.refusing.Unfit: `neg`: the arguments do not fit (bad operand type for unary -:
    'str'). Given: a: '4'.
    """

    def enter(fn: F) -> F:
        @functools.wraps(fn)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return fn(*args, **kwargs)
            except STRAY as error:
                reword(error, lambda it: refused(where, inspect.signature(fn), args, kwargs, it))
                raise

        return call  # type: ignore[return-value]

    return enter


def explain_methods(cls: type, names: Iterable[str]) -> None:
    """Make those methods that a class of the library defines tell which argument does not fit."""
    if registry.is_builtin(cls):
        for name in names:
            if name in vars(cls):
                setattr(cls, name, refusing(f"`{cls.__name__}.{name}`")(vars(cls)[name]))
