"""The notebooks that `make notebooks` writes are the lessons."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "examples").glob("[!_]*.py"))


@pytest.fixture(scope="module")
def notebooks(tool: Callable[[str], ModuleType]) -> ModuleType:
    return tool("notebooks")


def without_headings(script: str) -> list[str]:
    """The statements of a script but its docstring, printed headings and what `_lesson` gives."""
    tree = ast.parse(script)
    kept = tree.body[1:] if ast.get_docstring(tree) else tree.body
    texts = [ast.unparse(node) for node in kept]
    heading = re.compile(r"print\(['\"](\\n)?\d+\. .*\)")
    return [
        text
        for text in texts
        if not heading.fullmatch(text) and not text.startswith("from _lesson import")
    ]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_notebook_is_its_lesson(lesson: Path, notebooks: ModuleType) -> None:
    made = notebooks.notebook(lesson)
    nbformat.validate(made)
    script = lesson.read_text()
    own = [
        cell.source for cell in made.cells
        if cell.cell_type == "code" and cell.source != notebooks.SETUP and cell.source[0] != "%"
    ]  # fmt: skip
    assert without_headings("\n".join(own)) == without_headings(script)
    text = "\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    for heading in re.findall(r'^print\("(?:\\n)?(\d\. [^"{]+)"\)$', script, re.MULTILINE):
        assert f"## {heading}" in text
    assert text.startswith("# ")
    install = made.cells[1].source
    assert install.startswith('%pip install --quiet "rosenblatt')
    assert made.cells[1].metadata["tags"] == ["skip-execution"]


def test_a_notebook_is_written_the_same_each_time(notebooks: ModuleType, tmp_path: Path) -> None:
    first, second = ([p.read_bytes() for p in notebooks.write(tmp_path / n)] for n in "ab")
    assert first == second
    assert len(first) == len(LESSONS)


def test_what_lessons_share_is_what_notebooks_have(notebooks: ModuleType) -> None:
    def functions(text: str) -> set[str]:
        return {n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}

    shared = functions((ROOT / "examples" / "_lesson.py").read_text())
    assert shared == functions(notebooks.SETUP) - {"_show"}


def test_a_lesson_runs_in_a_kernel(notebooks: ModuleType, tmp_path: Path) -> None:
    """Pictures are shown below the cell that saves them."""
    made = notebooks.notebook(ROOT / "examples" / "row01_logic.py")
    notebooks.run(made, tmp_path)
    shown = [out for cell in made.cells if cell.cell_type == "code" for out in cell.outputs]
    assert sum("image/png" in out.get("data", {}) for out in shown) == 2
    said = "".join(out.get("text", "") for out in shown)
    assert "A=1, B=0, C=0: True" in said
