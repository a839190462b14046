"""A part of 64 bits lets JAX compute so in the whole process, and changes no other part."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb

X = np.linspace(0.1, 0.9, 12, dtype="float32").reshape(4, 3)
TARGETS = np.eye(3, dtype="float32")[[0, 1, 2, 0]]
CLASSES = np.array([0, 1, 2, 0], "int32")
SECTIONS = (
    "layers", "losses", "metrics", "optimizers", "optimizers.schedules", "initializers",
    "regularizers", "constraints",
)  # fmt: skip


@pytest.fixture(autouse=True)
def narrow() -> Iterator[None]:
    """As in a process where nothing of 64 bits has been used."""
    before = jax.config.read("jax_enable_x64")
    jax.config.update("jax_enable_x64", False)
    yield
    jax.config.update("jax_enable_x64", before)


def told(results: Any) -> list[tuple[str, bytes]]:
    """Types and bits."""
    leaves = jax.tree_util.tree_leaves(results)
    return [(str(one.dtype), one.tobytes()) for one in map(np.asarray, leaves)]


def used(one: Any, inputs: tuple[Any, ...]) -> Any:
    """What an object gives for fixed data, in training where it can tell."""
    if isinstance(one, rb.layers.Layer):
        takes = "training" in one.call_signature_parameters
        outputs = one(*inputs, **({"training": True} if takes else {}))
        return [outputs, *one.losses, *(v.value for v in one.variables)]
    sparse = "Sparse" in type(one).__name__
    if isinstance(one, rb.losses.Loss):
        return one(CLASSES if sparse else TARGETS, X)
    if isinstance(one, rb.metrics.Metric):
        if type(one).__name__ in ("Mean", "Sum"):
            one.update_state(X)
        else:
            one.update_state(CLASSES if sparse else TARGETS, X)
        return [one.result(), *(v.value for v in one.variables)]
    if isinstance(one, rb.optimizers.Optimizer):
        one.apply([X], [rb.Variable(X, name="w")])
        return [v.value for v in one.variables]
    if isinstance(one, rb.optimizers.schedules.LearningRateSchedule):
        return one(3)
    return one((2, 2)) if isinstance(one, rb.initializers.Initializer) else one(X)


def parts(members: ModuleType, section: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The classes of a section, and what makes an object of each and uses it."""
    home: Any = functools.reduce(getattr, section.split("."), rb)
    for name in sorted(dir(home)):
        cls = getattr(home, name)
        if not isinstance(cls, type) or name.startswith("_"):
            continue
        make = members.EXAMPLES.get(name, members._given())
        inputs = members.INPUTS.get(name, (X,))
        yield name, lambda cls=cls, make=make, inputs=inputs: used(make(rb, cls), inputs)


def bits(use: Callable[[], Any]) -> Any:
    rb.utils.set_random_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return told(use())
        except Exception as error:
            return f"refused: {type(error).__name__}"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_part_gives_the_same_bits(section: str, tool: Any) -> None:
    uses = dict(parts(tool("keras_members"), section))
    before = {name: bits(use) for name, use in uses.items()}
    rb.layers.Dense(1, dtype="float64")
    assert jax.config.read("jax_enable_x64")
    after = {name: bits(use) for name, use in uses.items()}
    different = [name for name in uses if before[name] != after[name]]
    assert not different, {name: (before[name], after[name]) for name in different}
    computed = [name for name in uses if not isinstance(before[name], str)]
    assert len(computed) > len(uses) // 2


DRAWS = {
    "binomial": ((2, 3), 5, 0.5),
    "beta": ((2, 3), 0.5, 0.5),
    "categorical": (X, 4),
    "dropout": (X, 0.5),
    "gamma": ((2, 3), 0.5),
    "normal": ((2, 3),),
    "randint": ((2, 3), 0, 9),
    "shuffle": (X,),
    "truncated_normal": ((2, 3),),
    "uniform": ((2, 3),),
}


def test_every_distribution_draws_the_same_bits() -> None:
    def drawn(name: str) -> Any:
        return told(getattr(rb.random, name)(*DRAWS[name], seed=3))

    before = {name: drawn(name) for name in DRAWS}
    rb.layers.Dense(1, dtype="float64")
    after = {name: drawn(name) for name in DRAWS}
    assert [name for name in DRAWS if before[name] != after[name]] == []


MADE = {
    "arange": (3,),
    "linspace": (0, 3, 4),
    "logspace": (0.0, 3.0, 4),
    "geomspace": (X[0] + 1, 3.0, 4),
    "argsort": (X,),
    "nanargmax": (X, 1),
    "nanargmin": (X, 1),
}


def test_ops_give_the_same_types() -> None:
    """Those whose results have no type of an argument's."""
    before = {name: told(getattr(rb.ops, name)(*args)) for name, args in MADE.items()}
    rb.layers.Dense(1, dtype="float64")
    for name, args in MADE.items():
        assert told(getattr(rb.ops, name)(*args)) == before[name], name


def trained() -> list[Any]:
    """A model with random and stateful layers after training, and what it says then."""
    rb.utils.set_random_seed(2)
    inputs = rb.Input((3,))
    x = rb.layers.Dense(4, "relu", kernel_regularizer="l2")(inputs)
    x = rb.layers.GaussianNoise(0.1)(rb.layers.BatchNormalization()(rb.layers.Dropout(0.3)(x)))
    model = rb.Model(inputs, rb.layers.Dense(3, "softmax")(x))
    rate = rb.optimizers.schedules.CosineDecay(0.1, 10)
    model.compile(rb.optimizers.AdamW(rate, global_clipnorm=1.0), "sparse_categorical_crossentropy",
                  metrics=["accuracy"])  # fmt: skip
    history = model.fit(X, CLASSES, epochs=2, batch_size=3, verbose=0, validation_data=(X, CLASSES))
    return [model.get_weights(), history.history, model.predict(X, verbose=0)]


def test_training_gives_the_same_bits() -> None:
    before = told(trained())
    rb.layers.Dense(1, dtype="float64")
    assert told(trained()) == before
