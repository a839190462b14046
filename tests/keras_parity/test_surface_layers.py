"""Attributes and arguments of layers, metrics and scopes, against real Keras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

keras = pytest.importorskip("keras")
BOTH = [rb, keras]


@pytest.mark.parametrize("library", BOTH)
def test_paths_are_those_where_layers_were_built(library: Any) -> None:
    library.utils.clear_session()
    layers = library.layers
    given = library.Sequential([library.Input((3,)), layers.Dense(2, name="a")], name="g")
    later = library.Sequential([layers.Dense(2, name="a"), layers.Dropout(0.1)], name="s")
    later(np.ones((2, 3)))
    heads = layers.MultiHeadAttention(2, 3, name="mha")
    heads(np.ones((1, 2, 4)), np.ones((1, 2, 4)))
    assert given.layers[0].path == "g/a"
    assert [one.path for one in (*later.layers, later)] == ["s/a", None, "s"]
    paths = [one.path for one in heads._flatten_layers() if one.path]
    assert paths == ["mha", "mha/query", "mha/key", "mha/value", "mha/attention_output"]


@pytest.mark.parametrize("library", BOTH)
def test_small_attributes_of_layers(library: Any) -> None:
    dense = library.layers.Dense(2)
    assert dense.path is None
    dense.dtype_policy = "mixed_bfloat16"
    assert (dense.compute_dtype, dense.input_dtype) == ("bfloat16", "bfloat16")
    assert (dense.variable_dtype, dense.quantization_mode) == ("float32", None)
    assert dense.supports_jit is True
    assert dense.call_signature_parameters[0] == "inputs"
    assert (dense.lora_enabled, library.layers.GroupQueryAttention(3, 4, 2).num_repeats) == (
        False,
        2,
    )
    assert str(dense(np.ones((1, 3), "float32")).dtype) == "bfloat16"
    with pytest.raises(NotImplementedError):
        dense.add_metric("mae")


@pytest.mark.parametrize("library", BOTH)
def test_add_variable_and_a_gradient_that_overwrites(library: Any) -> None:
    class Layer(library.layers.Layer):
        def build(self, shape: Any) -> None:
            self.one = self.add_variable((2,), "ones", name="one")
            self.kept = self.add_weight(shape=(2,), overwrite_with_gradient=True, name="kept")

        def call(self, inputs: Any) -> Any:
            return inputs + self.one

    layer = Layer(name="mine")
    layer(np.ones((1, 2)))
    assert [one.path for one in layer.weights] == ["mine/one", "mine/kept"]
    assert [one.overwrite_with_gradient for one in layer.weights] == [False, True]
    assert layer.one.synchronization == "auto"


@pytest.mark.parametrize("library", BOTH)
def test_policies_by_path(library: Any) -> None:
    policies = library.dtype_policies
    float16 = library.DTypePolicy("float16")
    given = policies.DTypePolicyMap("float32", {"mha/query": library.DTypePolicy("bfloat16")})
    given["mha/v.*"] = float16
    heads = library.layers.MultiHeadAttention(2, 3, name="mha", dtype=given)
    heads(np.ones((1, 2, 4)), np.ones((1, 2, 4)))
    found = {one.name: one.compute_dtype for one in heads._flatten_layers() if one.path}
    assert (found["query"], found["value"], found["key"]) == ("bfloat16", "float16", "float32")
    again = type(heads).from_config(heads.get_config())
    assert again.dtype_policy["mha/value"].name == "float16"
    assert (given.name, len(given), list(given)) == ("map_float32", 2, ["mha/query", "mha/v.*"])
    assert ("mha/query" in given, "mha/value" in given) == (True, False)
    given["mha/.*"] = float16
    with pytest.raises(ValueError, match="matches multiple dtype policy"):
        given["mha/value"]
    with pytest.raises(ValueError, match="already exist"):
        given["mha/query"] = float16
    del given["mha/.*"]
    assert given["elsewhere"].name == "float32"
    with pytest.raises(ValueError, match="default_policy"):
        policies.DTypePolicyMap(given)
    with pytest.raises(TypeError, match="policy_map"):
        policies.DTypePolicyMap(policy_map=[1])


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"renorm_clipping": {"rmax": 1.1, "rmin": 0.9, "dmax": 0.2}},
        {"renorm_momentum": 0.5, "scale": False},
        {"center": False, "momentum": 0.8},
    ],
)
def test_batch_renormalization_is_keras_s(arguments: dict[str, Any], tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(2, 3, (32, 3)).astype("float32")
    found = []
    for library in BOTH:
        layers = library.layers
        normalization = layers.BatchNormalization(renorm=True, **arguments)
        dense = layers.Dense(1, kernel_initializer="ones")
        model = library.Sequential([library.Input((3,)), normalization, dense])
        model.compile(library.optimizers.SGD(0.01), "mse")
        model.fit(x, x[:, :1], batch_size=8, epochs=2, shuffle=False, verbose=0)
        found.append([*model.get_weights(), model.predict(x, verbose=0)])
        if library is rb:
            model.save(tmp_path / "model.keras")
            loaded = keras.saving.load_model(tmp_path / "model.keras")
            np.testing.assert_allclose(loaded.predict(x, verbose=0), found[0][-1], atol=1e-5)
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("library", BOTH)
@pytest.mark.parametrize("wrong", [{"max": 1}, {"rmax": 1, "rmin": 2}, {"dmax": -1}])
def test_bounds_of_renormalization_are_checked(library: Any, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="renorm_clipping"):
        library.layers.BatchNormalization(renorm=True, renorm_clipping=wrong)


@pytest.mark.filterwarnings("ignore:.*does not support masking")
@pytest.mark.parametrize("library", BOTH)
def test_a_pipeline_passes_masks_on(library: Any) -> None:
    layers = library.layers
    dense = layers.Dense(1, kernel_initializer="ones")
    pipeline = layers.Pipeline([layers.Masking(0.0), layers.TimeDistributed(dense)])
    x = np.array([[[1.0, 2.0], [0.0, 0.0]]], "float32")
    outputs = pipeline(x, mask=np.array([[True, False]]))
    np.testing.assert_allclose(outputs, [[[3.0], [0.0]]])
    np.testing.assert_array_equal(outputs._keras_mask, [[True, False]])


@pytest.mark.parametrize("library", BOTH)
def test_statistics_of_a_normalization_can_be_set(library: Any) -> None:
    x = np.array([[6.0]], "float32")
    learned = library.layers.Normalization()
    learned.adapt(np.array([[1.0], [3.0]]))
    learned.mean = np.array([[5.0]])
    np.testing.assert_allclose(learned(x), [[1.0]])
    given = library.layers.Normalization(mean=[1.0], variance=[4.0])
    given.build((None, 1))
    given.mean, given.variance = np.array([[3.0]]), given.variance
    np.testing.assert_allclose(given(x), [[1.5]])


def test_statistics_are_not_set_before_there_are_any() -> None:
    with pytest.raises(ValueError, match="`mean` is set before the layer is built"):
        rb.layers.Normalization().mean = 1.0


def test_a_lambda_s_code_is_run_where_safe_mode_says_so() -> None:
    with pytest.warns(UserWarning, match="A lambda is serialized as its code"):
        config = rb.layers.Lambda(lambda x: x * 2).get_config()
    for safe in (None, True):
        with pytest.raises(ValueError, match="code of a lambda"):
            rb.layers.Lambda.from_config(dict(config), safe_mode=safe)
    layer = rb.layers.Lambda.from_config(dict(config), safe_mode=False)
    np.testing.assert_allclose(layer(np.ones(2)), [2.0, 2.0])


@pytest.mark.parametrize("library", BOTH)
def test_configs_take_custom_objects(library: Any) -> None:
    class Twice(library.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs * 2

    config = library.layers.TimeDistributed(Twice()).get_config()
    layer = library.layers.TimeDistributed.from_config(config, custom_objects={"Twice": Twice})
    assert type(layer.layer) is Twice
    with library.saving.CustomObjectScope({"Twice": Twice}) as scope:
        assert library.saving.get_registered_object("Twice") is Twice
    assert scope.custom_objects == {"Twice": Twice}
    assert library.saving.get_registered_object("Twice") is None


@pytest.mark.parametrize("library", BOTH)
def test_small_members_of_metrics_optimizers_and_scopes(library: Any) -> None:
    auc = library.metrics.AUC(curve="PR")
    auc.update_state([0, 1, 1], [0.1, 0.4, 0.9])
    np.testing.assert_allclose(auc.interpolate_pr_auc(), auc.result())
    axes = [library.metrics.F1Score(average=kind).axis for kind in ("micro", "macro")]
    assert axes == [None, 0]
    sgd = library.optimizers.SGD(momentum=0.9)
    sgd.build([library.Variable(np.ones(2))])
    assert len(sgd.momentums) == 1
    scaled = library.optimizers.LossScaleOptimizer(sgd, dynamic=True)
    assert not scaled.check_finite([np.array([1.0, np.inf], "float32")])
    with pytest.raises(ValueError, match="dynamic=False"):
        library.optimizers.LossScaleOptimizer(library.optimizers.SGD(), dynamic=False)
    policy = library.DTypePolicy("float16")
    cast = policy.convert_input(np.ones(2, "float32"), True, "float16")
    assert (str(cast.dtype), policy.convert_input("a", True, "float16")) == ("float16", "a")
    x = library.KerasTensor((None, 4, 1))
    assert x.squeeze(axis=2).shape == (None, 4)
    assert (x.sparse, x.ragged) == (False, False)
    assert x.reshape(newshape=(-1, 2, 2)).shape == (None, 2, 2)


@pytest.mark.parametrize("library", BOTH)
def test_a_stateless_scope_checks_its_pairs(library: Any) -> None:
    variable = library.Variable(np.zeros(2))
    with pytest.raises(ValueError, match=r"[Ii]nvalid reference variable"):
        library.StatelessScope([(1, 2)])
    with pytest.raises(ValueError, match=r"[Ii]nvalid variable value"):
        library.StatelessScope([(variable, np.zeros(3))])
    with library.StatelessScope(None, collect_losses=True) as scope:
        scope.add_update((variable, np.ones(2)))
        scope.add_loss(1.0)
    assert (scope.losses, list(scope.state_mapping)) == ([1.0], [id(variable)])
    np.testing.assert_array_equal(scope.get_current_value(variable), [1.0, 1.0])
    assert not variable.numpy().any()


def test_the_arguments_of_call_and_build_are_given_by_name(
    tool: Callable[[str], ModuleType],
) -> None:
    members = tool("keras_members")
    tried = 0
    for name in ("Dense", "Dropout", "Add", "Embedding", "Flatten", "LayerNormalization", "Dot"):
        inputs = members.INPUTS.get(name, (members.X,))
        shapes = [[a.shape for a in one] if isinstance(one, list) else one.shape for one in inputs]
        found = []
        for library in BOTH:
            cls = getattr(library.layers, name)
            layer = members.EXAMPLES.get(name, lambda library, cls: cls())(library, cls)
            found.append(layer.compute_output_shape(input_shape=shapes[0]))
        assert found[0] == found[1]
        tried += 1
    assert tried == 7
