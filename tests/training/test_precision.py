"""Mixed precision and float64: dtypes, and losses against real Keras."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 6)).astype("float32")
Y = (X @ RNG.normal(size=(6, 1)) + 0.1 * RNG.normal(size=(96, 1))).astype("float32")
LABELS = (Y[:, 0] > 0).astype("int32")


def network(k: Any, policy: Any, outputs: int) -> Any:
    layers = k.layers
    return k.Sequential(
        [
            k.Input((6,)),
            layers.Dense(16, activation="gelu", dtype=policy),
            layers.BatchNormalization(dtype=policy),
            layers.Dropout(0.1, seed=1, dtype=policy),
            layers.LayerNormalization(dtype=policy),
            layers.Dense(outputs, dtype=policy),
            layers.Activation("softmax" if outputs > 1 else "linear", dtype="float32"),
        ]
    )


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("outputs", [1, 2])
def test_mixed_precision_trains_as_in_keras(keras: Any, policy: str, outputs: int) -> None:
    loss, y = ("mse", Y) if outputs == 1 else ("sparse_categorical_crossentropy", LABELS)
    ours, theirs = (network(k, policy, outputs) for k in (rb, keras))
    ours.set_weights(theirs.get_weights())
    histories = []
    for k, model in ((rb, ours), (keras, theirs)):
        model.compile(k.optimizers.Adam(0.01), loss)
        options = {"epochs": 4, "batch_size": 32, "shuffle": False, "verbose": 0}
        histories.append(model.fit(X, y, **options).history["loss"])
    np.testing.assert_allclose(*histories, rtol=0.02)
    assert histories[0][-1] < histories[0][0]
    for model in (ours, theirs):
        assert {str(w.dtype) for w in model.weights} == {"float32"}
        assert str(np.asarray(model.predict(X, verbose=0)).dtype) == "float32"
    for mine, its in zip(ours.layers, theirs.layers, strict=True):
        assert mine.compute_dtype == its.compute_dtype
        assert mine.dtype_policy.name == its.dtype_policy.name


def test_mixed_precision_goes_through_files(keras: Any, tmp_path: Path) -> None:
    model = network(rb, "mixed_bfloat16", 1)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "mixed.keras")
    for k in (rb, keras):
        loaded = k.saving.load_model(tmp_path / "mixed.keras")
        assert loaded.layers[0].dtype_policy.name == "mixed_bfloat16"
        np.testing.assert_allclose(
            loaded.predict(X, verbose=0), model.predict(X, verbose=0), rtol=0.05, atol=0.05
        )


def test_a_global_policy_is_each_new_layers() -> None:
    rb.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = rb.layers.Dense(3)
        output = layer(X)
    finally:
        rb.config.set_dtype_policy("float32")
    assert (layer.compute_dtype, layer.variable_dtype) == ("bfloat16", "float32")
    assert str(output.dtype) == "bfloat16"
    assert str(layer.kernel.value.dtype) == "float32"


@pytest.mark.parametrize("way", ["set_floatx", "policy", "layers"])
def test_float64_where_it_is_asked_for(way: str) -> None:
    """In a process of its own: 64 bits are a setting of JAX's, for the whole process."""
    program = f"""
        import numpy as np, rosenblatt as rb
        way = {way!r}
        if way == "set_floatx":
            rb.config.set_floatx("float64")
        if way == "policy":
            rb.config.set_dtype_policy("float64")
        options = {{"dtype": "float64"}} if way == "layers" else {{}}
        rng = np.random.default_rng(0)
        x = rng.normal(size=(64, 3)); y = x @ np.array([[1.0], [-2.0], [0.5]])
        dense = rb.layers.Dense(1, kernel_initializer="zeros", use_bias=False, **options)
        model = rb.Sequential([rb.Input((3,), **options), dense])
        model.compile(rb.optimizers.SGD(0.1), "mse")
        model.fit(x, y, batch_size=64, epochs=2, verbose=0)
        w = np.zeros((3, 1))
        for _ in range(2):  # the same two steps by hand, in double precision
            w = w - 0.1 * 2 / 64 * x.T @ (x @ w - y)
        found = np.asarray(dense.kernel.value)
        assert found.dtype == np.float64, found.dtype
        error = np.max(np.abs(found - w))
        assert error < (1e-12 if way == "set_floatx" else 1e-6), error
        assert model.predict(x, verbose=0).dtype == np.float64
        other = rb.layers.Dense(2, dtype="float32")
        assert str(other(x.astype("float32")).dtype) == "float32"
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "mixed_bfloat16"])
def test_symbolic_outputs_have_the_dtype_that_is_computed(policy: str) -> None:
    x = rb.Input((4,))
    for layer in (rb.layers.Dense(2, dtype=policy), rb.layers.Activation("relu", dtype=policy)):
        y = layer(x)
        assert y.dtype == layer(np.ones((2, 4), "float32")).dtype == policy.removeprefix("mixed_")
