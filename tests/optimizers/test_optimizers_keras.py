"""Every optimizer and option against real Keras: values, variables, configs."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from rosenblatt import constraints, optimizers
from rosenblatt.core.variable import Variable

# Keras 3.15's variables under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SHAPES = {"kernel": (3, 4), "bias": (4,), "gain": (4, 2)}
NAMES = [
    "SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "Nadam", "Lion",
    "Adafactor", "Ftrl", "Lamb", "Muon", "ScheduleFreeAdamW",
]  # fmt: skip
COMMON = [
    {"weight_decay": 0.1},
    {"clipnorm": 0.5},
    {"clipvalue": 0.2},
    {"global_clipnorm": 0.5},
    {"use_ema": True, "ema_momentum": 0.9},
    {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 3},
    {"loss_scale_factor": 8.0},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "use_ema": True, "weight_decay": 0.1, "clipnorm": 0.5},
]
CASES = [
    *[(name, {}) for name in NAMES],
    *[(name, options) for name in ("SGD", "Adam") for options in COMMON],
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"momentum": 0.9, "use_ema": True, "gradient_accumulation_steps": 2}),
    ("RMSprop", {"rho": 0.8, "epsilon": 1e-3}),
    ("RMSprop", {"momentum": 0.5}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Adam", {"amsgrad": True}),
    ("Adam", {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-2}),
    ("AdamW", {"weight_decay": 0.3, "amsgrad": True}),
    ("Adagrad", {"initial_accumulator_value": 0.5, "epsilon": 1e-2}),
    ("Adadelta", {"rho": 0.8, "epsilon": 1e-2}),
    ("Adamax", {"beta_1": 0.7, "beta_2": 0.8, "epsilon": 1e-2}),
    ("Nadam", {"beta_1": 0.7, "beta_2": 0.8, "epsilon": 1e-2, "gradient_accumulation_steps": 2}),
    ("Lion", {"beta_1": 0.7, "beta_2": 0.8, "weight_decay": 0.1}),
    ("Adafactor", {"beta_2_decay": -0.5, "clip_threshold": 0.5, "epsilon_2": 1e-2}),
    ("Adafactor", {"weight_decay": 0.1, "clipnorm": 0.5}),
    ("Ftrl", {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.1, "beta": 0.2}),
    ("Ftrl", {"l2_shrinkage_regularization_strength": 0.1, "learning_rate_power": -0.3}),
    ("Ftrl", {"initial_accumulator_value": 0.5, "clipvalue": 0.2}),
    ("Lamb", {"beta_1": 0.7, "beta_2": 0.8, "weight_decay": 0.1, "global_clipnorm": 0.5}),
    ("Muon", {"nesterov": False, "ns_steps": 3, "rms_rate": None}),
    ("Muon", {"exclude_layers": ["gain"], "adam_lr_ratio": 0.5, "adam_weight_decay": 0.2}),
    ("Muon", {"momentum": 0.8, "muon_a": 3.0, "weight_decay": None, "use_ema": True}),
    ("ScheduleFreeAdamW", {"warmup_steps": 4, "beta_1": 0.8, "epsilon": 1e-4}),
    ("ScheduleFreeAdamW", {"weight_decay": 0.1, "gradient_accumulation_steps": 2}),
]


def _id(case):
    return case[0] + "".join(f"-{k}={v}" for k, v in case[1].items())


def _values(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(0, 1, shape).astype("float32") for shape in SHAPES.values()]


def _variables(kind):
    return [kind(value, name=name) for name, value in zip(SHAPES, _values(), strict=True)]


def _pair(name, options):
    options = {"learning_rate": 0.05, "name": "opt", **options}
    ours, theirs = getattr(optimizers, name)(**options), getattr(keras.optimizers, name)(**options)
    own, reference = _variables(Variable), _variables(keras.Variable)
    ours.build(own)
    theirs.build(reference)
    return ours, theirs


def _run(optimizer, steps):
    update = jax.jit(optimizer.stateless_apply)
    state = [np.asarray(v) for v in optimizer.variables]
    weights = [np.asarray(v) for v in optimizer._trainable_variables]
    history = []
    for step in range(steps):
        weights, state = update(state, _values(100 + step), weights)
        history.append([np.asarray(w) for w in weights])
    return history, [np.asarray(s) for s in state]


@pytest.mark.parametrize(("name", "options"), CASES, ids=map(_id, CASES))
def test_ten_steps(name, options):
    ours, theirs = _pair(name, options)
    assert [(v.shape, v.dtype, v.path) for v in ours.variables if v.name != "u_product"] == [
        (v.shape, v.dtype, v.path) for v in theirs.variables if not v.name.startswith("variable")
    ]
    assert [v.shape for v in ours.variables] == [v.shape for v in theirs.variables]
    (history, state), (history_keras, state_keras) = _run(ours, 10), _run(theirs, 10)
    for own, reference in zip(history, history_keras, strict=True):
        for a, b in zip(own, reference, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)
    for a, b in zip(state, state_keras, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "options"), CASES, ids=map(_id, CASES))
def test_config_both_ways(name, options):
    ours, theirs = _pair(name, options)
    config = optimizers.serialize(ours)
    assert config == keras.optimizers.serialize(theirs)
    assert list(config["config"]) == list(theirs.get_config())
    assert optimizers.get(config).get_config() == ours.get_config()
    # Keras's own `get` does not know Lamb.
    again = getattr(keras.optimizers, name).from_config(config["config"])
    assert again.get_config() == theirs.get_config()


@pytest.mark.parametrize("name", NAMES)
def test_eager_equals_compiled(name):
    ours, _ = _pair(name, {})
    history, state = _run(ours, 2)
    variables = ours._trainable_variables
    ours.apply(_values(100))
    assert ours.apply_gradients(zip(_values(101), variables, strict=True)) is ours._iterations
    for value, variable in zip(history[-1], variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-6, atol=1e-7)
    for value, variable in zip(state, ours.variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_keras(name):
    own, reference = getattr(optimizers, name)(), getattr(keras.optimizers, name)()
    ours, theirs = own.get_config(), reference.get_config()
    assert {k: v for k, v in ours.items() if k != "name"} == {
        k: v for k, v in theirs.items() if k != "name"
    }


@pytest.mark.parametrize("name", NAMES)
def test_saved_state_goes_on_in_keras_and_back(name):
    ours, theirs = _pair(name, {})
    history, _ = _run(ours, 6)
    ours.apply(_values(100))
    ours.apply(_values(101))
    store = {}
    ours.save_own_variables(store)
    theirs.load_own_variables(store)
    for own, reference in zip(ours._trainable_variables, theirs._trainable_variables, strict=True):
        reference.assign(own.numpy())
    back = getattr(optimizers, name)(learning_rate=0.5)
    variables = [Variable(v.numpy(), name=v.name) for v in ours._trainable_variables]
    back.build(variables)
    back.load_own_variables(store)
    for optimizer in (theirs, back):
        optimizer.apply(_values(102))
    for value, own, reference in zip(
        history[2], variables, theirs._trainable_variables, strict=True
    ):
        np.testing.assert_allclose(own.numpy(), value, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(np.asarray(reference), value, rtol=1e-5, atol=1e-6)


def test_ema_is_put_in_place_at_the_end():
    ours, theirs = _pair("SGD", {"use_ema": True, "ema_momentum": 0.5})
    for step in range(3):
        ours.apply(_values(step))
        theirs.apply([jnp.asarray(g) for g in _values(step)])
    for optimizer in (ours, theirs):
        optimizer.finalize_variable_values(optimizer._trainable_variables)
    for own, reference in zip(ours._trainable_variables, theirs._trainable_variables, strict=True):
        np.testing.assert_allclose(own.numpy(), np.asarray(reference), rtol=1e-6)


def test_exclude_from_weight_decay():
    results = []
    for module, kind in ((optimizers, Variable), (keras.optimizers, keras.Variable)):
        optimizer, variables = module.AdamW(0.1, weight_decay=0.5), _variables(kind)
        optimizer.exclude_from_weight_decay(var_list=[variables[2]], var_names=["bias", "b"])
        optimizer.build(variables)
        results.append(_run(optimizer, 3)[0][-1])
    for own, reference in zip(*results, strict=True):
        np.testing.assert_allclose(own, reference, rtol=1e-5)


def test_constraint_after_the_update():
    variables, reference = _variables(Variable), _variables(keras.Variable)
    variables[0].constraint = constraints.UnitNorm()
    reference[0].constraint = keras.constraints.UnitNorm()
    ours, theirs = optimizers.SGD(0.5), keras.optimizers.SGD(0.5)
    ours.apply(_values(1), variables)
    theirs.apply([jnp.asarray(g) for g in _values(1)], reference)
    np.testing.assert_allclose(variables[0].numpy(), np.asarray(reference[0]), rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(variables[0].numpy(), axis=0), 1, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_bfloat16_variables(name):
    variables = [Variable(np.ones((4,)), dtype="bfloat16", name="w")]
    single = [Variable(np.ones((4,)), dtype="float32", name="w")]
    low, high = (getattr(optimizers, name)(learning_rate=0.1) for _ in range(2))
    for step in range(4):
        gradient = np.random.default_rng(step).normal(0, 1, 4).astype("float32")
        low.apply([gradient], variables)
        high.apply([gradient], single)
    assert variables[0].dtype == "bfloat16"
    assert all(v.dtype in ("bfloat16", "int32") for v in low.variables[2:])
    np.testing.assert_allclose(
        variables[0].numpy().astype("float32"), single[0].numpy(), rtol=0.04, atol=0.04
    )


def test_names():
    for name in NAMES:
        for spelt in (name, name.lower(), name.upper()):
            assert type(optimizers.get(spelt)).__name__ == name
            assert type(optimizers.get({"class_name": spelt, "config": {}})).__name__ == name
    assert optimizers.get(None) is None
    made = optimizers.SGD()
    assert optimizers.get(made) is made
    assert isinstance(optimizers.get(optimizers.Adam), optimizers.Adam)
