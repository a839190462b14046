"""`rosenblatt --version`, and with `--all` what a report of a fault needs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import jax
import numpy as np
import pytest

from rosenblatt.cli import environment, main
from rosenblatt.core import versions

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


def facts(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert main(["--version", "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = dict(line.split(": ", 1) for line in lines)
    assert len(found) == len(lines)
    return found


def test_everything_that_a_report_needs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ROSENBLATT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XLA_FLAGS", "")
    monkeypatch.setenv("A_TOKEN", "is none of anybody's business")
    told = facts(capsys)
    assert told["rosenblatt"].startswith(versions.own_version())
    assert (told["jax"], told["numpy"]) == (jax.__version__, np.__version__)
    assert re.match(r"CPython 3\.\d+\.\d+, /", told["Python"])
    assert re.match(r"[1-9]\d* for this process, [1-9]\d* in all", told["cores"])
    assert re.fullmatch(r"unknown|[\d.]+ GiB, [\d.]+ GiB available", told["memory"])
    assert "cpu" in told["devices"]
    assert told["cache folder"] == f"{tmp_path / 'cache'} (does not exist yet)"
    assert told["program cache"] == str(tmp_path / "cache" / "programs")
    assert f"ROSENBLATT_CACHE_DIR={tmp_path / 'cache'}" in told["environment"]
    assert "XLA_FLAGS=" in told["environment"]
    assert "A_TOKEN" not in told["environment"]
    assert {"processor", "instructions", "system"} <= set(told)


def test_every_package_that_an_extra_installs_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    named = {re.split(r"[\[<>=!~ ]", one)[0] for group in groups for one in group} - {"rosenblatt"}
    assert named - {*environment.NEEDED, *environment.OPTIONAL} == set()
    monkeypatch.setattr(versions.metadata, "version", _nothing)
    (tmp_path / "a file").write_bytes(b" " * 2**20)
    monkeypatch.setenv("ROSENBLATT_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("ROSENBLATT_PROGRAM_CACHE", "0")
    told = facts(capsys)
    assert {told[name] for name in environment.OPTIONAL} == {"not installed"}
    assert told["rosenblatt"].startswith("(run from a source folder, not installed), /")
    assert told["cache folder"] == f"{tmp_path} (1 MB)"
    assert told["program cache"] == "switched off"


def _nothing(package: str) -> str:
    raise versions.metadata.PackageNotFoundError(package)


def test_the_version_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"rosenblatt {versions.own_version()}\n"
    assert main(["--all"]) == 2
    assert capsys.readouterr().err == (
        "rosenblatt: --all belongs to --version. Fix: rosenblatt --version --all\n"
    )
