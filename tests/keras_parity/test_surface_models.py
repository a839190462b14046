"""Names, attributes and arguments of models that other people's code uses, against real Keras."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import rosenblatt as rb

keras = pytest.importorskip("keras")
BOTH = [rb, keras]
X = np.linspace(0, 1, 12).reshape(4, 3).astype("float32")
Y = X[:, :1]


def trained(library: Any) -> Any:
    library.utils.clear_session()
    layers = library.layers
    model = library.Sequential(
        [
            library.Input((3,)),
            layers.Dense(2, name="a"),
            layers.BatchNormalization(name="bn"),
            layers.Dense(1, name="r"),
        ],
        name="s",
    )
    model.compile(library.optimizers.Adam(0.1), "mse", metrics=["mae"])
    model.set_weights([np.full(w.shape, 0.5) for w in model.get_weights()])
    model.fit(X, Y, batch_size=2, verbose=0, shuffle=False)
    return model


def state(model: Any) -> tuple[list[Any], ...]:
    held = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    return tuple([v.value for v in group] for group in held)


def test_the_state_tree_is_keras_s() -> None:
    ours, theirs = (trained(library).get_state_tree("numpy_array") for library in BOTH)
    flat, structure = jax.tree_util.tree_flatten(ours)
    expected, wanted = jax.tree_util.tree_flatten(theirs)
    assert structure == wanted
    for one, other in zip(flat, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_state_tree_is_given_back_in_parts() -> None:
    model = trained(rb)
    tree = model.get_state_tree()
    zeros = jax.tree_util.tree_map(lambda v: v * 0, tree)
    model.set_state_tree({"trainable_variables": zeros["trainable_variables"]})
    assert not model.get_layer("a").kernel.numpy().any()
    assert model.get_layer("bn").moving_mean.numpy().any()
    model.set_state_tree(tree)
    assert model.get_layer("a").kernel.numpy().any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": {}}, "unknown group 'weights'"),
        ({"trainable_variables": {"s": {"b": np.zeros(1)}}}, "has no variable 's/b'"),
        ({"trainable_variables": {"s": {"a": {"bias": np.zeros(9)}}}}, "another shape"),
    ],
)
def test_a_state_tree_that_does_not_fit_changes_nothing(change: Any, message: str) -> None:
    model = trained(rb)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.set_state_tree(change)
    assert all(map(np.array_equal, before, model.get_weights()))
    with pytest.raises(ValueError, match="invalid `value_format`"):
        model.get_state_tree("torch")


def test_losses_and_gradients_of_compute_loss_and_updates_are_keras_s() -> None:
    found = []
    for library in BOTH:
        model = trained(library)
        weights, others, slots, metrics = state(model)

        def loss(*groups: Any, model: Any = model, slots: Any = slots) -> Any:
            return model.compute_loss_and_updates(*groups, training=True, optimizer_variables=slots)

        step = jax.value_and_grad(loss, has_aux=True)
        (value, aux), gradients = step(weights, others, metrics, X, Y, None)
        found.append([value, aux[0], aux[1], *aux[2], *gradients])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["train", "test", "predict"])
def test_step_functions_take_keras_s_state_and_iterator(kind: str) -> None:
    found = []
    for library in BOTH:
        model = trained(library)
        model.steps_per_execution = 2
        groups = state(model)
        given = {"train": groups, "test": (*groups[:2], groups[3]), "predict": groups[:2]}[kind]
        getattr(model, f"make_{kind}_function")(force=True)
        function = getattr(model, f"{kind}_function")
        result, new = function(given, iter([(X, Y), (X, Y)]))
        found.append([*jax.tree_util.tree_leaves(result), *new[0], *new[1]])
        assert getattr(model, f"{kind}_function") is function
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("library", BOTH)
def test_operations_are_layers_and_ops(library: Any) -> None:
    inputs = library.Input((3,), name="x")
    outputs = library.ops.relu(library.layers.Dense(2, name="d")(inputs))
    model = library.Model(inputs, outputs)
    assert [type(one).__name__ for one in model.operations] == ["InputLayer", "Dense", "Relu"]


class Kinds:
    """A layer's class that notes what its calls get: arrays, or traced values."""

    def __init__(self, library: Any):
        seen = self.seen = set()

        class Watched(library.layers.Layer):
            def call(self, inputs: Any) -> Any:
                seen.add(isinstance(inputs, jax.core.Tracer))
                return inputs

        layers = [library.Input((3,)), Watched(), library.layers.Dense(1)]
        self.model = library.Sequential(layers)


def set_eagerly(model: Any) -> None:
    model.compile("sgd", "mse")
    model.run_eagerly = True


def set_without_jit(model: Any) -> None:
    model.compile("sgd", "mse")
    model.jit_compile = False


def without_support(model: Any) -> None:
    model.layers[0].supports_jit = False
    model.compile("sgd", "mse")


@pytest.mark.parametrize("change", [set_eagerly, set_without_jit, without_support])
def test_what_is_said_of_compilation_counts(change: Any) -> None:
    kinds = Kinds(rb)
    change(kinds.model)
    kinds.seen.clear()
    kinds.model.fit(X, Y, verbose=0)
    assert False in kinds.seen  # arrays with values
    kinds.model.compile("sgd", "mse", jit_compile=False)
    kinds.model.layers[0].supports_jit = True
    kinds.model.run_eagerly, kinds.model.jit_compile = False, True
    kinds.seen.clear()
    kinds.model.fit(X, Y, verbose=0)
    assert kinds.seen == {True}


@pytest.mark.parametrize("library", BOTH)
def test_jit_compile_without_support_is_a_warning(library: Any) -> None:
    model = Kinds(library).model
    model.layers[0].supports_jit = False
    with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
        model.compile("sgd", "mse", jit_compile=True)
    assert model.jit_compile is False


@pytest.mark.parametrize("library", BOTH)
def test_attributes_of_compile(library: Any) -> None:
    model = library.Sequential([library.Input((3,)), library.layers.Dense(1)])
    assert (model.loss, model.compiled, model.run_eagerly) == (None, False, False)
    model.compile("sgd", "mse", steps_per_execution=3)
    assert (model.loss, model.steps_per_execution, model.jit_compile) == ("mse", 3, True)
    assert (model.train_function, model.test_function, model.predict_function) == (None,) * 3
    for name in ("loss", "compiled", "run_eagerly", "jit_compile", "steps_per_execution"):
        setattr(model, name, getattr(model, name))
    model.fit(X, Y, verbose=0)


def test_compiled_is_set_to_false_only() -> None:
    model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])
    with pytest.raises(ValueError, match="`compiled` cannot be set to True"):
        model.compiled = True
    model.compile("sgd", "mse")
    model.compiled = False
    with pytest.raises(ValueError, match="must be compiled before"):
        model.fit(X, Y)


def test_output_names_that_are_set_name_losses_and_metrics() -> None:
    inputs = rb.Input((3,))
    model = rb.Model(inputs, [rb.layers.Dense(1)(inputs), rb.layers.Dense(1)(inputs)])
    model.output_names = ["price", "size"]
    model.compile("sgd", {"price": "mse", "size": "mae"}, metrics={"size": ["mse"]})
    logs = model.fit(X, {"price": Y, "size": Y}, verbose=0).history
    assert {"price_loss", "size_loss", "size_mse"} <= logs.keys()


@pytest.mark.parametrize("library", BOTH)
def test_a_function_computes_what_lies_between_tensors(library: Any) -> None:
    x, z = library.KerasTensor((None, 2)), library.KerasTensor((None, 2))
    function = library.Function([x, z], [library.ops.sigmoid(x + z)])
    (outputs,) = function([np.zeros((1, 2), "float32")] * 2)
    np.testing.assert_allclose(outputs, [[0.5, 0.5]])
    assert [type(one).__name__ for one in function.operations] == ["Add", "Sigmoid"]
    assert function.compute_output_shape([(3, 2), (3, 2)]) == [(3, 2)]
    assert library.Function({"a": x}, {"o": x * 2})({"a": np.ones((1, 2))})["o"].shape == (1, 2)
    with pytest.raises(ValueError, match="`inputs`"):
        library.Function([], [x])


def test_limits_on_epochs_and_steps_are_keras_s() -> None:
    found = []
    for library in BOTH:
        model = library.Sequential([library.Input((3,)), library.layers.Dense(1)])
        model.compile("sgd", "mse")
        library.config.set_max_epochs(2)
        library.config.set_max_steps_per_epoch(1)
        try:
            with pytest.warns(UserWarning, match="Limiting"):
                epochs = len(model.fit(X, Y, batch_size=2, epochs=5, verbose=0).epoch)
            with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 1"):
                shape = model.predict(X, batch_size=2, verbose=0).shape
            limits = library.config.max_epochs(), library.config.max_steps_per_epoch()
        finally:
            library.config.set_max_epochs(None)
            library.config.set_max_steps_per_epoch(None)
        steps = int(np.asarray(model.optimizer.iterations))
        found.append((epochs, shape, limits, steps, len(model.fit(X, Y, verbose=0).epoch)))
    assert found[0] == found[1] == (2, (2, 1), (2, 1), 2, 1)


LIMITED = """
import sys, {library} as library
print(library.config.max_epochs(), library.config.max_steps_per_epoch())
library.config.set_max_epochs(None)
library.config.set_max_steps_per_epoch(4)
print(library.config.max_epochs(), library.config.max_steps_per_epoch())
"""


def test_limits_come_from_keras_s_variables_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "3")
    monkeypatch.setenv("KERAS_MAX_STEPS_PER_EPOCH", "7")
    assert (rb.config.max_epochs(), rb.config.max_steps_per_epoch()) == (None, None)

    def of(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert of(LIMITED.format(library="rosenblatt")).stdout == "3 7\nNone 4\n"
    assert of(LIMITED.format(library="keras")).stdout == "3 7\nNone 4\n"
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "few")
    assert (
        "The environment variable KERAS_MAX_EPOCHS is not a limit. Given: 'few'. Expected: a whole "
        "number."
    ) in of(LIMITED.format(library="rosenblatt")).stderr


@pytest.mark.parametrize("wrong", ["3", -1, 2.5, True])
def test_wrong_limits(wrong: Any) -> None:
    for name in ("max_epochs", "max_steps_per_epoch"):
        with pytest.raises(ValueError, match=f"set_{name}: bad `{name}`. Given: {wrong!r}. Expect"):
            getattr(rb.config, f"set_{name}")(wrong)
        assert getattr(rb.config, name)() is None


@pytest.mark.parametrize("library", BOTH)
def test_flags_are_read_as_they_were_set(library: Any) -> None:
    config = library.config
    assert config.is_flash_attention_enabled() is None
    config.disable_flash_attention()
    assert config.is_flash_attention_enabled() is False
    config.enable_flash_attention()
    assert config.is_flash_attention_enabled() is None
    assert config.is_nnx_enabled() is False
    assert library.version() == library.__version__
    config.disable_interactive_logging()
    assert not library.utils.is_interactive_logging_enabled()
    config.enable_interactive_logging()
    assert library.utils.is_interactive_logging_enabled()


def test_without_interactive_logging_lines_go_to_the_log(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])
    model.compile("sgd", "mse")
    rb.config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", "rosenblatt"):
            model.fit(X, Y)
            model.summary()
    finally:
        rb.config.enable_interactive_logging()
    assert not capsys.readouterr().out
    assert any("loss:" in line for line in caplog.messages)
    assert any("Total params" in line for line in caplog.messages)


@pytest.mark.parametrize("library", BOTH)
def test_a_device_and_a_name_scope(library: Any) -> None:
    with library.device("cpu:0"):
        assert library.ops.ones(2).shape == (2,)
    with pytest.raises((ValueError, RuntimeError)), library.device("tpu:9"):
        pass
    with library.name_scope("aa"):
        variable = library.Variable(np.zeros(2), name="v")
        with library.name_scope("bb"):
            inner = library.Variable(np.zeros(2), name="w")
        dense = library.layers.Dense(2, name="d")
        dense(np.ones((1, 2)))
    assert [one.path for one in (variable, inner, dense.kernel, dense)] == [
        "aa/v", "aa/bb/w", "aa/d/kernel", "aa/d",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="name"):
        library.name_scope("a/b")
    with library.name_scope("a", caller=1), library.name_scope("a", caller=1):
        assert library.Variable(np.zeros(2), name="v").path == "a/v"
    with library.name_scope("a"), library.name_scope("b", override_parent="c"):
        assert library.Variable(np.zeros(2), name="v").path == "c/b/v"


@pytest.mark.parametrize("library", BOTH)
def test_a_functional_model_has_its_path_from_the_start(library: Any) -> None:
    inputs = library.Input((3,))
    inner = library.Model(inputs, library.layers.Dense(1, name="d")(inputs), name="inner")
    assert (inner.path, inner.layers[1].path) == ("inner", "d")
    outer = library.Model(inputs, inner(inputs), name="outer")
    assert (inner.path, outer.path) == ("inner", "outer")


def test_a_functional_model_says_what_its_inputs_must_look_like() -> None:
    def described(library: Any, **shapes: tuple[int | None, ...]) -> list[Any]:
        inputs = {n: library.Input(shape, name=n) for n, shape in shapes.items()}
        dense = [library.layers.Dense(1)(one) for one in inputs.values()]
        model = library.Model(inputs, library.layers.Add()(dense))
        one = library.Model(*[next(iter(inputs.values())), dense[0]])
        keys = ("shape", "ndim", "axes", "name", "optional", "allow_last_axis_squeeze")
        return [[getattr(spec, k) for k in keys] for m in (model, one) for spec in m.input_spec]

    ours = described(rb, b=(3, 4), a=(None, 2))
    assert ours == described(keras, b=(3, 4), a=(None, 2))
    assert [spec[0] for spec in ours] == [(None, None, 2), (None, 3, 4), (None, 3, 4)]


def test_an_input_spec_that_is_set_on_a_model_counts() -> None:
    inputs = rb.Input((None, 4))
    model = rb.Model(inputs, rb.layers.Dense(1)(inputs))
    model.input_spec = rb.layers.InputSpec(shape=(None, 2, 4))
    assert model(np.ones((1, 2, 4))).shape == (1, 2, 1)
    with pytest.raises(ValueError, match="wrong"):
        model(np.ones((1, 3, 4)))


def test_a_model_that_takes_integers_is_built_from_a_shape_a_clone_and_a_file(
    tmp_path: Path,
) -> None:
    @rb.saving.register_keras_serializable("test_surface_models")
    class Rows(rb.Model):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.table = rb.ops.ones((5, 3))
            self.dense = rb.layers.Dense(2)

        def call(self, numbers: Any) -> Any:
            return self.dense(rb.ops.take(self.table, numbers, axis=0))

    model = Rows()
    model.build((None,))
    assert [w.path for w in model.weights] == [f"rows/dense/{n}" for n in ("kernel", "bias")]
    model.save(tmp_path / "rows.keras")
    numbers = np.array([1, 4])
    loaded = rb.saving.load_model(tmp_path / "rows.keras")
    np.testing.assert_array_equal(loaded(numbers), model(numbers))
    assert [w.shape for w in rb.models.clone_model(model).weights] == [(3, 2), (2,)]


def test_a_call_that_fails_for_numbers_and_for_integers_fails_as_for_numbers() -> None:
    class Own(rb.Model):
        def call(self, inputs: Any) -> Any:
            raise RuntimeError(f"own reason, {inputs.dtype}")

    with pytest.raises(RuntimeError, match="own reason, float32"):
        Own().build((None, 2))
