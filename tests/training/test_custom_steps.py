"""Steps written by a user's model: the same class on real Keras and on ours."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.training import programs

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 4)).astype("float32")
Y = X.sum(1, keepdims=True) + 1
WEIGHT = RNG.uniform(0.5, 2, 70).astype("float32")


def stateless_model(lib: Any) -> Any:
    """A training step in Keras's signature for JAX: loss, gradient, update, metrics by hand."""

    class Stateless(lib.Model):  # type: ignore[misc]
        def loss_and_updates(self, trainable: Any, fixed: Any, x: Any, y: Any) -> Any:
            y_pred, fixed = self.stateless_call(trainable, fixed, x, training=True)
            return self.compute_loss(x, y, y_pred), (y_pred, fixed)

        def train_step(self, state: Any, data: Any) -> Any:
            trainable, fixed, optimizer, metrics = state
            x, y = data
            function = jax.value_and_grad(self.loss_and_updates, has_aux=True)
            (loss, (_, fixed)), gradients = function(trainable, fixed, x, y)
            trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
            tracker = self.metrics[0]
            first = tracker.stateless_update_state(metrics[: len(tracker.variables)], loss)
            metrics = first + list(metrics[len(first) :])
            logs = {"loss": tracker.stateless_result(first), "last": loss}
            return logs, (trainable, fixed, optimizer, metrics)

    return Stateless


def weighted_model(lib: Any) -> Any:
    """`super().train_step` with something added to what is logged, and an own test step."""

    class Added(lib.Model):  # type: ignore[misc]
        def train_step(self, state: Any, data: Any) -> Any:
            logs, state = super().train_step(state, data)
            return {**logs, "twice": 2 * logs["loss"]}, state

        def test_step(self, state: Any, data: Any) -> Any:
            logs, state = super().test_step(state, data)
            return {"halved": logs["loss"] / 2}, state

    return Added


def built(lib: Any, make: Any, regularizer: Any = None) -> Any:
    inputs = lib.Input((4,))
    hidden = lib.layers.Dense(8, activation="relu", kernel_regularizer=regularizer)(inputs)
    hidden = lib.layers.BatchNormalization()(hidden)
    model = make(lib)(inputs, lib.layers.Dense(1)(hidden))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def test_a_stateless_step_equals_keras(keras: Any) -> None:
    ours, theirs = (built(lib, stateless_model) for lib in (rb, keras))
    ours.set_weights(theirs.get_weights())
    found, expected = (
        m.fit(X, Y, epochs=3, batch_size=32, shuffle=False, verbose=0).history
        for m in (ours, theirs)
    )
    assert set(found) == {"loss", "last"} <= set(expected)
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_penalties_count_in_a_stateless_step() -> None:
    stateless, plain = built(rb, stateless_model, "l2"), built(rb, lambda lib: lib.Model, "l2")
    stateless.set_weights(plain.get_weights())
    for model in (stateless, plain):
        model.fit(X[:64], Y[:64], epochs=2, batch_size=32, shuffle=False, verbose=0)
    for one, other in zip(stateless.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_super_steps_equal_keras(keras: Any) -> None:
    ours, theirs = (built(lib, weighted_model) for lib in (rb, keras))
    ours.set_weights(theirs.get_weights())
    histories = [
        m.fit(
            X, Y, sample_weight=WEIGHT, epochs=2, batch_size=32, shuffle=False, verbose=0,
            validation_data=(X, Y),
        ).history
        for m in (ours, theirs)
    ]  # fmt: skip
    assert histories[0].keys() == histories[1].keys() >= {"loss", "mae", "twice", "val_halved"}
    for name, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][name], rtol=1e-3, err_msg=name)


def test_a_step_is_compiled_once_for_full_batches_and_once_for_the_rest() -> None:
    model = built(rb, stateless_model)
    model.fit(X, Y, batch_size=32, verbose=0)
    before = programs.statistics.made
    model.fit(X, Y, batch_size=32, epochs=2, verbose=0)
    assert programs.statistics.made == before


def test_own_metrics_listed_by_the_model(keras: Any) -> None:
    def make(lib: Any) -> Any:
        class Own(lib.Model):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.dense = lib.layers.Dense(1, kernel_initializer="ones")
                self.tracker = lib.metrics.Mean(name="tracked")

            def call(self, x: Any) -> Any:
                return self.dense(x)

            @property
            def metrics(self) -> Any:
                return [self.tracker]

            def train_step(self, state: Any, data: Any) -> Any:
                trainable, fixed, optimizer, metrics = state
                x, y = data

                def loss(values: Any) -> Any:
                    return ((self.stateless_call(values, fixed, x)[0] - y) ** 2).mean()

                value, gradients = jax.value_and_grad(loss)(trainable)
                trainable, optimizer = self.optimizer.stateless_apply(
                    optimizer, gradients, trainable
                )
                metrics = self.tracker.stateless_update_state(metrics, value)
                logs = {"tracked": self.tracker.stateless_result(metrics)}
                return logs, (trainable, fixed, optimizer, metrics)

        model = Own()
        model(X[:1])
        model.compile(optimizer=lib.optimizers.SGD(0.01))
        return model.fit(X, Y, epochs=3, batch_size=10, shuffle=False, verbose=0).history

    found, expected = make(rb), make(keras)
    np.testing.assert_allclose(found["tracked"], expected["tracked"], rtol=1e-5)


def test_predict_step() -> None:
    class Doubled(rb.Model):
        def predict_step(self, state: Any, data: Any) -> Any:
            outputs, fixed = super().predict_step(state, data)
            return 2 * outputs, fixed

    model = built(rb, lambda _: Doubled)
    np.testing.assert_allclose(model.predict(X, verbose=0), 2 * np.asarray(model(X)), rtol=1e-5)


def step(body: Any) -> Any:
    """A compiled model with this `train_step`."""
    return built(rb, lambda _: type("Wrong", (rb.Model,), {"train_step": body}))


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (lambda self, data: {}, TypeError, "must take the state and the data of a batch. Given: "
         "train_step(self, data). Fix: write `def train_step(self, state, data):`"),
        (lambda self, state, data: {}, TypeError, "must return logs and the new state. Given: "
         "dict: {}. Expected: `(logs, state)`"),
        (lambda self, state, data: ({}, (state[0][1:], *state[1:])), ValueError,
         "a different number of trainable_variables than before the step. Given: 5. Expected: 6"),
        (lambda self, state, data: ({}, ([v.ravel() for v in state[0]], *state[1:])), ValueError,
         "'dense/kernel' has another shape than before the step. Given: (32,). Expected: (4, 8)"),
        (lambda self, state, data: ({"a": 1.0 if data[0].sum() > 0 else 0.0}, state), TypeError,
         "`train_step` of model 'wrong' (Wrong) asks for the values of an array in Python"),
    ],
)  # fmt: skip
def test_wrong_steps(body: Any, error: type, message: str) -> None:
    rb.backend.clear_session()
    with pytest.raises(error) as caught:
        step(body).fit(X, Y, verbose=0)
    assert message in str(caught.value)


# -- what else a user's code may do ----------------------------------------------------------------


def asks(y_true: Any, y_pred: Any) -> Any:
    """A loss with Python control flow on values."""
    return y_true - y_pred if y_pred.sum() > 0 else y_pred - y_true


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": asks}, "Loss 'asks' asks for the values of an array in Python"),
        ({"loss": "mse", "metrics": [asks]}, "Metric 'asks' asks for the values of an array"),
    ],
)
def test_a_tracer_never_reaches_the_user(options: Any, message: str) -> None:
    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(1)])
    model.compile("sgd", **options)
    with pytest.raises(TypeError) as caught:
        model.fit(X, Y, verbose=0)
    assert message in str(caught.value)
    assert "test_custom_steps.py" in str(caught.value)


def test_a_regularizer_that_asks_for_values() -> None:
    def penalty(w: Any) -> Any:
        return w.sum() if w.sum() > 0 else -w.sum()

    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(1, kernel_regularizer=penalty)])
    model.compile("sgd", "mse")
    with pytest.raises(
        TypeError, match=r"`compute_loss` of model 'sequential.*asks for the values"
    ):
        model.fit(X, Y, verbose=0)


def test_compute_loss_must_return_a_scalar() -> None:
    class Vector(rb.Sequential):
        def compute_loss(self, x: Any, y: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
            return (y - y_pred) ** 2

    model = Vector([rb.Input((4,)), rb.layers.Dense(1)])
    model.compile("sgd")
    with pytest.raises(ValueError, match=r"must return a scalar. Given: shape \(32, 1\)"):
        model.fit(X, Y, verbose=0)


def test_run_eagerly_allows_python_control_flow() -> None:
    class Branches(rb.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = rb.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x) if x.sum() > 0 else self.dense(2 * x)

    model = Branches()
    model.compile("sgd", "mse", run_eagerly=True)
    losses = model.fit(X, Y, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    by_hand = np.concatenate([np.asarray(model(X[i : i + 32])) for i in range(0, 70, 32)])
    np.testing.assert_allclose(model.predict(X, verbose=0), by_hand)
    expected = np.mean((by_hand - Y) ** 2)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), expected, rtol=1e-5)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_trained_model_can_be_copied(copied: Any) -> None:
    model = built(rb, lambda _: rb.Model)
    model.fit(X, Y, epochs=1, verbose=0)
    other = copied(model)
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    for one in (model, other):  # the optimizer's state went along
        rb.utils.set_random_seed(3)
        one.fit(X, Y, epochs=2, verbose=0)
    for mine, its in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)
