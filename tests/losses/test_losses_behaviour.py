"""Losses by hand: stability, shapes, weights, lookups, messages, losses of users."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import losses
from rosenblatt.core.registry import custom_object_scope
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.training import programs as known_programs


def fails(text):
    return pytest.raises(ValueError, match=re.escape(text))


def by_hand():
    log = np.log
    return {
        "mse": ([[1.0, 2.0]], [[2.0, 4.0]], (1 + 4) / 2),
        "mae": ([[1.0, 2.0]], [[2.0, 4.0]], 1.5),
        "mape": ([[4.0]], [[5.0]], 25.0),
        "msle": ([[1.0]], [[3.0]], log(2) ** 2),
        "huber": ([[0.0, 0.0]], [[0.5, 3.0]], (0.125 + 2.5) / 2),
        "log_cosh": ([[0.0]], [[2.0]], log(np.cosh(2))),
        "bce": ([[1.0, 0.0]], [[0.8, 0.4]], -(log(0.8) + log(0.6)) / 2),
        "categorical_crossentropy": ([[0, 1]], [[0.3, 0.7]], -log(0.7)),
        "sparse_categorical_crossentropy": ([1], [[0.3, 0.7]], -log(0.7)),
        "kld": ([[0.5, 0.5]], [[0.25, 0.75]], 0.5 * log(2) + 0.5 * log(2 / 3)),
        "poisson": ([[2.0]], [[3.0]], 3 - 2 * log(3)),
        "hinge": ([[1.0], [-1.0]], [[0.5], [0.5]], [0.5, 1.5]),
        "squared_hinge": ([[1.0], [-1.0]], [[0.5], [0.5]], [0.25, 2.25]),
        "categorical_hinge": ([[0.0, 1.0]], [[0.5, 1.0]], 0.5),
        "cosine_similarity": ([[3.0, 4.0]], [[4.0, 3.0]], -24 / 25),
        "binary_focal_crossentropy": ([[1.0]], [[0.5]], 0.25 * log(2)),
        "categorical_focal_crossentropy": ([[0.0, 1.0]], [[0.5, 0.5]], 0.25 * 0.25 * log(2)),
        "dice": ([[1.0, 0.0]], [[0.5, 0.5]], 1 - 2 * 0.5 / 2),
        "tversky": ([[1.0, 0.0]], [[0.5, 0.5]], 1 - 0.5 / 1.0),
    }


@pytest.mark.parametrize(("name", "case"), by_hand().items(), ids=list(by_hand()))
def test_by_hand(name, case):
    y_true, y_pred, expected = case
    value = np.squeeze(losses.get(name)(y_true, y_pred))
    np.testing.assert_allclose(value, expected, 1e-5)


def test_label_smoothing_by_hand():
    loss = losses.CategoricalCrossentropy(label_smoothing=0.3)
    expected = -(0.1 * np.log(0.2) + 0.1 * np.log(0.3) + 0.8 * np.log(0.5))
    assert loss([[0, 0, 1]], [[0.2, 0.3, 0.5]]) == pytest.approx(expected, rel=1e-5)
    loss = losses.BinaryCrossentropy(label_smoothing=0.2)
    expected = -(0.9 * np.log(0.7) + 0.1 * np.log(0.3))
    assert loss([[1]], [[0.7]]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("logit", [-100.0, -20.0, 0.0, 20.0, 100.0])
@pytest.mark.parametrize("target", [0, 1])
def test_logits_of_any_size_keep_value_and_gradient(logit, target):
    exact = np.logaddexp(0, -logit if target else logit)
    slope = 1 / (1 + np.exp(-logit)) - target

    def check(fn, x, slope):
        value, gradient = jax.value_and_grad(fn)(jnp.asarray(x, "float32"))
        np.testing.assert_allclose(value, exact, 1e-5, 1e-30)
        np.testing.assert_allclose(gradient, slope, 1e-5, 1e-8)

    binary = losses.BinaryCrossentropy(from_logits=True)
    check(lambda x: binary([[target]], x), [[logit]], [[slope]])
    if abs(logit) > 50 and exact < 1:
        return  # two classes: log-sum-exp rounds to the larger logit
    sparse = losses.SparseCategoricalCrossentropy(from_logits=True)
    one_hot = losses.CategoricalCrossentropy(from_logits=True)
    tolerant = np.testing.assert_allclose
    for loss, y in ((sparse, [target]), (one_hot, [[1 - target, target]])):
        value, gradient = jax.value_and_grad(lambda x, loss=loss, y=y: loss(y, x))(
            jnp.asarray([[0.0, logit]])
        )
        tolerant(value, exact, 1e-5, 1e-6)
        tolerant(gradient, [[-slope, slope]], 1e-5, 1e-6)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_logits_of_100_in_every_crossentropy(dtype):
    logits = jnp.asarray([[0.0, -100.0], [0.0, 100.0], [100.0, 100.0], [-100.0, 100.0]], dtype)
    ids = np.array([0, 0, 1, 0])
    one_hot = np.eye(2, dtype="float32")[ids]
    log_p = np.asarray(jax.nn.log_softmax(logits.astype("float32")))
    softmax = -np.sum(one_hot * log_p, -1)
    sigmoid = np.logaddexp(0, np.where(one_hot == 1, -1, 1) * np.asarray(logits, "float32"))
    miss = 1 - np.exp(-sigmoid)
    expected = {
        losses.BinaryCrossentropy: (one_hot, sigmoid.mean(-1), {}),
        losses.CategoricalCrossentropy: (one_hot, softmax, {}),
        losses.SparseCategoricalCrossentropy: (ids, softmax, {}),
        losses.BinaryFocalCrossentropy: (one_hot, (miss**0.5 * sigmoid).mean(-1), {"gamma": 0.5}),
        losses.CategoricalFocalCrossentropy: (
            one_hot,
            0.25 * (1 - np.exp(-softmax)) ** 0.5 * softmax,
            {"gamma": 0.5},
        ),
    }
    for cls, (y, values, kwargs) in expected.items():
        loss = cls(from_logits=True, reduction=None, dtype=dtype, **kwargs)
        given, back = jax.vjp(lambda p, loss=loss, y=y: loss(y, p), logits)
        np.testing.assert_allclose(
            np.asarray(given, "float32"), values, 5e-3 if dtype == "bfloat16" else 1e-5, 1e-6
        )
        (gradient,) = back(jnp.ones_like(given))
        assert np.isfinite(np.asarray(gradient, "float32")).all()
        assert np.asarray(gradient, "float32")[3].any()  # wrong by far, and still told so


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_certain_probabilities_of_softmax_train_on(dtype):
    """Softmax of ±100 is 0 and 1 exactly; no loss may make its gradient NaN."""
    logits, ids = jnp.asarray([[-100.0, 100.0], [100.0, -100.0]], dtype), np.array([0, 0])
    for loss, y in (
        (losses.CategoricalGeneralizedCrossEntropy(dtype=dtype), ids),
        (losses.SparseCategoricalCrossentropy(dtype=dtype), ids),
        (losses.CategoricalFocalCrossentropy(gamma=0.5, dtype=dtype), np.eye(2)[ids]),
        (losses.BinaryFocalCrossentropy(gamma=0.5, dtype=dtype), np.eye(2)[ids]),
        (losses.KLDivergence(dtype=dtype), np.eye(2)[ids]),
    ):
        value, gradient = jax.value_and_grad(lambda x, loss=loss, y=y: loss(y, jax.nn.softmax(x)))(
            logits
        )
        assert np.isfinite(np.asarray(value, "float32"))
        assert np.isfinite(np.asarray(gradient, "float32")).all()


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certain_probabilities_are_clipped(p):
    for loss, y, x in (
        (losses.BinaryCrossentropy(), [[1]], [[p]]),
        (losses.CategoricalCrossentropy(), [[0, 1]], [[1 - p, p]]),
        (losses.SparseCategoricalCrossentropy(), [1], [[1 - p, p]]),
        (losses.BinaryCrossentropy(dtype="bfloat16"), [[0]], [[p]]),
    ):
        value, gradient = jax.value_and_grad(lambda x, loss=loss, y=y: loss(y, x))(jnp.asarray(x))
        assert np.isfinite(value)
        assert 0 <= value < 16.2
        assert np.isfinite(gradient).all()


def test_ranks_that_differ_by_a_last_axis_of_1_are_brought_together():
    column, row = [[1.0], [3.0]], [2.0, 5.0]
    assert losses.MeanSquaredError()(column, row) == 2.5
    assert losses.MeanSquaredError()(row, column) == 2.5
    assert losses.mean_squared_error(row, column).shape == (2,)


def test_shapes_that_do_not_align_are_refused():
    with fails(
        "mean_squared_error: targets and predictions have shapes that do not align. Given: y_true "
        "of shape (4,), y_pred of shape (4, 3). Expected: equal shapes, up to a last axis of 1. "
        "Fix: give the output layer units=1, or pass targets of shape (4, 3); nothing is "
        "broadcast silently."
    ):
        losses.MeanSquaredError()(np.zeros(4), np.zeros((4, 3)))
    with fails("y_true of shape (4, 1), y_pred of shape (4, 3)"):
        losses.mean_absolute_error(np.zeros((4, 1)), np.zeros((4, 3)))
    with fails("Fix: pass one row of targets for each row of predictions."):
        losses.categorical_crossentropy(np.zeros((4, 3)), np.zeros((5, 3)))


SPARSE = (
    "Fix: class ids, one for each row, go with `sparse_categorical_crossentropy`; one-hot rows go "
    "with `categorical_crossentropy` (`to_categorical(y, num_classes=...)` makes them)."
)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("categorical_crossentropy", (4,)),
        ("sparse_categorical_crossentropy", (4, 3)),
        ("binary_crossentropy", (4,)),
        ("kl_divergence", (4,)),
    ],
)
def test_a_loss_for_other_targets_is_explained(name, shape):
    with fails(f"Given: y_true of shape {shape}, y_pred of shape (4, 3).") as error:
        losses.get(name)(np.zeros(shape), np.full((4, 3), 0.3))
    assert str(error.value).startswith(f"{name}: targets and predictions")
    assert str(error.value).endswith(SPARSE)


def test_one_class_is_warned_of():
    text = "categorical_crossentropy: the predictions have one class only"
    with pytest.warns(SyntaxWarning, match=text):
        losses.CategoricalCrossentropy()([[1.0]], [[0.5]])


def test_weights():
    loss = losses.MeanSquaredError()
    y, p = np.zeros((3, 1)), np.array([[1.0], [2.0], [3.0]])
    assert loss(y, p, [1, 0, 2]) == (1 + 18) / 3
    assert loss(y, p, [[1], [0], [2]]) == pytest.approx((1 + 18) / 3)
    assert losses.MeanSquaredError(reduction="mean_with_sample_weight")(y, p, [1, 0, 1]) == 5
    # one weight a row, also where a row has several values
    steps = np.stack([p, p], 1)
    assert loss(np.zeros((3, 2, 1)), steps, [1, 0, 2]) == pytest.approx((1 + 18) / 3)
    with fails(
        "mean_squared_error: `sample_weight` does not fit the values it weights. Given: "
        "sample_weight of shape (2,), values of shape (3,). Expected: one weight for each row: "
        "shape (3,). Fix: weights per class belong in `class_weight`, weights per output in "
        "`loss_weights`."
    ):
        loss(y, p, [1, 2])
    with fails("sample_weight of shape (3, 3)"):
        loss(y, p, np.ones((3, 3)))


def test_ignored_class_does_not_count():
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    y, p = [-1, 0, 1], np.array([[0.5, 0.5], [0.25, 0.75], [0.25, 0.75]])
    assert loss(y, p) == pytest.approx(-(np.log(0.25) + np.log(0.75)) / 2, rel=1e-5)
    gradient = jax.grad(lambda p: loss(y, p))(jnp.asarray(p))
    assert not gradient[0].any()


def test_class_ids_along_another_axis():
    y, p = np.array([[0, 2], [1, -1]]), np.random.default_rng(0).normal(size=(2, 3, 2))
    for kwargs in ({}, {"ignore_class": -1}):
        first = losses.SparseCategoricalCrossentropy(from_logits=True, axis=1, **kwargs)
        last = losses.SparseCategoricalCrossentropy(from_logits=True, **kwargs)
        np.testing.assert_allclose(first(y, p), last(y, p.transpose(0, 2, 1)), 1e-6)
    one_hot = np.eye(3)[np.array([[0, 2], [1, 0]])]
    for cls in (losses.CategoricalCrossentropy, losses.CategoricalFocalCrossentropy):
        first = cls(from_logits=True, label_smoothing=0.3, axis=1)
        last = cls(from_logits=True, label_smoothing=0.3)
        expected = last(one_hot, p.transpose(0, 2, 1))
        np.testing.assert_allclose(first(one_hot.transpose(0, 2, 1), p), expected, 1e-6)


def test_rows_without_an_axis_of_outputs_are_masked():
    y, p = np.zeros(4, "float32"), np.array([1.0, 2, 3, 9], "float32")
    with use_scope(Scope(row_mask=jnp.array([True, True, True, False]))):
        assert losses.MeanSquaredError()(y, p) == pytest.approx(14 / 3)
        assert losses.BinaryCrossentropy()(y, y) == pytest.approx(0, abs=1e-6)


def test_quantile_loss_equals_scikit_learn():
    from sklearn.metrics import mean_pinball_loss

    rng = np.random.default_rng(0)
    y, p = rng.normal(size=7), rng.normal(size=(7, 3))
    quantiles = [0.05, 0.5, 0.9]
    each = [mean_pinball_loss(y, p[:, k], alpha=q) for k, q in enumerate(quantiles)]
    loss = losses.Quantile(quantiles)
    cases = [
        (losses.Quantile(0.9)(y[:, None], p[:, 2:]), each[2]),
        (losses.Quantile([0.9])(y, p[:, 2:]), each[2]),
        (loss(y, p), np.mean(each)),
        (loss(y[:, None], p), np.mean(each)),
        (losses.get("quantile")(y[:, None], p[:, 1:2]).mean(), each[1]),
    ]
    some = losses.Quantile(quantiles, reduction="mean_with_sample_weight")
    cases.append((some(y, p, y < 0), loss(y[y < 0], p[y < 0])))
    for value, expected in cases:
        np.testing.assert_allclose(value, expected, 1e-5)
    steps = np.stack([p, -p], 1)  # (N, steps, K)
    assert losses.quantile(np.stack([y, y], 1), steps, quantiles).shape == (7, 2)
    gradient = jax.grad(lambda p: loss(y, p))(jnp.asarray(p))
    slopes = np.where(y[:, None] > p, 0, 1) - np.array(quantiles)
    np.testing.assert_allclose(gradient, slopes / 21, 1e-4)


def test_quantile_is_saved_and_refuses():
    for quantiles in (0.3, [0.1, 0.9]):
        again = losses.deserialize(losses.serialize(losses.Quantile(quantiles)))
        assert again.quantiles == quantiles
    assert losses.Quantile(np.array([0.1, 0.9])).quantiles == [0.1, 0.9]
    wrapped = losses.LossFunctionWrapper(losses.quantile, quantiles=0.2)
    assert losses.deserialize(losses.serialize(wrapped)).fn is losses.quantile
    with fails(
        "Quantile: bad `quantiles`. Given: [0.5, 1]. Expected: 0 < q < 1, or a list of such "
        "numbers."
    ):
        losses.Quantile([0.5, 1])
    with fails(
        "quantile: targets and predictions have shapes that do not align. Given: y_true of shape "
        "(4,), y_pred of shape (4, 3). Expected: equal shapes, up to a last axis of 1. Fix: give "
        "the output layer one unit for each quantile, units=2, and pass one target for each row."
    ):
        losses.Quantile([0.1, 0.9])(np.zeros(4), np.zeros((4, 3)))
    with fails("quantile: targets and predictions have shapes that do not align."):
        losses.Quantile(0.5)(np.zeros(4), np.zeros((4, 3)))


class Worst(losses.Loss):
    def __init__(self, power=1, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def call(self, y_true, y_pred):
        return jnp.max(jnp.abs(y_true - y_pred), axis=-1) ** self.power

    def get_config(self):
        return {**super().get_config(), "power": self.power}


def triple(y_true, y_pred, factor=3.0):
    return factor * jnp.abs(y_true - y_pred).mean(-1)


def centred(y_true, y_pred):
    return jnp.abs(y_true - y_pred - jnp.mean(y_true - y_pred, axis=0)).mean(-1)


class Declared(Worst):
    row_independent = True

    def call(self, y_true, y_pred):
        return centred(y_true, y_pred)


def whole_batch(y_true, y_pred):
    return jnp.sqrt(jnp.mean(jnp.square(y_true - y_pred)))


def test_losses_of_users():
    y, p = np.zeros((2, 2), "uint8"), np.array([[1.0, 2.0], [3.0, 4.0]])
    assert Worst(power=2)(y, p) == 10
    assert losses.get(Worst)(y, p) == 3
    wrapped = losses.LossFunctionWrapper(triple, name="triple", factor=2.0)
    assert wrapped(y, p) == 5
    with custom_object_scope({"triple": triple, "Worst": Worst}):
        assert losses.get(losses.serialize(wrapped))(y, p) == 5
        assert losses.get(losses.serialize(Worst(power=2)))(y, p) == 10
        assert losses.get("triple") is triple
    tree = losses.LossFunctionWrapper(lambda t, q: triple(t["a"], q["a"]))
    assert tree({"a": y}, {"a": p}) == 7.5


def test_what_padding_leaves_alone():
    y, p = np.zeros((4, 2), "float32"), np.ones((4, 2), "float32")
    known = {triple: True, losses.huber: True, whole_batch: False, centred: False}
    for fn, exact in known.items():
        assert losses.LossFunctionWrapper(fn).exact_on_padding(y, p) is exact
    assert Worst().exact_on_padding(y, jax.ShapeDtypeStruct((4, 2), "float32"))
    assert losses.Dice().exact_on_padding(y, p)
    assert Declared().exact_on_padding(y, p)


def test_lookups_and_their_messages():
    assert losses.get(None) is None
    assert losses.get("mse") is losses.get("MSE") is losses.mean_squared_error
    assert isinstance(losses.get("Huber"), losses.Huber)
    assert losses.get({"class_name": "Huber", "config": {"delta": 3.0}}).delta == 3.0
    with fails("Unknown loss 'mean_square_error'. Fix: did you mean 'mean_squared_error'?"):
        losses.get("mean_square_error")
    with fails(
        "The loss LossFunctionWrapper needs arguments. Given: 'LossFunctionWrapper'. Fix: pass the "
        "object: `LossFunctionWrapper(fn=…)`."
    ):
        losses.get("LossFunctionWrapper")
    with fails("Cannot understand this loss. Given: 3."):
        losses.get(3)
    with fails(
        "Huber: unknown `reduction`. Given: 'avg'. Expected: one of ('sum_over_batch_size', 'sum', "
        "'mean', 'mean_with_sample_weight', 'none', None)."
    ):
        losses.Huber(reduction="avg")
    with fails("CategoricalGeneralizedCrossEntropy: bad `q`. Given: 1. Expected: 0 < q < 1."):
        losses.CategoricalGeneralizedCrossEntropy(q=1)
    with pytest.raises(
        NotImplementedError,
        match=re.escape(
            "Loss Loss has no `call`. Fix: write `def call(self, y_true, y_pred)` that returns one "
            "value for each row."
        ),
    ):
        losses.Loss()([1.0], [1.0])


@pytest.mark.parametrize(
    ("true", "pred", "kind"),
    [
        ((8,), (8, 1), "binary_crossentropy"),
        ((8, 1), (8, 1), "binary_crossentropy"),
        ((8,), (8, 3), "sparse_categorical_crossentropy"),
        ((8, 1), (8, 3), "sparse_categorical_crossentropy"),
        ((8, 3), (8, 3), "categorical_crossentropy"),
    ],
)
def test_crossentropy_resolves_from_shapes(true, pred, kind):
    assert losses.resolve_crossentropy(true, pred).__name__ == kind


def test_a_loss_is_compiled_once():
    loss = losses.SparseCategoricalCrossentropy()
    traces = []

    @jax.jit
    def step(y, p):
        traces.append(1)
        return loss(y, p)

    p = np.full((3, 4), 0.25, "float32")
    for _ in range(2):
        step(np.array([0, 1, 2]), p)
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("make", "programs"),
    [
        (lambda alpha: losses.CategoricalFocalCrossentropy(alpha), {0.25: 1, 0.5: 0}),
        (lambda alpha: losses.CategoricalFocalCrossentropy(list(alpha)), {(1, 2): 1, (2, 1): 1}),
        (lambda q: losses.Quantile(q, name="q"), {(0.1, 0.9): 1, (0.2, 0.8): 1}),
    ],
    ids=["number", "list", "quantiles"],
)
def test_numbers_share_a_program_and_lists_are_part_of_it(make, programs, compiled):
    x, y = np.ones((4, 3), "float32"), np.eye(2, dtype="float32")[[0, 1, 1, 0]]
    known_programs.clear()  # another test may have compiled the same ones
    for values, expected in programs.items():
        loss = make(values)
        model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(2, "softmax")])
        model.compile("sgd", loss)
        targets = y[:, 0] if isinstance(loss, losses.Quantile) else y
        before = float(loss(targets, model.predict(x, verbose=0)))
        count = len(compiled)
        history = model.fit(x, targets, epochs=1, verbose=0)
        assert len(compiled) - count == expected
        assert history.history["loss"] == [pytest.approx(before, rel=1e-5)]
