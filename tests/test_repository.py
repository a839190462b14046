"""What holds for the repository as a whole: one-way imports, sizes, a light import, the README."""

from __future__ import annotations

import ast
import glob
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from rosenblatt.cli.app import app

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "rosenblatt"

# docs/design.md says which rank a package has; a package imports its own rank or lower.
ROWS = re.findall(
    r"^\| (\d+) \| (.*?) \| (.*) \|$", (ROOT / "docs/design.md").read_text(), re.MULTILINE
)
RANK = {name: int(rank) for rank, names, _ in ROWS for name in re.findall(r"`(\w+)`", names)}

MOST_LINES_OF_A_FILE = 400
# `core.refusing`, which explains what ops, losses and layers met inside, is one of them.
MOST_MODULES_OF_A_NETWORK = 96
MOST_MODULES_OF_A_FIRST_FIT = 107
MOST_LINES_OF_A_FUNCTION = 60
HEAVY = [
    "tensorflow", "torch", "sklearn", "pandas", "matplotlib", "tensorboard", "ray", "optax",
    "polars", "pyarrow",
]  # fmt: skip

Import = tuple[str, int, str, bool]  # file, line, module, inside a function


def sources() -> list[Path]:
    """Every module of the package."""
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 50
    return files


def package_of(path: Path) -> str:
    """The package, or the module beside the packages, that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def own_imports(path: Path) -> Iterator[Import]:
    """The imports of our own modules in a file, each as an absolute name."""
    tree = ast.parse(path.read_text())
    functions = [
        n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    where = str(path.relative_to(ROOT))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                folder = path.relative_to(SOURCE.parent).parent.parts
                base = ".".join([*folder[: len(folder) + 1 - node.level], *filter(None, [base])])
            # `from rosenblatt import layers` imports rosenblatt.layers.
            named = [f"rosenblatt.{alias.name}" for alias in node.names]
            modules = named if base == "rosenblatt" else [base]
        else:
            continue
        for module in modules:
            if module == "rosenblatt" or module.startswith("rosenblatt."):
                yield where, node.lineno, module, id(node) in inside


def all_own_imports() -> list[tuple[Path, Import]]:
    """The imports of our own modules in the whole package."""
    found = [(path, one) for path in sources() for one in own_imports(path)]
    assert len(found) > 100
    return found


def test_the_ranks_are_those_of_the_packages() -> None:
    named = [name for _, names, _ in ROWS for name in re.findall(r"`(\w+)`", names)]
    assert sorted(named) == sorted({package_of(path) for path in sources()} - {"__init__"})


def test_imports_go_one_way() -> None:
    wrong = []
    for path, (where, line, module, _) in all_own_imports():
        package = package_of(path)
        imported = module.split(".")[1] if "." in module else "__init__"
        # The package's face stands above everything; nobody below imports it.
        if package == "__init__" or RANK.get(imported, 99) <= RANK[package]:
            continue
        wrong.append(f"{where}:{line} ({package}) imports {module}")
    assert not wrong, "\n".join(wrong)


def test_no_circles(tool: Callable[[str], ModuleType]) -> None:
    """Between modules, lazy packages taken as importing all they offer; and between packages."""
    structure = tool("structure")
    edges = structure.imports(ROOT)
    packages: dict[str, set[str]] = {}
    for module, imported in edges.items():
        package = structure.package_of(module)
        others = {structure.package_of(one) for one in imported} - {package, "__init__"}
        if package != "__init__":
            packages.setdefault(package, set()).update(others)
    assert len(edges) > 100
    assert "rosenblatt.data.frames" in edges["rosenblatt.data.arrays"]  # by `on_use`
    assert structure.circles(edges) == []
    assert structure.circles(packages) == []


def test_modules_are_imported_by_their_own_names() -> None:
    """Not through a lazy package, which would be loaded without need, or in a circle."""
    lazy = {
        ".".join(path.relative_to(SOURCE.parent).parent.parts)
        for path in sources()
        if path.name == "__init__.py" and "core.faces import" in path.read_text()
    }
    wrong = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module in lazy:
                folder = SOURCE.parent / node.module.replace(".", "/")
                held = {found.stem for found in folder.iterdir()}
                if not {alias.name for alias in node.names} <= held:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.module}")
    assert len(lazy) > 10
    assert not wrong, "\n".join(wrong)


def test_what_is_imported_on_use_is_what_type_checkers_read() -> None:
    wrong, found = [], 0
    for path in sources():
        text = path.read_text()
        for node in ast.parse(text).body:
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                imports = [one for one in node.body if isinstance(one, ast.ImportFrom)]
                read = {f"{one.module}.{alias.name}" for one in imports for alias in one.names}
                for line in map(ast.unparse, node.orelse):
                    if pair := re.fullmatch(r"(\w+) = on_use\('(.*)'\)", line):
                        name, module = pair.groups()
                        found += 1
                        if module not in read or module.rpartition(".")[2] != name:
                            wrong.append(f"{path.relative_to(SOURCE)}: {line}")
    calls = sum(path.read_text().count(" = on_use(") for path in sources())
    assert found == calls - 1 > 20  # one is an example, in a docstring
    assert not wrong


def test_no_own_imports_inside_functions() -> None:
    wrong = [f"{where}:{line} {m}" for _, (where, line, m, inside) in all_own_imports() if inside]
    assert not wrong, "\n".join(wrong)


def test_importlib_is_no_way_around() -> None:
    """Only lazy packages (`core.faces`), and loaders of optional libraries, import by name."""
    wrong = []
    for path in sources():
        if re.search(
            r"(import_module|__import__)\(\s*f?[\"'](rosenblatt|\{__name__\}|\.)", path.read_text()
        ):
            wrong.append(path.relative_to(SOURCE).as_posix())
    assert not wrong


def test_a_long_file_says_why_in_its_first_line() -> None:
    others = [p for folder in ("bench", "examples") for p in (ROOT / folder).rglob("*.py")]
    lines = {p.relative_to(ROOT): p.read_text().splitlines() for p in [*sources(), *others]}
    long = {path: of for path, of in lines.items() if len(of) > MOST_LINES_OF_A_FILE}
    without = [f"{path}: {len(of)}" for path, of in long.items() if "because" not in of[0]]
    assert not without, "\n".join(without)


def test_each_file_of_tests_is_in_one_part_of_make_test() -> None:
    (line,) = re.findall(r"^PARTS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    parts = [
        {ROOT / found for pattern in part.split() for found in glob.glob(pattern, root_dir=ROOT)}
        for part in re.findall(r'"(.*?)"', line)
    ]
    for path in [SOURCE, *(ROOT / "tests").rglob("test_*.py")]:
        assert sum(not part.isdisjoint([path, *path.parents]) for part in parts) == 1, path


def test_make_test_ends_with_what_failed(tmp_path: Path) -> None:
    """The head of a long output is cut in many places: the end names each failure of each part."""
    tests = tmp_path / "test_it.py"
    tests.write_text(
        "def test_good():\n    assert 1\n\ndef test_bad():\n    assert 'left' == 'right'\n"
    )
    failures = tmp_path / "failures.txt"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ROSENBLATT_TEST_FAILURES": str(failures)}
    run = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", tests]
    for _ in range(2):
        subprocess.run(run, cwd=tmp_path, env=environment, check=False, capture_output=True)
    told = failures.read_text()
    assert told.count("test_it.py::test_bad\n") == 2
    assert told.count("assert 'left' == 'right'") >= 2
    assert "test_good" not in told


def test_files_of_tests_have_names_of_their_own() -> None:
    """pytest imports each by its name alone, and cannot collect two of one name."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


def test_functions_are_short() -> None:
    """Docstrings aside: they are longer where the arguments are more."""
    long = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
            if lines > MOST_LINES_OF_A_FUNCTION:
                long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines}")
    assert not long, "\n".join(long)


USES = {
    "the import": "import rosenblatt",
    "training": """
import numpy as np
import rosenblatt as rb
model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])
model.compile(loss="mse", optimizer="adam", metrics=["mae"])
model.fit(np.ones((8, 3)), np.ones(8), epochs=1, verbose=0)
model.predict(np.ones((2, 3)), verbose=0)
""",
}


@pytest.mark.parametrize("use", USES)
def test_loads_no_heavy_library(use: str) -> None:
    code = f"{USES[use]}\nimport sys\nprint([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_first_fit_loads_few_modules(tool: Callable[[str], ModuleType]) -> None:
    imported, made, fitted, *_ = tool("structure").loaded(ROOT)
    assert imported == 5  # the face, and what it needs: errors, and the collector that waits
    assert made <= MOST_MODULES_OF_A_NETWORK
    assert fitted <= MOST_MODULES_OF_A_FIRST_FIT


def test_the_pages_name_the_verbs_and_extras_that_there_are() -> None:
    commands = (command.name or command.callback.__name__ for command in app.registered_commands)
    verbs = {name.replace("_", "-") for name in commands}
    extras = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    )
    (row,) = [what for _, names, what in ROWS if names == "`cli`"]
    assert set(re.findall(r"`(?:rosenblatt )?([\w-]+)`", row)) == verbs
    readme = (ROOT / "README.md").read_text()
    _, _, install = readme.partition("| extra | for |")
    listed = re.findall(r"^\| (`.*?) \|", install.partition("\n\n")[0], re.MULTILINE)
    beside = re.findall(r"`(\w+)`: ", install.partition("\n\n")[0])
    assert set(re.findall(r"\w+", " ".join([*listed, *beside]))) == extras
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *sources()]:
        text = path.read_text()
        for named in re.findall(r"rosenblatt\[([\w,]+)\]", text):
            assert set(named.split(",")) <= extras, (path, named)
        for verb in re.findall(r"(?:`|\$ )rosenblatt ([a-z][\w-]*)", text):
            assert verb in verbs, (path, verb)


def blocks(language: str) -> list[str]:
    """The README's blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_readme_quickstart_runs(tmp_path: Path) -> None:
    _, quickstart = blocks("python")
    assert len(quickstart.splitlines()) <= 20
    done = run_block(quickstart, tmp_path)
    assert done.returncode == 0, done.stderr
    rmse = float(re.search(r"Test RMSE: (\d\.\d+)", done.stdout)[1])
    assert rmse <= 0.6
    assert (tmp_path / "housing.keras").is_file()


def test_readme_table_runs(tmp_path: Path) -> None:
    table, _ = blocks("python")
    assert len(table.splitlines()) <= 10
    done = run_block(table, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "A quantity is predicted" in done.stdout
    assert (tmp_path / "price.keras").is_file()


def run_block(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, with warnings as errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=1800,
    )


def test_readme_is_short_and_its_picture_is_made_by_a_tool() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 160
    (picture,) = re.findall(r"!\[[^\]]*\]\((.*?)\)", readme)
    assert picture in (ROOT / "tools" / "readme_picture.py").read_text()


def test_readme_names_targets_and_files_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"\bmake (\w+)", " ".join(blocks("sh"))))
    assert {"demo", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for link in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (ROOT / link).exists(), link


def test_committed_files_name_no_registry() -> None:
    """Pins are plain versions: where packages come from is each machine's own setting."""
    for path in [*(ROOT / "locks").iterdir(), ROOT / "Makefile", ROOT / ".ci" / "run"]:
        assert not re.search(r"https?://|--index-url|--find-links\s", path.read_text()), path
    for path in (ROOT / "locks").glob("*.txt"):
        pins = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        assert pins
        for pin in pins:
            assert re.fullmatch(r"[\w.-]+==[\w.]+( ; .+)?", pin), pin


def test_each_lock_contains_the_smaller_one() -> None:
    def pins(name: str) -> set[str]:
        """The versions, on whichever systems: a further package may need one on more of them."""
        lines = (ROOT / "locks" / f"{name}.txt").read_text().splitlines()
        return {line.partition(" ; ")[0] for line in lines}

    assert pins("demo") <= pins("test") <= pins("bench")
    assert pins("demo") <= pins("docs")
    # One `.venv` holds both.
    names = {pin.partition("==")[0] for pin in pins("test")}
    assert {pin for pin in pins("docs") if pin.partition("==")[0] in names} <= pins("test")
