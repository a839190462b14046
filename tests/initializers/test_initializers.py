"""Initializers: shapes, moments, seeds, configs against real Keras, messages."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import inspect
import math

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from rosenblatt import initializers
from rosenblatt.core.random import SeedGenerator, set_random_seed

RANDOM = [
    "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform",
    "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
]  # fmt: skip
CONSTANT = ["Constant", "Identity", "Ones", "Zeros"]
ALIASES = {"normal": "RandomNormal", "uniform": "RandomUniform", "one": "Ones", "zero": "Zeros"}

# name, arguments, standard deviation and largest size for shape (400, 600)
MOMENTS = [
    ("RandomNormal", {"mean": 1.0, "stddev": 0.5}, 0.5, math.inf),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 0.5}, 0.5 * 0.8796256, 2.0),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0}, 4 / math.sqrt(12), 3.0),
    ("GlorotUniform", {}, math.sqrt(2 / 1000), math.sqrt(6 / 1000)),
    ("GlorotNormal", {}, math.sqrt(2 / 1000), 2 * math.sqrt(2 / 1000) / 0.8796256),
    ("HeUniform", {}, math.sqrt(2 / 400), math.sqrt(6 / 400)),
    ("HeNormal", {}, math.sqrt(2 / 400), 2 * math.sqrt(2 / 400) / 0.8796256),
    ("LecunUniform", {}, math.sqrt(1 / 400), math.sqrt(3 / 400)),
    ("LecunNormal", {}, math.sqrt(1 / 400), 2 * math.sqrt(1 / 400) / 0.8796256),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out"}, math.sqrt(3 / 600), math.inf),
    ("VarianceScaling", {"distribution": "untruncated_normal"}, math.sqrt(1 / 400), math.inf),
    ("VarianceScaling", {"input_axes": [1], "output_axes": [0]}, math.sqrt(1 / 600), math.inf),
]


@pytest.mark.parametrize(("name", "arguments", "deviation", "largest"), MOMENTS)
def test_moments(name, arguments, deviation, largest):
    values = getattr(initializers, name)(seed=1, **arguments)((400, 600))
    assert values.dtype == np.float32
    assert values.std() == pytest.approx(deviation, rel=0.01)
    assert values.mean() == pytest.approx(
        arguments.get("mean", 0.0) + (name == "RandomUniform"), abs=0.02
    )
    assert np.abs(values).max() <= largest * (1 + 1e-6)
    reference = np.asarray(getattr(keras.initializers, name)(seed=1, **arguments)((400, 600)))
    assert values.std() == pytest.approx(reference.std(), rel=0.01)


@pytest.mark.parametrize("name", RANDOM + CONSTANT)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64", "float16"])
def test_values_are_numpy_of_the_dtype(name, dtype):
    values = getattr(initializers, name)()((6, 4), dtype=dtype)
    assert isinstance(values, np.ndarray)
    assert values.shape == (6, 4)
    assert values.dtype.name == dtype
    assert values.flags.writeable


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4)])
def test_other_ranks(name, shape):
    if name == "Orthogonal" and len(shape) < 2:
        pytest.skip("matrices only")
    assert getattr(initializers, name)(seed=3)(shape).shape == shape


@pytest.mark.parametrize("name", RANDOM + CONSTANT)
def test_config_is_keras(name):
    ours, theirs = getattr(initializers, name), getattr(keras.initializers, name)
    config = initializers.serialize(ours())
    if name != "Identity":  # Keras forgets the gain
        assert config == keras.initializers.serialize(theirs())
    assert initializers.serialize(initializers.get(config)) == config
    assert type(keras.initializers.get(config)).__name__ == name
    if name not in ("Zeros", "Ones"):
        assert (
            inspect.signature(ours).parameters.keys() == inspect.signature(theirs).parameters.keys()
        )


def test_config_keeps_arguments():
    config = initializers.serialize(
        initializers.VarianceScaling(2.0, "fan_avg", "uniform", 7, [0], [1])
    )
    reference = keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform", 7, [0], [1])
    assert config == keras.initializers.serialize(reference)
    copy = initializers.get(config)
    np.testing.assert_array_equal(copy((3, 2)), initializers.get(config)((3, 2)))
    assert copy.clone().seed == 7


def test_keras_names():
    for name in RANDOM + CONSTANT:
        snake = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
        assert type(initializers.get(snake)).__name__ == name
        if name != "Constant":  # Keras wants its value
            assert type(keras.initializers.get(snake)).__name__ == name
    for alias, name in ALIASES.items():
        assert type(initializers.get(alias)).__name__ == name
    assert initializers.get(None) is None


def test_equal_seeds_give_equal_values():
    first = initializers.GlorotUniform(seed=5)
    np.testing.assert_array_equal(first((3, 3)), first((3, 3)))
    np.testing.assert_array_equal(first((3, 3)), initializers.GlorotUniform(seed=5)((3, 3)))
    assert (first((3, 3)) != initializers.GlorotUniform(seed=6)((3, 3))).any()


def test_drawn_seeds_follow_set_random_seed():
    def draw():
        set_random_seed(42)
        return [initializers.HeNormal()((3,)), initializers.HeNormal()((3,))]

    one, two = draw(), draw()
    np.testing.assert_array_equal(one, two)
    assert (one[0] != one[1]).any()


def test_seed_generator_gives_other_values_each_call():
    initializer = initializers.RandomNormal(seed=SeedGenerator(3))
    first, second = initializer((4,)), initializer((4,))
    assert (first != second).any()
    again = initializers.RandomNormal(seed=SeedGenerator(3))
    np.testing.assert_array_equal(again((4,)), first)
    config = initializers.serialize(initializer)
    np.testing.assert_array_equal(initializers.get(config)((4,)), first)
    assert isinstance(keras.initializers.get(config).seed, keras.random.SeedGenerator)


def test_orthogonal_columns():
    for shape in [(5, 3), (3, 5), (2, 3, 4)]:
        q = initializers.Orthogonal(gain=2.0, seed=1)(shape).reshape(-1, shape[-1])
        product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
        np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_constants():
    np.testing.assert_array_equal(initializers.Identity(3.0)((2, 3)), [[3, 0, 0], [0, 3, 0]])
    np.testing.assert_array_equal(initializers.Constant([1, 2])((3, 2)), [[1, 2]] * 3)
    assert initializers.Zeros()((2,), dtype="int32").dtype == np.int32


def test_arrays_and_functions_are_initializers():
    for values in (np.arange(3.0), jnp.arange(3.0)):
        made = initializers.get(values)((3,), dtype="float32")
        np.testing.assert_array_equal(made, [0, 1, 2])

    def own(shape, dtype=None):
        return np.full(shape, 9, dtype)

    assert initializers.get(own) is own


def test_nothing_is_compiled(compiled):
    for name in RANDOM + CONSTANT:
        getattr(initializers, name)()((7, 5))
    initializers.RandomNormal(seed=SeedGenerator(3))((4,))
    assert compiled == []
    jax.jit(lambda x: x * 1.2345)(1.0)
    assert compiled, "the listener sees compilations"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: initializers.get("he_norml"),
            "Unknown initializer 'he_norml'. Fix: did you mean 'he_normal'?",
        ),
        (
            lambda: initializers.RandomNormal(seed=-1),
            "RandomNormal: bad `seed`. Given: -1. "
            "Expected: an integer ≥ 0, a `SeedGenerator` or None.",
        ),
        (
            lambda: initializers.HeNormal(seed="a"),
            "HeNormal: bad `seed`. Given: 'a'. "
            "Expected: an integer ≥ 0, a `SeedGenerator` or None.",
        ),
        (
            lambda: initializers.VarianceScaling(scale=0.0),
            "VarianceScaling: bad `scale`. Given: 0.0. Expected: a positive number.",
        ),
        (
            lambda: initializers.VarianceScaling(mode="fan_on"),
            "VarianceScaling: unknown `mode`. Given: 'fan_on'. "
            "Expected: 'fan_in', 'fan_out' or 'fan_avg'. Fix: did you mean 'fan_in'?",
        ),
        (
            lambda: initializers.VarianceScaling(distribution="unifrom"),
            "VarianceScaling: unknown `distribution`. Given: 'unifrom'. "
            "Expected: 'truncated_normal', 'untruncated_normal', 'uniform' or 'normal'. "
            "Fix: did you mean 'uniform'?",
        ),
        (
            lambda: initializers.Identity()((2, 2, 2)),
            "Identity makes matrices only. Given: shape (2, 2, 2). "
            "Expected: a shape of two dimensions.",
        ),
        (
            lambda: initializers.Orthogonal()((2,)),
            "Orthogonal makes matrices only. Given: shape (2,). "
            "Expected: a shape of at least two dimensions.",
        ),
        (
            lambda: initializers.RandomUniform()((2,), dtype="int32"),
            "RandomUniform draws real numbers. Given: dtype 'int32'. Expected: a float dtype.",
        ),
        (
            lambda: initializers.get(np.zeros(3))((2,)),
            "The array given as an initializer has another shape than the variable. Given: (3,). "
            "Expected: (2,).",
        ),
        (
            lambda: initializers.Constant([1, 2])((3,)),
            "Constant: `value` does not fit the variable. Given: a value of shape (2,) for a "
            "variable of shape (3,). Expected: a number, or an array that broadcasts to the "
            "variable's shape.",
        ),
        (
            lambda: initializers.get(3),
            "Cannot understand this initializer. Given: 3. Expected: a name, a config dict, a "
            "function or an object of a initializer class.",
        ),
    ],
)
def test_messages(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message


def test_base_message():
    with pytest.raises(NotImplementedError) as caught:
        initializers.Initializer()((2,))
    assert str(caught.value) == (
        "Initializer Initializer has no `__call__`. Fix: define `__call__(self, shape, dtype=None)`"
        " that returns an array."
    )
