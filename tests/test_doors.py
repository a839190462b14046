"""The doors for contributors: files of the forge parse, call the two commands, name what exists."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import rosenblatt

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))
PAGES = sorted(
    path
    for folder in (ROOT, ROOT / "tools", ROOT / "locks", ROOT / "examples", ROOT / "docs", GITHUB)
    for path in folder.glob("*.md")
)
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def parsed(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def made(text: str) -> set[str]:
    """The targets that a text calls."""
    return set(re.findall(r"\bmake (?:(?:-\S+|[A-Z]+=\S+) )*([a-z]+)", text))


def anchors(path: Path) -> set[str]:
    """What a link may name on a page: its headings, as the forge writes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http:", "https:", "mailto:")):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def test_each_door_is_there() -> None:
    for name in (
        "CHANGELOG.md", "CITATION.cff", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "LICENSE",
        "SECURITY.md", ".github/pull_request_template.md", ".pre-commit-config.yaml",
    ):  # fmt: skip
        assert (ROOT / name).is_file(), name
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    for name in ("SECURITY.md", "CODE_OF_CONDUCT.md", "docs/adding.md", "tools/README.md"):
        assert f"]({name}" in contributing, name


def test_the_workflows_call_the_two_commands() -> None:
    called = {}
    for path in WORKFLOWS:
        steps = [step for job in parsed(path)["jobs"].values() for step in job["steps"]]
        called[path.stem] = made("\n".join(step.get("run", "") for step in steps))
    assert called == {"test": {"demo", "test"}, "release": {"release"}}
    matrix = parsed(GITHUB / "workflows" / "test.yml")["jobs"]["test"]["strategy"]["matrix"]
    pythons = {*matrix["python"], *(one["python"] for one in matrix["include"])}
    assert pythons == {"3.11", "3.12", "3.13", "3.14"}
    systems = {*matrix["system"], *(one["system"] for one in matrix["include"])}
    assert systems == {"ubuntu-latest", "macos-latest", "windows-latest"}


def test_the_forms_ask_for_what_is_needed() -> None:
    assert len(FORMS) == 3
    for path in FORMS:
        form = parsed(path)
        assert {"name", "description", "body"} <= set(form)
        fields = [one for one in form["body"] if one["type"] != "markdown"]
        names = [one["id"] for one in fields]
        assert len(set(names)) == len(names)
        assert any("`rosenblatt --version --all`" in one["attributes"]["label"] for one in fields)


def test_the_hook_is_make_lint() -> None:
    (repository,) = parsed(ROOT / ".pre-commit-config.yaml")["repos"]
    (hook,) = repository["hooks"]
    assert (repository["repo"], hook["entry"], hook["language"]) == ("local", "make lint", "system")
    assert not hook["pass_filenames"]


def test_the_container_uses_what_is_there() -> None:
    lines = (ROOT / "Containerfile").read_text()
    commands = re.findall(r"^(?:RUN|CMD) (.+)$", lines, re.MULTILINE)
    assert any(made(one.replace('", "', " ").replace('["', "")) == {"demo"} for one in commands)
    assert '["make", "test"]' in commands
    stages = re.findall(r"^FROM \S+ AS (\w+)$", lines, re.MULTILINE)
    for source in re.findall(r"^FROM (\w+)$", lines, re.MULTILINE):
        assert source in stages
    packages = set(re.search(r"--no-install-recommends (.+?) \\", lines)[1].split())  # type: ignore[index]
    of_ci = re.search(r"--no-install-recommends \\\n\s+(.+?);", (ROOT / ".ci/run").read_text())
    assert of_ci is not None
    assert set(re.findall(r"[a-z][\w-]+", of_ci[1].partition(">")[0])) <= packages
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    build = container["build"]
    assert (ROOT / ".devcontainer" / build["dockerfile"]).resolve() == ROOT / "Containerfile"
    assert build["target"] in stages
    assert made(container["postCreateCommand"]) <= TARGETS


def test_what_git_ignores_is_not_copied_into_the_container() -> None:
    ignored = [
        line.strip("/").replace("__pycache__", "**/__pycache__")
        for line in (ROOT / ".gitignore").read_text().splitlines()
    ]
    ignored = [f"**/{one}" if one.startswith("*.") else one for one in ignored]
    left_out = (ROOT / ".containerignore").read_text().splitlines()[1:]
    assert sorted(left_out) == sorted(ignored)
    assert os.readlink(ROOT / ".dockerignore") == ".containerignore"


def test_the_citation_is_of_this_version() -> None:
    cited = parsed(ROOT / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["cff-version"] == "1.2.0"
    assert str(cited["version"]) == rosenblatt.__version__
    dated = re.search(rf"^## \[{re.escape(str(cited['version']))}\] - (\S+)$",
                      (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)  # fmt: skip
    assert dated is not None
    assert str(cited["date-released"]) == dated[1]


def test_each_tool_and_lock_has_its_row() -> None:
    rows = (ROOT / "tools" / "README.md").read_text()
    listed = set(re.findall(r"^\| `(\w+\.py)` \|", rows, re.MULTILINE))
    assert listed == {path.name for path in (ROOT / "tools").glob("*.py")}
    locks = (ROOT / "locks" / "README.md").read_text()
    listed = set(re.findall(r"^\| `(\w+)` \|", locks, re.MULTILINE))
    assert listed == {path.stem for path in (ROOT / "locks").glob("*.in")}


def test_targets_that_pages_name_exist() -> None:
    for path in [*PAGES, ROOT / "Containerfile", *WORKFLOWS]:
        code = re.findall(r"`([^`\n]+)`|```sh\n(.*?)```", path.read_text(), re.DOTALL)
        assert made("\n".join(one for pair in code for one in pair)) <= TARGETS, path
