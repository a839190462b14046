"""Recommended networks: what follows from which data, that they build, learn, and say why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rosenblatt as rb
from rosenblatt.choosing import recommend, stretch_pants

RNG = np.random.default_rng(0)
X = RNG.normal(3.0, 5.0, (400, 4))
ONE_HOT = np.eye(3)[RNG.integers(0, 3, 400)]
LABELS = (RNG.uniform(size=(400, 3)) > 0.5).astype(int)
HEAVY = np.where(np.arange(400) % 20 == 0, 500.0, X[:, 0])

# y, task, units, activation, loss
CASES: list[tuple[Any, str, int, str, str]] = [
    (X[:, 0] * 10, "regression", 1, "linear", "mean_squared_error"),
    (X[:, :2] * 10, "regression", 2, "linear", "mean_squared_error"),
    (np.abs(X[:, 0]) + 0.5, "regression", 1, "softplus", "mean_squared_error"),
    (1 / (1 + np.exp(-X[:, 0])), "regression", 1, "sigmoid", "mean_squared_error"),
    (np.tanh(X[:, 0]), "regression", 1, "tanh", "mean_squared_error"),
    (HEAVY, "regression", 1, "linear", "huber"),
    (np.arange(400), "regression", 1, "linear", "mean_squared_error"),
    ((X[:, 0] > 3).astype(int), "binary", 1, "sigmoid", "binary_crossentropy"),
    (X[:, 0] > 3, "binary", 1, "sigmoid", "binary_crossentropy"),
    ((X[:, :1] > 3).astype(float), "binary", 1, "sigmoid", "binary_crossentropy"),
    (LABELS, "multilabel", 3, "sigmoid", "binary_crossentropy"),
    (ONE_HOT, "multiclass", 3, "softmax", "categorical_crossentropy"),
    (ONE_HOT.argmax(1), "multiclass", 3, "softmax", "sparse_categorical_crossentropy"),
]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_what_follows_from_the_targets(number: int) -> None:
    y, task, units, activation, loss = CASES[number]
    spec = recommend(X, y)
    found = (spec.task, spec.output_units, spec.output_activation, spec.loss)
    assert found == (task, units, activation, loss)
    assert len(spec.reasons) >= 3
    assert str(spec).startswith(f"{task}:\n  - A Normalization layer")
    model = spec.build()
    assert model.output_shape == (None, units)
    assert model.layers[-1].activation is rb.activations.get(activation)
    history = model.fit(X, y, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_what_follows_from_the_inputs() -> None:
    small = recommend(RNG.normal(size=(500, 4)), X[:, 0][:400].repeat(2)[:500])
    assert small.mean is None
    assert small.hidden == (16,)
    assert "no Normalization layer" in small.reasons[0]
    many = recommend(RNG.normal(size=(2_000, 12)), RNG.normal(size=2_000))
    assert many.hidden == (48, 48)
    images = recommend(RNG.integers(0, 255, (50, 8, 8)), np.arange(50) % 2)
    assert images.hidden == (300, 100)
    model = images.build()
    assert isinstance(model.layers[0], rb.layers.Flatten)
    assert model.predict(np.zeros((2, 8, 8)), verbose=0).shape == (2, 1)
    normal = recommend(X, X[:, 0]).build().layers[0]
    np.testing.assert_allclose(normal(X).mean(axis=0), 0, atol=1e-5)


def test_a_spec_may_be_changed_and_a_task_given() -> None:
    spec = recommend(X, np.arange(400) % 3, task="regression")
    assert spec.loss == "mean_squared_error"
    spec.hidden = (7, 5, 3)
    assert [layer.units for layer in spec.build().layers[1:]] == [7, 5, 3, 1]


@pytest.mark.parametrize(
    ("x", "y", "options", "text"),
    [
        (X, ["a", "b"] * 200, {}, "recommend: y must be numbers. Given: <U1, e.g. np.str_('a')."),
        (X, X[:, 0] + np.nan, {}, "recommend: y holds NaN or infinity. Fix: leave those rows out"),
        (X, X[:9, 0], {}, "recommend: x and y must have the same number of rows, one at least."),
        (X, X[:, 0], {"task": "classes"}, "recommend: bad `task`. Given: 'classes'. Expected: one"),
        (X, np.arange(400) % 2 - 1, {}, "recommend: class numbers must count from 0. Given: [-1,"),
    ],
)
def test_what_is_refused(x: Any, y: Any, options: Any, text: str) -> None:
    with pytest.raises(ValueError) as caught:
        recommend(x, y, **options)
    assert str(caught.value).startswith(text)


AGES = pd.DataFrame(
    {"age": [25.0, 40, 31, 60] * 50, "job": ["clerk", "cook", "clerk", "smith"] * 50}
)
HALF = np.arange(200) % 2
FRAMES: dict[str, Any] = {
    "dummies": pd.get_dummies(AGES),
    "dummies as objects": pd.get_dummies(AGES).to_numpy(),
    "dummies of polars": pl.from_pandas(AGES).to_dummies("job"),
    "nullable": pd.get_dummies(AGES).astype({"age": "Float64", "job_cook": "boolean"}),
    "arrow": pa.Table.from_pandas(pd.get_dummies(AGES)),
    "a list": pd.get_dummies(AGES).to_numpy().tolist(),
}


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("kind", [pd.Series, pl.Series, list, lambda y: pd.Series(y > 0)])
def test_frames_with_booleans(name: str, kind: Any) -> None:
    expected = recommend(pd.get_dummies(AGES).to_numpy().astype(float), HALF)
    found = recommend(FRAMES[name], kind(HALF))
    assert str(found) == str(expected)
    assert found.task == "binary"
    np.testing.assert_allclose(found.mean, expected.mean)
    built = found.build().fit(np.asarray(FRAMES["dummies"], "float32"), HALF, verbose=0)
    assert np.isfinite(built.history["loss"]).all()


ENCODE = "encode it as numbers (e.g. `pandas.get_dummies`, scikit-learn's `OneHotEncoder`)"
DATED = AGES.assign(job=pd.date_range("2020-01-01", periods=200))
MUST = "recommend: {} must be numbers."
COLUMN = "x: column 'job' does not hold numbers."


@pytest.mark.parametrize(
    ("x", "y", "start", "fix"),
    [
        (AGES, HALF, COLUMN, ENCODE),
        (pl.from_pandas(AGES), HALF, COLUMN, ENCODE),
        (AGES.astype({"job": "category"}), HALF, COLUMN, ENCODE),
        (AGES.to_numpy(), HALF, f"{MUST.format('x')} Given: object, e.g. 'clerk'.", ENCODE),
        (DATED, HALF, COLUMN, "turn dates into numbers, e.g. days since the first one"),
        (pl.from_pandas(DATED), HALF, COLUMN, "turn dates into numbers"),
        (FRAMES["dummies"], AGES["job"], f"y{COLUMN[1:]}", "number the classes"),
        (FRAMES["dummies"], AGES["job"].to_numpy(), MUST.format("y"), "number the labels"),
        (
            FRAMES["dummies"].astype({"age": "Float64"}).replace({"age": 25.0}, pd.NA),
            HALF, "recommend: x holds NaN or infinity.", "leave those rows out, or fill them in.",
        ),
    ],
)  # fmt: skip
def test_frames_that_are_refused(x: Any, y: Any, start: str, fix: str) -> None:
    with pytest.raises(ValueError) as caught:
        recommend(x, y)
    assert str(caught.value).startswith(start)
    assert f"Fix: {fix}" in str(caught.value)


def test_stretch_pants_fit_in_one_call() -> None:
    rb.utils.set_random_seed(1)
    x = RNG.normal(size=(300, 3))
    y = x[:, 0] * x[:, 1]
    spec = recommend(x, y)
    wide = stretch_pants(spec)
    hidden = [layer for layer in wide.model.layers if isinstance(layer, rb.layers.Dense)]
    assert [layer.units for layer in hidden] == [64, 1]
    assert [type(layer).__name__ for layer in wide.model.layers] == ["Dense", "Dropout", "Dense"]
    # 3 * 64 weights for 300 rows, by the docstring's formulas.
    per_row = 3 * 64 / 300
    assert wide.dropout == pytest.approx(0.1 * (1 + np.log10(1 + per_row)))
    assert float(hidden[0].kernel_regularizer.l2) == pytest.approx(1e-5 * (1 + per_row))
    history = wide.fit(x, y, verbose=0)
    assert len(history.epoch) < 1_000  # it stopped by itself
    best = min(history.history["val_loss"])
    x_valid, y_valid = x[270:], y[270:]
    assert wide.model.evaluate(x_valid, y_valid, verbose=0)[0] == pytest.approx(best, rel=1e-4)
    assert best < 0.5 * y_valid.var()


def test_stretch_pants_for_a_model() -> None:
    normalization = rb.layers.Normalization()
    normalization.adapt(X)
    model = rb.Sequential(
        [
            rb.Input((4,)), normalization, rb.layers.Dense(8, "tanh", name="low"),
            rb.layers.Dropout(0.9), rb.layers.Dense(2, name="out"),
        ]
    )  # fmt: skip
    model.compile(rb.optimizers.SGD(0.01), "mae")
    before = model.get_weights()
    wide = stretch_pants(model, rows=100, factor=3).model
    assert wide.get_layer("low").units == 24
    assert wide.get_layer("low").activation is rb.activations.tanh
    rates = [layer.rate for layer in wide.layers if isinstance(layer, rb.layers.Dropout)]
    assert len(rates) == 1 and rates[0] < 0.5
    np.testing.assert_allclose(wide.layers[0](X), normalization(X))
    assert wide.loss == "mae"
    assert float(wide.optimizer.learning_rate) == pytest.approx(0.01)
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_stretch_pants_refuses() -> None:
    flat = rb.Sequential([rb.Input((4,)), rb.layers.Dense(1)])
    with pytest.raises(ValueError, match="has no hidden Dense layer to widen"):
        stretch_pants(flat, rows=10)
    with pytest.raises(ValueError, match=r"a compiled Sequential model and `rows`. Given: Seq"):
        stretch_pants(flat)
