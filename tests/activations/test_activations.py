"""Activations: values and gradients against real Keras, symbolic use, names, messages."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import inspect
from functools import partial

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import activations
from rosenblatt.activations.functions import family
from rosenblatt.core.registry import register_keras_serializable
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.variable import Variable

OURS_ALONE = {"heaviside", "sign"}
# Keras 3.15's outputs do not sum to 1 on JAX: compared with the definition instead.
WRONG_IN_KERAS = {"sparsemax"}
CASES = [
    *[(name, {}) for name in sorted({*family.parts} - OURS_ALONE - WRONG_IN_KERAS - {"threshold"})],
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 1.0}),
    ("relu", {"max_value": 6}),
    ("relu", {"threshold": 0.5}),
    ("relu", {"negative_slope": 0.1, "max_value": 1.0, "threshold": 0.5}),
    ("relu", {"negative_slope": 0.1, "max_value": 1.0}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 0.5}),
    ("gelu", {"approximate": True}),
    ("softmax", {"axis": 0}),
    ("softmax", {"axis": [0, 1]}),
    ("log_softmax", {"axis": 0}),
    ("glu", {"axis": 0}),
    ("soft_shrink", {"threshold": 1.0}),
    ("hard_shrink", {"threshold": 1.0}),
    ("threshold", {"threshold": 0.25, "default_value": -3.0}),
    ("squareplus", {"b": 2.0}),
]
X = np.random.default_rng(0).normal(0, 3, (6, 8)).astype("float32")


def _id(case):
    return case[0] + "".join(f"-{k}={v}" for k, v in case[1].items())


@pytest.mark.parametrize(("name", "settings"), CASES, ids=map(_id, CASES))
def test_values_and_gradients_are_keras(name, settings):
    ours, theirs = getattr(activations, name), getattr(keras.activations, name)
    np.testing.assert_allclose(
        jax.jit(partial(ours, **settings))(X),
        jax.jit(partial(theirs, **settings))(X),
        rtol=2e-6,
        atol=1e-6,
    )

    def total(fn):
        weights = jnp.cos(jnp.arange(8.0))
        return lambda x: jnp.sum(
            fn(x, **settings) * (weights[:4] if name == "glu" and not settings else weights)
        )

    np.testing.assert_allclose(
        jax.jit(jax.grad(total(ours)))(X), jax.jit(jax.grad(total(theirs)))(X), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(("name", "settings"), CASES, ids=map(_id, CASES))
def test_bfloat16(name, settings):
    x = jnp.asarray(X, "bfloat16")
    value = jax.jit(partial(getattr(activations, name), **settings))(x)
    reference = jax.jit(partial(getattr(keras.activations, name), **settings))(x)
    assert value.dtype == reference.dtype == jnp.bfloat16
    np.testing.assert_allclose(
        np.asarray(value, "float32"), np.asarray(reference, "float32"), rtol=0.02, atol=0.02
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_sparsemax_is_the_nearest_point_of_the_simplex(axis):
    points = np.asarray(activations.sparsemax(X, axis=axis))
    np.testing.assert_allclose(points.sum(axis), 1, rtol=1e-6)
    assert points.min() == 0
    # Optimality: x − p is one number on the support and at most that number elsewhere.
    gap = np.where(points > 0, X - points, np.nan)
    tau = np.nanmax(gap, axis, keepdims=True)
    np.testing.assert_allclose(np.nanmin(gap, axis, keepdims=True), tau, rtol=1e-5)
    assert (np.where(points > 0, -np.inf, X) <= tau + 1e-6).all()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_steps(dtype):
    z = jnp.asarray([-2.0, -0.0, 0.0, 3.0, jnp.nan], dtype)
    values = activations.heaviside(z)
    assert values.dtype == dtype
    np.testing.assert_array_equal(np.asarray(values, "float32"), [0, 1, 1, 1, np.nan])
    np.testing.assert_array_equal(np.asarray(activations.sign(z), "float32"), [-1, 0, 0, 1, np.nan])
    for step in (activations.heaviside, activations.sign):
        assert not jax.grad(lambda x, f=step: f(x).sum())(jnp.asarray(X)).any()


@pytest.mark.parametrize(("name", "settings"), CASES, ids=map(_id, CASES))
def test_symbolic(name, settings):
    x = KerasTensor((None, 8))
    if settings.get("axis") is not None or name == "linear":
        pytest.skip("mixes rows, or does nothing")
    y = getattr(activations, name)(x, **settings)
    assert isinstance(y, KerasTensor)
    assert y.shape == ((None, 4) if name == "glu" else (None, 8))
    operation = y._keras_history.operation
    if name == "mish":  # Keras refuses symbolic inputs; here three ops that its files know
        return
    np.testing.assert_allclose(operation(X), getattr(activations, name)(X, **settings), rtol=1e-6)
    if name not in ("hard_silu", "hard_swish"):  # Keras refuses symbolic inputs
        theirs = getattr(keras.activations, name)(keras.KerasTensor((None, 8)), **settings)
        reference = theirs._keras_history.operation
        assert type(operation).__name__ == type(reference).__name__
        assert {k: v for k, v in operation.get_config().items() if k != "name"} == {
            k: v for k, v in reference.get_config().items() if k != "name"
        }


def test_lists_numbers_and_variables():
    assert float(activations.relu(-1.0)) == 0.0
    np.testing.assert_array_equal(activations.relu([1, -1]), [1, 0])
    np.testing.assert_array_equal(activations.relu(Variable(np.array([1.0, -1.0]))), [1, 0])


@pytest.mark.parametrize("name", sorted(family.parts))
def test_names(name):
    function = activations.get(name)
    assert function is getattr(activations, name)
    plain = activations.serialize(function)
    assert plain == function.__name__
    assert activations.deserialize(plain) is function
    if name not in OURS_ALONE:
        assert plain == keras.activations.serialize(keras.activations.get(name))
        own = list(inspect.signature(function).parameters.values())
        theirs = list(inspect.signature(getattr(keras.activations, name)).parameters.values())
        assert [(p.name, p.default) for p in own] == [(p.name, p.default) for p in theirs]


def test_none_is_linear():
    assert activations.get(None) is activations.linear


def test_registered_function():
    @register_keras_serializable("test")
    def twice(x):
        return 2 * x

    config = activations.serialize(twice)
    assert config["class_name"] == "function"
    assert config["config"] == "test>twice"
    assert activations.get(config) is twice
    assert activations.get("test>twice") is twice
    assert activations.get(twice) is twice


def test_own_function_of_a_builtin_name_is_not_taken_for_it():
    def relu(x):
        return x

    config = activations.serialize(relu)
    assert config["class_name"] == "function"


def test_every_activation_has_an_example():
    for name, function in family.parts.items():
        assert ">>>" in function.__doc__, name


STEPS = ("heaviside", "sign")
SLOPES = {
    "straight_through": np.ones_like,
    "sigmoid": lambda z: 1 / (2 + np.exp(z) + np.exp(-z)),
    "triangle": lambda z: np.maximum(1 - np.abs(z), 0),
    jnp.cos: np.cos,
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("surrogate", SLOPES, ids=lambda s: s if isinstance(s, str) else "own")
def test_surrogates_stand_in_for_derivatives_only(name, surrogate):
    step = partial(getattr(activations, name), surrogate=surrogate)
    z = X[0]
    np.testing.assert_array_equal(step(z), getattr(activations, name)(z))
    slopes = jax.grad(lambda x: jnp.sum(step(x)))(z)
    np.testing.assert_allclose(slopes, SLOPES[surrogate](z), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", STEPS)
def test_steps_in_models(name, tmp_path):
    """Keras reads a file with `sign`; one with a surrogate, or with `heaviside`, is ours alone."""
    x = rb.Input((3,))
    plain = rb.Model(x, getattr(activations, name)(x))
    plain.save(tmp_path / "plain.keras")
    reader = keras if name == "sign" else rb
    again = reader.models.load_model(tmp_path / "plain.keras")
    np.testing.assert_array_equal(again(X[:, :3]), plain(X[:, :3]))
    taught = rb.Model(x, getattr(activations, name)(x, surrogate="sigmoid"))
    taught.save(tmp_path / "taught.keras")
    again = rb.models.load_model(tmp_path / "taught.keras")
    np.testing.assert_array_equal(again(X[:, :3]), plain(X[:, :3]))
    assert jax.grad(lambda z: again(z).sum())(jnp.ones((1, 3))).all()


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("rellu", "Unknown activation 'rellu'. Fix: did you mean 'relu'?"),
        (
            5,
            "Cannot understand this activation. Given: 5. Expected: a name, a config dict, a "
            "function or an object of a activation class.",
        ),
    ],
)
def test_messages(identifier, message):
    with pytest.raises(ValueError) as caught:
        activations.get(identifier)
    assert str(caught.value) == message


def test_the_code_of_a_lambda_is_its_config():
    with pytest.warns(UserWarning, match=r"^A lambda is serialized as its code"):
        config = activations.serialize(lambda x: x + 1)
    assert config["class_name"] == "__lambda__"
    with pytest.raises(ValueError, match="code of a lambda, which is not run"):
        activations.deserialize(config)


def test_a_lambda_that_encloses_a_module_is_not_saved():
    module = np

    with pytest.raises(ValueError) as caught, pytest.warns(UserWarning, match="^A lambda"):
        activations.serialize(lambda x: module.tanh(x))
    assert str(caught.value) == (
        "A lambda encloses the module 'numpy' under the name 'module'. Fix: use the module under "
        "a name outside of all functions, or write a function with a name and register it "
        "(`saving.register_keras_serializable`)."
    )


def test_unknown_surrogate():
    with pytest.raises(ValueError) as caught:
        activations.heaviside(X, surrogate="sigmoit")
    assert str(caught.value) == (
        "heaviside: unknown surrogate. Given: 'sigmoit'. Fix: did you mean 'sigmoid'? Or pass a "
        "function of x that gives the derivative."
    )
