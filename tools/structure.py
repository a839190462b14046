"""Prints how the library is built: lines, types, reaches into private attributes, imports.

    python tools/structure.py [TREE] [--against OTHER_TREE] [--loss mean_squared_error mse …]

TREE is a checkout of this repository (this one if left out); with `--against` the other one's
numbers stand before it. The source is read and not run, but for the last part: a process for each
tree imports, makes a network, fits it, and says which of our modules it loaded.
"""

from __future__ import annotations

import argparse
import ast
import collections
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "rosenblatt"
LOSS = ("mean_squared_error", "MeanSquaredError", "mse", "MSE")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (ast.Module, ast.ClassDef, *DEFINITIONS)
SILENT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip
USE = """
import sys, time

def ours():
    return sum(name.partition(".")[0] == "rosenblatt" for name in sys.modules)

start = time.perf_counter()
import rosenblatt as rb
imported = ours()
model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(4, activation="relu"), rb.layers.Dense(1)])
made = ours()
model.compile(loss="mse", optimizer="adam", metrics=["mae"])
ready = time.perf_counter()
import numpy as np
model.fit(np.ones((8, 3)), np.ones(8), epochs=1, verbose=0)
fitted = time.perf_counter()
model.predict(np.ones((2, 3)), verbose=0)
print(imported, made, ours(), ready - start, fitted - ready)
"""


def sources(tree: Path) -> dict[str, Path]:
    """The library's modules by name, a package under its own: "rosenblatt.layers.dense"."""
    folder = tree / "src"
    found = {}
    for path in sorted((folder / PACKAGE).rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


def package_of(module: str) -> str:
    """The package, or the module beside the packages, that a module belongs to."""
    return [*module.split("."), "__init__"][1]


def parsed(tree: Path) -> dict[str, ast.Module]:
    """The library's modules by name, as syntax trees."""
    return {name: ast.parse(path.read_text()) for name, path in sources(tree).items()}


# -- lines --------------------------------------------------------------------------------------


def docstring_lines(text: str) -> set[int]:
    """The numbers of the lines that belong to docstrings."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            found.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return found


def count_lines(text: str) -> tuple[int, int]:
    """How many lines hold code, and how many are docstrings; comments and blanks are neither."""
    prose = docstring_lines(text)
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in SILENT:
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code - prose), len(prose)


def lines(tree: Path) -> dict[str, tuple[int, int]]:
    """Lines of code and of docstrings by package."""
    totals: dict[str, tuple[int, int]] = collections.defaultdict(lambda: (0, 0))
    for name, path in sources(tree).items():
        code, prose = count_lines(path.read_text())
        for key in (package_of(name), "all"):
            totals[key] = (totals[key][0] + code, totals[key][1] + prose)
    return totals


# -- types and private attributes ---------------------------------------------------------------


def parameters(tree: Path) -> Iterator[tuple[str, ast.arg]]:
    """The parameters of all functions, each with its module; `self` and `cls` left out."""
    for name, module in parsed(tree).items():
        for node in ast.walk(module):
            if isinstance(node, DEFINITIONS):
                given = node.args
                all_of_them = [*given.posonlyargs, *given.args, *given.kwonlyargs]
                for one in [*all_of_them, given.vararg, given.kwarg]:
                    if one is not None and one.arg not in ("self", "cls"):
                        yield name, one


def says_nothing(parameter: ast.arg) -> bool:
    """Whether a parameter's type tells nothing: `Any`, `Any | None`, or none at all."""
    kind = parameter.annotation
    return kind is None or ast.unparse(kind) in ("Any", "Any | None")


def private_reaches(tree: Path) -> dict[str, list[str]]:
    """Places that use `x._y` or `getattr(x, "_y")` of another object than `self` or `cls`.

    Under "within": the attribute is of the same package; "between": of another one; "foreign": of
    another library.
    """
    modules = parsed(tree)
    homes: dict[str, set[str]] = collections.defaultdict(set)
    for name, module in modules.items():
        for private in _defined(module):
            homes[private].add(package_of(name))
    found: dict[str, list[str]] = {"within": [], "between": [], "foreign": []}
    for name, module in modules.items():
        for line, attribute in _reaches(module):
            at_home = package_of(name) in homes[attribute]
            kind = "within" if at_home else "between" if homes[attribute] else "foreign"
            found[kind].append(f"{name}:{line} {attribute}")
    return found


def _is_private(name: str) -> bool:
    """Whether a name is private; a named tuple's methods are public, whatever they are called."""
    public = ("_asdict", "_fields", "_make", "_replace")
    return name.startswith("_") and not name.startswith("__") and name not in public


def _defined(module: ast.Module) -> Iterator[str]:
    """The names of a module's functions, classes, variables and attributes."""
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(ast.Name("self" | "cls"), attr=name, ctx=ast.Store()):
                yield name


def _reaches(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        match node:
            case ast.Attribute(owner, attr=name):
                pass
            case ast.Call(
                ast.Name("getattr" | "setattr" | "hasattr" | "delattr"),
                args=[owner, ast.Constant(str(name)), *_],
            ):
                pass
            case _:
                continue
        if _is_private(name) and ast.unparse(owner) not in ("self", "cls", "super()"):
            yield node.lineno, name


# -- imports ------------------------------------------------------------------------------------


def imports(tree: Path) -> dict[str, set[str]]:
    """Which of our modules each module imports when it runs, by name (`import_module`) too.

    A lazy face counts as importing what it stands for, and `on_use` its module, as a use of them
    does. What only a type checker reads does not count.
    """
    modules = parsed(tree)
    return {
        name: set(_imported(name, module, modules)) - {name} for name, module in modules.items()
    }


def _imported(name: str, module: ast.Module, known: dict[str, ast.Module]) -> Iterator[str]:
    is_package = any(other.startswith(f"{name}.") for other in known)
    checked = {
        id(inner)
        for node in ast.walk(module)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for part in node.body
        for inner in ast.walk(part)
    }
    for node in ast.walk(module):
        if id(node) in checked:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = name.split(".")[: len(name.split(".")) + is_package - node.level]
            start = ".".join(above) if node.level else ""
            base = ".".join(filter(None, [start, node.module]))
            inner = [f"{base}.{alias.name}" for alias in node.names]
            modules = [one for one in inner if one in known]
            yield from modules
            if len(modules) < len(inner) and base in known:
                yield base
        elif isinstance(node, ast.Call) and node.args:
            yield from (one for one in _named(name, node) if one in known)


def _named(name: str, call: ast.Call) -> Iterator[str]:
    """The modules that a call of `import_module`, `on_use`, `face` or `table_face` names."""
    function, texts = ast.unparse(call.func).rpartition(".")[2], []
    if function in ("import_module", "on_use") and isinstance(call.args[0], ast.Constant):
        yield str(call.args[0].value)
    elif function in ("face", "table_face"):
        for given in [*call.args[1:], *(option.value for option in call.keywords)]:
            listed = given.keys if isinstance(given, ast.Dict) else [given]
            texts += [str(one.value) for one in listed if isinstance(one, ast.Constant)]
        for module in " ".join(texts).split():
            yield module if module.startswith(f"{PACKAGE}.") else f"{name}.{module}"


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules of which each imports, over others, each (Tarjan's components)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = low[module] = len(order)
        stack.append(module)
        for other in sorted(edges.get(module, ())):
            if other not in order:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], order[other])
        if low[module] == order[module]:
            place = stack.index(module)
            group = stack[place:]
            del stack[place:]
            if len(group) > 1:
                found.append(sorted(group))

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    for module in sorted(edges):
        if module not in order:
            visit(module)
    sys.setrecursionlimit(limit)
    return found


def loaded(tree: Path) -> tuple[int, int, int, float, float]:
    """What a first fit takes.

    Returns:
        Our modules loaded after `import rosenblatt`, after making a Sequential, and after its fit
        and predict; seconds of import, making and compile, and of the fit (of the second process:
        the first one fills the caches).
    """
    environment = {**os.environ, "PYTHONPATH": str(tree / "src")}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", USE], env=environment, capture_output=True, text=True, check=True
        )
    first, second, third, ready, fit = done.stdout.split()[-5:]
    return int(first), int(second), int(third), float(ready), float(fit)


# -- one fact in one place ----------------------------------------------------------------------


def places(tree: Path, names: Sequence[str]) -> list[str]:
    """The files and lines in which one of the names stands, docstrings left out."""
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")
    found = []
    for path in sources(tree).values():
        text = path.read_text()
        prose = docstring_lines(text)
        for number, line in enumerate(text.splitlines(), 1):
            if number not in prose and pattern.search(line):
                found.append(f"{path.relative_to(tree / 'src')}:{number}")
    return found


def checks_by_hand(tree: Path) -> list[str]:
    """Calls of `explain` that say "bad `argument`": checks that a declared setting makes itself."""
    return [
        f"{name}:{node.lineno}"
        for name, module in parsed(tree).items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "explain"
        and node.args
        and re.search(r"\bbad\b", ast.unparse(node.args[0]))
    ]


# -- the report ---------------------------------------------------------------------------------


Report = dict[str, tuple[str, list[str]]]


def measure(tree: Path, names: Sequence[str]) -> Report:
    """All numbers of a tree by what they say, each with the places that were counted."""
    report: Report = {
        f"lines of {package}: code, docstrings": (f"{code} {prose}", [])
        for package, (code, prose) in sorted(lines(tree).items(), key=lambda item: -item[1][0])
    }
    every = list(parameters(tree))
    empty = [f"{name}:{one.lineno} {one.arg}" for name, one in every if says_nothing(one)]
    share = f"{len(empty)} ({len(empty) / len(every):.1%})"
    report["parameters"] = (str(len(every)), [])
    report["parameters without a type that tells"] = (share, empty)
    for kind, reached in private_reaches(tree).items():
        report[f"private attributes reached, {kind}"] = (str(len(reached)), reached)
    groups = circles(imports(tree))
    report["modules"] = (str(len(sources(tree))), [])
    report["circles of imports (modules in them)"] = (
        f"{len(groups)} ({sum(map(len, groups))})",
        [" ".join(group) for group in groups],
    )
    found = places(tree, names)
    files = len({place.partition(":")[0] for place in found})
    report[f"places of {names[0]}: lines (files)"] = (f"{len(found)} ({files})", found)
    by_hand = checks_by_hand(tree)
    report["checks of arguments by hand"] = (str(len(by_hand)), by_hand)
    imported, made, fitted, ready, fit = loaded(tree)
    report["modules loaded by the import"] = (str(imported), [])
    report["modules loaded by a Sequential"] = (str(made), [])
    report["modules loaded by fit and predict"] = (str(fitted), [])
    report["seconds of import and making"] = (f"{ready:.2f}", [])
    report["seconds of a first fit"] = (f"{fit:.2f}", [])
    return report


def main(arguments: list[str] | None = None) -> None:
    """Print the report of one tree, or of two side by side."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tree", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--against", type=Path, help="the tree whose numbers stand before it")
    parser.add_argument("--loss", nargs="+", default=LOSS, help="names of one loss to look for")
    parser.add_argument("--places", metavar="ROW", help="list what the rows with this text count")
    given = parser.parse_args(arguments)
    trees = [tree.resolve() for tree in (given.against, given.tree) if tree is not None]
    reports = [measure(tree, given.loss) for tree in trees]
    rows = list(dict.fromkeys(row for report in reversed(reports) for row in report))
    width = max(map(len, rows))
    for row in rows:
        numbers = "".join(f"{report.get(row, ('–',))[0]:>16}" for report in reports)
        sys.stdout.write(f"{row:{width}}{numbers}\n")
        if given.places and given.places in row:
            sys.stdout.writelines(f"    {place}\n" for place in reports[-1].get(row, ("", []))[1])


if __name__ == "__main__":
    main()
