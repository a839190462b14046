"""What single families of layers do beyond equal values: noise, normalization, products, rows."""

from __future__ import annotations

import re
from collections.abc import Callable
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
X = RNG.normal(size=(6, 4)).astype("float32")
STEPS = RNG.normal(size=(6, 3, 4)).astype("float32")


def compiled_model(*hidden: Any, shape: tuple[int, ...] = (4,)) -> Any:
    model = rb.Sequential([rb.Input(shape), *hidden, layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


# -- numbers that are arguments of programs --------------------------------------------------

NUMBERS: dict[str, Callable[[float], Any]] = {
    "ReLU": lambda n: layers.ReLU(max_value=2 * n, negative_slope=n, threshold=n / 2),
    "LeakyReLU": lambda n: layers.LeakyReLU(n),
    "ELU": lambda n: layers.ELU(n),
    "Dropout": lambda n: layers.Dropout(n, seed=1),
    "SpatialDropout1D": lambda n: layers.SpatialDropout1D(n, seed=1),
    "AlphaDropout": lambda n: layers.AlphaDropout(n, seed=1),
    "GaussianDropout": lambda n: layers.GaussianDropout(n, seed=1),
    "GaussianNoise": lambda n: layers.GaussianNoise(n, seed=1),
    "ActivityRegularization": lambda n: layers.ActivityRegularization(l1=n, l2=2 * n),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_compiles_nothing_and_counts(kind: str) -> None:
    x = STEPS if kind == "SpatialDropout1D" else X

    def loss(number: float) -> float:
        model = compiled_model(NUMBERS[kind](number), shape=x.shape[1:])
        model.set_weights([np.full(w.shape, 0.5, "float32") for w in model.weights])
        return model.fit(x, X[:, :1], epochs=2, shuffle=False, verbose=0).history["loss"][-1]

    programs.clear()
    first = loss(0.2)
    seen = programs.statistics.made
    second = loss(0.7)
    assert programs.statistics.made == seen
    programs.clear()
    assert second == loss(0.7)  # from a program of its own
    assert abs(first - second) > 1e-4


# -- noise -----------------------------------------------------------------------------------

NOISES: dict[str, Callable[[Any], Any]] = {
    "AlphaDropout": lambda library: library.layers.AlphaDropout(0.5, seed=9),
    "GaussianDropout": lambda library: library.layers.GaussianDropout(0.5, seed=9),
    "GaussianNoise": lambda library: library.layers.GaussianNoise(0.5, seed=9),
}


@pytest.mark.parametrize("kind", NOISES)
def test_noise_equals_keras_call_after_call(keras: Any, kind: str) -> None:
    ours, theirs = NOISES[kind](rb), NOISES[kind](keras)
    found = [np.asarray(ours(X, training=True)) for _ in range(3)]
    for one in found:
        np.testing.assert_allclose(one, theirs(X, training=True), rtol=1e-6, atol=1e-7)
    assert not np.array_equal(found[0], found[1])
    np.testing.assert_array_equal(ours(X), X)


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = RNG.normal(size=(400, 500)).astype("float32")
    found = np.asarray(layers.AlphaDropout(0.3, seed=1)(x, training=True))
    assert abs(found.mean() - x.mean()) < 0.01
    assert abs(found.var() - x.var()) < 0.02
    found = np.asarray(layers.AlphaDropout(0.3, seed=1)(np.ones_like(x), training=True))
    values, counts = np.unique(found, return_counts=True)
    np.testing.assert_allclose(counts / x.size, [0.3, 0.7], atol=0.01)
    factor = (0.7 * (1 + 0.3 * 1.7580993**2)) ** -0.5
    np.testing.assert_allclose(np.diff(values), factor * (1 + 1.7580993), rtol=1e-5)


def test_gaussian_noises_have_their_moments() -> None:
    ones = np.ones((400, 500), "float32")
    product = np.asarray(layers.GaussianDropout(0.2, seed=1)(ones, training=True))
    assert abs(product.mean() - 1) < 0.01
    assert abs(product.var() - 0.2 / 0.8) < 0.01
    total = np.asarray(layers.GaussianNoise(0.5, seed=1)(ones, training=True)) - ones
    assert abs(total.mean()) < 0.01
    assert abs(total.std() - 0.5) < 0.01


def test_spatial_dropout_drops_whole_features() -> None:
    images = np.ones((8, 3, 2, 5), "float32")
    last = np.asarray(layers.SpatialDropout2D(0.5, seed=1)(images, training=True))
    assert np.all(last == last[:, :1, :1, :])
    assert set(np.unique(last)) == {0.0, 2.0}
    first = layers.SpatialDropout2D(0.5, "channels_first", seed=1)(images, training=True)
    assert np.all(np.asarray(first) == np.asarray(first)[:, :, :1, :1])


def test_dropout_of_everything_has_a_gradient_of_zero() -> None:
    gradient = jax.grad(lambda x: layers.Dropout(1.0)(x, training=True).sum())(jnp.asarray(X))
    np.testing.assert_array_equal(gradient, np.zeros_like(X))


def test_activity_regularization_by_hand() -> None:
    layer = layers.ActivityRegularization(l1=0.1, l2=0.2)
    np.testing.assert_array_equal(layer(X), X)
    by_hand = (0.1 * np.abs(X).sum() + 0.2 * (X**2).sum()) / len(X)
    np.testing.assert_allclose(layer.losses, [by_hand], rtol=1e-5)


# -- normalization ---------------------------------------------------------------------------


def test_layer_and_group_normalization_equal_torch() -> None:
    ours = layers.LayerNormalization(axis=[1, 2], epsilon=1e-5)
    ours.build(STEPS.shape)
    ours.set_weights([RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))])
    gamma, beta = (torch.tensor(w) for w in ours.get_weights())
    theirs = torch.nn.functional.layer_norm(torch.tensor(STEPS), (3, 4), gamma, beta, 1e-5)
    np.testing.assert_allclose(ours(STEPS), theirs.numpy(), rtol=1e-4, atol=1e-5)
    ours = layers.GroupNormalization(2, epsilon=1e-5)
    found = ours(STEPS)
    theirs = torch.nn.functional.group_norm(torch.tensor(STEPS.swapaxes(1, 2)), 2, eps=1e-5)
    np.testing.assert_allclose(found, theirs.numpy().swapaxes(1, 2), rtol=1e-4, atol=1e-5)


def test_layer_normalization_of_large_values_is_exact() -> None:
    x = np.array([[10000.0, 10001.0, 10002.0, 10003.0]], "float32")
    found = layers.LayerNormalization(epsilon=0.0)(x)
    np.testing.assert_allclose(found, [np.array([-3, -1, 1, 3]) / np.sqrt(5)], rtol=1e-5)


def test_normalizations_see_inputs_before_they_are_rounded() -> None:
    x = np.array([[1000.0, 1001.0, 1002.0]], "float32")
    found = layers.LayerNormalization(dtype="mixed_bfloat16")(x)
    assert found.dtype == jnp.bfloat16
    np.testing.assert_allclose(np.asarray(found, "float32"), [[-1.22, 0, 1.22]], atol=0.01)


def test_rms_normalization_along_an_inner_axis_by_hand() -> None:
    layer = layers.RMSNormalization(axis=1, epsilon=0.0)
    layer.build(STEPS.shape)
    scale = np.array([1.0, 2.0, 3.0], "float32")
    layer.set_weights([scale])
    by_hand = STEPS / np.sqrt((STEPS**2).mean(1, keepdims=True)) * scale[None, :, None]
    np.testing.assert_allclose(layer(STEPS), by_hand, rtol=1e-5)


def test_rms_scaling_of_old_files_equals_keras(keras: Any) -> None:
    theirs = None
    with pytest.warns(UserWarning, match="rms_scaling"):
        theirs = keras.layers.LayerNormalization(rms_scaling=True)
    with pytest.warns(UserWarning, match=r"Fix: write `RMSNormalization\(\)`"):
        ours = layers.LayerNormalization(rms_scaling=True)
    with pytest.warns(UserWarning, match="rms_scaling"):
        expected = theirs(X)
    np.testing.assert_allclose(ours(X), expected, rtol=1e-5)
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_unit_normalization_of_zeros_has_finite_gradients(dtype: str) -> None:
    layer = layers.UnitNormalization(dtype=dtype)
    gradient = jax.grad(lambda x: layer(x).astype("float32").sum())(jnp.zeros((2, 3), dtype))
    assert jnp.isfinite(layer(jnp.zeros((2, 3), dtype))).all()
    assert not jnp.isnan(gradient).any()


@pytest.mark.parametrize(
    ("kind", "reductions"), [("LayerNormalization", 6), ("RMSNormalization", 3)]
)
def test_normalization_computes_nothing_twice(kind: str, reductions: int) -> None:
    layer = getattr(layers, kind)()
    layer(X)

    def loss(weights: Any, x: Any) -> Any:
        return jnp.sum(layer.stateless_call(weights, [], x)[0] ** 2)

    program = jax.jit(jax.grad(loss, (0, 1))).lower([v.value for v in layer.weights], X).compile()
    text = program.as_text()
    assert len(re.findall(r"= \S+ rsqrt\(", text)) == 1
    # Mean and variance, what comes back through each, and the sums for the weights; one for `sum`.
    assert len(re.findall(r"= \S+ reduce\(", text)) <= reductions


@pytest.mark.parametrize(("features", "units"), [(2, 2), (8, 50), (784, 300), (1, 5), (5, 1)])
def test_the_gradient_of_a_kernel_contracts_the_last_axis_of_what_it_multiplies(
    features: int, units: int
) -> None:
    # XLA leaves the product that contracts the first axes to oneDNN: slower, and each process waits
    # for its machine code to be made. Of one feature or unit it makes a sum of its own.
    layer, x = layers.Dense(units), np.ones((32, features), "float32")
    layer(x)

    def loss(weights: Any) -> Any:
        return jnp.sum(layer.stateless_call(weights, [], x)[0] ** 2)

    text = jax.jit(jax.grad(loss)).lower([v.value for v in layer.weights]).as_text()
    axes = re.findall(r"contracting_dims = (\[\d\] x \[\d\])", text)
    assert len(axes) == 2
    assert ("[0] x [0]" in axes) == (min(features, units) == 1)


# -- activations -----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 3, 4), (6, 1, 4), (4,), (1, 3, 1)])
def test_softmax_with_a_mask_equals_keras(keras: Any, shape: tuple[int, ...]) -> None:
    mask = np.random.default_rng(1).random(shape) < 0.6
    for one in (mask, mask.astype("float32")):
        found = layers.Softmax()(STEPS, mask=one)
        np.testing.assert_allclose(
            found, keras.layers.Softmax()(STEPS, mask=one), rtol=1e-5, atol=1e-7
        )
        np.testing.assert_array_equal(np.asarray(found)[~np.broadcast_to(mask, STEPS.shape)], 0)


def test_leaky_relu_takes_its_old_argument() -> None:
    with pytest.warns(UserWarning, match=r"Fix: write `LeakyReLU\(negative_slope=0.5\)`"):
        layer = layers.LeakyReLU(alpha=0.5)
    assert layer.negative_slope == 0.5


# -- products --------------------------------------------------------------------------------


def test_einsum_dense_takes_unknown_sizes_from_its_inputs() -> None:
    layer = layers.EinsumDense("abc,cd->abd", (None, 7), bias_axes="bd")
    assert layer.compute_output_shape((None, 3, 4)) == (None, 3, 7)
    layer(STEPS)
    assert layer.kernel.shape == (4, 7)
    assert layer.bias.shape == (3, 7)
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(layer(STEPS), STEPS @ kernel + bias, rtol=1e-5, atol=1e-6)
    free = layers.EinsumDense("...x,xy->...y", 7)
    assert free(rb.Input((None, 4))).shape == (None, None, 7)
    assert free(STEPS).shape == (6, 3, 7)


def test_einsum_dense_spreads_initial_weights_by_its_equation(keras: Any) -> None:
    arguments = {"equation": "abcd,cde->abe", "output_shape": (None, 50)}
    shape = (None, 3, 20, 30)
    spreads = []
    for library in (rb, keras):
        layer = library.layers.EinsumDense(kernel_initializer="he_normal", **arguments)
        layer.build(shape)
        spreads.append(float(np.std(layer.get_weights()[0])))
    np.testing.assert_allclose(spreads, np.sqrt(2 / 600), rtol=0.02)  # 600 inputs


def test_dot_functions_by_hand() -> None:
    a, b = X[:, :2], X[:, 2:]
    np.testing.assert_allclose(layers.dot([a, b]), (a * b).sum(1)[:, None], rtol=1e-5, atol=1e-6)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines = layers.dot([a, b], axes=1, normalize=True)
    np.testing.assert_allclose(cosines[:, 0], (a * b).sum(1) / lengths, rtol=1e-5)


def test_weights_made_after_the_base_class_has_built() -> None:
    class Base(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.first = self.add_weight(shape=(2,), name="first")

    class Derived(Base):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            layers.Layer.build(self, input_shape)
            self.second = self.add_weight(shape=(2,), name="second")

        def call(self, x: Any) -> Any:
            return x

    layer = Derived(name="d")
    layer(X)
    assert [v.path for v in layer.weights] == ["d/first", "d/second"]


# -- spectral normalization ------------------------------------------------------------------


def test_spectral_normalization_equals_keras_call_after_call(keras: Any) -> None:
    made = [
        library.layers.SpectralNormalization(library.layers.Dense(3), power_iterations=2)
        for library in (rb, keras)
    ]
    for layer in made:
        layer(X)
    ours, theirs = made
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    ours.set_weights(theirs.get_weights())
    for training in (False, True, True, False):
        np.testing.assert_allclose(
            ours(X, training=training), theirs(X, training=training), rtol=1e-5, atol=1e-6
        )
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_spectral_normalization_bounds_the_kernel_that_is_trained() -> None:
    wrapped = layers.SpectralNormalization(layers.Dense(8), power_iterations=3)
    model = compiled_model(wrapped)
    model.set_weights([5 * w for w in model.get_weights()])
    model.fit(X, X[:, :1], epochs=20, verbose=0)
    (largest, *_) = np.linalg.svd(wrapped.layer.get_weights()[0])[1]
    assert 0.9 < largest < 1.1  # 1, and one update on


def test_spectral_normalization_of_zeros_and_of_embeddings() -> None:
    zero = layers.SpectralNormalization(layers.Dense(3, kernel_initializer="zeros"))
    zero(X)
    before = zero.vector_u.numpy()
    np.testing.assert_array_equal(zero(X, training=True), np.zeros((6, 3)))
    np.testing.assert_array_equal(zero.vector_u.numpy(), before)
    words = layers.SpectralNormalization(layers.Embedding(5, 3), power_iterations=20)
    found = words(np.array([[0, 1], [4, 2]]), training=True)
    assert found.shape == (2, 2, 3)
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(np.linalg.svd(words.kernel.numpy())[1][0], 1, rtol=1e-3)


# -- rows ------------------------------------------------------------------------------------

ROWS: dict[str, tuple[Callable[[], Any], bool]] = {
    "LayerNormalization": (lambda: layers.LayerNormalization(), True),
    "LayerNormalization over rows": (lambda: layers.LayerNormalization(axis=[0, 1]), False),
    "RMSNormalization": (lambda: layers.RMSNormalization(), True),
    "RMSNormalization over rows": (lambda: layers.RMSNormalization(axis=-2), False),
    "UnitNormalization over rows": (lambda: layers.UnitNormalization(axis=0), False),
    "Softmax over rows": (lambda: layers.Softmax(axis=0), False),
    "Softmax": (lambda: layers.Softmax(), True),
    "GroupNormalization": (lambda: layers.GroupNormalization(2), True),
    "EinsumDense": (lambda: layers.EinsumDense("ab,bc->ac", 4), True),
    "EinsumDense of any rank": (lambda: layers.EinsumDense("...b,bc->...c", 4), True),
    "EinsumDense over rows": (lambda: layers.EinsumDense("ab,ac->cb", 4), False),
}


@pytest.mark.parametrize("kind", ROWS)
def test_layers_say_whether_rows_stay_apart(kind: str) -> None:
    make, apart = ROWS[kind]
    model = rb.Sequential([rb.Input((4,), batch_size=4), make()])
    assert model.training_session.task.rows_apart("predict") == apart


@pytest.mark.parametrize(("axis", "apart"), [(1, True), (0, False)])
def test_concatenation_says_whether_rows_stay_apart(axis: int, apart: bool) -> None:
    inputs = rb.Input((4,), batch_size=3)
    model = rb.Model(inputs, layers.Concatenate(axis=axis)([inputs, layers.ReLU()(inputs)]))
    assert model.training_session.task.rows_apart("predict") == apart


def test_a_layer_over_rows_sees_no_padding() -> None:
    model = rb.Sequential([rb.Input((4,)), layers.UnitNormalization(axis=0)])
    found = model.predict(X, batch_size=6, verbose=0)
    np.testing.assert_allclose(found, X / np.linalg.norm(X, axis=0), rtol=1e-5)


# -- files -----------------------------------------------------------------------------------


def everything(library: Any) -> Any:
    kinds = library.layers
    inputs = library.Input((4,), name="x")
    h = kinds.Dense(6)(inputs)
    for layer in (
        kinds.LayerNormalization(),
        kinds.PReLU("ones"),
        kinds.GroupNormalization(3),
        kinds.LeakyReLU(0.1),
        kinds.RMSNormalization(),
        kinds.ELU(0.5),
        kinds.UnitNormalization(),
        kinds.ReLU(negative_slope=0.2),
        kinds.AlphaDropout(0.1, seed=1),
        kinds.GaussianNoise(0.1, seed=1),
        kinds.GaussianDropout(0.1, seed=1),
        kinds.ActivityRegularization(0.1),
        kinds.RepeatVector(2),
        kinds.Permute((2, 1)),
        kinds.SpatialDropout1D(0.2, seed=1),
        kinds.EinsumDense("abc,cd->abd", (6, 3), bias_axes="d"),
    ):
        h = layer(h)
    gate = kinds.Softmax()(h)
    h = kinds.Flatten()(kinds.Dot(axes=(2, 2), normalize=True)([h, gate]))
    h = kinds.SpectralNormalization(kinds.Dense(2))(h)
    return library.Model(inputs, h)


def test_files_pass_both_ways(keras: Any, tmp_path: Path) -> None:
    ours, theirs = everything(rb), everything(keras)
    theirs.set_weights([RNG.normal(size=w.shape) for w in theirs.get_weights()])
    path = tmp_path / "theirs.keras"
    theirs.save(path)
    loaded = rb.models.load_model(path)
    np.testing.assert_allclose(loaded(X), theirs(X), rtol=1e-4, atol=1e-5)
    ours.set_weights([RNG.normal(size=w.shape) for w in ours.get_weights()])
    path = tmp_path / "ours.keras"
    ours.save(path)
    loaded = keras.models.load_model(path)
    np.testing.assert_allclose(loaded(X), ours(X), rtol=1e-4, atol=1e-5)
