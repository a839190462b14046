"""One hyperparameter: its possible values, and how a number in [0, 1) chooses among them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.core.random import draw_seed

_SCALARS = (bool, int, float, str)


class Parent:
    """The condition that another hyperparameter has one of some values.

    Args:
        name: of the other hyperparameter.
        values: a value or a list of them.

    >>> Parent("kind", ["deep"]).is_active({"kind": "deep"})
    True
    """

    def __init__(self, name: str, values: Any):
        self.name = name
        self.values = list(values) if isinstance(values, (list, tuple)) else [values]
        if not self.values or not all(isinstance(v, _SCALARS) for v in self.values):
            raise TypeError(
                explain(
                    f"The values of parent {name!r} are wrong.",
                    given=repr(values),
                    expected="int, float, str or bool, or a list of them",
                )
            )

    def is_active(self, values: dict[str, Any]) -> bool:
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

    A subclass maps cumulative probabilities in [0, 1) to values and back.

    Args:
        name: unique in a search space, conditions aside.
        default: the value it has before a search sets another.
        conditions: `Parent` objects that must all hold.
    """

    def __init__(self, name: str, default: Any = None, conditions: Any = None):
        self.name = name
        self._default = default
        self.conditions: list[Parent] = list(conditions or [])

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

    def prob_to_value(self, prob: float) -> Any:
        """The value at a cumulative probability."""
        raise NotImplementedError

    def value_to_prob(self, value: Any) -> float:
        """The cumulative probability (in the middle of its share) of a value."""
        raise NotImplementedError

    def random_sample(self, seed: int | None = None) -> Any:
        """A random value.

        >>> Boolean("normalize").random_sample(seed=3)
        False
        """
        return self.prob_to_value(random.Random(draw_seed() if seed is None else seed).random())

    def get_config(self) -> dict[str, Any]:
        """Arguments, with conditions as plain data."""
        conditions = [{"class_name": "Parent", "config": c.get_config()} for c in self.conditions]
        return {"name": self.name, "default": self.default, "conditions": conditions}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> HyperParameter:
        """The hyperparameter of a config."""
        conditions = [Parent(**c["config"]) for c in config.get("conditions", [])]
        return cls(**{**config, "conditions": conditions})

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}: {v!r}" for k, v in self.get_config().items() if k != "conditions")
        return f"{type(self).__name__}({shown})"

    def _refuse(self, argument: str, given: object, expected: str, kind: Any = ValueError) -> Any:
        what = f"{type(self).__name__} {self.name!r}: bad `{argument}`."
        raise kind(explain(what, given=repr(given), expected=expected))


def index_of(prob: float, count: int) -> int:
    """The one of `count` equal shares in which a probability lies."""
    return min(math.floor(prob / (1 / count)), count - 1)


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

    def __init__(
        self,
        name: str,
        values: Sequence[Any],
        ordered: bool | None = None,
        default: Any = None,
        conditions: Any = None,
    ):
        super().__init__(name, default, conditions)
        self._values = list(values) if isinstance(values, (list, tuple)) else values
        if not isinstance(self._values, list) or not self._values:
            self._refuse("values", values, "a list of at least one value")
        if len({type(v) for v in self._values}) > 1:
            self._refuse("values", values, "values of one type", TypeError)
        if not isinstance(self._values[0], _SCALARS):
            self._refuse("values", values, "int, float, str or bool", TypeError)
        if default is not None and default not in self._values:
            self._refuse("default", default, f"one of {self._values}")
        numeric = isinstance(self._values[0], (int, float)) and not isinstance(
            self._values[0], bool
        )
        if ordered and not numeric:
            self._refuse("ordered", ordered, "False for values that are not numbers")
        self.ordered = numeric if ordered is None else ordered

    @property
    def default(self) -> Any:
        """The given default, or the first value."""
        return self._values[0] if self._default is None else self._default

    @property
    def values(self) -> Sequence[Any]:
        """The values."""
        return self._values

    def prob_to_value(self, prob: float) -> Any:
        """The value in whose share a probability lies."""
        return self._values[index_of(prob, len(self._values))]

    def value_to_prob(self, value: Any) -> float:
        """The middle of the value's share."""
        return (self._values.index(value) + 0.5) / len(self._values)

    def get_config(self) -> dict[str, Any]:
        """All arguments."""
        return {**super().get_config(), "values": self._values, "ordered": self.ordered}


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

    def __init__(self, name: str, default: bool = False, conditions: Any = None):
        super().__init__(name, default, conditions)
        if not isinstance(default, bool):
            self._refuse("default", default, "True or False")

    @property
    def values(self) -> Sequence[bool]:
        """True and False."""
        return (True, False)

    def prob_to_value(self, prob: float) -> bool:
        """True from one half on."""
        return prob >= 0.5

    def value_to_prob(self, value: bool) -> float:
        """The middle of the value's half."""
        return 0.75 if value else 0.25


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

    def __init__(self, name: str, value: Any, conditions: Any = None):
        super().__init__(name, value, conditions)
        if not isinstance(value, _SCALARS):
            self._refuse("value", value, "an int, float, str or bool")
        self.value = value

    @property
    def values(self) -> Sequence[Any]:
        """The one value."""
        return (self.value,)

    def prob_to_value(self, prob: float) -> Any:
        """The value."""
        return self.value

    def value_to_prob(self, value: Any) -> float:
        """One half."""
        return 0.5

    def get_config(self) -> dict[str, Any]:
        """Name, value, conditions."""
        config = super().get_config()
        del config["default"]
        return {**config, "value": self.value}
