"""Writes the lessons of examples/*.py as notebooks, and runs them.

    python tools/notebooks.py           # into notebooks/, as they are written
    python tools/notebooks.py --run     # and run each one that changed, with outputs kept

The docstring of a script and the comments at the head of its paragraphs become text, the headings
that it prints become headings, and each paragraph of code becomes a cell. What scripts take from
`_lesson.py` stands in the notebook itself, so that it needs no other file; below each cell it shows
the pictures that the cell has saved.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[1]
LESSONS = ROOT / "examples"
FOLDER = ROOT / "notebooks"
# The extras that lessons need, by a word that such a script holds.
EXTRAS = {
    "plots": "plots",
    "sklearn": "sklearn",
    "datasets.iris": "sklearn",
    "BayesianOptimization": "sklearn",
    "pyarrow": "parquet",
    "onnx": "export",
    "TensorBoard": "tensorboard",
    "rosenblatt.tabular": "tabular",
    "launch": "cli",
}
SETUP = '''\
# What the lessons share: where files go, and how to shorten a lesson. Pictures are shown below the
# cell that saves them.
import os
from pathlib import Path

from IPython import get_ipython
from IPython.display import SVG, Image, display

_asked = []


def epochs(chapter):
    """The chapter's number of epochs, or ROSENBLATT_LESSON_EPOCHS where that is smaller."""
    return min(chapter, int(os.environ.get("ROSENBLATT_LESSON_EPOCHS", chapter)))


def output(name):
    """A path in the folder `output`, or in the one that ROSENBLATT_LESSON_OUTPUT names."""
    _asked.append(Path(os.environ.get("ROSENBLATT_LESSON_OUTPUT", "output")) / name)
    return _asked[-1]


def document(name):
    """A file that an earlier cell has written."""
    return Path(name)


def _show(_):
    while _asked:
        path = _asked.pop(0)
        if path.is_file() and path.suffix in (".png", ".svg"):
            display((Image if path.suffix == ".png" else SVG)(filename=str(path)))


get_ipython().events.register("post_run_cell", _show)
'''
HEADING = re.compile(r"\n?(\d+\. .*)")
SHARED = "from _lesson import"
UNRUN = "skip-execution"  # cells with this tag are not run by nbclient


class Cell(NamedTuple):
    """A cell of a notebook: its kind, "markdown" or "code", and what is in it."""

    kind: str
    text: str


def lessons() -> list[Path]:
    """The scripts, in the order of the chapter."""
    return sorted(path for path in LESSONS.glob("*.py") if not path.name.startswith("_"))


def title_of(script: str) -> tuple[str, str]:
    """The first line of a script's docstring, and the rest of it."""
    first, _, rest = (ast.get_docstring(ast.parse(script)) or "").partition("\n")
    return first.rstrip("."), rest.strip()


def _paragraphs(script: str) -> Iterator[tuple[list[str], list[ast.stmt], list[str]]]:
    """Of each paragraph: the comment at its head, its statements, and their lines."""
    lines = script.splitlines()
    comment: list[str] = []
    held: list[ast.stmt] = []
    code: list[str] = []
    end = 0
    for node in ast.parse(script).body:
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
        between = lines[end:start]
        if held and ("" in between or _heading(node) or _heading(held[0])):
            yield comment, held, code
            comment, held, code = [], [], []
        after_gap = [line for line in between if line]
        if held:
            code += between
        else:
            comment = after_gap
        end = node.end_lineno or start
        held.append(node)
        code += lines[start:end]
    yield comment, held, code


def _heading(node: ast.stmt) -> str | None:
    """The heading that a statement prints, if that is what it does."""
    match node:
        case ast.Expr(ast.Call(ast.Name("print"), [ast.Constant(str(said))], [])):
            found = HEADING.fullmatch(said)
            return found[1] if found else None
    return None


def cells(script: str) -> list[Cell]:
    """A script as cells of text and code.

    Args:
        script: its text.
    """
    title, rest = title_of(script)
    made = [Cell("markdown", f"# {title}\n\n{rest}".strip())]
    importing = False
    for number, (comment, nodes, lines) in enumerate(_paragraphs(script)):
        if number == 0:
            continue  # the docstring
        if heading := _heading(nodes[0]):
            made.append(Cell("markdown", f"## {heading}"))
            continue
        if comment:
            text = " ".join(line.removeprefix("#").strip() for line in comment)
            made.append(Cell("markdown", text))
        imports = all(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes)
        text = "\n".join(line for line in lines if not line.startswith(SHARED))
        if imports and importing:
            made[-1] = Cell("code", f"{made[-1].text}\n\n{text}".rstrip())
        elif text.strip():
            made.append(Cell("code", text))
        importing = imports and made[-1].kind == "code"
    return made


def notebook(path: Path) -> NotebookNode:
    """The notebook of a lesson.

    Args:
        path: its script.
    """
    script = path.read_text()
    extras = sorted({extra for word, extra in EXTRAS.items() if word in script})
    named = f"[{','.join(extras)}]" if extras else ""
    install = new_code_cell(f'%pip install --quiet "rosenblatt{named}"')
    install.metadata["tags"] = [UNRUN]
    set_up = new_code_cell(SETUP)
    set_up.metadata["tags"] = ["hide-cell"]
    first, *others = cells(script)
    made = [new_markdown_cell(first.text), install, set_up]
    if named := re.search(r'document\("(.*?)"\)', script):
        text = (ROOT / "docs" / named[1]).read_text()
        made.append(new_code_cell(f"%%writefile {named[1]}\n{text}"))
    for cell in others:
        make = new_markdown_cell if cell.kind == "markdown" else new_code_cell
        made.append(make(cell.text))
    for number, cell in enumerate(made):
        cell["id"] = f"cell-{number}"  # the same each time
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return new_notebook(cells=made, metadata=about)


def digest(made: NotebookNode) -> str:
    """What the outputs of a notebook depend on: its cells, and this library's files."""
    seen = hashlib.sha256("\0".join(cell.source for cell in made.cells).encode())
    for path in sorted((ROOT / "src").rglob("*.py")):
        seen.update(path.read_bytes())
    return seen.hexdigest()


def run(made: NotebookNode, folder: Path) -> None:
    """Run all cells but the installation, and keep what they show.

    Args:
        made: the notebook; gets outputs.
        folder: where it runs.
    """
    from nbclient import NotebookClient

    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(made, timeout=3600, kernel_name="python3", resources=resources).execute()


def write(folder: Path = FOLDER, running: bool = False) -> list[Path]:
    """Write the notebooks of all lessons.

    Args:
        folder: where to.
        running: whether they are run, where script or library changed since they were.

    Returns:
        Their paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for lesson in lessons():
        made, path = notebook(lesson), folder / f"{lesson.stem}.ipynb"
        paths.append(path)
        if running:
            of_now = digest(made)
            if path.exists() and nbformat.read(path, 4).metadata.get("made_from") == of_now:
                continue
            print(f"Running {lesson.name}", flush=True)
            run(made, folder)
            made.metadata["made_from"] = of_now
        nbformat.validate(made)
        nbformat.write(made, path)
    return paths


if __name__ == "__main__":
    write(running="--run" in sys.argv[1:])
