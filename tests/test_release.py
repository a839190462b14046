"""What a release promises: versions that agree, names in the changelog, extras that work."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import rosenblatt

ROOT = Path(__file__).parents[1]
Tool = Callable[[str], ModuleType]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OPTIONAL: dict[str, list[str]] = PROJECT["optional-dependencies"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
UNRELEASED = CHANGELOG.partition("## [Unreleased]")[2].partition("\n## [")[0]


def checkout(folder: Path, **changed: str) -> Path:
    """A folder with the four files that name the version, 1.2.0 unless said otherwise."""
    texts = {
        "src/rosenblatt/__init__.py": '__version__ = "1.2.0"\n',
        "CHANGELOG.md": "## [Unreleased]\n\n## [1.2.0] - 2026-11-30\n\n## [1.1.0] - 2026-01-01\n",
        "CITATION.cff": "cff-version: 1.2.0\nversion: 1.2.0\n",
        "tools/public_names.txt": "# The public names of rosenblatt 1.2.0, written by a tool.\n",
    }  # fmt: skip
    for name, text in (texts | changed).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_versions_that_agree(tool: Tool, tmp_path: Path) -> None:
    release = tool("release")
    folder = checkout(tmp_path)
    assert release.check_versions(folder, []) == "1.2.0"
    assert release.check_versions(folder, ["v1.2.0", "nightly"]) == "1.2.0"
    assert release.check_versions(ROOT, []) == rosenblatt.__version__


FIX = '`__version__` of src/rosenblatt/__init__.py. Fix: CONTRIBUTING.md, "How to release".'
REFUSED = {
    "changelog": (
        {"CHANGELOG.md": "## [Unreleased]\n\n## [1.1.0] - 2026-01-01\n"},
        "the newest dated section of CHANGELOG.md says another version than the package. "
        f"Given: 1.1.0. Expected: 1.2.0, the {FIX}",
    ),
    "no date": (
        {"CHANGELOG.md": "## [Unreleased]\n\n## [1.2.0]\n"},
        "CHANGELOG.md has no dated section `## [1.2.3] - 2026-01-31`.",
    ),
    "citation": (
        {"CITATION.cff": "cff-version: 1.2.0\nversion: 1.0.0\n"},
        "CITATION.cff says another version than the package. "
        f"Given: 1.0.0. Expected: 1.2.0, the {FIX}",
    ),
    "names": (
        {"tools/public_names.txt": "# The public names of rosenblatt 1.1.0, written by a tool.\n"},
        "tools/public_names.txt says another version than the package. "
        f"Given: 1.1.0. Expected: 1.2.0, the {FIX}",
    ),
    "package": (
        {"src/rosenblatt/__init__.py": '__version__ = "1.3.0"\n'},
        "the newest dated section of CHANGELOG.md says another version than the package. "
        f"Given: 1.2.0. Expected: 1.3.0, the {FIX}",
    ),
    "tag": (
        {},
        "the tag at HEAD is another version than the package. Given: v1.3.0. Expected: v1.2.0. "
        "Fix: `git tag --delete v1.3.0`, or change `__version__`.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_versions_that_disagree_are_refused(case: str, tool: Tool, tmp_path: Path) -> None:
    release = tool("release")
    changed, says = REFUSED[case]
    tags = ["v1.3.0"] if case == "tag" else []
    with pytest.raises(release.Refused) as error:
        release.check_versions(checkout(tmp_path, **changed), tags)
    assert str(error.value) == f"Cannot release: {says}"


def test_a_program_that_fails_says_what_it_printed(tool: Tool, tmp_path: Path) -> None:
    release = tool("release")
    with pytest.raises(release.Refused) as error:
        release.run(sys.executable, "-c", "print('left'); raise SystemExit(3)", where=tmp_path)
    assert str(error.value).endswith("ended with 3.\nleft")


def test_pythons_are_found_by_trying_them(tool: Tool) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = dict(tool("release").find_pythons([here, "3.99"]))
    assert found == {here: sys.executable, "3.99": None}


def test_a_change_of_public_names_is_in_the_changelog(tool: Tool) -> None:
    names = tool("public_names")
    version, before = names.written(names.FILE.read_text())
    assert version == rosenblatt.__version__
    assert len(before["rosenblatt.ops"]) > 300
    new, gone = names.difference(before, names.today())
    # One entry does for a class and its function: `MeanSquaredError` and `mean_squared_error`.
    told = {word.replace("_", "").lower() for word in re.findall(r"\w+", UNRELEASED)}
    last = {name: name.rpartition(".")[2].replace("_", "").lower() for name in new + gone}
    silent = [name for name, word in last.items() if word not in told]
    assert not silent, f"CHANGELOG.md, Unreleased, does not name {', '.join(silent)}"


def test_names_that_are_new_or_gone(tool: Tool) -> None:
    names = tool("public_names")
    text = names.as_text("1.2.0", {"a": {"x", "y"}, "b.c": {"z"}})
    version, before = names.written(text)
    assert (version, before) == ("1.2.0", {"a": {"x", "y"}, "b.c": {"z"}})
    assert names.difference(before, {"a": {"y", "w"}, "b.c": {"z"}}) == (["a.w"], ["a.x"])


def test_all_extras_are_known_and_in_all(tool: Tool) -> None:
    extras = tool("extras").EXTRAS
    assert sorted(extras) == sorted(OPTIONAL)
    (inner,) = OPTIONAL["all"]
    held = re.fullmatch(r"rosenblatt\[([\w,]+)\]", inner)[1].split(",")  # type: ignore[index]
    wanted = {one for name in held for one in OPTIONAL[name]}
    for name in sorted(set(OPTIONAL) - {"all"}):
        assert set(OPTIONAL[name]) <= wanted, name


def test_each_extra_says_what_to_install(tool: Tool, tmp_path: Path) -> None:
    """Everything that extras install is hidden from a process, as where nothing is installed."""
    needed = {re.split(r"[\[>=<]", one)[0] for of in OPTIONAL.values() for one in of}
    modules = {"scikit-learn": "sklearn", "google-crc32c": "google_crc32c"}
    hidden = sorted({modules.get(one, one) for one in needed} - {"rosenblatt"})
    code = (
        f"import json, sys; sys.path.insert(0, {str(ROOT / 'tools')!r}); import extras\n"
        f"extras.hide({hidden!r})\n"
        "print(json.dumps({n: extras.error_of(one.call) for n, one in extras.EXTRAS.items()}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    extras = tool("extras").EXTRAS
    for name, said in json.loads(done.stdout).items():
        expected = extras[name].says or f"No module named '{name.replace('profile', 'xprof')}'"
        assert said == expected, name
        extra = re.findall(r"rosenblatt\[(\w+)\]", said)
        assert set(extra) <= set(OPTIONAL)


def test_metadata_is_complete() -> None:
    assert PROJECT["dynamic"] == ["version"]  # from src/rosenblatt/__init__.py
    assert PROJECT["readme"] == "README.md"
    assert len(PROJECT["keywords"]) >= 8
    pythons = re.findall(r":: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    page = (ROOT / "docs" / "platforms.md").read_text()
    assert pythons[0] == PROJECT["requires-python"].removeprefix(">=")
    assert all(f"{number}" in page for number in pythons)


def test_the_pins_of_a_release_are_those_of_the_tests() -> None:
    def pins(name: str) -> dict[str, str]:
        lines = (ROOT / "locks" / f"{name}.txt").read_text().splitlines()
        return dict(line.split(" ;")[0].split("==") for line in lines if "==" in line)

    tested, released = pins("test"), pins("release")
    assert {"build", "twine", "hatchling", "check-wheel-contents"} <= set(released)
    assert {name: tested[name] for name in released if name in tested}.items() <= released.items()
