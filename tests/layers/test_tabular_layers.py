"""Layers for tables that run in programs: their equations in NumPy, gradients, files, ONNX."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from exported import run_onnx
from jax.test_util import check_grads

import rosenblatt as rb
from rosenblatt import initializers, layers

RNG = np.random.default_rng(0)
NUMBERS = np.round(RNG.normal(0, 2, (6, 3)), 2).astype("float32")
GAPS = np.where(RNG.random((6, 3)) < 0.3, np.nan, NUMBERS).astype("float32")
CODES = np.array([[0, 1], [2, 0], [1, 3], [2, 2], [9, 1], [-1, 3]], "int32")
MEMBERS = RNG.normal(size=(6, 1, 3, 4)).astype("float32")  # three members' features
EDGES = [[-1.0, 0.0, 2.0], [0.0, 1.0], [-2.0, -1.0, 0.0, 3.0]]

Make = Callable[..., layers.Layer]
# Each with inputs, and whether the layer has a derivative there.
CASES: dict[str, tuple[Make, np.ndarray, bool]] = {
    "SmoothClip": (functools.partial(layers.SmoothClip, 1.5), NUMBERS, True),
    "SmoothClip, gaps": (layers.SmoothClip, GAPS, False),
    "RangeClip": (functools.partial(layers.RangeClip, [-1, 0, -2], [1, 0.5, 2]), NUMBERS, False),
    "MissingIndicator": (layers.MissingIndicator, GAPS, False),
    "MissingIndicator, some": (
        functools.partial(layers.MissingIndicator, columns=[2, 0]), GAPS, False,
    ),
    "PiecewiseLinearEncoding": (
        functools.partial(layers.PiecewiseLinearEncoding, EDGES), GAPS, False,
    ),
    "OneHotColumns": (functools.partial(layers.OneHotColumns, [3, 4]), CODES, False),
    "OneHotColumns, one": (functools.partial(layers.OneHotColumns, [4], [1]), CODES, False),
    "ColumnEmbedding": (functools.partial(layers.ColumnEmbedding, [3, 4], 2), CODES, False),
    "ColumnEmbedding, groups": (
        functools.partial(layers.ColumnEmbedding, [4], 2, columns=[1], groups=3), CODES, False,
    ),
    "HashedDropout": (functools.partial(layers.HashedDropout, 0.3, seed=1), NUMBERS, True),
    "MemberInputs": (functools.partial(layers.MemberInputs, 4, seed=1), NUMBERS, True),
    "MemberInputs, groups": (
        functools.partial(layers.MemberInputs, 2, groups=3, use_scale=False), NUMBERS, True,
    ),
    "MemberDense": (functools.partial(layers.MemberDense, 2, "silu"), MEMBERS, True),
    "MemberDense, groups": (
        functools.partial(layers.MemberDense, 5, kernel_regularizer="l2"),
        MEMBERS.reshape(6, 3, 1, 4), True,
    ),
    "MemberHead": (functools.partial(layers.MemberHead, 2), MEMBERS, True),
    "MemberMean": (layers.MemberMean, MEMBERS, True),
    "MemberMean, sigmoid": (functools.partial(layers.MemberMean, "sigmoid"), MEMBERS, True),
    "MemberMean, softmax": (functools.partial(layers.MemberMean, "softmax"), MEMBERS, True),
    "MemberMean, logits": (
        functools.partial(layers.MemberMean, "softmax", logits=True), MEMBERS, True,
    ),
    "MemberMean, logit": (
        functools.partial(layers.MemberMean, "sigmoid", logits=True), MEMBERS, True,
    ),
}  # fmt: skip


# -- equations -------------------------------------------------------------------------------


def test_smooth_clip() -> None:
    for limit in (0.5, 3.0):
        found = layers.SmoothClip(limit)(NUMBERS)
        expected = NUMBERS / np.sqrt(1 + (NUMBERS / limit) ** 2)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_smooth_clip_far_from_zero() -> None:
    far = np.array([1e30, -1e38, np.inf, -np.inf, np.nan, 0.0], "float32")
    np.testing.assert_allclose(layers.SmoothClip(3.0)(far), [3, -3, 3, -3, 0, 0], rtol=1e-6)
    slopes = jax.grad(lambda x: layers.SmoothClip(3.0)(x).sum())(far)
    np.testing.assert_allclose(slopes, [0, 0, 0, 0, 0, 1], atol=1e-6)


def test_range_clip() -> None:
    low, high = np.array([-1, 0, -2], "float32"), np.array([1, 0.5, 2], "float32")
    found = np.asarray(layers.RangeClip(low, high)(GAPS))
    there = ~np.isnan(GAPS)
    np.testing.assert_array_equal(np.isnan(found), ~there)
    expected = np.minimum(np.maximum(GAPS, low), high)
    np.testing.assert_array_equal(found[there], expected[there])
    empty = layers.RangeClip(columns=2)
    empty.build((None, 2))
    empty.set_weights([[1, -5], [2, 5]])
    np.testing.assert_array_equal(empty(np.array([[0.0, 7], [np.inf, -np.inf]])), [[1, 5], [2, -5]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "(RangeClip): give `low` and `high` of one size, or `columns` alone."),
        ({"low": [1]}, "(RangeClip): give `low` and `high` of one size, or `columns` alone."),
        ({"low": [1], "high": [1, 2]}, "give `low` and `high` of one size, or `columns` alone."),
        (
            {"low": [1], "high": [2], "columns": 2},
            "give `low` and `high` of one size, or `columns`",
        ),
        ({"low": [1, 2], "high": [2, 1]}, "(RangeClip): a lower bound is above its upper one."),
    ],
)
def test_wrong_bounds(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        layers.RangeClip(**arguments)


def test_missing_indicator() -> None:
    np.testing.assert_array_equal(layers.MissingIndicator()(GAPS), np.isnan(GAPS))
    some = layers.MissingIndicator(columns=[2, 0])(GAPS)
    np.testing.assert_array_equal(some, np.isnan(GAPS)[:, [2, 0]])


def test_piecewise_linear_encoding() -> None:
    found = np.asarray(layers.PiecewiseLinearEncoding(EDGES)(GAPS))
    for row, values in zip(found, GAPS, strict=True):
        parts = []
        for value, edges in zip(values, EDGES, strict=True):
            for low, high in itertools.pairwise(edges):
                share = 0.0 if np.isnan(value) else (value - low) / (high - low)
                parts.append(min(max(share, 0.0), 1.0))
        np.testing.assert_allclose(row, parts, atol=1e-6)


def test_edges_closer_than_float32_tells_apart_are_a_step() -> None:
    layer = layers.PiecewiseLinearEncoding([[1e6, 1e6 + 1e-3, 2e6]])
    x = np.array([[0.0], [1e6], [1.5e6], [np.inf], [-np.inf]], "float32")
    np.testing.assert_allclose(layer(x), [[0, 0], [0, 0], [1, 0.5], [1, 1], [0, 0]])


def test_one_hot_columns() -> None:
    found = layers.OneHotColumns([3, 4])(CODES)
    first = np.eye(3)[[0, 2, 1, 2, 0, 0]]  # 9 and −1 are unseen
    second = np.eye(4)[CODES[:, 1]]
    np.testing.assert_array_equal(found, np.hstack([first, second]))


@pytest.mark.parametrize("groups", [1, 3])
def test_column_embedding(groups: int) -> None:
    layer = layers.ColumnEmbedding([3, 4], 2, groups=groups)
    found = np.asarray(layer(CODES)).reshape(6, groups, 4)
    tables = layer.get_weights()[0]
    for row, (first, second) in zip(found, np.where(CODES == 9, 0, CODES), strict=True):
        for vectors, table in zip(row, tables, strict=True):
            np.testing.assert_array_equal(vectors[:2], table[max(first, 0)])
            np.testing.assert_array_equal(vectors[2:], table[3 + second])
    assert layer.embeddings.shape == (groups, 7, 2)
    large = layers.ColumnEmbedding([10000], 4)
    large.build((None, 1))
    assert abs(np.std(large.get_weights()[0]) - 0.3) < 0.01


def test_hashed_dropout() -> None:
    x = np.ones((400, 250), "float32")
    layer = layers.HashedDropout(0.1, seed=3)
    masks = [np.asarray(layer(x, training=True)) for _ in range(3)]
    for mask in masks:
        np.testing.assert_allclose(np.unique(mask), [0, 1 / 0.9], rtol=1e-6)
        dropped = mask == 0  # of 100,000 about 10,000, ± 4 deviations of 95
        assert abs(dropped.sum() - 10_000) < 380
        assert (np.abs(dropped.sum(axis=0) - 40) < 6 * 6).all()  # columns and rows alike
        assert (np.abs(dropped.sum(axis=1) - 25) < 6 * 4.8).all()
        pairs = (dropped[:, 1:] & dropped[:, :-1]).sum(), (dropped[1:] & dropped[:-1]).sum()
        assert all(abs(n - 1000) < 130 for n in pairs)  # neighbours know nothing of each other
    both = ((masks[0] == 0) & (masks[1] == 0)).sum()
    assert abs(both - 1000) < 130  # nor do steps
    again = layers.HashedDropout(0.1, seed=3)(x, training=True)
    np.testing.assert_array_equal(again, masks[0])
    assert (np.asarray(layers.HashedDropout(0.1, seed=4)(x, training=True)) != masks[0]).any()
    np.testing.assert_array_equal(layer(x), x)


# -- members ---------------------------------------------------------------------------------


def silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


def network(groups: int, members: int, ending: layers.Layer) -> Any:
    """A network of members on three numbers, with random weights."""
    x = rb.Input((3,))
    h = layers.MemberInputs(members, groups=groups)(x)
    h = layers.MemberDense(5, "silu", bias_initializer=initializers.RandomUniform(-1, 1))(h)
    h = layers.MemberDense(4, "silu")(h)
    model = rb.Model(x, ending(layers.MemberHead(2)(h)))
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def member_by_hand(model: Any, x: np.ndarray, group: int, member: int) -> np.ndarray:
    """The outputs of one member for rows, from the weights of all."""
    signs, scale, k1, b1, k2, b2, k3, b3 = (w.astype("float64") for w in model.get_weights())
    h = x * scale[group] * signs[group, member]
    h = silu(h @ k1[group] + b1[group, member])
    h = silu(h @ k2[group] + b2[group, member])
    return h @ k3[group, member] + b3[group, member]


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("kind", ["linear", "softmax", "sigmoid"])
def test_in_inference_all_members_are_averaged(kind: str, groups: int) -> None:
    model = network(groups, 3, layers.MemberMean(kind))
    x = RNG.normal(size=(7, 3)).astype("float32")
    each = [member_by_hand(model, x, g, m) for g in range(groups) for m in range(3)]
    shares = {"linear": lambda z: z, "softmax": softmax, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}
    expected = np.mean([shares[kind](z) for z in each], axis=0)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("rows", [1, 5, 6, 7, 13])
def test_in_training_row_i_is_of_member_i_mod_k(rows: int, groups: int) -> None:
    model = network(groups, 3, layers.MemberMean("linear"))
    x = RNG.normal(size=(rows, 3)).astype("float32")
    found = np.asarray(model(x, training=True))
    for i in range(rows):
        group, member = divmod(i % (3 * groups), 3)
        expected = member_by_hand(model, x[i : i + 1], group, member)
        np.testing.assert_allclose(found[i : i + 1], expected, rtol=1e-4, atol=1e-5)


def test_groups_may_have_features_of_their_own() -> None:
    """In training the row sees those of the group that it is dealt to."""
    shared = RNG.normal(size=(7, 2)).astype("float32")
    own = RNG.normal(size=(7, 3, 4)).astype("float32")
    layer = layers.MemberInputs(2, groups=3)
    found = np.asarray(layer([shared, own]))
    signs, scale = layer.get_weights()
    assert found.shape == (7, 3, 2, 6)
    dealt = np.asarray(layer([shared, own], training=True))
    assert dealt.shape == (7, 1, 1, 6)
    for i in range(7):
        for g in range(3):
            features = np.concatenate([shared[i], own[i, g]])
            for m in range(2):
                np.testing.assert_allclose(
                    found[i, g, m], features * scale[g] * signs[g, m], rtol=1e-6
                )
        group, member = divmod(i % 6, 2)
        np.testing.assert_array_equal(dealt[i, 0, 0], found[i, group, member])


def test_models_are_stacked_by_joining_their_weights() -> None:
    """Weights of groups are those of the single models along the first axis; the mean is theirs."""
    one, other = (network(1, 3, layers.MemberMean("softmax")) for _ in range(2))
    other.set_weights([0.5 * w + 0.1 for w in one.get_weights()])
    both = network(2, 3, layers.MemberMean("softmax"))
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    both.set_weights([np.concatenate(pair) for pair in pairs])
    x = RNG.normal(size=(7, 3)).astype("float32")
    each = [model.predict(x, verbose=0) for model in (one, other)]
    np.testing.assert_allclose(both.predict(x, verbose=0), np.mean(each, axis=0), rtol=1e-5)


@pytest.mark.parametrize("kind", ["softmax", "sigmoid"])
def test_logits_are_those_of_the_mean_probability(kind: str) -> None:
    x = RNG.normal(0, 5, size=(6, 2, 3, 4)).astype("float32")
    shares = np.asarray(layers.MemberMean(kind)(x), "float64")
    logits = np.asarray(layers.MemberMean(kind, logits=True)(x), "float64")
    expected = np.log(shares) - (np.log1p(-shares) if kind == "sigmoid" else 0)
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-4)
    # Far out, where probabilities round to 0 or 1.
    far = np.full((1, 1, 2, 1), 200.0, "float32")
    if kind == "sigmoid":
        np.testing.assert_allclose(layers.MemberMean(kind, logits=True)(far), [[200.0]])
    one = x[:, :1, :1]
    np.testing.assert_array_equal(layers.MemberMean(kind, logits=True)(one), one[:, 0, 0])


@pytest.mark.parametrize(
    ("kind", "loss", "y"),
    [
        ("softmax", "SparseCategoricalCrossentropy", np.array([0, 1, 1, 0, 1, 0, 0])),
        ("sigmoid", "BinaryCrossentropy", np.eye(2)[[0, 1, 1, 0, 1, 0, 0]]),
    ],
)
def test_one_loss_serves_both_modes(kind: str, loss: str, y: np.ndarray) -> None:
    """Of the log mean probability, `evaluate` finds the log-loss of what `predict` gives."""
    x = RNG.normal(size=(7, 3)).astype("float32")
    logits = network(1, 3, layers.MemberMean(kind, logits=True))
    logits.compile(loss=getattr(rb.losses, loss)(from_logits=True))
    shares = network(1, 3, layers.MemberMean(kind)).predict(x, verbose=0).astype("float64")
    if kind == "softmax":
        expected = -np.mean(np.log(shares[np.arange(7), y]))
    else:
        expected = -np.mean(y * np.log(shares) + (1 - y) * np.log1p(-shares))
    np.testing.assert_allclose(logits.evaluate(x, y, verbose=0), expected, rtol=1e-5)


def test_first_values_are_those_of_the_recipe() -> None:
    rb.utils.set_random_seed(1)
    x = rb.Input((200,))
    first = layers.MemberInputs(8)
    h = first(x)
    dense = layers.MemberDense(128)
    h = dense(h)
    head = layers.MemberHead(50, bias_initializer=initializers.Constant(np.arange(50.0)))
    head(h)
    signs, scale = first.get_weights()
    assert signs.shape == (1, 8, 200)
    assert set(np.unique(signs)) == {-1, 1}
    assert abs(signs.mean()) < 0.1
    assert (scale == 1).all()
    kernel, bias = dense.get_weights()
    assert kernel.shape == (1, 200, 128)
    np.testing.assert_allclose(kernel.std(), np.sqrt(2 / 200), rtol=0.03)
    assert bias.shape == (1, 8, 128)
    assert np.abs(bias).max() <= 0.1
    np.testing.assert_allclose(bias.std(), 0.1 / np.sqrt(3), rtol=0.1)
    kernel, bias = head.get_weights()
    assert kernel.shape == (1, 8, 128, 50)
    np.testing.assert_allclose(kernel.std(axis=(2, 3)), 0.1 / np.sqrt(128), rtol=0.05)
    assert (bias == np.arange(50)).all()
    assert not np.array_equal(kernel[0, 0], kernel[0, 1])
    alone = layers.MemberInputs(1)
    alone.build((None, 4))
    assert (alone.get_weights()[0] == 1).all()


def test_members_learn_from_their_own_rows_alone() -> None:
    """Gradients: member m's head sees the rows i with i mod k = m; also with an odd batch."""
    model = network(1, 3, layers.MemberMean("linear"))
    x = RNG.normal(size=(7, 3)).astype("float32")
    head = model.layers[-2]

    def total(kernel: Any, rows: Any) -> Any:
        others = [w.value for w in model.trainable_variables]
        values = [kernel if o.shape == kernel.shape else o for o in others]
        out, _ = model.stateless_call(values, [], x, training=True)
        return (out[rows] ** 2).sum()

    kernel = head.kernel.value
    for rows, member in (([0, 3, 6], 0), ([1, 4], 1), ([2, 5], 2)):
        slope = np.asarray(jax.grad(total)(kernel, np.array(rows)))[0]
        for m in range(3):
            assert np.any(slope[m]) == (m == member)


def test_gradients_in_training_are_central_differences() -> None:
    x = RNG.normal(size=(7, 3)).astype("float32")
    for groups in (1, 2):
        model = network(groups, 3, layers.MemberMean("linear"))
        values = [w.value * 0.3 for w in model.trainable_variables]

        def total(*values: Any, model: Any = model) -> Any:
            out, _ = model.stateless_call(list(values), [], x, training=True)
            return (out**2).mean()

        check_grads(total, values, order=1, modes=["rev"], atol=2e-2, rtol=2e-2, eps=1e-2)


def test_a_member_network_learns() -> None:
    """Trained through the engine, with batches that the members do not divide."""
    rb.utils.set_random_seed(0)
    x = RNG.normal(size=(500, 3)).astype("float32")
    y = np.sin(2 * x[:, :1]) + x[:, 1:2] ** 2
    a = rb.Input((3,))
    h = layers.MemberInputs(4)([layers.SmoothClip()(a), layers.PiecewiseLinearEncoding(
        [np.quantile(x[:, j], np.linspace(0, 1, 9)) for j in range(3)]
    )(a)])  # fmt: skip
    h = layers.HashedDropout(0.1)(layers.MemberDense(32, "silu")(h))
    model = rb.Model(a, layers.MemberMean()(layers.MemberHead(1)(h)))
    model.compile(optimizer=rb.optimizers.Adam(0.01), loss="mse")
    history = model.fit(x, y, batch_size=62, epochs=30, verbose=0).history["loss"]
    assert history[-1] < 0.3 * history[0]
    assert model.evaluate(x, y, verbose=0) < 0.3 * np.var(y)


# -- every case ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_onnx_computes_what_the_layer_computes(name: str, tmp_path: Path) -> None:
    make, x, _ = CASES[name]
    inputs = rb.Input(x.shape[1:], dtype=str(x.dtype))
    model = rb.Model(inputs, make()(inputs))
    model.export(tmp_path / "m.onnx", format="onnx")
    for rows in (1, len(x)):
        (found,) = run_onnx(tmp_path / "m.onnx", x[:rows])
        np.testing.assert_allclose(found, model(x[:rows]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_sequences_of_rows_are_encoded_step_by_step(name: str) -> None:
    make, x, _ = CASES[name]
    layer = make()
    if x.ndim != 2 or isinstance(layer, layers.MemberInputs) or "groups" in name:
        return
    steps = np.stack([x, x], axis=1)
    embedded = layer(steps)
    assert embedded.shape[:2] == (6, 2)
    assert layer.supports_masking


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_statistics_stay_float32_in_short_policies(policy: str) -> None:
    x = np.array([[70000.25], [70000.75], [np.nan]], "float32")  # beyond float16
    encoding = layers.PiecewiseLinearEncoding([[70000.0, 70000.5, 70001.0]], dtype=policy)
    found = encoding(x)
    assert found.dtype == rb.dtype_policies.get(policy).compute_dtype
    np.testing.assert_allclose(found.astype("float32"), [[0.5, 0], [1, 0.5], [0, 0]])
    assert [w.dtype for w in encoding.weights] == ["float32"] * 2
    clipped = layers.SmoothClip(3.0, dtype=policy)(x)
    np.testing.assert_allclose(clipped.astype("float32"), [[3], [3], [0]])
    codes = np.array([[300], [301]], "int32")  # one number in bfloat16
    hot = layers.OneHotColumns([302], dtype=policy)(codes)
    assert np.asarray(hot.argmax(-1)).tolist() == [300, 301]


def test_short_policies_train() -> None:
    x = np.where(RNG.random((64, 3)) < 0.1, np.nan, RNG.normal(size=(64, 3))).astype("float32")
    y = np.nan_to_num(x[:, :1])
    a = rb.Input((3,))
    h = layers.MemberInputs(4, dtype="mixed_bfloat16")(layers.SmoothClip()(a))
    h = layers.MemberDense(8, "silu", dtype="mixed_bfloat16")(h)
    h = layers.MemberHead(1, dtype="mixed_bfloat16")(h)
    model = rb.Model(a, layers.MemberMean(dtype="float32")(h))
    model.compile(optimizer=rb.optimizers.Adam(0.02), loss="mse")
    losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
