"""What a pass without training changes: random state and other untrained variables, as in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

X = np.ones((200, 6), "float32")


class MonteCarloDropout(rb.layers.Dropout):
    def call(self, inputs: Any, training: bool = False) -> Any:
        return super().call(inputs, training=True)


class Sampling(rb.layers.Layer):
    """The reparameterization of a variational autoencoder."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed_generator = rb.random.SeedGenerator(5)

    def call(self, inputs: Any) -> Any:
        noise = rb.random.normal(rb.ops.shape(inputs), seed=self.seed_generator)
        return inputs + noise


class Counter(rb.layers.Layer):
    """Counts its calls in a weight."""

    def build(self, shape: Any) -> None:
        self.calls = self.add_weight((), "zeros", trainable=False)

    def call(self, inputs: Any) -> Any:
        self.calls.assign_add(1.0)
        return inputs + 0 * self.calls


def model_of(layer: Any, eagerly: bool = False) -> Any:
    model = rb.Sequential([rb.Input((6,)), layer, rb.layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse", run_eagerly=eagerly)
    return model


DRAWING = {"dropout": lambda: MonteCarloDropout(0.5), "sampling": Sampling}


@pytest.mark.parametrize("kind", DRAWING)
def test_each_prediction_draws_its_own_numbers(kind: str) -> None:
    model = model_of(DRAWING[kind]())
    drawn = np.stack([model.predict(X, verbose=0) for _ in range(20)])
    called = np.stack([np.asarray(model(X)) for _ in range(20)])
    assert drawn.std(axis=0).mean() == pytest.approx(called.std(axis=0).mean(), rel=0.1)
    assert drawn.std(axis=0).mean() > 2.0


@pytest.mark.parametrize("kind", DRAWING)
def test_each_batch_and_each_program_of_a_prediction_draws_its_own(kind: str) -> None:
    rows = np.ones((5000, 6), "float32")
    parts = model_of(DRAWING[kind]()).predict(rows, batch_size=50, verbose=0).reshape(100, 50)
    assert len({part.tobytes() for part in parts}) == 100


@pytest.mark.parametrize("kind", DRAWING)
def test_each_evaluation_draws_its_own(kind: str) -> None:
    model = model_of(DRAWING[kind]())
    losses = [model.evaluate(X, X[:, :1], verbose=0) for _ in range(5)]
    losses += [model.test_on_batch(X, X[:, :1]) for _ in range(5)]
    assert len(set(losses)) == 10


@pytest.mark.parametrize("kind", DRAWING)
def test_a_seed_makes_it_repeatable(kind: str) -> None:
    found = []
    for _ in range(2):
        rb.utils.set_random_seed(3)
        model = model_of(DRAWING[kind]())
        passes = [model.predict(X, verbose=0), model.evaluate(X, X[:, :1], verbose=0)]
        passes += [model.predict(X, verbose=0), np.asarray(model(X))]
        found.append(passes)
    for first, second in zip(*found, strict=True):
        np.testing.assert_array_equal(first, second)


def test_what_keras_keeps_of_a_pass_is_kept(keras: Any) -> None:
    class Theirs(keras.layers.Layer):
        def build(self, shape: Any) -> None:
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, inputs: Any) -> Any:
            self.calls.assign(self.calls + 1.0)
            return inputs + 0 * self.calls

    counts = []
    for library, layer in ((rb, Counter()), (keras, Theirs())):
        model = library.Sequential([library.Input((6,)), layer, library.layers.Dense(1)])
        model.compile("sgd", "mse")
        start = float(np.asarray(layer.calls))
        seen = []
        for call in (
            lambda m: m.predict(X, batch_size=50, verbose=0),
            lambda m: m.evaluate(X, X[:, :1], batch_size=50, verbose=0),
            lambda m: m.fit(X, X[:, :1], batch_size=50, verbose=0),
            lambda m: m.test_on_batch(X, X[:, :1]),
        ):
            call(model)
            seen.append(float(np.asarray(layer.calls)) - start)
        counts.append(seen)
    assert counts[0] == counts[1] == [4.0, 8.0, 12.0, 13.0]


def test_a_layer_that_draws_nothing_leaves_the_model_as_it_is() -> None:
    model = model_of(rb.layers.BatchNormalization())
    model.predict(X, verbose=0)  # from now on the values are on the device
    before = [v._value for v in model.variables]
    model.predict(X, verbose=0)
    assert all(v._value is value for v, value in zip(model.variables, before, strict=True))


class OwnPredictStep(rb.Sequential):
    def predict_step(self, state: Any, data: Any) -> Any:
        outputs, rest = super().predict_step(state, data)
        return outputs * 2, rest


class ForgetsTheState(rb.Sequential):
    def predict_step(self, state: Any, data: Any) -> Any:
        return super().predict_step(state, data)[0], []


def test_a_predict_step_of_the_users_own() -> None:
    layers = [rb.Input((6,)), MonteCarloDropout(0.5), rb.layers.Dense(1)]
    model = OwnPredictStep(layers)
    assert not np.array_equal(model.predict(X, verbose=0), model.predict(X, verbose=0))
    with pytest.raises(ValueError) as error:
        ForgetsTheState(layers, name="short").predict(X, verbose=0)
    assert str(error.value) == (
        "`predict_step` of model 'short' (ForgetsTheState) returned a different number of "
        "non-trainable values than it got. Given: 0. Expected: 1. Fix: `return outputs, "
        "non_trainable_variables`."
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.evaluate(X, X[:, :1], verbose=0),
        lambda model: model.evaluate(iter([(X, X[:, :1])]), verbose=0),
        lambda model: model.predict(X, verbose=0),
        lambda model: model.predict(X, verbose=2),
        lambda model: model.test_on_batch(X, X[:, :1]),
    ],
)
def test_a_look_at_a_model_changes_no_weights_made_after_it(call: Any) -> None:
    made = []
    for looks in (False, True):
        rb.utils.set_random_seed(3)
        model = model_of(rb.layers.Dense(6))
        if looks:
            call(model)
        made.append(rb.Sequential([rb.Input((6,)), rb.layers.Dense(4)]).get_weights()[0])
    np.testing.assert_array_equal(*made)
