"""Schedules against real Keras over steps 0 to 100, in NumPy and inside programs."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.optimizers import schedules

CASES = [
    ("ExponentialDecay", (0.1, 10, 0.9), {}),
    ("ExponentialDecay", (0.1, 10, 0.9), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("PolynomialDecay", (0.1, 30), {}),
    ("PolynomialDecay", (0.1, 30), {"end_learning_rate": 0.01, "power": 2.0}),
    ("PolynomialDecay", (0.1, 30), {"power": 0.5, "cycle": True}),
    ("PiecewiseConstantDecay", ([10, 40], [0.1, 0.01, 0.001]), {}),
    ("PiecewiseConstantDecay", ([10], [0.1, 0.01]), {}),
    ("CosineDecay", (0.1, 50), {}),
    ("CosineDecay", (0.1, 50), {"alpha": 0.2}),
    ("CosineDecay", (0.01, 50), {"warmup_target": 0.1, "warmup_steps": 20, "alpha": 0.1}),
    ("CosineDecay", (0.0, 50), {"warmup_target": 0.1, "warmup_steps": 0}),
    ("CosineDecayRestarts", (0.1, 15), {}),
    ("CosineDecayRestarts", (0.1, 15), {"t_mul": 1.5, "m_mul": 0.8, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 15), {"t_mul": 1.0, "m_mul": 0.8}),
]


def _id(case):
    return case[0] + "".join(f"-{k}={v}" for k, v in case[2].items())


@pytest.mark.parametrize(("name", "args", "options"), CASES, ids=map(_id, CASES))
def test_values_are_keras(name, args, options):
    ours = getattr(schedules, name)(*args, **options)
    theirs = getattr(keras.optimizers.schedules, name)(*args, **options)
    numbers = {(id(ours), n): getattr(ours, n) for n in ours.runtime_parameters}
    numbers = {key: value for key, value in numbers.items() if value is not None}
    names = list(numbers)

    # As in training, numbers are arguments: XLA would divide by a constant inexactly.
    @jax.jit
    def run(steps, values):
        with use_scope(Scope(parameters=dict(zip(names, values, strict=True)))):
            return jax.vmap(ours)(steps)

    steps = np.arange(101)
    if options.get("cycle"):  # at multiples of 30 Keras's rounding may start the next cycle early
        steps = steps[steps % 30 != 0]
        assert float(ours(30)) == float(ours(90)) == pytest.approx(0.0001)
    expected = jax.vmap(theirs)(jnp.asarray(steps))
    compiled = run(steps, [float(value) for value in numbers.values()])
    np.testing.assert_allclose([ours(s) for s in steps], expected, rtol=2e-5, atol=1e-7)
    np.testing.assert_allclose(compiled, expected, rtol=2e-5, atol=1e-7)
    assert np.asarray(ours(3)).dtype == np.float32


@pytest.mark.parametrize(("name", "args", "options"), CASES, ids=map(_id, CASES))
def test_config_both_ways(name, args, options):
    ours = getattr(schedules, name)(*args, **options)
    theirs = getattr(keras.optimizers.schedules, name)(*args, **options)
    config = schedules.serialize(ours)
    assert config == keras.optimizers.schedules.serialize(theirs)
    assert schedules.serialize(schedules.deserialize(config)) == config
    assert keras.optimizers.schedules.deserialize(config).get_config() == theirs.get_config()
    own = inspect.signature(type(ours)).parameters
    assert list(own) == list(inspect.signature(type(theirs)).parameters)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: schedules.ExponentialDecay(0.1, 0, 0.5),
            "ExponentialDecay: bad `decay_steps`. Given: 0. Expected: a number above 0.",
        ),
        (
            lambda: schedules.InverseTimeDecay(0.1, -1, 0.5),
            "InverseTimeDecay: bad `decay_steps`. Given: -1. Expected: a number above 0.",
        ),
        (
            lambda: schedules.PolynomialDecay(0.1, 0),
            "PolynomialDecay: bad `decay_steps`. Given: 0. Expected: a number above 0.",
        ),
        (
            lambda: schedules.CosineDecay(0.1, 0),
            "CosineDecay: bad `decay_steps`. Given: 0. Expected: a number above 0.",
        ),
        (
            lambda: schedules.CosineDecayRestarts(0.1, 0),
            "CosineDecayRestarts: bad `first_decay_steps`. Given: 0. Expected: a number above 0.",
        ),
        (
            lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1]),
            "PiecewiseConstantDecay: `values` must be one more than `boundaries`. "
            "Given: 2 boundaries and 1 values.",
        ),
    ],
)
def test_messages(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message


def test_base_messages():
    class Mine(schedules.LearningRateSchedule):
        pass

    with pytest.raises(NotImplementedError) as caught:
        Mine()(1)
    assert str(caught.value) == (
        "Schedule Mine has no `__call__`. Fix: define `__call__(self, step)` that returns the "
        "learning rate."
    )
    with pytest.raises(NotImplementedError) as caught:
        Mine().get_config()
    assert str(caught.value) == (
        "Schedule Mine cannot be saved. Fix: define `get_config(self)` returning a dict of its "
        "`__init__` arguments."
    )
