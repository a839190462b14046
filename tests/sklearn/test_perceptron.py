"""Perceptron against scikit-learn's, the rule written out, and the convergence theorem."""

from __future__ import annotations

import pickle
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn import linear_model
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rosenblatt.sklearn import Perceptron, linear_separability
from rosenblatt.sklearn.shuffling import order_of, xorshift

IRIS = load_iris()
PETALS, SETOSA = IRIS.data[:, [2, 3]], IRIS.target == 0
X, Y = make_classification(300, 6, n_informative=4, flip_y=0.1, n_classes=3, random_state=0)
WEIGHTS = np.random.default_rng(0).random(300)
# 40 features, most of them 0.
THIN = sparse.random(200, 40, 0.1, "csr", random_state=0)
SIGN = np.asarray(THIN @ np.arange(-20, 20) > 0)

not_separable = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def peer(**settings: Any) -> Any:
    """scikit-learn's, that of SGDClassifier where weights are averaged."""
    if "average" not in settings:
        return linear_model.Perceptron(**settings)
    settings = {"random_state": 0, "eta0": 1.0, "penalty": None, **settings}
    return linear_model.SGDClassifier(loss="perceptron", learning_rate="constant", **settings)


CASES: dict[str, tuple[Any, Any, dict[str, Any], dict[str, Any]]] = {
    "binary": (X, Y > 0, {}, {}),
    "multiclass": (X, Y, {"random_state": 3}, {}),
    "text labels": (X, np.array(["a", "b", "c"])[Y], {}, {}),
    "float32": (X.astype("float32"), Y, {}, {}),
    "given order": (X, Y, {"shuffle": False}, {}),
    "no intercept": (X, Y, {"fit_intercept": False}, {}),
    "all epochs": (X, Y, {"tol": None, "max_iter": 4}, {}),
    "rate": (X, Y, {"eta0": 0.3, "n_iter_no_change": 2}, {}),
    "weights": (X, Y, {}, {"sample_weight": WEIGHTS}),
    "classes' weights": (X, Y > 0, {"class_weight": {True: 0.5}}, {"sample_weight": WEIGHTS}),
    "balanced": (X, Y, {"class_weight": "balanced"}, {}),
    "zero weights": (X, Y > 0, {}, {"sample_weight": (WEIGHTS > 0.5) * 1.0}),
    "early stopping": (X, Y, {"early_stopping": True}, {}),
    "early stopping, binary": (X, Y > 0, {"early_stopping": True}, {"sample_weight": WEIGHTS}),
    "first weights": (X, Y, {}, {"coef_init": np.ones((3, 6)), "intercept_init": np.ones(3)}),
    "l2": (X, Y, {"penalty": "l2", "alpha": 1e-3, "max_iter": 9}, {}),
    "l1": (X, Y, {"penalty": "l1", "alpha": 1e-3, "max_iter": 9}, {}),
    "elasticnet": (X, Y > 0, {"penalty": "elasticnet", "alpha": 1e-2, "max_iter": 9}, {}),
    "average": (X, Y, {"average": True}, {}),
    "average, later": (X, Y, {"average": 700, "tol": None, "max_iter": 4}, {}),
    "average, l2": (X, Y > 0, {"average": True, "penalty": "l2", "max_iter": 5}, {}),
    "sparse": (THIN, SIGN, {}, {}),
    "sparse, l1": (THIN, SIGN, {"penalty": "l1", "max_iter": 9}, {}),
    "sparse, elasticnet": (THIN, SIGN, {"penalty": "elasticnet", "max_iter": 9}, {}),
}


@not_separable
@pytest.mark.parametrize("case", CASES)
def test_same_as_scikit_learn(case: str) -> None:
    x, y, settings, data = CASES[case]
    ours = Perceptron(**settings).fit(x, y, **data)
    theirs = peer(**settings).fit(x, y, **data)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.t_ == theirs.t_
    assert ours.coef_.dtype == theirs.coef_.dtype
    close = {"rtol": 1e-12, "atol": 1e-12 * np.abs(theirs.coef_).max()}
    if x.dtype == np.float32:
        close = {"rtol": 1e-6}
    np.testing.assert_allclose(ours.coef_, theirs.coef_, **close)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, **close)
    np.testing.assert_array_equal(ours.predict(x), theirs.predict(x))


def test_iris_as_in_the_chapter() -> None:
    ours = Perceptron(random_state=42).fit(PETALS, SETOSA)
    assert ours.predict([[2, 0.5], [3, 1]]).tolist() == [True, False]
    theirs = linear_model.SGDClassifier(
        loss="perceptron", learning_rate="constant", eta0=1, penalty=None, random_state=42
    ).fit(PETALS, SETOSA)
    np.testing.assert_array_equal(ours.coef_, theirs.coef_)
    np.testing.assert_array_equal(ours.intercept_, theirs.intercept_)


def test_the_rule_written_out_and_the_mistakes_counted() -> None:
    ours = Perceptron(shuffle=False, tol=None, max_iter=30).fit(PETALS, SETOSA)
    w, b, mistakes = np.zeros(2), 0.0, []
    for _ in range(30):
        mistakes.append(0)
        for x, y in zip(PETALS, np.where(SETOSA, 1, -1), strict=True):
            if y * (w @ x + b) <= 0:
                w, b = w + y * x, b + y
                mistakes[-1] += 1
    np.testing.assert_array_equal(ours.coef_[0], w)
    assert ours.intercept_[0] == b
    assert ours.mistakes_per_epoch_ == [mistakes]
    assert mistakes[-1] == 0
    assert ours.mistakes_.tolist() == [sum(mistakes)]


def test_the_bound_of_mistakes() -> None:
    ours = Perceptron(tol=None, max_iter=100).fit(PETALS, SETOSA)
    longer = np.column_stack([PETALS, np.ones(150)])
    v = np.append(ours.coef_, ours.intercept_)
    margin = (np.where(SETOSA, 1, -1) * (longer @ v)).min() / np.linalg.norm(v)
    bound = (np.linalg.norm(longer, axis=1).max() / margin) ** 2
    np.testing.assert_allclose(ours.mistake_bound_, [bound])
    for seed in range(10):  # whatever the order
        other = Perceptron(tol=None, max_iter=100, random_state=seed).fit(PETALS, SETOSA)
        assert other.mistakes_[0] <= bound


@not_separable
def test_no_bound_where_there_is_no_separation() -> None:
    ours = Perceptron().fit(IRIS.data, IRIS.target)
    assert np.isnan(ours.mistake_bound_).tolist() == [False, True, True]


@not_separable
def test_several_labels() -> None:
    labels = np.column_stack([Y == 0, X[:, 0] > 0, Y != 2]).astype(int)
    ours = Perceptron(class_weight="balanced").fit(X, labels)
    assert ours.coef_.shape == (3, 6)
    assert ours.predict(X).shape == (300, 3)
    # Each label alone, with the seed that it had among the three.
    seeds = np.random.RandomState(0).randint(np.iinfo(np.int32).max, size=3)
    for i, seed in enumerate(seeds):
        theirs = linear_model.Perceptron(random_state=int(seed), class_weight="balanced")
        theirs.fit(X, labels[:, i])
        np.testing.assert_allclose(ours.coef_[i], theirs.coef_[0], rtol=1e-12)
    assert Perceptron(early_stopping=True).fit(X, labels).score(X, labels) > 0.3


@not_separable
def test_partial_fit_warm_start_and_threads() -> None:
    ours, theirs = Perceptron(), linear_model.Perceptron()
    for start in range(0, 300, 100):
        part = slice(start, start + 100)
        for one in (ours, theirs):
            one.partial_fit(X[part], Y[part], classes=[0, 1, 2])
        np.testing.assert_array_equal(ours.coef_, theirs.coef_)
    assert ours.t_ == theirs.t_ == 301
    ours, theirs = (
        kind(warm_start=True, max_iter=2, n_jobs=jobs).fit(X, Y).fit(X, Y)
        for kind, jobs in ((Perceptron, 2), (linear_model.Perceptron, 1))
    )
    np.testing.assert_array_equal(ours.coef_, theirs.coef_)
    one = Perceptron(max_iter=2, n_jobs=1, warm_start=True).fit(X, Y).fit(X, Y)
    np.testing.assert_array_equal(ours.coef_, one.coef_)
    again = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(again.predict(X), ours.predict(X))
    assert not hasattr(clone(ours), "coef_")


@not_separable
def test_averages_go_on_in_partial_fit() -> None:
    whole = Perceptron(average=50, shuffle=False, max_iter=1).fit(X, Y)
    parts = Perceptron(average=50, shuffle=False)
    for start in range(0, 300, 75):
        parts.partial_fit(X[start : start + 75], Y[start : start + 75], classes=[0, 1, 2])
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-10)
    np.testing.assert_allclose(parts.intercept_, whole.intercept_, rtol=1e-10)


@not_separable
def test_searches_and_metadata_routing() -> None:
    pipeline = make_pipeline(StandardScaler(), Perceptron())
    grid = {"perceptron__average": [False, True]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(IRIS.data, IRIS.target)
    assert search.best_params_ == {"perceptron__average": True}
    with sklearn.config_context(enable_metadata_routing=True):
        asked = Perceptron().set_fit_request(sample_weight=True)
        asked.set_score_request(sample_weight=False)
        weights = {"sample_weight": (IRIS.target != 2) * 1.0}  # class 2 counts for nothing
        found = cross_val_score(asked, IRIS.data, IRIS.target > 0, cv=3, params=weights)
    assert found.min() > 0.9


@not_separable
def test_more_rows_than_one_chunk() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(10_000, 3))
    y = x @ [1, 2, 3] + rng.normal(size=10_000) > 0
    ours = Perceptron(max_iter=2, tol=None).fit(x, y)
    theirs = linear_model.Perceptron(max_iter=2, tol=None).fit(x, y)
    np.testing.assert_array_equal(ours.coef_, theirs.coef_)


def test_shuffling_by_the_loops() -> None:
    for count in (0, 1, 2, 7, 300, 1000):
        for seed in (0, 1, 2**31 - 2):
            state, places, draws = seed or 1, list(range(count)), []
            for i in range(count - 1):
                state ^= state << 13 & 0xFFFFFFFF
                state ^= state >> 17
                state ^= state << 5 & 0xFFFFFFFF
                draws.append(state)
                j = i + (state & 0x7FFFFFFF) % (count - i)
                places[i], places[j] = places[j], places[i]
            assert order_of(seed, count).tolist() == places
            assert xorshift(seed, len(draws)).tolist() == draws


def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    Perceptron(verbose=1, shuffle=False).fit(PETALS, SETOSA)
    assert capsys.readouterr().out.startswith("Epoch 1: 2 mistakes\nEpoch 2: 2")


@pytest.mark.parametrize("seed", range(4))
def test_separability_with_its_proof(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 4)) * [1, 10, 1e3, 1e-3] + [0, 5, 1e4, 1]
    middle = x.mean(axis=0)
    clear = np.where((x - middle) @ [1, -0.1, 1e-3, 500] > 0, "up", "down")
    found = linear_separability(x, clear)
    assert found.separable
    assert found.certificate is None
    side = x @ found.coef + found.intercept
    np.testing.assert_array_equal(np.where(side > 0, "up", "down"), clear)
    distance = np.abs(side).min() / np.linalg.norm(found.coef)
    assert found.margin == pytest.approx(distance) == pytest.approx(-found.residual(x, clear))
    mixed = rng.permutation(clear)
    found = linear_separability(x, mixed)
    assert not found.separable
    scaled = (x - middle) / x.std(axis=0)
    assert found.residual(scaled, mixed) < 1e-9
    # The same point is a mean of the one class's rows and a mean of the other's.
    share = found.certificate
    assert (share >= 0).all()
    means = [np.average(x[mixed == c], axis=0, weights=share[mixed == c]) for c in ("up", "down")]
    np.testing.assert_allclose(means[0], means[1], rtol=1e-7, atol=1e-9)


def test_xor_is_not_separable_and_its_parts_are() -> None:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    found = linear_separability(x, [0, 1, 1, 0])
    assert not found.separable
    # λ = ¼ each: ¼ (−(0,0) + (0,1) + (1,0) − (1,1)) = 0, exactly.
    assert found.certificate.tolist() == [0.25] * 4
    assert found.residual(x, [0, 1, 1, 0]) == 0
    for y in ([0, 0, 0, 1], [0, 1, 1, 1], [0, 0, 1, 0]):
        assert linear_separability(x, y).separable
    same = linear_separability([[1.0], [1.0], [2.0]], [0, 1, 1])  # one point in both classes
    assert same.certificate.tolist() == [0.5, 0.5, 0.0]


def sense(message: str) -> Any:
    return pytest.warns(ConvergenceWarning, match=re.escape(message))


def test_the_reason_why_it_does_not_converge() -> None:
    xor = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    with sense(
        "mistakes, 4 on 4 rows in epoch 6, because the classes are not linearly separable: the "
        "rule never ends, and more epochs do not help. Fix: use `average=True`, other features, "
        "or a hidden layer (`MLPClassifier`)."
    ):
        Perceptron(shuffle=False).fit(xor, [0, 1, 1, 0])
    with sense(
        "The classes are linearly separable, so it would end without any. Fix: raise `max_iter`, "
        "and set `tol=None`."
    ):
        Perceptron(max_iter=1).fit(PETALS, SETOSA)
    with sense("(class 1, the first of 2 such classes), because the classes are not linearly"):
        Perceptron().fit(IRIS.data, IRIS.target)
    with sense("Fix: `linear_separability(X, y)` says whether they are."):
        Perceptron(max_iter=1).fit(np.tile(X, (20, 1)), np.tile(Y, 20))
    with sense("Perceptron: max_iter=2 epochs were too few to converge. Fix: raise `max_iter`."):
        Perceptron(max_iter=2, penalty="l2").fit(X, Y)


FRAME = pd.DataFrame({"width": [1.0, 2.0], "kind": ["rose", "tulip"]})
MESSAGES = {
    "one class": (
        lambda: Perceptron().fit(X, np.ones(300)),
        "y holds one class only, so there is nothing to tell apart. Given: [1.0].",
    ),
    "continuous labels": (
        lambda: Perceptron().fit(X, X[:, 0]),
        "Unknown label type: continuous. A classifier's y holds labels of classes.",
    ),
    "unseen label": (
        lambda: Perceptron().partial_fit(X, Y, classes=[0, 1, 2]).partial_fit(X, Y + 1),
        "y: labels that are not among the classes of the first fit. Given: 3. Expected: 0, 1, 2.",
    ),
    "no classes": (
        lambda: Perceptron().partial_fit(X, Y),
        "Perceptron.partial_fit: `classes` must be passed on the first call: later rows may have "
        "others than these. Fix: `partial_fit(X, y, classes=np.unique(all_y))`.",
    ),
    "NaN": (lambda: Perceptron().fit(X * np.nan, Y), "Input X contains NaN."),
    "text column": (
        lambda: Perceptron().fit(FRAME, [0, 1]),
        "Perceptron: could not convert columns that hold no numbers. Given: 'kind'. Fix: encode "
        "them first: `make_pipeline(make_column_transformer((OneHotEncoder(), ['kind']), "
        'remainder="passthrough"), Perceptron())`.',
    ),
    "columns of classes": (
        lambda: Perceptron().fit(X, np.column_stack([Y, Y])),
        "Perceptron: y has several columns that are not of 0 and 1.",
    ),
    "first weights": (
        lambda: Perceptron().fit(X, Y, coef_init=np.ones((2, 6))),
        "Perceptron: first weights `coef` do not match the data. Given: shape (2, 6). Expected: "
        "(3, 6).",
    ),
    "penalty": (
        lambda: Perceptron(penalty="l3").fit(X, Y),
        "Perceptron: unknown `penalty`. Given: 'l3'. Expected: None, 'l2', 'l1' or 'elasticnet'.",
    ),
    "rate": (
        lambda: Perceptron(eta0=0).fit(X, Y),
        "Perceptron: bad `eta0`. Given: 0. Expected: a positive number.",
    ),
    "average": (
        lambda: Perceptron(average=0.5).fit(X, Y),
        "Perceptron: bad `average`. Given: 0.5. Expected: a bool, or the number of the first row",
    ),
    "early end of one epoch": (
        lambda: Perceptron(early_stopping=True).partial_fit(X, Y, classes=[0, 1, 2]),
        "Perceptron: partial_fit does not support early_stopping=True: one epoch has no early end. "
        "Fix: `set_params(early_stopping=False)`",
    ),
    "balanced parts": (
        lambda: Perceptron(class_weight="balanced").partial_fit(X, Y, classes=[0, 1, 2]),
        "Perceptron: partial_fit does not support class_weight='balanced', which needs all rows.",
    ),
    "nothing to watch": (
        lambda: Perceptron(early_stopping=True, validation_fraction=0.01, random_state=0).fit(
            X, Y, sample_weight=np.eye(300)[0] * 1.0
        ),
        "Perceptron: all rows kept apart for early stopping have a weight of 0.",
    ),
    "infinite": (
        lambda: Perceptron(eta0=1e300).fit(X * 1e200, Y),
        "Perceptron: weights became infinite in epoch 1. Fix: scale the inputs",
    ),
    "three classes": (
        lambda: linear_separability(X, Y),
        "linear_separability: y holds labels of two classes. Given: 3 of them. Fix: ask for each "
        "class against the others: `y == label`.",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(case: str) -> None:
    act, message = MESSAGES[case]
    with pytest.raises(ValueError) as caught:
        act()
    assert message in str(caught.value)
