"""Random models through every format: what comes back predicts what the model predicted."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import jax
import numpy as np
import onnxruntime
import pytest
import random_models
from hypothesis import HealthCheck, Phase, given, settings
from test_random_models import close, shape_of

import rosenblatt as rb

pytestmark = [
    pytest.mark.filterwarnings("ignore:Do not use the `random` module"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
ROOT = Path(__file__).parents[2]
LOADER = runpy.run_path(str(ROOT / "docs" / "npz_loader.py"))


def onnx(path: Path, inputs: list[np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs, strict=True)))


def stablehlo(path: Path, inputs: list[np.ndarray]) -> Any:
    return jax.export.deserialize(path.read_bytes()).call(*inputs)


def npz(path: Path, inputs: list[np.ndarray]) -> Any:
    return LOADER["load"](path)(*inputs)


@settings(
    max_examples=8,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(recipe=random_models.recipes(shape_of))
def test_random_models_through_every_format(
    tmp_path_factory: Any, recipe: random_models.Recipe
) -> None:
    model = random_models.build(rb, recipe)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(rng.uniform(0.2, 0.8, weight.shape))
    x, _ = random_models.data(recipe, len(model.outputs))
    expected = model.predict(x, verbose=0)
    folder: Path = tmp_path_factory.mktemp("formats")
    for name in ("a.keras", "a.h5"):
        model.save(folder / name)
        close(rb.models.load_model(folder / name).predict(x, verbose=0), expected, name)
    model.save_weights(folder / "a.weights.h5")
    again = random_models.build(rb, recipe)
    again.load_weights(folder / "a.weights.h5")
    close(again.predict(x, verbose=0), expected, "a.weights.h5")
    arrays = x if isinstance(x, list) else [x]
    for run in (stablehlo, onnx, npz):
        path = folder / f"a.{run.__name__}"
        refusal = None
        try:
            model.export(path, format=run.__name__)
        except ValueError as error:
            refusal = str(error)
        if refusal is None:
            close(run(path, arrays), expected, run.__name__)
            continue
        named = set(re.findall(r"'(\w+)' \((\w+)\)", refusal))  # before anything is written
        known = {(layer.name, type(layer).__name__) for layer in model.layers}
        assert named and named <= known, refusal
        assert run is not stablehlo and not path.exists()
