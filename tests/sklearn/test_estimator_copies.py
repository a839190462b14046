"""Copies of estimators train on as the original would, and a pickle holds no row of anybody's."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import rosenblatt as rb
from rosenblatt.sklearn import (
    KerasClassifier,
    KerasRegressor,
    MLPClassifier,
    MLPRegressor,
    Perceptron,
)
from rosenblatt.training import programs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
ROWS = 400
X = RNG.normal(size=(ROWS, 5)).astype("float32")
NUMBERS = X[:, 0] - X[:, 1]
CLASSES = np.where(NUMBERS > 0, "up", "down")
MANY = RNG.normal(size=(4_000, 5)).astype("float32")  # 80,000 bytes
LARGEST = 60_000  # bytes of a pickle


def build(meta: dict[str, Any]) -> Any:
    """Weights, dropout's seeds and an optimizer with slots: all that a copy has to take along."""
    output = rb.layers.Dense(1, activation="sigmoid" if "n_classes_" in meta else None)
    hidden = [rb.layers.Dense(4, activation="relu"), rb.layers.Dropout(0.1)]
    return rb.Sequential([rb.Input((5,)), *hidden, output])


def trained(loss: str) -> Any:
    """A model that has been trained before an estimator gets it."""
    rb.utils.set_random_seed(3)
    classes = loss != "mse"
    model = build({"n_classes_": 2} if classes else {})
    model.compile("adam", loss)
    model.fit(X, (NUMBERS > 0).astype("float32") if classes else NUMBERS, verbose=0)
    return model


BINARY = "binary_crossentropy"
QUIET = {"verbose": 0, "random_state": 0}
KERAS = {"optimizer": "adam", "epochs": 2, **QUIET}
MLP = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
STOP = rb.callbacks.EarlyStopping("loss", patience=5, restore_best_weights=True)
Case = tuple[Callable[[], Any], np.ndarray, dict[str, Any]]
VALIDATION = {"validation_data": (X[:50], CLASSES[:50])}
CASES: dict[str, Case] = {
    "KerasClassifier": (lambda: KerasClassifier(build, loss=BINARY, **KERAS), CLASSES, {}),
    "KerasRegressor": (lambda: KerasRegressor(build, loss="mse", **KERAS), NUMBERS, {}),
    "of a trained classifier": (
        lambda: KerasClassifier(trained(BINARY), **QUIET), CLASSES, {},
    ),
    "of a trained regressor": (lambda: KerasRegressor(trained("mse"), **QUIET), NUMBERS, {}),
    "warm start": (
        lambda: KerasRegressor(trained("mse"), warm_start=True, **QUIET), NUMBERS, {},
    ),
    "callbacks": (
        lambda: KerasClassifier(build, loss=BINARY, callbacks=[STOP], **KERAS), CLASSES, VALIDATION,
    ),
    "all rows in one batch": (
        lambda: KerasRegressor(build, loss="mse", **KERAS, batch_size=-1), NUMBERS, {},
    ),
    "validation split": (
        lambda: KerasRegressor(build, loss="mse", **KERAS, validation_split=0.2), NUMBERS, {},
    ),
    "MLPClassifier": (lambda: MLPClassifier(**MLP), CLASSES, {}),
    "MLPRegressor": (lambda: MLPRegressor(**MLP, dropout=0.1), NUMBERS, {}),
    "poisson": (lambda: MLPRegressor(**MLP, loss="poisson"), NUMBERS - NUMBERS.min(), {}),
    "batch normalization": (
        lambda: MLPRegressor(**MLP, batch_normalization=True, warm_start=True), NUMBERS, {},
    ),
    "MLP, validation data": (lambda: MLPClassifier(**MLP), CLASSES, VALIDATION),
    "early stopping": (lambda: MLPClassifier(**MLP, early_stopping=True), CLASSES, {}),
    "lbfgs": (lambda: MLPRegressor((4,), solver="lbfgs", max_iter=3, random_state=0), NUMBERS, {}),
    "Perceptron": (lambda: Perceptron(max_iter=3), CLASSES, {}),
}  # fmt: skip


def joblib_copy(one: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(one, file)
    file.seek(0)
    return joblib.load(file)


COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),
    "deepcopy": copy.deepcopy,
    "joblib": joblib_copy,
    "a copy of a copy": lambda one: copy.deepcopy(pickle.loads(pickle.dumps(one))),
}


def weights_of(one: Any) -> list[np.ndarray]:
    if isinstance(one, Perceptron):
        return [one.coef_, one.intercept_]
    return [*one.model_.get_weights(), one.predict(X)]


def assert_equal(one: Any, other: Any) -> None:
    for a, b in zip(weights_of(one), weights_of(other), strict=True):
        np.testing.assert_array_equal(a, b)


def trains_on(one: Any, y: np.ndarray) -> Any:
    """As far as it can: another step where it takes steps, else another training."""
    stepwise = not getattr(one, "early_stopping", False) and getattr(one, "solver", "") != "lbfgs"
    return one.partial_fit(X, y) if stepwise else one.fit(X, y)


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("case", CASES)
def test_a_copy_trains_on_as_the_original(case: str, way: str) -> None:
    make, y, more = CASES[case]
    original = make().fit(X, y, **more)
    programs.clear()
    again = COPIES[way](original)
    assert_equal(again, original)
    programs.clear()
    trains_on(again, y)
    programs.clear()
    assert_equal(again, trains_on(original, y))
    programs.clear()
    assert_equal(again.fit(X, y), original.fit(X, y))


@pytest.mark.parametrize("way", ["pickle", "deepcopy", "clone"])
@pytest.mark.parametrize("case", CASES)
def test_a_copy_that_is_not_fitted(case: str, way: str) -> None:
    make, y, _ = CASES[case]
    one = make()
    programs.clear()
    again = clone(one.fit(X, y)) if way == "clone" else COPIES[way](one).fit(X, y)
    if way == "clone":
        programs.clear()
        again.fit(X, y)
    # A model that was given is trained itself, so its clone begins where the first fit ended.
    given = isinstance(getattr(one, "model", None), rb.Model)
    if way != "clone" or given:
        one.fit(X, y) if "warm" not in case else one.set_params(warm_start=False).fit(X, y)
    assert_equal(again, one)
    programs.clear()
    assert np.isfinite(cross_val_score(again, X, y, cv=2, error_score="raise")).all()


def grid(one: Any) -> Any:
    name = "max_iter" if hasattr(one, "max_iter") else "epochs"
    return GridSearchCV(one, {name: [1, 2]}, cv=2, error_score="raise")


FRAME = pd.DataFrame(MANY, columns=list("abcde"))
FORMS: dict[str, Any] = {
    "array": MANY,
    "double precision": MANY.astype("float64"),
    "frame": FRAME,
    "frame with text": FRAME.assign(kind=CLASSES.repeat(len(MANY) // ROWS)),
    "sparse": sparse.csr_matrix(MANY),
}


TAKES_TEXT = ("MLPClassifier", "MLPRegressor", "early stopping", "lbfgs")
PICKLED = [(c, f) for c in CASES for f in FORMS if f != "frame with text" or c in TAKES_TEXT]


@pytest.mark.parametrize(("case", "form"), PICKLED)
def test_a_pickle_is_small_and_holds_no_row(case: str, form: str) -> None:
    make, y, more = CASES[case]
    x, y = FORMS[form], y.repeat(len(MANY) // ROWS)
    fitted = make().fit(x, y, **({"validation_data": (x[:50], y[:50])} if more else {}))
    fitted.predict(x)
    fitted.score(x, y)
    objects = [fitted]
    if form == "array" and not more:
        objects += [make_pipeline(StandardScaler(), make()).fit(x, y), grid(make()).fit(x, y)]
    for one in objects:
        found = pickle.dumps(one)
        assert len(found) < LARGEST
        for row in MANY[::40]:
            for values in (row, row.astype("float64")):
                assert values.tobytes() not in found
