"""None in a shape is any size: outputs with an inner None axis are trained, as in Keras."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 4, 3)).astype("float32")
REAL = RNG.normal(size=(6, 4, 2)).astype("float32")
ONE_HOT = np.eye(2, dtype="float32")[RNG.integers(0, 2, (6, 4))]
IDS = ONE_HOT.argmax(-1)


def model_of(library: Any, activation: str | None = None) -> Any:
    inputs = library.Input((None, 3))
    return library.Model(inputs, library.layers.Dense(2, activation=activation)(inputs))


@pytest.mark.parametrize(
    ("loss", "y", "activation"),
    [
        ("mse", REAL, None),
        ("mae", REAL, None),
        ("huber", REAL, None),
        ("cosine_similarity", REAL, None),
        ("binary_crossentropy", ONE_HOT, "sigmoid"),
        ("categorical_crossentropy", ONE_HOT, "softmax"),
        ("sparse_categorical_crossentropy", IDS, "softmax"),
        ("sparse_categorical_crossentropy", IDS[..., None], "softmax"),
    ],
)
def test_an_inner_none_axis_is_trained(keras: Any, loss: str, y: Any, activation: str) -> None:
    ours, theirs = (model_of(library, activation) for library in (rb, keras))
    theirs.set_weights([np.asarray(w) for w in ours.get_weights()])
    for model in (ours, theirs):
        model.compile("sgd", loss)
    losses = [m.fit(X, y, 6, epochs=2, verbose=0).history["loss"] for m in (ours, theirs)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def test_another_number_of_steps_is_refused_by_the_loss() -> None:
    model = model_of(rb)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="shapes that do not align"):
        model.fit(X, REAL[:, :3], verbose=0)


def test_features_of_any_number() -> None:
    inputs = rb.Input((None,))
    model = rb.Model(inputs, rb.layers.PReLU(shared_axes=[1])(inputs))
    model.compile("sgd", "mse")
    assert len(model.fit(X[:, 0], REAL[:, :3, 0], epochs=2, verbose=0).history["loss"]) == 2


def test_nothing_to_train_is_a_warning_and_metrics_go_on(keras: Any) -> None:
    found = []
    for library in (rb, keras):
        model = library.Sequential([library.Input((3,)), library.layers.Rescaling(2.0)])
        model.compile("adam", "mse", metrics=["mae"])
        warns = pytest.warns(UserWarning, match="trainable weights")
        with warns if library is rb else nullcontext():  # Keras says nothing on JAX
            history = model.fit(X[:, 0], X[:, 1], batch_size=6, epochs=2, verbose=0)
        found.append(history.history)
    for key in ("loss", "mae"):
        np.testing.assert_allclose(found[0][key], found[1][key], rtol=1e-5)


def test_normalization_takes_more_axes_than_it_was_adapted_on(keras: Any) -> None:
    found = []
    for library in (rb, keras):
        layer = library.layers.Normalization()
        layer.adapt(X[:, 0])
        found.append((layer(X), layer(library.KerasTensor((None, 5, 3))).shape))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-4, atol=1e-5)
    assert found[0][1] == tuple(found[1][1])
    layer = rb.layers.Normalization()
    layer.adapt(X[:, 0])
    with pytest.raises(ValueError, match="wrong size at axis -1"):
        layer(X[..., :2])


def test_normalization_adapts_to_steps_after_rows() -> None:
    layer = rb.layers.Normalization()
    layer.adapt(X[:, 0])
    layer.adapt(X)
    np.testing.assert_allclose(np.ravel(layer.mean), X.mean((0, 1)), rtol=1e-5)
