"""Every layer of the table in ONNX Runtime, and those that a plain archive holds, in NumPy."""

from __future__ import annotations

import functools
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from exported import run_onnx
from test_conformance import CASES, Case

import rosenblatt as rb

_APART = ("MultiHeadAttention", "GroupQueryAttention")  # take their inputs one by one


LOADER = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "npz_loader.py"))
IN_ARCHIVES = {
    "Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "BatchNormalization",
    "LayerNormalization", "Normalization", "Rescaling", "Embedding", "Flatten", "Reshape",
    "Concatenate", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Dropout",
    "AlphaDropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise",
    "ActivityRegularization", "Identity", "Cropping1D", "ZeroPadding1D", "UpSampling1D",
    "GlobalAveragePooling1D", "GlobalAvgPool1D", "GlobalMaxPooling1D", "GlobalMaxPool1D",
}  # fmt: skip


def model_of(case: Case) -> tuple[Any, list[np.ndarray]]:
    """A model of the layer alone, with weights other than the initial zeros and ones."""
    inputs = [rb.Input(shape[1:]) for shape in case.shapes]
    given = case.inputs()
    arrays = given if isinstance(given, list) else [given]
    layer = case.make(rb)
    if case.name == "Normalization" and "mean" not in case.arguments:
        layer.adapt(arrays[0])
    outputs = layer(*inputs) if case.name in _APART else layer(inputs if inputs[1:] else inputs[0])
    model = rb.Model(inputs, outputs)
    rng = np.random.default_rng(4)
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(rng.uniform(0.3, 0.9, weight.shape))
    return model, arrays


def check(model: Any, arrays: list[np.ndarray], run: Callable[..., Any]) -> None:
    for rows in (1, len(arrays[0])):
        batch = [array[:rows] for array in arrays]
        expected = jax.tree_util.tree_leaves(model(batch if batch[1:] else batch[0]))
        found = run(*batch)
        for one, other in zip(
            found if isinstance(found, (list, tuple)) else [found], expected, strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_onnx_computes_what_the_layer_computes(case: Case, tmp_path: Path) -> None:
    model, arrays = model_of(case)
    model.export(tmp_path / "m.onnx", format="onnx")
    check(model, arrays, functools.partial(run_onnx, tmp_path / "m.onnx"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_archives_compute_what_the_layer_computes(case: Case, tmp_path: Path) -> None:
    model, arrays = model_of(case)
    refusal = None
    try:
        model.export(tmp_path / "m.npz", format="npz")
    except ValueError as error:
        refusal = str(error)
    if refusal is not None:
        assert refusal.startswith("export: format 'npz' cannot hold layer '")
        assert case.name not in IN_ARCHIVES or " with " in refusal  # other settings it can
        return
    assert case.name in IN_ARCHIVES
    check(model, arrays, LOADER["load"](tmp_path / "m.npz"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_saving_asks_nothing_of_the_device(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint is written while a program runs: what asks the device would wait for its end."""
    model, _ = model_of(case)
    model.compile(loss="mse", optimizer="adam")
    asked: list[str] = []

    def note(self: Any, primitive: Any, *rest: Any) -> Any:
        asked.append(primitive.name)
        return computed(self, primitive, *rest)

    computed = jax._src.core.EvalTrace.process_primitive
    monkeypatch.setattr(jax._src.core.EvalTrace, "process_primitive", note)
    model.save(tmp_path / "m.keras")
    assert asked == []
    model(np.ones((1, *case.shapes[0][1:])) if len(case.shapes) == 1 else [
        np.ones((1, *shape[1:])) for shape in case.shapes
    ])  # fmt: skip
    assert asked or case.name in ("Identity", "Dropout")  # what is counted is counted
