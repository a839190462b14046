"""Whatever way data come in, a message about a column says its name where the data had names."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rosenblatt as rb
from rosenblatt import layers
from rosenblatt.choosing import find_learning_rate
from rosenblatt.sklearn import KerasRegressor, MLPClassifier, MLPRegressor, Perceptron

ROWS = 40
GOOD = np.random.default_rng(0).random(ROWS)
Y = (GOOD > 0.5).astype("int64")
LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


def gap(value: float) -> list[float]:
    """A column with one value that is wrong, among the first rows or the last ones."""
    return [GOOD[0], value, *GOOD[2:-2].tolist(), value, GOOD[-1]]


# What a column may hold, and the problem that is then told.
FAULTS: dict[str, tuple[list[Any], str]] = {
    "NaN": (gap(float("nan")), "holds NaN|contains NaN"),
    "infinity": (gap(float("inf")), "holds infinity|contains infinity"),
    "text": ([f"kind {number % 3}" for number in range(ROWS)], "not hold numbers|no numbers"),
}
FAR = (1.7e9 + np.arange(ROWS)).tolist()  # float32 does not tell the rows apart
KINDS = np.array(["a", "b"] * (ROWS // 2))
FINE = pd.DataFrame({"rooms": GOOD, "income": GOOD})


def table(library: str, column: list[Any]) -> Any:
    return LIBRARIES[library]({"rooms": GOOD.tolist(), "income": column})


def model(units: int = 1, loss: str = "mse") -> Any:
    net = rb.Sequential([rb.Input((2,)), layers.Dense(units, name="out")])
    net.compile(rb.optimizers.SGD(0.0), loss)
    return net


def joined(size: int, *names: str) -> Any:
    inputs = [rb.Input((size,), name=name) for name in names]
    net = rb.Model(inputs, layers.Dense(1)(layers.Concatenate()(inputs)))
    net.compile(rb.optimizers.SGD(0.0), "mse")
    return net


def looking_up() -> Any:
    """A model that looks up text on the host, and NaN would not be seen behind it."""
    kind, numbers = rb.Input((1,), dtype="string", name="kind"), rb.Input((2,), name="numbers")
    known = layers.StringLookup(vocabulary=["a"], output_mode="one_hot")(kind)
    net = rb.Model([kind, numbers], layers.Dense(1)(layers.Concatenate()([known, numbers])))
    net.compile(rb.optimizers.SGD(0.0), "mse")
    return net


class Batches(rb.utils.PyDataset):
    def __init__(self, *batches: Any) -> None:
        super().__init__()
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        return self.batches[index]


def fit(x: Any, y: Any = Y, net: Any = None, **arguments: Any) -> Any:
    return (net or model()).fit(x, y, verbose=0, **arguments)


# For each way in: from a table with a bad column "income" to the call.
INPUTS: dict[str, Callable[[Any], Any]] = {
    "fit": fit,
    "evaluate": lambda x: model().evaluate(x, Y, verbose=0),
    "train_on_batch": lambda x: model().train_on_batch(x, Y),
    "test_on_batch": lambda x: model().test_on_batch(x, Y),
    "validation_split": lambda x: fit(x, validation_split=0.25),
    "validation_data": lambda x: fit(FINE, validation_data=(x, Y)),
    "class_weight": lambda x: fit(x, class_weight={1: 2.0}),
    "steps_per_epoch": lambda x: fit(x, steps_per_epoch=2),
    "a stream": lambda x: fit(iter([(x, Y)]), None),
    "the second batch of a stream": lambda x: fit(iter([(FINE, Y), (x, Y)]), None),
    "a stream to validate on": lambda x: fit(FINE, validation_data=iter([(x, Y)])),
    "a stream to evaluate": lambda x: model().evaluate(iter([(x, Y)]), verbose=0),
    "PyDataset": lambda x: fit(Batches((FINE, Y), (x, Y)), None),
    "an own loop": lambda x: find_learning_rate(model(), x, Y, steps=20),
    "a dict of tables": lambda x: fit({"a": FINE, "b": x}, net=joined(2, "a", "b")),
    "a list of tables": lambda x: fit([FINE, x], net=joined(2, "a", "b")),
    "a list on a batch": lambda x: joined(2, "a", "b").train_on_batch([FINE, x], Y),
    "a list, split": lambda x: fit([FINE, x], net=joined(2, "a", "b"), validation_split=0.25),
    "an input for each column": lambda x: fit(x, net=joined(1, "rooms", "income")),
    "an input for each column, split": lambda x: fit(
        x, net=joined(1, "rooms", "income"), validation_split=0.25
    ),
    "a look-up": lambda x: fit({"kind": KINDS, "numbers": x}, net=looking_up()),
    "a look-up, split": lambda x: fit(
        {"kind": KINDS, "numbers": x}, net=looking_up(), validation_split=0.25
    ),
    "a look-up on a batch": lambda x: looking_up().test_on_batch([KINDS, x], Y),
    "Normalization": lambda x: layers.Normalization().adapt(x),
    "Discretization": lambda x: layers.Discretization(num_bins=2).adapt(x),
    "FeatureSpace, means": lambda x: space("float_normalized").adapt(x),
    "FeatureSpace, bins": lambda x: space("float_discretized").adapt(x),
    "FeatureSpace, a stream": lambda x: space("float_normalized").adapt(iter([FINE, x])),
    "KerasRegressor": lambda x: keras_regressor().fit(x, Y),
    "KerasRegressor, validation": lambda x: keras_regressor().fit(FINE, Y, validation_data=(x, Y)),
    "MLPRegressor": lambda x: MLPRegressor((2,), max_iter=1).fit(x, Y),
    "MLPClassifier": lambda x: MLPClassifier((2,), max_iter=1).fit(x, Y),
    "Perceptron": lambda x: Perceptron().fit(x, Y),
}


def space(kind: str) -> Any:
    return rb.utils.FeatureSpace({"rooms": "float", "income": kind})


def keras_regressor() -> KerasRegressor:
    return KerasRegressor(model, loss="mse", epochs=1, verbose=0)


# From a bad column, alone or in a table, to the call.
TARGETS: dict[str, Callable[[Any], Any]] = {
    "fit": lambda y: fit(FINE, y),
    "evaluate": lambda y: model().evaluate(FINE, y, verbose=0),
    "train_on_batch": lambda y: model().train_on_batch(FINE, y),
    "validation_split": lambda y: fit(FINE, y, validation_split=0.25),
    "validation_data": lambda y: fit(FINE, validation_data=(FINE, y)),
    "a stream": lambda y: fit(iter([(FINE, y)]), None),
    "a dict": lambda y: fit(FINE, {"out": y}),
    "sample_weight": lambda w: fit(FINE, sample_weight=w),
    "sample_weight, split": lambda w: fit(FINE, sample_weight=w, validation_split=0.25),
    "sample_weight on a batch": lambda w: model().test_on_batch(FINE, Y, w),
    "sample_weight of a stream": lambda w: fit(iter([(FINE, Y, w)]), None),
    "KerasRegressor": lambda y: keras_regressor().fit(FINE, y),
    "MLPRegressor": lambda y: MLPRegressor((2,), max_iter=1).fit(FINE, y),
    "KerasRegressor, sample_weight": lambda w: keras_regressor().fit(FINE, Y, w),
    "MLPClassifier, sample_weight": lambda w: MLPClassifier((2,), max_iter=1).fit(FINE, Y, w),
    "Perceptron, sample_weight": lambda w: Perceptron().fit(FINE, Y, sample_weight=w),
}


def says_the_name(message: str, problem: str) -> None:
    assert re.search(problem, message), message
    assert "'income'" in message, message
    assert not re.search(r"columns? \d", message), message


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", INPUTS)
def test_inputs(way: str, fault: str) -> None:
    column, problem = FAULTS[fault]
    if fault == "text" and way.startswith("MLP"):
        pytest.skip("the MLPs encode text")
    for library in LIBRARIES:
        with pytest.raises(ValueError) as caught:
            INPUTS[way](table(library, column))
        says_the_name(str(caught.value), problem)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", TARGETS)
def test_targets_and_weights(way: str, fault: str) -> None:
    column, problem = FAULTS[fault]
    if fault == "text" and way.startswith(("KerasRegressor", "MLP", "Perceptron")):
        pytest.skip("scikit-learn says it of y as a whole")
    with pytest.raises(ValueError) as caught:
        TARGETS[way](pd.Series(column, name="income"))
    says_the_name(str(caught.value), problem)
    if way.startswith(("KerasRegressor", "MLP", "Perceptron", "sample_weight")):
        return  # which take one column
    with pytest.raises(ValueError) as caught:
        TARGETS[way](pd.DataFrame({"income": column}))
    says_the_name(str(caught.value), problem)


WARNED: dict[str, Callable[[Any], Any]] = {
    name: INPUTS[name]
    for name in ("fit", "validation_split", "a dict of tables", "a list of tables",
                 "KerasRegressor", "MLPRegressor", "MLPClassifier")
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("way", WARNED)
def test_columns_far_from_zero(way: str) -> None:
    with pytest.warns(UserWarning, match="hardly tells") as told:
        WARNED[way](pd.DataFrame({"rooms": GOOD, "income": FAR}))
    (message,) = [str(one.message) for one in told if "hardly tells" in str(one.message)]
    says_the_name(message, "hardly tells")


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("way", ["fit", "validation_split", "KerasRegressor", "MLPRegressor"])
def test_targets_far_from_zero(way: str) -> None:
    with pytest.warns(UserWarning, match="hardly tells") as told:
        TARGETS[way](pd.Series(FAR, name="income"))
    (message,) = [str(one.message) for one in told if "hardly tells" in str(one.message)]
    says_the_name(message, "hardly tells")
