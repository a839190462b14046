"""Between labels and a network: logits, probabilities, `validation_data`, for all kinds of y."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.metrics import get_scorer
from sklearn.model_selection import cross_val_score

import rosenblatt as rb
from rosenblatt.sklearn import KerasClassifier, KerasRegressor, MLPClassifier, MLPRegressor

losses = rb.losses
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 2))
RARE = np.where(X[:, 0] + X[:, 1] > 0.8, "yes", "no")  # a logit of 0.5 is not the boundary
THREE = np.array(["a", "b", "c"])[np.digitize(X[:, 0], [-0.5, 0.5])]
SEVERAL = (X > [[0.3, -0.3]]).astype(int)
ONE_HOT = np.eye(3, dtype=int)[np.digitize(X[:, 0], [-0.5, 0.5])]
TWO_COLUMNS = np.column_stack([RARE, THREE])
NUMBERS = X[:, 0] - X[:, 1]

Wanted = Callable[[Any], Any]


def classifier(units: Any, loss: Any, **more: Any) -> KerasClassifier:
    """A linear model that ends in logits."""

    def build() -> Any:
        inputs = rb.Input((2,))
        many = units if isinstance(units, list) else [units]
        outputs = [rb.layers.Dense(n, name=f"out_{i}")(inputs) for i, n in enumerate(many)]
        return rb.Model(inputs, outputs if isinstance(units, list) else outputs[0])

    settings = {"optimizer": "adam", "optimizer__learning_rate": 0.05, "epochs": 40, "verbose": 0}
    return KerasClassifier(build, loss=loss, random_state=0, **{**settings, **more})


def one_of_two(z: np.ndarray) -> np.ndarray:
    return np.column_stack([1 - expit(z), expit(z)])


def one_of_many(z: np.ndarray) -> np.ndarray:
    return softmax(z, axis=1)


BINARY = losses.BinaryCrossentropy(from_logits=True)
SPARSE = losses.SparseCategoricalCrossentropy(from_logits=True)
# y, units, loss, what turns logits into probabilities
LOGITS: dict[str, tuple[np.ndarray, Any, Any, Wanted]] = {
    "binary": (RARE, 1, BINARY, one_of_two),
    "a list of one loss": (RARE, 1, [BINARY], one_of_two),
    "a dict of losses": (RARE, 1, {"out_0": BINARY}, one_of_two),
    "a class and its argument": (RARE, 1, "binary_crossentropy", one_of_two),
    "a partial function": (
        RARE, 1, functools.partial(losses.binary_crossentropy, from_logits=True), one_of_two,
    ),
    "binary, focal": (RARE, 1, losses.BinaryFocalCrossentropy(from_logits=True), one_of_two),
    "binary, two outputs": (RARE, 2, SPARSE, one_of_many),
    "multiclass": (THREE, 3, SPARSE, one_of_many),
    "multiclass, one-hot": (
        THREE, 3, losses.CategoricalCrossentropy(from_logits=True), one_of_many,
    ),
    "multiclass, focal": (
        THREE, 3, losses.CategoricalFocalCrossentropy(from_logits=True), one_of_many,
    ),
    "labels": (SEVERAL, 2, BINARY, expit),
    "rows of one label": (
        ONE_HOT, 3, losses.CategoricalCrossentropy(from_logits=True), one_of_many,
    ),
    "columns": (TWO_COLUMNS, [1, 3], [BINARY, SPARSE], None),
    "columns by name": (TWO_COLUMNS, [1, 3], {"out_1": SPARSE, "out_0": BINARY}, None),
}  # fmt: skip


@pytest.mark.parametrize("case", LOGITS)
def test_logits_become_probabilities_and_labels(case: str) -> None:
    y, units, loss, wanted = LOGITS[case]
    more = {"loss__from_logits": True} if isinstance(loss, str) else {}
    one = classifier(units, loss, **more).fit(X, y)
    raw = one.model_.predict(X, verbose=0)
    assert min(np.min(z) for z in (raw if isinstance(raw, list) else [raw])) < 0
    found = one.predict_proba(X)
    labels = one.predict(X)
    assert labels.shape == y.shape
    assert (labels == y).mean() > 0.85
    if isinstance(units, list):
        for p, expected in zip(found, (one_of_two(raw[0]), one_of_many(raw[1])), strict=True):
            np.testing.assert_allclose(p, expected, rtol=1e-5, atol=1e-6)
        return
    np.testing.assert_allclose(found, wanted(raw), rtol=1e-5, atol=1e-6)
    if case.startswith("binary"):
        np.testing.assert_array_equal(labels == "yes", found[:, 1] > 0.5)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
        for name in ("neg_log_loss", "roc_auc"):
            assert np.isfinite(get_scorer(name)(one, X, y))
    if case == "labels":
        np.testing.assert_array_equal(labels, found > 0.5)
    if case == "rows of one label":
        np.testing.assert_array_equal(labels.sum(axis=1), 1)


def test_without_from_logits_outputs_stay_what_they_are() -> None:
    one = classifier(1, "hinge").fit(X, RARE)
    raw = one.model_.predict(X, verbose=0)
    np.testing.assert_array_equal(one.predict_proba(X)[:, 1], raw[:, 0])


class OwnEncoder(rb.sklearn.RegressorTargetEncoder):
    """Takes logits as they are."""

    def fit(self, y: Any) -> Any:
        return super().fit(y == "yes")

    def transform(self, y: Any) -> Any:
        return super().transform(y == "yes").astype(float)

    def inverse_transform(self, y: Any, return_proba: bool = False) -> Any:
        return y[:, 0] if return_proba else np.where(y[:, 0] > 0, "yes", "no")


def test_a_users_own_encoder_gets_logits() -> None:
    class Own(KerasClassifier):
        @property
        def target_encoder(self) -> Any:
            return OwnEncoder()

    one = Own(
        lambda: rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)]), loss=BINARY, verbose=0
    ).fit(X, RARE)
    np.testing.assert_array_equal(one.predict_proba(X), one.model_.predict(X, verbose=0)[:, 0])


@pytest.mark.parametrize(
    ("y", "loss", "output"),
    [
        (RARE, BINARY, expit),
        (THREE, SPARSE, one_of_many),
        (THREE, losses.CategoricalCrossentropy(from_logits=True), one_of_many),
        (SEVERAL, BINARY, expit),
    ],
)
def test_losses_of_logits_in_the_mlp(y: np.ndarray, loss: Any, output: Wanted) -> None:
    one = MLPClassifier((8,), loss=loss, learning_rate_init=0.05, max_iter=60, random_state=0)
    one.fit(X, y)
    raw = one.model_.predict(X, verbose=0)
    expected = output(raw.astype(float))
    found = one.predict_proba(X)
    np.testing.assert_allclose(found[:, -expected.shape[1] :], expected, rtol=1e-5, atol=1e-6)
    assert one.score(X, y) > 0.85


def test_a_compiled_model_of_another_loss_is_refused() -> None:
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile("sgd", "mse")
    for same in ("mse", "mean_squared_error", losses.MeanSquaredError, losses.MeanSquaredError()):
        KerasRegressor(model, loss=same, verbose=0).fit(X, NUMBERS)
    with pytest.raises(ValueError) as caught:
        KerasRegressor(model, loss="mae", verbose=0).fit(X, NUMBERS)
    assert str(caught.value) == (
        "The estimator's `loss` is not the one that the model was compiled with. Given: "
        "'mean_absolute_error'. Expected: 'mean_squared_error'. Fix: leave one of them out: a "
        "build function that asks for `compile_kwargs` gets the estimator's."
    )


# -- validation_data ------------------------------------------------------------------------------

FEW = {"epochs": 3}
MLP = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0}
ESTIMATORS: dict[str, tuple[Callable[..., Any], np.ndarray]] = {
    "KerasClassifier": (lambda **more: classifier(1, BINARY, **FEW, **more), RARE),
    "KerasClassifier, three": (lambda **more: classifier(3, SPARSE, **FEW, **more), THREE),
    "KerasClassifier, one-hot": (
        lambda **more: classifier(
            3, losses.CategoricalCrossentropy(from_logits=True), **FEW, **more
        ),
        THREE,
    ),
    "KerasClassifier, labels": (lambda **more: classifier(2, BINARY, **FEW, **more), SEVERAL),
    "KerasClassifier, columns": (
        lambda **more: classifier([1, 3], [BINARY, SPARSE], **FEW, **more), TWO_COLUMNS,
    ),
    "KerasRegressor": (
        lambda **more: KerasRegressor(
            lambda: rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)]),
            loss="mse", epochs=3, verbose=0, random_state=0, **more,
        ),
        NUMBERS,
    ),
    "MLPClassifier": (lambda **more: MLPClassifier(**MLP, **more), RARE),
    "MLPClassifier, three": (lambda **more: MLPClassifier(**MLP, **more), THREE),
    "MLPRegressor": (lambda **more: MLPRegressor(**MLP, **more), NUMBERS),
}  # fmt: skip


def history_of(one: Any) -> Any:
    return one.history_["val_loss"]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_validation_data_are_encoded_as_y_is(name: str) -> None:
    """The training data as validation data: its loss is that of `evaluate` on what was trained."""
    make, y = ESTIMATORS[name]
    one = make()
    one.fit(X, y, validation_data=(X, y))
    expected = history_of(one)
    encoder = one._encoder if hasattr(one, "_encoder") else one.target_encoder_
    found = one.model_.evaluate(X.astype("float32"), encoder.transform(y), verbose=0)
    assert expected[-1] == pytest.approx(np.ravel(found)[0], rel=1e-5)
    forms = [(X.tolist(), y.tolist()), [sparse.csr_matrix(X), y], (X, y, np.full(200, 2.0))]
    if y.ndim == 1:
        forms += [(X, pd.Series(y)), (X, pl.Series(y)), (X, pd.Series(y.astype(object)))]
    for form in forms:
        again = make()
        again.fit(X, y, validation_data=form)
        np.testing.assert_allclose(history_of(again), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_weights_of_validation_data_count_as_rows_given_again(name: str) -> None:
    make, y = ESTIMATORS[name]
    counts = RNG.integers(1, 4, 200)
    weighted, repeated = make(), make()
    weighted.fit(X, y, validation_data=(X, y, counts))
    repeated.fit(X, y, validation_data=(X.repeat(counts, axis=0), y.repeat(counts, axis=0)))
    np.testing.assert_allclose(history_of(weighted), history_of(repeated), rtol=1e-4)


def test_frames_of_validation_data() -> None:
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "kind": RARE})
    one = MLPClassifier(**MLP)
    one.fit(frame, THREE, validation_data=(frame, THREE))
    assert len(history_of(one)) == 3
    with pytest.raises(ValueError, match="validation_data: The feature names should match"):
        MLPClassifier(**MLP).fit(frame, THREE, validation_data=(frame[["b", "a", "kind"]], THREE))


def test_fit_parameter_classes_weights_and_monitors() -> None:
    by_name = classifier(1, BINARY, epochs=3, fit__validation_data=(X, RARE)).fit(X, RARE)
    plain = classifier(1, BINARY, epochs=3)
    plain.fit(X, RARE, validation_data=(X, RARE))
    assert history_of(by_name) == history_of(plain)
    # Weights of classes are for training only, as in Keras.
    weighted = classifier(1, BINARY, epochs=1, class_weight={"yes": 9.0, "no": 1.0})
    weighted.fit(X, RARE, validation_data=(X, RARE))
    found = weighted.model_.evaluate(X, (RARE == "yes").astype(float), verbose=0)
    assert history_of(weighted)[0] == pytest.approx(found, rel=1e-5)
    partial = classifier(1, BINARY)
    partial.partial_fit(X, RARE, classes=["no", "yes"], validation_data=(X, RARE))
    assert len(history_of(partial)) == 1
    stop = rb.callbacks.EarlyStopping("val_loss", min_delta=1e9)
    assert (
        classifier(1, BINARY, callbacks=stop).fit(X, RARE, validation_data=(X, RARE)).current_epoch
        == 2
    )
    early = MLPClassifier((4,), early_stopping=True, callbacks=[stop], max_iter=9)
    early.fit(X, RARE, validation_data=(X, RARE))
    assert early.n_iter_ == 2
    assert len(early.validation_scores_) == 2
    assert np.isfinite(cross_val_score(by_name, X, RARE, cv=2)).all()


def stream() -> Any:
    yield from [(X[i : i + 50], (RARE[i : i + 50] == "yes").astype(float)) for i in (0, 50)]


def test_a_stream_passes_as_it_is() -> None:
    one = classifier(1, BINARY, epochs=1)
    one.fit(X, RARE, validation_data=stream())
    assert len(history_of(one)) == 1


UNKNOWN = (
    "validation_data: y: labels that are not among the classes of the first fit. Given: 'maybe'. "
    "Expected: 'no', 'yes'."
)
MAYBE = np.where(X[:, 0] > 1, "maybe", RARE)
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "Keras, unknown label": (
        lambda: classifier(1, BINARY).fit(X, RARE, validation_data=(X, MAYBE)), UNKNOWN,
    ),
    "MLP, unknown label": (
        lambda: MLPClassifier(**MLP).fit(X, RARE, validation_data=(X, MAYBE)), UNKNOWN,
    ),
    "MLP, unknown label, early stopping": (
        lambda: MLPClassifier(**MLP, early_stopping=True).fit(X, RARE, validation_data=(X, MAYBE)),
        UNKNOWN,
    ),
    "text for a regressor": (
        lambda: MLPRegressor(**MLP).fit(X, NUMBERS, validation_data=(X, RARE)),
        "validation_data: Unknown label type: a regressor's y holds numbers.",
    ),
    "other columns": (
        lambda: MLPClassifier(**MLP).fit(X, RARE, validation_data=(X, SEVERAL)),
        "validation_data: y has a different number of columns than in the first fit. Given: shape "
        "(200, 2). Expected: (rows,).",
    ),
    "other features": (
        lambda: classifier(1, BINARY).fit(X, RARE, validation_data=(X[:, :1], RARE)),
        "validation_data: X has 1 features, but KerasClassifier is expecting 2 features as input.",
    ),
    "NaN": (
        lambda: MLPRegressor(**MLP).fit(X, NUMBERS, validation_data=(X * np.nan, NUMBERS)),
        "validation_data: Input X contains NaN.",
    ),
    "the form": (
        lambda: MLPRegressor(**MLP).fit(X, NUMBERS, validation_data=(X,)),
        "`validation_data` has the wrong form. Given: tuple of 1. Expected: (X, y) or (X, y, "
        "sample_weight).",
    ),
    "an array": (
        lambda: classifier(1, BINARY).fit(X, RARE, validation_data=X),
        "`validation_data` has the wrong form. Given: ndarray of 200.",
    ),
    "a later fit with other columns": (
        lambda: MLPClassifier(**MLP, warm_start=True).fit(X, RARE).fit(X, TWO_COLUMNS),
        "y has a different number of columns than in the first fit. Given: shape (200, 2). "
        "Expected: (rows,).",
    ),
    "numbers, a later fit with other columns": (
        lambda: MLPRegressor(**MLP).partial_fit(X, NUMBERS).partial_fit(X, X),
        "y has a different number of columns than in the first fit. Given: shape (200, 2). "
        "Expected: (rows,).",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    act, message = REFUSED[case]
    with pytest.raises(ValueError, match=re.escape(message)):
        act()
