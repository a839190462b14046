"""The learning-rate range test: its curve, its rule, and that it leaves no trace in the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.choosing import find_learning_rate
from rosenblatt.choosing.rates import _read
from rosenblatt.training import programs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5], [3.0]], "float32")


def network(optimizer: Any = None, dropout: float = 0.3) -> Any:
    rb.utils.set_random_seed(1)
    model = rb.Sequential(
        [
            rb.Input((4,)),
            rb.layers.Dense(16, "relu"),
            rb.layers.BatchNormalization(),
            rb.layers.Dropout(dropout),
            rb.layers.Dense(1),
        ]
    )
    model.compile(optimizer or rb.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return model


def everything(model: Any) -> list[np.ndarray]:
    held = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [np.array(v) for v in held]


def test_the_model_stays_as_it_was() -> None:
    model, twin = network(), network()
    for one in (model, twin):
        rb.utils.set_random_seed(5)
        one.fit(X, Y, verbose=0)
    before = everything(model)
    rb.utils.set_random_seed(6)
    found = find_learning_rate(model, X, Y)
    for one, other in zip(everything(model), before, strict=True):
        np.testing.assert_array_equal(one, other)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
    model.fit(X, Y, epochs=2, verbose=0)  # with the random state of before, as the twin's is
    rb.utils.set_random_seed(6)
    twin.fit(X, Y, epochs=2, verbose=0)
    for one, other in zip(everything(model), everything(twin), strict=True):
        np.testing.assert_array_equal(one, other)
    again = find_learning_rate(twin, X, Y)
    assert len(found.rates) > 20 and again.suggestion > 0


def test_the_same_test_gives_the_same_curve() -> None:
    first, second = (find_learning_rate(network(), X, Y, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.losses, second.losses)
    other = find_learning_rate(network(), X, Y, seed=4)
    assert not np.array_equal(first.losses[:20], other.losses[:20])


def test_it_compiles_one_program_for_a_structure() -> None:
    programs.clear()
    before = programs.statistics.made
    find_learning_rate(network(), X, Y)
    assert programs.statistics.made - before == 1
    find_learning_rate(network(dropout=0.1), X, Y, min_rate=1e-4, max_rate=1.0)
    assert programs.statistics.made - before == 1


def test_losses_equal_steps_by_hand() -> None:
    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(1, use_bias=False)])
    model.compile(rb.optimizers.SGD(), "mse")
    kernel = model.layers[0].kernel.numpy().astype("float64")
    found = find_learning_rate(
        model, X[:32], Y[:32], min_rate=1e-3, max_rate=0.05, steps=40, batch_size=32
    )
    rates = 1e-3 * (0.05 / 1e-3) ** (np.arange(40) / 39)
    np.testing.assert_allclose(found.rates, rates, rtol=1e-5)
    expected = []
    for rate in rates:  # one batch, so that the order of the rows does not matter
        error = X[:32] @ kernel - Y[:32]
        expected.append(np.mean(error**2))
        kernel = kernel - rate * 2 * X[:32].T @ error / 32
    np.testing.assert_allclose(found.losses, expected, rtol=1e-4)
    weights = 0.95 ** np.arange(3)[::-1]
    np.testing.assert_allclose(
        found.smoothed[2], np.average(expected[:3], weights=weights), rtol=1e-4
    )


def test_the_rule_on_a_known_curve() -> None:
    rates = np.geomspace(1e-4, 1, 401)
    losses = 1 + np.log10(rates / 0.01) ** 2
    found = _read(rates, losses)
    assert found.turning_point == pytest.approx(0.01, rel=0.7)  # smoothing looks back
    assert found.suggestion == pytest.approx(found.turning_point / 10)
    assert "a tenth of the rate" in found.rule


def test_weights_and_inputs_by_name() -> None:
    inputs = {"a": rb.Input((2,), name="a"), "b": rb.Input((2,), name="b")}
    outputs = rb.layers.Dense(1)(rb.layers.Concatenate()(list(inputs.values())))
    model = rb.Model(inputs, outputs)
    model.compile("sgd", "mse")
    x = {"a": X[:, :2], "b": X[:, 2:]}
    plain = find_learning_rate(model, x, Y, steps=50)
    doubled = find_learning_rate(model, x, Y, np.full(300, 2.0), steps=50)
    assert doubled.losses[0] == pytest.approx(2 * plain.losses[0], rel=1e-4)


def test_the_picture() -> None:
    found = find_learning_rate(network(), X, Y)
    ax = found.plot()
    assert ax.get_xscale() == "log"
    assert [line.get_label() for line in ax.get_lines()] == [
        "loss of a batch", "smoothed", f"suggestion: {found.suggestion:.2g}",
    ]  # fmt: skip
    assert found.plot(ax) is ax


def test_what_is_refused() -> None:
    scheduled = network(rb.optimizers.SGD(rb.optimizers.schedules.CosineDecay(0.1, 10)))
    bare = rb.Sequential([rb.Input((4,)), rb.layers.Dense(1)])
    stream = iter([(X[:8], Y[:8])])
    for call, text in (
        (
            lambda: find_learning_rate(network(), X, Y, min_rate=1.0, max_rate=0.1),
            "find_learning_rate: bad `min_rate` or `max_rate`. Given: 1.0, 0.1. Expected: numbers "
            "with 0 < min_rate < max_rate.",
        ),
        (
            lambda: find_learning_rate(network(), X, Y, steps=3),
            "find_learning_rate: too few `steps` for a curve. Given: 3. Expected: 20 at least; "
            "some hundreds are usual.",
        ),
        (
            lambda: find_learning_rate(scheduled, X, Y),
            "find_learning_rate: the optimizer's rate cannot be set. Given: CosineDecay. Expected: "
            "an optimizer of this library with a number as `learning_rate`. Fix: "
            "`model.compile(optimizer=rb.optimizers.Adam(1e-3), ...)`.",
        ),
        (
            lambda: find_learning_rate(network(), stream),
            "find_learning_rate: the test runs in one compiled program. Given: a stream. Expected: "
            "arrays or frames, and a model that `compile` tells how to train.",
        ),
        (
            lambda: find_learning_rate(
                network("sgd"), X, Y, min_rate=100.0, max_rate=1e6
            ),
            "find_learning_rate: the loss",
        ),
    ):  # fmt: skip
        with pytest.raises(ValueError) as caught:
            call()
        assert str(caught.value).startswith(text)
    with pytest.raises(ValueError, match="must be compiled before `find_learning_rate"):
        find_learning_rate(bare, X, Y)


def test_a_loss_that_climbs_from_the_start() -> None:
    with pytest.raises(
        ValueError, match=r"climbs from the first rates on\. Given: 1 at rate 0.001"
    ):
        _read(np.geomspace(1e-3, 1, 100), np.geomspace(1, 3, 100))
    with pytest.raises(ValueError, match=r"is not finite almost from the first rate on\. Given:"):
        _read(np.geomspace(1e-3, 1, 100), np.array([1.0] * 5 + [np.nan] * 95))
