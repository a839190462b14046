"""Write what Keras does with wrong values: `arguments.json`, `calls.json` and others.

    KERAS_BACKEND=jax PYTHONPATH=src:tests/keras_parity python tools/keras_arguments.py [SECTION …]

All of it; or the functions of some sections ("losses", "tree"), "arguments" of classes,
"methods" or "inputs" of layers, beside what is there.

For each class, function and argument: the values that Keras refuses, by the type of its error; "?"
before a type says that the error comes from code that Keras calls. Keras accepts the others.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import logging
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import keras

import rosenblatt

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "keras_parity"))
import keras_members
import wrong_inputs
import wrong_methods
from outcomes import Outcome, outcome
from wrong_arguments import LETTERS, VALUES, Case, arguments, classes, make, part_of, required
from wrong_calls import SECTIONS, call, fitting, functions, names

FOLDER = Path(__file__).parents[1] / "tests" / "keras_parity"
Refused = dict[str, Any]  # for each argument: types of errors, and letters of values


def kind_of(found: Outcome) -> str | None:
    """The type of an error; None where there is none."""
    if found.error is None:
        return None
    return ("" if found.meant else "?") + type(found.error).__name__


def refused(path: str, arguments: Iterable[str], use: Callable[[Any, Case], Any]) -> Refused:
    """What Keras refuses of each argument of a class or function."""
    found: Refused = {}
    for name in arguments:
        row: dict[str, str] = {}
        for value in VALUES:
            kind = kind_of(outcome(functools.partial(use, keras, Case(path, name, value))))
            if kind is not None:
                row[kind] = row.get(kind, "") + LETTERS[value]
        found[name] = row
    return found


def of_classes() -> dict[str, Refused]:
    """By the paths of classes; those that Keras cannot make here are left out."""
    found = {}
    for path in classes(rosenblatt):
        try:
            part_of(keras, path)(**required(keras, path))
        except (AttributeError, ImportError):  # ours alone, or for TensorFlow only
            continue
        found[path] = refused(path, arguments(keras, path), make)
    return found


def of_functions(sections: Iterable[str]) -> dict[str, Refused]:
    """By the paths of functions, with the arguments that both libraries have."""
    found = {}
    for path in functions(rosenblatt, sections):
        try:
            args, kwargs = fitting(keras, path)
            part_of(keras, path)(*args, **kwargs)
        except (AttributeError, ImportError, KeyError, TypeError):  # … or tried elsewhere
            continue
        except (OSError, ValueError):  # a file that does not exist
            pass
        both = [name for name in names(rosenblatt, path) if name in names(keras, path)]
        found[path] = refused(path, both, call)
    return found


def of_methods() -> dict[str, Refused]:
    """By class and method, with the arguments that both libraries have."""
    found = {}
    for path in wrong_methods.METHODS:
        ours = wrong_methods.names(rosenblatt, path)
        both = [name for name in wrong_methods.names(keras, path) if name in ours]
        found[path] = refused(path, both, wrong_methods.call)
    return found


def of_inputs() -> dict[str, dict[str, str]]:
    """By layer: types of errors, or the shapes of what comes out, and letters of inputs."""
    found = {}
    for name in wrong_inputs.layers(rosenblatt):
        row: dict[str, str] = {}
        for form, letter in wrong_inputs.LETTERS.items():
            case = wrong_inputs.Case(name, "inputs", form)
            one = outcome(functools.partial(wrong_inputs.call, keras, case, keras_members))
            kind = kind_of(one) or json.dumps(one.value)
            row[kind] = row.get(kind, "") + letter
        if hasattr(keras.layers, name):
            found[name] = row
    return found


def write(file: str, found: dict[str, Refused]) -> None:
    """One line for each class or function, beside those of other sections that are there."""
    path = FOLDER / file
    new = {one.partition(".")[0] for one in found}
    there: dict[str, Refused] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    kept = {one: row for one, row in there.items() if one.partition(".")[0] not in new}
    rows = ",\n".join(
        f"{json.dumps(one)}: {json.dumps(row)}" for one, row in sorted((kept | found).items())
    )
    path.write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")


OTHERS = {"arguments": of_classes, "methods": of_methods, "inputs": of_inputs}


def main(sections: list[str]) -> None:
    """Try all of them, or the functions of some sections."""
    logging.disable()
    with contextlib.redirect_stdout(io.StringIO()):
        for section in sections or SECTIONS:
            if section not in OTHERS:
                write("calls.json", of_functions([section]))
        for name, find in OTHERS.items():
            if not sections or name in sections:
                write(f"{name}.json", find())


if __name__ == "__main__":
    main(sys.argv[1:])
