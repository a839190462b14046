"""Masks: where they come from, how they pass through layers and models, and what they leave out."""

from __future__ import annotations

import gc
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import layers
from rosenblatt.core import masks
from rosenblatt.layers import mask_rules

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
RNG = np.random.default_rng(0)
IDS = RNG.integers(0, 5, (20, 4)).astype("int32")
IDS[:, 0] = 1 + IDS[:, 0] % 4  # no row is masked wholly
Y = RNG.integers(0, 3, (20, 4))
WEIGHTS = RNG.uniform(0.5, 2.0, 20).astype("float32")


def branches(library: Any, ids: Any) -> dict[str, Any]:
    """Ways from ids to steps that a mask passes."""
    kinds = library.layers
    vectors = kinds.Embedding(5, 6, mask_zero=True)(ids)
    h = kinds.Dense(8, "tanh")(vectors)
    inner = library.Input((4, 8))
    found = {
        "nested": library.Model(inner, kinds.Dense(8, "relu")(inner))(h),
        "sum": kinds.Add()([h, kinds.Dense(8)(kinds.Masking()(kinds.Dense(8, "relu")(vectors)))]),
        "features": kinds.Concatenate()([h, vectors]),
        "steps": kinds.TimeDistributed(kinds.Dense(8, "relu"))(h),
        "attention": kinds.Attention()([h, h]),
        # Last by its name, too: Keras takes the mask off its input.
        "to_heads": kinds.MultiHeadAttention(2, 3)(h, h),
    }
    return {
        f"{name}_out": kinds.Dense(3, "softmax", name=f"{name}_out")(steps)
        for name, steps in found.items()
    }


def model(library: Any) -> Any:
    ids = library.Input((4,), dtype="int32")
    return library.Model(ids, branches(library, ids))


def judged(made: Any) -> tuple[Any, Any]:
    names = list(made.output_names)
    made.compile(
        "sgd",
        "sparse_categorical_crossentropy",
        metrics={name: ["accuracy"] for name in names},
    )
    y = dict.fromkeys(names, Y)
    losses = made.fit(IDS, y, epochs=2, batch_size=8, shuffle=False, verbose=0).history
    return (
        {name: value for name, value in losses.items() if name.endswith("loss")},
        made.evaluate(IDS, y, batch_size=8, verbose=0, return_dict=True),
    )


def test_training_and_evaluation_with_masks_equal_keras(keras: Any) -> None:
    with warnings.catch_warnings():
        # Keras warns that its inner models lose masks, which they do not.
        warnings.simplefilter("ignore")
        theirs = model(keras)
        ours = model(rb)
        ours.set_weights(theirs.get_weights())
        expected = judged(theirs)
    for one, other in zip(judged(ours), expected, strict=True):
        assert set(one) == set(other)
        for name in other:
            np.testing.assert_allclose(one[name], other[name], 2e-4, 1e-5, err_msg=name)


def test_masks_of_outputs_equal_keras(keras: Any) -> None:
    for library in (keras, rb):
        found = []
        for make in MASKED:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.append(getattr(make(library), "_keras_mask", None))
        if library is keras:
            expected = found
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one, other)
    assert sum(one is None for one in found) == 4


def embedded(library: Any) -> Any:
    table = np.arange(20.0).reshape(5, 4)
    return library.layers.Embedding(5, 4, mask_zero=True, weights=table)(IDS)


def plain(library: Any) -> Any:
    return library.ops.ones((20, 4, 4))


MASKED: list[Callable[[Any], Any]] = [
    embedded,
    lambda k: k.layers.Masking()(k.ops.ones((2, 3, 4))),
    lambda k: k.layers.Dense(2)(embedded(k)),
    lambda k: k.layers.Dense(2, dtype="bfloat16")(embedded(k)),
    lambda k: k.layers.Identity()(embedded(k)),
    lambda k: k.layers.Dropout(0.5)(embedded(k), training=True),
    lambda k: k.layers.Flatten()(embedded(k)),
    lambda k: k.layers.Add()([embedded(k), embedded(k)]),
    lambda k: k.layers.Add()([embedded(k), plain(k)]),
    lambda k: k.layers.Concatenate()([embedded(k), plain(k)]),
    lambda k: k.layers.Concatenate(axis=1)([plain(k), embedded(k)]),
    lambda k: k.layers.Concatenate(axis=1)([plain(k), plain(k)]),
    lambda k: k.layers.Attention()([embedded(k), plain(k)]),
    lambda k: k.layers.Attention()([plain(k), embedded(k)]),
    lambda k: k.layers.MultiHeadAttention(2, 2)(embedded(k), plain(k)),
    lambda k: k.layers.TimeDistributed(k.layers.Dense(2))(embedded(k)),
    lambda k: k.Sequential([k.layers.Dense(2), k.layers.Dense(2)])(embedded(k)),
]


def test_symbolic_tensors_have_masks() -> None:
    ids = rb.Input((4,), dtype="int32")
    h = layers.Dense(2)(layers.Embedding(5, 3, mask_zero=True)(ids))
    assert h._keras_mask.shape == (None, 4)
    assert h._keras_mask.dtype == "bool"
    assert ids._keras_mask is None


# -- what a mask leaves out ------------------------------------------------------------------

MASK = np.array([[True, True, False], [True, False, False]])
TRUE, FOUND = np.array([[1.0, 2, 3], [4, 5, 6]]), np.zeros((2, 3), "float32")


def masked(values: Any, mask: Any = MASK) -> Any:
    array = jnp.asarray(values)[..., None]
    masks.set_mask(array, jnp.asarray(mask))
    return array


@pytest.mark.parametrize(
    ("reduction", "weights", "expected"),
    [
        ("sum_over_batch_size", None, (1 + 4 + 16) / 3),
        ("sum", None, 1 + 4 + 16),
        ("sum_over_batch_size", [1.0, 2.0], (1 + 4 + 2 * 16) / 3),
        ("mean_with_sample_weight", [1.0, 2.0], (1 + 4 + 2 * 16) / 4),
        ("none", None, [[1, 4, 0], [16, 0, 0]]),
    ],
)
def test_a_loss_counts_unmasked_steps_only(reduction: str, weights: Any, expected: Any) -> None:
    loss = rb.losses.MeanSquaredError(reduction=reduction)
    found = loss(TRUE[..., None], masked(FOUND), sample_weight=weights)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_loss_leaves_out_masked_steps_and_ignored_classes() -> None:
    found = jnp.log(jnp.array([[[0.5, 0.5], [0.2, 0.8], [1.0, 0.0]]]))
    masks.set_mask(found, jnp.array([[True, True, False]]))
    loss = rb.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)
    np.testing.assert_allclose(loss(np.array([[0, 1, 0]]), found), np.log(2), rtol=1e-6)


def test_a_metric_counts_unmasked_steps_only() -> None:
    metric = rb.metrics.MeanSquaredError()
    metric.update_state(TRUE[..., None], masked(FOUND))
    np.testing.assert_allclose(metric.result(), (1 + 4 + 16) / 3, rtol=1e-6)
    metric.reset_state()
    metric.update_state(TRUE[..., None], masked(FOUND), [1.0, 2.0])
    np.testing.assert_allclose(metric.result(), (1 + 4 + 2 * 16) / 4, rtol=1e-6)


def test_metrics_of_training_see_masks_too() -> None:
    steps = rb.Input((3, 1))
    made = rb.Model(steps, layers.Dense(1, kernel_initializer="ones")(layers.Masking()(steps)))
    made.compile(rb.optimizers.SGD(1e-9), "mse", metrics=["mse"])
    x = np.where(MASK, 1.0, 0.0)[..., None]
    logs = made.fit(x, TRUE[..., None], verbose=0).history
    np.testing.assert_allclose(logs["loss"], (0 + 1 + 9) / 3, rtol=1e-6)
    np.testing.assert_allclose(logs["mse"], (0 + 1 + 9) / 3, rtol=1e-6)


def test_targets_without_an_axis_for_units_are_refused_where_steps_are_masked() -> None:
    text = (
        "mean_squared_error: the mask of the predictions does not fit the values it masks. Given: "
        "mask of shape (2, 3), values of shape (2,). Expected: one value for each masked step. "
        "Fix: give the targets the predictions' shape, (batch, steps, units), so that each step "
        "has a value."
    )
    for judge in (rb.losses.MeanSquaredError(), rb.metrics.MeanSquaredError()):
        with pytest.raises(ValueError, match=re.escape(text)):
            judge(TRUE, masked(FOUND))


# -- users' layers ---------------------------------------------------------------------------


class EveryOther(layers.Layer):
    """Keeps every second step, and its mask."""

    def call(self, inputs: Any) -> Any:
        return inputs[:, ::2]

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None if previous_mask is None else previous_mask[:, ::2]


class Seen(layers.Layer):
    """Remembers the masks of its last call."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.seen: Any = "nothing"

    def call(self, inputs: Any, mask: Any = None) -> Any:
        self.seen = mask
        return inputs[0] * 1.0 if isinstance(inputs, list) else inputs * 1.0


class Reader(rb.Model):
    """A subclassed model: the mask passes between its layers by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = layers.Embedding(5, 3, mask_zero=True)
        self.every_other = EveryOther()
        self.head = layers.Dense(3, "softmax")

    def call(self, inputs: Any) -> Any:
        return self.head(self.every_other(self.embedding(inputs)))


def test_a_layer_with_compute_mask_supports_masks() -> None:
    assert EveryOther().supports_masking
    outputs = EveryOther()(embedded(rb))
    np.testing.assert_array_equal(outputs._keras_mask, IDS[:, [0, 2]] != 0)


def test_masks_pass_through_a_subclassed_model() -> None:
    made = Reader()
    np.testing.assert_array_equal(made(IDS)._keras_mask, IDS[:, [0, 2]] != 0)
    made.compile("sgd", "sparse_categorical_crossentropy")
    y = Y[:, [0, 2]]
    loss = made.evaluate(IDS, y, verbose=0)
    probabilities = np.asarray(made(IDS))
    single = -np.log(np.take_along_axis(probabilities, y[..., None], 2)[..., 0])
    np.testing.assert_allclose(loss, single[IDS[:, [0, 2]] != 0].mean(), rtol=1e-5)


def test_a_layer_gets_the_masks_of_what_it_is_called_on() -> None:
    layer, one, other = Seen(), embedded(rb), plain(rb)
    layer(one)
    np.testing.assert_array_equal(layer.seen, IDS != 0)
    layer(other)
    assert layer.seen is None
    layer([other, other])
    assert layer.seen == [None, None]
    layer([other, one])
    assert layer.seen[0] is None
    np.testing.assert_array_equal(layer.seen[1], IDS != 0)
    own = np.ones((20, 4), bool)
    outputs = layer(one, mask=own)
    np.testing.assert_array_equal(layer.seen, own)
    np.testing.assert_array_equal(outputs._keras_mask, own)


def test_a_mask_given_in_a_graph_is_used_and_saved(keras: Any, tmp_path: Path) -> None:
    def make(library: Any) -> Any:
        steps, keep = library.Input((4, 3)), library.Input((4,), dtype="bool")
        outputs = library.layers.BatchNormalization(momentum=0.0)(steps, mask=keep)
        return library.Model([steps, keep], outputs)

    x, keep = RNG.normal(size=(20, 4, 3)).astype("float32"), IDS != 0
    ours = make(rb)
    outputs = ours([x, keep], training=True)
    np.testing.assert_allclose(outputs, make(keras)([x, keep], training=True), atol=1e-5)
    ours.save(tmp_path / "ours.keras")
    for library in (keras, rb):
        loaded = library.models.load_model(tmp_path / "ours.keras")
        np.testing.assert_allclose(loaded([x, keep], training=True), outputs, atol=1e-5)


def test_a_sequential_model_takes_a_mask() -> None:
    made = rb.Sequential([layers.Dense(2), layers.Dense(2)])
    x, keep = np.ones((3, 4, 2), "float32"), np.array([[True, False, True, True]] * 3)
    for _ in range(2):  # before and after it has a graph
        np.testing.assert_array_equal(made(jnp.asarray(x), mask=keep)._keras_mask, keep)


# -- where a mask ends -----------------------------------------------------------------------


def test_a_layer_that_does_not_support_masks_says_so() -> None:
    text = r"'flatten' \(Flatten\) does not support masking: the mask of its input ends here"
    vectors, flatten = embedded(rb), layers.Flatten()
    with pytest.warns(UserWarning, match=text):
        assert not hasattr(flatten(vectors), "_keras_mask")
    ids = rb.Input((4,), dtype="int32")
    vectors = layers.Embedding(5, 3, mask_zero=True)(ids)
    with pytest.warns(UserWarning, match=text):
        assert flatten(vectors)._keras_mask is None


def test_a_model_whose_layers_pass_masks_on_does_not_warn() -> None:
    inner = rb.Sequential([rb.Input((4, 4)), layers.Dense(2)])
    ids = rb.Input((4,), dtype="int32")
    made = rb.Model(ids, inner(layers.Embedding(5, 4, mask_zero=True)(ids)))
    np.testing.assert_array_equal(made(IDS)._keras_mask, IDS != 0)


def test_no_array_is_kept_alive_by_its_mask() -> None:
    gc.collect()
    before = len(masks._masks)
    made = Reader()
    made.compile("sgd", "sparse_categorical_crossentropy")
    made.fit(IDS, Y[:, [0, 2]], verbose=0)
    outputs = made(IDS)
    assert len(masks._masks) > before
    del outputs
    gc.collect()
    assert len(masks._masks) == before


def test_without_masks_none_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made = rb.Sequential([rb.Input((4,)), layers.Dense(3), layers.Dense(2)])
    monkeypatch.setattr(masks, "_masks", {})

    def never(*_: Any) -> None:
        raise AssertionError("looked for masks")

    for name in ("mask_arguments", "first_argument"):
        monkeypatch.setattr(mask_rules, name, never)
    assert made(np.ones((2, 4), "float32")).shape == (2, 2)


def test_masks_can_be_hidden() -> None:
    array = masked(FOUND)
    with masks.hidden():
        assert masks.mask_of(array) is None
    assert masks.mask_of(array) is not None
