"""The table of Keras's names is up to date, and every name has a verdict."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def coverage(tool: Callable[[str], ModuleType], keras: Any) -> ModuleType:
    return tool("keras_coverage")


def test_the_page_is_what_the_tool_writes(coverage: ModuleType) -> None:
    assert coverage.PAGE.read_text() == coverage.page(), "run `python tools/keras_coverage.py`"


def test_every_name_is_ours_or_has_a_reason(coverage: ModuleType) -> None:
    missing = [
        f"{section}.{name}"
        for section, names in coverage.verdicts().items()
        for name, verdict in names.items()
        if verdict is None
    ]
    assert missing == []


def test_every_module_of_keras_is_looked_into(coverage: ModuleType, keras: Any) -> None:
    names = [name for name in dir(keras) if not name.startswith("_") and name != "src"]
    modules = {name for name in names if isinstance(getattr(keras, name), ModuleType)}
    assert modules <= set(coverage.SECTIONS)


def test_every_rule_says_why_some_name_is_left_out(coverage: ModuleType) -> None:
    reasons = {v for names in coverage.verdicts().values() for v in names.values() if v}
    assert {rule[2] for rule in coverage.RULES} == reasons


def test_a_name_without_a_rule_is_missing(coverage: ModuleType) -> None:
    assert coverage.reason_for("layers", "Dense") is None
    assert coverage.reason_for("layers", "Conv2D") == coverage.CONVOLUTION
    assert not coverage.is_here(None, "Dense", object)


@pytest.mark.parametrize(
    "what", ["Attributes and methods", "Arguments", "Attributes that can be set"]
)
def test_what_both_have_is_whole_or_a_rule_says_why(coverage: ModuleType, what: str) -> None:
    found = coverage.compared()[what]
    assert coverage.keras_members.missing(found) == []
    least = {"Attributes and methods": 5500, "Arguments": 5600, "Attributes that can be set": 1500}
    assert int(coverage.keras_members.count(found).split()[0]) > least[what]


def test_every_rule_on_members_is_needed(coverage: ModuleType) -> None:
    members = coverage.keras_members
    tables = {
        "Attributes and methods": members.MEMBER_RULES,
        "Arguments": members.ARGUMENT_RULES,
        "Attributes that can be set": members.SET_RULES,
    }
    for what, rules in tables.items():
        found = coverage.compared()[what]
        used = {verdict for names in found.values() for verdict in names.values() if verdict}
        assert {rule[2] for rule in rules} == used


def test_a_member_without_a_rule_is_missing(coverage: ModuleType) -> None:
    members = coverage.keras_members

    class Theirs:
        def __init__(self) -> None:
            self.rate = 1.0

        def step(self, by: int = 1) -> None: ...

    class Ours:
        @property
        def rate(self) -> float:
            return 1.0

        def step(self, **kwargs: int) -> None: ...

    pair = members.Pair("Theirs", Theirs, Ours)
    assert members.missing(members.arguments([pair])) == ["Theirs.step: by"]
    objects = {"Theirs": (Theirs(), Ours())}
    assert members.missing(members.settable(objects)) == ["Theirs: rate"]
    assert members.missing(members.members({"Theirs": (Theirs(), object())})) == [
        "Theirs: rate",
        "Theirs: step",
    ]
