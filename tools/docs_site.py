"""Builds the site: `make docs`.

    python tools/docs_site.py           # into site/

The pages of docs/ are copied to build/docs with what is made for the site: the reference, from the
public names and their docstrings, and the lessons, as the notebooks that `tools/notebooks.py` ran.
Sphinx reads them there. Any warning is an error, and so is what a page loads from another server.
"""

from __future__ import annotations

import functools
import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import rosenblatt

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SOURCE = ROOT / "build" / "docs"
SITE = ROOT / "site"
# Pages that stand beside docs/, and their names on the site.
BESIDE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
# What a page loads by itself, if it comes from another server.
ELSEWHERE = re.compile(
    r"<(?:script|img|iframe|source|video|audio)[^>]+src=[\"'](?:https?:)?//[^\"']+"
    r"|<link[^>]+rel=[\"'](?:stylesheet|preload|icon)[\"'][^>]+href=[\"'](?:https?:)?//[^\"']+"
    r"|@import\s+[\"'(]+https?:|url\([\"']?https?:"
)


class Module(NamedTuple):
    """What the page of a public module holds.

    It describes some of its names; others are described elsewhere, under the full names given. Some
    are modules.
    """

    name: str
    described: list[str]
    elsewhere: dict[str, str]
    modules: list[str]


def resolve(name: str) -> Any:
    """What a full public name stands for."""
    return functools.reduce(getattr, name.split(".")[1:], rosenblatt)


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The public names of a module, with their values: those in `__all__`, else what it defines."""
    own = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", "") == module.__name__
    ]
    for name in sorted(own):
        if not name.startswith("_"):
            yield name, getattr(module, name)


def modules() -> dict[str, ModuleType]:
    """The public modules, each by its shortest public name, the library's own face last."""
    found: dict[str, ModuleType] = {}
    waiting: list[tuple[str, ModuleType]] = [("rosenblatt", rosenblatt)]
    for name, module in waiting:  # grows
        if module in found.values():
            continue
        found[name] = module
        for own, value in public(module):
            if inspect.ismodule(value) and value.__name__.startswith("rosenblatt."):
                waiting.append((f"{name}.{own}", value))
    return dict(sorted(found.items())[1:]) | {"rosenblatt": rosenblatt}


def reference() -> dict[str, Module]:
    """The pages of the reference, by the names of the public modules.

    A name that several modules offer is described once: by the module that its code belongs to,
    else by the first one.
    """
    pages, homes = modules(), dict[int, tuple[bool, str]]()
    for name, module in pages.items():
        for own, value in public(module):
            belongs = f"{getattr(value, '__module__', '')}.".startswith(f"{module.__name__}.")
            belongs = belongs and name != "rosenblatt"
            if callable(value) and (id(value) not in homes or belongs > homes[id(value)][0]):
                homes[id(value)] = belongs, f"{name}.{own}"
    names = {id(module): name for name, module in pages.items()}
    made = {}
    for name, module in sorted(pages.items()):
        page = made[name] = Module(name, [], {}, [])
        for own, value in public(module):
            if id(value) in names:
                page.modules.append(names[id(value)])
            elif inspect.ismodule(value):
                continue  # of another library
            elif id(value) in homes and homes[id(value)][1] != f"{name}.{own}":
                page.elsewhere[own] = homes[id(value)][1]
            else:
                page.described.append(own)
    return made


def members(cls: type, described: set[type]) -> list[str]:
    """The methods and properties of a class that its entry shows.

    Those that it inherits from a class with an entry of its own are shown there.

    Args:
        cls: the class.
        described: the classes that have an entry.
    """
    names = []
    for name in dir(cls):
        if name.startswith("_"):
            continue
        home = next((base for base in cls.__mro__ if name in vars(base)), object)
        if (home is not cls and home in described) or not home.__module__.startswith("rosenblatt"):
            continue
        value = inspect.getattr_static(cls, name)
        code = getattr(value, "__func__", getattr(value, "fget", value))
        if not getattr(code, "__module__", "").startswith("rosenblatt"):
            continue
        if isinstance(value, property | classmethod | staticmethod) or inspect.isfunction(value):
            names.append(name)
    return names


def entry(module: str, name: str, described: set[type]) -> list[str]:
    """The lines that have Sphinx describe a public name."""
    full = f"{module}.{name}"
    value = resolve(full)
    if inspect.isclass(value):
        own = ", ".join(members(value, described))
        return [f".. autoclass:: {full}", *([f"   :members: {own}"] if own else [])]
    if callable(value):
        return [f".. autofunction:: {full}"]
    return [f".. py:data:: {full}", "", f"   {_kind(value)}"]


def _kind(value: object) -> str:
    """What a value that is neither class nor function is, in a word or two."""
    if isinstance(value, str | int | float | bool | None):
        return f"``{value!r}``"
    return f"A value of type ``{type(value).__name__}``."


def page(module: Module, described: set[type]) -> str:
    """A page of the reference, as reStructuredText."""
    lines = [module.name, "=" * len(module.name), "", f".. py:module:: {module.name}", ""]
    lines += [inspect.getdoc(resolve(module.name)) or "", ""]
    if module.modules:
        inner = ", ".join(f":doc:`{name} <{name}>`" for name in module.modules)
        lines += [f"Modules: {inner}", ""]
    if module.elsewhere:
        also = ", ".join(f":py:obj:`{a} <{b}>`" for a, b in module.elsewhere.items())
        lines += [f"Also offered here: {also}", ""]
    for name in module.described:
        lines += [*entry(module.name, name, described), ""]
    return "\n".join(lines)


def write_reference(folder: Path) -> None:
    """Write the pages of the reference.

    Args:
        folder: where to.
    """
    folder.mkdir(parents=True)
    pages = reference()
    values = [resolve(f"{one.name}.{name}") for one in pages.values() for name in one.described]
    described = {value for value in values if inspect.isclass(value)}
    for one in pages.values():
        (folder / f"{one.name}.rst").write_text(page(one, described))


def moved(link: str, page: Path) -> str:
    """A link of a page, as it is on the site.

    Scripts of examples/ are lessons there, and pages beside docs/ are in it.

    Args:
        link: as the page has it, without what follows "#".
        page: the page.
    """
    target = (page.parent / link).resolve()
    up = "../" * (len(page.relative_to(DOCS).parts) - 1) if page.is_relative_to(DOCS) else ""
    if target.parent == ROOT / "examples" and target.suffix == ".py":
        return f"{up}course/{target.stem}.ipynb"
    if target == ROOT / "examples" / "README.md":
        return f"{up}course.md"
    if target.parent == ROOT and target.name in BESIDE:
        return up + BESIDE[target.name]
    if not page.is_relative_to(DOCS) and target.is_relative_to(DOCS):
        return str(target.relative_to(DOCS))
    return link


def copied(page: Path) -> str:
    """The text of a page with its links as they are on the site; others become plain text."""

    def link(found: re.Match[str]) -> str:
        there = moved(found[2], page)
        outside = not (page.parent / found[2]).resolve().is_relative_to(DOCS) and there == found[2]
        return found[1] if outside else f"[{found[1]}]({there}{found[3] or ''})"

    return re.sub(r"\[([^\[\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)", link, page.read_text())


def write_source(source: Path = SOURCE) -> None:
    """Gather all that Sphinx reads.

    Args:
        source: where.
    """
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("__pycache__"))
    for path in DOCS.rglob("*.md"):
        (source / path.relative_to(DOCS)).write_text(copied(path))
    for name, there in BESIDE.items():
        (source / there).write_text(copied(ROOT / name))
    shutil.copytree(ROOT / "notebooks", source / "course", ignore=lambda folder, names: [
        name for name in names if Path(folder, name).is_dir() or not name.endswith(".ipynb")
    ])  # fmt: skip
    write_reference(source / "reference")


def loaded_from_elsewhere(site: Path = SITE) -> list[str]:
    """What pages and styles of a site load from other servers."""
    found = []
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(site)}: {one}" for one in ELSEWHERE.findall(text)]
    return found


def build() -> int:
    """Make the site; the exit code."""
    write_source()
    made = ROOT / "build" / "site"  # myst-nb writes beside it
    shutil.rmtree(made, ignore_errors=True)
    # In one process: Sphinx's others are forked, which JAX's threads do not survive.
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    done = subprocess.run([*command, "-d", ROOT / "build" / "doctrees", SOURCE, made], check=False)
    if done.returncode:
        print(f"Sphinx ended with {done.returncode}.", file=sys.stderr)
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.move(made, SITE)
    if found := loaded_from_elsewhere():
        print("Loaded from other servers:", *found, sep="\n", file=sys.stderr)
        return 1
    print(f"The site is in {SITE}: open {SITE / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(build())
