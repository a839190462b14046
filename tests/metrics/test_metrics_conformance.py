"""Every metric against real Keras: values, weights, masks, configs, short floats, programs."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rosenblatt import losses, metrics
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object

N, D = 6, 4
rng = np.random.default_rng(1)
NUMBERS = rng.normal(size=(N, D)).astype("float32")
OTHERS = rng.normal(size=(N, D)).astype("float32")
POSITIVE = rng.uniform(0.2, 3, (N, D)).astype("float32")
BINARY = (rng.random((N, D)) < 0.5).astype("float32")
PROBABILITIES = rng.uniform(0.05, 0.95, (N, D)).astype("float32")
IDS = rng.integers(0, D, N)
ONE_HOT = np.eye(D, dtype="float32")[IDS]
SOFTMAX = np.exp(NUMBERS) / np.exp(NUMBERS).sum(-1, keepdims=True)
TOP = np.argsort(-NUMBERS, -1)
LABELS = np.where(rng.random(N) < 0.6, IDS, 1)
SCORES = PROBABILITIES.round(1)
BIT, SCORE = BINARY[:, 0], PROBABILITIES[:, 0].round(1)
EVEN, UNEVEN = {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}, {"thresholds": [0.8, 0.1, 0.4]}
FLOATS = {"num_classes": D, "dtype": "float32"}
LOGITS = {"from_logits": True}
SMOOTH = {"label_smoothing": 0.1}

# (class, arguments, targets, predictions, direction)
CASES = [
    ("MeanSquaredError", {}, OTHERS, NUMBERS, "min"),
    ("RootMeanSquaredError", {}, OTHERS, NUMBERS, "min"),
    ("MeanAbsoluteError", {}, OTHERS, NUMBERS, "min"),
    ("MeanAbsolutePercentageError", {}, OTHERS, NUMBERS, "min"),
    ("MeanSquaredLogarithmicError", {}, POSITIVE, POSITIVE[::-1], "min"),
    ("LogCoshError", {}, OTHERS, NUMBERS, "min"),
    ("CosineSimilarity", {}, OTHERS, NUMBERS, "max"),
    ("PearsonCorrelation", {}, OTHERS, NUMBERS, "max"),
    ("ConcordanceCorrelation", {}, OTHERS, NUMBERS, "max"),
    ("R2Score", {}, OTHERS, NUMBERS, "max"),
    ("R2Score", {"class_aggregation": None, "num_regressors": 2}, OTHERS, NUMBERS, "max"),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, OTHERS, NUMBERS, "max"),
    ("BinaryCrossentropy", {}, BINARY, PROBABILITIES, "min"),
    ("BinaryCrossentropy", LOGITS | SMOOTH, BINARY.astype("int64"), NUMBERS, "min"),
    ("CategoricalCrossentropy", SMOOTH, ONE_HOT, SOFTMAX, "min"),
    ("CategoricalCrossentropy", LOGITS, ONE_HOT, NUMBERS, "min"),
    ("SparseCategoricalCrossentropy", {}, IDS, SOFTMAX, "min"),
    ("SparseCategoricalCrossentropy", LOGITS | {"ignore_class": 2}, IDS, NUMBERS, "min"),
    ("KLDivergence", {}, SOFTMAX[::-1], SOFTMAX, "min"),
    ("Poisson", {}, POSITIVE, POSITIVE[::-1], "min"),
    ("Hinge", {}, BINARY, NUMBERS, "min"),
    ("SquaredHinge", {}, BINARY, NUMBERS, "min"),
    ("CategoricalHinge", {}, ONE_HOT, NUMBERS, "min"),
    ("Accuracy", {}, IDS[:, None], np.where(rng.random((N, 1)) < 0.5, IDS[:, None], 9), "max"),
    ("BinaryAccuracy", {}, BINARY, PROBABILITIES, "max"),
    ("BinaryAccuracy", {"threshold": 0.3}, BINARY.astype("int32"), PROBABILITIES, "max"),
    ("CategoricalAccuracy", {}, ONE_HOT, SOFTMAX, "max"),
    ("SparseCategoricalAccuracy", {}, IDS, SOFTMAX, "max"),
    ("SparseCategoricalAccuracy", {}, IDS[:, None].astype("float32"), SOFTMAX, "max"),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, SOFTMAX, "max"),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, IDS, SOFTMAX, "max"),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, IDS, TOP, "max"),
    ("TruePositives", {}, BINARY, PROBABILITIES, "max"),
    ("TruePositives", EVEN, BINARY, SCORES, "max"),
    ("TrueNegatives", UNEVEN, BIT, SCORE[:, None], "max"),
    ("FalsePositives", UNEVEN, BINARY, SCORES, "min"),
    ("FalseNegatives", EVEN, BIT, SCORE, "min"),
    ("Precision", {}, BINARY, PROBABILITIES, "max"),
    ("Precision", {"top_k": 2, "class_id": 1}, BINARY, PROBABILITIES, "max"),
    ("Precision", UNEVEN, BINARY, PROBABILITIES, "max"),
    ("Recall", {}, BIT[:, None], SCORE[:, None], "max"),
    ("Recall", EVEN | {"class_id": 2}, BINARY, PROBABILITIES, "max"),
    ("Recall", {"top_k": 2, "thresholds": 0.4}, BINARY, PROBABILITIES, "max"),
    ("AUC", {}, BIT, SCORE, "max"),
    ("AUC", {"from_logits": True, "curve": "PR"}, BINARY, NUMBERS, "max"),
    ("AUC", {"num_thresholds": 11, "summation_method": "minoring"}, BIT, SCORE[:, None], "max"),
    ("AUC", UNEVEN | {"summation_method": "majoring", "curve": "PR"}, BINARY, SCORES, "max"),
    ("AUC", {"multi_label": True, "num_labels": D}, BINARY, SCORES, "max"),
    ("AUC", {"multi_label": True, "curve": "PR", "num_thresholds": 21}, BINARY, SCORES, "max"),
    ("AUC", {"curve": "PRGAIN", "num_thresholds": 31}, BINARY, SCORES, "max"),
    ("SensitivityAtSpecificity", {"specificity": 0.4}, BINARY, SCORES, "max"),
    ("SensitivityAtSpecificity", {"specificity": 0, "num_thresholds": 1}, BIT, SCORE, "max"),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6, "class_id": 1}, BINARY, SCORES, "max"),
    ("PrecisionAtRecall", {"recall": 0.7, "num_thresholds": 11}, BINARY, SCORES, "max"),
    ("RecallAtPrecision", {"precision": 0.5}, BINARY, SCORES, "max"),
    ("F1Score", {}, ONE_HOT, SOFTMAX, "max"),
    ("F1Score", {"average": "macro", "threshold": 0.5}, BINARY, PROBABILITIES, "max"),
    ("FBetaScore", {"average": "micro", "beta": 2.0, "threshold": 0.3}, BINARY, SCORES, "max"),
    ("FBetaScore", {"average": "weighted", "beta": 0.5}, ONE_HOT, SOFTMAX, "max"),
    ("IoU", FLOATS | {"target_class_ids": [0, 2]}, IDS, LABELS, "max"),
    ("IoU", FLOATS | {"target_class_ids": [1], "sparse_y_pred": False}, IDS, SOFTMAX, "max"),
    ("BinaryIoU", {"threshold": 0.4, "dtype": "float32"}, BIT, SCORE, "max"),
    ("MeanIoU", FLOATS | {"ignore_class": 1}, IDS[:, None], LABELS[:, None] + 1, "max"),
    ("OneHotIoU", FLOATS | {"target_class_ids": (1, 3)}, ONE_HOT, SOFTMAX, "max"),
    ("OneHotMeanIoU", FLOATS, ONE_HOT, SOFTMAX, "max"),
]
NAMES = [f"{name}-{'-'.join(kwargs)}-{i}" for i, (name, kwargs, *_) in enumerate(CASES)]
each = pytest.mark.parametrize(
    ("name", "kwargs", "y_true", "y_pred", "direction"), CASES, ids=NAMES
)
WEIGHTS = rng.uniform(0.5, 2, N).astype("float32")


def close(ours, theirs, tolerance=2e-5):
    np.testing.assert_allclose(
        np.asarray(ours, "float32"), np.asarray(theirs, "float32"), tolerance, tolerance
    )


# Keras's confusion matrix asks JAX for int64.
int64_in_keras = pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")


@each
@int64_in_keras
def test_equals_keras_over_batches(keras, name, kwargs, y_true, y_pred, direction):
    ours, theirs = getattr(metrics, name)(**kwargs), getattr(keras.metrics, name)(**kwargs)
    assert ours.direction == direction
    assert [v.shape for v in ours.variables] == [v.shape for v in theirs.variables]
    for weight in (None, WEIGHTS):
        for rows in (slice(0, 4), slice(2, N)):
            w = None if weight is None else weight[rows]
            ours.update_state(y_true[rows], y_pred[rows], sample_weight=w)
            theirs.update_state(y_true[rows], y_pred[rows], sample_weight=w)
        close(ours.result(), theirs.result())
    for v, w in zip(ours.variables, theirs.variables, strict=True):
        assert (v.name, v.shape, v.dtype) == (w.name, w.shape, w.dtype)
        close(v, w)
    ours.reset_state()
    assert all(isinstance(v._value, np.ndarray) and not v._value.any() for v in ours.variables)


@each
def test_padding_rows_do_not_count_and_one_program_serves(name, kwargs, y_true, y_pred, direction):
    metric = getattr(metrics, name)(**kwargs)
    metric.build(y_true, y_pred)
    traces = []

    @jax.jit
    def step(state, y, p, w, mask):
        traces.append(1)
        bound = {id(v): value for v, value in zip(metric.variables, state, strict=True)}
        with use_scope(Scope(bound, row_mask=mask)) as scope:
            metric.update_state(y, p, w)
            return [scope.values[id(v)] for v in metric.variables], metric.result()

    padded = [np.concatenate([y, y[:2]]) for y in (y_true, y_pred)]
    weights = np.concatenate([WEIGHTS, [7, 7]]).astype("float32")
    mask = np.arange(N + 2) < N
    for w in (None, weights):
        state = [np.zeros(v.shape, v.dtype) for v in metric.variables]
        for _ in range(2):
            state, value = step(state, *padded, w, mask)
        plain = getattr(metrics, name)(**kwargs)
        for _ in range(2):
            plain.update_state(y_true, y_pred, None if w is None else w[:N])
        close(value, plain.result(), 1e-6)
        for ours, theirs in zip(state, plain.variables, strict=True):
            close(ours, theirs, 1e-6)
    assert len(traces) == 2  # with weights, without
    assert all(not np.asarray(v).any() for v in metric.variables)


@each
def test_config_round_trip_here_and_in_keras(keras, name, kwargs, y_true, y_pred, direction):
    ours = getattr(metrics, name)(**kwargs | {"name": "named", "dtype": "float32"})
    theirs = getattr(keras.metrics, name)(**kwargs | {"name": "named", "dtype": "float32"})
    config = serialize_keras_object(ours)
    assert config == keras.saving.serialize_keras_object(theirs)
    again = deserialize_keras_object(config)
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
    assert keras.saving.deserialize_keras_object(config).get_config() == ours.get_config()


@each
@int64_in_keras
def test_bfloat16_predictions(keras, name, kwargs, y_true, y_pred, direction):
    half = y_pred if y_pred.dtype.kind == "i" else jnp.asarray(y_pred, "bfloat16")
    ours, theirs = getattr(metrics, name)(**kwargs), getattr(keras.metrics, name)(**kwargs)
    value = ours(y_true, half)
    assert value.dtype == jnp.float32
    close(value, theirs(y_true, half), 0.02)


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize("shape", [(), (6,), (6, 1), (6, 4), (6, 2, 3)])
def test_reductions_equal_keras(keras, name, shape):
    values = rng.normal(size=shape).astype("float32")
    weights = [None, 0.5]
    if shape:
        weights += [WEIGHTS, WEIGHTS[:, None]]
    if len(shape) == 3:
        weights += [rng.random((6, 2)).astype("float32")]
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    for weight in weights:
        ours.update_state(values, weight)
        theirs.update_state(values, weight)
        close(ours.result(), theirs.result(), 1e-5)


def test_every_name_of_keras_is_found(keras):
    from keras.src.metrics import ALL_OBJECTS_DICT

    refused = set()
    for name, theirs in ALL_OBJECTS_DICT.items():
        try:
            expected = theirs()
        except TypeError:
            with pytest.raises(ValueError, match=f"{theirs.__name__} needs arguments"):
                metrics.get(name)
            refused.add(theirs.__name__)
            continue
        found = metrics.get(name)
        assert type(found).__name__ == theirs.__name__
        assert found.name == expected.name
    assert refused == {
        "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU", "MeanMetricWrapper", "PrecisionAtRecall",
        "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("true", "pred"),
    [((8,), (8, 1)), ((8, 1), (8, 1)), ((8,), (8, 3)), ((8, 1), (8, 3)), ((8, 3), (8, 3))],
)
def test_accuracy_resolves_as_in_keras(keras, true, pred):
    from keras.src.trainers.compile_utils import get_metric

    theirs = get_metric("accuracy", np.zeros(true), np.zeros(pred))
    assert metrics.resolve_accuracy("accuracy", true, pred).__name__ == type(theirs).__name__
    assert metrics.resolve_accuracy("acc", true, pred).__name__ == type(theirs).__name__
    cross = metrics.resolve_accuracy("crossentropy", true, pred).__name__
    assert cross == type(theirs).__name__.replace("Accuracy", "Crossentropy")


def test_wrapped_functions_round_trip_with_keras(keras):
    ours = metrics.MeanMetricWrapper(losses.huber, name="h", delta=0.5)
    theirs = keras.metrics.MeanMetricWrapper(keras.losses.huber, name="h", delta=0.5)
    config = metrics.serialize(ours)
    assert config == keras.metrics.serialize(theirs)
    y, p = np.zeros((2, 2)), np.ones((2, 2))
    assert float(keras.metrics.deserialize(config)(y, p)) == 0.375
    assert float(metrics.deserialize(config)(y, p)) == 0.375
