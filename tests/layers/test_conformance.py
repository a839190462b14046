"""Every layer against real Keras: values, gradients, configs, dtypes, shapes."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

import rosenblatt as rb

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


@dataclass
class Case:
    """A layer with arguments, and the shapes it is called on."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    shapes: list[tuple[int, ...]] = field(default_factory=lambda: [(5, 4)])
    smooth: bool = True  # central differences make sense

    def __str__(self) -> str:
        arguments = ",".join(f"{k}={v}" for k, v in self.arguments.items())
        return f"{self.name}({arguments}){self.shapes[0]}"

    def make(self, library: Any, **extra: Any) -> Any:
        arguments = {
            key: value.make(library, **extra) if isinstance(value, Case) else value
            for key, value in self.arguments.items()
        }
        return getattr(library.layers, self.name)(**arguments, **extra)

    def inputs(self, seed: int = 0) -> Any:
        rng = np.random.default_rng(seed)
        arrays = [rng.normal(size=shape).astype("float32") for shape in self.shapes]
        return arrays if len(arrays) > 1 else arrays[0]


TWO = [(5, 4), (5, 4)]
CASES = [
    Case("Dense", {"units": 3}),
    Case("Dense", {"units": 3, "use_bias": False}),
    Case("Dense", {"units": 2, "activation": "tanh"}, [(5, 3, 4)]),
    Case("Dense", {"units": 3, "activation": "relu"}, smooth=False),
    Case("Dense", {"units": 3, "activation": "softmax", "kernel_initializer": "he_normal"}),
    Case(
        "Dense",
        {
            "units": 3,
            "kernel_regularizer": "l2",
            "bias_regularizer": "l2",
            "activity_regularizer": "l2",
            "kernel_constraint": "max_norm",
            "bias_constraint": "non_neg",
            "bias_initializer": "ones",
        },
    ),
    Case("Activation", {"activation": "sigmoid"}),
    Case("Activation", {"activation": "softplus"}, [(2, 3, 4)]),
    Case("Flatten", {}, [(2, 3, 4)]),
    Case("Flatten", {"data_format": "channels_first"}, [(2, 3, 4, 2)]),
    Case("Flatten", {}, [(6,)]),
    Case("Reshape", {"target_shape": (2, -1)}),
    Case("Reshape", {"target_shape": (4, 1, 3)}, [(2, 3, 4)]),
    Case("Dropout", {"rate": 0.4, "seed": 3}, [(8, 6)]),
    Case("Dropout", {"rate": 0.5, "seed": 3, "noise_shape": (None, 1, 4)}, [(6, 3, 4)]),
    Case("Dropout", {"rate": 0.0}),
    Case("BatchNormalization", {}, [(6, 4)]),
    Case("BatchNormalization", {"axis": 1, "momentum": 0.5, "epsilon": 0.1}, [(6, 3, 2)]),
    Case("BatchNormalization", {"center": False, "scale": False}, [(6, 3, 2)]),
    Case("BatchNormalization", {"trainable": False}, [(6, 4)]),
    Case("Normalization", {}),
    Case("Normalization", {"axis": None}),
    Case("Normalization", {"axis": (1, 2)}, [(5, 3, 4)]),
    Case("Normalization", {"axis": 1}, [(5, 3, 4)]),
    Case("Normalization", {"mean": [1.0, 2.0, 3.0, 4.0], "variance": [1.0, 4.0, 9.0, 0.0]}),
    Case("Normalization", {"mean": 2.0, "variance": 3.0, "invert": True}),
    Case(
        "Normalization",
        {"axis": (1, 2), "mean": [1.0, 2.0, 3.0], "variance": [1.0, 4.0, 9.0]},
        [(5, 2, 3, 4)],
    ),
    Case("Add", {}, [(5, 4), (5, 4), (5, 4)]),
    Case("Add", {}, [(5, 3, 4), (5, 4)]),
    Case("Add", {}, [(5, 1), (5, 4)]),
    Case("Subtract", {}, TWO),
    Case("Multiply", {}, TWO),
    Case("Average", {}, TWO),
    Case("Maximum", {}, TWO, smooth=False),
    Case("Minimum", {}, TWO, smooth=False),
    Case("Concatenate", {}, [(5, 4), (5, 2)]),
    Case("Concatenate", {"axis": 1}, [(5, 2, 3), (5, 4, 3)]),
    Case("Dot", {"axes": 1}, TWO),
    Case("Dot", {"axes": -1, "normalize": True}, TWO),
    Case("Dot", {"axes": (1, 2)}, [(5, 3, 2), (5, 4, 3)]),
    Case("Dot", {"axes": (2, 1), "normalize": True}, [(5, 2, 3), (5, 3)]),
    Case("Dot", {"axes": -1}, [(5, 3), (5, 2, 4, 3)]),
    Case("ReLU", smooth=False),
    Case("ReLU", {"negative_slope": 0.3}, smooth=False),
    Case("ReLU", {"max_value": 1.0, "negative_slope": 0.2, "threshold": 0.5}, smooth=False),
    Case("ReLU", {"max_value": 0.5}, smooth=False),
    Case("LeakyReLU", smooth=False),
    Case("LeakyReLU", {"negative_slope": 0.05}, [(5, 3, 4)], smooth=False),
    Case("ELU"),
    Case("ELU", {"alpha": 0.4}, smooth=False),
    Case("PReLU", smooth=False),
    Case("PReLU", {"shared_axes": 1, "alpha_initializer": "ones"}, [(5, 3, 4)], smooth=False),
    Case("PReLU", {"shared_axes": [2], "alpha_regularizer": "l2"}, [(5, 3, 4)], smooth=False),
    Case("Softmax"),
    Case("Softmax", {"axis": 1}, [(5, 3, 4)]),
    Case("Softmax", {"axis": (1, 2)}, [(5, 3, 4)]),
    Case("Softmax", {"axis": [2]}, [(5, 3, 4)]),
    Case("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"}),
    Case(
        "EinsumDense",
        {"equation": "abc,cd->abd", "output_shape": (2, 3), "bias_axes": "bd"},
        [(5, 2, 4)],
    ),
    Case(
        "EinsumDense",
        {"equation": "...x,xy->...y", "output_shape": 3, "activation": "tanh"},
        [(5, 2, 4)],
    ),
    Case(
        "EinsumDense",
        {"equation": "ab...,bc->ac...", "output_shape": 3, "bias_axes": "c"},
        [(5, 4, 2)],
    ),
    Case(
        "EinsumDense",
        {
            "equation": "abc,cde->abde",
            "output_shape": [2, 2, 3],
            "bias_axes": "e",
            "kernel_regularizer": "l2",
            "bias_regularizer": "l2",
            "activity_regularizer": "l2",
            "kernel_constraint": "non_neg",
            "bias_constraint": "non_neg",
            "kernel_initializer": "he_normal",
        },
        [(5, 2, 4)],
    ),
    Case("LayerNormalization"),
    Case("LayerNormalization", {"axis": [1, 2], "epsilon": 0.1}, [(5, 3, 4)]),
    Case("LayerNormalization", {"axis": 1, "center": False}, [(5, 3, 4)]),
    Case("LayerNormalization", {"axis": [-2], "scale": False}, [(5, 3, 4)]),
    Case(
        "LayerNormalization",
        {
            "beta_initializer": "ones",
            "gamma_initializer": "zeros",
            "beta_regularizer": "l2",
            "gamma_regularizer": "l2",
            "beta_constraint": "non_neg",
            "gamma_constraint": "max_norm",
        },
    ),
    Case("GroupNormalization", {"groups": 2}),
    Case("GroupNormalization", {"groups": -1, "scale": False}, [(5, 3, 4)]),
    Case("GroupNormalization", {"groups": 3, "axis": 1, "epsilon": 0.1}, [(5, 6, 4)]),
    Case("GroupNormalization", {"groups": 2, "axis": -2, "center": False}, [(5, 3, 4, 2)]),
    Case("RMSNormalization"),
    Case("RMSNormalization", {"axis": [1, 2], "epsilon": 0.1}, [(5, 3, 4)]),
    Case("UnitNormalization"),
    Case("UnitNormalization", {"axis": (1, 2)}, [(5, 3, 4)]),
    Case("SpatialDropout1D", {"rate": 0.5, "seed": 3}, [(6, 3, 4)]),
    Case("SpatialDropout2D", {"rate": 0.5, "seed": 3}, [(6, 3, 2, 4)]),
    Case(
        "SpatialDropout3D",
        {"rate": 0.5, "seed": 3, "data_format": "channels_first"},
        [(6, 4, 3, 2, 2)],
    ),
    Case("AlphaDropout", {"rate": 0.4, "seed": 3}, [(8, 6)]),
    Case("AlphaDropout", {"rate": 0.4, "seed": 3, "noise_shape": (None, 1)}, [(8, 6)]),
    Case("GaussianDropout", {"rate": 0.4, "seed": 3}),
    Case("GaussianNoise", {"stddev": 0.4, "seed": 3}),
    Case("GaussianNoise", {"stddev": 0.0}),
    Case("ActivityRegularization", {"l1": 0.1, "l2": 0.2}),
    Case("Permute", {"dims": (2, 1)}, [(5, 3, 4)]),
    Case("Permute", {"dims": [3, 1, 2]}, [(2, 3, 4, 5)]),
    Case("RepeatVector", {"n": 3}),
    Case("Identity"),
    Case("Masking", {}, [(5, 3, 4)]),
    Case("Masking", {"mask_value": -1.0}, [(5, 3, 2, 4)]),
    Case("Cropping1D", {}, [(5, 6, 4)]),
    Case("Cropping1D", {"cropping": 2}, [(5, 6, 4)]),
    Case("Cropping1D", {"cropping": [0, 1]}, [(5, 3, 4)]),
    Case("Cropping1D", {"cropping": (3, 0)}, [(5, 6, 4)]),
    Case("ZeroPadding1D", {}, [(5, 3, 4)]),
    Case("ZeroPadding1D", {"padding": [0, 2]}, [(5, 3, 4)]),
    Case("ZeroPadding1D", {"padding": 2, "data_format": "channels_first"}, [(5, 3, 4)]),
    Case("UpSampling1D", {}, [(5, 3, 4)]),
    Case("UpSampling1D", {"size": 3}, [(5, 2, 4)]),
    Case("GlobalAveragePooling1D", {}, [(5, 3, 4)]),
    Case("GlobalAveragePooling1D", {"keepdims": True}, [(5, 3, 4)]),
    Case(
        "GlobalAveragePooling1D", {"data_format": "channels_first", "keepdims": True}, [(5, 3, 4)]
    ),
    Case("GlobalAvgPool1D", {"data_format": "channels_first"}, [(5, 3, 4)]),
    Case("GlobalMaxPooling1D", {}, [(5, 3, 4)]),
    Case("GlobalMaxPooling1D", {"keepdims": True}, [(5, 3, 4)]),
    Case("GlobalMaxPool1D", {"data_format": "channels_first"}, [(5, 3, 4)]),
    Case("TimeDistributed", {"layer": Case("Dense", {"units": 2})}, [(5, 3, 4)]),
    Case("TimeDistributed", {"layer": Case("Flatten")}, [(5, 2, 3, 4)]),
    Case("TimeDistributed", {"layer": Case("BatchNormalization")}, [(5, 3, 4)]),
    Case(
        "TimeDistributed",
        {"layer": Case("Dropout", {"rate": 0.5, "seed": 3})},
        [(5, 3, 4)],
    ),
    Case("Attention", {}, [(5, 3, 4), (5, 2, 4)]),
    Case("Attention", {"use_scale": True}, [(5, 3, 4), (5, 2, 3), (5, 2, 4)]),
    Case("Attention", {"score_mode": "concat"}, [(5, 3, 4), (5, 2, 4)]),
    Case(
        "Attention",
        {"score_mode": "concat", "use_scale": True, "dropout": 0.4, "seed": 3},
        [(5, 3, 4), (5, 2, 4)],
    ),
    Case("AdditiveAttention", {}, [(5, 3, 4), (5, 2, 4)]),
    Case(
        "AdditiveAttention",
        {"use_scale": False, "dropout": 0.4, "seed": 3},
        [(5, 3, 4), (5, 2, 3), (5, 2, 4)],
    ),
]
everyone = pytest.mark.parametrize("case", CASES, ids=str)


def pair(keras: Any, case: Case, **extra: Any) -> tuple[Any, Any]:
    """Real Keras's layer and ours, built, with equal weights."""
    theirs, ours = case.make(keras, **extra), case.make(rb, **extra)
    x = case.inputs()
    theirs(x)
    ours(x)
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    rng = np.random.default_rng(1)
    weights = [np.asarray(rng.uniform(0.5, 1.5, v.shape)).astype(v.dtype) for v in theirs.weights]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    if case.name == "Normalization":
        theirs.finalize_state()
    return theirs, ours


def takes_training(layer: Any) -> bool:
    return "training" in inspect.signature(layer.call).parameters


def run(layer: Any, x: Any, training: bool, weights: Any = None) -> Any:
    """Outputs and new state, as a pure function of trainable weights and inputs."""
    given = {"training": training} if takes_training(layer) else {}
    weights = [v.value for v in layer.trainable_variables] if weights is None else weights
    state = [v.value for v in layer.non_trainable_variables]
    return layer.stateless_call(weights, state, x, **given)


def gradients(layer: Any, x: Any, training: bool) -> Any:
    """Gradients of a fixed projection of the outputs, by weights and inputs."""

    def loss(weights: Any, inputs: Any) -> Any:
        outputs, _ = run(layer, inputs, training, weights)
        return jnp.sum(jnp.sin(jnp.arange(outputs.size)).reshape(outputs.shape) * outputs)

    weights = [v.value for v in layer.trainable_variables]
    x = jax.tree_util.tree_map(jnp.asarray, x)
    return jax.tree_util.tree_leaves(jax.jit(jax.grad(loss, (0, 1)))(weights, x))


@everyone
@pytest.mark.parametrize("training", [False, True])
def test_values_gradients_and_state_equal_keras(keras: Any, case: Case, training: bool) -> None:
    theirs, ours = pair(keras, case)
    x = case.inputs(2)
    (expected, expected_state), (found, state) = run(theirs, x, training), run(ours, x, training)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert len(state) == len(expected_state)
    for one, other in zip(state, expected_state, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    for one, other in zip(
        gradients(ours, x, training), gradients(theirs, x, training), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@everyone
def test_gradients_equal_central_differences(case: Case) -> None:
    if not case.smooth:
        pytest.skip("the function has kinks")
    layer = case.make(rb)
    x = jax.tree_util.tree_map(jnp.asarray, case.inputs())
    layer(x)
    weights = [v.value + 0.1 for v in layer.trainable_variables]

    @jax.jit
    def function(weights: Any, inputs: Any) -> Any:
        return run(layer, inputs, True, weights)[0]

    check_grads(function, (weights, x), order=1, modes=["rev"], atol=2e-2, rtol=2e-2)


@everyone
@pytest.mark.parametrize("dtype", [None, "mixed_bfloat16", "bfloat16"])
def test_config_equals_keras_and_loads_in_both(keras: Any, case: Case, dtype: Any) -> None:
    theirs, ours = case.make(keras, dtype=dtype), case.make(rb, dtype=dtype)

    def serialize(layer: Any) -> Any:
        config = keras.saving.serialize_keras_object(layer)
        if case.name.startswith("SpatialDropout") and dtype is not None:
            config["config"]["dtype"] = dtype  # Keras's own config loses a mixed policy
        return config

    assert rb.layers.serialize(ours) == serialize(theirs)
    theirs(case.inputs())
    ours(case.inputs())
    config = rb.layers.serialize(ours)
    assert config == serialize(theirs)
    text = json.loads(json.dumps(config))
    again = rb.layers.deserialize(text)
    assert type(again) is type(ours)
    assert again.name == ours.name
    assert ours.supports_masking == theirs.supports_masking
    assert again.built
    assert json.loads(json.dumps(rb.layers.serialize(again))) == text
    assert [v.shape for v in again.weights] == [v.shape for v in ours.weights]
    loaded = keras.layers.deserialize(json.loads(json.dumps(text)))  # Keras takes it apart
    assert json.loads(json.dumps(serialize(loaded))) == text


@everyone
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "bfloat16"])
def test_low_precision_equals_keras(keras: Any, case: Case, dtype: str) -> None:
    theirs, ours = pair(keras, case, dtype=dtype)
    for options in ({}, {"training": True}) if takes_training(ours) else ({},):
        expected, found = theirs(case.inputs(2), **options), ours(case.inputs(2), **options)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(
            np.asarray(found, "float32"), np.asarray(expected, "float32"), rtol=0.04, atol=0.04
        )
    if case.name != "Normalization":  # whose statistics we keep in float32 whatever the policy
        assert [v.dtype for v in ours.weights] == [v.dtype for v in theirs.weights]


@everyone
def test_output_shape_equals_keras_and_the_question_builds_nothing(keras: Any, case: Case) -> None:
    for rows in (5, None):
        shapes: Any = [(rows, *shape[1:]) for shape in case.shapes]
        shapes = shapes if len(shapes) > 1 else shapes[0]
        ours = case.make(rb)
        built = ours.built
        expected = tuple(case.make(keras).compute_output_shape(shapes))  # some give a list
        assert ours.compute_output_shape(shapes) == expected
        assert ours.built == built
        assert not ours.weights


@everyone
def test_symbolic_and_eager_calls_agree(case: Case) -> None:
    x = case.inputs()
    layer = case.make(rb)
    several = isinstance(x, list)
    inputs = [rb.Input(shape[1:]) for shape in case.shapes]
    output = layer(inputs if several else inputs[0])
    model = rb.Model(inputs, output)
    np.testing.assert_allclose(model(x), layer(x), rtol=1e-6)
    assert output.shape == (None, *layer(x).shape[1:])
    assert output.dtype == layer(x).dtype


@everyone
def test_nothing_is_compiled_by_making_building_and_joining(case: Case, compiled: list) -> None:
    layer = case.make(rb)
    inputs = [rb.Input(shape[1:]) for shape in case.shapes]
    layer(inputs if len(inputs) > 1 else inputs[0])
    assert layer.built
    assert compiled == []


@everyone
def test_a_traced_call_equals_an_eager_one_and_leaks_nothing(case: Case) -> None:
    layer = case.make(rb)
    x = case.inputs()
    layer(x)
    before = layer.get_weights()

    @jax.jit
    def traced(weights: Any, inputs: Any) -> Any:
        return run(layer, inputs, True, weights)[0]

    eager = run(layer, x, True)[0]
    found = traced([v.value for v in layer.trainable_variables], x)
    np.testing.assert_allclose(found, eager, rtol=1e-5, atol=1e-5)
    for variable, value in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
