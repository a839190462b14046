"""Every message of training, by its text."""

import re

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.losses.base import Targets

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
LABELS = np.arange(20) % 3


def _model(units=1, loss="mse", activation=None, **options):
    model = rb.Sequential(
        [rb.Input((4,), name="features"), rb.layers.Dense(units, activation, name="out")],
        name="net",
    )
    model.compile(loss=loss, optimizer="sgd", **options)
    return model


def _says(text):
    return pytest.raises(ValueError, match="^" + re.escape(text))


def test_not_compiled():
    model = rb.Sequential([rb.layers.Dense(1)], name="net")
    for method in ("fit", "evaluate"):
        with _says(
            f"Model 'net' must be compiled before `{method}()`. Fix: call "
            "`model.compile(loss=…, optimizer=…)` first."
        ):
            getattr(model, method)(X, LABELS)


def test_wrong_number_of_features():
    with _says(
        "Model 'net': input 'features' has the wrong shape. Given: (1, 3). Expected: (None, 4)"
    ):
        _model().predict(X[:1, :3], verbose=0)
    with _says(
        "Model 'net': input 'features' has the wrong shape. Given: (20, 3). Expected: (None, 4) "
        "(None: any number of rows). Fix: give the model the 4 columns it was built for, or build "
        "it with `Input(shape=(3,))`."
    ):
        _model().fit(X[:, :3], LABELS, verbose=0)


def test_targets_that_would_broadcast():
    model = _model(3)
    with _says(
        "The targets of output 'out' do not have the output's shape; NumPy would broadcast them "
        "silently. Given: (N,). Expected: (N, 3). Fix: end the model with `Dense(1)` for one "
        "target a row, or give 3 targets a row; for class labels use "
        "`loss='sparse_categorical_crossentropy'`."
    ):
        model.fit(X, LABELS, verbose=0)


def test_a_column_and_a_vector_are_the_same_targets():
    a, b = _model(), _model()
    b.set_weights(a.get_weights())
    first = a.fit(X, LABELS.astype("float32"), shuffle=False, verbose=0).history["loss"]
    second = b.fit(X, LABELS[:, None].astype("float32"), shuffle=False, verbose=0).history["loss"]
    assert first == second


def test_labels_outside_the_classes():
    model = _model(2, "sparse_categorical_crossentropy", "softmax")
    with _says(
        "The targets of output 'out' hold a label outside the classes. Given: 2 (first in row 2). "
        "Expected: integers from 0 to 1: the model's last layer has 2 units. Fix: make the last "
        "layer `Dense(3)`, or renumber the labels."
    ):
        model.fit(X, LABELS, verbose=0)
    with _says(
        "The targets of output 'out' hold a label outside the classes. Given: -1 (first in row 0). "
        "Expected: integers from 0 to 1: the model's last layer has 2 units. Fix: renumber the "
        "labels from 0."
    ):
        model.evaluate(X, LABELS - 1, verbose=0)


def test_classes_may_be_on_another_axis():
    layers = [rb.Input((4,)), rb.layers.Dense(6), rb.layers.Reshape((3, 2))]
    model = rb.Sequential(layers)
    model.compile(loss=rb.losses.SparseCategoricalCrossentropy(from_logits=True, axis=1))
    assert np.isfinite(model.evaluate(X, np.stack([LABELS, LABELS], axis=1), verbose=0))
    with _says("The targets of output 'reshape' hold a label outside the classes. Given: 3"):
        model.evaluate(X, np.stack([LABELS, LABELS + 1], axis=1), verbose=0)


def test_wrong_loss_for_the_targets():
    with _says(
        "The targets of output 'out' do not have the output's shape; NumPy would broadcast them "
        "silently. Given: (N,). Expected: (N, 3). Fix: integer labels go with "
        "`loss='sparse_categorical_crossentropy'`; or make them one-hot with "
        "`rosenblatt.utils.to_categorical(y)`."
    ):
        _model(3, "categorical_crossentropy", "softmax").fit(X, LABELS, verbose=0)
    with _says(
        "The targets of output 'out' are not integer labels. Given: shape ('N', 3). Expected: "
        "shape ('N',) of integers from 0 to 2. Fix: one-hot targets go with "
        "`loss='categorical_crossentropy'`; or give the labels: `y.argmax(axis=-1)`."
    ):
        _model(3, "sparse_categorical_crossentropy", "softmax").fit(X, np.eye(3)[LABELS], verbose=0)
    with _says(
        "The targets of output 'out' are not class labels. Given: the value 0.5 (first in row "
        "0). Expected: integers from 0 to 2. Fix: for a regression end with `Dense(1)` and use "
        "`loss='mse'`."
    ):
        _model(3, "sparse_categorical_crossentropy", "softmax").fit(X, LABELS + 0.5, verbose=0)
    with _says(
        "The targets of output 'out' are outside [0, 1], which a binary cross-entropy needs. "
        "Given: values from 0 to 2 (first in row 2). Expected: 0 and 1."
    ):
        _model(1, "binary_crossentropy", "sigmoid").fit(X, LABELS, verbose=0)


WRONG = {
    Targets.SAME_SHAPE: (LABELS, "do not have the output's shape"),
    Targets.ONE_HOT: (LABELS, "do not have the output's shape"),
    Targets.UNIT_INTERVAL: (2.0 * np.eye(3)[LABELS], "are outside [0, 1]"),
    Targets.CLASS_IDS: (np.eye(3)[LABELS], "are not integer labels"),
}
LOSSES = {
    name: loss
    for name in dir(rb.losses)
    if isinstance(loss := getattr(rb.losses, name), type) and issubclass(loss, rb.Loss)
}


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_each_loss_says_which_targets_it_takes(name):
    kind = LOSSES[name].targets
    if kind not in WRONG:
        assert name in ("Loss", "LossFunctionWrapper", "Circle", "Quantile")
        return
    targets, message = WRONG[kind]
    for loss in (LOSSES[name](), LOSSES[name].fn):
        with _says(f"The targets of output 'out' {message}"):
            _model(3, loss, "softmax").fit(X, targets, verbose=0)


class Weighted(rb.losses.MeanSquaredError):
    """A user's, whose targets hold a weight in a second column."""

    def call(self, y_true, y_pred):
        return y_true[:, 1] * super().call(y_true[:, :1], y_pred)


class Own(rb.Loss):
    targets = Targets.CLASS_IDS

    def call(self, y_true, y_pred):
        return rb.losses.sparse_categorical_crossentropy(y_true, y_pred)


def test_a_users_loss_says_itself_which_targets_it_takes():
    targets = np.stack([LABELS, np.ones(20)], axis=1)
    loss = _model(1, Weighted()).evaluate(X, targets, verbose=0)
    assert np.isfinite(loss)
    with _says("The targets of output 'out' are not integer labels."):
        _model(3, Own(), "softmax").fit(X, np.eye(3)[LABELS], verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "mae_squared_error"}, "Unknown loss 'mae_squared_error'. Fix: did you mean"),
        ({"optimizer": "adaam"}, "Unknown optimizer 'adaam'. Fix: did you mean 'adam'?"),
        ({"loss": "mse", "metrics": ["acuracy"]}, "Unknown metric 'acuracy'. Fix: did you mean"),
    ],
)
def test_misspelt_names(arguments, message):
    model = rb.Sequential([rb.layers.Dense(1)])
    with _says(message):
        model.compile(**arguments)


def test_data_that_are_not_right():
    model = _model()
    nan = X.copy()
    nan[7, 2] = np.nan
    with pytest.raises(ValueError, match="row 7"):
        model.fit(nan, LABELS, verbose=0)
    with pytest.raises(ValueError, match="19"):
        model.fit(X, LABELS[:19], verbose=0)
    with pytest.raises(ValueError, match="x is empty: there is no row"):
        model.fit(X[:0], LABELS[:0], verbose=0)
    with pytest.raises(ValueError, match="numbers"):
        model.fit(np.array([["a"] * 4] * 20), LABELS, verbose=0)


def test_no_targets_and_no_loss():
    with _says(
        "`y` is missing: the model was compiled with a loss, which needs targets. Fix: call "
        "`fit(x, y)`, or compile without `loss`."
    ):
        _model().fit(X, verbose=0)
    with _says(
        "The model has no loss to minimize. Fix: give `compile` a `loss`, for example "
        "`model.compile(loss='mse')`."
    ):
        _model(loss=None).fit(X, LABELS, verbose=0)


def test_nothing_to_train():
    model = _model()
    model.trainable = False
    before = model.get_weights()
    with pytest.warns(UserWarning, match="learns nothing") as caught:
        model.fit(X, LABELS, verbose=0)
    assert str(caught[0].message) == (
        "The model has no trainable weights: `fit` updates metrics and learns nothing. Set "
        "`layer.trainable = True` on a layer with weights, or add such a layer."
    )
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_losses_and_metrics_for_outputs_that_do_not_exist():
    inputs = rb.Input((4,))
    outputs = [rb.layers.Dense(1, name=name)(inputs) for name in ("main", "aux")]
    model = rb.Model(inputs, outputs)
    model.compile(loss={"main": "mse", "auks": "mse"})
    with _says(
        "`loss` names an output that does not exist: 'auks'. Expected: names among ['main', "
        "'aux']. Fix: did you mean 'aux'?"
    ):
        model.fit(X, (LABELS, LABELS), verbose=0)
    model.compile(loss=["mse"])
    with _says(
        "`loss` has a different number of entries than the model has outputs. Given: 1. Expected: "
        "2: ['main', 'aux']."
    ):
        model.fit(X, (LABELS, LABELS), verbose=0)
    model.compile(loss="mse", metrics=["mae"])
    with _says(
        "`metrics` must say which metrics belong to which of the 2 outputs. Given: ['mae']. "
        "Expected: a list of 2 lists, or a dict by the names ['main', 'aux']."
    ):
        model.fit(X, (LABELS, LABELS), verbose=0)
    model.compile(loss="mse")
    with _says("`y` has a different number of entries than the model has outputs. Given: 1."):
        model.fit(X, LABELS, verbose=0)


def test_validation_arguments():
    with _says("fit: `validation_data` has the wrong length. Given: tuple of 1."):
        _model().fit(X, LABELS, validation_data=(X,), verbose=0)
    stream = iter([(X, LABELS)])
    with _says("fit: `validation_split` needs arrays. Given: x of type list_iterator."):
        _model().fit(stream, validation_split=0.1, verbose=0)


def test_not_a_callback():
    with pytest.raises(TypeError) as caught:
        _model().fit(X, LABELS, verbose=0, callbacks=[rb.callbacks.EarlyStopping])
    assert "Fix: write `EarlyStopping()`, not `EarlyStopping`." in str(caught.value)
    with pytest.raises(TypeError, match="`callbacks` holds something that is not a callback"):
        _model().fit(X, LABELS, verbose=0, callbacks=["stop"])


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        ("inputs", "predict: 2 of 9 rows are NaN, the first is row 4. Given: inputs that hold NaN "
         "or infinity there. Fix: fill or drop missing values first."),
        ("weights", "predict: 9 of 9 rows are NaN, the first is row 0. Given: finite inputs. Fix: "
         "the weights may be NaN or too large"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_predictions_that_are_not_numbers_are_announced(
    cause: str, message: str, dtype: str
) -> None:
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1, dtype=dtype)])
    x = np.ones((9, 2), "float32")
    if cause == "inputs":
        x[[4, 6], 1] = np.nan
    else:
        model.layers[0].bias.assign([np.nan])
    with pytest.warns(RuntimeWarning) as caught:
        model.predict(x, verbose=0)
    assert str(caught[0].message).startswith(message)
    assert caught[0].filename == __file__


def test_metrics_in_place_of_loss_weights() -> None:
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile("sgd", "mse", ["mae"])
    with pytest.raises(TypeError) as caught:
        model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0)
    assert str(caught.value) == (
        "`loss_weights` must be numbers. Given: 'mae'. Fix: metrics go by name: "
        "`compile(optimizer, loss, metrics=[...])`."
    )


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, LABELS + 1, "The targets of output 'out' hold a label outside the classes. Given: 3"),
        (X[:, :2], LABELS, "Model 'net': input 'features' has the wrong shape."),
        (np.where(X > 0.5, np.nan, X), LABELS, "x holds NaN in columns"),
    ],
    ids=["labels", "shape", "NaN"],
)
def test_validation_data_are_checked_before_the_first_epoch(x, y, message):
    model = _model(3, "sparse_categorical_crossentropy", "softmax")
    before = model.get_weights()
    with _says(message):
        model.fit(X, LABELS, validation_data=(x, y), verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
