"""What the command line declares: that it fits what is done, and that help imports none of that."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import subprocess
import sys

import pytest

from rosenblatt.cli import files, main, options, problems
from rosenblatt.cli.verbs import VERBS
from rosenblatt.serving import Limits, serve


@pytest.mark.parametrize("name", VERBS)
def test_what_does_a_verb_takes_what_the_verb_takes(name: str) -> None:
    verb = VERBS[name]
    done = getattr(importlib.import_module(f"rosenblatt.cli.{verb.module}"), verb.function)
    assert [*inspect.signature(done).parameters] == [*inspect.signature(verb.run).parameters]
    declared = inspect.get_annotations(verb.run, eval_str=True)
    for argument, kind in inspect.get_annotations(done, eval_str=True).items():
        if argument != "return":
            assert declared[argument].__origin__ == kind, argument


def test_what_help_lists_is_what_there_is() -> None:
    assert tuple(problems.BUILTIN) == options.DATA_SETS
    assert tuple(files.ENDINGS) == options.ENDINGS


@pytest.mark.parametrize("words", ["--help", "--version", "train --help", "tune --help", ""])
def test_help_imports_no_more_than_it_needs(words: str) -> None:
    code = f"""
import sys
from rosenblatt.cli import main
assert main({words.split()}) == 0
print(*(m for m in sys.modules if m.partition(".")[0] in ("rosenblatt", "jax", "numpy", "polars")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert {*done.stdout.splitlines()[-1].split()} == {
        "rosenblatt.core", "rosenblatt.core.errors", "rosenblatt.core.collector",
        "rosenblatt.core.faces", "rosenblatt", "rosenblatt.cli.options", "rosenblatt.cli.verbs",
        "rosenblatt.cli.app", "rosenblatt.cli",
        *(["rosenblatt.core.versions"] if words == "--version" else []),
    }  # fmt: skip


def test_the_plain_network_of_built_in_data_imports_no_tables(tmp_path: object) -> None:
    code = f"""
import sys
from rosenblatt.cli import main
assert main(["train", "iris", "--out", {str(tmp_path)!r}, "--epochs", "1", "--quiet"]) == 0
print(*(m for m in sys.modules if "rosenblatt.tab" in m), "polars" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"


def test_a_verb_alone_says_what_all_of_them_say(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a known verb only its own signature is read; what is wrong is said alike."""
    for words in (["train"], ["train", "a.csv", "--nothing"], ["trian"], ["--nothing"]):
        assert main(words) == 2
    told = capsys.readouterr().err
    assert "Missing argument 'data'" in told
    assert "No such option: --nothing" in told
    assert "No such command 'trian'" in told
    assert main(["train", "--help"]) == 0
    assert "Usage: rosenblatt train [OPTIONS]" in capsys.readouterr().out


def test_the_verb_serve_has_the_defaults_of_the_function() -> None:
    # The help imports nothing of what verbs do, so these numbers stand in two places.
    verb = inspect.signature(VERBS["serve"].run).parameters
    limits = {f"max_{one.name}": one.default for one in dataclasses.fields(Limits)}
    own = {name: inspect.signature(serve).parameters[name].default for name in ("port", "host")}
    told = {name: verb[name].default for name in verb if name != "model"}
    assert told == limits | own
