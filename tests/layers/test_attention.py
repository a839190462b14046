"""Attention against Keras, torch and by hand: values, gradients, masks, configs, programs."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import rosenblatt as rb
from rosenblatt import layers
from rosenblatt.training import programs

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
RNG = np.random.default_rng(0)
QUERY = RNG.normal(size=(3, 4, 6)).astype("float32")
VALUE = RNG.normal(size=(3, 5, 6)).astype("float32")
KEY = RNG.normal(size=(3, 5, 6)).astype("float32")
GRID = RNG.normal(size=(2, 3, 4, 6)).astype("float32")
QUERY_MASK = np.array([[1, 1, 1, 0], [1, 1, 1, 1], [1, 0, 0, 0]], bool)
VALUE_MASK = np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [0, 1, 1, 0, 1]], bool)
ALLOWED = RNG.uniform(size=(3, 4, 5)) > 0.4
ALLOWED[..., 0] = True
HEADS = {"num_heads": 2, "key_dim": 4}
GROUPS = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}
PENALTIES = {
    "kernel_regularizer": "l2",
    "bias_regularizer": "l2",
    "activity_regularizer": "l2",
    "kernel_constraint": "max_norm",
    "bias_constraint": "non_neg",
    "kernel_initializer": "he_normal",
    "bias_initializer": "ones",
}
CAUSAL, SCORES = {"use_causal_mask": True}, {"return_attention_scores": True}
SOME = {"attention_mask": ALLOWED}
DROPOUT = {"dropout": 0.3, "seed": 2}
# Class, arguments, inputs, arguments of the call.
CASES: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("MultiHeadAttention", HEADS, (QUERY, VALUE), {}),
    ("MultiHeadAttention", HEADS, (QUERY, VALUE, KEY), SCORES),
    ("MultiHeadAttention", HEADS, (QUERY, VALUE), CAUSAL),
    ("MultiHeadAttention", HEADS, (QUERY, VALUE), {**CAUSAL, **SCORES}),
    ("MultiHeadAttention", HEADS, (QUERY, VALUE, KEY), SOME),
    ("MultiHeadAttention", HEADS, (QUERY, VALUE), {"attention_mask": ALLOWED[:, None], **SCORES}),
    ("MultiHeadAttention", HEADS, (QUERY, VALUE), {"value_mask": VALUE_MASK, **CAUSAL}),
    ("MultiHeadAttention", {**HEADS, "sliding_window": 2}, (QUERY, VALUE), CAUSAL),
    ("MultiHeadAttention", {**HEADS, "use_bias": False, "use_gate": True}, (QUERY, VALUE), {}),
    ("MultiHeadAttention", {**HEADS, "value_dim": 3}, (QUERY, VALUE), SCORES),
    ("MultiHeadAttention", {**HEADS, "output_shape": (2, 3)}, (QUERY, VALUE), {}),
    ("MultiHeadAttention", {**HEADS, **DROPOUT, **PENALTIES}, (QUERY, VALUE), {"training": True}),
    ("MultiHeadAttention", HEADS, (GRID, GRID), {}),
    ("MultiHeadAttention", {**HEADS, "attention_axes": (1, 2)}, (GRID, GRID), SCORES),
    ("MultiHeadAttention", {**HEADS, "attention_axes": -2}, (GRID, GRID), {}),
    ("GroupQueryAttention", GROUPS, (QUERY, VALUE), {}),
    ("GroupQueryAttention", GROUPS, (QUERY, VALUE, KEY), {**CAUSAL, **SCORES}),
    ("GroupQueryAttention", {**GROUPS, "sliding_window": 2, "use_gate": True}, (QUERY, VALUE), {}),
    ("GroupQueryAttention", {**GROUPS, "use_bias": False}, (QUERY, VALUE), SOME),
    (
        "GroupQueryAttention",
        GROUPS,
        (QUERY, VALUE),
        {"query_mask": QUERY_MASK, "value_mask": VALUE_MASK, **SCORES},
    ),
    ("GroupQueryAttention", {**GROUPS, **DROPOUT, **PENALTIES}, (QUERY, VALUE), {"training": True}),
    ("Attention", {}, ([QUERY, VALUE, KEY],), {"mask": [QUERY_MASK, VALUE_MASK]}),
    ("Attention", {"use_scale": True}, ([QUERY, VALUE],), {**CAUSAL, **SCORES}),
    (
        "Attention",
        {"score_mode": "concat"},
        ([QUERY, VALUE],),
        {"mask": [None, VALUE_MASK], **CAUSAL},
    ),
    (
        "AdditiveAttention",
        DROPOUT,
        ([QUERY, VALUE],),
        {"mask": [QUERY_MASK, None], "training": True},
    ),
]  # fmt: skip
everyone = pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{n}-{CASES[n][0]}")


def pair(keras: Any, number: int, **extra: Any) -> tuple[Any, Any]:
    """Real Keras's layer and ours, built, with equal weights."""
    name, arguments, inputs, call = CASES[number]
    pair = [getattr(library.layers, name)(**arguments, **extra) for library in (keras, rb)]
    for layer in pair:
        layer(*inputs, **call)
    theirs, ours = pair
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=v.shape).astype("float32") for v in theirs.weights]
    for layer in pair:
        layer.set_weights(weights)
    return theirs, ours


@everyone
def test_values_gradients_and_losses_equal_keras(keras: Any, number: int) -> None:
    theirs, ours = pair(keras, number)
    _, _, inputs, call = CASES[number]

    def result(layer: Any) -> Any:
        def loss(weights: Any, inputs: Any) -> Any:
            outputs, _ = layer.stateless_call(weights, state, *inputs, **call)
            first = jax.tree.leaves(outputs)[0]
            wave = jnp.sin(jnp.arange(first.size)).reshape(first.shape)
            return jnp.sum(wave * first), outputs

        weights = [v.value for v in layer.trainable_variables]
        state = [v.value for v in layer.non_trainable_variables]
        arrays = jax.tree.map(jnp.asarray, inputs)
        gradients = jax.jit(jax.value_and_grad(loss, (0, 1), has_aux=True))
        return jax.tree.leaves(gradients(weights, arrays))

    expected, found = result(theirs), result(ours)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    for layer in (theirs, ours):
        layer(*inputs, **call)
    np.testing.assert_allclose(sorted(ours.losses), sorted(theirs.losses), rtol=1e-4)


@everyone
def test_configs_equal_keras_and_load_in_both(keras: Any, number: int) -> None:
    theirs, ours = pair(keras, number)
    config = json.loads(json.dumps(rb.layers.serialize(ours)))
    assert config == json.loads(json.dumps(keras.layers.serialize(theirs)))
    for library in (keras, rb):
        again = library.layers.deserialize(json.loads(json.dumps(config)))
        assert json.loads(json.dumps(library.layers.serialize(again))) == config
        assert [v.shape for v in again.weights] == [v.shape for v in ours.weights]
    name, arguments, _, _ = CASES[number]
    fresh = [getattr(library.layers, name)(**arguments, name="a") for library in (keras, rb)]
    assert rb.layers.serialize(fresh[1]) == keras.layers.serialize(fresh[0])


@pytest.mark.parametrize("dtype", ["bfloat16", "mixed_bfloat16"])
@pytest.mark.parametrize("number", [0, 3, 15, 21])
def test_low_precision_equals_keras(keras: Any, number: int, dtype: str) -> None:
    theirs, ours = pair(keras, number, dtype=dtype)
    _, _, inputs, call = CASES[number]
    expected, found = theirs(*inputs, **call), ours(*inputs, **call)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(
            np.asarray(one, "float32"), np.asarray(other, "float32"), rtol=0.1, atol=0.1
        )
    assert [v.dtype for v in ours.weights] == [v.dtype for v in theirs.weights]


def test_shapes_of_outputs_equal_keras(keras: Any) -> None:
    shapes = ((None, 4, 6), (None, 5, 6))
    for kind, arguments in (
        ("MultiHeadAttention", {**HEADS, "output_shape": 7}),
        ("MultiHeadAttention", HEADS),
        ("GroupQueryAttention", GROUPS),
    ):
        ours = getattr(layers, kind)(**arguments)
        theirs = getattr(keras.layers, kind)(**arguments)
        assert ours.compute_output_shape(*shapes) == theirs.compute_output_shape(*shapes)
        assert not ours.built
        symbolic = ours(rb.Input((None, 6)), rb.Input((None, 6)))
        assert symbolic.shape[-1] == ours.compute_output_shape(*shapes)[-1]


def test_multi_head_attention_equals_torch() -> None:
    ours = layers.MultiHeadAttention(2, 3)
    found, scores = ours(QUERY, VALUE, KEY, attention_mask=ALLOWED, **SCORES)
    theirs = torch.nn.MultiheadAttention(6, 2, batch_first=True)
    into = [ours.query_dense, ours.key_dense, ours.value_dense]
    kernels = [np.asarray(d.kernel).reshape(6, 6).T for d in into]
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.tensor(np.concatenate(kernels)))
        theirs.in_proj_bias.zero_()
        out = np.asarray(ours.output_dense.kernel).reshape(6, 6).T
        theirs.out_proj.weight.copy_(torch.tensor(out.copy()))
        theirs.out_proj.bias.zero_()
        hidden = torch.tensor(np.repeat(~ALLOWED, 2, axis=0))
        arrays = [torch.tensor(a) for a in (QUERY, KEY, VALUE)]
        expected, weights = theirs(*arrays, attn_mask=hidden, average_attn_weights=False)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(scores, weights.numpy(), rtol=1e-4, atol=1e-6)


def test_attention_by_hand() -> None:
    query, key = np.array([[[1.0, 0.0]]]), np.array([[[0.0, 5.0], [np.log(3.0), 0.0]]])
    value = np.array([[[4.0], [8.0]]])
    outputs, scores = layers.Attention()([query, value, key], **SCORES)
    np.testing.assert_allclose(scores, [[[0.25, 0.75]]], rtol=1e-6)
    np.testing.assert_allclose(outputs, [[[7.0]]], rtol=1e-6)


# -- masks -----------------------------------------------------------------------------------


def steps(mask: Any, dim: int = 6) -> Any:
    """Steps whose features say which of them are masked."""
    return jnp.where(mask[..., None], RNG.normal(size=(*mask.shape, dim)), 0).astype("float32")


@pytest.mark.parametrize("scores", [False, True])
def test_heads_do_not_see_masked_steps(scores: bool) -> None:
    layer = layers.MultiHeadAttention(2, 4)
    query, value = layers.Masking()(steps(QUERY_MASK)), layers.Masking()(steps(VALUE_MASK))
    outputs = layer(query, value, return_attention_scores=scores)
    outputs = outputs[0] if scores else outputs
    np.testing.assert_array_equal(outputs._keras_mask, QUERY_MASK)
    changed = jnp.where(VALUE_MASK[..., None], value, 9.0)
    others = layer(query, changed, value_mask=VALUE_MASK)
    kept = QUERY_MASK[..., None]
    np.testing.assert_allclose(jnp.where(kept, outputs, 0), jnp.where(kept, others, 0), atol=1e-5)


def test_the_input_of_heads_keeps_its_mask() -> None:
    x = layers.Masking()(steps(QUERY_MASK))
    outputs = layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x)])
    np.testing.assert_array_equal(outputs._keras_mask, QUERY_MASK)


def test_a_causal_mask_hides_what_comes_later() -> None:
    later = QUERY.copy()
    later[:, 2:] += 1.0
    for layer in (layers.MultiHeadAttention(2, 4), layers.GroupQueryAttention(**GROUPS)):
        one, other = layer(QUERY, QUERY, **CAUSAL), layer(later, later, **CAUSAL)
        np.testing.assert_allclose(one[:, :2], other[:, :2], rtol=1e-5)
        assert np.abs(one[:, 2:] - other[:, 2:]).max() > 1e-3


# -- models, programs, files -----------------------------------------------------------------


def network(library: Any, dropout: float = 0.0) -> Any:
    kinds = library.layers
    ids = library.Input((5,), dtype="int32", name="ids")
    x = kinds.Embedding(7, 6, mask_zero=True)(ids)
    h = kinds.MultiHeadAttention(2, 3, dropout=dropout, seed=1)(x, x, use_causal_mask=True)
    h = kinds.GroupQueryAttention(3, 2, 1, use_gate=True)(h, h)
    # Not [h, x]: in Keras, heads take the mask from their input for whoever reads it after them.
    h = kinds.Attention(use_scale=True, dropout=dropout, seed=1)([h, h])
    h = kinds.AdditiveAttention()([h, h])
    h = kinds.TimeDistributed(kinds.Dense(2))(kinds.Identity()(h))
    return library.Model(ids, h)


IDS = np.array([[1, 2, 3, 0, 0], [4, 5, 6, 1, 0], [2, 2, 2, 2, 2]], "int32")


def test_files_pass_both_ways(keras: Any, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = network(rb), network(keras)
    kept = (IDS != 0)[..., None]
    for made, library, other in ((theirs, keras, rb), (ours, rb, keras)):
        path = tmp_path / f"{library.__name__}.keras"
        made.set_weights([RNG.normal(size=w.shape) for w in made.get_weights()])
        made.save(path)
        for reader in (other, library):
            loaded = reader.models.load_model(path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Keras's heads warn of their own projections
                pairs = [np.where(kept, one(IDS), 0) for one in (loaded, made)]
            np.testing.assert_allclose(*pairs, rtol=1e-4, atol=1e-5)


def test_a_dropout_is_an_argument_of_one_program() -> None:
    y = np.zeros((3, 5, 2), "float32")
    programs.clear()
    counts = []
    for rate in (0.2, 0.6):
        made = network(rb, rate)
        made.compile("sgd", "mse")
        before = programs.statistics.made
        made.fit(IDS, y, verbose=0)
        counts.append(programs.statistics.made - before)
    assert counts == [1, 0]
    assert made.training_session.task.rows_apart("predict")
