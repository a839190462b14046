"""Targets (N,) for outputs (N, 1), and the reverse, where a user's own code reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rosenblatt as rb
from rosenblatt import layers, ops
from rosenblatt.training.ranks import in_rank_of, row_axes

X = np.random.default_rng(0).random((65, 4)).astype("f")
Y = X[:, 0].copy()
P = X.sum(axis=1)  # what the models below predict
MSE = float(np.mean((P - Y) ** 2))
TARGETS: dict[str, Any] = {
    "column": Y[:, None],
    "vector": Y,
    "pandas": pd.Series(Y),
    "polars": pl.Series(Y),
    "frame": pd.DataFrame({"y": Y}),
    "list": Y.tolist(),
}


def model(squeezed: bool = False, kind: type = rb.Model, **settings: Any) -> Any:
    inputs = rb.Input((4,))
    outputs = layers.Dense(1, kernel_initializer="ones", name="out")(inputs)
    made = kind(inputs, outputs[:, 0] if squeezed else outputs)
    made.compile(rb.optimizers.SGD(0.01), **settings)
    return made


def mse(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.square(y_pred - y_true))


def by_column(y_true: Any, y_pred: Any) -> Any:
    """Written for targets of shape (N,)."""
    return ops.mean(ops.square(y_pred[:, 0] - y_true))


def ranking(y_true: Any, y_pred: Any) -> Any:
    """Compares each row with each other on purpose."""
    above = ops.cast(y_true > ops.transpose(y_true), "float32")
    return ops.mean(above * ops.sigmoid(ops.transpose(y_pred) - y_pred))


class Own(rb.losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_true - y_pred), axis=-1)


class Wrapping(rb.losses.Loss):
    """A loss around a loss of the user's."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Own()

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return 1.0 * self.inner.call(y_true, y_pred)


class Squares(rb.metrics.Metric):
    def __init__(self) -> None:
        super().__init__(name="squares")
        self.total = self.add_variable((), "zeros", name="total")
        self.rows = self.add_variable((), "zeros", name="rows")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        squares = ops.square(y_true - y_pred)
        self.total.assign_add(ops.sum(squares))
        self.rows.assign_add(ops.cast(ops.size(squares), "float32"))

    def result(self) -> Any:
        return self.total / self.rows


class OwnLoss(rb.Model):
    def compute_loss(self, x: Any, y: Any, y_pred: Any, *_: Any, **__: Any) -> Any:
        return mse(y, y_pred)


class OwnColumnLoss(rb.Model):
    def compute_loss(self, x: Any, y: Any, y_pred: Any, *_: Any, **__: Any) -> Any:
        return by_column(y, y_pred)


class OwnStep(rb.Model):
    read: Callable[[Any, Any], Any] = staticmethod(mse)

    def test_step(self, state: Any, data: Any) -> Any:
        (x, y), (trainable, rest, metrics) = data, state
        y_pred, rest = self.stateless_call(trainable, rest, x, training=False)
        return {"loss": type(self).read(y, y_pred)}, (trainable, rest, metrics)


class OwnColumnStep(OwnStep):
    read = staticmethod(by_column)


MODELS: dict[str, Callable[[], Any]] = {
    "loss": lambda: model(loss=Own()),
    "loss around a loss": lambda: model(loss=Wrapping()),
    "function": lambda: model(loss=mse),
    "built-in": lambda: model(loss="mse"),
    "metric": lambda: model(metrics=[mse]),
    "metric class": lambda: model(metrics=[Squares()]),
    "weighted metric": lambda: model(weighted_metrics=[Squares()]),
    "wrapped metric": lambda: model(metrics=[rb.metrics.MeanMetricWrapper(mse)]),
    "loss as metric": lambda: model(metrics=[rb.metrics.MeanMetricWrapper(Own())]),
    "compute_loss": lambda: model(kind=OwnLoss),
    "step": lambda: model(kind=OwnStep),
    "squeezed outputs": lambda: model(squeezed=True, metrics=[mse]),
    "squeezed, loss": lambda: model(squeezed=True, loss=Squared()),
}


class Squared(rb.losses.Loss):
    """One value a row, of outputs of shape (N,)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.square(y_true - y_pred)


@pytest.mark.parametrize("name", MODELS)
def test_targets_of_either_rank(name: str) -> None:
    made = MODELS[name]()
    for y in TARGETS.values():
        for batch_size in (65,) if name == "step" else (65, 13):  # a step logs its last batch
            found = made.evaluate(X, y, batch_size=batch_size, verbose=0)
            assert np.ravel(found)[-1] == pytest.approx(MSE, rel=1e-5)
        assert np.ravel(made.test_on_batch(X, y))[-1] == pytest.approx(MSE, rel=1e-5)
        if isinstance(y, np.ndarray) and name != "step":
            batches = ((X[i : i + 13], y[i : i + 13]) for i in range(0, 65, 13))
            streamed = made.evaluate(batches, verbose=0)
            assert np.ravel(streamed)[-1] == pytest.approx(MSE, rel=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: model(metrics=[by_column]),
        lambda: model(kind=OwnColumnLoss),
        lambda: model(kind=OwnColumnStep),
    ],
    ids=["metric", "compute_loss", "step"],
)
def test_code_for_vectors_goes_on_getting_vectors(make: Callable[[], Any]) -> None:
    for y in (Y, pd.Series(Y)):
        found = make().evaluate(X, y, batch_size=65, verbose=0)
        assert np.ravel(found)[-1] == pytest.approx(MSE, rel=1e-5)


def test_training_and_validation_see_the_same() -> None:
    histories = []
    for y in (Y[:, None], Y, pd.Series(Y)):
        rb.utils.set_random_seed(2)
        made = model(loss=Own(), metrics=[mse, Squares()])
        history = made.fit(X, y, epochs=2, validation_data=(X, y), verbose=0).history
        histories.append(history)
    for history in histories[1:]:
        for name, values in history.items():
            np.testing.assert_allclose(values, histories[0][name], rtol=1e-5)


def test_several_outputs() -> None:
    inputs = rb.Input((4,))
    first = layers.Dense(1, kernel_initializer="ones", name="first")(inputs)
    second = layers.Dense(1, kernel_initializer="ones", name="second")(inputs)
    made = rb.Model(inputs, [first, second])
    made.compile("sgd", [Own(), "mse"], metrics=[[mse], [Squares()]])
    for y in ([Y, Y], {"first": Y, "second": Y[:, None]}, (pd.Series(Y), Y)):
        found = made.evaluate(X, y, batch_size=65, verbose=0, return_dict=True)
        assert {k: round(v, 4) for k, v in found.items()} == {
            "loss": round(2 * MSE, 4), "first_loss": round(MSE, 4), "second_loss": round(MSE, 4),
            "first_mse": round(MSE, 4), "second_squares": round(MSE, 4),
        }  # fmt: skip


def test_comparing_rows_on_purpose_stays_possible() -> None:
    found = [model(metrics=[ranking]).evaluate(X, y, 65, verbose=0) for y in (Y[:, None], Y)]
    assert found[0] == found[1]


def test_row_axes() -> None:
    vector, column = np.zeros(5, "f"), np.zeros((5, 1), "f")
    assert row_axes(mse, column, column) == 1
    assert row_axes(mse, vector, column) == 2
    assert row_axes(lambda a: a[:, None, None] * a[None, :, None] * a, vector) == 3
    assert row_axes(lambda a: a.nothing, vector) == float("inf")


@pytest.mark.parametrize(
    ("have", "want", "shape"),
    [
        ((5,), (5, 1), (5, 1)), ((5, 1), (5,), (5,)), ((5, 3), (5, 3, 1), (5, 3, 1)),
        ((5, 3, 1), (5, 3), (5, 3)), ((5,), (5, 3), (5,)), ((5, 3), (5,), (5, 3)),
        ((5, 1), (5, 1), (5, 1)), ((5, 1), (5, 3), (5, 1)),
    ],
)  # fmt: skip
def test_in_rank_of(have: Any, want: Any, shape: Any) -> None:
    assert in_rank_of(np.zeros(have), np.zeros(want)).shape == shape
