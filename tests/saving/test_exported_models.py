"""Models of every make in every format: what the format computes, or why it cannot hold them."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from exported import run_onnx
from jax import export as jax_export
from models_to_export import MODELS

import rosenblatt as rb

L = rb.layers
LOADER = Path(__file__).parents[2] / "docs" / "npz_loader.py"
FORMATS = ("tf_saved_model", "stablehlo", "onnx", "npz")
# What a format cannot hold, by the name of the layer.
CANNOT_HOLD = {
    "npz": {
        "by name": "'sum' (Sum)",
        "arrays alone": "'mine' (Calls)",
        "texts": "'global_average_pooling1d' (GlobalAveragePooling1D) with a mask",
        "classes": "'argmax' (Argmax), 'greater' (Greater)",
        "nested": "'add' (Add)",
        "a type of ones own": "'absolute' (Absolute)",
        "looks across rows": "'mean' (Mean), 'subtract' (Subtract)",
        "inside a graph": "'mine' (Calls)",
        "a kernel of ones own": "'matmul' (Matmul)",
        "a metric inside": "'mine' (Calls)",
        "fixed noise": "'add' (Add)",
        "an exported model inside": "'served' (TFSMLayer)",
    },
    "onnx": {"an exported model inside": "'served' (TFSMLayer): ONNX has no node for its step"},
}


def run_format(path: Path, format: str, model: Any, inputs: Any) -> list[np.ndarray]:
    """What a file computes, as a list; with nothing of the model but its inputs' order."""
    if format == "tf_saved_model":
        return jax.tree_util.tree_leaves(L.TFSMLayer(path)(inputs))
    arrays = model._graph.in_order(inputs) if model._graph else jax.tree_util.tree_leaves(inputs)
    if format == "stablehlo":
        return jax_export.deserialize(bytearray(path.read_bytes())).call(*arrays)
    if format == "onnx":
        return run_onnx(path, *arrays)
    found = runpy.run_path(str(LOADER))["load"](path)(*arrays)
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", MODELS)
def test_every_model_in_every_format(name: str, format: str, tmp_path: Path) -> None:
    model, inputs = MODELS[name]()
    expected = model(inputs)
    noted = [len(layer._inbound_nodes) for layer in model._flatten_layers()]
    state = [np.array(v) for v in model.variables]
    path = tmp_path / "exported"
    if (held := CANNOT_HOLD.get(format, {}).get(name)) is not None:
        with pytest.raises(ValueError) as caught:
            model.export(path, format=format)
        assert str(caught.value).startswith(f"export: format {format!r} cannot hold layer {held}")
        assert not list(tmp_path.iterdir())
    else:
        model.export(path, format=format)
        found = run_format(path, format, model, inputs)
        tolerance = 2e-3 if name == "half precision" and format != "tf_saved_model" else 1e-6
        for one, other in zip(found, jax.tree_util.tree_leaves(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
    # Writing a model leaves it as it was.
    assert [len(layer._inbound_nodes) for layer in model._flatten_layers()] == noted
    for one, other in zip(model.variables, state, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"fixed rows"}))
def test_any_number_of_rows(name: str, tmp_path: Path) -> None:
    model, inputs = MODELS[name]()
    model(inputs)
    model.export(tmp_path / "m")
    layer = L.TFSMLayer(tmp_path / "m")
    for rows in (1, 4):
        few = jax.tree_util.tree_map(lambda a, n=rows: a[:n], inputs)
        pairs = zip(
            jax.tree_util.tree_leaves(layer(few)),
            jax.tree_util.tree_leaves(model(few)),
            strict=True,
        )
        for one, other in pairs:
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)
