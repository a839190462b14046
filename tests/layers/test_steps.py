"""Layers over the steps of a sequence: masks, free lengths, files, exports, messages."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from exported import run_onnx
from messages import Case, check_message, texts_beside

import rosenblatt as rb
from rosenblatt import layers

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
RNG = np.random.default_rng(0)
STEPS = RNG.normal(size=(5, 6, 4)).astype("float32")
MASK = RNG.random((5, 6)) < 0.5
MASK[:, 0] = True
IDS = np.where(MASK, RNG.integers(1, 9, MASK.shape), 0).astype("int32")
LOADER = Path(__file__).parents[2] / "docs" / "npz_loader.py"

MAKERS: dict[str, Callable[[], Any]] = {
    "crop": lambda: layers.Cropping1D((1, 2)),
    "pad": lambda: layers.ZeroPadding1D((0, 2)),
    "repeat": lambda: layers.UpSampling1D(3),
    "mean": lambda: layers.GlobalAveragePooling1D(),
    "mean that keeps its axis": lambda: layers.GlobalAveragePooling1D(keepdims=True),
    "maximum": lambda: layers.GlobalMaxPooling1D(),
}


@pytest.mark.parametrize("settings", [{}, {"keepdims": True}])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_mean_with_a_mask_equals_keras(
    settings: dict[str, Any], data_format: str, dtype: str, keras: Any
) -> None:
    x = STEPS if data_format == "channels_last" else np.moveaxis(STEPS, 1, 2)
    settings = {**settings, "data_format": data_format, "dtype": dtype}
    theirs = keras.layers.GlobalAveragePooling1D(**settings)(x, mask=MASK)
    found = layers.GlobalAveragePooling1D(**settings)(x, mask=MASK)
    assert found.dtype == theirs.dtype
    tolerance = 1e-6 if dtype == "float32" else 0.02
    np.testing.assert_allclose(
        np.asarray(found, "float32"), np.asarray(theirs, "float32"), rtol=tolerance, atol=tolerance
    )
    kept = np.mean(STEPS[3][MASK[3]], axis=0)
    np.testing.assert_allclose(np.ravel(found[3]).astype("float32"), kept, tolerance, tolerance)


def test_the_mean_of_no_steps_is_zero_and_has_a_gradient() -> None:
    mask = np.array([[True] * 6, [False] * 6])

    def total(x: Any) -> Any:
        return layers.GlobalAveragePooling1D()(x, mask=mask).sum()

    np.testing.assert_array_equal(layers.GlobalAveragePooling1D()(STEPS[:2], mask=mask)[1], 0)
    gradient = jax.grad(total)(jax.numpy.asarray(STEPS[:2]))
    np.testing.assert_array_equal(gradient[1], 0)
    np.testing.assert_allclose(gradient[0], 1 / 6, rtol=1e-6)


@pytest.mark.parametrize("name", MAKERS)
def test_a_mask_ends_here_as_in_keras(name: str) -> None:
    embedded = layers.Embedding(9, 4, mask_zero=True)(IDS)
    layer = MAKERS[name]()
    if name.startswith("mean"):
        found = layer(embedded)
    else:
        with pytest.warns(UserWarning, match="does not support masking: the mask of its input"):
            found = layer(embedded)
    assert not hasattr(found, "_keras_mask")


@pytest.mark.parametrize("name", MAKERS)
def test_a_free_number_of_steps(name: str, tmp_path: Path) -> None:
    inputs = rb.Input((None, 4))
    layer = MAKERS[name]()
    outputs = layer(inputs)
    assert outputs.shape == (None, *(None if n > 1 else n for n in layer(STEPS).shape[1:-1]), 4)
    assert outputs.shape == tuple(layer.compute_output_shape((None, None, 4)))
    model = rb.Model(inputs, outputs)
    model.export(tmp_path / "m.onnx", format="onnx")
    model.export(tmp_path / "m.npz", format="npz")
    load = runpy.run_path(str(LOADER))["load"]
    for steps in (4, 6):
        x = STEPS[:, :steps]
        np.testing.assert_allclose(model.predict(x, verbose=0), layer(x), rtol=1e-6)
        for found in (run_onnx(tmp_path / "m.onnx", x)[0], load(tmp_path / "m.npz")(x)):
            np.testing.assert_allclose(found, layer(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", MAKERS)
def test_rows_stay_apart(name: str) -> None:
    inputs = rb.Input((6, 4))
    model = rb.Model(inputs, MAKERS[name]()(inputs))
    assert model.training_session.task.rows_apart("predict")


def test_the_global_data_format_counts() -> None:
    rb.config.set_image_data_format("channels_first")
    try:
        made = [layers.ZeroPadding1D(), layers.GlobalMaxPooling1D()]
    finally:
        rb.config.set_image_data_format("channels_last")
    assert [layer.data_format for layer in made] == ["channels_first"] * 2
    assert [layer(STEPS).shape for layer in made] == [(5, 6, 6), (5, 6)]


@pytest.mark.parametrize("mask_zero", [False, True])
def test_a_text_classifier_of_keras(mask_zero: bool, keras: Any, tmp_path: Path) -> None:
    kinds = keras.layers
    theirs = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            kinds.Embedding(9, 4, mask_zero=mask_zero),
            kinds.GlobalAveragePooling1D(),
            kinds.Dense(3, "softmax"),
        ]
    )
    expected = theirs.predict(IDS, verbose=0)
    theirs.save(tmp_path / "texts.keras")
    model = rb.models.load_model(tmp_path / "texts.keras")
    np.testing.assert_allclose(model.predict(IDS, verbose=0), expected, rtol=1e-5, atol=1e-6)
    model.export(tmp_path / "texts.onnx", format="onnx")
    found = run_onnx(tmp_path / "texts.onnx", IDS)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    if mask_zero:
        with pytest.raises(ValueError) as caught:
            model.export(tmp_path / "texts.npz", format="npz")
        assert "'global_average_pooling1d' (GlobalAveragePooling1D) with a mask. Fix: use" in str(
            caught.value
        )
    else:
        model.export(tmp_path / "texts.npz", format="npz")
        load = runpy.run_path(str(LOADER))["load"]
        np.testing.assert_allclose(load(tmp_path / "texts.npz")(IDS), expected, 1e-5, 1e-6)


CASES: dict[str, Case] = {
    "cropping": (ValueError, lambda: layers.Cropping1D((1, 2, 3))),
    "negative cropping": (ValueError, lambda: layers.Cropping1D(-1)),
    "cropping as text": (ValueError, lambda: layers.Cropping1D("1")),
    "too much cropped": (ValueError, lambda: layers.Cropping1D((3, 3))(STEPS)),
    "rank for Cropping1D": (ValueError, lambda: layers.Cropping1D()(STEPS[0])),
    "padding": (ValueError, lambda: layers.ZeroPadding1D((1.5, 2))),
    "padding, data format": (ValueError, lambda: layers.ZeroPadding1D(data_format="last")),
    "size": (ValueError, lambda: layers.UpSampling1D(0)),
    "size as a fraction": (TypeError, lambda: layers.UpSampling1D(2.0)),
    "data format": (ValueError, lambda: layers.GlobalAveragePooling1D("last")),
    "rank for a mean": (ValueError, lambda: layers.GlobalAveragePooling1D()(STEPS[0])),
    "rank for a maximum": (ValueError, lambda: layers.GlobalMaxPooling1D()(STEPS[..., None])),
    "argument": (TypeError, lambda: layers.GlobalMaxPooling1D(keepdim=True)),
}
TEXTS = texts_beside(__file__)


def test_every_case_has_a_text() -> None:
    assert list(TEXTS) == list(CASES)


@pytest.mark.parametrize("case", CASES)
def test_message(case: str) -> None:
    check_message(CASES[case], TEXTS[case])
