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
