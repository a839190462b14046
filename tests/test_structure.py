"""`tools/structure.py` counts what it says, in a library of a few lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

TOY = {
    "__init__": "",
    "core/__init__": "",
    "core/box": '''
"""A box.

It holds things.
"""
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rosenblatt.losses import squares

class Box:
    def __init__(self, size: int, *more: Any):
        # a remark
        self._size = size
        explain("Box: bad `size`.", given=size)
''',
    "core/lid": """
def lift(box: Any, how, on: Any | None = None): return box._size, getattr(box, "_held"), jax._x
""",
    "losses/__init__": "import importlib\nimportlib.import_module('rosenblatt.losses.squares')\n",
    "losses/squares": '''
from .. import losses
from rosenblatt.core import box
class Squares:
    """Not counted: mse."""
    _held = 1
    def mse(self): return box.Box(1)._size
''',
    "faces": "face(__name__, {'core': 'Box'}, modules='shut open')\n",
    "faces/core": "",
    "faces/open": "",
    "faces/shut": "",
}


@pytest.fixture(scope="module")
def structure(tool: Callable[[str], ModuleType]) -> ModuleType:
    return tool("structure")


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("toy")
    for name, text in TOY.items():
        path = tree / "src" / "rosenblatt" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


def test_lines_of_code_and_of_docstrings(structure: ModuleType, toy: Path) -> None:
    counted = structure.lines(toy)
    assert counted["core"] == (8, 4)
    assert counted["losses"] == (7, 1)
    assert counted["all"] == (16, 5)


def test_types_that_tell_nothing(structure: ModuleType, toy: Path) -> None:
    names = [one.arg for _, one in structure.parameters(toy) if structure.says_nothing(one)]
    assert sorted(names) == ["box", "how", "more", "on"]
    assert len(list(structure.parameters(toy))) == 5


def test_reaches_into_private_attributes(structure: ModuleType, toy: Path) -> None:
    assert structure.private_reaches(toy) == {
        "within": ["rosenblatt.core.lid:2 _size"],
        "between": ["rosenblatt.core.lid:2 _held", "rosenblatt.losses.squares:7 _size"],
        "foreign": ["rosenblatt.core.lid:2 _x"],
    }


def test_circles_of_imports(structure: ModuleType, toy: Path) -> None:
    edges = structure.imports(toy)
    assert edges["rosenblatt.losses.squares"] == {"rosenblatt.losses", "rosenblatt.core.box"}
    assert edges["rosenblatt.core.box"] == set()
    assert edges["rosenblatt.faces"] == {
        f"rosenblatt.faces.{name}" for name in ("core", "open", "shut")
    }
    assert structure.circles(edges) == [["rosenblatt.losses", "rosenblatt.losses.squares"]]


def test_places_of_a_loss_and_checks_by_hand(structure: ModuleType, toy: Path) -> None:
    assert structure.places(toy, ["mse"]) == ["rosenblatt/losses/squares.py:7"]
    assert structure.checks_by_hand(toy) == ["rosenblatt.core.box:15"]


def test_the_report_has_both_trees(
    structure: ModuleType,
    toy: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(structure, "loaded", lambda tree: (1, 2, 3, 0.25, 0.5))
    structure.main([str(toy), "--against", str(toy), "--places", "circles"])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["lines", "of", "core:", "code,", "docstrings", "8", "4", "8", "4"] in rows
    assert ["rosenblatt.losses", "rosenblatt.losses.squares"] in rows
    assert rows[-1] == ["seconds", "of", "a", "first", "fit", "0.50", "0.50"]
