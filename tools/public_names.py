"""Writes tools/public_names.txt, the public names of the last release, and says what differs.

    python tools/public_names.py            # which names are new or gone since the last release
    python tools/public_names.py --write    # at a release: the names of today are its names

Public are the names that the packages in `rosenblatt.__all__` offer, the verbs of the command line
and the extras. A test asks for an entry in the changelog for each that is new or gone.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import rosenblatt
from rosenblatt.cli.verbs import VERBS

ROOT = Path(__file__).parents[1]
FILE = ROOT / "tools" / "public_names.txt"
HEAD = "# The public names of rosenblatt {}, written by tools/public_names.py.\n"
SOURCE = ROOT / "src"
VERB, EXTRA = "rosenblatt on the command line", "extras"

Names = dict[str, set[str]]  # of each package


def packages(name: str = "rosenblatt") -> Iterator[str]:
    """The public packages from one on: those that the one above offers."""
    yield name
    offered = importlib.import_module(name).__all__
    for inner in sorted((SOURCE / name.replace(".", "/")).glob("*/__init__.py")):
        if inner.parent.name in offered:
            yield from packages(f"{name}.{inner.parent.name}")


def today() -> Names:
    """The public names that there are now."""
    found = {name: set(importlib.import_module(name).__all__) for name in packages()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found | {VERB: set(VERBS), EXTRA: set(project["optional-dependencies"])}


def written(text: str) -> tuple[str, Names]:
    """The version and the names in the text of the file."""
    head, *parts = text.split("\n\n")
    names = {}
    for part in parts:
        package, _, held = part.partition("\n")
        names[package.removesuffix(":")] = set(held.split())
    return head.split()[6].rstrip(","), names


def as_text(version: str, names: Names) -> str:
    """The text of the file."""
    parts = [HEAD.format(version).rstrip()]
    for package, held in sorted(names.items()):
        lines = textwrap.fill(
            " ".join(sorted(held)), 100, initial_indent="    ", subsequent_indent="    ",
            break_on_hyphens=False,
        )  # fmt: skip
        parts.append(f"{package}:\n{lines}")
    return "\n\n".join(parts) + "\n"


def difference(before: Names, now: Names) -> tuple[list[str], list[str]]:
    """The names that are new and those that are gone, each with its package."""
    old = {f"{package}.{name}" for package, held in before.items() for name in held}
    new = {f"{package}.{name}" for package, held in now.items() for name in held}
    return sorted(new - old), sorted(old - new)


def main(arguments: list[str] | None = None) -> int:
    """Print what differs, or write the file."""
    parser = argparse.ArgumentParser(description="The public names, and those of the last release.")
    parser.add_argument(
        "--write", action="store_true", help="names of today are those of a release"
    )
    if parser.parse_args(arguments).write:
        FILE.write_text(as_text(rosenblatt.__version__, today()), encoding="utf-8")
        return 0
    version, before = written(FILE.read_text(encoding="utf-8"))
    new, gone = difference(before, today())
    print(f"Since {version}: {len(new)} names are new and {len(gone)} are gone.")
    print("\n".join([*(f"+ {name}" for name in new), *(f"- {name}" for name in gone)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
