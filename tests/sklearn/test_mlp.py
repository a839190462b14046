"""MLPClassifier and MLPRegressor: scikit-learn's own as oracle, and what they have beyond it."""

from __future__ import annotations

import pickle
import re
import tracemalloc
import warnings
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import neural_network
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from rosenblatt.sklearn import MLPClassifier, MLPRegressor

X, SPECIES = load_iris(return_X_y=True)
X = X[:120]
PAIRS = {
    "classes": (neural_network.MLPClassifier, MLPClassifier, SPECIES[:120]),
    "two classes": (neural_network.MLPClassifier, MLPClassifier, X[:, 3] > 1),
    "labels": (neural_network.MLPClassifier, MLPClassifier, (X[:, :2] > [5.5, 3]).astype(int)),
    "numbers": (neural_network.MLPRegressor, MLPRegressor, X[:, 0]),
}
SHORT = {"hidden_layer_sizes": (10,), "batch_size": 30, "random_state": 3, "max_iter": 8}


def quietly(estimator: Any, *data: Any, **more: Any) -> Any:
    """Fit; that few epochs do not converge is meant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(*data, **more)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("case", PAIRS)
def test_loss_curve_is_scikit_learns(case: str, solver: str, shuffle: bool) -> None:
    """Same initial weights, same order of rows: the same numbers, in float32."""
    theirs, ours, y = PAIRS[case]
    rate = {"learning_rate": "adaptive", "learning_rate_init": 0.001, "alpha": 0.1}
    settings = {**SHORT, **rate, "solver": solver, "shuffle": shuffle}
    expected = quietly(theirs(**settings), X, y)
    found = quietly(ours(**settings), X, y)
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-4)
    for ours_, theirs_ in zip(found.coefs_, expected.coefs_, strict=True):
        np.testing.assert_allclose(ours_, theirs_, rtol=2e-3, atol=2e-4)
    for name in ("n_iter_", "n_layers_", "n_outputs_", "out_activation_", "t_", "n_features_in_"):
        assert getattr(found, name) == getattr(expected, name), name
    assert found.score(X, y) == pytest.approx(expected.score(X, y), abs=0.02)


def test_stops_early_where_scikit_learn_does() -> None:
    """The rows kept apart and the order of the others come from one generator, in its order."""
    settings = {**SHORT, "early_stopping": True, "n_iter_no_change": 2, "max_iter": 60}
    settings["learning_rate_init"] = 0.01
    expected = quietly(neural_network.MLPClassifier(**settings), X, SPECIES[:120])
    found = quietly(MLPClassifier(**settings), X, SPECIES[:120])
    assert found.n_iter_ == expected.n_iter_ < 60
    np.testing.assert_allclose(found.validation_scores_, expected.validation_scores_)
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-4)


def test_a_second_training_goes_on_in_scikit_learns_order() -> None:
    settings = {**SHORT, "solver": "sgd", "warm_start": True, "max_iter": 3}
    theirs, ours = (kind(**settings) for kind in (neural_network.MLPRegressor, MLPRegressor))
    for _ in range(2):
        quietly(theirs, X, X[:, 0])
        quietly(ours, X, X[:, 0])
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-4)


def test_same_parameters_and_defaults() -> None:
    for theirs, ours, _ in PAIRS.values():
        expected = theirs().get_params()
        found = ours().get_params()
        assert {k: found[k] for k in expected} == expected


def test_lbfgs_finds_as_low_a_loss() -> None:
    settings = {"hidden_layer_sizes": (6,), "solver": "lbfgs", "random_state": 1, "max_iter": 300}
    y = SPECIES[:120]
    expected = quietly(neural_network.MLPClassifier(**settings, alpha=0.1), X, y)
    found = quietly(MLPClassifier(**settings, alpha=0.1), X, y)
    assert found.loss_ <= expected.loss_ * 1.05 + 1e-3
    assert found.score(X, y) >= expected.score(X, y) - 0.02


def test_early_stopping_keeps_the_best() -> None:
    settings = {**SHORT, "max_iter": 60, "early_stopping": True, "n_iter_no_change": 3}
    found = quietly(MLPClassifier(**settings, learning_rate_init=0.05), X, SPECIES[:120])
    assert found.best_validation_score_ == max(found.validation_scores_)
    assert len(found.validation_scores_) == found.n_iter_
    assert found.best_loss_ is None


def test_validation_data_callbacks_dropout_and_normalization() -> None:
    one = MLPRegressor(**SHORT, dropout=0.1, batch_normalization=True)
    quietly(one, X, X[:, :2], validation_data=(X[:20], X[:20, :2]))
    assert len(one.history_["val_loss"]) == 8
    assert [type(layer).__name__ for layer in one.model_.layers][:4] == [
        "Dense", "BatchNormalization", "Activation", "Dropout",
    ]  # fmt: skip
    assert one.predict(X).shape == (120, 2)


def test_partial_fit_clone_and_pickle() -> None:
    one = MLPClassifier(**SHORT)
    one.partial_fit(X[:50], SPECIES[:50], classes=[0, 1, 2])
    one.partial_fit(X, SPECIES[:120])
    theirs = neural_network.MLPClassifier(**SHORT)
    theirs.partial_fit(X[:50], SPECIES[:50], classes=[0, 1, 2])
    theirs.partial_fit(X, SPECIES[:120])
    assert (one.n_iter_, one.t_) == (theirs.n_iter_, theirs.t_) == (1, 170)
    np.testing.assert_allclose(one.loss_curve_, theirs.loss_curve_, rtol=1e-4)
    again = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(again.predict_proba(X), one.predict_proba(X))
    assert not hasattr(clone(one), "coefs_")


def test_sparse_input_and_frames_with_text() -> None:
    y = SPECIES[:120]
    dense = quietly(MLPClassifier(**SHORT), X, y)
    thin = quietly(MLPClassifier(**SHORT), sparse.csr_matrix(X), y)
    np.testing.assert_array_equal(thin.predict_proba(sparse.csr_matrix(X)), dense.predict_proba(X))
    names = np.array(["rose", "iris", "tulip"])[y]
    frame = pd.DataFrame({"width": X[:, 0], "kind": names})
    settings = {**SHORT, "max_iter": 40, "learning_rate_init": 0.05}
    found = quietly(MLPClassifier(**settings), frame, names)
    assert found.feature_names_in_.tolist() == ["width", "kind"]
    assert found.coefs_[0].shape == (4, 10)
    assert found.score(frame, names) > 0.95


MESSAGES = {
    "sizes": (
        lambda: MLPClassifier((0,)).fit(X, X[:, 0] > 5),
        "MLPClassifier: bad `hidden_layer_sizes`. Given: (0,). Expected: positive integers, "
        "hidden_layer_sizes > 0.",
    ),
    "dropout with lbfgs": (
        lambda: MLPRegressor(dropout=0.5, solver="lbfgs").fit(X, X[:, 0]),
        "MLPRegressor: `dropout` and solver='lbfgs' exclude each other: L-BFGS minimizes one "
        "function of all rows, without noise. Fix: use solver='adam'.",
    ),
    "one class": (
        lambda: MLPClassifier().fit(X, np.ones(120)),
        "y holds one class only, so there is nothing to tell apart.",
    ),
    "NaN": (lambda: MLPClassifier().fit(X * np.nan, X[:, 0] > 5), "Input X contains NaN."),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(case: str) -> None:
    act, message = MESSAGES[case]
    with pytest.raises(ValueError, match=re.escape(message)):
        act()


def test_features_of_float32_are_not_copied_as_a_whole() -> None:
    features = np.random.default_rng(0).normal(size=(100_000, 128)).astype(np.float32)
    labels = features[:, 0] > 0
    classifier = MLPClassifier(hidden_layer_sizes=(4,), batch_size=2_000, max_iter=1)
    quietly(classifier, features[:4_000], labels[:4_000])
    predict = partial(classifier.predict, features)
    for act in (predict, partial(quietly, classifier, features, labels)):
        tracemalloc.start()
        act()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < features.nbytes / 2, act
