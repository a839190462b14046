"""Settings declared once: signatures, checks, configs, roles; and the checks of every one."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import rosenblatt
from rosenblatt.core.checks import (
    anything,
    choice,
    flag,
    number,
    optional,
    pair,
    scalar,
    several,
    whole,
)
from rosenblatt.core.errors import BadArgument, NotSupported
from rosenblatt.core.settings import (
    FIRST_VALUE,
    LABEL,
    NUMBER,
    Configured,
    Setting,
    refused,
    setting,
)


class Base(Configured):
    """Written by hand, as the bases of layers and losses are."""

    def __init__(self, *, name: str | None = None, dtype: Any = None):
        self.name = name
        self.dtype = dtype


class Scaled(Base):
    units: int = setting(whole(least=1))
    rate: float = setting(number(0, 1), default=0.5, role=NUMBER)
    start: str = setting(choice("zeros", "ones"), default="zeros", role=FIRST_VALUE)
    rank: None = refused("Use fewer units.")


class Doubled(Scaled):
    twice: bool = setting(flag)
    rate = 0.25
    __argument_order__ = ("start", "name", "rank")
    __argument_defaults__ = {"name": "double"}

    def __post_init__(self) -> None:
        self.total = self.units * (2 if self.twice else 1)


def test_signatures_are_keras_like() -> None:
    assert str(inspect.signature(Scaled)) == (
        "(units: 'int', rate: 'float' = 0.5, start: 'str' = 'zeros', rank: 'None' = None, *, "
        "name: 'str | None' = None, dtype: 'Any' = None)"
    )
    assert [*inspect.signature(Doubled).parameters] == [
        "twice", "units", "start", "name", "rank", "dtype",
    ]  # fmt: skip
    assert inspect.signature(Doubled).parameters["name"].default == "double"
    assert inspect.signature(Doubled).parameters["dtype"].kind.name == "KEYWORD_ONLY"
    assert Doubled(True, 4).total == 8
    assert (Doubled(False, 4).total, Doubled(False, 4).rate) == (4, 0.25)


def test_values_are_kept_and_configs_make_them_again() -> None:
    one = Scaled(3, start="ones", name="a")
    assert (one.units, one.rate, one.start, one.name) == (3, 0.5, "ones", "a")
    assert one.get_config() == {"units": 3, "rate": 0.5, "start": "ones"}
    assert vars(Scaled.from_config(one.get_config())) == {**vars(one), "name": None}
    assert Scaled.runtime_parameters == ("rate",)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Scaled(0), ValueError, "Scaled: bad `units`. Given: 0. Expected: a positive int"),
        (lambda: Scaled(True), BadArgument, "Scaled: bad `units`. Given: True. Expected: a posit"),
        (lambda: Scaled(1, 2), ValueError, "Scaled: bad `rate`. Given: 2. Expected: a number fr"),
        (
            lambda: Scaled(1, start="one"),
            ValueError,
            "Scaled: unknown `start`. Given: 'one'. Expected: 'zeros' or 'ones'. "
            "Fix: did you mean 'ones'?",
        ),
        (lambda: Scaled(), TypeError, "missing a required argument: 'units'"),
        (lambda: Scaled(1, 0.5, "ones", None, 5), TypeError, "too many positional arguments"),
        (lambda: Scaled(1, units=1), TypeError, "multiple values for argument 'units'"),
        (
            lambda: Scaled(1, rat=1),
            TypeError,
            "Scaled has no argument 'rat'. Fix: did you mean 'rate'?",
        ),
        (
            lambda: Scaled(1, rank=4),
            NotSupported,
            "Scaled: `rank` is not supported. Use fewer units.",
        ),
    ],
)
def test_messages(make: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        make()
    assert message in str(caught.value)


def test_a_subclass_that_gives_a_value_has_one_argument_less() -> None:
    class Fixed(Scaled):
        units = 7
        __argument_order__ = ("start", "name")
        __argument_defaults__ = {"name": "fixed"}

    assert [*inspect.signature(Fixed).parameters] == ["rate", "rank", "start", "name", "dtype"]
    assert Fixed().units == 7 and "units" not in Fixed().get_config()
    assert Fixed().name == "fixed"


def test_what_no_program_reads_is_untraced() -> None:
    assert Scaled.untraced == ("name", "start", "rank")


def test_a_class_may_say_the_order_or_the_defaults_of_its_arguments_only() -> None:
    class Named(Scaled):
        __argument_defaults__ = {"name": "named"}

    class Ordered(Named):
        __argument_order__ = ("name", "start")

    class Again(Ordered):
        pass

    assert (Named(1).name, Again(1, 0.5, None, "again", "ones").name) == ("named", "again")
    assert [*inspect.signature(Again).parameters][-3:] == ["name", "start", "dtype"]


def test_an_init_of_its_own_is_kept() -> None:
    class Own(Scaled):
        def __init__(self, size: int):
            super().__init__(units=size, name="own")
            self.settle(rate=1)

    assert (Own(2).units, Own(2).rate, Own(2).name) == (2, 1, "own")
    with pytest.raises(BadArgument, match="Own: bad `units`"):
        Own(-1)
    assert Own.__settings__["rate"].role is NUMBER


def test_a_setting_that_is_not_kept_yet_is_no_attribute() -> None:
    class Forgets(Scaled):
        def __init__(self) -> None:
            pass

    with pytest.raises(AttributeError, match="units"):
        _ = Forgets().units


def test_only_changed_values_are_saved_where_keras_leaves_them_out() -> None:
    class Left(Base):
        more: int = setting(whole(), default=1, saved=None)
        label: str | None = setting(anything, default=None, saved=False, role=LABEL)

    assert Left().get_config() == {}
    assert Left(2, "x").get_config() == {"more": 2}


@pytest.mark.parametrize(
    ("check", "value", "kept"),
    [
        (optional(whole(least=0)), None, None),
        (pair(whole(least=0), "one or two integers"), 2, (2, 2)),
        (pair(whole(least=0), "one or two integers"), [1, 2], (1, 2)),
        (choice("a", any_case=True), "A", "a"),
        (choice("ROC", "PR", any_case=True), "roc", "ROC"),
        (several(number(0, 1)), np.array([0.5, 1.0]), [0.5, 1.0]),
        (several(number(0, 1)), 0.5, 0.5),
        (scalar, np.float32(2), 2.0),
        (flag, 1, True),
        (number(0, 1), np.array(0.5), 0.5),
    ],
)
def test_what_is_kept(check: Any, value: Any, kept: Any) -> None:
    assert check.take(value) == kept


def all_classes() -> Iterator[type[Configured]]:
    """Every class of the library that declares settings."""
    for module in pkgutil.walk_packages(rosenblatt.__path__, "rosenblatt."):
        if not module.name.endswith(("__main__", "ray_executor", "optuna_oracle", "profile")):
            import_module(module.name)
    todo = [Configured]
    while todo:
        for cls in todo.pop().__subclasses__():
            todo.append(cls)
            if cls.__module__.startswith("rosenblatt."):
                yield cls


def declared() -> list[Any]:
    """Each setting where it is declared, with the values that must not do."""
    found = [
        pytest.param(cls, one, id=f"{cls.__module__.partition('.')[2]}.{cls.__qualname__}-{name}")
        for cls in all_classes()
        for name, one in vars(cls).items()
        if isinstance(one, Setting)
    ]
    assert len(found) > 25
    return found


@pytest.mark.parametrize(("cls", "one"), declared())
def test_every_setting_refuses_wrong_values_by_name(cls: type, one: Setting) -> None:
    """Also: its default is a value that fits, and is what the signature shows."""
    for value in one.check.wrong:
        with pytest.raises((ValueError, TypeError)) as caught:
            one.take(cls.__name__, value)
        text = str(caught.value)
        assert text.startswith(f"{cls.__name__}: {one.check.adjective} `{one.name}`. Given: ")
        assert f"Expected: {one.check.expected}." in text
    # None stands for an argument that Keras lets out and then asks for.
    may_be_given = one.default is not None or one.check.fits(None)
    if one.default is not inspect.Parameter.empty and may_be_given:
        one.take(cls.__name__, one.default)
    shown = inspect.signature(cls).parameters
    assert one.name in shown or "__init__" in vars(cls)
