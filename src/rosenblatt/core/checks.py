"""What values an argument may have: said once, for the check, its message and its tests."""

from __future__ import annotations

import functools
import inspect
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from rosenblatt.core.errors import BadArgument, WrongType, about, explain, nearest
from rosenblatt.core.serialization import deserialize_keras_object

F = TypeVar("F", bound=Callable[..., Any])


class Mismatch(Exception):
    """A value does not fit; `Check.require` makes the message of it."""


class Gets(Protocol):
    """A family of parts, or what else finds an object by its name or config."""

    def get(self, identifier: Any, /) -> Any:
        """The object meant."""


@dataclass(eq=False)
class Check:
    """Which values fit, and what is kept of them.

    Args:
        fits: whether a value will do.
        expected: the same in words, for messages: "a positive integer".
        keep: from a value that fits to what the object keeps; the value itself if None.
        wrong: values that do not fit, for tests.
        adjective: what a value that does not fit is called.
        error: the error that a value raises.
        names: what a misspelt name may have meant.

    >>> whole(least=1).take(3)
    3
    """

    fits: Callable[[Any], bool]
    expected: str
    keep: Callable[[Any], Any] | None = None
    wrong: Sequence[Any] = ()
    adjective: str = "bad"
    error: Callable[[Any], type[Exception]] = lambda value: BadArgument
    names: Sequence[str] = ()

    def take(self, value: Any) -> Any:
        """What the object keeps of a value.

        Raises:
            Mismatch: the value does not fit.
        """
        if not self.accepts(value):
            raise Mismatch
        return value if self.keep is None else self.keep(value)

    def accepts(self, value: Any) -> bool:
        """Whether a value fits, of whatever kind it is."""
        try:
            return self.fits(value)
        except (TypeError, ValueError, AttributeError, OverflowError):  # of an unforeseen kind
            return False

    def require(self, value: Any, problem: str) -> Any:
        """What is kept of a value.

        Args:
            value: as it was given.
            problem: the first sentence of the message where it does not fit.

        Raises:
            Exception: the check's `error`, where the value does not fit.

        >>> whole(least=1).require(0, "Bad `units`.")
        Traceback (most recent call last):
        ...
        rosenblatt.core.errors.BadArgument: Bad `units`. Given: 0. Expected: a positive integer.
        """
        try:
            with about(problem):  # for an error of a part that the value names
                return self.take(value)
        except Mismatch:
            meant = nearest(value, self.names) if isinstance(value, str) else ""
            raise self.error(value)(
                explain(
                    problem,
                    given=repr(value),
                    expected=self.expected,
                    fix=meant if meant.startswith("did you mean") else None,
                )
            ) from None


def is_whole(value: Any) -> bool:
    """Whether a value is an integer, of Python or NumPy, and not True or False."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_real(value: Any) -> bool:
    """Whether a value is a number, of Python or NumPy, and not True or False."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _is_scalar(value: Any) -> bool:
    """Whether a value is an array without axes that holds a number."""
    dtype = getattr(value, "dtype", None)
    return getattr(value, "ndim", None) == 0 and getattr(dtype, "kind", "b") in "iuf"


def whole(
    least: int | None = None,
    most: int | None = None,
    expected: str | None = None,
    *,
    typed: bool = False,
) -> Check:
    """An integer from `least` to `most`; with `typed`, what is not an integer is a `TypeError`.

    >>> whole(least=1).expected, whole(least=2).expected
    ('a positive integer', 'an integer, 2 or more')
    """
    low, high = -math.inf if least is None else least, math.inf if most is None else most
    if expected is None:
        expected = {None: "an integer", 1: "a positive integer"}.get(
            least, f"an integer, {least} or more"
        )
        expected = expected if most is None else f"an integer from {least} to {most}"

    def fits(value: Any) -> bool:
        return is_whole(value) and bool(low <= value <= high)

    def error(value: Any) -> type[Exception]:
        return WrongType if typed and not is_whole(value) else BadArgument

    wrong = ["3", 1.5, True, None, *([] if least is None else [least - 1])]
    return Check(fits, expected, int, wrong, error=error)


def number(
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    expected: str | None = None,
    endless: bool = False,
) -> Check:
    """A number that is not NaN: low ≤ value ≤ high, above < value < below; of a scalar, its number.

    With `endless` infinity may stand for "no limit".

    >>> number(0, 1).expected, number(above=0).expected
    ('a number from 0 to 1', 'a positive number')
    """

    def fits(value: Any) -> bool:
        is_number = is_real(value) or _is_scalar(value)
        if endless and is_number and abs(value) == math.inf:
            return bool(low <= value <= high)
        return is_number and bool(low <= value <= high and above < value < below)

    if expected is None:
        expected = "a number"
        if high < math.inf:
            expected = f"a number from {low} to {high}"
        elif low > -math.inf:
            expected = f"a number, {low} or more"
        elif above > -math.inf:
            expected = "a positive number" if above == 0 else f"a number above {above}"
    wrong: list[Any] = ["0.5", None, True]
    wrong += [low - 1] if low > -math.inf else []
    wrong += [high + 1] if high < math.inf else []
    wrong += [above] if above > -math.inf else []
    wrong += [below] if below < math.inf else []
    return Check(fits, expected, lambda value: value if is_real(value) else float(value), wrong)


def choice(*values: Any, keep: Callable[[Any], Any] | None = None, any_case: bool = False) -> Check:
    """One of a few values; with `any_case` names may be written in small or capital letters.

    >>> choice("rows", "columns").expected
    "'rows' or 'columns'"
    >>> choice("ROC", "PR", any_case=True).take("pr")
    'PR'
    """
    names = [repr(value) for value in values]
    expected = " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

    def lower(value: Any) -> Any:
        return value.lower() if any_case and isinstance(value, str) else value

    def meant(value: Any) -> list[Any]:
        return [one for one in values if type(value) is type(one) and lower(value) == lower(one)]

    def kept(value: Any) -> Any:
        (one,) = meant(value)
        return one if keep is None else keep(one)

    def fits(value: Any) -> bool:
        return bool(meant(value))

    known = [value for value in values if isinstance(value, str)]
    return Check(fits, expected, kept, ["no such value", 3.5], "unknown", names=known)


def optional(check: Check, expected: str | None = None) -> Check:
    """What another check takes, or None."""

    return replace(
        check,
        fits=lambda value: value is None or check.fits(value),
        expected=expected or f"{check.expected}, or None",
        keep=lambda value: None if value is None else check.take(value),
        wrong=[value for value in check.wrong if value is not None],
    )


def pair(check: Check, expected: str) -> Check:
    """Two values, or one that stands for both; kept as a tuple."""

    def both(value: Any) -> Any:
        return tuple(value) if isinstance(value, (list, tuple)) else (value, value)

    return Check(
        lambda value: len(both(value)) == 2 and all(check.fits(one) for one in both(value)),
        expected,
        lambda value: tuple(check.take(one) for one in both(value)),
        [(), (1, 1, 1), *check.wrong],
    )


def several(check: Check, expected: str | None = None) -> Check:
    """A value that another check takes, or a list of them; kept as a number or a list.

    >>> several(number(0, 1)).take((0.5, 1)), several(number(0, 1)).expected
    ([0.5, 1], 'a number from 0 to 1, or a list of them')
    """

    def each(value: Any, ask: Callable[[Any], Any]) -> Any:
        value = value.tolist() if isinstance(value, np.ndarray) else value
        return [ask(one) for one in value] if isinstance(value, (list, tuple)) else ask(value)

    def fits(value: Any) -> bool:
        return bool(np.all(each(value, check.fits)))

    wrong = [*check.wrong, *([one] for one in check.wrong)]
    expected = expected or f"{check.expected}, or a list of them"
    return Check(fits, expected, lambda value: each(value, check.take), wrong)


def one_of(family: Gets) -> Check:
    """An object of a family, from its name, config, class or itself; its own messages."""
    return Check(
        lambda value: True, "a name, a config or an object", lambda value: family.get(value)
    )


def or_config(check: Check) -> Check:
    """What another check takes, or its config."""

    def keep(value: Any) -> Any:
        return check.take(deserialize_keras_object(value) if isinstance(value, dict) else value)

    return replace(
        check, fits=lambda value: isinstance(value, dict) or check.fits(value), keep=keep
    )


def converted(keep: Callable[[Any], Any], expected: str, wrong: Sequence[Any] = ()) -> Check:
    """What a conversion takes without an error; kept as it gives it.

    >>> converted(dict, "a dict").take([("a", 1)])
    {'a': 1}
    """

    def fits(value: Any) -> bool:
        keep(value)
        return True

    return Check(fits, expected, keep, wrong)


def axes(several: bool = True, keep: Callable[[Any], Any] | None = None) -> Check:
    """An axis or, where several may be, a list of axes; anything else is a `TypeError`."""

    def fits(value: Any) -> bool:
        given = value if several and isinstance(value, (list, tuple)) else (value,)
        return bool(given) and all(is_whole(axis) for axis in given)

    expected = "an integer or a list of integers" if several else "one integer"
    wrong = ["1", 1.5, None, (), True]
    return Check(fits, expected, keep, wrong, error=lambda value: WrongType)


def _is_flag(value: Any) -> bool:
    """Whether a value counts as true or false; an array of several is neither."""
    bool(value)
    return True


# What is True or False and nothing else; `flag` takes whatever counts as one of them.
boolean = Check(
    lambda value: isinstance(value, bool), "True or False", error=lambda value: WrongType
)
flag = Check(_is_flag, "True or False", bool, wrong=[np.ones(2)])
text = Check(lambda value: isinstance(value, str), "a string", wrong=[3, None])
# A number that programs compute with: of Python or NumPy, an array without axes, a variable.
scalar = Check(
    lambda value: isinstance(value, (int, float, np.number)) or getattr(value, "shape", 0) == (),
    "a number",
    wrong=["0.5", None, [1.0]],
)
function = Check(callable, "a function", wrong=[3, "f", None])
anything = Check(lambda value: True, "anything")
path = Check(
    lambda value: isinstance(value, (str, os.PathLike)),
    "a path",
    os.fspath,
    [3, None],
    error=lambda value: WrongType,
)


def checking(where: str, **checks: Check) -> Callable[[F], F]:
    """Make a function or method require what checks say of its arguments, before it runs.

    Args:
        where: its name in messages.
        checks: by the arguments' names. What is not given is not looked at.

    >>> @checking("wait", seconds=number(0))
    ... def wait(seconds=0):
    ...     return seconds
    >>> wait(-1)
    Traceback (most recent call last):
    ...
    rosenblatt.core.errors.BadArgument: wait: bad `seconds`. Given: -1. Expected: a number, 0 or
    more.
    """

    def enter(fn: F) -> F:
        names = list(inspect.signature(fn).parameters)
        places = [(names.index(name), name, check) for name, check in checks.items()]

        @functools.wraps(fn)
        def call(*args: Any, **kwargs: Any) -> Any:
            for place, name, check in places:
                if name in kwargs:
                    value = kwargs[name]
                elif place < len(args):
                    value = args[place]
                else:
                    continue
                if not check.accepts(value):
                    check.require(value, f"{where}: bad `{name}`.")
            return fn(*args, **kwargs)

        return call  # type: ignore[return-value]

    return enter
