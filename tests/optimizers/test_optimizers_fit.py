"""Every optimizer inside `fit`: losses, state and files against Keras; numbers compile nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.variable import Variable
from rosenblatt.training import programs

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 4)).astype("float32")
Y = X.sum(1, keepdims=True)

# Each option of `Optimizer` once, each optimizer with some.
CASES: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "clipnorm": 0.5},
    "RMSprop": {"momentum": 0.5, "centered": True, "global_clipnorm": 0.5},
    "Adam": {"amsgrad": True, "use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 2},
    "AdamW": {"weight_decay": 0.3, "gradient_accumulation_steps": 2},
    "Adagrad": {"initial_accumulator_value": 0.2, "clipvalue": 0.1},
    "Adadelta": {"rho": 0.9, "loss_scale_factor": 8.0},
    "Adamax": {"use_ema": True, "ema_momentum": 0.8},
    "Nadam": {"clipvalue": 0.2, "gradient_accumulation_steps": 3},
    "Lion": {"weight_decay": 0.2, "clipnorm": 0.5},
    "Adafactor": {"clip_threshold": 0.5, "use_ema": True, "ema_overwrite_frequency": 2},
    "Ftrl": {"l1_regularization_strength": 0.01, "beta": 0.2, "weight_decay": 0.1},
    "Lamb": {"weight_decay": 0.1, "gradient_accumulation_steps": 2},
    "Muon": {"global_clipnorm": 0.5, "momentum": 0.9, "adam_weight_decay": 0.1},
    "ScheduleFreeAdamW": {"warmup_steps": 4, "weight_decay": 0.1, "clipnorm": 0.5},
}


def network(lib: Any, optimizer: Any, weights: Any = None) -> Any:
    model = lib.Sequential(
        [lib.Input((4,)), lib.layers.Dense(6, "tanh", name="body"), lib.layers.Dense(1)]
    )
    if weights is not None:
        model.set_weights(weights)
    if getattr(optimizer, "weight_decay", None):
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer=optimizer, loss="mse")
    return model


def fit(model: Any, epochs: int = 2) -> list[float]:
    options = {"batch_size": 16, "shuffle": False, "verbose": 0}
    return model.fit(X, Y, epochs=epochs, **options).history["loss"]


def same_state(ours: Any, theirs: Any, rtol: float = 1e-3) -> None:
    for mine, its in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(np.asarray(mine), np.asarray(its), rtol=rtol, atol=rtol / 1e3)


@pytest.mark.parametrize("name", CASES)
def test_fit_and_files_equal_keras(keras: Any, tmp_path: Path, name: str) -> None:
    options = {"learning_rate": 0.02, **CASES[name]}
    theirs = network(keras, getattr(keras.optimizers, name)(**options))
    ours = network(rb, getattr(rb.optimizers, name)(**options), theirs.get_weights())
    np.testing.assert_allclose(fit(ours), fit(theirs), rtol=1e-4)
    same_state(ours.optimizer, theirs.optimizer)
    same_state(ours, theirs)
    for model, lib, file in ((ours, keras, "ours.keras"), (theirs, rb, "theirs.keras")):
        model.save(tmp_path / file)
        known = {} if name != "Lamb" else {"Lamb": getattr(lib.optimizers, name)}
        loaded = lib.saving.load_model(tmp_path / file, custom_objects=known)
        assert type(loaded.optimizer).__name__ == name
        assert loaded.optimizer.get_config() == model.optimizer.get_config()
        same_state(loaded.optimizer, model.optimizer, rtol=0)
        same_state(loaded, model, rtol=0)
    if "weight_decay" not in options:  # what is excluded is in no file
        np.testing.assert_allclose(fit(loaded), fit(ours), rtol=1e-3)


def numbers(optimizer: Any) -> dict[str, float]:
    """Other values for every number that is an argument of programs."""
    found = {}
    for name, value in optimizer.get_config().items():
        settable = name in optimizer.runtime_parameters or name == "learning_rate"
        if settable and isinstance(value, (int, float)) and not isinstance(value, bool) and value:
            found[name] = value + 1 if isinstance(value, int) else value * 0.9
    return found


@pytest.mark.parametrize("name", CASES)
def test_changed_numbers_compile_nothing(name: str) -> None:
    def make(**changed: Any) -> Any:
        options = {"learning_rate": 0.02, "weight_decay": 0.1, "use_ema": True, **CASES[name]}
        return getattr(rb.optimizers, name)(**{**options, **changed})

    fit(network(rb, make()), 1)
    before = programs.statistics.made
    changed = numbers(make())
    assert {"learning_rate", "weight_decay", "ema_momentum"} < set(changed)
    other = network(rb, make(**changed))
    fit(other, 1)
    for number, value in numbers(other.optimizer).items():
        setattr(other.optimizer, number, value)
    other.optimizer.learning_rate = 1
    assert float(other.optimizer.learning_rate) == other.optimizer.learning_rate.numpy() == 1.0
    other.optimizer.learning_rate.assign(0.5)
    fit(other, 1)
    assert programs.statistics.made == before
    assert other.optimizer.get_config()["learning_rate"] == 0.5


@pytest.mark.parametrize("name", CASES)
def test_changed_numbers_count(keras: Any, name: str) -> None:
    """A program traced with some numbers and called with others gives Keras's steps for those."""
    base = {"learning_rate": 0.02, **CASES[name]}
    ours = getattr(rb.optimizers, name)(**base)
    start = [RNG.normal(size=shape).astype("float32") for shape in ((3, 2), (2,))]
    gradients = [[RNG.normal(size=w.shape).astype("float32") for w in start] for _ in range(5)]
    ours.build([Variable(w, name=f"w{i}") for i, w in enumerate(start)])

    traces = []

    @jax.jit
    def step(parameters: Any, state: Any, gradient: Any, weights: Any) -> Any:
        traces.append(1)
        found = {(id(ours), number): value for number, value in parameters.items()}
        with use_scope(Scope(parameters=found)):
            return ours.stateless_apply(state, gradient, weights)

    def arguments() -> dict[str, float]:
        known = {number: getattr(ours, number) for number in ours.runtime_parameters}
        return {number: float(value) for number, value in known.items() if value is not None}

    state = [v.numpy() for v in ours.variables]
    step(arguments(), state, gradients[0], start)
    changed = numbers(ours)
    changed.pop("initial_accumulator_value", None)
    for number, value in changed.items():
        setattr(ours, number, value)
    state = [v.numpy() for v in ours.variables]
    weights = start
    theirs = getattr(keras.optimizers, name)(**{**base, **changed})
    theirs.build([keras.Variable(w, name=f"w{i}") for i, w in enumerate(start)])
    for gradient in gradients:
        weights, state = step(arguments(), state, gradient, weights)
        theirs.apply([jax.numpy.asarray(g) for g in gradient])
    for own, reference in zip(weights, theirs._trainable_variables, strict=True):
        np.testing.assert_allclose(own, np.asarray(reference), rtol=2e-5, atol=2e-6)
    assert len(traces) == 1


# Freezing: Keras refuses to go on with the optimizer that was built (and the weights are lost).


@pytest.mark.parametrize(
    ("again", "options"), [(True, {}), (False, {"use_ema": True, "ema_overwrite_frequency": 2})]
)
def test_a_layer_frozen_between_fits_stays(again: bool, options: dict[str, Any]) -> None:
    model = network(rb, rb.optimizers.Adam(0.05, weight_decay=0.1, **options))
    fit(model, 1)
    model.layers[0].trainable = False
    if again:
        model.compile(optimizer=model.optimizer, loss="mse")
    before, steps = model.get_weights(), int(model.optimizer.iterations.numpy())
    fit(model, 1)
    after = model.get_weights()
    assert [bool(np.all(a == b)) for a, b in zip(before, after, strict=True)] == [True] * 2 + [
        False
    ] * 2
    assert int(model.optimizer.iterations.numpy()) == steps + 3
    model.layers[0].trainable = True  # the optimizer still knows the layer
    fit(model, 1)
    assert np.any(model.get_weights()[0] != before[0])


@pytest.mark.parametrize("again", [False, True])
def test_a_layer_freed_needs_a_new_optimizer(keras: Any, again: bool) -> None:
    weights = None
    for lib in (keras, rb):
        model = network(lib, lib.optimizers.SGD(0.05), weights)
        weights = model.get_weights()
        model.layers[0].trainable = False
        model.compile(optimizer=model.optimizer, loss="mse")
        losses = fit(model, 1)
        model.layers[0].trainable = True
        if again:
            model.compile(optimizer=model.optimizer, loss="mse")
        with pytest.raises(ValueError) as caught:
            fit(model, 1)
    assert "after a layer's `trainable` has changed, compile the model again" in str(caught.value)
    model.compile(optimizer="sgd", loss="mse")
    assert fit(model, 1)[0] < losses[0]
