"""Write what Keras does with wrong values of arguments: `tests/keras_parity/arguments.json`.

    KERAS_BACKEND=jax PYTHONPATH=src:tests/keras_parity python tools/keras_arguments.py

For each class and argument: the values that Keras refuses, by the type of its error; "?" before a
type says that the error comes from code that Keras calls. What is not listed Keras accepts.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import sys
from pathlib import Path

import keras

import rosenblatt

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "keras_parity"))
from outcomes import Outcome, outcome
from wrong_arguments import LETTERS, VALUES, Case, arguments, classes, make, part_of, required

FILE = Path(__file__).parents[1] / "tests" / "keras_parity" / "arguments.json"


def kind_of(found: Outcome) -> str | None:
    """The type of an error; None where there is none."""
    if found.error is None:
        return None
    return ("" if found.meant else "?") + type(found.error).__name__


def refused(path: str) -> dict[str, dict[str, str]]:
    """What Keras refuses of each argument of a class: types of errors, and letters of values."""
    found: dict[str, dict[str, str]] = {}
    for name in arguments(keras, path):
        row: dict[str, str] = {}
        for value in VALUES:
            kind = kind_of(outcome(functools.partial(make, keras, Case(path, name, value))))
            if kind is not None:
                row[kind] = row.get(kind, "") + LETTERS[value]
        found[name] = row
    return found


def main() -> None:
    """Try all of them."""
    found = {}
    for path in classes(rosenblatt):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                part_of(keras, path)(**required(keras, path))
        except (AttributeError, ImportError):  # ours alone, or for TensorFlow only
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            found[path] = refused(path)
    rows = ",\n".join(f"{json.dumps(path)}: {json.dumps(row)}" for path, row in found.items())
    FILE.write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
