"""The estimators inside scikit-learn's searches and other estimators of estimators."""

from __future__ import annotations

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV

from rosenblatt.sklearn import MLPClassifier

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = np.where(X[:, 0] > 0, "up", "down")
SMALL = MLPClassifier((4,), solver="lbfgs", max_iter=200, tol=1e-2, random_state=0)
ALPHAS = {"alpha": [0.1, 0.5, 1.0, 2.0]}


def test_searches() -> None:
    for search in (
        RandomizedSearchCV(SMALL, ALPHAS, n_iter=2, cv=2, random_state=0),
        HalvingRandomSearchCV(SMALL, ALPHAS, n_candidates=3, cv=2, random_state=0),
        GridSearchCV(SMALL, ALPHAS, cv=2, n_jobs=2, pre_dispatch=2),
    ):
        assert search.fit(X, Y).score(X, Y) > 0.9


def test_calibration_and_importance() -> None:
    calibrated = CalibratedClassifierCV(SMALL, cv=2).fit(X, Y)
    assert calibrated.score(X, Y) > 0.9
    found = permutation_importance(SMALL.fit(X, Y), X, Y, n_repeats=2, random_state=0)
    assert found.importances_mean.argmax() == 0


def test_metadata_routing() -> None:
    weights = np.where(Y == "up", 1.0, 0.0) + 0.5
    with sklearn.config_context(enable_metadata_routing=True):
        asked = MLPClassifier(**SMALL.get_params()).set_fit_request(sample_weight=True)
        asked.set_score_request(sample_weight=True)
        search = GridSearchCV(asked, {"alpha": [0.1, 1.0]}, cv=2).fit(X, Y, sample_weight=weights)
    assert search.best_estimator_.score(X, Y) > 0.9
