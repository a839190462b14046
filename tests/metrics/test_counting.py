"""Counts, rates, curves, F scores and IoU: scikit-learn, arithmetic, masks, training, messages."""

from __future__ import annotations

import re

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import metrics as sk

import rosenblatt as rb
from rosenblatt import metrics
from rosenblatt.core.masks import set_mask
from rosenblatt.metrics.counting import Thresholds, sums_by_rank

rng = np.random.default_rng(3)
N = 60
Y = (rng.random(N) < 0.4).astype("float32")
P = np.round(np.clip(0.3 * Y + 0.7 * rng.random(N), 0, 1), 2).astype("float32")
W = rng.uniform(0.5, 2, N)
Y3 = np.eye(3, dtype="float32")[rng.integers(0, 3, N)]
P3 = rng.dirichlet(np.ones(3), N).astype("float32")
IDS, GUESS = Y3.argmax(-1), P3.argmax(-1)


def fails(text):
    return pytest.raises(ValueError, match=re.escape(text))


def in_batches(metric, y, p, weight=None):
    for rows in (slice(0, 25), slice(25, 50), slice(50, N)):
        metric.update_state(y[rows], p[rows], None if weight is None else weight[rows])
    return np.asarray(metric.result())


def by_scikit_learn():
    above = P > 0.5
    fine = {"num_thresholds": 10001}  # a threshold between any two different predictions
    positive = (P3 > 0.4).astype(int)
    (tn, fp), (fn, tp) = sk.confusion_matrix(Y, above, sample_weight=W)
    fpr, tpr, _ = sk.roc_curve(Y, P, sample_weight=W, drop_intermediate=False)
    precision, recall, _ = sk.precision_recall_curve(Y, P, sample_weight=W)
    one = {"target_class_ids": [1], "dtype": "float32"}
    yield metrics.TruePositives(), Y, P, tp
    yield metrics.FalsePositives(), Y, P, fp
    yield metrics.TrueNegatives(), Y, P, tn
    yield metrics.FalseNegatives(), Y, P, fn
    yield metrics.Precision(), Y, P, sk.precision_score(Y, above, sample_weight=W)
    yield metrics.Recall(), Y, P, sk.recall_score(Y, above, sample_weight=W)
    yield metrics.AUC(**fine), Y, P, sk.roc_auc_score(Y, P, sample_weight=W)
    yield metrics.AUC(from_logits=True, **fine), Y, np.log(P / (1.001 - P)), None
    yield metrics.SensitivityAtSpecificity(0.7, 1001), Y, P, tpr[1 - fpr >= 0.7].max()
    yield metrics.SpecificityAtSensitivity(0.7, 1001), Y, P, 1 - fpr[tpr >= 0.7].min()
    yield metrics.PrecisionAtRecall(0.6, 1001), Y, P, precision[recall >= 0.6].max()
    yield metrics.RecallAtPrecision(0.6, 1001), Y, P, recall[precision >= 0.6].max()
    for average in (None, "micro", "macro", "weighted"):
        f1 = sk.f1_score(Y3, positive, average=average, sample_weight=W)
        yield metrics.F1Score(average, threshold=0.4), Y3, P3, f1
    f2 = sk.fbeta_score(IDS, GUESS, beta=2, average="macro", sample_weight=W)
    yield metrics.FBetaScore("macro", beta=2.0), Y3, P3, f2
    yield metrics.BinaryIoU(**one), Y, P, sk.jaccard_score(Y, P >= 0.5, sample_weight=W)
    mean = sk.jaccard_score(IDS, GUESS, average="macro", sample_weight=W)
    yield metrics.MeanIoU(3, dtype="float32"), IDS, GUESS, mean
    yield metrics.OneHotMeanIoU(3, dtype="float32"), Y3, P3, mean
    r2 = sk.r2_score(Y3, P3, sample_weight=W)
    yield metrics.R2Score(), Y3, P3, r2


@pytest.mark.parametrize("case", list(by_scikit_learn()), ids=lambda c: c[0].name)
def test_equals_scikit_learn(case):
    metric, y, p, expected = case
    if expected is None:
        expected = sk.roc_auc_score(y, p, sample_weight=W)
    np.testing.assert_allclose(in_batches(metric, y, p, W), expected, 2e-4)


def test_area_of_each_label():
    expected = [sk.roc_auc_score(Y3[:, k], P3[:, k]) for k in range(3)]
    metric = metrics.AUC(5001, multi_label=True, label_weights=[1, 0, 3])
    np.testing.assert_allclose(
        in_batches(metric, Y3, P3), (expected[0] + 3 * expected[2]) / 4, 1e-4
    )


def test_area_without_two_kinds_is_0_and_stays_a_number():
    for kind in ({}, {"curve": "PR"}, {"curve": "PRGAIN"}, {"multi_label": True}):
        metric = metrics.AUC(**kind)
        assert metric.result() == 0 or kind.get("curve") == "PRGAIN"
        assert np.isfinite(metric(np.ones((4, 2)), np.full((4, 2), 0.3)))
    assert metrics.Precision()([0.0, 1.0], [0.1, 0.2]) == 0
    assert metrics.MeanIoU(2).result() == 0
    assert metrics.F1Score().result() == 0


@pytest.mark.parametrize("levels", [3, 201])
@pytest.mark.parametrize("n", [7, 300])
def test_histogram_and_product_agree(levels, n):
    ranks = rng.integers(0, levels, (n, 2))
    values = rng.integers(0, 5, (3, n, 2)).astype("float32")
    reached = ranks[None, :, None, :] >= np.arange(levels)[None, None, :, None]
    expected = (values[:, :, None, :] * reached).sum(1)
    np.testing.assert_array_equal(sums_by_rank(ranks, values, levels), expected)


@pytest.mark.parametrize("values", [[0.0, 0.25, 0.5, 0.75, 1.0], [0.8, 0.1, 0.4], [0.5]])
def test_ranks_count_the_thresholds_below(values):
    levels = Thresholds(values)
    p = jnp.asarray([-1, 0, 0.1, 0.25, 0.5, 0.51, 0.9, 1, 7, np.nan], "float32")
    expected = [sum(t < x for t in np.float32(values)) for x in np.clip(p, -1, 1)]
    np.testing.assert_array_equal(levels.ranks(p), expected)
    assert levels.even is (len(values) == 5)


@pytest.mark.parametrize(
    ("make", "y", "p"),
    [
        (metrics.Recall, Y, P),
        (lambda: metrics.AUC(50), Y, P),
        (lambda: metrics.AUC(multi_label=True, num_thresholds=20), Y3, P3),
        (metrics.F1Score, Y3, P3),
        (metrics.BinaryIoU, Y, P),
        (lambda: metrics.OneHotMeanIoU(3), Y3, P3),
        (metrics.R2Score, Y3, P3),
    ],
    ids=["recall", "auc", "auc of labels", "f1", "binary_iou", "one_hot_mean_iou", "r2"],
)
def test_masked_steps_do_not_count(make, y, p):
    keep = rng.random(N) < 0.7
    masked, some, halved = make(), make(), make()
    given = jnp.asarray(p)
    set_mask(given, jnp.asarray(keep))
    np.testing.assert_allclose(masked(y, given), some(y[keep], p[keep]), 1e-5)
    np.testing.assert_allclose(halved(y, p, keep.astype("int32")), some.result(), 1e-5)


def test_masks_go_through_sigmoid():
    logits = jnp.asarray([[[5.0], [-9.0]]])
    set_mask(logits, jnp.asarray([[True, False]]))
    metric = metrics.AUC(from_logits=True)
    metric.update_state(np.ones((1, 2, 1)), logits)
    assert metric.true_positives[100] == 1
    assert metric.false_negatives[100] == 0


def test_weights_by_row_step_and_label():
    y, p = rng.random((4, 3)) < 0.5, rng.random((4, 3))
    for weight in (2.0, [1, 2, 3, 4], [[1], [2], [3], [4]], rng.random((4, 3))):
        metric = metrics.TruePositives(thresholds=[0.3, 0.6])
        full = np.broadcast_to(np.reshape(weight, (4, -1) if np.ndim(weight) else ()), (4, 3))
        expected = [(full * (y & (p > t))).sum() for t in (0.3, 0.6)]
        np.testing.assert_allclose(metric(y, p, weight), expected, 1e-5)
    weighted = metrics.AUC(label_weights=[1, 0, 0])
    np.testing.assert_allclose(weighted(y, p), metrics.AUC()(y[:, 0], p[:, 0]), 1e-5)


def test_whole_counts_refuse_fractions_of_rows():
    with pytest.warns(UserWarning, match="float weights are cut down to whole ones"):
        metrics.BinaryIoU()([0, 1], [0.1, 0.9], [0.5, 1.0])
    metric = metrics.MeanIoU(2, ignore_class=1)
    assert metric([0, 1, 5, 0], [0, 1, 1, 3]) == pytest.approx(1, abs=1e-5)
    assert np.asarray(metric.total_cm).tolist() == [[1, 0], [0, 0]]


def model(**options):
    layers = [rb.Input((3,)), rb.layers.Dense(1, activation="sigmoid")]
    made = rb.Sequential(layers)
    made.compile("sgd", "bce", **options)
    return made


def test_training_with_them_compiles_one_program(compiled):
    names = ["auc", "Precision", "recall", "true_positives", "binary_io_u", "f1_score", "r2_score"]
    area = metrics.AUC(curve="PR", multi_label=True, name="area")
    made = model(metrics=[*names, area], weighted_metrics=[metrics.Recall(name="wr")])
    count = len(compiled)
    history = made.fit(
        P3, Y[:, None], batch_size=16, epochs=2, sample_weight=W, shuffle=False, verbose=0
    )
    assert len(compiled) - count == 1
    assert {*names, "area", "wr"} <= history.history.keys()
    logs = made.evaluate(P3, Y[:, None], batch_size=16, verbose=0, return_dict=True)
    p = made.predict(P3, verbose=0)
    assert logs["recall"] == pytest.approx(sk.recall_score(Y, p[:, 0] > 0.5))
    assert logs["r2_score"] == pytest.approx(sk.r2_score(Y, p[:, 0]), rel=1e-4)
    assert logs["auc"] == pytest.approx(sk.roc_auc_score(Y, p[:, 0]), abs=0.02)


class Largest(metrics.Metric):
    direction = "min"

    def update_state(self, y_true, y_pred, sample_weight=None):
        if not self.variables:
            self.add_variable(y_pred.shape[1:], "zeros", name="largest")
        largest = self.variables[0]
        largest.assign(jnp.maximum(largest.value, jnp.max(y_pred, axis=0)))

    def result(self):
        return jnp.max(self.variables[0].value)


def test_a_metric_that_waits_for_shapes_is_made_before_training():
    made = model(metrics=[Largest(name="largest")])
    logs = made.evaluate(P3, Y[:, None], verbose=0, return_dict=True)
    assert logs["largest"] == pytest.approx(made.predict(P3, verbose=0).max())


def centred(y_true, y_pred):
    return rb.ops.abs(y_pred - rb.ops.mean(y_pred, axis=0))[:, 0]


def error(y_true, y_pred):
    return rb.ops.abs(y_true - y_pred)


@pytest.mark.parametrize(("fn", "programs"), [(error, 1), (centred, 2)])
def test_functions_of_users_on_a_last_batch_that_is_not_full(fn, programs, compiled):
    made = model()
    made.compile("sgd", fn, metrics=[fn])
    p = made.predict(P3, verbose=0)
    count = len(compiled)
    logs = made.evaluate(P3, Y[:, None], batch_size=25, verbose=0, return_dict=True)
    assert len(compiled) - count == programs
    batches = [slice(0, 25), slice(25, 50), slice(50, N)]
    values = np.concatenate([np.ravel(fn(Y[b, None], jnp.asarray(p[b]))) for b in batches])
    assert logs["loss"] == pytest.approx(values.mean(), rel=1e-5)
    assert logs[fn.__name__] == pytest.approx(values.mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("metric", "direction"),
    [("auc", "max"), ("recall", "max"), ("false_positives", "min"), (Largest(), "min")],
)
def test_callbacks_know_the_direction(metric, direction):
    made = model(metrics=[metric])
    name = metric if isinstance(metric, str) else metric.name
    stop = rb.callbacks.EarlyStopping(f"val_{name}")
    made.fit(P3, Y[:, None], validation_split=0.5, callbacks=[stop], verbose=0)
    assert stop.watch.direction == direction


def test_a_subclass_that_prepares_its_data(keras):
    class SparseF1(metrics.F1Score):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(rb.ops.one_hot(y_true, 3), y_pred, sample_weight)

    metric = SparseF1(average="macro")
    made = rb.Sequential([rb.Input((3,)), rb.layers.Dense(3, activation="softmax")])
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=[metric])
    logs = made.evaluate(P3, IDS, verbose=0, return_dict=True)
    guess = made.predict(P3, verbose=0).argmax(-1)
    expected = sk.f1_score(IDS, guess, average="macro", zero_division=0)
    assert logs[metric.name] == pytest.approx(expected, abs=1e-5)


def test_label_weights_survive_files(keras):
    ours = metrics.AUC(multi_label=True, label_weights=[1.0, 2.0, 3.0])
    theirs = keras.metrics.AUC(multi_label=True, label_weights=[1.0, 2.0, 3.0])
    for config in (metrics.serialize(ours), keras.metrics.serialize(theirs)):
        again = metrics.deserialize(config)
        np.testing.assert_array_equal(again.label_weights, [1, 2, 3])
    again = keras.metrics.deserialize(metrics.serialize(ours))
    np.testing.assert_array_equal(again.label_weights, [1, 2, 3])


MESSAGES = [
    (
        lambda: metrics.Precision(thresholds=[0.5, 1.5]),
        "Precision: bad `thresholds`. Given: [0.5, 1.5]. Expected: a number from 0 to 1, a list of "
        "them, or None.",
    ),
    (
        lambda: metrics.TruePositives(thresholds=[None]),
        "TruePositives: bad `thresholds`. Given: [None]. Expected: a number from 0 to 1, a list of "
        "them, or None.",
    ),
    (
        lambda: metrics.Recall(class_id=3, name="r")(Y3, P3),
        "r: class `class_id` does not exist. Given: class_id=3, y_pred of shape (60, 3). Expected: "
        "(N, classes), with class_id from 0 to classes − 1.",
    ),
    (
        lambda: metrics.AUC(curve="DET"),
        "AUC: unknown `curve`. Given: 'DET'. Expected: 'ROC', 'PR' or 'PRGAIN'.",
    ),
    (
        lambda: metrics.AUC(summation_method="simpson"),
        "AUC: unknown `summation_method`. Given: 'simpson'. Expected: 'interpolation', 'minoring' "
        "or 'majoring'.",
    ),
    (
        lambda: metrics.AUC(num_thresholds=1),
        "AUC: bad `num_thresholds`. Given: 1. Expected: an integer, 2 or more.",
    ),
    (
        lambda: metrics.AUC(thresholds=[0.5, -1]),
        "AUC: bad `thresholds`. Given: [0.5, -1]. Expected: a number from 0 to 1, a list of them, "
        "or None.",
    ),
    (
        lambda: metrics.AUC(num_labels=3),
        "AUC: `num_labels` is of use only with `multi_label=True`. Given: 3.",
    ),
    (
        lambda: metrics.AUC(multi_label=True, num_labels=2, name="a")(Y3, P3),
        "a: bad shape for `multi_label=True`. Given: y_pred of shape (60, 3). Expected: (N, 2).",
    ),
    (
        lambda: metrics.AUC()(Y3, P),
        "auc: targets and predictions have shapes that do not align.",
    ),
    (
        lambda: metrics.RecallAtPrecision(1.5),
        "RecallAtPrecision: bad `precision`. Given: 1.5. Expected: a number from 0 to 1.",
    ),
    (
        lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=0),
        "PrecisionAtRecall: bad `num_thresholds`. Given: 0. Expected: a positive integer.",
    ),
    (
        lambda: metrics.F1Score("mean"),
        "F1Score: unknown `average`. Given: 'mean'. Expected: None, 'micro', 'macro' or "
        "'weighted'.",
    ),
    (
        lambda: metrics.FBetaScore(beta=2),
        "FBetaScore: bad `beta`. Given: 2. Expected: a float above 0.",
    ),
    (
        lambda: metrics.F1Score(threshold=0.0),
        "F1Score: bad `threshold`. Given: 0.0. Expected: a float with 0 < t ≤ 1, or None.",
    ),
    (
        lambda: metrics.F1Score()(IDS, P3),
        "F1Score: bad shapes. Given: y_true of shape (60,), y_pred of shape (60, 3). Expected: "
        "(N, classes), both. Fix: `to_categorical(y, num_classes)` makes class ids one-hot; "
        "`y.reshape(-1, 1)` goes with one output.",
    ),
    (
        lambda: metrics.IoU(2, [0, 2]),
        "IoU: `target_class_ids` has a class that does not exist. Given: [0, 2]. Expected: from 0 "
        "to 1.",
    ),
    (
        lambda: metrics.MeanIoU(3, name="m")(IDS, P3),
        "m: targets and predictions have shapes that do not align. Given: y_true of shape (60,), "
        "y_pred of shape (60, 3). Expected: equal shapes, up to a last axis of 1. Fix: class ids "
        "and one-hot rows are told apart by `sparse_y_true` and `sparse_y_pred`; `OneHotIoU` and "
        "`OneHotMeanIoU` take one-hot targets and probabilities.",
    ),
    (
        lambda: metrics.get("mean_io_u"),
        "The metric MeanIoU needs arguments. Given: 'mean_io_u'. Fix: pass the object: "
        "`MeanIoU(num_classes=…)`.",
    ),
    (
        lambda: model(metrics=["precision_at_recall"]),
        "The metric PrecisionAtRecall needs arguments. Given: 'precision_at_recall'. Fix: pass the "
        "object: `PrecisionAtRecall(recall=…)`.",
    ),
]


@pytest.mark.parametrize(("wrong", "text"), MESSAGES, ids=range(len(MESSAGES)))
def test_messages(wrong, text):
    with fails(text):
        wrong()
