"""Real Keras loads our files, and we load its files: the same layout, outputs and optimizer state.

Each case builds one model in either library with the same code.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from saving_helpers import groups

import rosenblatt as rb

# Real Keras's own use of NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
rng = np.random.default_rng(3)
X = rng.normal(size=(24, 4)).astype("float32")
Z = rng.normal(size=(24, 3)).astype("float32")
Y = rng.normal(size=(24, 2)).astype("float32")
IDS = rng.integers(0, 9, (24, 6)).astype("int32")
Case = tuple[Any, Any, Any]  # model, inputs, targets


def sequential(lib: Any) -> Case:
    layers = lib.layers
    norm = layers.Normalization()
    norm.adapt(X)
    model = lib.Sequential(
        [
            lib.Input((4,)),
            norm,
            layers.Dense(5, "relu", kernel_regularizer="l2"),
            layers.Dropout(0.1),
            layers.BatchNormalization(),
            layers.Dense(2),
        ]
    )
    model.compile("adam", "mse", metrics=["mae", lib.metrics.RootMeanSquaredError()])
    return model, X, Y


def deferred(lib: Any) -> Case:
    model = lib.Sequential([lib.layers.Dense(3, "tanh", use_bias=False), lib.layers.Dense(2)])
    model.compile(lib.optimizers.SGD(0.05), lib.losses.Huber(0.5))
    return model, X, Y


def several_inputs_and_outputs(lib: Any) -> Case:
    layers = lib.layers
    wide, deep = lib.Input((3,), name="wide"), lib.Input((4,), name="deep")
    hidden = layers.Dense(4, "relu")(deep)
    joined = layers.Concatenate()([wide, hidden])
    outputs = [layers.Dense(2, name="main")(joined), layers.Dense(2, name="aux")(hidden)]
    model = lib.Model(inputs=[wide, deep], outputs=outputs, name="several")
    model.compile(
        lib.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        loss=["mse", "mae"],
        loss_weights=[0.9, 0.1],
    )
    return model, [Z, X], [Y, Y]


def dict_of_outputs(lib: Any) -> Case:
    inputs = {"a": lib.Input((4,), name="a"), "b": lib.Input((3,), name="b")}
    joined = lib.layers.concatenate([inputs["a"], inputs["b"]])
    outputs = {name: lib.layers.Dense(2, name=name)(joined) for name in ("one", "two")}
    model = lib.Model(inputs, outputs, name="by_name")
    model.compile("rmsprop", loss={"one": "mse", "two": "mse"}, metrics={"one": ["mae"]})
    return model, {"a": X, "b": Z}, {"one": Y, "two": Y}


def shared_layer(lib: Any) -> Case:
    inputs = lib.Input((4,))
    dense = lib.layers.Dense(4, "relu")
    twice = lib.layers.Add()([dense(dense(inputs)), inputs])
    model = lib.Model(inputs, lib.layers.Dense(2)(twice), name="shared")
    rate = lib.optimizers.schedules.ExponentialDecay(0.01, 100, 0.9)
    model.compile(lib.optimizers.AdamW(rate, weight_decay=0.01, clipnorm=1.0), "mse")
    return model, X, Y


def nested(lib: Any) -> Case:
    layers = lib.layers
    inner_input = lib.Input((4,))
    inner = lib.Model(inner_input, layers.Dense(3, "relu")(inner_input), name="inner")
    chain = lib.Sequential([lib.Input((3,)), layers.Dense(3), layers.BatchNormalization()])
    inputs = lib.Input((4,))
    model = lib.Model(inputs, layers.Dense(2)(chain(inner(inputs))), name="outer")
    model.compile(lib.optimizers.RMSprop(momentum=0.5, centered=True), "mse")
    return model, X, Y


def frozen(lib: Any) -> Case:
    model = lib.Sequential([lib.Input((4,)), lib.layers.Dense(3), lib.layers.Dense(2)])
    model.layers[0].trainable = False
    model.compile(lib.optimizers.Adam(amsgrad=True), "mse")
    return model, X, Y


def subclassed(lib: Any) -> Case:
    model = _classes(lib)["WideAndDeep"](3, name="wide_and_deep")
    model.compile("nadam", "mse")
    return model, X, Y


def custom_layer(lib: Any) -> Case:
    model = lib.Sequential([lib.Input((4,)), _classes(lib)["Scaled"](2.0), lib.layers.Dense(2)])
    model.compile("adamax", "mse")
    return model, X, Y


def text_classifier(lib: Any) -> Case:
    kinds = lib.layers
    steps = [kinds.ZeroPadding1D(1), kinds.UpSampling1D(2), kinds.Cropping1D((0, 1))]
    model = lib.Sequential(
        [
            lib.Input((6,), dtype="int32"),
            kinds.Embedding(9, 4),
            *steps,
            kinds.GlobalAvgPool1D(keepdims=True),
            kinds.GlobalMaxPool1D(),
            kinds.Dense(2),
        ]
    )
    model.compile("adam", "mse")
    return model, IDS, Y


CASES = [
    sequential, deferred, several_inputs_and_outputs, dict_of_outputs, shared_layer, nested,
    frozen, subclassed, custom_layer, text_classifier,
]  # fmt: skip
_known: dict[str, dict[str, Any]] = {}


def _classes(lib: Any) -> dict[str, Any]:
    """Classes of a user, written once and registered in a library."""
    if lib.__name__ in _known:
        return _known[lib.__name__]
    layers = lib.layers
    register = lib.saving.register_keras_serializable("tests")

    @register
    class Scaled(layers.Layer):
        def __init__(self, factor: float, **kwargs: Any):
            super().__init__(**kwargs)
            self.factor = factor

        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")
            self.steps = self.add_weight(
                shape=(), initializer="zeros", trainable=False, name="steps"
            )

        def call(self, inputs: Any) -> Any:
            return inputs * self.scale * self.factor

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "factor": self.factor}

    @register
    class WideAndDeep(lib.Model):
        def __init__(self, units: int, **kwargs: Any):
            super().__init__(**kwargs)
            self.units = units
            self.zoom = Scaled(0.5)
            self.hidden = layers.Dense(units, "relu")
            self._private = layers.Dense(units)
            self.many = [layers.Dense(units, "tanh"), layers.Dropout(0.2), layers.Dense(units)]
            self.by_name = {"b": layers.BatchNormalization(), "a": layers.Dense(2)}
            self.deeper = [[layers.Dense(units), layers.Dense(units)], {"x": layers.Dense(units)}]
            self.again = self.hidden

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            x = self._private(self.hidden(self.zoom(inputs)))
            for layer in [*self.many, *self.deeper[0], self.deeper[1]["x"]]:
                x = layer(x)
            return self.by_name["a"](self.by_name["b"](x))

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    _known[lib.__name__] = {"Scaled": Scaled, "WideAndDeep": WideAndDeep}
    return _known[lib.__name__]


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in leaves(value[key])]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def assert_same(ours: Any, theirs: Any, x: Any) -> None:
    """The same outputs to 1e-5, the same weights and optimizer state exactly."""
    pairs = zip(
        leaves(ours.predict(x, verbose=0)), leaves(theirs.predict(x, verbose=0)), strict=True
    )
    for mine, other in pairs:
        np.testing.assert_allclose(mine, other, atol=1e-5, rtol=0)
    for a, b in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b), err_msg=b.path)
    assert int(ours.optimizer.iterations) == int(theirs.optimizer.iterations) > 0
    shared = zip(ours.trainable_variables, theirs.trainable_variables, strict=True)
    assert all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in shared)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_files_go_both_ways(case: Any, keras: Any, tmp_path: Path) -> None:
    _classes(keras)  # registers them there
    ours, x, y = case(rb)
    ours.fit(x, y, batch_size=8, epochs=2, verbose=0)
    ours.save(tmp_path / "ours.keras")
    theirs = keras.saving.load_model(tmp_path / "ours.keras")
    assert_same(ours, theirs, x)

    theirs.fit(x, y, batch_size=8, epochs=1, verbose=0)
    theirs.save(tmp_path / "theirs.keras")
    again = rb.saving.load_model(tmp_path / "theirs.keras")
    assert_same(again, theirs, x)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_layout_and_config_are_those_of_keras(case: Any, keras: Any, tmp_path: Path) -> None:
    for name, lib in (("ours", rb), ("theirs", keras)):
        model, x, y = case(lib)
        model.fit(x, y, batch_size=8, epochs=1, verbose=0)
        model.save(tmp_path / f"{name}.keras")
    found = groups(tmp_path / "ours.keras")
    # The states of seeds are ours alone: with them, training goes on bit for bit.
    ours = {path: kind for path, kind in found.items() if "seed_generator" not in path}
    assert ours == groups(tmp_path / "theirs.keras")

    if case is deferred:  # Keras fixes the rows of the first batch in the file; we leave them open
        return
    texts = [
        zipfile.ZipFile(tmp_path / f"{n}.keras").read("config.json") for n in ("ours", "theirs")
    ]
    assert plain(json.loads(texts[0])) == plain(json.loads(texts[1]))


def plain(config: Any) -> Any:
    """A config without what may differ: users' modules, ids of shared objects, empty entries."""
    if isinstance(config, dict):
        dropped = {"shared_object_id", "build_config", "build_input_shape"}
        if config.get("registered_name") in (None, config.get("class_name")):
            dropped.add("registered_name")
        else:
            dropped.add("module")
        kept = {k: plain(v) for k, v in config.items() if k not in dropped}
        return {
            k: v for k, v in kept.items() if (k, v) not in (("mask", None), ("compile_config", {}))
        }
    if isinstance(config, list):
        return [plain(item) for item in config]
    return round(config, 7) if isinstance(config, float) else config  # Keras reads float32 back


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_weights_files_go_both_ways(case: Any, keras: Any, tmp_path: Path) -> None:
    (ours, x, y), (theirs, _, _) = case(rb), case(keras)
    for model in (ours, theirs):
        model.fit(x, y, batch_size=8, epochs=1, verbose=0)
    ours.save_weights(tmp_path / "a.weights.h5")
    theirs.load_weights(tmp_path / "a.weights.h5")
    assert_same(ours, theirs, x)
    theirs.fit(x, y, batch_size=8, epochs=1, verbose=0)
    theirs.save_weights(tmp_path / "b.weights.h5")
    ours.load_weights(tmp_path / "b.weights.h5")
    assert_same(ours, theirs, x)


def test_bfloat16_weights_go_both_ways(keras: Any, tmp_path: Path) -> None:
    for one, other in ((rb, keras), (keras, rb)):
        model = one.Sequential([one.Input((4,)), one.layers.Dense(2, dtype="bfloat16")])
        model.save(tmp_path / "half.keras")
        loaded = other.saving.load_model(tmp_path / "half.keras")
        for a, b in zip(model.weights, loaded.weights, strict=True):
            assert str(np.asarray(b).dtype) == "bfloat16"
            np.testing.assert_array_equal(np.asarray(a, "float32"), np.asarray(b, "float32"))


def test_a_model_of_real_keras_that_was_compiled_and_never_trained(
    keras: Any, tmp_path: Path
) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    model.save(tmp_path / "fresh.keras")
    loaded = rb.saving.load_model(tmp_path / "fresh.keras")
    assert float(loaded.optimizer.learning_rate) == pytest.approx(0.02)
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-5)
