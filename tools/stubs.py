"""Writes the `.pyi` files that show lazy packages and ops to editors and type checkers.

    python tools/stubs.py

A package whose `__init__.py` calls `core.faces.face` has its names imported when they are used;
the `__init__.pyi` beside it says where each is defined. A test compares them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
HEAD = "# Written by tools/stubs.py.\n"


def faces() -> Iterator[tuple[Path, ast.Call]]:
    """The `__init__.py` files that call `face`, with the call."""
    for path in sorted(SOURCE.rglob("__init__.py")):
        for node in ast.parse(path.read_text()).body:
            match node:
                case ast.Assign(value=ast.Call(func=ast.Name("face")) as call):
                    yield path, call


def imports(package: str, call: ast.Call) -> list[str]:
    """The lines of a stub: where each name is."""
    tables = [ast.literal_eval(one) for one in call.args[1:]]
    options = {one.arg: ast.literal_eval(one.value) for one in call.keywords}
    modules = options.get("modules", tables[1] if len(tables) > 1 else "").split()
    lines = [f"from {package} import {module} as {module}" for module in sorted(modules)]
    for module, held in sorted((tables[0] if tables else {}).items()):
        home = module if module.startswith("rosenblatt.") else f"{package}.{module}"
        for public, _, own in (name.partition("=") for name in held.split()):
            lines.append(f"from {home} import {own or public} as {public}")
    return lines


def stubs() -> dict[Path, str]:
    """The text of every stub, by its path."""
    texts = {}
    for path, call in faces():
        package = ".".join(path.relative_to(SOURCE).parent.parts)
        lines = imports(package, call)
        if package == "rosenblatt":
            lines.append("\n__version__: str")
        texts[path.with_suffix(".pyi")] = "\n".join([HEAD, *lines, ""])
    return texts


if __name__ == "__main__":
    for path, text in stubs().items():
        path.write_text(text)
