"""Keras 2's `.h5` files: whole models and weights, real Keras, tf.keras's dialect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.models import load_model
from rosenblatt.saving.legacy_config import modern_layer, modern_training

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X[:, :1] * 2

# Real Keras warns that the format is old.
pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")


def wide(k: Any) -> Any:
    """A functional model with every kind of weight, in either library."""
    i = k.Input((4,), name="features")
    x = k.layers.Normalization(mean=[0.0, 1, 2, 3], variance=[1.0, 1, 2, 2])(i)
    x = k.layers.Dense(3, "relu", kernel_regularizer="l2", name="deep")(x)
    x = k.layers.BatchNormalization()(x)
    x = k.layers.Concatenate()([x, i])
    x = k.layers.Dropout(0.1)(x)
    inner = k.Sequential(
        [k.Input((7,)), k.layers.Dense(2), k.layers.LayerNormalization()], name="in"
    )
    return k.Model(i, k.layers.Dense(1, name="head")(inner(x)), name="wide")


def trained(k: Any) -> Any:
    model = wide(k)
    model.compile(k.optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    return model


def test_from_keras(keras: Any, tmp_path: Path) -> None:
    theirs = trained(keras)
    theirs.save(tmp_path / "model.h5")
    ours = load_model(tmp_path / "model.h5")
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    assert ours.optimizer.name == "adam"
    assert int(ours.optimizer.iterations.value) == 4
    slots = zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True)
    assert all(np.array_equal(a.numpy(), np.asarray(b.value)) for a, b in slots)
    assert sorted(ours.evaluate(X, Y, verbose=0, return_dict=True)) == ["loss", "mae"]


def test_to_keras_and_back(keras: Any, tmp_path: Path) -> None:
    ours = trained(rb)
    ours.save(tmp_path / "model.h5")
    theirs = keras.models.load_model(tmp_path / "model.h5")
    np.testing.assert_allclose(theirs.predict(X, verbose=0), ours.predict(X), rtol=1e-5, atol=1e-6)
    assert int(np.asarray(theirs.optimizer.iterations.value)) == 4
    again = load_model(tmp_path / "model.h5")
    assert again.get_config() == ours.get_config()
    np.testing.assert_array_equal(again.predict(X), ours.predict(X))
    for a, b in zip(again.optimizer.variables, ours.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert load_model(tmp_path / "model.h5", compile=False).optimizer is None


def test_losses_with_arguments(keras: Any, tmp_path: Path) -> None:
    for k, load in ((rb, keras.models.load_model), (keras, load_model)):
        model = k.Sequential([k.Input((4,)), k.layers.Dense(2, "softmax")])
        loss = k.losses.SparseCategoricalCrossentropy(ignore_class=1)
        rate = k.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
        model.compile(k.optimizers.SGD(rate, momentum=0.9), loss, metrics=["accuracy"])
        model.save(tmp_path / "loss.h5")
        loaded = load(tmp_path / "loss.h5")
        assert loaded.loss.get_config()["ignore_class"] == 1
        assert loaded.optimizer.get_config()["learning_rate"]["class_name"] == "ExponentialDecay"


def tf_keras_file(path: Path, functional: bool) -> dict[str, np.ndarray]:
    """A file as tf.keras 2.4 wrote it: names with `:0`, calls as lists, Adam's slots by kind."""
    rng = np.random.default_rng(1)
    zeros = {"class_name": "Zeros", "config": {}}
    uniform = {"class_name": "GlorotUniform", "config": {"seed": None}}

    def dense(name: str, units: int, activation: str, **more: Any) -> dict[str, Any]:
        config = {
            "name": name, "trainable": True, "dtype": "float32", "units": units,
            "activation": activation, "use_bias": True, "kernel_initializer": uniform,
            "bias_initializer": zeros, "kernel_regularizer": None, **more,
        }  # fmt: skip
        return {"class_name": "Dense", "config": config}

    shape = {"batch_input_shape": [None, 4]}
    if functional:
        begin = {"dtype": "float32", "sparse": False, "ragged": False, "name": "x", **shape}
        layers = [
            {"class_name": "InputLayer", "config": begin, "name": "x", "inbound_nodes": []},
            {**dense("a", 3, "relu"), "name": "a", "inbound_nodes": [[["x", 0, 0, {}]]]},
            {
                "class_name": "Concatenate",
                "config": {"name": "both", "trainable": True, "dtype": "float32", "axis": -1},
                "name": "both",
                "inbound_nodes": [[["a", 0, 0, {}], ["x", 0, 0, {}]]],
            },
            {**dense("b", 1, "linear"), "name": "b", "inbound_nodes": [[["both", 0, 0, {}]]]},
        ]
        ends = {"input_layers": [["x", 0, 0]], "output_layers": [["b", 0, 0]]}
        model = {"class_name": "Functional", "config": {"name": "m", "layers": layers, **ends}}
    else:
        normal = {
            "name": "n", "trainable": True, "dtype": "float32", "axis": [1], "momentum": 0.99,
            "epsilon": 0.001, "center": True, "scale": True,
        }  # fmt: skip
        layers = [
            dense("a", 3, "relu", **shape),
            {"class_name": "BatchNormalization", "config": normal},
            {"class_name": "LeakyReLU", "config": {"name": "l", "dtype": "float32", "alpha": 0.1}},
            dense("b", 1, "linear"),
        ]
        model = {"class_name": "Sequential", "config": {"name": "m", "layers": layers}}
    weights = {
        "a/kernel:0": rng.normal(size=(4, 3)), "a/bias:0": rng.normal(size=3),
        "b/kernel:0": rng.normal(size=(7 if functional else 3, 1)), "b/bias:0": rng.normal(size=1),
    }  # fmt: skip
    if not functional:
        weights |= {f"n/{w}:0": rng.uniform(1, 2, 3) for w in
                    ("gamma", "beta", "moving_mean", "moving_variance")}  # fmt: skip
    metric = {"name": "mae", "dtype": "float32", "fn": "mean_absolute_error"}
    training = {
        "loss": {"class_name": "MeanSquaredError",
                 "config": {"reduction": "auto", "name": "mean_squared_error"}},
        "metrics": [[{"class_name": "MeanMetricWrapper", "config": metric}]],
        "weighted_metrics": None, "loss_weights": None,
        "optimizer_config": {"class_name": "Adam", "config": {
            "name": "Adam", "learning_rate": 0.02, "decay": 0.0, "beta_1": 0.9, "beta_2": 0.999,
            "epsilon": 1e-07, "amsgrad": False}},
    }  # fmt: skip
    with h5py.File(path, "w") as file:
        file.attrs.update(keras_version="2.4.0", backend="tensorflow")
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["training_config"] = json.dumps(training)
        group = file.create_group("model_weights")
        names = [layer["config"]["name"] for layer in layers]
        group.attrs["layer_names"] = np.array([n.encode() for n in names])
        for name in names:
            mine = [w for w in weights if w.startswith(f"{name}/")]
            group.create_group(name).attrs["weight_names"] = np.array([w.encode() for w in mine])
            for w in mine:
                group[name].create_dataset(w, data=weights[w].astype("float32"))
        trained = [w for w in weights if "moving" not in w]
        order = sorted(trained, key=lambda w: "anb".index(w[0]))
        slots = [f"training/Adam/{w[:-2]}/{kind}:0" for kind in "mv" for w in order]
        group = file.create_group("optimizer_weights")
        group.create_dataset("training/Adam/iter:0", data=np.int64(7))
        group.attrs["weight_names"] = np.array(
            [b"training/Adam/iter:0", *(s.encode() for s in slots)]
        )
        for number, slot in enumerate(slots):
            value = weights[order[number % len(order)]] * (1 if number < len(order) else 10)
            group.create_dataset(slot, data=value.astype("float32"))
    return weights


@pytest.mark.parametrize("functional", [True, False])
def test_tf_keras(functional: bool, tmp_path: Path) -> None:
    w = tf_keras_file(tmp_path / "old.h5", functional)
    model = load_model(tmp_path / "old.h5")
    hidden = np.maximum(X @ w["a/kernel:0"] + w["a/bias:0"], 0)
    if functional:
        hidden = np.concatenate([hidden, X], 1)
    else:
        hidden = (hidden - w["n/moving_mean:0"]) / np.sqrt(w["n/moving_variance:0"] + 0.001)
        hidden = hidden * w["n/gamma:0"] + w["n/beta:0"]
        hidden = np.where(hidden > 0, hidden, 0.1 * hidden)
    expected = hidden @ w["b/kernel:0"] + w["b/bias:0"]
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-4, atol=1e-5)
    assert model.optimizer.get_config()["learning_rate"] == pytest.approx(0.02)
    values = [v.numpy() for v in model.optimizer.variables]
    assert int(values[0]) == 7
    np.testing.assert_allclose(values[2], w["a/kernel:0"], rtol=1e-6)
    np.testing.assert_allclose(values[3], 10 * w["a/kernel:0"], rtol=1e-6)
    assert list(model.evaluate(X, Y, verbose=0, return_dict=True))[1:] in (
        ["mae"], ["mean_absolute_error"]
    )  # fmt: skip


def test_weights_by_name(tmp_path: Path) -> None:
    saved = trained(rb)
    saved.save(tmp_path / "model.h5")
    other = rb.Sequential(
        [
            rb.Input((4,)),
            rb.layers.Dense(3, name="deep"),
            rb.layers.Dense(2, name="new"),
            rb.layers.Dense(1, name="head"),
        ]
    )
    before = other.get_layer("new").get_weights()
    report = other.load_weights(tmp_path / "model.h5", by_name=True, skip_mismatch=True)
    assert report.matched == ["deep", "head"]
    assert report.skipped == {"new": "the file has no layer of this name"}
    assert len(report.unused) == 2 and "in" in report.unused
    np.testing.assert_array_equal(
        other.get_layer("deep").get_weights()[0], saved.get_layer("deep").get_weights()[0]
    )
    np.testing.assert_array_equal(other.get_layer("new").get_weights()[0], before[0])
    assert "kept     new: the file has no layer of this name" in str(report)


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    path = str(tmp_path / "model.h5")
    trained(rb).save(path)
    other = rb.Sequential(
        [rb.Input((4,)), rb.layers.Dense(5, name="deep"), rb.layers.Dense(2, name="new")]
    )
    with pytest.raises(ValueError) as caught:
        other.load_weights(path)
    text = str(caught.value)
    assert "the file has a different number of layers with weights. Given: 4: [" in text
    before = other.get_weights()
    with pytest.raises(ValueError) as caught:
        other.load_weights(path, by_name=True)
    assert (
        "layer 'deep' (Dense) has weights of shapes [(4, 5), (5,)] in the model, "
        "[(4, 3), (3,)] in the file." in str(caught.value)
    )
    report = other.load_weights(path, by_name=True, skip_mismatch=True)
    assert report.matched == [] and list(report.skipped) == ["deep", "new"]
    assert all(np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))


def test_vocabularies_have_no_place(tmp_path: Path) -> None:
    lookup = rb.layers.StringLookup(name="towns")
    lookup.adapt(np.array(["a", "b"]))
    i = rb.Input((1,), dtype="string")
    embedded = rb.layers.Embedding(3, 2)(lookup(i))
    model = rb.Model(i, embedded, name="m")
    with pytest.raises(ValueError) as caught:
        model.save(tmp_path / "m.h5")
    assert "no place for the vocabulary or other files of layer 'towns' (StringLookup)." in str(
        caught.value
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda f: f.attrs.__setitem__("model_config", 3), "it is int64, not text."),
        (lambda f: f.attrs.__setitem__("model_config", "{"), "model_config is not valid JSON."),
        (lambda f: f.attrs.__setitem__("model_config", "{}"), "does not describe a model."),
        (lambda f: f.attrs.__delitem__("model_config"), "holds weights alone"),
        (lambda f: f["model_weights"].__delitem__("head"), "head: weight_names cannot be"),
        (
            lambda f: f["model_weights"].__setitem__("out", h5py.ExternalLink("/etc/x", "/")),
            "it is a ExternalLink.",
        ),
    ],
)
def test_damaged_files(edit: Any, text: str, tmp_path: Path) -> None:
    trained(rb).save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        edit(file)
    with pytest.raises(ValueError) as caught:
        load_model(tmp_path / "model.h5")
    assert text in str(caught.value)


def test_code_in_legacy_files_is_refused(tmp_path: Path) -> None:
    """CVE-2025-9905: `.h5` files that ignore `safe_mode`."""
    trained(rb).save(tmp_path / "model.h5")
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None}}
    for function in (code, ["4wEAAAA=", None, None]):
        layer = {"class_name": "Lambda", "config": {"name": "l", "function": function}}
        shape = {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "i"}}
        config = {"class_name": "Sequential", "config": {"name": "s", "layers": [shape, layer]}}
        with h5py.File(tmp_path / "model.h5", "r+") as file:
            file.attrs["model_config"] = json.dumps(config)
        with pytest.raises(ValueError, match="the model cannot be made from the file"):
            load_model(tmp_path / "model.h5")


def test_names_of_the_older_dialect() -> None:
    layer = modern_layer(
        {"class_name": "Custom>Mine", "config": {"time_major": False, "dtype": {
            "class_name": "Policy", "config": {"name": "mixed_bfloat16"}}}}
    )  # fmt: skip
    assert layer["registered_name"] == "Custom>Mine"
    assert layer["config"] == {"dtype": "mixed_bfloat16"}
    training = {
        "loss": ["mse", None],
        "metrics": {"a": ["accuracy"]},
        "optimizer_config": {"class_name": "Custom>Adam", "config": {"lr": 1.0}},
    }
    modern = modern_training(training)
    assert modern["loss"] == ["mse", None] and modern["metrics"] == {"a": ["accuracy"]}
    assert modern["optimizer"]["class_name"] == "Adam"
