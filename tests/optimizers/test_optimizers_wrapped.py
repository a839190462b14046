"""Optimizers around others: loss scale, Optax transforms; warm-up; what is known only in `fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.training import programs

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def network(lib: Any, optimizer: Any, weights: Any = None, **options: Any) -> Any:
    model = lib.Sequential(
        [lib.Input((4,)), lib.layers.Dense(6, "tanh"), lib.layers.Dense(1)]
    )  # fmt: skip
    if weights is not None:
        model.set_weights(weights)
    model.compile(optimizer=optimizer, loss="mse", **options)
    return model


def fit(model: Any, epochs: int = 3, **options: Any) -> list[float]:
    options = {"batch_size": 16, "shuffle": False, "verbose": 0, **options}
    return model.fit(X, Y, epochs=epochs, **options).history["loss"]


# -- loss scale ------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "growth"), [(2.0**15, 2000), (16.0, 3), (2.0**126, 2)])
def test_loss_scale_equals_keras(keras: Any, tmp_path: Path, scale: float, growth: int) -> None:
    """At 2**126 the first gradients overflow: steps are left out while the scale is halved."""
    models, weights = [], None
    for lib in (keras, rb):
        inner = lib.optimizers.Adam(0.01)
        optimizer = lib.optimizers.LossScaleOptimizer(inner, scale, growth)
        models.append(network(lib, optimizer, weights))
        weights = models[0].get_weights()
    theirs, ours = models
    np.testing.assert_allclose(fit(ours), fit(theirs), rtol=1e-4)
    for mine, its in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
        assert mine.path == its.path
        np.testing.assert_allclose(mine.numpy(), np.asarray(its), rtol=1e-3, atol=1e-6)
    ours.save(tmp_path / "ours.keras")
    loaded = keras.saving.load_model(tmp_path / "ours.keras")
    assert type(loaded.optimizer).__name__ == "LossScaleOptimizer"
    for mine, its in zip(ours.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), np.asarray(its))
    theirs.save(tmp_path / "theirs.keras")
    again = rb.saving.load_model(tmp_path / "theirs.keras")
    np.testing.assert_allclose(fit(again, 1), fit(theirs, 1), rtol=1e-4)


def test_a_float16_policy_scales_by_itself() -> None:
    rb.config.set_dtype_policy("mixed_float16")
    try:
        model = network(rb, "sgd")
        plain = network(rb, "sgd", auto_scale_loss=False)
    finally:
        rb.config.set_dtype_policy("float32")
    assert isinstance(model.optimizer, rb.optimizers.LossScaleOptimizer)
    assert isinstance(model.optimizer.inner_optimizer, rb.optimizers.SGD)
    assert isinstance(plain.optimizer, rb.optimizers.SGD)
    losses = fit(model)
    assert losses[-1] < losses[0]
    model.optimizer.learning_rate = 0.5
    assert float(model.optimizer.inner_optimizer.learning_rate) == 0.5


def test_a_schedule_inside_is_seen_by_callbacks() -> None:
    schedule = rb.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model = network(rb, rb.optimizers.LossScaleOptimizer(rb.optimizers.SGD(schedule)))
    with pytest.raises(ValueError, match="the optimizer's follows a ExponentialDecay"):
        fit(model, 1, callbacks=[rb.callbacks.LearningRateScheduler(lambda epoch: 0.1)])


# -- Optax -----------------------------------------------------------------------------------


def test_an_optax_transform_trains_as_its_namesake() -> None:
    optax = pytest.importorskip("optax")
    ours = network(rb, rb.optimizers.Adam(0.01, epsilon=1e-7))
    theirs = network(rb, optax.adam(0.01), ours.get_weights())
    np.testing.assert_allclose(fit(theirs), fit(ours), rtol=1e-3)


@pytest.mark.parametrize("kind", ["chain", "schedule", "masked", "parts"])
def test_any_optax_transform(kind: str, tmp_path: Path) -> None:
    optax = pytest.importorskip("optax")
    transform = {
        "chain": lambda: optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(0.02)),
        "schedule": lambda: optax.sgd(optax.cosine_decay_schedule(0.1, 20), momentum=0.9),
        "masked": lambda: optax.chain(
            optax.masked(optax.sgd(0.05), lambda p: [v.ndim > 1 for v in p]),
            optax.masked(optax.set_to_zero(), lambda p: [v.ndim <= 1 for v in p]),
        ),
        "parts": lambda: optax.chain(optax.scale_by_adam(), optax.scale(-0.01)),
    }[kind]()
    model = network(rb, transform)
    losses = fit(model, 4)
    assert losses[-1] < losses[0]
    before = programs.statistics.made
    fit(model, 2)
    assert programs.statistics.made == before
    model.save_weights(tmp_path / "w.weights.h5")
    other = network(rb, transform)
    other.optimizer.build(other.trainable_variables)
    other.load_weights(tmp_path / "w.weights.h5")
    for one, its in zip(other.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), its.numpy())
    with pytest.raises(ValueError, match="is an Optax transform, which is code"):
        model.save(tmp_path / "m.keras")


@pytest.mark.parametrize("kind", ["MultiSteps", "noise"])
def test_transforms_with_counts_and_random_keys(kind: str, tmp_path: Path) -> None:
    optax = pytest.importorskip("optax")
    noisy = optax.chain(optax.add_noise(0.01, 0.5, 0), optax.sgd(0.05))
    transform = noisy if kind == "noise" else optax.MultiSteps(optax.adam(0.05), 2)
    model = network(rb, transform)
    losses = fit(model)
    assert losses[-1] < losses[0]
    model.save_weights(tmp_path / "w.weights.h5")
    other = network(rb, transform)
    other.optimizer.build(other.trainable_variables)
    other.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(fit(other, 1), fit(model, 1))


def test_an_injected_rate_is_the_optimizers() -> None:
    optax = pytest.importorskip("optax")
    model = network(rb, optax.inject_hyperparams(optax.sgd)(learning_rate=0.125))
    with pytest.raises(AttributeError, match="an Optax transform's learning rate is part of it"):
        model.optimizer.learning_rate  # noqa: B018
    fit(model, 1)
    assert float(model.optimizer.learning_rate) == model.optimizer.learning_rate.numpy() == 0.125
    before, weights = programs.statistics.made, model.get_weights()
    model.optimizer.learning_rate = 0
    fit(model, 1)
    for one, other in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    callback = rb.callbacks.LearningRateScheduler(lambda epoch: 0.5 / (epoch + 1))
    fit(model, 2, callbacks=[callback])
    assert float(model.optimizer.learning_rate) == 0.25
    assert programs.statistics.made == before
    for transform in (
        optax.sgd(0.1),
        optax.inject_hyperparams(optax.sgd)(learning_rate=optax.linear_schedule(0.1, 0.2, 5)),
    ):
        with pytest.raises(ValueError, match="the optimizer has no learning rate"):
            fit(network(rb, transform), 1, callbacks=[callback])


def test_transforms_that_do_not_fit_say_so() -> None:
    optax = pytest.importorskip("optax")
    with pytest.raises(ValueError, match=r"cannot take this step\. Given: .*value_fn"):
        fit(network(rb, optax.lbfgs()), 1)
    model = network(rb, optax.sgd(0.1))
    fit(model, 1)
    model.layers[0].trainable = False
    with pytest.raises(ValueError, match=r"needs all gradients at once\. Given: 2 gradients"):
        fit(model, 1)


# -- warm-up, rates --------------------------------------------------------------------------


def test_warm_up_in_front_of_any_schedule() -> None:
    schedules = rb.optimizers.schedules
    decay = schedules.ExponentialDecay(0.2, 10, 0.5)
    rate = schedules.WarmUp(decay, warmup_steps=5, initial_learning_rate=0.05)
    expected = [0.05 + 0.15 * t / 5 for t in range(5)] + [0.2 * 0.5 ** (t / 10) for t in range(5)]
    np.testing.assert_allclose([float(rate(t)) for t in range(10)], expected, rtol=1e-6)
    again = schedules.deserialize(schedules.serialize(rate))
    np.testing.assert_allclose([float(again(t)) for t in range(10)], expected, rtol=1e-6)
    model = network(rb, rb.optimizers.SGD(rate))
    fit(model, 2)
    np.testing.assert_allclose(float(model.optimizer.learning_rate), float(rate(8)), rtol=1e-6)
    with pytest.raises(ValueError, match="warmup_steps"):
        schedules.WarmUp(0.1, warmup_steps=0)


# -- freezing --------------------------------------------------------------------------------


def test_freezing_and_unfreezing_after_compile_as_in_keras(keras: Any) -> None:
    """Keras: what was frozen stays so once compiled again; a new optimizer knows all weights."""
    weights, results = None, []
    for lib in (keras, rb):
        model = network(lib, lib.optimizers.SGD(0.05), weights)
        weights = weights or model.get_weights()
        fit(model, 1)
        model.layers[0].trainable = False
        model.compile(optimizer=lib.optimizers.SGD(0.05), loss="mse")
        frozen = model.layers[0].get_weights()
        fit(model, 1)
        for one, other in zip(frozen, model.layers[0].get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        model.layers[0].trainable = True
        model.compile(optimizer=lib.optimizers.SGD(0.05), loss="mse")
        fit(model, 1)
        assert np.any(frozen[0] != model.layers[0].get_weights()[0])
        results.append(model.get_weights())
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_messages() -> None:
    with pytest.raises(ValueError, match=r"bad `inner_optimizer`. Given: 'adam'"):
        rb.optimizers.LossScaleOptimizer("adam")
    with pytest.raises(ValueError, match=r"has no argument 'clipnorm'. Fix: give it to the inner"):
        rb.optimizers.LossScaleOptimizer(rb.optimizers.SGD(), clipnorm=1.0)
    with pytest.raises(ValueError, match="OptaxOptimizer: not a transform"):
        rb.optimizers.OptaxOptimizer("adam")
    with pytest.raises(ValueError, match="Ftrl: bad `learning_rate_power`"):
        rb.optimizers.Ftrl(learning_rate_power=0.5)
