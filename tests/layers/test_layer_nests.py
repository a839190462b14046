"""Layers without weights on nests of arrays: each array is computed alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

A = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
B = np.linspace(-2, 3, 4, dtype="float32").reshape(2, 2)
LAYERS = {
    "Activation": lambda: rb.layers.Activation("tanh"),
    "ELU": lambda: rb.layers.ELU(0.5),
    "LeakyReLU": lambda: rb.layers.LeakyReLU(0.5),
    "ReLU": lambda: rb.layers.ReLU(max_value=1.0),
    "Rescaling": lambda: rb.layers.Rescaling(2.0, 1.0),
    "Softmax": rb.layers.Softmax,
    "UnitNormalization": rb.layers.UnitNormalization,
}


@pytest.mark.parametrize("name", LAYERS)
def test_each_array_of_a_nest(name: str) -> None:
    layer = LAYERS[name]()
    nest = {"a": [A, B], "b": (A,)}
    found = layer(nest)
    assert type(found["a"]) is list
    assert type(found["b"]) is tuple
    pairs = ((found["a"][0], A), (found["a"][1], B), (found["b"][0], A))
    for one, given in pairs:
        np.testing.assert_array_equal(one, layer(given))
    a, b = rb.Input((3,)), rb.Input((2,))
    symbolic = layer([a, b])
    assert [one.shape for one in symbolic] == [(None, 3), (None, 2)]
    for one, given in zip(rb.Model([a, b], symbolic)([A, B]), (A, B), strict=True):
        np.testing.assert_array_equal(one, layer(given))


def test_masks_of_a_nest() -> None:
    mask = np.array([[True, False, True], [True, True, True]])
    layer = rb.layers.Softmax()
    found = layer([A, A], mask=[mask, mask])
    for one in found:
        np.testing.assert_array_equal(one, layer(A, mask=mask))


def test_a_user_s_function_gets_the_nest() -> None:
    def total(nest: Any) -> Any:
        return nest[0] + nest[1]

    np.testing.assert_array_equal(rb.layers.Activation(total)([A, A]), 2 * A)
