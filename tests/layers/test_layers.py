"""What layers do beyond equal values: masks, adaptation, losses, training flags, own classes."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import layers
from rosenblatt.core.scope import Scope, use_scope

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


# -- padding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("axis", "shape"), [(-1, (6, 4)), (1, (6, 3, 2)), (-1, (6, 3, 2))])
def test_padding_rows_do_not_touch_batch_statistics(axis: int, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    padded = np.concatenate([x, x[:2], x[:1]])
    mask = jnp.arange(len(padded)) < len(x)
    alone, masked = (layers.BatchNormalization(axis=axis, momentum=0.5) for _ in range(2))
    expected = alone(x, training=True)
    masked.build(shape)
    state = {id(v): v.value for v in masked.variables}
    with use_scope(Scope(state, row_mask=mask)) as scope:
        found = masked(padded, training=True)
    np.testing.assert_allclose(found[: len(x)], expected, rtol=1e-5, atol=1e-6)
    for one, other in zip(masked.weights, alone.weights, strict=True):
        np.testing.assert_allclose(scope.values[id(one)], other.value, rtol=1e-5, atol=1e-7)


def test_padding_rows_do_not_touch_an_activity_penalty() -> None:
    layer = layers.Activation("linear", activity_regularizer=rb.regularizers.L2(1.0))
    padded = np.concatenate([X, X[:3]])
    mask = jnp.arange(len(padded)) < len(X)
    with use_scope(Scope(row_mask=mask)) as scope:
        layer(padded)
    np.testing.assert_allclose(scope.losses[0], np.sum(X**2) / len(X), rtol=1e-5)


def test_batch_normalization_by_hand() -> None:
    x = np.array([[1.0], [2.0], [6.0]], "float32")
    layer = layers.BatchNormalization(momentum=0.9, epsilon=0.0)
    found = layer(x, training=True)
    mean, variance = 3.0, (4 + 1 + 9) / 3
    np.testing.assert_allclose(found, (x - mean) / np.sqrt(variance), rtol=1e-5)
    gamma, beta, moving_mean, moving_variance = layer.get_weights()
    np.testing.assert_allclose([gamma, beta], [[1], [0]])
    np.testing.assert_allclose(moving_mean, [0.9 * 0 + 0.1 * mean], rtol=1e-5)
    np.testing.assert_allclose(moving_variance, [0.9 * 1 + 0.1 * variance], rtol=1e-5)
    layer.trainable = False  # then it uses the running means in training too, as Keras's does
    found = layer(x, training=True)
    np.testing.assert_allclose(found, (x - moving_mean) / np.sqrt(moving_variance), rtol=1e-5)


def test_batch_normalization_mask_leaves_steps_out(keras: Any) -> None:
    x = np.random.default_rng(0).normal(size=(4, 3, 2)).astype("float32")
    mask = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1]], bool)
    ours, theirs = layers.BatchNormalization(), keras.layers.BatchNormalization()
    found = ours(x, training=True, mask=mask)
    expected = theirs(x, training=True, mask=mask)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


# -- dropout ---------------------------------------------------------------------------------


def test_dropout_by_hand() -> None:
    x = np.ones((1000, 10), "float32")
    layer = layers.Dropout(0.25, seed=1)
    assert layer(x) is not None
    np.testing.assert_array_equal(layer(x, training=False), x)
    dropped = np.asarray(layer(x, training=True))
    assert set(np.unique(dropped).round(5)) == {0.0, np.float32(1 / 0.75).round(5)}
    assert 0.23 < np.mean(dropped == 0) < 0.27
    assert np.any(np.asarray(layer(x, training=True)) != dropped)  # another mask each time


def test_dropout_masks_equal_keras_call_after_call(keras: Any) -> None:
    ours, theirs = layers.Dropout(0.5, seed=9), keras.layers.Dropout(0.5, seed=9)
    for _ in range(3):
        np.testing.assert_array_equal(ours(X, training=True), theirs(X, training=True))


def test_dropout_without_a_seed_follows_the_global_seed() -> None:
    masks = []
    for _ in range(2):
        rb.utils.set_random_seed(5)
        masks.append(np.asarray(layers.Dropout(0.5)(X, training=True)))
    np.testing.assert_array_equal(*masks)


def test_dropout_of_everything_is_zero_not_nan(keras: Any) -> None:
    np.testing.assert_array_equal(layers.Dropout(1.0)(X, training=True), np.zeros_like(X))


# -- normalization ---------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [-1, None, (1, 2), 1, (2, 1), ()])
def test_adapt_equals_keras(keras: Any, axis: Any) -> None:
    data = np.random.default_rng(0).normal(3, 2, size=(50, 3, 4)).astype("float32")
    ours, theirs = layers.Normalization(axis=axis), keras.layers.Normalization(axis=axis)
    ours.adapt(data)
    theirs.adapt(data)
    np.testing.assert_allclose(ours(data[:5]), theirs(data[:5]), rtol=1e-4, atol=1e-5)
    for one, other in zip(ours.get_weights()[:2], theirs.get_weights()[:2], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_adapt_by_hand_with_a_constant_column() -> None:
    layer = layers.Normalization()
    layer.adapt(np.array([[1.0, 7.0], [3.0, 7.0]]))
    mean, variance, count = layer.get_weights()
    np.testing.assert_array_equal(mean, [2, 7])
    np.testing.assert_array_equal(variance, [1, 0])
    assert count == 2
    np.testing.assert_allclose(layer(np.array([[5.0, 7.0]])), [[3.0, 0.0]])
    inverse = layers.Normalization(mean=mean, variance=variance, invert=True)
    np.testing.assert_allclose(inverse(np.array([[3.0, 0.0]])), [[5.0, 7.0]])


@pytest.mark.parametrize("kind", ["generator", "list of batches", "pairs", "PyDataset"])
def test_adapt_to_a_stream_equals_adapt_to_all(kind: str) -> None:
    data = np.random.default_rng(0).normal(1e3, 1, size=(101, 3))
    parts = [data[:50], data[50:64], data[64:]]

    class Batches(rb.utils.PyDataset):
        def __len__(self) -> int:
            return len(parts)

        def __getitem__(self, index: int) -> Any:
            return parts[index], parts[index][:, 0]

    streams: dict[str, Any] = {
        "generator": (part for part in parts),
        "list of batches": parts,
        "pairs": ((part, part[:, 0]) for part in parts),
        "PyDataset": Batches(),
    }
    layer = layers.Normalization()
    layer.adapt(streams[kind])
    mean, variance, count = layer.get_weights()
    np.testing.assert_allclose(mean, data.mean(0), rtol=1e-6)
    np.testing.assert_allclose(variance, data.var(0), rtol=1e-4)
    assert count == 101


@pytest.mark.parametrize("kind", ["list", "frame", "jax", "one column"])
def test_adapt_to_other_data(kind: str) -> None:
    rows = [[1.0, 2.0], [3.0, 6.0]]
    data: Any = {"list": rows, "jax": jnp.array(rows), "one column": [1.0, 3.0]}.get(kind)
    if kind == "frame":
        data = pytest.importorskip("pandas").DataFrame(rows, columns=["a", "b"])
    layer = layers.Normalization()
    layer.adapt(data)
    np.testing.assert_allclose(layer.get_weights()[0], [2.0] if kind == "one column" else [2, 4])


def test_normalization_of_any_rank_without_an_axis() -> None:
    layer = layers.Normalization(axis=None)
    layer.adapt(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    np.testing.assert_allclose(layer(np.array([3.0, 5.0], "float32")), [0, np.sqrt(2)], rtol=1e-6)


def test_adapting_again_starts_anew() -> None:
    layer = layers.Normalization()
    layer.adapt(X)
    layer.adapt(X + 5)
    np.testing.assert_allclose(layer.get_weights()[0], (X + 5).mean(0), rtol=1e-5)


# -- older ways, own classes -----------------------------------------------------------------


@pytest.mark.parametrize(
    "argument", [{"input_shape": (4,)}, {"input_shape": [4]}, {"input_dim": 4}]
)
def test_old_ways_to_give_an_input_shape(argument: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match="`input_shape` or `input_dim`"):
        first = layers.Dense(3, **argument)
    model = rb.Sequential([first, layers.Dense(1)])
    assert model.built
    assert model.input_shape == (None, 4)
    assert [layer.name for layer in model.layers] == ["dense", "dense_1"]


def test_old_input_layer_argument() -> None:
    with pytest.warns(UserWarning, match="`input_shape` is an older name"):
        assert layers.InputLayer(input_shape=(3,)).batch_shape == (None, 3)
    assert rb.Input(3).shape == (None, 3)
    assert rb.Input((np.int64(3),), batch_size=2).shape == (2, 3)


class Scale(layers.Layer):
    """A layer as users write them: weights in `build`, a number in `__init__`."""

    def __init__(self, power: int = 1, **kwargs: Any):
        super().__init__(**kwargs)
        self.power = power

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor**self.power


def test_own_layer_is_built_on_first_use_and_saved_by_its_arguments() -> None:
    layer = Scale(2)
    assert not layer.built
    np.testing.assert_allclose(layer(X), X)
    assert layer.built
    assert [v.path for v in layer.weights] == ["scale/factor"]
    assert layer.get_config() == {
        "name": "scale",
        "trainable": True,
        "dtype": {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": "float32"},
            "registered_name": None,
        },
        "power": 2,
    }
    config = layers.serialize(layer)
    again = layers.deserialize(config, custom_objects={"Scale": Scale})
    assert again.power == 2
    assert again.factor.shape == (4,)


def test_inner_layers_are_found_in_attributes_lists_and_dicts() -> None:
    class Block(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.first = layers.Dense(2)
            self.more = [layers.Dense(2), (layers.Dense(2),)]
            self.named = {"last": layers.Dense(2)}

        def call(self, x: Any) -> Any:
            x = self.more[0](self.first(x))
            return self.named["last"](self.more[1][0](x))

    block = Block()
    block(X)
    assert len(block.weights) == 8
    assert [v.path for v in block.weights][:4] == [
        "block/dense/kernel",
        "block/dense/bias",
        "block/dense_1/kernel",
        "block/dense_1/bias",
    ]
    block.trainable = False
    assert block.trainable_weights == []
    block.more[0].trainable = True
    assert len(block.trainable_weights) == 2


def test_training_reaches_inner_layers_and_defaults_to_false() -> None:
    seen = []

    class Probe(layers.Layer):
        def call(self, x: Any, training: bool = False) -> Any:
            seen.append(training)
            return x

    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.probe = Probe()

        def call(self, x: Any) -> Any:
            return self.probe(x)

    outer = Outer()
    outer(X)
    outer(X, training=True)
    outer(X, training=False)
    Probe()(X, True)
    assert seen == [False, True, False, True]


def test_losses_of_a_call_and_of_weights(keras: Any) -> None:
    class Penalty(layers.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(jnp.sum(x) * 0.1)
            return x

    layer = Penalty()
    for _ in range(2):  # each call starts anew
        layer(X)
        assert len(layer.losses) == 1
    np.testing.assert_allclose(layer.losses[0], X.sum() * 0.1, rtol=1e-5)
    dense = layers.Dense(2, kernel_regularizer=rb.regularizers.L2(0.5), activity_regularizer="l2")
    theirs = keras.layers.Dense(
        2, kernel_regularizer=keras.regularizers.L2(0.5), activity_regularizer="l2"
    )
    dense(X)
    theirs(X)
    theirs.set_weights(dense.get_weights())
    dense(X)
    theirs(X)
    np.testing.assert_allclose(
        sorted(float(v) for v in dense.losses),
        sorted(float(v) for v in theirs.losses),
        rtol=1e-5,
    )


def test_frozen_weights_are_not_trainable_and_back() -> None:
    layer = layers.Dense(2)
    layer.trainable = False
    layer(X)
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 2
    layer.trainable = True
    assert len(layer.trainable_weights) == 2


def test_stateless_call_changes_nothing() -> None:
    layer = layers.BatchNormalization()
    layer.build(X.shape)
    before = layer.get_weights()
    trainable = [v.value + 1 for v in layer.trainable_variables]
    fixed = [v.value for v in layer.non_trainable_variables]
    outputs, new = layer.stateless_call(trainable, fixed, X, training=True)
    assert outputs.shape == X.shape
    assert float(jnp.abs(new[0]).sum()) > 0
    for one, other in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_count_and_names() -> None:
    names = [layers.Dense(1).name, layers.Dense(1).name, layers.BatchNormalization().name]
    assert names == ["dense", "dense_1", "batch_normalization"]
    layer = layers.Dense(3)
    layer(X)
    assert layer.count_params() == 15
    rb.backend.clear_session()
    assert layers.Dense(1).name == "dense"


def test_integers_and_booleans_are_taken_as_they_are() -> None:
    layer = layers.Dense(2, kernel_initializer="ones")
    np.testing.assert_array_equal(layer(np.array([[1, 2, 3]])), [[6, 6]])
    np.testing.assert_array_equal(layer(np.array([[True, False, True]])), [[2, 2]])
    np.testing.assert_array_equal(layer([[1.0, 2.0, 3.0]]), [[6, 6]])
    assert layer(np.ones((1, 3), "float64")).dtype == "float32"
