"""`tools/structure.py` counts what it says, in a library of a few lines."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[1] / "tools" / "structure.py"

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
    "faces": "face(__name__, {'core': 'Box'})\n",
    "faces/core": "",
}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("structure", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("toy")
    for name, text in TOY.items():
        path = tree / "src" / "rosenblatt" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


def test_lines_of_code_and_of_docstrings(tool: ModuleType, toy: Path) -> None:
    counted = tool.lines(toy)
    assert counted["core"] == (8, 4)
    assert counted["losses"] == (7, 1)
    assert counted["all"] == (16, 5)


def test_types_that_tell_nothing(tool: ModuleType, toy: Path) -> None:
    names = [one.arg for _, one in tool.parameters(toy) if tool.says_nothing(one)]
    assert sorted(names) == ["box", "how", "more", "on"]
    assert len(list(tool.parameters(toy))) == 5


def test_reaches_into_private_attributes(tool: ModuleType, toy: Path) -> None:
    assert tool.private_reaches(toy) == {
        "within": ["rosenblatt.core.lid:2 _size"],
        "between": ["rosenblatt.core.lid:2 _held", "rosenblatt.losses.squares:7 _size"],
        "foreign": ["rosenblatt.core.lid:2 _x"],
    }


def test_circles_of_imports(tool: ModuleType, toy: Path) -> None:
    edges = tool.imports(toy)
    assert edges["rosenblatt.losses.squares"] == {"rosenblatt.losses", "rosenblatt.core.box"}
    assert edges["rosenblatt.core.box"] == set()
    assert edges["rosenblatt.faces"] == {"rosenblatt.faces.core"}
    assert tool.circles(edges) == [["rosenblatt.losses", "rosenblatt.losses.squares"]]


def test_places_of_a_loss_and_checks_by_hand(tool: ModuleType, toy: Path) -> None:
    assert tool.places(toy, ["mse"]) == ["rosenblatt/losses/squares.py:7"]
    assert tool.checks_by_hand(toy) == ["rosenblatt.core.box:15"]


def test_the_report_has_both_trees(
    tool: ModuleType, toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "loaded", lambda tree: (1, 2, 3, 0.25, 0.5))
    tool.main([str(toy), "--against", str(toy), "--places", "circles"])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["lines", "of", "core:", "code,", "docstrings", "8", "4", "8", "4"] in rows
    assert ["rosenblatt.losses", "rosenblatt.losses.squares"] in rows
    assert rows[-1] == ["seconds", "of", "a", "first", "fit", "0.50", "0.50"]
