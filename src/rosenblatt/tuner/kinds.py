"""Kinds of hyperparameters: which values each has, and how a number in [0, 1) chooses one."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, Self

from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.random import draw_seed

Value = bool | int | float | str
Values = dict[str, Any]
"""Values of hyperparameters by their names."""

_SCALARS = (bool, int, float, str)


class _WrongKind(BadArgument, TypeError):
    """A value of a kind that cannot be meant: both errors that Keras Tuner raises of them."""


class Parent:
    """The condition that another hyperparameter has one of some values.

    Args:
        name: of the other hyperparameter.
        values: a value or a list of them.

    >>> Parent("kind", ["deep"]).is_active({"kind": "deep"})
    True
    """

    def __init__(self, name: str, values: Value | Sequence[Value]):
        self.name = name
        self.values = list(values) if isinstance(values, (list, tuple)) else [values]
        if not self.values or not all(isinstance(v, _SCALARS) for v in self.values):
            raise WrongType(
                f"The values of parent {name!r} are wrong.",
                given=repr(values),
                expected="int, float, str or bool, or a list of them",
            )

    def is_active(self, values: Mapping[str, Value]) -> bool:
        """Whether the condition holds for values of hyperparameters."""
        return self.name in values and values[self.name] in self.values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Parent) and (self.name, self.values) == (other.name, other.values)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Parent({self.name!r}, {self.values})"

    def get_config(self) -> dict[str, Any]:
        """Name and values."""
        return {"name": self.name, "values": self.values}


class HyperParameter:
    """A name, a default, and the conditions under which it counts.

    A kind says what its `values` are; where these are not a list, also what lies at a cumulative
    probability in [0, 1), and where a value lies.

    Args:
        name: unique in a search space, conditions aside.
        default: the value it has before a search sets another.
        conditions: `Parent` objects that must all hold.
    """

    # What its config holds beside name, default and conditions.
    settings: tuple[str, ...] = ()

    def __init__(
        self, name: str, default: Value | None = None, conditions: Iterable[Parent] | None = None
    ):
        self.name = name
        self._default: Any = default
        self.conditions = list(conditions or [])

    @property
    def default(self) -> Any:
        """The value it has before a search sets another."""
        return self._default

    @property
    def values(self) -> Sequence[Any]:
        """The possible values; ten of them for a range without steps."""
        raise NotImplementedError

    @property
    def number_of_values(self) -> int | None:
        """How many values there are; None for a range without steps."""
        return len(self.values)

    def takes(self, value: Any) -> bool:
        """Whether it may have a value; those of earlier trials may be of another space.

        >>> Choice("kind", ["wide", "deep"]).takes("narrow")
        False
        """
        return value in self.values

    def is_active(self, values: Mapping[str, Value]) -> bool:
        """Whether its conditions hold for values of hyperparameters."""
        return all(condition.is_active(values) for condition in self.conditions)

    def prob_to_value(self, prob: float) -> Any:
        """The value at a cumulative probability: each has an equal share."""
        count = self.number_of_values or 1
        return self._value_of(min(math.floor(prob / (1 / count)), count - 1))

    def value_to_prob(self, value: Any) -> float:
        """The cumulative probability in the middle of a value's share."""
        return (self._share_of(value) + 0.5) / (self.number_of_values or 1)

    def _value_of(self, share: int) -> Any:
        return self.values[share]

    def _share_of(self, value: Any) -> int:
        return self.values.index(value)

    def random_sample(self, seed: int | None = None) -> Any:
        """A random value.

        >>> Boolean("normalize").random_sample(seed=3)
        False
        """
        return self.prob_to_value(random.Random(draw_seed() if seed is None else seed).random())

    def get_config(self) -> dict[str, Any]:
        """Arguments, with conditions as plain data."""
        conditions = [{"class_name": "Parent", "config": c.get_config()} for c in self.conditions]
        config = {"name": self.name, "default": self.default, "conditions": conditions}
        return config | {name: getattr(self, name) for name in self.settings}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The hyperparameter of a config."""
        conditions = [Parent(**c["config"]) for c in config.get("conditions", [])]
        return cls(**{**config, "conditions": conditions})

    def __repr__(self) -> str:
        shown = [f"{name}: {getattr(self, name)}" for name in (*self.settings, "default")]
        return f"{type(self).__name__}(name: {self.name!r}, {', '.join(shown)})"

    def _refuse(self, argument: str, given: object, expected: str, kind: bool = False) -> NoReturn:
        """Refuse an argument; `kind` says that no value of this kind can be meant."""
        error = _WrongKind if kind else BadArgument
        raise error(
            f"{type(self).__name__} {self.name!r}: bad `{argument}`.",
            given=repr(given),
            expected=expected,
        )


class Choice(HyperParameter):
    """One of some values of the same type.

    Args:
        name: its name.
        values: ints, floats, strings or booleans.
        ordered: whether they have an order; numbers do if None.
        default: the first value if None.

    Raises:
        ValueError: no values, a default that is none of them, an order of words.
        TypeError: values of other or of several types.

    >>> Choice("activation", ["relu", "tanh"]).default
    'relu'
    """

    settings = ("values", "ordered")

    def __init__(
        self,
        name: str,
        values: Sequence[Value],
        ordered: bool | None = None,
        default: Value | None = None,
        conditions: Iterable[Parent] | None = None,
    ):
        super().__init__(name, default, conditions)
        if not isinstance(values, (list, tuple, range)):
            self._refuse("values", values, "a list of at least one value", kind=True)
        if not values:
            self._refuse("values", values, "a list of at least one value")
        if len({type(v) for v in values}) > 1:
            self._refuse("values", values, "values of one type", kind=True)
        if not isinstance(values[0], _SCALARS):
            self._refuse("values", values, "int, float, str or bool", kind=True)
        self._values = list(values)
        if default is None:
            self._default = values[0]
        elif default not in values:
            wrong = not isinstance(default, _SCALARS)
            self._refuse("default", default, f"one of {self._values}", kind=wrong)
        else:
            self._default = values[self._values.index(default)]  # of their type: 2 for 2.0
        numeric = isinstance(values[0], (int, float)) and not isinstance(values[0], bool)
        if ordered and not numeric:
            self._refuse("ordered", ordered, "False for values that are not numbers")
        self.ordered = numeric if ordered is None else ordered

    @property
    def values(self) -> Sequence[Any]:
        """The values."""
        return self._values


class Boolean(HyperParameter):
    """True or False.

    Args:
        name: its name.
        default: False if not given.

    Raises:
        ValueError: a default that is no boolean.

    >>> Boolean("normalize").default
    False
    """

    def __init__(
        self, name: str, default: bool = False, conditions: Iterable[Parent] | None = None
    ):
        super().__init__(name, default, conditions)
        if not isinstance(default, (bool, int)) or default not in (0, 1):
            wrong = isinstance(default, (list, dict, set))
            self._refuse("default", default, "True or False", kind=wrong)
        self._default = bool(default)

    @property
    def values(self) -> Sequence[bool]:
        """True and False."""
        return (True, False)

    def _value_of(self, share: int) -> bool:
        return share == 1

    def _share_of(self, value: bool) -> int:
        return int(value)


class Fixed(HyperParameter):
    """A value that is not searched.

    Args:
        name: its name.
        value: an int, float, string or boolean.

    Raises:
        ValueError: a value of another type.

    >>> Fixed("epochs", 10).default
    10
    """

    settings = ("value",)

    def __init__(self, name: str, value: Value, conditions: Iterable[Parent] | None = None):
        super().__init__(name, value, conditions)
        if not isinstance(value, _SCALARS):
            self._refuse("value", value, "an int, float, str or bool")
        self.value = value

    @property
    def values(self) -> Sequence[Any]:
        """The one value."""
        return (self.value,)

    def value_to_prob(self, value: Value) -> float:
        """One half."""
        return 0.5

    def __repr__(self) -> str:
        return f"Fixed(name: {self.name!r}, value: {self.value})"

    def get_config(self) -> dict[str, Any]:
        """Name, conditions, value."""
        config = super().get_config()
        del config["default"]
        return config
