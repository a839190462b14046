"""What `make docs` builds: each page and public name has its place, and links lead somewhere."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import rosenblatt as rb

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)")


@pytest.fixture(scope="module")
def site(tool: Callable[[str], ModuleType]) -> ModuleType:
    return tool("docs_site")


def entries(page: Path) -> list[str]:
    """What the tables of contents of a page list, without endings."""
    toctrees = re.findall(r"^```{toctree}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for tree in toctrees for line in tree.splitlines()]
    return [line.strip() for line in lines if line and not line.startswith(":")]


def test_each_page_is_in_a_table_of_contents(site: ModuleType) -> None:
    listed = [entry for page in PAGES for entry in entries(page)]
    beside = {name.removesuffix(".md") for name in site.BESIDE.values()}
    own = {path.relative_to(DOCS).with_suffix("").as_posix() for path in PAGES} - {"index"}
    lessons = {f"course/{path.stem}" for path in (ROOT / "examples").glob("[!_]*.py")}
    assert sorted(listed) == sorted({*own, *beside, *lessons, "reference/*"})


def test_the_course_links_each_lesson_in_each_language() -> None:
    lessons = {path.name for path in (ROOT / "examples").glob("[!_]*.py")}
    for page, up in ((DOCS / "course.md", ".."), (DOCS / "zh" / "course.md", "../..")):
        assert (
            set(re.findall(rf"\({re.escape(up)}/examples/(\w+\.py)\)", page.read_text())) == lessons
        )


def test_each_public_name_has_an_entry_or_a_link_to_one(site: ModuleType) -> None:
    pages = site.reference()
    packages = {f"rosenblatt.{n}" for n in rb.__all__ if isinstance(getattr(rb, n), ModuleType)}
    assert len(packages) > 25
    assert packages <= set(pages)
    for name, page in pages.items():
        offered = {own for own, value in site.public(site.resolve(name))
                   if getattr(value, "__name__", "rosenblatt").startswith("rosenblatt")
                   or not isinstance(value, ModuleType)}  # fmt: skip
        named = {*page.described, *page.elsewhere}
        inner = {
            own
            for own in offered - named
            if isinstance(getattr(site.resolve(name), own), ModuleType)
        }
        assert offered == named | inner, name
        assert {site.resolve(one) for one in page.modules} == {
            getattr(site.resolve(name), own) for own in inner
        }
        for home in page.elsewhere.values():
            module, _, own = home.rpartition(".")
            assert own in pages[module].described, home


def slug(heading: str) -> str:
    """The name of a heading in links, as forges and the site make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_links_lead_to_files_and_headings() -> None:
    wrong = []
    beside = [
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md")
    ]
    for page in [*PAGES, *beside]:
        for link, heading in LINK.findall(page.read_text()):
            target = (page.parent / link).resolve() if link else page
            if not target.exists():
                wrong.append(f"{page.relative_to(ROOT)}: {link}")
            elif heading and target.suffix == ".md":
                headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
                if heading not in map(slug, headings):
                    wrong.append(f"{page.relative_to(ROOT)}: {link}#{heading}")
    assert wrong == []


def test_links_of_the_copy_are_those_of_the_site(site: ModuleType) -> None:
    assert site.moved("../examples/tables.py", DOCS / "course.md") == "course/tables.ipynb"
    assert site.moved("../../CONTRIBUTING.md", DOCS / "start" / "x.md") == "../contributing.md"
    assert site.moved("docs/design.md", ROOT / "CONTRIBUTING.md") == "design.md"
    assert site.moved("tables.md", DOCS / "index.md") == "tables.md"


def test_what_a_page_loads_from_elsewhere_is_found(site: ModuleType, tmp_path: Path) -> None:
    good = '<a href="https://a.org">a</a><script src="_static/a.js"></script>'
    (tmp_path / "good.html").write_text(good)
    assert site.loaded_from_elsewhere(tmp_path) == []
    (tmp_path / "bad.html").write_text('<script async src="https://a.org/a.js"></script>')
    (tmp_path / "bad.css").write_text("a { background: url(https://a.org/a.png) }")
    assert len(site.loaded_from_elsewhere(tmp_path)) == 2


def test_pictures_are_whole() -> None:
    for path in (DOCS / "images").iterdir():
        if path.suffix == ".svg":
            ElementTree.parse(path)
        else:
            assert path.read_bytes().startswith(b"\x89PNG")
        assert any(
            f"images/{path.name}" in page.read_text() for page in [*PAGES, ROOT / "README.md"]
        )
