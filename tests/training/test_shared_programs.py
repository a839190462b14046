"""Models that differ in a number share a program, and each keeps its number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import layers
from rosenblatt.training import programs

X = np.array([[-2.0, -0.5, 0.5, 3.0]], "float32")
PAIRS = {
    "ELU": (lambda: layers.ELU(1.0), lambda: layers.ELU(0.4)),
    "LeakyReLU": (lambda: layers.LeakyReLU(0.1), lambda: layers.LeakyReLU(0.4)),
    "ReLU": (
        lambda: layers.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.2),
        lambda: layers.ReLU(max_value=1.0, negative_slope=0.3, threshold=0.7),
    ),
    "Dropout": (lambda: layers.Dropout(0.1), lambda: layers.Dropout(0.7)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_predicts_with_its_own_number(name: str) -> None:
    predictions, made = [], []
    for make in PAIRS[name]:
        model = rb.Sequential([rb.Input((4,)), make()])
        before = programs.statistics.made
        predictions.append(model.predict(X, verbose=0))
        made.append(programs.statistics.made - before)
        np.testing.assert_allclose(predictions[-1], model(X), rtol=1e-6)
    assert made[1] == 0  # the second model's numbers are arguments of the first one's program
    assert (name == "Dropout") == np.array_equal(*predictions)


@pytest.mark.parametrize("name", ["ELU", "LeakyReLU", "ReLU"])
def test_evaluates_with_its_own_number(name: str) -> None:
    for make in PAIRS[name]:
        model: Any = rb.Sequential([rb.Input((4,)), make()])
        model.compile(loss="mse")
        expected = float(np.mean(np.square(np.asarray(model(X)))))
        assert model.evaluate(X, np.zeros_like(X), verbose=0) == pytest.approx(expected, rel=1e-6)


def test_a_number_changed_later_counts() -> None:
    model = rb.Sequential([rb.Input((4,)), layers.LeakyReLU(0.1)])
    model.predict(X, verbose=0)
    model.layers[0].negative_slope = 0.5
    np.testing.assert_allclose(model.predict(X, verbose=0), np.where(X > 0, X, 0.5 * X))
