"""Exported models against their own predictions, in programs without this library."""

from __future__ import annotations

import importlib.util
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import run_onnx

import rosenblatt as rb
from rosenblatt import layers as L

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(3)
X = RNG.normal(size=(5, 4)).astype("float32")
ACTIVATIONS = [
    "relu", "sigmoid", "tanh", "softmax", "log_softmax", "elu", "celu", "selu", "softplus", "gelu",
    "softsign", "silu", "leaky_relu", "exponential", "mish", "relu6", "hard_sigmoid", "hard_silu",
    "hard_tanh",
]  # fmt: skip


def spoiled(model: Any) -> Any:
    """Weights of other values than the initial zeros and ones."""
    rng = np.random.default_rng(4)
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(rng.uniform(0.3, 0.9, weight.shape))
    return model


def wide() -> Any:
    """Every layer that all formats hold."""
    i = rb.Input((4,), name="x")
    ids = rb.Input((2,), dtype="int32", name="ids")
    x = L.Rescaling(2.0, offset=[0.0, 1, 2, 3])(L.Normalization()(i))
    a = L.Dropout(0.3)(L.BatchNormalization()(L.Dense(6, "gelu")(x)))
    b = L.LayerNormalization()(L.Dense(6, "selu", use_bias=False)(x))
    merged = [kind()([a, b]) for kind in
              (L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum)]  # fmt: skip
    inner = rb.Sequential([rb.Input((6,)), L.Dense(2, "tanh"), L.ELU(0.5)], name="inner")
    e = L.Flatten()(L.LeakyReLU(0.1)(L.Reshape((3, 2))(L.Flatten()(L.Embedding(7, 3)(ids)))))
    out = L.Concatenate()([*merged, inner(a), e, L.ReLU()(x), L.Activation("softmax")(b)])
    return spoiled(rb.Model([i, ids], {"all": out, "one": L.Dense(1)(out)}, name="wide"))


def batch(rows: int) -> list[np.ndarray]:
    ids = RNG.integers(0, 7, (rows, 2)).astype("int32")
    return [RNG.normal(size=(rows, 4)).astype("float32"), ids]


def run_alone(code: str, *arguments: str) -> str:
    """What a process prints that cannot import this library."""
    guard = "import sys; sys.modules['rosenblatt'] = None\n"
    command = [sys.executable, "-W", "ignore", "-c", guard + code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_onnx(tmp_path: Path) -> None:
    model, path = wide(), tmp_path / "m.onnx"
    model.export(path, format="onnx")
    for rows in (1, 5):
        x = batch(rows)
        expected = model.predict(x)
        for given, name in zip(run_onnx(path, *x), ("all", "one"), strict=True):
            np.testing.assert_allclose(given, expected[name], rtol=1e-5, atol=1e-5)


def test_onnx_activations_and_shapes(tmp_path: Path) -> None:
    i = rb.Input((4,))
    many = [L.Activation(name)(i) for name in ACTIVATIONS]
    many += [L.ReLU(1.0, 0.5)(i), L.PReLU("ones")(i), L.Softmax()(i), L.GaussianNoise(1.0)(i)]
    many += [L.Flatten()(L.Permute((2, 1))(L.RepeatVector(3)(i)))]
    model = rb.Model(i, L.Concatenate()(many))
    model.export(tmp_path / "m.onnx", format="onnx")
    (given,) = run_onnx(tmp_path / "m.onnx", 3 * X)
    np.testing.assert_allclose(given, model.predict(3 * X), rtol=1e-5, atol=1e-5)


def test_onnx_text_and_ids(tmp_path: Path) -> None:
    town, number = rb.Input((1,), dtype="string", name="t"), rb.Input((2,), dtype="int64", name="n")
    parts = [L.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(town)]
    parts += [L.Flatten()(L.Embedding(4, 2)(L.StringLookup(vocabulary=["b", "é"])(town)))]
    parts += [
        L.IntegerLookup(vocabulary=[5, 2**40], output_mode=mode)(number)
        for mode in ("multi_hot", "count")
    ]
    model = rb.Model([town, number], L.Concatenate()(parts))
    text = np.array([["a"], ["b"], ["é"], ["new"]], object)
    ids = np.array([[5, 5], [2**40, 5], [9, 8], [0, 5]])
    model.export(tmp_path / "m.onnx", format="onnx")
    (given,) = run_onnx(tmp_path / "m.onnx", text, ids)
    np.testing.assert_allclose(given, model.predict([text, ids]), rtol=1e-6)


def test_numpy_archive(tmp_path: Path) -> None:
    model, x = wide(), batch(5)
    model.export(tmp_path / "m.npz", format="npz")
    np.savez(tmp_path / "x.npz", *x)
    code = (
        "import runpy, numpy as np\n"
        "predict = runpy.run_path(sys.argv[1])['load'](sys.argv[2])\n"
        "x = np.load(sys.argv[3]); np.savez(sys.argv[4], *predict(*x.values()))"
    )
    paths = [str(tmp_path / name) for name in ("m.npz", "x.npz", "y.npz")]
    run_alone(code, str(ROOT / "docs/npz_loader.py"), *paths)
    expected = model.predict(x)
    for given, name in zip(np.load(paths[2]).values(), ("all", "one"), strict=True):
        np.testing.assert_allclose(given, expected[name], rtol=1e-5, atol=1e-5)


def test_settings_in_a_numpy_archive(tmp_path: Path) -> None:
    loader = ROOT / "docs/npz_loader.py"
    assert len(loader.read_text().splitlines()) <= 60
    load = runpy.run_path(str(loader))["load"]
    i = rb.Input((2, 3))
    many = [
        L.ReLU(0.8, 0.1, 0.2)(i),
        L.BatchNormalization(axis=1, scale=False)(i),
        L.BatchNormalization(axis=-1, center=False)(i),
        L.LayerNormalization(axis=(1, 2), scale=False, center=False)(i),
        L.Softmax(axis=1)(i),
        L.Normalization(axis=-1, mean=[1e6, -1, 0], variance=[4, 0.25, 0], invert=True)(i),
        L.Normalization(axis=1, mean=[1, 2], variance=[3, 4])(i),
    ]
    model = spoiled(rb.Model(i, L.Concatenate(axis=1)(many)))
    model.export(tmp_path / "m.npz", format="npz")
    x = RNG.normal(size=(5, 2, 3)).astype("float32")
    found = load(tmp_path / "m.npz")(x)
    np.testing.assert_allclose(found, model.predict(x), rtol=1e-5, atol=1e-5)


def test_stablehlo(tmp_path: Path) -> None:
    model, x = wide(), batch(5)
    model.export(tmp_path / "m.hlo", format="stablehlo")
    np.savez(tmp_path / "x.npz", *x)
    code = (
        "import jax, numpy as np\nfrom jax import export\n"
        "program = export.deserialize(bytearray(open(sys.argv[1], 'rb').read()))\n"
        "x = np.load(sys.argv[2]); np.savez(sys.argv[3], *program.call(*x.values()))"
    )
    paths = [str(tmp_path / name) for name in ("m.hlo", "x.npz", "y.npz")]
    run_alone(code, *paths)
    expected = model.predict(x)
    for given, name in zip(np.load(paths[2]).values(), ("all", "one"), strict=True):
        np.testing.assert_allclose(given, expected[name], rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None,
    reason="TensorFlow is a peer of `make bench`, not of the test environment",
)
def test_saved_model(tmp_path: Path) -> None:
    """In processes of their own: TensorFlow takes seconds to import and keeps its threads."""
    model, x = wide(), batch(5)
    model.save(tmp_path / "m.keras")
    np.savez(tmp_path / "x.npz", *x)
    code = "import sys, rosenblatt as rb\nrb.models.load_model(sys.argv[1]).export(sys.argv[2])"
    command = [sys.executable, "-W", "ignore", "-c", code, tmp_path / "m.keras", tmp_path / "m"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    code = (
        "sys.modules['jax'] = None\nimport tensorflow as tf, numpy as np\n"
        "serve = tf.saved_model.load(sys.argv[1]).serve\n"
        "x = np.load(sys.argv[2]); y = serve(list(x.values()))\n"
        "np.savez(sys.argv[3], y['all'], y['one'])"
    )
    paths = [str(tmp_path / name) for name in ("m", "x.npz", "y.npz")]
    run_alone(code, *paths)
    expected = model.predict(x)
    for given, name in zip(np.load(paths[2]).values(), ("all", "one"), strict=True):
        np.testing.assert_allclose(given, expected[name], rtol=1e-5, atol=1e-5)


class Gate(L.Layer):
    """A user's layer, with a weight, a choice and two outputs."""

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight((shape[-1],), "ones", name="scale")

    def call(self, x: Any, training: bool = False) -> Any:
        y = rb.ops.where(x > 0, x * self.scale, rb.ops.exp(x) - 1)
        return y, rb.ops.sum(y, axis=-1, keepdims=True)


def programs() -> dict[str, Any]:
    """Models with parts that have no nodes of their own in ONNX."""
    i, steps = rb.Input((4,)), rb.Input((3, 4))
    attention = L.MultiHeadAttention(2, 3)
    gated, total = Gate()(i)
    seen = L.Masking()(steps)
    masked = L.Embedding(7, 4, mask_zero=True)(rb.ops.cast(i > 0, "int32"))
    free = rb.Input((None, 4))
    return {
        "operators": rb.Model(i, rb.ops.relu((i - 1.5) * 2 + i[:, :1]) / 3),
        "user's layer": rb.Model(i, [L.Dense(2)(gated), total]),
        "lambda": rb.Model(i, L.Lambda(lambda x: x - rb.ops.max(x, axis=1, keepdims=True))(i)),
        "attention with scores": rb.Model(
            steps, attention(steps, steps, use_causal_mask=True, return_attention_scores=True)
        ),
        "masks": rb.Model(i, L.Attention()([masked, masked])),
        "masked steps": rb.Model(steps, L.MultiHeadAttention(2, 3)(seen, seen)),
        "free steps": rb.Model(free, rb.ops.mean(L.Dense(3, "relu")(free), axis=1)),
        "half precision": rb.Model(i, L.Dense(2, "sigmoid", dtype="float16")(i)),
        "an unusual activation": rb.Model(i, L.Dense(2, "sparsemax")(i)),
        "bins": rb.Model(i, L.Discretization([-0.5, 0.5], output_mode="one_hot")(i)),
    }


@pytest.mark.parametrize("name", programs())
def test_onnx_of_programs(name: str, tmp_path: Path) -> None:
    model = spoiled(programs()[name])
    model.export(tmp_path / "m.onnx", format="onnx")
    for rows in (1, 5):
        x = RNG.normal(size=(rows, *(size or 6 for size in model.inputs[0].shape[1:])))
        x = x.astype("float32")
        x[:, -1] = 0  # a step, or a value, that masks leave out
        expected = model(x)
        expected = expected if isinstance(expected, (list, tuple)) else [expected]
        tolerance = 2e-3 if name == "half precision" else 1e-5
        for found, one in zip(run_onnx(tmp_path / "m.onnx", x), expected, strict=True):
            np.testing.assert_allclose(found, one, rtol=tolerance, atol=tolerance)


def test_known_layers_stay_as_a_person_would_draw_them(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    i = rb.Input((4,))
    x = L.BatchNormalization()(L.Dropout(0.5)(L.Dense(3, "relu")(i)))
    rb.Model(i, L.Dense(1, "sigmoid")(x)).export(tmp_path / "m.onnx", format="onnx")
    nodes = [node.op_type for node in onnx.load(str(tmp_path / "m.onnx")).graph.node]
    expected = ["MatMul", "Add", "Relu", "Mul", "Add", "MatMul", "Add", "Sigmoid"]
    assert [node for node in nodes if node != "Identity"] == expected


@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None,
    reason="TensorFlow is a peer of `make bench`, not of the test environment",
)
def test_saved_model_as_a_layer_of_keras(tmp_path: Path) -> None:
    x = rb.Input((4,))
    model = spoiled(rb.Model(x, L.Dense(2, "softmax")(L.Dense(3, "relu")(x))))
    model.save(tmp_path / "m.keras")
    code = "import sys, rosenblatt as rb\nrb.models.load_model(sys.argv[1]).export(sys.argv[2])"
    command = [sys.executable, "-W", "ignore", "-c", code, tmp_path / "m.keras", tmp_path / "m"]
    subprocess.run(command, capture_output=True, check=True)
    np.save(tmp_path / "x.npy", X)
    code = (
        "import os\nos.environ['KERAS_BACKEND'] = 'tensorflow'\nimport keras, numpy as np\n"
        "i = keras.Input((4,))\n"
        "layer = keras.layers.TFSMLayer(sys.argv[1], call_endpoint='serve')\n"
        "model = keras.Model(i, layer(i))\n"
        "np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))"
    )
    run_alone(code, *(str(tmp_path / name) for name in ("m", "x.npy", "y.npy")))
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), model.predict(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("format", ["onnx", "npz"])
def test_what_a_format_cannot_hold(format: str, tmp_path: Path) -> None:
    i, ids = rb.Input((4,)), rb.Input((1,), dtype="int32")
    made, of_model = {
        "onnx": (L.Hashing(5, name="odd")(ids), " of model 'm'."),
        "npz": (L.UnitNormalization(name="odd")(L.Dense(2)(i)), " of model 'm'."),
    }[format]
    kind = "Hashing" if format == "onnx" else "UnitNormalization"
    model = rb.Model(ids if format == "onnx" else i, made, name="m")
    with pytest.raises(ValueError) as caught:
        model.export(tmp_path / "m", format=format)
    start = f"export: format '{format}' cannot hold layer 'odd' ({kind}){of_model}"
    assert str(caught.value).startswith(start)
    assert not list(tmp_path.iterdir())


def test_which_setting_a_format_cannot_hold(tmp_path: Path) -> None:
    i = rb.Input((4,))
    model = rb.Model(i, L.Dense(2, "sparsemax", name="odd")(i))
    with pytest.raises(ValueError) as caught:
        model.export(tmp_path / "m", format="npz")
    assert str(caught.value).startswith(
        "export: format 'npz' cannot hold layer 'odd' (Dense) with activation 'sparsemax'."
    )
    model = rb.Model(i, rb.ops.cumprod(i, axis=1))
    with pytest.raises(ValueError) as caught:
        model.export(tmp_path / "m", format="onnx")
    assert str(caught.value) == (
        "export: format 'onnx' cannot hold layer 'cumprod' (Cumprod): ONNX has no node for its "
        "step 'cumprod'. Fix: change the layer, or use format \"stablehlo\"."
    )
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_exported(tmp_path: Path) -> None:
    model = rb.Sequential([L.Dense(2)], name="m")
    with pytest.raises(ValueError) as caught:
        model.export(tmp_path / "m", format="onnx")
    assert str(caught.value) == (
        "export: model 'm' (Sequential) is not built, so what it takes is unknown. Expected: a "
        "model that was fitted or called, or a Functional one. Fix: call it on a few rows first: "
        "`model(x[:1])`."
    )
    with pytest.raises(ValueError) as caught:
        model.export(tmp_path / "m", format="onx")
    assert str(caught.value) == "export: unknown format 'onx'. Fix: did you mean 'onnx'?"
    i = rb.Input((1,), dtype="string")
    text = rb.Model(i, L.StringLookup(vocabulary=["a"], output_mode="one_hot", name="towns")(i))
    with pytest.raises(ValueError) as caught:
        text.export(tmp_path / "m", format="stablehlo")
    assert "cannot hold layer 'towns' (StringLookup), which looks values up" in str(caught.value)


def test_what_was_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = rb.Sequential([rb.Input((4,), name="x"), L.Dense(2, name="y")], name="net")
    model.export(tmp_path / "m.npz", "npz")
    assert capsys.readouterr().out == ""
    model.export(tmp_path / "m.npz", "npz", verbose=True)
    first, takes, gives = capsys.readouterr().out.splitlines()
    assert first == f"Model 'net' saved as {str(tmp_path / 'm.npz')!r} (format 'npz')."
    assert takes == "  takes: x (None, 4) float32"
    assert gives.startswith("  gives: ") and gives.endswith(" (None, 2) float32")
