"""Files that releases of real Keras wrote, from 3.0 on and Keras 2's: they load and predict alike.

`make_golden_keras.py` wrote them; its models are built here too, to take weights alone.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

HERE = Path(__file__).parent
FILES = sorted((HERE / "golden").glob("*/*.*"))
MODELS = [f for f in FILES if f.name.endswith((".keras", ".h5")) and ".weights." not in f.name]
WEIGHTS = [f for f in FILES if f.name.endswith(".weights.h5")]
MAKER = runpy.run_path(str(HERE / "make_golden_keras.py"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def inputs_of(path: Path) -> Any:
    x = [MAKER["X"], MAKER["IDS"]] if path.name.startswith("functional") else [MAKER["X"]]
    return x if len(x) > 1 else x[0]


def check_predictions(model: Any, path: Path) -> None:
    outputs = model.predict(inputs_of(path), verbose=0)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    with np.load(path.with_name(path.name.split(".")[0] + ".npz")) as expected:
        assert len(outputs) == len(expected.files)
        for found, one in zip(outputs, expected.values(), strict=True):
            np.testing.assert_allclose(found, one, rtol=1e-5, atol=1e-6)


def test_every_release_is_here() -> None:
    releases = {file.parent.name for file in FILES}
    versions = {r.rsplit(".", 1)[0] for r in releases if r.startswith("keras-")}
    assert versions == {f"keras-3.{minor}" for minor in (0, 3, 6, 10, 15)}
    assert any(r.startswith("tf_keras-2") for r in releases)
    assert len(MODELS) == 23
    assert len(WEIGHTS) == 8


@pytest.mark.parametrize("path", MODELS, ids=name_of)
def test_a_model_predicts_and_trains_on(path: Path) -> None:
    model = rb.models.load_model(path)
    check_predictions(model, path)
    assert int(model.optimizer.iterations) == 4
    assert all(np.abs(np.asarray(v)).max() > 0 for v in model.optimizer.variables)
    y = MAKER[path.name.split(".")[0]](rb)[2]
    before = model.evaluate(inputs_of(path), y, verbose=0, return_dict=True)["loss"]
    model.fit(inputs_of(path), y, epochs=8, batch_size=4, verbose=0)
    assert int(model.optimizer.iterations) == 4 + 16
    after = model.evaluate(inputs_of(path), y, verbose=0, return_dict=True)["loss"]
    assert after < before


@pytest.mark.parametrize("path", WEIGHTS, ids=name_of)
def test_weights_alone(path: Path) -> None:
    model = MAKER[path.name.split(".")[0]](rb)[0]
    if path.parent.name.startswith("tf_keras"):  # its optimizers know no rate among their values
        with pytest.warns(UserWarning, match="state of optimizer .* does not fit"):
            report = model.load_weights(path)
    else:
        report = model.load_weights(path)
    assert not report.skipped
    assert not report.unused
    check_predictions(model, path)
