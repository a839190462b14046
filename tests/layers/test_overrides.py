"""What a user's subclass of a built-in layer overrides is asked, as in Keras on JAX."""

from __future__ import annotations

import warnings
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb

FLAT, STEPS = (4, 3), (4, 5, 3)
# For each layer its arguments and the shapes of its inputs.
LAYERS: dict[str, tuple[dict[str, Any], list[tuple[int, ...]]]] = {
    "Dense": ({"units": 2}, [FLAT]),
    "Activation": ({"activation": "tanh"}, [FLAT]),
    "Flatten": ({}, [STEPS]),
    "Permute": ({"dims": (2, 1)}, [STEPS]),
    "RepeatVector": ({"n": 2}, [FLAT]),
    "Dropout": ({"rate": 0.5}, [FLAT]),
    "SpatialDropout1D": ({"rate": 0.5}, [STEPS]),
    "GaussianDropout": ({"rate": 0.5}, [FLAT]),
    "GaussianNoise": ({"stddev": 0.5}, [FLAT]),
    "AlphaDropout": ({"rate": 0.5}, [FLAT]),
    "ActivityRegularization": ({"l2": 0.1}, [FLAT]),
    "BatchNormalization": ({}, [FLAT]),
    "LayerNormalization": ({}, [FLAT]),
    "RMSNormalization": ({}, [FLAT]),
    "GroupNormalization": ({"groups": 1}, [FLAT]),
    "UnitNormalization": ({}, [FLAT]),
    "Normalization": ({"mean": 0.5, "variance": 2.0}, [FLAT]),
    "Rescaling": ({"scale": 2.0}, [FLAT]),
    "Discretization": ({"bin_boundaries": [0.0, 1.0]}, [FLAT]),
    "Masking": ({}, [STEPS]),
    "ReLU": ({}, [FLAT]),
    "LeakyReLU": ({}, [FLAT]),
    "PReLU": ({}, [FLAT]),
    "ELU": ({}, [FLAT]),
    "Softmax": ({}, [FLAT]),
    "EinsumDense": ({"equation": "ab,bc->ac", "output_shape": 2}, [FLAT]),
    "Add": ({}, [FLAT, FLAT]),
    "Subtract": ({}, [FLAT, FLAT]),
    "Multiply": ({}, [FLAT, FLAT]),
    "Average": ({}, [FLAT, FLAT]),
    "Maximum": ({}, [FLAT, FLAT]),
    "Minimum": ({}, [FLAT, FLAT]),
    "Concatenate": ({}, [FLAT, FLAT]),
    "Dot": ({"axes": 1}, [FLAT, FLAT]),
    "GlobalAveragePooling1D": ({}, [STEPS]),
    "GlobalMaxPooling1D": ({}, [STEPS]),
    "Attention": ({}, [STEPS, STEPS]),
    "AdditiveAttention": ({}, [STEPS, STEPS]),
    "TimeDistributed": ({"layer": "dense"}, [STEPS]),
}


def of(library: Any, name: str) -> tuple[Any, dict[str, Any], Any]:
    """A layer's class, new arguments and symbolic inputs."""
    arguments, shapes = LAYERS[name]
    if "layer" in arguments:
        arguments = {"layer": library.layers.Dense(2)}
    inputs = [library.Input(shape[1:]) for shape in shapes]
    return getattr(library.layers, name), arguments, inputs if len(inputs) > 1 else inputs[0]


def shape_of(value: Any) -> tuple[tuple[int | None, ...], str]:
    return tuple(value.shape), str(value.dtype)


@pytest.mark.parametrize("name", LAYERS)
def test_build(name: str, keras: Any) -> None:
    def asked(library: Any) -> Any:
        cls, arguments, inputs = of(library, name)
        log: list[Any] = []

        class Mine(cls):  # type: ignore[misc, valid-type]
            def build(self, input_shape: Any) -> None:
                log.append(jax.tree_util.tree_map(lambda size: size, input_shape))
                super().build(input_shape)
                self.extra = self.add_weight(shape=(), name="extra", initializer="ones")

        layer = Mine(**arguments)
        before = layer.built
        outputs = layer(inputs)
        return before, log, [v.name for v in layer.weights], layer.built, shape_of(outputs)

    assert asked(rb) == asked(keras)


@pytest.mark.parametrize("name", sorted(LAYERS.keys() - {"Discretization"}))
def test_compute_output_shape(name: str, keras: Any) -> None:
    def asked(library: Any, answer: bool) -> Any:
        cls, arguments, inputs = of(library, name)
        log: list[bool] = []

        class Mine(cls):  # type: ignore[misc, valid-type]
            def compute_output_shape(self, input_shape: Any) -> Any:
                log.append(True)
                return (None, 7, 7) if answer else super().compute_output_shape(input_shape)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return shape_of(Mine(**arguments)(inputs)), bool(log)

    assert asked(rb, True) == asked(keras, True)
    assert asked(rb, False) == asked(keras, False)


def test_a_spec_that_asks_for_the_shape(keras: Any) -> None:
    def spec(library: Any) -> Any:
        class Mine(library.layers.Dense):  # type: ignore[name-defined, misc]
            def compute_output_spec(self, inputs: Any) -> Any:
                return library.KerasTensor(self.compute_output_shape(inputs.shape), "float16")

        return shape_of(Mine(3)(library.Input((4,))))

    assert spec(rb) == spec(keras) == ((None, 3), "float16")


def test_a_shape_without_a_trace_builds_the_layers_inside(keras: Any) -> None:
    def weights(library: Any) -> Any:
        class Mine(library.layers.Layer):  # type: ignore[name-defined, misc]
            def __init__(self) -> None:
                super().__init__()
                self.inner = library.layers.Dense(2)

            def call(self, inputs: Any) -> Any:
                return self.inner(inputs)

            def compute_output_shape(self, input_shape: Any) -> Any:
                return (*input_shape[:-1], 2)

        layer = Mine()
        outputs = layer(library.Input((3,)))
        return shape_of(outputs), [tuple(w.shape) for w in layer.weights]

    assert weights(rb) == weights(keras) == (((None, 2), "float32"), [(3, 2), (2,)])


def masked(x: np.ndarray, mask: np.ndarray, library: Any) -> Any:
    """An array with a mask that a layer has given it."""

    class Giving(library.layers.Layer):  # type: ignore[name-defined, misc]
        supports_masking = True

        def call(self, inputs: Any) -> Any:
            return inputs * 1.0

        def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
            return library.ops.convert_to_tensor(mask)

    layer = Giving()
    layer.supports_masking = True
    return layer(x)


X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("float32")
Z = np.random.default_rng(2).normal(size=(2, 3, 4)).astype("float32")
M = np.array([[True, True, False], [False, True, False]])
N = np.array([[True, False, False], [True, True, False]])


@pytest.mark.parametrize("name", ["Multiply", "Maximum", "Minimum", "Add", "Average"])
@pytest.mark.parametrize("steps", [(M, N), (M, None), (None, N), (M, N, M), (M, None, N)])
def test_merging_masked_steps(name: str, steps: tuple[Any, ...], keras: Any) -> None:
    def merged(library: Any) -> tuple[np.ndarray, Any]:
        arrays = [
            library.ops.convert_to_tensor(x) if mask is None else masked(x, mask, library)
            for x, mask in zip((X, Y, Z), steps, strict=False)
        ]
        out = getattr(library.layers, name)()(arrays)
        mask = getattr(out, "_keras_mask", None)
        return np.asarray(out), None if mask is None else np.asarray(mask)

    ours, theirs = merged(rb), merged(keras)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)
    np.testing.assert_equal(ours[1], theirs[1])


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_batch_normalization_of_masked_steps(axis: int, keras: Any) -> None:
    def normalized(library: Any) -> list[np.ndarray]:
        layer = library.layers.BatchNormalization(axis=axis)
        outputs = layer(X, training=True, mask=library.ops.convert_to_tensor(M))
        return [np.asarray(outputs), *map(np.asarray, layer.non_trainable_variables)]

    for ours, theirs in zip(normalized(rb), normalized(keras), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_an_explicit_mask_is_passed_on_whatever_else_is_alive(keras: Any) -> None:
    def given(library: Any) -> np.ndarray:
        layer = library.layers.BatchNormalization()
        outputs = layer(X, mask=library.ops.convert_to_tensor(M))
        return np.asarray(outputs._keras_mask)

    np.testing.assert_equal(given(keras), M)
    np.testing.assert_equal(given(rb), M)
    alive = masked(X, N, rb)
    np.testing.assert_equal(given(rb), M)
    assert alive is not None


def test_input_around_a_tensor(keras: Any) -> None:
    for library in (rb, keras):
        tensor = library.KerasTensor((None, 3), "float32", name="given")
        assert library.Input(tensor=tensor) is tensor
        model = library.Model(tensor, library.layers.Dense(2)(tensor))
        assert np.asarray(model(np.ones((2, 3), "float32"))).shape == (2, 2)
        for wrong in (
            {"shape": (4,)}, {"batch_size": 2}, {"batch_shape": (2, 3)}, {"dtype": "int32"},
        ):  # fmt: skip
            with pytest.raises(ValueError, match=next(iter(wrong))):
                library.Input(tensor=tensor, **wrong)
        with pytest.raises(ValueError, match="tensor"):
            library.Input(tensor=np.ones(3))


def test_variables_compare_by_value(keras: Any) -> None:
    for library in (rb, keras):
        variable = library.Variable(np.array([3.0, 4.0], "float32"))
        assert np.asarray(variable == 3).tolist() == [True, False]
        assert np.asarray(variable != np.array([3.0, 3.0])).tolist() == [False, True]
        assert np.asarray(variable == variable).tolist() == [True, True]
        rounded = round(library.Variable(np.array([1.26], "float32")), 1)
        np.testing.assert_allclose(np.asarray(rounded), [1.3], rtol=1e-6)
    variable = rb.Variable(np.zeros(2))
    assert {variable: 1}[variable] == 1  # and remain keys, each its own
    assert variable in [rb.Variable(0.0), variable][1:]
