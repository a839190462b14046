"""What SciKeras 0.13 does with what it is given; values seen there stand here."""

from __future__ import annotations

import copy
import importlib
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import FunctionTransformer

import rosenblatt as rb
from rosenblatt.sklearn import BaseWrapper, KerasClassifier, KerasRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 3)).astype(np.float32)
Y = X[:, 0] * 2
TWO = (X[:, 0] > 0).astype(int)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])


def plain() -> Any:
    return rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])


def linear(meta: dict[str, Any]) -> Any:
    return rb.Sequential([rb.Input((meta["n_features_in_"],)), rb.layers.Dense(meta["n_outputs_"])])


def logistic() -> Any:
    return rb.Sequential([rb.Input((3,)), rb.layers.Dense(1, "sigmoid", name="out")])


def regressor(model: Any = linear, **params: Any) -> KerasRegressor:
    return KerasRegressor(model, **{"loss": "mse", "verbose": 0, **params})


def classifier(model: Any = logistic, **params: Any) -> KerasClassifier:
    return KerasClassifier(model, **{"loss": "binary_crossentropy", "verbose": 0, **params})


# -- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("wrappers", "BaseWrapper KerasClassifier KerasRegressor"),
        ("utils", "loss_name metric_name"),
        ("utils.transformers", "ClassifierLabelEncoder RegressorTargetEncoder TargetReshaper"),
        ("utils.random_state", "tensorflow_random_state"),
    ],
)
def test_every_public_name(place: str, names: str) -> None:
    module = importlib.import_module(f"rosenblatt.sklearn.{place}")
    assert set(names.split()) <= set(module.__all__)
    assert all(hasattr(module, name) for name in names.split())


METHODS = [
    "current_epoch", "feature_encoder", "fit", "get_metadata_routing", "get_params", "initialize",
    "initialized_", "partial_fit", "predict", "score", "scorer", "set_params", "target_encoder",
]  # fmt: skip


@pytest.mark.parametrize("kind", [BaseWrapper, KerasClassifier, KerasRegressor])
def test_every_method_and_attribute(kind: Any) -> None:
    assert [name for name in METHODS if not hasattr(kind, name)] == []
    assert hasattr(KerasClassifier, "predict_proba")
    fitted = regressor().fit(X, Y)
    learned = (
        "model_ history_ initialized_ target_encoder_ feature_encoder_ n_outputs_ "
        "n_outputs_expected_ target_type_ y_dtype_ y_ndim_ X_dtype_ X_shape_ n_features_in_"
    )
    assert [name for name in learned.split() if not hasattr(fitted, name)] == []


def test_names_of_losses_and_metrics() -> None:
    from rosenblatt.sklearn.utils import loss_name, metric_name

    for given in ("BinaryCrossentropy", "binary_crossentropy", rb.losses.BinaryCrossentropy):
        assert loss_name(given) == "binary_crossentropy"
    assert loss_name("mse") == loss_name(rb.losses.mean_squared_error) == "mean_squared_error"
    assert metric_name(rb.metrics.AUC()) == "_a_u_c".lstrip("_")  # as SciKeras writes it
    assert metric_name("mse") == "mean_squared_error"
    with pytest.raises(TypeError, match="`loss` has no name"):
        loss_name(3)
    with pytest.raises(TypeError, match="`metric` has no name"):
        metric_name(3)
    with pytest.raises(ValueError, match="Unknown loss"):
        loss_name("nothing")


def test_the_reshaper() -> None:
    from rosenblatt.sklearn.utils.transformers import TargetReshaper

    column = np.array([[1], [2]])
    np.testing.assert_array_equal(TargetReshaper().fit(column).inverse_transform(column), column)
    with pytest.raises(NotFittedError):
        TargetReshaper().inverse_transform(column)


# -- the model -----------------------------------------------------------------------------------


@pytest.mark.parametrize("compiled", [False, True])
def test_a_given_model_is_trained_itself(compiled: bool) -> None:
    model = plain()
    if compiled:
        model.compile(loss="mse", optimizer="sgd")
    one = regressor(model, optimizer="sgd").initialize(X, Y)
    assert one.model_ is one.model is one.get_params()["model"] is model
    np.testing.assert_array_equal(one.predict(X), model.predict(X, verbose=0)[:, 0])
    before = model.get_weights()[0]
    one.fit(X, Y)
    assert model.compiled
    assert not np.array_equal(model.get_weights()[0], before)
    assert one.fit(X, Y).model_ is model
    assert one.current_epoch == 1
    assert clone(one).model is not model


def test_a_model_of_a_class_in_a_function_is_pickled() -> None:
    class Local(rb.Sequential):
        """Pickle does not find it by its name."""

    one = regressor(Local([rb.Input((3,)), rb.layers.Dense(1)])).fit(X, Y)
    expected = one.predict(X)
    for again in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
        np.testing.assert_array_equal(again.predict(X), expected)
        assert type(again.model_).__name__ == "Local"
        assert again.model is again.model_
    assert one.model is one.model_


def test_what_a_build_function_is_offered() -> None:
    seen: list[dict[str, Any]] = []

    def takes_all(hidden: int, **kwargs: Any) -> Any:
        seen.append(kwargs)
        return plain()

    def takes_three(meta: Any, params: Any, compile_kwargs: Any) -> Any:
        seen.append({"meta": meta, "params": params, "compile_kwargs": compile_kwargs})
        return plain()

    regressor(takes_all, hidden=3, foo=1, model__bar=2).fit(X, Y)
    regressor(takes_three).fit(X, Y)
    assert set(seen[0]) == {"foo", "bar", "meta", "params", "compile_kwargs"}
    assert (seen[0]["foo"], seen[0]["bar"]) == (1, 2)
    for one in seen:
        assert one["meta"]["n_features_in_"] == 3
        assert (one["meta"]["n_outputs_"], one["meta"]["n_outputs_expected_"]) == (1, 1)
        assert one["params"]["loss"] == "mse"
        assert set(one["compile_kwargs"]) == {"optimizer", "loss", "metrics", "run_eagerly"}


def test_which_model_is_meant() -> None:
    class Own(KerasRegressor):
        def _keras_build_fn(self) -> Any:
            return plain()

    assert Own(loss="mse", verbose=0).fit(X, Y).predict(X).shape == (48,)
    with pytest.raises(ValueError, match="Own was given two models"):
        Own(plain, loss="mse", verbose=0).fit(X, Y)
    with pytest.warns(UserWarning, match="`build_fn` is an older name"):
        regressor(None, build_fn=plain).fit(X, Y)


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng, int])
def test_a_random_state_gives_the_same_numbers_each_time(make: Callable[[int], Any]) -> None:
    state = make(3)
    first, second = (regressor(random_state=state).fit(X, Y).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(regressor(random_state=make(3)).fit(X, Y).predict(X), first)


# -- training ------------------------------------------------------------------------------------


class Watch(rb.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.seen.append(epoch)

    def on_predict_begin(self, logs: Any = None) -> None:
        self.seen.append("predict")


def test_epochs_are_counted_on() -> None:
    watch = Watch()
    one = regressor(epochs=2, callbacks=[watch], metrics=["mae", "mse"]).fit(X, Y)
    one.predict(X)
    assert watch.seen == [0, 1, "predict"]
    one.partial_fit(X, Y).partial_fit(X, Y)
    assert watch.seen[3:] == [2, 3]
    assert one.current_epoch == 4
    entries = {"loss", "mean_absolute_error", "mean_squared_error"}
    assert {name: len(values) for name, values in one.history_.items()} == dict.fromkeys(entries, 4)
    for name in ("epochs", "initial_epoch"):
        with pytest.raises(TypeError, match=f"partial_fit takes no `{name}`"):
            one.partial_fit(X, Y, **{name: 2})


def test_a_warm_start_has_a_new_history() -> None:
    one = regressor(epochs=2, warm_start=True).fit(X, Y)
    assert one.fit(X, Y).current_epoch == 2
    assert one.fit(X, Y, epochs=3).current_epoch == 3
    assert one.fit(X, Y, epochs=2, initial_epoch=3).current_epoch == 5
    assert regressor(epochs=2, fit__epochs=3).fit(X, Y).current_epoch == 3


@pytest.mark.parametrize(
    ("metrics", "entry"),
    [
        ("accuracy", "accuracy"),
        (["acc"], "acc"),
        (["mse"], "mean_squared_error"),
        (rb.metrics.MeanSquaredError, "mean_squared_error"),
        ([rb.metrics.BinaryAccuracy(name="own")], "own"),
        ({"out": ["mse"]}, "mean_squared_error"),
    ],
)
def test_entries_of_the_history(metrics: Any, entry: str) -> None:
    assert set(classifier(metrics=metrics).fit(X, TWO).history_) == {"loss", entry}


@pytest.mark.parametrize(
    ("params", "fit", "predict"),
    [
        ({"batch_size": -1}, 48, 48),
        ({"fit__batch_size": -1}, 48, None),
        ({"batch_size": 7, "predict__batch_size": -1}, 7, 48),
        ({"fit__batch_size": 5, "predict__batch_size": 9}, 5, 9),
        ({"batch_size": 50}, 50, 50),
    ],
)
def test_rows_of_a_batch(params: dict[str, int], fit: int, predict: int | None) -> None:
    seen = []

    class Asked(rb.Sequential):
        def fit(self, *args: Any, **kwargs: Any) -> Any:
            seen.append(kwargs["batch_size"])
            return super().fit(*args, **kwargs)

        def predict(self, *args: Any, **kwargs: Any) -> Any:
            seen.append(kwargs.get("batch_size"))
            return super().predict(*args, **kwargs)

    regressor(lambda: Asked([rb.Input((3,)), rb.layers.Dense(1)]), **params).fit(X, Y).predict(X)
    assert seen == [fit, predict]


def test_a_scorer_of_a_subclass_is_asked() -> None:
    given: list[dict[str, Any]] = []

    class Scored(KerasRegressor):
        @staticmethod
        def scorer(y_true: Any, y_pred: Any, **kwargs: Any) -> float:
            given.append(kwargs)
            return -1.5

    one = Scored(linear, loss="mse", verbose=0, score__squared=True).fit(X, Y)
    assert one.score(X, Y) == -1.5
    assert given == [{"squared": True, "sample_weight": None}]


def test_balanced_classes_with_weights_and_by_parts() -> None:
    one = classifier(class_weight="balanced").fit(X, TWO, sample_weight=np.ones(48))
    assert one.partial_fit(X, TWO).current_epoch == 2
    assert classifier(class_weight={0: 1.0, 1: 3.0}).partial_fit(X, TWO).current_epoch == 1


# -- targets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int8", "bool", "U1", "object"])
def test_classes_come_back_in_their_dtype(dtype: str) -> None:
    y = np.where(TWO, "a", "b").astype(dtype) if dtype in ("U1", "object") else TWO.astype(dtype)
    one = classifier().fit(X, y)
    assert one.predict(X).dtype == one.classes_.dtype == y.dtype
    assert one.predict_proba(X).dtype == np.float32
    assert one.predict_proba(X).shape == (48, 2)


def test_what_the_encoders_tell() -> None:
    labels = np.column_stack([TWO, 1 - TWO, TWO])

    def three() -> Any:
        return rb.Sequential([rb.Input((3,)), rb.layers.Dense(3, "sigmoid")])

    one = classifier(three).fit(X, labels)
    assert (one.n_outputs_, one.n_outputs_expected_, one.n_classes_) == (1, 1, 3)
    two = regressor().fit(X, np.column_stack([Y, Y]))
    assert (two.n_outputs_, two.n_outputs_expected_) == (2, 1)
    assert two.predict(X).shape == (48, 2)


@pytest.mark.parametrize(
    ("loss", "y"),
    [("binary_crossentropy", 1.0), ("mse", "z"), ("sparse_categorical_crossentropy", 3)],
)
def test_one_class_trains_with_a_warning(loss: str, y: Any) -> None:
    with pytest.warns(UserWarning, match="y holds one class only"):
        one = classifier(loss=loss).fit(X, np.array([y] * 48))
    assert one.predict(X).tolist() == [y] * 48
    assert (one.n_classes_, one.classes_.tolist()) == (1, [y])
    assert one.predict_proba(X).shape == (48, 1)


class TwoTargets(FunctionTransformer):
    """Two columns of y as two targets."""

    def __init__(self) -> None:
        super().__init__(func=lambda y: [y[:, 0], y[:, 1]])

    def get_metadata(self) -> dict[str, int]:
        return {"n_outputs_": 2, "n_outputs_expected_": 2}

    def inverse_transform(self, y: Any, return_proba: bool = False) -> Any:
        return y if return_proba else np.column_stack([y[0][:, 0].round(), y[1].argmax(1)])


class Several(KerasClassifier):
    @property
    def target_encoder(self) -> Any:
        return TwoTargets()

    @staticmethod
    def scorer(y_true: Any, y_pred: Any, **kwargs: Any) -> float:
        return float(np.mean(y_true == y_pred))

    def _keras_build_fn(self, compile_kwargs: Any) -> Any:
        given = rb.Input((3,))
        ends = [rb.layers.Dense(1, "sigmoid", name="a"), rb.layers.Dense(3, "softmax", name="b")]
        model = rb.Model(given, [end(given) for end in ends])
        model.compile(**compile_kwargs)
        return model


NAMES = ["binary_crossentropy", "sparse_categorical_crossentropy"]
BY_NAME = dict(zip("ab", NAMES, strict=True))
BINARY, SPARSE = rb.losses.BinaryCrossentropy, rb.losses.SparseCategoricalCrossentropy
LOSSES = {"a_loss", "b_loss", "loss"}
PER_OUTPUT: list[tuple[dict[str, Any], set[str]]] = [
    ({"loss": NAMES}, set()),
    ({"loss": BY_NAME}, set()),
    ({"loss": {"a": BINARY, "b": SPARSE}, "loss__a__label_smoothing": 0.1}, set()),
    ({"loss": [BINARY, SPARSE], "loss__from_logits": False, "loss__0__label_smoothing": 0.2},
     set()),
    ({"loss": BY_NAME, "metrics": {"a": "accuracy", "b": ["accuracy"]}},
     {"a_accuracy", "b_accuracy"}),
    ({"loss": BY_NAME, "metrics": [["mse"], ["accuracy"]]}, {"a_mean_squared_error", "b_accuracy"}),
    ({"loss": BY_NAME, "metrics": {"a": rb.metrics.BinaryAccuracy}, "metrics__a__threshold": 0.3},
     {"a_binary_accuracy"}),
    ({"loss": BY_NAME, "metrics": {"b": [rb.metrics.SparseCategoricalAccuracy]},
      "metrics__b__0__name": "own"}, {"b_own"}),
    ({"loss": NAMES, "compile__loss_weights": [1.0, 2.0]}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("params", "entries"), PER_OUTPUT)
def test_compile_arguments_for_each_output(params: dict[str, Any], entries: set[str]) -> None:
    y = np.column_stack([TWO, THREE])
    one = Several(verbose=0, **params).fit(X, y)
    assert set(one.history_) == LOSSES | entries
    assert (one.n_outputs_, one.n_outputs_expected_) == (2, 2)
    assert one.predict(X).shape == (48, 2)
    assert isinstance(one.predict_proba(X), list)
    assert 0 <= one.score(X, y) <= 1


def test_a_transformer_of_the_inputs() -> None:
    class Parts(FunctionTransformer):
        def __init__(self) -> None:
            super().__init__(func=lambda x: {"p": x[:, :1], "q": x[:, 1:]})

        def get_metadata(self) -> dict[str, int]:
            return {"mine_": 5}

    class TwoInputs(KerasRegressor):
        @property
        def feature_encoder(self) -> Any:
            return Parts()

        def _keras_build_fn(self, meta: dict[str, Any]) -> Any:
            assert meta["mine_"] == 5
            p, q = rb.Input((1,), name="p"), rb.Input((2,), name="q")
            return rb.Model({"p": p, "q": q}, rb.layers.Dense(1)(rb.layers.Concatenate()([p, q])))

    one = TwoInputs(loss="mse", verbose=0, batch_size=-1).fit(X, Y)
    assert one.predict(X).shape == (48,)
    assert isinstance(one.feature_encoder_, Parts)
    assert one.mine_ == 5


# -- refusals ------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "parameters of an object": (
        lambda: regressor(optimizer=rb.optimizers.SGD(), optimizer__learning_rate=0.3).fit(X, Y),
        TypeError, "optimizer: only a class or a name takes parameters",
    ),
    "another rank": (
        lambda: regressor().fit(X, Y).predict(X[:, :, None]),
        ValueError, "X has another shape than the one KerasRegressor was fitted on",
    ),
    "no model": (lambda: regressor(None).fit(X, Y), ValueError, "was given no model"),
    "text as a model": (lambda: regressor("x").fit(X, Y), TypeError, "Bad `model`"),
    "no loss": (lambda: regressor(loss=None).fit(X, Y), ValueError, "The model has no loss"),
    "callbacks": (lambda: regressor(callbacks=3).fit(X, Y), TypeError, "Bad `callbacks`"),
    "not fitted": (lambda: regressor().predict(X), NotFittedError, "not fitted yet"),
    "zero weights": (
        lambda: regressor().fit(X, Y, np.zeros(48)), ValueError, "all sample weights are zero",
    ),
    "no scorer": (
        lambda: BaseWrapper(plain, loss="mse", verbose=0).fit(X, Y).score(X, Y),
        NotImplementedError, "^$",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_have_the_type_of_scikeras(case: str) -> None:
    act, kind, text = REFUSED[case]
    with pytest.raises(kind, match=text):
        act()
