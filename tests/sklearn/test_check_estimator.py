"""scikit-learn's own checks, with no expected failures."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from sklearn import linear_model
from sklearn.exceptions import ConvergenceWarning, SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator

import rosenblatt as rb
from rosenblatt.sklearn import (
    KerasClassifier,
    KerasRegressor,
    MLPClassifier,
    MLPRegressor,
    Perceptron,
)


def build_classifier(meta: dict[str, Any]) -> Any:
    return rb.Sequential(
        [
            rb.Input((meta["n_features_in_"],)),
            rb.layers.Dense(16, activation="relu"),
            rb.layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def build_regressor(meta: dict[str, Any]) -> Any:
    return rb.Sequential(
        [
            rb.Input((meta["n_features_in_"],)),
            rb.layers.Dense(16, activation="relu"),
            rb.layers.Dense(meta["n_outputs_"]),
        ]
    )


SETTINGS = {"batch_size": 1000, "verbose": 0, "random_state": 0}
ESTIMATORS = {
    "MLPClassifier": lambda: MLPClassifier((16,), learning_rate_init=0.05, max_iter=30),
    "MLPRegressor": lambda: MLPRegressor((16,), learning_rate_init=0.05, max_iter=60),
    "KerasClassifier": lambda: KerasClassifier(
        build_classifier,
        loss="sparse_categorical_crossentropy",
        optimizer=rb.optimizers.Adam(0.05),
        epochs=30,
        **SETTINGS,
    ),
    "KerasRegressor": lambda: KerasRegressor(
        build_regressor, loss="mse", optimizer=rb.optimizers.Adam(0.05), epochs=60, **SETTINGS
    ),
}


# One instance after the other, a weight of 2 is not the row given twice, somewhere else in the
# order. scikit-learn's Perceptron, whose coefficients ours has, fails the same two.
ORDERED = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}


def failures(estimator: Any) -> dict[str, Any]:
    """The checks that an estimator fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # few epochs, to be fast
        warnings.simplefilter("ignore", SkipTestWarning)  # array API, which needs a variable set
        # scikit-learn's, of the rarer sparse formats it tries.
        warnings.filterwarnings("ignore", "Can't check .* sparse matrix for nan or inf")
        # Of one check, which such estimators may refuse or pass.
        warnings.filterwarnings("ignore", "y holds one class only")
        results = check_estimator(estimator, on_fail=None)
    assert len(results) > 50
    return {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_check_estimator(name: str) -> None:
    assert not failures(ESTIMATORS[name]())


def test_check_perceptron() -> None:
    assert set(failures(Perceptron())) == ORDERED == set(failures(linear_model.Perceptron()))
