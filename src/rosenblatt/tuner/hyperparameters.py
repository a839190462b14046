"""HyperParameters: the search space, and the values of one trial."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, cast

from rosenblatt.core.errors import BadArgument, explain, nearest
from rosenblatt.tuner.kinds import Boolean, Choice, Fixed, HyperParameter, Parent, Value, Values
from rosenblatt.tuner.ranges import Float, Int

KINDS: dict[str, type[HyperParameter]] = {
    kind.__name__: kind for kind in (Int, Float, Choice, Boolean, Fixed)
}


class HyperParameters:
    """A search space and, at the same time, values of its hyperparameters.

    A function that builds a model asks it for values; what it asks for becomes the space. Only
    hyperparameters whose conditions hold have values; the others give None.

    Attributes:
        space: hyperparameters in the order in which they were asked for.
        values: name to value, active ones only.

    >>> hp = HyperParameters()
    >>> hp.Int("units", 16, 64, step=16)
    16
    >>> with hp.name_scope("second"):
    ...     hp.Boolean("normalize")
    False
    >>> hp.values
    {'units': 16, 'second/normalize': False}
    """

    def __init__(self) -> None:
        self.values: Values = {}
        self._space: list[HyperParameter] = []
        self._by_name: defaultdict[str, list[HyperParameter]] = defaultdict(list)
        self._name_scopes: list[str] = []
        self._conditions: list[Parent] = []
        # The stacks of conditions that a build went through, for finding all of a space.
        self.active_scopes: list[list[Parent]] = []
        self.inactive_scopes: list[list[Parent]] = []

    @property
    def space(self) -> list[HyperParameter]:
        """Hyperparameters in the order in which they were asked for."""
        return self._space

    # -- asking for values ---------------------------------------------------------------------

    def Choice(
        self,
        name: str,
        values: Sequence[Value],
        ordered: bool | None = None,
        default: Value | None = None,
        parent_name: str | None = None,
        parent_values: Value | Sequence[Value] | None = None,
    ) -> Any:
        """One of some values: see `Choice`. With a parent: only where that has one of its values.

        Returns:
            The value, or None where the parent has another one; so for all kinds.
        """
        with self._under(parent_name, parent_values):
            return self._ask(Choice, name, values, ordered, default)

    def Int(
        self,
        name: str,
        min_value: int,
        max_value: int,
        step: int | None = None,
        sampling: str | None = "linear",
        default: int | None = None,
        parent_name: str | None = None,
        parent_values: Value | Sequence[Value] | None = None,
    ) -> Any:
        """An integer in a range that includes `max_value`: see `Int`."""
        with self._under(parent_name, parent_values):
            return self._ask(Int, name, min_value, max_value, step, sampling, default)

    def Float(
        self,
        name: str,
        min_value: float,
        max_value: float,
        step: float | None = None,
        sampling: str | None = "linear",
        default: float | None = None,
        parent_name: str | None = None,
        parent_values: Value | Sequence[Value] | None = None,
    ) -> Any:
        """A number in a range: see `Float`."""
        with self._under(parent_name, parent_values):
            return self._ask(Float, name, min_value, max_value, step, sampling, default)

    def Boolean(
        self,
        name: str,
        default: bool = False,
        parent_name: str | None = None,
        parent_values: Value | Sequence[Value] | None = None,
    ) -> Any:
        """True or False."""
        with self._under(parent_name, parent_values):
            return self._ask(Boolean, name, default)

    def Fixed(
        self,
        name: str,
        value: Value,
        parent_name: str | None = None,
        parent_values: Value | Sequence[Value] | None = None,
    ) -> Any:
        """A value that is not searched; given before a search it takes the place of a range."""
        with self._under(parent_name, parent_values):
            return self._ask(Fixed, name, value)

    def get(self, name: str) -> Any:
        """The value of a hyperparameter.

        Raises:
            ValueError: its conditions do not hold.
            KeyError: there is none of that name.
        """
        name = self._full(name)
        if name in self.values:
            return self.values[name]
        if self.is_active(name):
            return self._grown(name)
        if name in self._by_name:
            held = " or ".join(str(hp.conditions) for hp in self._by_name[name])
            raise BadArgument(
                f"Hyperparameter {name!r} is not active.",
                given=self.values,
                expected=f"values with {held}",
            )
        raise KeyError(explain(f"There is no hyperparameter {name!r}{self._hint(name)}."))

    __getitem__ = get

    def __contains__(self, name: str) -> bool:
        return self._full(name) in self.values

    # -- scopes --------------------------------------------------------------------------------

    @contextmanager
    def name_scope(self, name: str) -> Iterator[None]:
        """Put `name/` before the names of hyperparameters asked for inside."""
        self._name_scopes.append(str(name))
        try:
            yield
        finally:
            self._name_scopes.pop()

    @contextmanager
    def conditional_scope(
        self, parent_name: str, parent_values: Value | Sequence[Value]
    ) -> Iterator[None]:
        """What is asked for inside counts only where a parent has one of some values.

        The code inside runs in any case.

        Args:
            parent_name: a hyperparameter that was asked for before.
            parent_values: a value or a list of them.

        Raises:
            ValueError: there is no such parent.
        """
        parent_name = self._full(parent_name)
        if not self._exists(parent_name, self._conditions):
            raise BadArgument(
                f"conditional_scope: there is no hyperparameter {parent_name!r} here yet"
                f"{self._hint(parent_name)}.",
                fix=f"ask for {parent_name!r} before, under the same conditions.",
            )
        self._conditions.append(Parent(parent_name, parent_values))
        holds = self._conditions[-1].is_active(self.values)
        (self.active_scopes if holds else self.inactive_scopes).append(list(self._conditions))
        try:
            yield
        finally:
            self._conditions.pop()

    def _under(
        self, parent_name: str | None, parent_values: Value | Sequence[Value] | None
    ) -> AbstractContextManager[None]:
        if not parent_name:
            return nullcontext()
        return self.conditional_scope(parent_name, cast(Sequence[Value], parent_values))

    def _hint(self, name: str) -> str:
        return f"; {nearest(name, self._by_name).removesuffix('.')}" if self._by_name else ""

    def _full(self, name: str) -> str:
        return "/".join([*self._name_scopes, str(name)])

    # -- the space -----------------------------------------------------------------------------

    def is_active(self, hyperparameter: str | HyperParameter) -> bool:
        """Whether all conditions of a hyperparameter hold (of any that has this name)."""
        if isinstance(hyperparameter, HyperParameter):
            return hyperparameter.is_active(self.values)
        return any(hp.is_active(self.values) for hp in self._by_name.get(hyperparameter, []))

    def includes(self, hp: HyperParameter) -> bool:
        """Whether the space has a hyperparameter of this name under the same conditions."""
        return self._exists(hp.name, hp.conditions)

    def _exists(self, name: str, conditions: list[Parent]) -> bool:
        return any(hp.conditions == conditions for hp in self._by_name.get(name, []))

    def _ask(self, kind: Callable[..., HyperParameter], name: str, *arguments: object) -> Any:
        hp = kind(self._full(name), *arguments, conditions=self._conditions)
        if not self.includes(hp):
            return self._register(hp)
        if not self.is_active(hp):
            return None
        return self.values[hp.name] if hp.name in self.values else self._grown(hp.name)

    def _grown(self, name: str) -> Any:
        """The value of what is in the space now, but was not when the values were proposed."""
        hp = next(hp for hp in self._by_name[name] if self.is_active(hp))
        return self.values.setdefault(name, hp.default)

    def _register(self, hp: HyperParameter, overwrite: bool = False) -> Any:
        if any(condition.name == hp.name for condition in self._conditions):
            raise BadArgument(f"Hyperparameter {hp.name!r} has the name of its own parent.")
        self.add(hp)
        if not self.is_active(hp):
            return None
        if overwrite or hp.name not in self.values:
            self.values[hp.name] = hp.default
        return self.values[hp.name]

    def merge(
        self, hps: HyperParameters | Iterable[HyperParameter], overwrite: bool = True
    ) -> None:
        """Add hyperparameters.

        Args:
            hps: a space, or hyperparameters.
            overwrite: give values that exist already their default again; if False,
                hyperparameters that exist are left out.
        """
        for hp in list(hps.space if isinstance(hps, HyperParameters) else hps):
            if overwrite or not self.includes(hp):
                self._register(hp, overwrite)

    def values_by(self, choose: Callable[[HyperParameter], Value]) -> Values:
        """Values for the active hyperparameters of the space, in its order.

        Args:
            choose: gives the value of one; parents are chosen before what depends on them.
        """
        values: Values = {}
        for hp in self.space:
            if hp.is_active(values):
                values[hp.name] = choose(hp)
        return values

    def with_values(self, values: Mapping[str, Value]) -> HyperParameters:
        """The same space with other values."""
        hps = self.copy()
        hps.values = dict(values)
        return hps

    def with_defaults(self) -> HyperParameters:
        """A copy in which active hyperparameters that have no value have their default."""
        hps = self.copy()
        for hp in hps.space:
            if hps.is_active(hp):
                hps.values.setdefault(hp.name, hp.default)
        return hps

    def ensure_active_values(self, seed: int | None = None) -> None:
        """Draw a value for active hyperparameters that have none; drop those of inactive ones.

        Args:
            seed: where given, the same values are drawn each time.
        """
        for hp in self.space:
            if self.is_active(hp):
                if hp.name not in self.values:
                    self.values[hp.name] = hp.random_sample(seed)
            elif not self.is_active(hp.name):
                self.values.pop(hp.name, None)

    # -- plain data ----------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Space and values as plain data, in Keras Tuner's form."""
        space = [{"class_name": type(hp).__name__, "config": hp.get_config()} for hp in self.space]
        return {"space": space, "values": dict(self.values)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> HyperParameters:
        """The space and values of a config."""
        hps = cls()
        for one in config["space"]:
            name = one["class_name"]
            if name not in KINDS:
                raise BadArgument(
                    f"Unknown kind of hyperparameter {name!r}; {nearest(name, KINDS)}"
                )
            hps.add(KINDS[name].from_config(one["config"]))
        hps.values = dict(config["values"])
        return hps

    def add(self, hp: HyperParameter) -> None:
        """Append a hyperparameter to the space; as none ever changes, spaces share them."""
        self._by_name[hp.name].append(hp)
        self.space.append(hp)

    def copy(self) -> HyperParameters:
        """The same space and values, apart from this object."""
        hps = HyperParameters()
        for hp in self.space:
            hps.add(hp)
        hps.values = dict(self.values)
        return hps
