"""Writes the `.pyi` files that show lazy packages and ops to editors and type checkers.

    python tools/stubs.py

A package whose `__init__.py` calls `core.faces.face` has its names imported when they are used;
the `__init__.pyi` beside it says where each is defined. Ops are entered by a decorator; theirs says
what each takes and gives. A test compares the files with what this writes.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

from rosenblatt.ops.define import LINALG, NN, NUMPY
from rosenblatt.ops.every import TABLE, TABLES

SOURCE = Path(__file__).parents[1] / "src"
HEAD = "# Written by tools/stubs.py.\n"
OPS = """\
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.types import Array, ArrayLike, Axes, DTypeLike, Tree
from rosenblatt.core.variable import Variable
from rosenblatt.ops import linalg as linalg
from rosenblatt.ops import nn as nn
from rosenblatt.ops import numpy as numpy

# What ops compute with. On symbolic tensors they give symbolic tensors in place of arrays.
Tensor: TypeAlias = ArrayLike | Variable | KerasTensor
TABLE: dict[str, Callable[..., Any]]
__all__: list[str]
"""


def faces() -> Iterator[tuple[Path, ast.Call]]:
    """The files that call `face`, with the call."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            match node:
                case ast.Assign(value=ast.Call(func=ast.Name("face")) as call):
                    yield path, call


def name_of(path: Path) -> str:
    """The name of a module, a package's that of its folder."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


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


def declaration(name: str, op: FunctionType) -> str:
    """An op as a stub says it: where the function takes an array, the op takes a tensor."""
    signature = inspect.signature(op)
    parameters = []
    for one in signature.parameters.values():
        says = re.sub(r"\bArray\b", "Tensor", one.annotation)
        parameters.append(str(one.replace(annotation=says)).replace(f"{says!r}", says))
        if one.kind is one.KEYWORD_ONLY and "*" not in "".join(parameters):
            parameters.insert(-1, "*")
    return f"def {name}({', '.join(parameters)}) -> {signature.return_annotation}: ..."


def stubs() -> dict[Path, str]:
    """The text of every stub, by its path."""
    texts = {}
    for path, call in faces():
        package = name_of(path)
        lines = imports(package, call)
        if package == "rosenblatt":
            lines.append("\n__version__: str")
        texts[path.with_suffix(".pyi")] = "\n".join([HEAD, *lines, ""])
    folder = SOURCE / "rosenblatt" / "ops"
    ops = [declaration(name, op) for name, op in sorted(TABLE.items())]
    texts[folder / "__init__.pyi"] = "\n".join([HEAD, OPS, *ops, ""])
    for module, names in (("linalg", LINALG), ("nn", NN), ("numpy", NUMPY)):
        lines = [f"from rosenblatt.ops import {name} as {name}" for name in sorted(TABLES[names])]
        texts[folder / f"{module}.pyi"] = "\n".join([HEAD, *lines, ""])
    return texts


if __name__ == "__main__":
    for path, text in stubs().items():
        path.write_text(text)
