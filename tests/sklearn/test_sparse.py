"""Sparse inputs: the results of dense ones, in memory that does not grow with the rows."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy import sparse as sp
from sklearn.preprocessing import FunctionTransformer

import rosenblatt as rb
from rosenblatt.sklearn import (
    KerasClassifier,
    KerasRegressor,
    MLPClassifier,
    MLPRegressor,
    sparse,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4)) * (RNG.uniform(size=(200, 4)) > 0.5)
NUMBERS = X @ [1.0, -1.0, 0.5, 0.0]
CLASSES = np.where(NUMBERS > 0, "up", "down")
SEVERAL = np.column_stack([CLASSES, np.where(X[:, 0] > 0, "a", "b")])
WEIGHTS = RNG.integers(1, 4, 200).astype(float)
HELD_OUT = slice(100, 160)


@pytest.fixture(autouse=True)
def _in_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No matrix is small enough to be made dense whole, and 64 rows are predicted at a time."""
    monkeypatch.setattr(sparse, "_WHOLE", 0)
    monkeypatch.setattr(sparse, "_PIECE", 4 * 4 * 64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few epochs do not converge
        yield


def build(meta: dict[str, Any]) -> Any:
    inputs = rb.Input((meta["n_features_in_"],))
    hidden = rb.layers.Dropout(0.2)(rb.layers.Dense(5, activation="relu")(inputs))
    last = "sigmoid" if "n_classes_" in meta else None
    outputs = [
        rb.layers.Dense(1, activation=last, name=f"out_{i}")(hidden)
        for i in range(meta["n_outputs_"])
    ]
    return rb.Model(inputs, outputs if len(outputs) > 1 else outputs[0])


MLP = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 3, "batch_size": 32}
KERAS = {"model": build, "epochs": 3, "verbose": 0, "random_state": 0, "optimizer": "adam"}
BINARY = {"loss": "binary_crossentropy", **KERAS}
# An estimator, its targets, and what else `fit` gets of these inputs.
CASES: dict[str, tuple[Callable[[], Any], np.ndarray, Callable[[Any], dict[str, Any]]]] = {
    "MLPClassifier": (lambda: MLPClassifier(**MLP), CLASSES, lambda x: {}),
    "MLPRegressor": (lambda: MLPRegressor(**MLP, dropout=0.1), NUMBERS, lambda x: {}),
    "weights": (lambda: MLPRegressor(**MLP), NUMBERS, lambda x: {"sample_weight": WEIGHTS}),
    "order kept": (lambda: MLPRegressor(**MLP, shuffle=False), NUMBERS, lambda x: {}),
    "early stopping": (lambda: MLPClassifier(**MLP, early_stopping=True), CLASSES, lambda x: {}),
    "validation data": (
        lambda: MLPRegressor(**MLP), NUMBERS,
        lambda x: {"validation_data": (x[HELD_OUT], NUMBERS[HELD_OUT], WEIGHTS[HELD_OUT])},
    ),
    "lbfgs": (lambda: MLPRegressor((5,), solver="lbfgs", random_state=0), NUMBERS, lambda x: {}),
    "KerasClassifier": (lambda: KerasClassifier(**BINARY), CLASSES, lambda x: {}),
    "class weights": (
        lambda: KerasClassifier(**BINARY, class_weight="balanced"), CLASSES, lambda x: {},
    ),
    "KerasRegressor": (lambda: KerasRegressor(loss="mse", **KERAS), NUMBERS, lambda x: {}),
    "batches": (
        lambda: KerasRegressor(loss="mse", **KERAS, batch_size=50, shuffle="batch"), NUMBERS,
        lambda x: {"sample_weight": WEIGHTS},
    ),
    "validation split": (
        lambda: KerasRegressor(loss="mse", **KERAS, validation_split=0.2), NUMBERS, lambda x: {},
    ),
    "Keras, validation data": (
        lambda: KerasClassifier(**BINARY), CLASSES,
        lambda x: {"validation_data": (x[HELD_OUT], CLASSES[HELD_OUT], WEIGHTS[HELD_OUT])},
    ),
    "several outputs": (
        lambda: KerasClassifier(**{**BINARY, "loss": ["binary_crossentropy"] * 2}), SEVERAL,
        lambda x: {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", [sp.csr_matrix, sp.coo_array, sp.csc_array])
@pytest.mark.parametrize("case", CASES)
def test_as_dense(case: str, form: Any) -> None:
    """The same weights, to the bit; predictions come in pieces, by other programs."""
    make, y, more = CASES[case]
    expected, found = make(), make()
    expected.fit(X, y, **more(X))
    thin = form(X)
    found.fit(thin, y, **more(sp.csr_matrix(X)))
    for one, other in zip(found.model_.get_weights(), expected.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    if hasattr(found, "history_"):
        assert found.history_.keys() == expected.history_.keys()
        for name, values in found.history_.items():
            np.testing.assert_allclose(values, expected.history_[name], rtol=1e-5)
    if y is NUMBERS:
        np.testing.assert_allclose(found.predict(thin), expected.predict(X), rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_array_equal(found.predict(thin), expected.predict(X))
        for one, other in zip(found.predict_proba(thin), expected.predict_proba(X), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)
    if y is not SEVERAL and case not in ("early stopping", "lbfgs"):
        assert found.score(thin, y) == pytest.approx(expected.score(X, y), rel=1e-5)
        found.partial_fit(thin, y)
        expected.partial_fit(X, y)
        np.testing.assert_array_equal(
            found.model_.get_weights()[0], expected.model_.get_weights()[0]
        )


def test_all_rows_in_one_batch() -> None:
    makers = [
        lambda: MLPRegressor(**{**MLP, "batch_size": 200}),
        lambda: KerasRegressor(loss="mse", **KERAS, batch_size=-1),
    ]
    for make in makers:
        expected, found = make().fit(X, NUMBERS), make().fit(sp.csr_matrix(X), NUMBERS)
        for one, other in zip(
            found.model_.get_weights(), expected.model_.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)


def test_an_encoder_of_ones_own_gets_an_array() -> None:
    seen: list[Any] = []

    class Own(KerasRegressor):
        @property
        def feature_encoder(self) -> Any:
            return FunctionTransformer(lambda x: seen.append(type(x)) or x[:, :2])

    def two(meta: dict[str, Any]) -> Any:
        return rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])

    one = Own(two, loss="mse", verbose=0).fit(sp.csr_matrix(X), NUMBERS)
    assert one.predict(sp.csr_matrix(X)).shape == (200,)
    assert set(seen) == {np.ndarray}


def test_what_needs_all_rows_at_once_has_the_models_limit() -> None:
    huge = sp.csr_matrix((2_000_000, 1_000))
    text = (
        "X: this sparse matrix is too large to be made dense. Given: shape (2000000, 1000), 7.5 "
        "GiB. Expected: at most 4.0 GiB."
    )
    with pytest.raises(ValueError, match=re.escape(text)):
        MLPRegressor(solver="lbfgs").fit(huge, np.zeros(2_000_000))


ROWS, COLUMNS = 6_000, 50_000  # 1.1 GiB where they are dense
MEMORY = """
import resource, warnings
import numpy as np
from scipy import sparse
import rosenblatt as rb
from rosenblatt.sklearn import *

warnings.simplefilter("ignore")
rows, columns = {rows}, {columns}
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
draw = np.random.default_rng(0)
places = (np.repeat(np.arange(rows), 10), draw.integers(0, columns, rows * 10))
x = sparse.csr_matrix((np.ones(rows * 10), places), shape=(rows, columns))
y = np.arange(rows) % 2
linear = lambda: rb.Sequential([rb.Input((columns,)), rb.layers.Dense(1)])
mlp = dict(hidden_layer_sizes=(4,), max_iter=1, batch_size=32)
keras = dict(loss="mse", epochs=1, verbose=0)
make = {{
    "MLPClassifier": lambda: MLPClassifier(**mlp, early_stopping=True),
    "MLPRegressor": lambda: MLPRegressor(**mlp),
    "KerasRegressor": lambda: KerasRegressor(linear, validation_split=0.5, **keras),
    "KerasClassifier": lambda: KerasClassifier(linear, **keras),
    "Perceptron": lambda: Perceptron(max_iter=1),
}}
for one in make.values():
    one().fit(x[:200, :], y[:200])  # what is imported and compiled once
before = peak()
for name, one in make.items():
    one().fit(x, y).predict(x)
    print(name, peak() - before)
"""


def test_memory_does_not_grow_with_the_rows() -> None:
    code = MEMORY.format(rows=ROWS, columns=COLUMNS)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = dict(line.split() for line in done.stdout.splitlines())
    assert len(found) == 5
    large = {name: grown for name, grown in found.items() if int(grown) > ROWS * COLUMNS * 4 / 4}
    assert not large
