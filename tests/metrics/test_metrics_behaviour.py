"""Metrics by hand: state, masks, metrics of users, lookups, messages."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rosenblatt import losses, metrics
from rosenblatt.core.registry import custom_object_scope
from rosenblatt.core.scope import Scope, use_scope


def fails(text, kind=ValueError):
    return pytest.raises(kind, match=re.escape(text))


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "weight", "expected"),
    [
        (metrics.Accuracy(), [1, 2, 3, 4], [0, 2, 3, 4], None, 0.75),
        (metrics.Accuracy(), [1, 2, 3, 4], [0, 2, 3, 4], [1, 1, 0, 0], 0.5),
        (metrics.BinaryAccuracy(), [1, 0, 1], [[0.6], [0.6], [0.2]], None, 1 / 3),
        (metrics.BinaryAccuracy(), [[1, 0], [1, 1]], [[0.6, 0.6], [0.7, 0.8]], None, 0.75),
        (metrics.CategoricalAccuracy(), [[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]], [1, 3], 0.25),
        (metrics.SparseCategoricalAccuracy(), [1, 0], [[0.1, 0.9], [0.2, 0.8]], None, 0.5),
        (metrics.SparseTopKCategoricalAccuracy(2), [0, 2], [[3, 2, 1], [3, 2, 1]], None, 0.5),
        (metrics.RootMeanSquaredError(), [0.0, 0.0], [[3.0], [4.0]], None, np.sqrt(12.5)),
        (metrics.R2Score(), [[1.0], [2.0], [3.0]], [[1.0], [2.0], [2.0]], None, 0.5),
    ],
    ids=lambda x: x.name if isinstance(x, metrics.Metric) else "",
)
def test_by_hand(metric, y_true, y_pred, weight, expected):
    assert metric(y_true, y_pred, sample_weight=weight) == pytest.approx(expected)


def test_class_ids_beyond_what_short_floats_hold():
    p = jnp.zeros((2, 300), "bfloat16").at[:, 259].set(1)
    assert metrics.SparseCategoricalAccuracy()([259, 258], p) == 0.5


def test_a_mean_of_scalars_knows_no_rows():
    tracker = metrics.Mean(name="loss")
    with use_scope(Scope(row_mask=jnp.array([True, False]))):
        tracker.update_state(3.0, sample_weight=1.0)
        tracker.update_state(jnp.float32(5.0))
    assert (float(tracker.total), float(tracker.count), float(tracker.result())) == (8, 2, 4)


@pytest.mark.parametrize("shape", [(4,), (4, 3)])
def test_a_mask_meets_every_kind_of_weight(shape):
    values = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    mask = np.array([True, True, True, False])
    for weight in (None, 2.0, [1, 2, 3, 9], [[1], [2], [3], [9]]):
        for cls in (metrics.Mean, metrics.Sum):
            masked, plain = cls(), cls()
            with use_scope(Scope(row_mask=jnp.asarray(mask))):
                masked.update_state(values, weight)
            plain.update_state(values[:3], weight[:3] if isinstance(weight, list) else weight)
            for ours, theirs in zip(masked.variables, plain.variables, strict=True):
                np.testing.assert_allclose(ours, theirs, 1e-6)


def test_ignored_classes_and_weights():
    y, p = np.array([[0, 1], [1, 1]]), np.full((2, 2, 2), 0.25)
    p[..., 1] = 0.75
    for weight in ([1.0, 3.0], [[1.0, 1.0], [3.0, 3.0]], 2.0):
        metric = metrics.SparseCategoricalCrossentropy(ignore_class=0)
        assert metric(y, p, weight) > 0
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=0)
    assert metric([0, 1], p[0], [2.0, 3.0]) == pytest.approx(-np.log(0.75))


def test_building_and_resetting_compile_nothing():
    metric = metrics.RootMeanSquaredError()
    metric([[1.0]], [[2.0]])
    metric.reset_state()
    assert all(isinstance(v._value, np.ndarray) for v in metric.variables)
    assert metric.result() == 0
    assert [v.path for v in metrics.Mean(name="a/b").variables] == ["a>b/total", "a>b/count"]


def test_stateless_methods_leave_the_state_alone():
    metric = metrics.MeanSquaredError()
    state = metric.stateless_update_state([1.0, 1.0], [[0.0]], [[3.0]])
    assert [float(v) for v in state] == [10, 2]
    assert metric.stateless_result(state) == 5
    assert [float(v) for v in metric.stateless_reset_state()] == [0, 0]
    assert float(metric.count) == 0
    with fails(
        "Metric 'mean_squared_error': `metric_variables` has the wrong length. Given: 1. Expected: "
        "2, one value for each of `metric.variables`."
    ):
        metric.stateless_result([1.0])


class HuberMetric(metrics.Metric):
    """The chapter's: a streaming mean of Huber losses, in Keras's way of writing."""

    def __init__(self, threshold=1.0, name="HuberMetric", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        values = losses.huber(y_true, y_pred, self.threshold)
        self.total.assign_add(jnp.sum(values))
        self.count.assign_add(float(values.size))

    def result(self):
        return self.total / self.count

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


class Both(metrics.Metric):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = [metrics.Mean(), HuberMetric()]
        self.seen = self.add_variable((), "zeros", dtype="int32", name="seen")
        self.direction = "min"

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.parts[0].update_state(y_pred)
        self.parts[1].update_state(y_true, y_pred)
        self.seen.assign_add(y_pred.shape[0])

    def result(self):
        return {"mean": self.parts[0].result(), "huber": self.parts[1].result()}


class Late(metrics.Metric):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.largest = None

    def update_state(self, y_true, y_pred, sample_weight=None):
        if self.largest is None:
            self.largest = self.add_variable(y_pred.shape[1:], "zeros", name="largest")
        self.largest.assign(jnp.maximum(self.largest.value, jnp.max(y_pred, axis=0)))

    def result(self):
        return jnp.max(self.largest.value)


def test_metrics_of_users_run_in_a_program():
    y, p = np.zeros((2, 1), "float32"), np.array([[0.5], [3.0]], "float32")
    metric = Both(name="both")
    assert [v.name for v in metric.variables] == ["seen", "total", "count", "total", "count"]
    assert metric.direction == "min"
    metric.build(y, p)

    @jax.jit
    def step(state):
        state = metric.stateless_update_state(state, y, p)
        return state, metric.stateless_result(state)

    state, logs = step([v.value for v in metric.variables])
    assert (float(logs["mean"]), float(logs["huber"]), int(state[0])) == (1.75, 1.3125, 2)
    metric.update_state(y, p)
    assert metric.result()["huber"] == 1.3125
    metric.reset_state()
    assert [float(v) for v in metric.variables] == [0] * 5


def test_variables_that_wait_for_shapes():
    metric = Late()
    spec = jax.ShapeDtypeStruct((3, 2), "float32")
    metric.build(spec, spec)
    assert [v.shape for v in metric.variables] == [(2,)]
    assert metric.result() == 0
    p = np.array([[1.0, 2], [5, 0], [1, 1]], "float32")
    state = jax.jit(lambda s: metric.stateless_update_state(s, p, p))([np.zeros(2, "float32")])
    np.testing.assert_array_equal(state[0], [5, 2])


def test_configs_of_users():
    with custom_object_scope({"HuberMetric": HuberMetric}):
        again = metrics.get(metrics.serialize(HuberMetric(2.0)))
    assert (again.threshold, again.name) == (2.0, "HuberMetric")
    with fails("Unknown class or function 'HuberMetric'", TypeError):
        metrics.deserialize(metrics.serialize(HuberMetric(2.0)))


def share_below(y_true, y_pred, limit=1.0):
    return jnp.abs(y_true - y_pred).max(-1) < limit


def root(y_true, y_pred):
    return jnp.sqrt(jnp.mean(jnp.square(y_true - y_pred)))


def test_functions_are_wrapped():
    y, p = np.zeros((2, 1), "float32"), np.array([[0.5], [3.0]], "float32")
    metric = metrics.MeanMetricWrapper(share_below, name="share", limit=4.0)
    assert metric(y, p) == 1.0
    assert metric.direction is None
    assert metrics.MeanMetricWrapper(losses.huber).direction == "min"
    assert metrics.MeanMetricWrapper(losses.Huber()).direction == "min"
    with custom_object_scope({"share_below": share_below}):
        assert metrics.get(metrics.serialize(metric))(y, p) == 1.0
    assert metrics.get(share_below) is share_below


def test_what_padding_leaves_alone():
    y, p = np.zeros((4, 2), "float32"), np.ones((4, 2), "float32")
    exact = {
        metrics.MeanMetricWrapper(share_below): True,
        metrics.MeanMetricWrapper(root): False,
        metrics.MeanMetricWrapper(losses.huber): True,
        metrics.BinaryAccuracy(): True,
        metrics.R2Score(): True,
        HuberMetric(): False,
    }
    for metric, expected in exact.items():
        assert metric.exact_on_padding(y, p) is expected


def test_a_changed_number_recompiles_nothing():
    metric = metrics.BinaryAccuracy(threshold=0.5)
    y, p = np.ones((2, 1)), np.array([[0.4], [0.6]])
    traces = []

    @jax.jit
    def run(threshold):
        traces.append(1)
        bound = {id(v): jnp.zeros(()) for v in metric.variables}
        with use_scope(Scope(bound, {(id(metric), "threshold"): threshold})):
            return metric(y, p)

    assert [float(run(t)) for t in (0.5, 0.3, 0.7)] == [0.5, 1.0, 0.0]
    assert len(traces) == 1


def test_lookups_and_their_messages():
    assert metrics.get(None) is None
    assert isinstance(metrics.get("acc"), metrics.Accuracy)
    assert isinstance(metrics.get("rmse"), metrics.RootMeanSquaredError)
    assert metrics.get(metrics.Mean).name == "mean"
    short = metrics.get({"class_name": "MeanSquaredError", "config": {"name": "m"}})
    assert (type(short), short.name) == (metrics.MeanSquaredError, "m")
    with fails("Unknown metric 'acuracy'. Fix: did you mean 'accuracy'?"):
        metrics.get("acuracy")
    with fails(
        "resolve_accuracy: unknown kind. Given: 'f1'. Expected: one of ('accuracy', 'acc', "
        "'crossentropy', 'ce')."
    ):
        metrics.resolve_accuracy("f1", (1,), (1, 1))


def test_messages():
    p = np.full((4, 3), 0.3)
    hint = (
        "Fix: class ids, one for each row, go with `sparse_categorical_accuracy`; one-hot rows go "
        "with `categorical_accuracy` (`to_categorical(y, num_classes=...)` makes them)."
    )
    for cls, shape in (
        (metrics.SparseCategoricalAccuracy, (4, 3)),
        (metrics.CategoricalAccuracy, (4,)),
    ):
        with fails(f"shapes that do not align. Given: y_true of shape {shape}") as error:
            cls()(np.zeros(shape), p)
        assert str(error.value).endswith(hint)
    with fails("binary_accuracy: targets and predictions have shapes that do not align."):
        metrics.BinaryAccuracy()(np.zeros(4), p)
    with fails("Fix: pass one row of targets for each row of predictions."):
        metrics.RootMeanSquaredError()(np.zeros((5, 3)), p)
    with fails("mean: `sample_weight` does not fit the values it weights. Given: sample_weight"):
        metrics.Mean()(np.zeros(4), [1.0, 2.0])
    with fails(
        "R2Score: unknown `class_aggregation`. Given: 'avg'. Expected: None, 'uniform_average' or "
        "'variance_weighted_average'."
    ):
        metrics.R2Score("avg")
    with fails("R2Score: bad `num_regressors`. Given: -1. Expected: an integer, 0 or more."):
        metrics.R2Score(num_regressors=-1)
    with fails("R2Score: bad shape. Given: y_pred of shape (4,). Expected: (N, d)."):
        metrics.R2Score()(np.zeros(4), np.zeros(4))


def test_unfinished_metrics_are_explained():
    class Unready(metrics.Metric):
        def __init__(self):
            self.total = self.add_weight()

    with fails(
        "Metric Unready was not initialized. Fix: call `super().__init__()` first in `__init__`.",
        RuntimeError,
    ):
        Unready()
    with fails(
        "Metric Metric has no `update_state`. Fix: write "
        "`update_state(self, y_true, y_pred, ...)`.",
        NotImplementedError,
    ):
        metrics.Metric()([1.0], [1.0])
    with fails("Metric Metric has no `result`. Fix: write `result(self)`.", NotImplementedError):
        metrics.Metric().result()
