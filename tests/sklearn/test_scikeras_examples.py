"""What SciKeras's documentation shows, with the imports changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor, BaggingClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import rosenblatt as keras
from rosenblatt.sklearn import BaseWrapper, KerasClassifier, KerasRegressor


def get_model(hidden_layer_dim: int, meta: dict[str, Any]) -> Any:
    model = keras.models.Sequential()
    model.add(keras.layers.Input(shape=meta["X_shape_"][1:]))
    model.add(keras.layers.Dense(meta["n_features_in_"]))
    model.add(keras.layers.Activation("relu"))
    model.add(keras.layers.Dense(hidden_layer_dim))
    model.add(keras.layers.Activation("relu"))
    model.add(keras.layers.Dense(meta["n_classes_"]))
    model.add(keras.layers.Activation("softmax"))
    return model


@pytest.fixture(scope="module")
def classes() -> Any:
    x, y = make_classification(200, 20, n_informative=10, random_state=0)
    return x.astype(np.float32), y.astype(np.int64)


def classifier(**more: Any) -> KerasClassifier:
    settings = {"loss": "sparse_categorical_crossentropy", "hidden_layer_dim": 100, "epochs": 8}
    return KerasClassifier(get_model, verbose=0, random_state=0, **{**settings, **more})


def test_quick_start(classes: Any) -> None:
    x, y = classes
    one = classifier().fit(x, y)
    assert accuracy_score(y, one.predict(x)) > 0.8
    assert one.predict_proba(x).shape == (200, 2)


def test_in_a_pipeline_and_a_grid_search(classes: Any) -> None:
    x, y = classes
    pipe = Pipeline([("scale", StandardScaler()), ("clf", classifier(optimizer="adam"))])
    assert pipe.fit(x, y).predict_proba(x).shape == (200, 2)
    params = {
        "hidden_layer_dim": [50, 100],
        "loss": ["sparse_categorical_crossentropy"],
        "optimizer": ["adam", "sgd"],
        "optimizer__learning_rate": [0.0001, 0.01],
    }
    one = classifier(optimizer__learning_rate=0.1, epochs=3)
    search = GridSearchCV(one, params, refit=False, cv=3, scoring="accuracy").fit(x, y)
    assert search.best_params_["optimizer__learning_rate"] == 0.01
    assert search.best_score_ > 0.5


class MLPClassifier(KerasClassifier):
    """An estimator of one's own: arguments by name, and a loss from the kind of target."""

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        optimizer: Any = "adam",
        optimizer__learning_rate: float = 0.001,
        epochs: int = 40,
        verbose: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.hidden_layer_sizes = hidden_layer_sizes
        self.optimizer = optimizer
        self.epochs = epochs
        self.verbose = verbose

    def _keras_build_fn(self, compile_kwargs: dict[str, Any]) -> Any:
        model = keras.Sequential([keras.layers.Input(shape=(self.n_features_in_,))])
        for size in self.hidden_layer_sizes:
            model.add(keras.layers.Dense(size, activation="relu"))
        if self.target_type_ == "binary":
            units, activation, loss = 1, "sigmoid", "binary_crossentropy"
        else:
            units, activation = self.n_classes_, "softmax"
            loss = "sparse_categorical_crossentropy"
        model.add(keras.layers.Dense(units, activation=activation))
        model.compile(loss=loss, optimizer=compile_kwargs["optimizer"])
        return model


@pytest.mark.parametrize("n_classes", [2, 10])
def test_a_subclass_with_a_build_method(n_classes: int) -> None:
    x, y = load_digits(n_class=n_classes, return_X_y=True)
    one = MLPClassifier(hidden_layer_sizes=(20,), epochs=40, random_state=0)
    assert cross_val_score(one, x[:300] / 16, y[:300], cv=3).mean() > 0.7
    assert one.get_params()["hidden_layer_sizes"] == (20,)


@pytest.mark.parametrize("kind", ["bagging", "boosting"])
def test_ensembles(kind: str, classes: Any) -> None:
    x, y = classes
    base = classifier(epochs=4, optimizer="adam")
    many = {
        "bagging": lambda: BaggingClassifier(base, n_estimators=3, random_state=0),
        "boosting": lambda: AdaBoostClassifier(base, n_estimators=3, random_state=0),
    }[kind]()
    assert many.fit(x, y).score(x, y) > 0.7
    assert len(many.estimators_) == 3


def get_reg(hidden_layer_dim: int, meta: dict[str, Any]) -> Any:
    return keras.Sequential(
        [
            keras.layers.Input(shape=(meta["n_features_in_"],)),
            keras.layers.Dense(hidden_layer_dim, activation="relu"),
            keras.layers.Dense(1),
        ]
    )


def test_boosted_regressors() -> None:
    x, y = make_regression(200, 10, noise=1.0, random_state=0)
    x, y = StandardScaler().fit_transform(x), (y - y.mean()) / y.std()
    base = KerasRegressor(
        get_reg, hidden_layer_dim=50, loss="mse", optimizer="adam",
        optimizer__learning_rate=0.01, epochs=20, verbose=0, random_state=0,
    )  # fmt: skip
    boosted = AdaBoostRegressor(base, n_estimators=3, random_state=0).fit(x, y)
    assert boosted.score(x, y) > 0.9


class MultiInput(BaseEstimator, TransformerMixin):
    """Splits the columns for a model with two inputs."""

    def fit(self, X: Any) -> MultiInput:
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: Any) -> list[np.ndarray]:
        return [X[:, :10], X[:, 10:]]


class TwoInputs(KerasClassifier):
    """A model with two inputs, out of one array."""

    def _keras_build_fn(self) -> Any:
        parts = [keras.layers.Input(shape=(10,)) for _ in range(2)]
        hidden = [keras.layers.Dense(20, activation="relu")(part) for part in parts]
        joined = keras.layers.Concatenate()(hidden)
        output = keras.layers.Dense(1, activation="sigmoid")(joined)
        model = keras.Model(inputs=parts, outputs=output)
        model.compile(loss="binary_crossentropy", optimizer="adam")
        return model

    @property
    def feature_encoder(self) -> Any:
        return MultiInput()


def test_several_inputs_out_of_one_array(classes: Any) -> None:
    x, y = classes
    assert TwoInputs(epochs=15, verbose=0, random_state=0).fit(x, y).score(x, y) > 0.75


class AutoEncoder(BaseWrapper, TransformerMixin):
    """Learns its own inputs; transforms them to what the narrow layer says."""

    def _keras_build_fn(self, encoding_dim: int, meta: dict[str, Any]) -> Any:
        width = meta["n_features_in_"]
        x = keras.Input(shape=(width,))
        encoded = keras.layers.Dense(encoding_dim, activation="relu", name="code")(x)
        decoded = keras.layers.Dense(width, activation="sigmoid")(encoded)
        self.encoder_model_ = keras.Model(x, encoded)
        model = keras.Model(x, decoded)
        model.compile(optimizer="adam", loss="binary_crossentropy")
        return model

    def fit(self, X: Any, y: Any = None) -> Any:
        return super().fit(X=X, y=X)

    def transform(self, X: Any) -> Any:
        return self.encoder_model_.predict(X, verbose=0)

    def score(self, X: Any) -> float:
        return float(-np.mean(np.square(X - self.predict(X))))


def test_an_autoencoder_as_a_transformer() -> None:
    x = load_digits().data[:300].astype("float32") / 16
    encoder = AutoEncoder(encoding_dim=12, epochs=3, verbose=0, random_state=0)
    assert encoder.fit_transform(x).shape == (300, 12)
    before = encoder.score(x)
    encoder.set_params(epochs=40)
    assert encoder.fit(x).score(x) > before
    pipe = Pipeline([("same", FunctionTransformer()), ("code", encoder)])
    assert pipe.fit_transform(x).shape == (300, 12)


def test_callbacks_by_class_and_routed_settings(classes: Any) -> None:
    x, y = classes
    one = classifier(
        epochs=30,
        optimizer=keras.optimizers.Adam,
        optimizer__learning_rate=0.05,
        callbacks=keras.callbacks.EarlyStopping,
        callbacks__monitor="loss",
        callbacks__min_delta=1.0,
        callbacks__patience=1,
        metrics=[keras.metrics.SparseCategoricalAccuracy],
        fit__batch_size=50,
    )
    one.fit(x, y)
    assert len(one.history_["loss"]) < 30
    assert "sparse_categorical_accuracy" in one.history_
    assert float(one.model_.optimizer.learning_rate) == pytest.approx(0.05)
