"""HyperParameters against Keras Tuner: values, probabilities, configs, scopes; and messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from messages import Case, check_message, texts_beside

from rosenblatt import tuner as rt
from rosenblatt.core.errors import BadArgument, WrongType

Ask = Callable[[Any], Any]


KINDS: dict[str, Ask] = {
    "int": lambda hp: hp.Int("a", 6, 12),
    "int with steps": lambda hp: hp.Int("a", 6, 13, step=3, default=9),
    "int, log": lambda hp: hp.Int("a", 2, 100, sampling="log"),
    "int, log steps": lambda hp: hp.Int("a", 2, 32, step=2, sampling="log"),
    "int, reverse log": lambda hp: hp.Int("a", 2, 100, sampling="reverse_log", default=50),
    "int of one value": lambda hp: hp.Int("a", 3, 3),
    "float": lambda hp: hp.Float("a", -1, 2),
    "float with steps": lambda hp: hp.Float("a", 0, 1, step=0.25),
    "float, log": lambda hp: hp.Float("a", 1e-4, 1e-1, sampling="log"),
    "float, log steps": lambda hp: hp.Float("a", 0.001, 10, step=10, sampling="log"),
    "float, reverse log": lambda hp: hp.Float("a", 1e-4, 1e-1, sampling="reverse_log"),
    "float, reverse log steps": lambda hp: hp.Float("a", 1, 8, step=2, sampling="reverse_log"),
    "choice of numbers": lambda hp: hp.Choice("a", [16, 32, 64], default=32),
    "choice of words": lambda hp: hp.Choice("a", ["relu", "tanh"]),
    "choice without order": lambda hp: hp.Choice("a", [0.5, 0.25], ordered=False),
    "boolean": lambda hp: hp.Boolean("a", default=True),
    "fixed": lambda hp: hp.Fixed("a", "adam"),
}


def near(value: Any) -> Any:
    """Equal, or for numbers nearly so."""
    return pytest.approx(value) if isinstance(value, float) else value


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_equal_keras_tuner(kind: str, kt: Any) -> None:
    ours, theirs = rt.HyperParameters(), kt.HyperParameters()
    assert KINDS[kind](ours) == KINDS[kind](theirs)
    one, other = ours.space[0], theirs.space[0]
    assert ours.get_config() == theirs.get_config()
    for prob in np.linspace(0, 1, 41)[:-1].tolist():
        value, expected = one.prob_to_value(prob), other.prob_to_value(prob)
        assert value == near(expected) and type(value) is type(expected)
    if "log steps" not in kind:  # there Keras Tuner's position may lie between two steps
        for value in one.values:
            assert one.value_to_prob(value) == near(other.value_to_prob(value))
    for seed in range(20):
        assert one.random_sample(seed) == near(other.random_sample(seed))
    assert sorted(one.values) == [near(value) for value in sorted(other.values)]
    back = rt.HyperParameters.from_config(theirs.get_config())
    assert back.get_config() == ours.get_config()
    forth = kt.HyperParameters.from_config(ours.get_config())
    assert forth.get_config() == ours.get_config()


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_is_found_from_its_probability(kind: str) -> None:
    hp = rt.HyperParameters()
    KINDS[kind](hp)
    one = hp.space[0]
    for value in one.values:
        found = one.prob_to_value(one.value_to_prob(value))
        assert found == near(value)


def nested(hp: Any) -> dict[str, Any]:
    """Asks for hyperparameters under conditions and names."""
    kind = hp.Choice("kind", ["plain", "deep"])
    found = {
        "kind": kind,
        "rate": hp.Float("rate", 0, 1, parent_name="kind", parent_values="plain"),
    }
    with hp.conditional_scope("kind", ["deep"]):
        found["layers"] = hp.Int("layers", 1, 3)
        with hp.conditional_scope("layers", [2, 3]), hp.name_scope("second"):
            found["units"] = hp.Int("units", 8, 16)
    found["same"] = hp.Int("same", 1, 2, parent_name="kind", parent_values=["plain"])
    with hp.conditional_scope("kind", ["deep"]):
        found["same again"] = hp.Int("same", 5, 6)
    return found


@pytest.mark.parametrize(
    "values",
    [{}, {"kind": "deep"}, {"kind": "deep", "layers": 2}, {"kind": "deep", "layers": 3, "same": 6}],
)
def test_conditions_and_names_equal_keras_tuner(values: dict[str, Any], kt: Any) -> None:
    ours, theirs = rt.HyperParameters(), kt.HyperParameters()
    ours.values, theirs.values = dict(values), dict(values)
    for _ in range(2):  # the second time everything is known
        assert nested(ours) == nested(theirs)
        assert ours.values == theirs.values
    assert ours.get_config() == theirs.get_config()
    assert [ours.is_active(hp) for hp in ours.space] == [
        theirs.is_active(hp) for hp in theirs.space
    ]
    for name in ("kind", "layers", "second/units", "same"):
        assert (name in ours) == (name in theirs)
        assert ours.is_active(name) == theirs.is_active(name)
    ours.values["kind"] = theirs.values["kind"] = "plain"
    ours.ensure_active_values()
    theirs.ensure_active_values()
    assert set(ours.values) == {"kind", "rate", "same"}


def test_copies_are_apart_and_merge_keeps_or_resets() -> None:
    hp = rt.HyperParameters()
    hp.Int("a", 1, 9)
    copy = hp.copy()
    copy.values["a"] = 5
    copy.Boolean("b")
    assert hp.values == {"a": 1} and len(hp.space) == 1
    hp.merge(copy, overwrite=False)
    assert hp.values == {"a": 1, "b": False} and len(hp.space) == 2
    assert hp.get("a") == hp["a"] == 1


def test_a_fixed_value_given_beforehand_counts() -> None:
    hp = rt.HyperParameters()
    hp.Fixed("rate", 0.5)
    assert hp.Float("rate", 0, 1, default=0.1) == 0.5


HP = rt.HyperParameters
CASES: dict[str, Case] = {
    "range": (ValueError, lambda: HP().Int("units", 9, 3)),
    "no integer": (ValueError, lambda: HP().Int("units", 1.5, 3)),
    "no number": (ValueError, lambda: HP().Float("rate", "a", 3)),
    "step": (ValueError, lambda: HP().Float("rate", 0, 3, step=0)),
    "log step": (ValueError, lambda: HP().Int("units", 1, 8, step=1, sampling="log")),
    "log from zero": (ValueError, lambda: HP().Float("rate", 0, 1, sampling="log")),
    "sampling": (ValueError, lambda: HP().Float("rate", 0, 1, sampling="logarithmic")),
    "default": (ValueError, lambda: HP().Int("units", 1, 8, default=9)),
    "no values": (ValueError, lambda: HP().Choice("kind", [])),
    "mixed values": (TypeError, lambda: HP().Choice("kind", [1, "a"])),
    "values of a wrong type": (TypeError, lambda: HP().Choice("kind", [None])),
    "no choice": (ValueError, lambda: HP().Choice("kind", ["a", "b"], default="c")),
    "ordered words": (ValueError, lambda: HP().Choice("kind", ["a", "b"], ordered=True)),
    "boolean": (ValueError, lambda: HP().Boolean("flag", default="no")),
    "fixed": (ValueError, lambda: HP().Fixed("value", [1])),
    "no parent": (BadArgument, lambda: HP().Int("a", 1, 2, parent_name="kind", parent_values=1)),
    "unknown": (KeyError, lambda: HP().get("units")),
    "config": (BadArgument, lambda: HP.from_config({"space": [{"class_name": "Itn"}]})),
    "objective": (BadArgument, lambda: rt.RandomSearchOracle("val_gain")),
    "objective type": (WrongType, lambda: rt.RandomSearchOracle(3)),
    "direction": (BadArgument, lambda: rt.Objective("gain", "up")),
    "max trials": (BadArgument, lambda: rt.RandomSearchOracle("loss", max_trials=0)),
    "no space": (BadArgument, lambda: rt.RandomSearchOracle("loss", tune_new_entries=False)),
    "oracle": (BadArgument, lambda: rt.Tuner("random", lambda hp: None)),
    "no hypermodel": (BadArgument, lambda: rt.RandomSearch(objective="loss")),
    "hypermodel": (rt.errors.FatalValueError, lambda: rt.RandomSearch(3, "loss")),
    "workers": (BadArgument, lambda: rt.RandomSearch(lambda hp: None, "loss", workers=0)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_messages(case: str) -> None:
    check_message(CASES[case], texts_beside(__file__)[case])
