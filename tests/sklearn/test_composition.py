"""The estimators inside scikit-learn's searches and other estimators of estimators."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import AdaBoostClassifier, BaggingRegressor, VotingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import rosenblatt as rb
from rosenblatt.sklearn import KerasClassifier, KerasRegressor, MLPClassifier, MLPRegressor
from rosenblatt.training import programs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
LABELS = np.where(X[:, 0] > 0, "up", "down")
NUMBERS = X[:, 0] + 0.5 * X[:, 1]
NAMES = ["a", "b", "c"]


def build(meta: dict[str, Any], hidden: int = 8) -> Any:
    """One output: a sigmoid of a classifier, a number of a regressor."""
    output = rb.layers.Dense(1, activation="sigmoid" if "n_classes_" in meta else None)
    hidden_layer = rb.layers.Dense(hidden, activation="relu")
    return rb.Sequential([rb.Input((meta["n_features_in_"],)), hidden_layer, output])


MLP = {"hidden_layer_sizes": (8,), "learning_rate_init": 0.05, "max_iter": 15, "random_state": 0}
KERAS = {
    "model": build, "optimizer": "adam", "optimizer__learning_rate": 0.05, "epochs": 15,
    "verbose": 0, "random_state": 0, "batch_size": -1,
}  # fmt: skip
ESTIMATORS: dict[str, tuple[Callable[[], Any], np.ndarray]] = {
    "MLPClassifier": (lambda: MLPClassifier(**MLP), LABELS),
    "MLPRegressor": (lambda: MLPRegressor(**MLP), NUMBERS),
    "KerasClassifier": (lambda: KerasClassifier(loss="binary_crossentropy", **KERAS), LABELS),
    "KerasRegressor": (lambda: KerasRegressor(loss="mse", **KERAS), NUMBERS),
}
Case = tuple[Any, np.ndarray]


@pytest.fixture(params=ESTIMATORS)
def case(request: Any) -> Iterator[Case]:
    """An estimator not fitted, and its targets; that few epochs do not converge is meant."""
    make, y = ESTIMATORS[request.param]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield make(), y


def rates(estimator: Any, n: int) -> dict[str, Any]:
    """A search's space of learning rates."""
    name = "learning_rate_init" if hasattr(estimator, "learning_rate_init") else None
    return {name or "optimizer__learning_rate": np.geomspace(0.02, 0.1, n).tolist()}


def test_clone_pickle_and_joblib(case: Case) -> None:
    estimator, y = case
    copied = clone(estimator.fit(X, y))
    assert not hasattr(copied, "model_")
    assert copied.get_params() == estimator.get_params()
    expected = estimator.predict(X)
    np.testing.assert_array_equal(copied.fit(X, y).predict(X), expected)
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    for again in (pickle.loads(pickle.dumps(estimator)), joblib.load(file)):
        np.testing.assert_array_equal(again.predict(X), expected)
        again.partial_fit(X, y)  # it goes on training
    np.testing.assert_array_equal(estimator.predict(X), expected)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_names_of_features_and_set_output(case: Case, library: str) -> None:
    estimator, y = case
    frames = {
        "pandas": pd.DataFrame(X, columns=NAMES),
        "polars": pl.DataFrame(X, schema=NAMES),
    }
    frame = frames[library]
    pipeline = make_pipeline(StandardScaler(), estimator).set_output(transform=library)
    last = pipeline.fit(frame, y)[-1]
    assert last.feature_names_in_.tolist() == NAMES
    expected = clone(estimator).fit(StandardScaler().fit_transform(X), y)
    found = pipeline.predict(frame)
    np.testing.assert_array_equal(found, expected.predict(StandardScaler().fit_transform(X)))
    with pytest.raises(ValueError, match="feature names should match"):
        last.predict(frame[["b", "a", "c"]])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        last.predict(X)


def test_sparse_input_lists_series_and_whole_numbers(case: Case) -> None:
    estimator, y = case
    whole = np.round(3 * X)
    expected = estimator.fit(whole, y).predict(whole)
    forms: list[tuple[Any, Any]] = [
        (sparse.csr_matrix(whole), y),
        (sparse.coo_array(whole), y),
        (whole.tolist(), y.tolist()),
        (whole.astype(int), pd.Series(y)),
        (whole.astype(np.float32), pl.Series(y)),
    ]
    for x, targets in forms:
        found = clone(estimator).fit(x, targets)
        np.testing.assert_array_equal(found.predict(x), expected)


def test_searches(case: Case) -> None:
    estimator, y = case
    for search in (
        RandomizedSearchCV(estimator, rates(estimator, 4), n_iter=2, cv=2, random_state=0),
        HalvingRandomSearchCV(
            estimator, rates(estimator, 4), n_candidates=3, cv=2, random_state=0, min_resources=40
        ),
    ):
        assert search.fit(X, y).score(X, y) > 0.8


@pytest.mark.parametrize("name", ["MLPClassifier", "KerasRegressor"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_two_processes_and_threads_find_the_same(name: str) -> None:
    make, y = ESTIMATORS[name]
    alone, *others = (
        GridSearchCV(make(), rates(make(), 2), cv=2, n_jobs=n_jobs, error_score="raise")
        for n_jobs in (1, 2, 2)
    )
    alone.fit(X, y)
    others[0].fit(X, y)
    with joblib.parallel_config("threading"):
        others[1].fit(X, y)
    for other in others:
        for key in ("mean_test_score", "split0_test_score"):
            np.testing.assert_array_equal(other.cv_results_[key], alone.cv_results_[key])


def test_20_candidates_of_one_structure_compile_one(case: Case) -> None:
    estimator, y = case
    programs.clear()
    before = programs.statistics.made
    search = GridSearchCV(estimator, rates(estimator, 20), cv=2).fit(X, y)
    assert len(search.cv_results_["params"]) == 20
    # A program that trains, one that predicts; the rows of the whole data need larger ones.
    assert programs.statistics.made - before <= 3
    other_numbers = {
        "random_state": [1, 2],
        **({"alpha": [0.1, 0.2], "beta_1": [0.8]} if hasattr(estimator, "alpha") else {}),
        **({} if hasattr(estimator, "alpha") else {"optimizer__beta_1": [0.8], "epochs": [9]}),
    }
    before = programs.statistics.made
    GridSearchCV(estimator, other_numbers, cv=2).fit(X, y)
    assert programs.statistics.made == before


def test_calibration() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in ("MLPClassifier", "KerasClassifier"):
            calibrated = CalibratedClassifierCV(ESTIMATORS[name][0](), cv=2).fit(X, LABELS)
            assert calibrated.score(X, LABELS) > 0.9
            np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


def test_importance_curves_and_scores(case: Case) -> None:
    estimator, y = case
    found = permutation_importance(estimator.fit(X, y), X, y, n_repeats=2, random_state=0)
    assert found.importances_mean.argmax() == 0
    strict = {"cv": 2, "error_score": "raise"}
    for more in ({}, {"exploit_incremental_learning": True}):
        sizes, *scores = learning_curve(estimator, X, y, train_sizes=[20, 40], **strict, **more)[:3]
        assert sizes.tolist() == [20, 40]
        assert np.isfinite(scores).all()
    limit = "max_iter" if hasattr(estimator, "max_iter") else "epochs"
    few, many = validation_curve(estimator, X, y, param_name=limit, param_range=[1, 20], **strict)[
        0
    ].mean(axis=1)
    assert many > few
    kinds = ["roc_auc", "neg_log_loss"] if y is LABELS else ["r2", "neg_root_mean_squared_error"]
    scored = cross_validate(estimator, X, y, scoring=kinds, **strict)
    assert all(np.isfinite(scored[f"test_{kind}"]).all() for kind in kinds)


def test_metadata_routing(case: Case) -> None:
    estimator, y = case
    weights = RNG.integers(1, 3, size=len(X))
    scaled = StandardScaler().fit_transform(X)
    expected = clone(estimator).fit(scaled, y, sample_weight=weights)
    with sklearn.config_context(enable_metadata_routing=True):
        estimator.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        estimator.set_partial_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, estimator).fit(X, y, sample_weight=weights)
        search = GridSearchCV(estimator, rates(estimator, 2), cv=2)
        search.fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(pipeline.predict(X), expected.predict(scaled))
    assert search.best_estimator_.score(X, y, sample_weight=weights) > 0.8


def test_estimators_of_estimators(case: Case) -> None:
    estimator, y = case
    outer: list[Any] = [BaggingRegressor(estimator, n_estimators=2, random_state=0)]
    if y is LABELS:
        outer = [
            VotingClassifier([("one", estimator), ("two", clone(estimator))], voting="soft"),
            AdaBoostClassifier(estimator, n_estimators=2, random_state=0),
        ]
    for one in outer:
        assert one.fit(X, y).score(X, y) > 0.8


def test_pipeline_of_columns(case: Case) -> None:
    estimator, y = case
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "kind": np.where(X[:, 2] > 0, "x", "y")})
    columns = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    pipeline = make_pipeline(columns, estimator)
    assert pipeline.fit(frame, y).score(frame, y) > 0.8
    step = list(pipeline.named_steps)[-1]
    assert f"{step}__random_state" in pipeline.get_params()
    assert clone(pipeline).set_params(**{f"{step}__random_state": 3})[-1].random_state == 3
    assert type(estimator).__name__ in repr(pipeline)
