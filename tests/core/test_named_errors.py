"""docs/errors.md: it lists every exception, and each of its examples raises what it shows."""

from __future__ import annotations

import builtins
import doctest
import inspect
import pickle
import re
import sys
from pathlib import Path

import pytest

from rosenblatt.core import errors
from rosenblatt.tuner import errors as tuner_errors

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text()
NAMED = {
    name: cls
    for name, cls in vars(errors).items()
    if inspect.isclass(cls) and issubclass(cls, errors.RosenblattError)
}
del NAMED["RosenblattError"]


def builtin_bases(cls: type) -> set[str]:
    """The builtin errors that a class of ours is, itself or by a base of ours."""
    found = set()
    for base in cls.__bases__:
        ours = base.__module__ == errors.__name__
        found |= builtin_bases(base) if ours else {base.__name__}
    return found - {"Exception"}


def test_the_table_lists_every_exception_with_its_builtins() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (`.+?`) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    listed = {name: re.findall(r"`(\w+)`", also) for name, also, _cause, _cure in rows}
    assert {name: set(also) for name, also in listed.items()} == {
        name: builtin_bases(cls) for name, cls in NAMED.items()
    }
    for name, also in listed.items():
        for builtin in also:
            assert issubclass(NAMED[name], getattr(builtins, builtin))
    for name in tuner_errors.__all__:
        assert f"`{name}`" in PAGE, name


@pytest.mark.parametrize("name", NAMED)
def test_each_exception_has_an_example(name: str) -> None:
    assert f"\nrosenblatt.core.errors.{name}: " in PAGE


def test_each_example_raises_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "onnx", None)  # as if it were not installed
    page = PAGE.replace("\n```", "\n\n```")  # the end of a block ends what is expected
    test = doctest.DocTestParser().get_doctest(page, {}, "errors.md", "docs/errors.md", 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    found = doctest.DocTestRunner(optionflags=flags).run(test)
    assert found.attempted > 15
    assert found.failed == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", NAMED)
def test_a_message_survives_a_pickle(name: str) -> None:
    error = NAMED[name]("A problem.", given=1, fix="write 2.")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error) == "A problem. Given: 1. Fix: write 2."
