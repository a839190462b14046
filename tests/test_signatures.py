"""Arguments have Keras's order and defaults, by place and by name, as `inspect` shows them."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import rosenblatt as rb

keras = pytest.importorskip("keras")
SECTIONS = (
    "layers", "losses", "metrics", "optimizers", "optimizers.schedules", "initializers",
    "regularizers", "constraints", "callbacks",
)  # fmt: skip
# None, which comes to the same.
OTHER_DEFAULTS = {("ExponentialDecay", "name"), ("InverseTimeDecay", "name")}  # made of the class


def section(library: Any, name: str) -> Any:
    for part in name.split("."):
        library = getattr(library, part)
    return library


def classes() -> list[Any]:
    found = []
    for name in SECTIONS:
        ours, theirs = section(rb, name), section(keras, name)
        for one in sorted(set(dir(theirs)) & set(dir(ours))):
            if isinstance(getattr(theirs, one), type) and one[0].isupper():
                found.append(pytest.param(getattr(ours, one), getattr(theirs, one), id=one))
    assert len(found) > 150
    return found


def positional(cls: type) -> dict[str, inspect.Parameter]:
    return {
        name: parameter
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    }


@pytest.mark.parametrize(("ours", "theirs"), classes())
def test_arguments_come_in_keras_s_order(ours: type, theirs: type) -> None:
    found, expected = positional(ours), positional(theirs)
    assert list(found)[: len(expected)] == list(expected)


@pytest.mark.parametrize(("ours", "theirs"), classes())
def test_defaults_are_keras_s(ours: type, theirs: type) -> None:
    plain = (type(None), bool, int, float, str, tuple)
    found = inspect.signature(ours).parameters
    for name, parameter in inspect.signature(theirs).parameters.items():
        compared = name in found and (ours.__name__, name) not in OTHER_DEFAULTS
        if compared and isinstance(parameter.default, plain):
            assert found[name].default == parameter.default, name


def test_common_arguments_of_an_optimizer_come_by_place_too() -> None:
    class Mine(rb.optimizers.Optimizer):
        def __init__(self, rate: float):
            super().__init__(rate, 0.1, None, 0.5)

    assert (Mine(0.3).weight_decay, Mine(0.3).clipvalue) == (0.1, 0.5)
    adam = rb.optimizers.AdamW(1e-3, 0.01, 0.8)
    assert (adam.weight_decay, adam.beta_1) == (0.01, 0.8)
