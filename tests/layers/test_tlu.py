"""TLULayer: the chapter's equation by NumPy, XOR by two of them, configs and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

import rosenblatt as rb
from rosenblatt.sklearn import Perceptron

STEPS = {"heaviside": lambda z: np.heaviside(z, 1), "sign": np.sign}
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")


@pytest.mark.parametrize("step", STEPS)
def test_a_layer_over_a_batch(step: str) -> None:
    x = np.random.default_rng(0).integers(-3, 4, (20, 4)).astype("float32")
    layer = rb.layers.TLULayer(3, step)
    layer.build((None, 4))
    assert [w.name for w in layer.weights] == ["kernel", "bias"]
    layer.set_weights([np.array([[1, -1, 0]] * 4), np.array([0, 1, 0])])
    w, b = layer.get_weights()
    found = np.asarray(layer(x))
    np.testing.assert_array_equal(found, STEPS[step](x @ w + b))
    assert {0.0, 1.0} <= set(found.ravel().tolist())


def xor_network() -> rb.Sequential:
    """Either but not both: the hidden units are OR and AND."""
    model = rb.Sequential(
        [rb.Input((2,)), rb.layers.TLULayer(2, name="or_and"), rb.layers.TLULayer(1)]
    )
    model.set_weights([np.ones((2, 2)), [-0.5, -1.5], [[1], [-1]], [-0.5]])
    return model


def test_two_layers_solve_xor_and_are_saved(tmp_path: Path) -> None:
    model = xor_network()
    assert model.predict(CORNERS, verbose=0)[:, 0].tolist() == [0, 1, 1, 0]
    model.save(tmp_path / "xor.keras")
    again = rb.saving.load_model(tmp_path / "xor.keras")
    assert again.predict(CORNERS, verbose=0)[:, 0].tolist() == [0, 1, 1, 0]
    assert again.get_config() == model.get_config()


def test_config() -> None:
    layer = rb.layers.TLULayer(2, "sign", use_bias=False, kernel_initializer="ones", name="u")
    again = rb.layers.deserialize(rb.layers.serialize(layer))
    assert type(again) is rb.layers.TLULayer
    assert again.get_config() == layer.get_config()
    assert again.activation is rb.activations.sign


@pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")
def test_it_takes_a_perceptrons_weights() -> None:
    iris = load_iris()
    one = Perceptron().fit(iris.data, iris.target)
    layer = rb.layers.TLULayer(3)
    layer.build((None, 4))
    layer.set_weights([one.coef_.T, one.intercept_])
    expected = one.decision_function(iris.data) >= 0
    np.testing.assert_array_equal(np.asarray(layer(iris.data.astype("float32"))) == 1, expected)


def test_only_steps() -> None:
    with pytest.raises(ValueError) as caught:
        rb.layers.TLULayer(1, "relu")
    assert str(caught.value) == (
        "TLULayer: `activation` is no step. Given: 'relu'. Expected: 'heaviside' or 'sign'. Fix: "
        "`Dense` takes any activation, also steps with a surrogate derivative."
    )
