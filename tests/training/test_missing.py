"""NaN in data: trained on where code of the user's fills it or leaves it out, else refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import layers, ops

RNG = np.random.default_rng(0)
X, Y = RNG.random((96, 4)).astype("f"), RNG.random((96, 3)).astype("f")
GAPS_X = np.where(RNG.random(X.shape) < 0.3, np.nan, X)
GAPS_Y = np.where(RNG.random(Y.shape) < 0.4, np.nan, Y)
LATE = X.copy()
LATE[90, 2] = np.nan


class Fill(layers.Layer):
    """Zeros in place of gaps, in some columns."""

    def __init__(self, columns: int = 4, **kwargs: Any):
        super().__init__(**kwargs)
        self.columns = columns

    def call(self, x: Any) -> Any:
        filled = ops.where(ops.isnan(x), 0.0, x)
        return ops.concatenate([filled[:, : self.columns], x[:, self.columns :]], axis=1)


class Declared(layers.Layer):
    """Says that it takes gaps; what it makes of them is its own affair."""

    takes_nan = True

    def call(self, x: Any) -> Any:
        return x


class Subclassed(rb.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.dense(ops.nan_to_num(x))


def sequence(*first: Any) -> Any:
    return rb.Sequential([rb.Input((4,)), *first, layers.Dense(3)])


def functional() -> Any:
    inputs = rb.Input((4,))
    return rb.Model(inputs, layers.Dense(3)(ops.where(ops.isnan(inputs), 0.0, inputs)))


def masked(y_true: Any, y_pred: Any) -> Any:
    known = ops.logical_not(ops.isnan(y_true))
    errors = ops.where(known, y_true, 0.0) - ops.where(known, y_pred, 0.0)
    count = ops.maximum(ops.sum(ops.cast(known, "float32"), axis=-1), 1.0)
    return ops.sum(errors**2, axis=-1) / count


class Masked(rb.losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return masked(y_true, y_pred)


class OwnLoss(rb.Model):
    def compute_loss(self, x: Any, y: Any, y_pred: Any, *_: Any, **__: Any) -> Any:
        return ops.mean(masked(y, y_pred))


class OwnStep(rb.Model):
    """Fills the targets itself before it goes on as usual."""

    def train_step(self, state: Any, data: Any) -> Any:
        x, y = data
        return super().train_step(state, (x, ops.nan_to_num(y)))


def made(kind: type) -> Any:
    inputs = rb.Input((4,))
    return kind(inputs, layers.Dense(3)(inputs))


def unmasked(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def half_masked(y_true: Any, y_pred: Any) -> Any:
    """Its value is a number, its gradient 0 · NaN."""
    return ops.sum(ops.where(ops.isnan(y_true), 0.0, ops.square(y_true - y_pred)), axis=-1)


Made = Callable[[], Any]
TAKEN: dict[str, tuple[Made, Any, Any, Any]] = {
    "a layer": (lambda: sequence(Fill()), "mse", GAPS_X, Y),
    "a layer, one gap": (lambda: sequence(Fill()), "mse", LATE, Y),
    "a lambda": (lambda: sequence(layers.Lambda(lambda x: ops.nan_to_num(x))), "mse", GAPS_X, Y),
    "operations": (functional, "mse", GAPS_X, Y),
    "a subclass": (Subclassed, "mse", GAPS_X, Y),
    "a function": (sequence, masked, X, GAPS_Y),
    "a loss": (sequence, Masked(), X, GAPS_Y),
    "a loss and a layer": (lambda: sequence(Fill()), Masked(), GAPS_X, GAPS_Y),
    "compute_loss": (lambda: made(OwnLoss), None, X, GAPS_Y),
    "operations on targets": (sequence, lambda t, p: unmasked(ops.nan_to_num(t), p), X, GAPS_Y),
}


def ways(model: Any, x: Any, y: Any) -> Iterator[Any]:
    def stream() -> Iterator[Any]:
        yield from ((X, Y), (x, y), (x, y))

    yield model.fit(x, y, verbose=0, validation_data=(x, y)).history["val_loss"][-1]
    yield model.fit(stream(), verbose=0, validation_data=stream()).history["loss"][-1]
    yield model.evaluate(x, y, verbose=0)
    yield model.evaluate(stream(), verbose=0)
    yield model.train_on_batch(x, y)
    yield model.test_on_batch(x, y)


@pytest.mark.parametrize("name", TAKEN)
def test_gaps_that_somebody_fills(name: str) -> None:
    make, loss, x, y = TAKEN[name]
    model = make()
    model.compile(rb.optimizers.SGD(0.05), loss)
    for found in ways(model, x, y):
        assert np.isfinite(found)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_a_step_that_fills_targets() -> None:
    model = made(OwnStep)
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(X, GAPS_Y, verbose=0).history["loss"][0])
    with pytest.raises(ValueError, match=r"^y holds NaN in columns 0, 1, 2"):
        model.evaluate(X, GAPS_Y, verbose=0)  # whose step is the library's


def test_the_same_figures_as_keras(keras: Any) -> None:
    def theirs(y_true: Any, y_pred: Any) -> Any:
        o = keras.ops
        known = o.logical_not(o.isnan(y_true))
        errors = o.where(known, y_true, 0.0) - o.where(known, y_pred, 0.0)
        count = o.maximum(o.sum(o.cast(known, "float32"), axis=-1), 1.0)
        return o.sum(errors**2, axis=-1) / count

    losses = []
    for k, loss in ((rb, masked), (keras, theirs)):
        model = k.Sequential(
            [k.Input((4,)), k.layers.Dense(3, kernel_initializer="ones"), k.layers.ReLU()]
        )
        model.compile(k.optimizers.SGD(0.1), loss)
        history = model.fit(X, GAPS_Y, epochs=3, shuffle=False, verbose=0).history
        losses.append(history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


NAN_X = "x holds NaN in columns 0, 1, 2, 3. Given: nan in row"
NAN_Y = "y holds NaN in columns 0, 1, 2. Given: nan in row"
REFUSED: dict[str, tuple[Made, Any, Any, Any, str]] = {
    "built-in layers": (sequence, "mse", GAPS_X, Y, NAN_X),
    "a bounded layer": (lambda: sequence(layers.Dense(2, "sigmoid")), "mse", GAPS_X, Y, NAN_X),
    "a layer that fills half": (lambda: sequence(Fill(2)), "mse", GAPS_X, Y, NAN_X),
    "its one gap is in the other half": (
        lambda: sequence(Fill(2)), "mse", LATE, Y, "x holds NaN in column 2. Given: nan in row 90"
    ),
    "infinity behind tanh": (
        lambda: sequence(layers.Dense(2, "tanh")), "mse", np.where(np.isnan(GAPS_X), np.inf, X),
        Y, "x holds infinity in columns 0, 1, 2, 3.",
    ),
    "a layer, but gaps in targets": (lambda: sequence(Fill()), "mse", GAPS_X, GAPS_Y, NAN_Y),
    "built-in": (sequence, "mse", X, GAPS_Y, NAN_Y),
    "built-in object": (sequence, rb.losses.Huber(), X, GAPS_Y, NAN_Y),
    "a function around a built-in": (
        sequence, lambda t, p: 2 * rb.losses.mean_squared_error(t, p), X, GAPS_Y, NAN_Y
    ),
    "a function without a mask": (sequence, unmasked, X, GAPS_Y, NAN_Y),
    "a gradient of NaN": (
        sequence, half_masked, X, GAPS_Y,
        "The loss is a number where the data hold NaN, its gradient is not: the weights would be "
        "lost. Given: y holds NaN in columns 0, 1, 2. Fix: replace missing values before computing "
        "with them, `ops.where(missing, y_pred, y_true)`; chosen afterwards, the gradient of what "
        "was not chosen is 0 · NaN.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_gaps_that_nobody_fills(name: str) -> None:
    make, loss, x, y, message = REFUSED[name]
    model = make()
    model.compile("sgd", loss)
    streamed = "Batch 1 of the stream: "
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("", lambda: model.fit(x, y, verbose=0)),
        ("", lambda: model.fit(X, Y, validation_data=(x, y), verbose=0)),
        ("", lambda: model.evaluate(x, y, verbose=0)),
        ("", lambda: model.train_on_batch(x, y)),
        (streamed, lambda: model.fit(iter([(X, Y), (x, y)]), verbose=0)),
    ]
    for prefix, call in calls:
        with pytest.raises(ValueError) as caught:
            call()
        assert str(caught.value).startswith(prefix + message)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_who_takes_gaps_may_say_so() -> None:
    model = sequence(Declared())
    model.compile("sgd", "mse")
    with pytest.warns(RuntimeWarning, match="The loss became nan"):
        model.fit(GAPS_X, Y, verbose=0)
    declared = lambda t, p: unmasked(t, p)  # noqa: E731
    declared.takes_nan = True
    for loss in (declared, rb.losses.LossFunctionWrapper(declared)):
        model = sequence()
        model.compile("sgd", loss)
        with pytest.warns(RuntimeWarning, match="The loss became nan"):
            model.fit(X, GAPS_Y, verbose=0)


def test_weights_must_be_numbers_in_any_case() -> None:
    model = sequence(Fill())
    model.compile("sgd", masked)
    weights = np.where(np.arange(96) == 5, np.nan, 1.0)
    with pytest.raises(ValueError, match=r"^sample_weight holds NaN\. Given: nan in row 5"):
        model.fit(GAPS_X, GAPS_Y, sample_weight=weights, verbose=0)


def test_several_outputs_each_by_its_loss() -> None:
    inputs = rb.Input((4,))
    heads = [layers.Dense(3, name="a")(inputs), layers.Dense(3, name="b")(inputs)]
    model = rb.Model(inputs, heads)
    model.compile("sgd", {"a": masked, "b": "mse"})
    assert np.isfinite(model.fit(X, [GAPS_Y, Y], verbose=0).history["loss"][0])
    with pytest.raises(ValueError, match=r"^y\[1\] holds NaN in columns 0, 1, 2"):
        model.fit(X, [Y, GAPS_Y], verbose=0)
