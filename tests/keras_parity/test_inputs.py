"""Layers refuse the inputs that Keras refuses, never by an inner error, or give its shapes."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from outcomes import Outcome, outcome
from wrong_inputs import FORMS, LETTERS, Case, call, layers

import rosenblatt as rb
from rosenblatt.core.errors import RosenblattError

# What Keras does, by layer: types of errors ("?": met in code that it calls) or shapes, and forms.
KERAS: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "inputs.json").read_text("utf-8")
)
# "layer, form: what Keras does", and why we do something else.
RULES: tuple[tuple[str, str], ...] = (
    (r".*Keras: ImportError", "Keras needs TensorFlow"),
    (r".* takes numbers\..*", "text has no arithmetic"),
    (r".*`call` returned None.*|ActivityRegularization, new, \[?None.*", "a call gives something"),
    (r"\w+, new, (3|a dict of numbers): gives .*", "a number is an array without axes"),
    (r"\w+, new, (a list of \d|a dict|two ranks|two sizes): gives .*", "each of a nest by itself"),
    (r"CategoryEncoding, built, .*: gives .*", "Keras's symbolic shape: its eager one is another"),
    (r"EinsumDense, new, .*wrong rank for equation.*", "the equation says the rank"),
    (r"\w*Attention, .*the shapes do not fit.*", "attention needs steps of equal sizes"),
    (
        r"\w+, built, \((2, 1)?\): refused: .*",
        "it was built for other sizes",
    ),
    (r"SpectralNormalization, new, \(4,\): refused.*", "the layer inside takes rows"),
    (r"Masking, .*wrong rank.*", "steps need features"),
    (r"Softmax, new, \(\): refused.*", "there is no axis"),
    (r"(PReLU|Softmax), new, bool: .*", "booleans cannot be subtracted"),
)


def theirs(case: Case) -> str:
    """What Keras does."""
    return next(k for k, forms in KERAS[case.part].items() if LETTERS[case.value] in forms)


def fault(case: Case, ours: Outcome) -> str | None:
    """How what we do differs from what Keras does."""
    expected = theirs(case)
    refuses = not expected.startswith(("[", "{", '"', "null"))
    if ours.error is None:
        found = json.dumps(ours.value)
        return None if found == expected else f"gives {found}; Keras: {expected}"
    if not isinstance(ours.error, RosenblattError):
        return f"an inner error: {ours}"
    if not re.search(r"Layer '\w+'|`\w+\.build`", str(ours.error)):  # it, or one inside
        return f"the layer is not named: {ours}"
    if not refuses:
        return f"refused: {ours}; Keras: {expected}"
    return None if isinstance(ours.error, ValueError) else f"not a ValueError: {ours}"


def reason(case: Case, text: str) -> str | None:
    """The first rule that fits."""
    row = f"{case.part}, {case.value}: {text}"
    return next((why for rule, why in RULES if re.fullmatch(rule, row)), None)


@functools.cache
def tried(name: str, use: Callable[[Any, Case, ModuleType], Any], members: ModuleType) -> Any:
    cases = [Case(name, "inputs", form) for form in FORMS]
    found = [(case, outcome(functools.partial(use, rb, case, members))) for case in cases]
    return [(case, text) for case, ours in found if (text := fault(case, ours))]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KERAS)
def test_inputs_that_do_not_fit(name: str, tool: Any) -> None:
    found = tried(name, call, tool("keras_members"))
    faults = [f"{c.part}, {c.value}: {text}" for c, text in found if not reason(c, text)]
    assert not faults, "\n".join(faults)


@pytest.mark.filterwarnings("ignore")
def test_every_rule_is_needed(tool: Any) -> None:
    """Prints how many cases each rule stands for: `pytest -s -k rule`."""
    found = [one for name in KERAS for one in tried(name, call, tool("keras_members"))]
    counts = Counter(reason(*one) for one in found)
    print(*(f"{count:6} {why}" for why, count in counts.most_common()), sep="\n")
    assert {why for _, why in RULES} <= counts.keys()


def test_every_layer_was_tried_with_keras() -> None:
    assert KERAS.keys() <= {*layers(rb)}
    assert len(KERAS) * len(FORMS) > 2_000
