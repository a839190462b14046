"""Regularizers and constraints: values, gradients and configs against real Keras, messages."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from rosenblatt import constraints, regularizers
from rosenblatt.core.scope import Scope, use_scope

W = np.random.default_rng(0).normal(0, 2, (5, 4)).astype("float32")
REGULARIZERS = [
    ("L1", {}), ("L1", {"l1": 0.3}), ("L2", {}), ("L2", {"l2": 0.3}), ("L1L2", {}),
    ("L1L2", {"l1": 0.2, "l2": 0.3}), ("L1L2", {"l1": 0.2}), ("L1L2", {"l2": 1}),
    ("OrthogonalRegularizer", {}), ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]  # fmt: skip
CONSTRAINTS = [
    ("MaxNorm", {}), ("MaxNorm", {"max_value": 1.5, "axis": 1}), ("MaxNorm", {"axis": [0, 1]}),
    ("NonNeg", {}), ("UnitNorm", {}), ("UnitNorm", {"axis": 1}), ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 2.0, "max_value": 3.0, "rate": 0.5, "axis": 1}),
]  # fmt: skip


def _id(case):
    return case[0] + "".join(f"-{k}={v}" for k, v in case[1].items())


@pytest.mark.parametrize(("name", "settings"), REGULARIZERS, ids=map(_id, REGULARIZERS))
def test_regularizer_is_keras(name, settings):
    ours = getattr(regularizers, name)(**settings)
    theirs = getattr(keras.regularizers, name)(**settings)
    w = jnp.asarray(W)
    np.testing.assert_allclose(ours(w), theirs(w), rtol=1e-6)
    np.testing.assert_allclose(jax.grad(ours)(w), jax.grad(theirs)(w), rtol=1e-5, atol=1e-7)
    low = ours(w.astype("bfloat16"))
    assert low.dtype == jnp.bfloat16
    assert float(low) == pytest.approx(float(theirs(w)), rel=0.05)
    config, reference = regularizers.serialize(ours), keras.regularizers.serialize(theirs)
    assert config["class_name"] == reference["class_name"]
    assert config["module"] == reference["module"]
    assert config["config"] == pytest.approx(reference["config"]), "Keras rounds to 32 bits"
    assert regularizers.get(config).get_config() == ours.get_config()
    assert type(keras.regularizers.get(config)).__name__ == name


@pytest.mark.parametrize(("name", "settings"), CONSTRAINTS, ids=map(_id, CONSTRAINTS))
def test_constraint_is_keras(name, settings):
    ours = getattr(constraints, name)(**settings)
    theirs = getattr(keras.constraints, name)(**settings)
    np.testing.assert_allclose(ours(W), theirs(W), rtol=1e-6)
    assert ours(jnp.asarray(W, "bfloat16")).dtype == jnp.bfloat16
    config = constraints.serialize(ours)
    assert config == keras.constraints.serialize(theirs)
    assert constraints.serialize(constraints.get(config)) == config
    assert type(keras.constraints.get(config)).__name__ == name


def test_names():
    for name in (
        "L1",
        "l1",
        "L2",
        "l2",
        "L1L2",
        "l1l2",
        "OrthogonalRegularizer",
        "orthogonal_regularizer",
    ):
        assert type(regularizers.get(name)) is type(regularizers.get(name))
        assert type(regularizers.get(name)).__name__ == type(keras.regularizers.get(name)).__name__
    for name in (
        "MaxNorm",
        "max_norm",
        "NonNeg",
        "non_neg",
        "UnitNorm",
        "unit_norm",
        "MinMaxNorm",
        "min_max_norm",
    ):
        assert type(constraints.get(name)).__name__ == type(keras.constraints.get(name)).__name__
    assert regularizers.get(None) is None
    assert constraints.get(None) is None
    assert isinstance(regularizers.l2(0.1), regularizers.L2)
    assert isinstance(regularizers.l1_l2(0.1), regularizers.L1L2)
    assert isinstance(constraints.max_norm(3), constraints.MaxNorm)


def test_none_is_the_default():
    assert regularizers.L1(None).l1 == 0.01
    assert regularizers.L2(None).l2 == 0.01
    assert regularizers.L1L2(None, None).get_config() == {"l1": 0.0, "l2": 0.0}


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (regularizers.L1(0.5), "l1"),
        (regularizers.L2(0.5), "l2"),
        (regularizers.L1L2(0.5, 0.0), "l1"),
        (regularizers.OrthogonalRegularizer(0.5), "factor"),
        (constraints.MaxNorm(0.5), "max_value"),
        (constraints.MinMaxNorm(0.0, 0.5), "max_value"),
    ],
)
def test_numbers_are_arguments_of_programs(thing, name):
    traces = []

    @jax.jit
    def run(w, value):
        traces.append(1)
        with use_scope(Scope(parameters={(id(thing), name): value})):
            return thing(w)

    small, large = run(W, 0.25), run(W, 0.5)
    assert len(traces) == 1
    np.testing.assert_allclose(large, thing(W), rtol=1e-6)
    assert not np.allclose(small, large)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: regularizers.L2(-1),
            "L2: bad `l2`. Given: -1. Expected: a finite number, 0 or more.",
        ),
        (
            lambda: regularizers.L1(float("nan")),
            "L1: bad `l1`. Given: nan. Expected: a finite number, 0 or more.",
        ),
        (
            lambda: regularizers.L1L2(l2="a"),
            "L1L2: bad `l2`. Given: 'a'. Expected: a finite number, 0 or more.",
        ),
        (
            lambda: regularizers.OrthogonalRegularizer(float("inf")),
            "OrthogonalRegularizer: bad `factor`. Given: inf. "
            "Expected: a finite number, 0 or more.",
        ),
        (
            lambda: regularizers.OrthogonalRegularizer(mode="row"),
            "OrthogonalRegularizer: unknown `mode`. Given: 'row'. "
            "Expected: 'rows' or 'columns'. Fix: did you mean 'rows'?",
        ),
        (
            lambda: regularizers.OrthogonalRegularizer()(np.ones(3)),
            "OrthogonalRegularizer works on matrices only. Given: an array of shape (3,). "
            "Expected: two dimensions.",
        ),
        (
            lambda: regularizers.get("l3"),
            "Unknown regularizer 'l3'. Fix: known names: L1, L1L2, L2, OrthogonalRegularizer, l1, "
            "l1_l2, l1l2, l2, orthogonal_regularizer.",
        ),
        (
            lambda: constraints.get("maxnorm"),
            "Unknown constraint 'maxnorm'. Fix: did you mean 'max_norm'?",
        ),
    ],
)
def test_messages(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message


def test_own_regularizer_without_config():
    class Mine(regularizers.Regularizer):
        pass

    with pytest.raises(NotImplementedError) as caught:
        Mine().get_config()
    assert str(caught.value) == (
        "Regularizer Mine cannot be saved. Fix: define `get_config(self)` returning a dict of its "
        "`__init__` arguments."
    )
    assert Mine()(W) == 0.0
    assert constraints.Constraint()(W) is W
