"""Lazy packages: what they offer, that nothing is imported before it is used, and their stubs."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from rosenblatt.core import faces


@pytest.fixture(scope="module")
def stubs(tool: Callable[[str], ModuleType]) -> ModuleType:
    return tool("stubs")


def lazy_packages(stubs: ModuleType) -> list[ModuleType]:
    found = [importlib.import_module(stubs.name_of(path)) for path, _ in stubs.faces()]
    assert len(found) > 10
    return found


def test_the_stubs_are_what_the_tool_writes(stubs: ModuleType) -> None:
    texts = stubs.stubs()
    stale = [path.name for path, text in texts.items() if path.read_text() != text]
    assert not stale, "run `python tools/stubs.py`"
    assert set(stubs.SOURCE.rglob("*.pyi")) == set(texts)


def test_every_name_is_there(stubs: ModuleType) -> None:
    for package in lazy_packages(stubs):
        for name in package.__all__:
            assert getattr(package, name) is not None
        assert set(package.__all__) <= set(dir(package))


def test_no_module_hides_a_name(stubs: ModuleType) -> None:
    """Python sets an imported module on its package, under a name that is then not looked up."""
    for package in lazy_packages(stubs):
        modules = {found.name for found in pkgutil.iter_modules(getattr(package, "__path__", []))}
        for name in modules & set(package.__all__):
            assert inspect.ismodule(getattr(package, name)), f"{package.__name__}.{name}"


def test_an_unknown_name_has_the_nearest_one(stubs: ModuleType) -> None:
    for package in lazy_packages(stubs):
        name = package.__all__[0]
        with pytest.raises(AttributeError, match=f"{package.__name__} has no '{name}x'; .*{name}"):
            getattr(package, f"{name}x")
        assert not hasattr(package, "__nothing__")


def test_a_name_may_have_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    find, listed, names = faces.face(__name__, {"rosenblatt.core.errors": "say=explain"}, "core")
    assert listed() == names == ["core", "say"]
    assert find("say")("Hm.") == "Hm."


def test_what_a_file_names_is_imported_only_if_it_is_offered() -> None:
    code = """
import sys
from rosenblatt.core import faces, registry
import rosenblatt
faces.load("rosenblatt.callbacks", "csv_logger")
faces.load("rosenblatt.callbacks", "../../secret")
assert "rosenblatt.callbacks.csv_logger" not in sys.modules
faces.load("rosenblatt.callbacks", "CSVLogger")
assert "rosenblatt.callbacks.csv_logger" in sys.modules
assert "rosenblatt.callbacks.tensorboard" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
