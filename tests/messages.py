"""Error messages compared with their texts, which stand in a .txt file beside the test module."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rosenblatt.core.errors import RosenblattError

Case = tuple[type[Exception], Callable[[], Any]]


def texts_beside(module: str) -> dict[str, str]:
    """The texts of a test module (its `__file__`), by the names of their cases."""
    lines = Path(module).with_suffix(".txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def check_message(case: Case, text: str) -> None:
    """Compare the error of a case with its text; the lines of code that it names may move."""
    kind, make = case
    with pytest.raises(kind) as caught:
        make()
    assert re.sub(r"line [0-9]+", "line N", str(caught.value)) == text
    own = isinstance(caught.value, RosenblattError)
    assert own or type(caught.value) is kind  # never an error of JAX's own, about tracers
