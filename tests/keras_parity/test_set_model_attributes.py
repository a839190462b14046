"""Attributes of models, layers and compiled parts that are read and set as in Keras.

Each public attribute that Keras has is read on a fresh object of both libraries, and set to its
own value and to values of other kinds: what one accepts the other does, and the same is read back.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import rosenblatt as rb

pytestmark = pytest.mark.filterwarnings("ignore")

X = np.ones((2, 3), "float32")
VALUES = (None, True, "x")
# What differs on purpose, or has no counterpart here: kind, attribute, value set ("read", "own").
MEANT = (
    (r".*\.call_signature_parameters, .*", "what the signature of `call` says"),
    (r".*\.\w*(quantiz|remat)\w*, read", "for networks far larger than these"),
    (r".*\.(input|output), read", "a Sequential model has them as soon as it is built"),
    (r".*\.variable_serialization_spec, read", "of quantized layers"),
    (r".*\.path, .*", "may be set, without effect on a model's variables"),
    (r".*\.(run_eagerly|jit_compile|compiled), .*", "are read back as booleans, or refused"),
    (r".*\.output_names, (True|3|'x'|None)", "names or none"),
    (r"Adam\.learning_rate, True", "not a rate"),
    (r"(AUC|Huber)\.(dtype|thresholds), .*", "what is set on a part counts"),
)


def sequential(library: Any) -> Any:
    return library.Sequential([library.Input((3,)), library.layers.Dense(1)])


def compiled(library: Any) -> Any:
    model = sequential(library)
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def functional(library: Any) -> Any:
    inputs = library.Input((3,))
    return library.Model(inputs, library.layers.Dense(1)(inputs))


def subclassed(library: Any) -> Any:
    class Own(library.Model):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = library.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    model = Own()
    model(X)
    return model


KINDS: dict[str, Callable[[Any], Any]] = {
    "Sequential": sequential,
    "Sequential, compiled": compiled,
    "Sequential, not built": lambda library: library.Sequential([library.layers.Dense(1)]),
    "Functional": functional,
    "subclassed": subclassed,
    "Dense": lambda library: library.layers.Dense(1),
    "Adam": lambda library: library.optimizers.Adam(),
    "AUC": lambda library: library.metrics.AUC(),
    "Huber": lambda library: library.losses.Huber(),
}


def read(one: Any, name: str) -> tuple[str, Any]:
    """What reading gives: ("ok", value), or "refused" and the error."""
    try:
        return "ok", getattr(one, name)
    except Exception as error:
        return "refused", f"{type(error).__name__}: {error}"


def after(one: Any, name: str, value: Any) -> tuple[str, Any]:
    """What is read after a value was set, in a form that compares between the libraries."""
    try:
        setattr(one, name, value)
    except Exception:
        return "refused", ""
    said, found = read(one, name)
    plain = found is None or isinstance(found, (int, str, bool))
    return said, found if said == "ok" and plain else ""


@functools.cache
def differences(kind: str) -> list[str]:
    """`kind.name, value: theirs / ours` of each attribute that Keras has."""
    make = KINDS[kind]
    found = []
    for name in dir(make(keras)):
        if name.startswith("_"):
            continue
        theirs, ours = read(make(keras), name), read(make(rb), name)
        if theirs[0] != ours[0]:
            found.append(f"{kind}.{name}, read: {theirs[0]} / {ours}")
            continue
        if theirs[0] != "ok":
            continue
        called = callable(theirs[1]) and not isinstance(theirs[1], type)
        values: list[Any] = [None] if called else list(VALUES)
        for value in values:
            one, other = after(make(keras), name, value), after(make(rb), name, value)
            if one != other:
                found.append(f"{kind}.{name}, {value!r}: {one} / {other}")
        a, b = make(keras), make(rb)
        one, other = after(a, name, read(a, name)[1]), after(b, name, read(b, name)[1])
        if one[0] != other[0]:
            found.append(f"{kind}.{name}, own: {one} / {other}")
    return found


def rule_of(line: str) -> str | None:
    return next((rule for rule, _ in MEANT if re.match(rule + r":", line)), None)


@pytest.mark.parametrize("kind", KINDS)
def test_attributes_are_read_and_set_as_in_keras(kind: str) -> None:
    assert [line for line in differences(kind) if rule_of(line) is None] == []


def test_every_rule_is_needed() -> None:
    lines = [line for kind in KINDS for line in differences(kind)]
    assert {rule for rule, _ in MEANT} == {rule_of(line) for line in lines} - {None}
