"""The table of Keras's names is up to date, and every name has a verdict."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILE = Path(__file__).parents[1] / "tools" / "keras_coverage.py"


@pytest.fixture(scope="module")
def tool(keras: Any) -> ModuleType:
    spec = importlib.util.spec_from_file_location("keras_coverage", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_tool_writes(tool: ModuleType) -> None:
    assert tool.PAGE.read_text() == tool.page(), "run `python tools/keras_coverage.py`"


def test_every_name_is_ours_or_has_a_reason(tool: ModuleType) -> None:
    missing = [
        f"{section}.{name}"
        for section, names in tool.verdicts().items()
        for name, verdict in names.items()
        if verdict is None
    ]
    assert missing == []


def test_every_module_of_keras_is_looked_into(tool: ModuleType, keras: Any) -> None:
    names = [name for name in dir(keras) if not name.startswith("_") and name != "src"]
    modules = {name for name in names if isinstance(getattr(keras, name), ModuleType)}
    assert modules <= set(tool.SECTIONS)


def test_every_rule_says_why_some_name_is_left_out(tool: ModuleType) -> None:
    reasons = {v for names in tool.verdicts().values() for v in names.values() if v}
    assert {rule[2] for rule in tool.RULES} == reasons


def test_a_name_without_a_rule_is_missing(tool: ModuleType) -> None:
    assert tool.reason_for("layers", "Dense") is None
    assert tool.reason_for("layers", "Conv2D") == tool.CONVOLUTION
    assert not tool.is_here(None, "Dense", object)
