"""What a user's model overrides is asked by training, evaluation and prediction, as in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

X = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3)
Y = X.sum(axis=1, keepdims=True)
KINDS = ("functional", "sequential", "unbuilt", "subclassed")


def model_of(library: Any, kind: str, methods: dict[str, Any]) -> Any:
    """A model of a kind, whose class has some methods of its own."""
    dense = library.layers.Dense(1, kernel_initializer="ones")

    def call(self: Any, inputs: Any) -> Any:
        return self.dense(inputs)

    if kind == "subclassed":
        model = type("Mine", (library.Model,), {"call": call, **methods})()
        model.dense = dense
        return model
    base = library.Model if kind == "functional" else library.Sequential
    mine = type("Mine", (base,), methods)
    if kind == "functional":
        inputs = library.Input((3,))
        return mine(inputs, dense(inputs))
    return mine([dense] if kind == "unbuilt" else [library.Input((3,)), dense])


def results(library: Any, kind: str, methods: dict[str, Any]) -> dict[str, Any]:
    model = model_of(library, kind, methods)
    eager = library is not rb and not any(name.endswith("step") for name in methods)
    model.compile(library.optimizers.SGD(0.1), loss="mse", metrics=["mae"], run_eagerly=eager)
    data = {"batch_size": 8, "verbose": 0}
    fitted = model.fit(X, Y, epochs=2, validation_data=(X, Y), **data).history
    tested = model.evaluate(X, Y, return_dict=True, **data)
    batch = model.train_on_batch(X, Y, return_dict=True)
    return {
        **fitted,
        **{f"test {name}": value for name, value in tested.items()},
        **{f"batch {name}": value for name, value in batch.items()},
        "predicted": model.predict(X, **data),
    }


def twice(name: str) -> Any:
    """A method that returns its result, or the first of its results, times two."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = getattr(super(type(self), self), name)(*args, **kwargs)
        return (found[0] * 2, *found[1:]) if isinstance(found, tuple) else found * 2

    return method


def fewer_arguments(self: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
    return super(type(self), self).compute_loss(x, y, y_pred, sample_weight) * 3


def own_metrics(self: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
    found = super(type(self), self).compute_metrics(x, y, y_pred * 2, sample_weight)
    return dict(found)


def own_results(self: Any) -> dict[str, Any]:
    found = super(type(self), self).get_metrics_result()
    return {**found, "rmse": found["loss"] ** 0.5}


OVERRIDES: dict[str, dict[str, Any]] = {
    "stateless_call": {"stateless_call": twice("stateless_call")},
    "stateless_compute_loss": {"stateless_compute_loss": twice("stateless_compute_loss")},
    "compute_loss": {"compute_loss": twice("compute_loss")},
    "compute_loss without training": {"compute_loss": fewer_arguments},
    "compute_metrics": {"compute_metrics": own_metrics},
    "get_metrics_result": {"get_metrics_result": own_results},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OVERRIDES)
def test_methods_that_are_asked(name: str, kind: str, keras: Any) -> None:
    ours, theirs = (results(library, kind, OVERRIDES[name]) for library in (rb, keras))
    assert sorted(ours) == sorted(theirs)
    for what, value in theirs.items():
        np.testing.assert_allclose(ours[what], value, rtol=1e-3, atol=1e-5, err_msg=what)


@pytest.mark.parametrize("default", [True, False, None])
def test_a_default_of_training_counts_for_the_layers_inside(
    default: bool | None, keras: Any
) -> None:
    def dropped(library: Any) -> list[bool]:
        def call(self: Any, inputs: Any, training: bool | None = default) -> Any:
            return self.drop(inputs)

        layer = type("Mine", (library.layers.Layer,), {"call": call})()
        layer.drop = library.layers.Dropout(0.9, seed=1)
        outputs = [layer(X), layer(X, training=True), layer(X, training=False)]
        return [not np.allclose(np.asarray(one), X) for one in outputs]

    assert dropped(rb) == dropped(keras) == [bool(default), True, False]


def test_arguments_of_any_name_get_no_training(keras: Any) -> None:
    def given(library: Any) -> list[list[str]]:
        seen: list[list[str]] = []

        def call(self: Any, inputs: Any, **kwargs: Any) -> Any:
            seen.append(sorted(kwargs))
            return inputs

        layer = type("Mine", (library.layers.Layer,), {"call": call})()
        outer = library.Sequential([library.Input((3,)), layer])
        del seen[:]
        outer(X, training=True)
        layer(X, training=True)
        layer(X)
        return seen

    assert given(rb) == given(keras) == [[], [], []]


def test_variables_as_values_of_a_stateless_call(keras: Any) -> None:
    def found(library: Any) -> np.ndarray:
        layer = library.layers.BatchNormalization()
        layer.build((None, 3))
        outputs, _ = layer.stateless_call(
            layer.trainable_variables, layer.non_trainable_variables, X
        )
        return np.asarray(outputs)

    np.testing.assert_allclose(found(rb), found(keras), rtol=1e-6)


def test_a_model_without_a_training_argument_trains(keras: Any) -> None:
    """Its layers run as in training; Keras runs them as in inference (docs/differences.md)."""
    moved = []
    for library in (rb, keras):
        inner = library.layers.BatchNormalization()
        model = model_of(library, "subclassed", {"call": lambda self, x: self.dense(self.inner(x))})
        model.inner = inner
        model.compile("sgd", "mse")
        model.fit(X, Y, verbose=0)
        moved.append(bool(np.asarray(inner.moving_variance).min() < 1))
    assert moved == [True, False]


class Watched(rb.layers.Layer):
    """Updates a metric of its own whenever it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = rb.metrics.Mean(name="watched")

    def call(self, inputs: Any) -> Any:
        self.mean.update_state(rb.ops.mean(inputs))
        return inputs


def test_a_metric_that_a_layer_updates_stays_as_it_is_in_predict() -> None:
    layer = Watched()
    model = rb.Sequential([rb.Input((3,)), layer, rb.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.evaluate(X, Y, verbose=0, return_dict=True)["watched"] == pytest.approx(X.mean())
    counted = float(layer.mean.count.value)
    model.predict(2 * X, verbose=0)
    assert float(layer.mean.count.value) == counted
    assert float(layer.mean.result()) == pytest.approx(X.mean())
