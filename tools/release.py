"""Builds, checks, installs and tries what is to be released; `make release` runs it.

    python tools/release.py [--only-versions] [--pythons 3.11 3.12 …] [--extras all …]

1. The version in the package, the changelog, CITATION.cff and the tag at HEAD must agree, and the
   names that the package offers be those of `tools/public_names.txt`'s version.
2. sdist and wheel are built into `dist` and checked: twine, check-wheel-contents.
3. For each Python that is found: a bare environment with the wheel, in an empty folder. There every
   public package is imported, and the README's quickstart and the demo run.
4. For each extra: the error without it, then an environment of its own in which its call works.
5. `dist/*.cdx.json` lists what the wheel with all extras installs, with licences (CycloneDX).

It ends with the sizes, and with 1 where something failed. Nothing is uploaded.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from extras import EXTRAS

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
TEXT = re.Pattern[str]
VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
CITED = re.compile(r"^version: (.+)$", re.MULTILINE)
DATED = re.compile(r"^## \[(\d[^\]]*)\] - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
LISTED = re.compile(r"^# The public names of rosenblatt (\S+),", re.MULTILINE)
# Every public package, from where pip put it.
IMPORTS = """
import importlib, sys
import rosenblatt
assert rosenblatt.__version__ == sys.argv[1], rosenblatt.__version__
assert rosenblatt.__file__.startswith(sys.prefix), rosenblatt.__file__
for name in rosenblatt.__all__:
    try:
        getattr(rosenblatt, name)
    except rosenblatt.errors.MissingPackage as error:
        print("left out:", error)
"""
ERRORS = """
import json, sys
sys.path.insert(0, sys.argv[1])
import extras
print(json.dumps({name: extras.error_of(one.call) for name, one in extras.EXTRAS.items()}))
"""


class Refused(Exception):
    """What is to be released does not fit together, or does not work."""


def only(pattern: TEXT, path: Path, what: str) -> str:
    """The first place in a file where a pattern fits.

    Raises:
        Refused: there is none.
    """
    found = pattern.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise Refused(f"Cannot release: {path.name} has no {what}.")
    return found[1]


def check_versions(root: Path, tags: Sequence[str]) -> str:
    """The version that is to be released.

    Args:
        root: the checkout.
        tags: those at HEAD.

    Raises:
        Refused: places that name the version disagree.
    """
    version = only(VERSION, root / "src/rosenblatt/__init__.py", "line `__version__ = …`")
    places = {
        "the newest dated section of CHANGELOG.md": only(
            DATED, root / "CHANGELOG.md", "dated section `## [1.2.3] - 2026-01-31`"
        ),
        "CITATION.cff": only(CITED, root / "CITATION.cff", "line `version: …`"),
        "tools/public_names.txt": only(LISTED, root / "tools/public_names.txt", "version"),
    }
    for place, found in places.items():
        if found != version:
            raise Refused(
                f"Cannot release: {place} says another version than the package. Given: {found}. "
                f"Expected: {version}, the `__version__` of src/rosenblatt/__init__.py. "
                f'Fix: CONTRIBUTING.md, "How to release".'
            )
    versions = [tag for tag in tags if re.match(r"v\d", tag)]
    if versions and f"v{version}" not in versions:
        raise Refused(
            f"Cannot release: the tag at HEAD is another version than the package. "
            f"Given: {', '.join(versions)}. Expected: v{version}. "
            f"Fix: `git tag --delete {versions[0]}`, or change `__version__`."
        )
    return version


def git(*arguments: str) -> str:
    """What a command of git's prints."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def run(*command: str | Path, where: Path | None = None) -> str:
    """Run a program that no setting of this checkout reaches; what it prints.

    Raises:
        Refused: it failed.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    if where is not None:
        kept["ROSENBLATT_CACHE_DIR"] = str(where / "cache")
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=where or ROOT, env=kept, capture_output=True, text=True)
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}".strip()
        shown = " ".join(word.strip().partition("\n")[0] for word in words)
        raise Refused(f"{shown}: ended with {done.returncode}.\n{said}")
    return done.stdout


def find_pythons(wanted: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """For each version the Python that runs and has venv; None where there is none."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for version in wanted:
        tried = [
            shutil.which(f"python{version}"),
            *sorted(root.glob(f"versions/{version}.*/bin/python")),
        ]
        tried.insert(0, sys.executable)
        probe = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
        for path in filter(None, tried):
            done = subprocess.run([path, "-c", probe], capture_output=True, text=True)
            if done.stdout.strip() == version:
                yield version, str(path)
                break
        else:
            yield version, None


def build() -> tuple[Path, Path]:
    """The sdist, and the wheel that is made from it; both checked."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST, ROOT)
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel)
    run(sys.executable, "-m", "check_wheel_contents", wheel)
    return sdist, wheel


def make_environment(python: str, folder: Path, wheel: Path, extra: str = "") -> Path:
    """An environment with the wheel, and what it installs; its Python."""
    run(python, "-m", "venv", folder)
    made = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = f"{wheel}[{extra}]" if extra else str(wheel)
    run(
        made,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--disable-pip-version-check",
        wanted,
    )
    return made


def try_bare(python: str, wheel: Path, version: str) -> None:
    """Import, quickstart and demo in an environment with the wheel and its command line."""
    with tempfile.TemporaryDirectory(prefix="rosenblatt-release-") as folder:
        made = make_environment(python, Path(folder) / "environment", wheel, "cli")
        empty = Path(folder) / "empty"
        empty.mkdir()
        run(made, "-I", "-c", IMPORTS, version, where=empty)
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
        (quickstart,) = [block for block in blocks if "california_housing" in block]
        run(made, "-I", "-c", quickstart, where=empty)
        command = made.with_name("rosenblatt")
        run(command, "train", "california_housing", "--out", "run", where=empty)
        for file in ("model.keras", "metrics.json"):
            if not (empty / "run" / file).is_file():
                raise Refused(f"rosenblatt train: run/{file} was not written.")


def size_of(folder: Path) -> int:
    """The bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def try_extra(python: str, wheel: Path, extra: str) -> int:
    """The call of an extra in an environment of its own; the bytes that are installed there.

    With no extra: each call fails with its text.
    """
    with tempfile.TemporaryDirectory(prefix="rosenblatt-release-") as folder:
        made = make_environment(python, Path(folder) / "environment", wheel, extra)
        size = size_of(Path(folder) / "environment")
        empty = Path(folder) / "empty"
        empty.mkdir()
        if extra:
            run(made, "-I", "-c", EXTRAS[extra].call, where=empty)
            if extra == "all":
                write_bill(made)
            return size
        found = json.loads(run(made, "-I", "-c", ERRORS, ROOT / "tools", where=empty))
        for name, said in found.items():
            expected = EXTRAS[name].says
            if said is None or (expected is not None and said != expected):
                raise Refused(f"Without the extra {name!r}: {said!r} instead of {expected!r}.")
        return size


def write_bill(python: Path) -> None:
    """What is installed beside a Python, with licences, as a CycloneDX file in `dist`."""
    (wheel,) = DIST.glob("*.whl")
    file = DIST / f"{'-'.join(wheel.name.split('-')[:2])}.cdx.json"
    run(
        sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible",
        "--output-file", file, python,
    )  # fmt: skip


def megabytes(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1e6:,.1f} MB"


def attempt(what: str, failed: list[str], work: object, *arguments: object) -> object:
    """Do a part and say how it went; what fails is noted, and the other parts are done too."""
    print(f"{what} … ", end="", flush=True)
    try:
        result = work(*arguments)  # type: ignore[operator]
    except Refused as error:
        failed.append(what)
        print(f"FAILED\n{error}", flush=True)
        return None
    print(megabytes(result) if isinstance(result, int) else "ok", flush=True)
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it all; 1 where something failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only-versions", action="store_true", help="compare versions, build nothing"
    )
    parser.add_argument("--pythons", nargs="+", default=PYTHONS, metavar="3.x")
    parser.add_argument("--extras", nargs="*", default=[*EXTRAS], metavar="EXTRA")
    options = parser.parse_args(arguments)
    tags = git("tag", "--points-at", "HEAD").split()
    try:
        version = check_versions(ROOT, tags)
        print(f"rosenblatt {version}" + ("" if tags else " (no tag at HEAD: a rehearsal)"))
        if options.only_versions:
            return 0
        sdist, wheel = build()
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    for file in (sdist, wheel):
        print(f"{file.relative_to(ROOT)}: {megabytes(file.stat().st_size)}, checked")
    failed: list[str] = []
    found = dict(find_pythons(options.pythons))
    for number, python in found.items():
        if python is None:
            print(f"Python {number}: not on this machine, not tried")
        else:
            attempt(
                f"Python {number}: import, quickstart, demo",
                failed,
                try_bare,
                python,
                wheel,
                version,
            )
    for extra in ["", *options.extras]:
        named = f"[{extra}]" if extra else " alone, each extra's error"
        attempt(f"rosenblatt{named}", failed, try_extra, sys.executable, wheel, extra)
    print(f"failed: {', '.join(failed)}" if failed else f"All that was tried works: {DIST}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
