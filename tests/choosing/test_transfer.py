"""Lower layers reused: copied, frozen, trained in two stages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.choosing import fit_transferred, transfer, unfreeze

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 6)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


@pytest.fixture
def old() -> Any:
    """A network trained for another task."""
    rb.utils.set_random_seed(1)
    inputs = rb.Input((6,), name="x")
    h = rb.layers.Dense(8, "relu", name="low")(inputs)
    h = rb.layers.BatchNormalization(name="middle")(h)
    h = rb.layers.Dense(7, "relu", name="high")(h)
    model = rb.Model(inputs, rb.layers.Dense(3, name="logits")(h), name="old")
    model.compile("adam", rb.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(X, RNG.integers(0, 3, 64), epochs=2, verbose=0)
    return model


@pytest.mark.parametrize(
    ("last_layer", "kept"),
    [(None, ["low", "middle", "high"]), ("middle", ["low", "middle"]), (0, ["low"])],
)
def test_layers_are_copied_and_frozen(old: Any, last_layer: Any, kept: list[str]) -> None:
    before = old.get_weights()
    new = transfer(old, [rb.layers.Dense(4, "relu"), rb.layers.Dense(1, "sigmoid")], last_layer)
    copied = [layer for layer in new.layers[1:] if not layer.trainable]
    assert [layer.name for layer in copied] == kept
    assert new.output_shape == (None, 1)
    for layer in copied:
        assert layer is not old.get_layer(layer.name)
        for mine, theirs in zip(layer.weights, old.get_layer(layer.name).weights, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    inner = rb.Model(old.input, old.get_layer(kept[-1]).output).predict(X, verbose=0)
    outputs = rb.Model(new.input, copied[-1].output).predict(X, verbose=0)
    np.testing.assert_allclose(outputs, inner, rtol=1e-6)
    new.compile("sgd", "binary_crossentropy")
    new.fit(X, Y, verbose=0)
    for one, other in zip(old.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_stages(old: Any) -> None:
    new = transfer(old, rb.layers.Dense(1, "sigmoid", name="head"))
    rates, moved, kernel = [], [], new.get_layer("low").kernel.numpy()

    class Watch(rb.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            rates.append(float(self.model.optimizer.learning_rate))
            moved.append(bool((self.model.get_layer("low").kernel.numpy() != kernel).any()))

    history = fit_transferred(
        new,
        X,
        Y,
        loss="binary_crossentropy",
        metrics=["accuracy"],
        learning_rate=0.01,
        frozen_epochs=2,
        epochs=5,
        validation_data=(X, Y),
        callbacks=[Watch()],
        verbose=0,
    )
    assert moved == [False, False, True, True, True]
    np.testing.assert_allclose(rates, [0.01] * 2 + [0.001] * 3, rtol=1e-6)
    assert history.epoch == [0, 1, 2, 3, 4]
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in history.history.values()} == {5}
    assert all(layer.trainable for layer in new.layers)


def test_one_stage_only(old: Any) -> None:
    for frozen, epochs in ((2, 2), (0, 2)):
        new = transfer(old, rb.layers.Dense(1))
        before = new.get_layer("low").kernel.numpy()
        history = fit_transferred(
            new, X, Y, loss="mse", frozen_epochs=frozen, epochs=epochs, rate_after=0.1, verbose=0
        )
        assert history.epoch == [0, 1]
        assert (new.get_layer("low").kernel.numpy() == before).all() == (frozen == 2)


def test_unfreeze_names_what_was_frozen(old: Any) -> None:
    new = transfer(old, rb.layers.Dense(1, name="head"))
    assert unfreeze(new) == ["low", "middle", "high"]
    assert unfreeze(new) == []
    assert len(new.trainable_variables) == 8


@pytest.mark.parametrize(
    ("last_layer", "text"),
    [
        (
            "lwo",
            "transfer: model 'old' has no such layer. Given: 'lwo'. Fix: did you mean 'low'?",
        ),
        (
            7,
            "transfer: model 'old' has no such layer. Given: 7. Expected: an index of its 4 "
            "layers, or a name.",
        ),
    ],
)
def test_layers_that_are_not_there(old: Any, last_layer: Any, text: str) -> None:
    with pytest.raises(ValueError) as caught:
        transfer(old, rb.layers.Dense(1), last_layer)
    assert str(caught.value) == text


def test_what_cannot_be_done(old: Any) -> None:
    class Own(rb.Model):
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ValueError) as caught:
        transfer(Own(name="own"), rb.layers.Dense(1))
    assert str(caught.value) == (
        "transfer: layers can be taken from a Sequential or functional model with one input, "
        "which is built. Given: Own 'own'. Fix: build it, or take its layers by hand: "
        "`Model(m.input, m.get_layer(...).output)`."
    )
    with pytest.raises(ValueError) as caught:
        fit_transferred(old, X, Y, loss="mse", frozen_epochs=3, epochs=2)
    assert str(caught.value) == (
        "fit_transferred: bad `frozen_epochs`. Given: 3. Expected: 0 to epochs=2, of which they "
        "are a part."
    )
