"""KerasClassifier and KerasRegressor: parameters, targets, searches, files, messages."""

from __future__ import annotations

import pickle
import re
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import rosenblatt as rb
from rosenblatt.sklearn import ClassifierLabelEncoder, KerasClassifier, KerasRegressor
from rosenblatt.sklearn.routing import construct, route
from rosenblatt.training import programs
from rosenblatt.training.programs import statistics

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype(np.float32)
Y = np.where(X[:, 0] + X[:, 1] > 0, "yes", "no")


def build(meta: dict[str, Any], hidden: int = 8, compile_kwargs: Any = None) -> Any:
    """A classifier of any number of classes, compiled here where the arguments are asked for."""
    model = rb.Sequential(
        [
            rb.Input((meta["n_features_in_"],)),
            rb.layers.Dense(hidden, activation="relu"),
            rb.layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )
    model.compile(**compile_kwargs)
    return model


def classifier(**params: Any) -> KerasClassifier:
    given = {
        "model": build,
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "adam",
        "optimizer__learning_rate": 0.05,
        "epochs": 10,
        "verbose": 0,
        "random_state": 0,
        "batch_size": 64,
    }
    return KerasClassifier(**{**given, **params})


@pytest.fixture(scope="module")
def fitted() -> KerasClassifier:
    return classifier().fit(X, Y)


def test_learns_and_tells_of_classes(fitted: KerasClassifier) -> None:
    assert fitted.score(X, Y) > 0.9
    assert fitted.classes_.tolist() == ["no", "yes"]
    assert (fitted.n_classes_, fitted.target_type_, fitted.n_features_in_) == (2, "binary", 4)
    assert fitted.current_epoch == 10
    assert fitted.history_["loss"][-1] < fitted.history_["loss"][0]
    np.testing.assert_allclose(fitted.predict_proba(X).sum(axis=1), 1, rtol=1e-6)
    assert float(np.asarray(fitted.model_.optimizer.learning_rate)) == np.float32(0.05)


def test_pickle_and_clone(fitted: KerasClassifier) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    copied = clone(fitted)
    assert not copied.initialized_
    assert copied.get_params() == fitted.get_params()
    np.testing.assert_array_equal(copied.fit(X, Y).predict_proba(X), fitted.predict_proba(X))


def test_seeds_leave_the_generators_alone() -> None:
    np.random.seed(5)
    expected = np.random.rand()
    np.random.seed(5)
    classifier(epochs=1).fit(X, Y)
    assert np.random.rand() == expected


def test_partial_fit_and_warm_start() -> None:
    one = classifier()
    one.partial_fit(X[:1], Y[:1], classes=["no", "yes"])
    one.partial_fit(X, Y)
    assert one.current_epoch == 2
    warm = classifier(epochs=2, warm_start=True).fit(X, Y)
    model = warm.model_
    assert warm.fit(X, Y).model_ is model
    assert warm.current_epoch == 2  # each `fit` has a history of its own
    cold = classifier(epochs=2).fit(X, Y)
    model = cold.model_
    assert cold.fit(X, Y).model_ is not model
    assert cold.current_epoch == 2


def test_a_search_compiles_one_structure() -> None:
    search = GridSearchCV(
        classifier(epochs=2, loss="sparse_categorical_crossentropy"),
        {"optimizer__learning_rate": np.geomspace(1e-3, 1e-1, 20).tolist()},
        cv=2,
    )
    programs.clear()
    before = statistics.made
    search.fit(X, Y)
    assert len(search.cv_results_["params"]) == 20
    # Two that train, on folds of 30 rows and at last on all 60, and one that predicts.
    assert statistics.made - before == 3
    assert search.best_score_ > 0.5


def test_parameters_of_the_build_function() -> None:
    by_name = classifier(hidden=3, epochs=1).fit(X, Y)
    assert by_name.model_.layers[0].units == 3
    assert by_name.get_params()["hidden"] == 3
    by_prefix = classifier(hidden=3, model__hidden=5, epochs=1).fit(X, Y)
    assert by_prefix.model_.layers[0].units == 5
    assert classifier().set_params(model__hidden=6).get_params()["model__hidden"] == 6


def test_callbacks_from_classes() -> None:
    stop = rb.callbacks.EarlyStopping
    one = classifier(callbacks=stop, callbacks__monitor="loss", callbacks__min_delta=1e9, epochs=9)
    assert one.fit(X, Y).current_epoch == 2  # patience 0: the second epoch is no better
    listed = classifier(
        callbacks=[stop], callbacks__0__monitor="loss", callbacks__0__min_delta=1e9,
        callbacks__0__patience=3, epochs=9,
    )  # fmt: skip
    assert listed.fit(X, Y).current_epoch == 4
    named = classifier(
        callbacks={"stop": stop},
        callbacks__stop__monitor="loss",
        callbacks__min_delta=1e9,
        epochs=9,
    )
    assert named.fit(X, Y).current_epoch == 2


@pytest.mark.parametrize(
    ("item", "params", "expected"),
    [
        ("sgd", {"learning_rate": 0.5}, ("SGD", 0.5)),
        (rb.optimizers.Adam, {"learning_rate": 0.25}, ("Adam", 0.25)),
        (rb.optimizers.Adam, {"0": 0.125}, ("Adam", 0.125)),
        (rb.optimizers.Adam(0.5), {}, ("Adam", 0.5)),
    ],
)
def test_objects_of_classes_and_names(item: Any, params: Any, expected: Any) -> None:
    made = construct(item, params, rb.optimizers.get, "optimizer")
    assert (type(made).__name__, float(np.asarray(made.learning_rate))) == expected


def test_nested_classes_lists_and_dicts() -> None:
    decay = rb.optimizers.schedules.ExponentialDecay
    params = {
        "learning_rate": decay,
        "learning_rate__initial_learning_rate": 0.5,
        "learning_rate__decay_steps": 10,
        "learning_rate__decay_rate": 0.9,
    }
    made = construct(rb.optimizers.SGD, params, rb.optimizers.get, "optimizer")
    assert made.get_config()["learning_rate"]["config"]["decay_rate"] == 0.9
    accuracy = rb.metrics.BinaryAccuracy
    shared, own = construct(
        [accuracy, accuracy], {"threshold": 0.25, "1__threshold": 0.75}, rb.metrics.get, "metrics"
    )
    assert (shared.threshold, own.threshold) == (0.25, 0.75)
    named = construct({"a": accuracy}, {"a__threshold": 0.125}, rb.metrics.get, "metrics")
    assert named["a"].threshold == 0.125
    assert route({"fit__epochs": 2, "epochs": 1, "loss": 0}, "fit", ["epochs"]) == {"epochs": 2}


def test_weights_of_rows_and_classes() -> None:
    """A weight of 2 is the row given twice, and balanced weights make rare classes count."""
    counts = RNG.integers(0, 3, size=len(X))
    weighted = classifier(batch_size=-1).fit(X, Y, sample_weight=counts)
    repeated = classifier(batch_size=-1).fit(X.repeat(counts, axis=0), Y.repeat(counts))
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))
    rare = np.where(np.arange(60) < 6, 1, 0)
    plain = classifier(epochs=5).fit(X, rare).predict_proba(X)[:, 1]
    balanced = classifier(epochs=5, class_weight="balanced").fit(X, rare).predict_proba(X)[:, 1]
    assert balanced.mean() > 2 * plain.mean()


def test_pipeline_with_validation() -> None:
    def linear(meta: dict[str, Any]) -> Any:
        return rb.Sequential([rb.Input((meta["n_features_in_"],)), rb.layers.Dense(2)])

    targets = X[:, :2].astype(np.float64)
    regressor = KerasRegressor(
        linear, loss="mse", optimizer="adam", optimizer__learning_rate=0.1, epochs=40, verbose=0,
        validation_split=0.2, random_state=0,
    )  # fmt: skip
    pipeline = make_pipeline(StandardScaler(), regressor).fit(X, targets)
    assert pipeline.score(X, targets) > 0.9
    assert pipeline.predict(X).dtype == np.float64
    assert len(pipeline[-1].history_["val_loss"]) == 40


def test_several_inputs_through_a_transformer() -> None:
    class TwoInputs(KerasRegressor):
        @property
        def feature_encoder(self) -> Any:
            return FunctionTransformer(lambda x: [x[:, :1], x[:, 1:]])

        def _keras_build_fn(self) -> Any:
            wide, deep = rb.Input((1,)), rb.Input((3,))
            hidden = rb.layers.Dense(4, activation="relu")(deep)
            joined = rb.layers.Concatenate()([wide, hidden])
            return rb.Model([wide, deep], rb.layers.Dense(1)(joined))

    model = TwoInputs(
        loss="mse", optimizer="adam", optimizer__learning_rate=0.1, epochs=30, verbose=0,
        random_state=1,
    ).fit(X, X[:, 0])  # fmt: skip
    assert len(model.model_.inputs) == 2
    assert model.score(X, X[:, 0]) > 0.5


def test_targets_of_several_outputs_and_one_hot() -> None:
    encoder = ClassifierLabelEncoder(loss="categorical_crossentropy").fit(["a", "b", "c"])
    np.testing.assert_array_equal(encoder.transform(["c", "a"]), [[0, 0, 1], [1, 0, 0]])
    table = np.array([["a", "x"], ["b", "y"], ["c", "x"]])
    several = ClassifierLabelEncoder().fit(table)
    first, second = several.transform(table)
    np.testing.assert_array_equal(first, [0, 1, 2])
    np.testing.assert_array_equal(second, [0, 1, 0])
    back = several.inverse_transform([np.eye(3), np.array([[0.2], [0.8], [0.1]])])
    np.testing.assert_array_equal(back, table)
    assert several.get_metadata()["n_outputs_expected_"] == 2


def _unfitted(**params: Any) -> Any:
    return classifier(epochs=1, **params)


MESSAGES = {
    "misspelt prefix": (
        lambda: _unfitted(optimzer__momentum=1).fit(X, Y),
        "The parameter 'optimzer__momentum' goes nowhere: neither the estimator nor its build "
        "function has it. Fix: did you mean 'optimizer__momentum'?",
    ),
    "misspelt argument": (
        lambda: _unfitted(model__hiden=1).fit(X, Y),
        "The parameter 'model__hiden' goes nowhere: neither the estimator nor its build function "
        "has it. Fix: did you mean 'model__hidden'?",
    ),
    "optimizer's argument": (
        lambda: _unfitted(optimizer__learning_rat=1).fit(X, Y),
        "Adam: unknown argument 'learning_rat'. Fix: did you mean 'learning_rate'?",
    ),
    "set_params": (
        lambda: _unfitted().set_params(epoch=1),
        "Invalid parameter 'epoch' for estimator KerasClassifier. Fix: did you mean 'epochs'?",
    ),
    "no model": (
        lambda: KerasRegressor(loss="mse").fit(X, X[:, 0]),
        "KerasRegressor was given no model. Fix: `KerasRegressor(model=build)`, where `build` "
        "returns a model.",
    ),
    "no loss": (
        lambda: KerasRegressor(rb.Sequential([rb.layers.Dense(1)])).fit(X, X[:, 0]),
        "The model has no loss. Fix: give the estimator one, `loss='mse'`, or compile in the build "
        "function.",
    ),
    "continuous labels": (
        lambda: _unfitted().fit(X, X[:, 0]),
        "Unknown label type: continuous. A classifier's y holds labels of classes. Given: float32 "
        "of shape (60,).",
    ),
    "unseen label": (
        lambda: _unfitted().partial_fit(X, Y).partial_fit(X[:1], ["maybe"]),
        "y: labels that are not among the classes of the first fit. Given: 'maybe'. Expected: "
        "'no', 'yes'. Fix: name all classes in the first call: `partial_fit(X, y, classes=…)`.",
    ),
    "weights all zero": (
        lambda: _unfitted().fit(X, Y, sample_weight=np.zeros(60)),
        "sample_weight: all sample weights are zero, so no row counts. Expected: at least one "
        "positive weight.",
    ),
    "text for a regressor": (
        lambda: KerasRegressor(rb.Sequential([rb.layers.Dense(1)]), loss="mse").fit(X, Y),
        "Unknown label type: a regressor's y holds numbers.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(case: str) -> None:
    act, message = MESSAGES[case]
    with pytest.raises(ValueError, match=re.escape(message)):
        act()


REFUSED: dict[str, list[Any]] = {
    "batch_size": [0, -2, 2.5, "auto", True],
    "validation_batch_size": [0, "auto"],
    "epochs": [-1, 2.5, "many", None, True],
    "verbose": [None, -1, "loud"],
    "shuffle": [None, "rows"],
    "warm_start": [None, "yes"],
    "validation_split": [1.0, -1, 2, "half"],
    "random_state": [-1, "seed", 2.5],
    "optimizer": [5, "adm", []],
    "loss": [5, "binary", []],
    "metrics": [5, "acuracy"],
    "callbacks": [5, "stop"],
    "model": [5, "build"],
    "class_weight": [5, "equal"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_values_that_are_refused(name: str) -> None:
    """By a sentence that says what was given, not by an error from inside."""
    for value in REFUSED[name]:
        with pytest.raises((ValueError, TypeError)) as caught:
            classifier(**{"epochs": 1, name: value}).fit(X, Y)
        text = str(caught.value)
        assert re.search(r"Given: |Unknown |class_weight|no loss to minimize", text)
        assert str(value).strip("[]") in text


def test_a_build_function_that_returns_none() -> None:
    with pytest.raises(TypeError, match=r"The build function returned no model. Given: NoneType."):
        KerasRegressor(lambda: None, loss="mse").fit(X, X[:, 0])
