"""Lambdas in files: their code runs only where the user says so, as in Keras."""

from __future__ import annotations

import json
import marshal
from base64 import encodebytes
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from saving_helpers import edit_config

import rosenblatt as rb
from rosenblatt.core import loading
from rosenblatt.core.errors import FileRefused
from rosenblatt.saving import load_model

X = np.array([[1.0, -2.0], [0.5, 3.0]], "float32")
WARNING = r"The file holds the code of a lambda: only `load_model\(path, safe_mode=False\)`"
REFUSED = (
    "The file holds the code of a lambda, which is not run. Fix: save it with a named function "
    "instead, and pass that in `custom_objects`; or load it with `safe_mode=False`, if you know "
    "who made it."
)


def with_lambdas(framework: Any, activation: Any = None) -> Any:
    factor = 3.0
    model = framework.Sequential(
        [
            framework.Input((2,)),
            framework.layers.Lambda(lambda x: x * factor + 1),
            framework.layers.Dense(2, activation=activation),
        ]
    )
    model.compile("sgd", "mse")
    return model


def save(model: Any, path: Path) -> None:
    with pytest.warns(UserWarning, match=WARNING):
        model.save(path)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_there_and_back(tmp_path: Path, ending: str) -> None:
    model, path = with_lambdas(rb, lambda x, power=2: x**power), tmp_path / f"m.{ending}"
    save(model, path)
    with pytest.raises(FileRefused) as caught:
        load_model(path)
    assert str(caught.value).endswith(REFUSED)
    loaded = load_model(path, safe_mode=False)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    with pytest.raises(FileRefused):  # the permission is gone with the call
        load_model(path)


def test_real_keras_reads_ours_and_we_read_its(keras: Any, tmp_path: Path) -> None:
    ours, theirs = with_lambdas(rb), with_lambdas(keras)
    save(ours, tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    for model, load, name in (
        (ours, keras.saving.load_model, "ours"),
        (theirs, load_model, "theirs"),
    ):
        loaded = load(tmp_path / f"{name}.keras", safe_mode=False)
        np.testing.assert_allclose(
            loaded.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6
        )


def test_lambdas_of_keras_2(tmp_path: Path) -> None:
    """Which says beside the function that it is code, and keeps three parts in a list."""
    path = tmp_path / "m.h5"
    save(with_lambdas(rb), path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        inner = config["config"]["layers"][1]["config"]
        code = inner["function"]["config"]
        inner.update(
            function=[code["code"], None, code["closure"]], function_type="lambda",
            module="__main__", output_shape=None, output_shape_type="raw",
            output_shape_module=None,
        )  # fmt: skip
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(FileRefused, match="holds the code of a lambda, which is not run"):
        load_model(path)
    loaded = load_model(path, safe_mode=False)
    np.testing.assert_array_equal(loaded.layers[0](X), X * 3 + 1)


def test_what_code_names_is_looked_up_in_custom_objects(tmp_path: Path) -> None:
    model = rb.Sequential([rb.Input((2,)), rb.layers.Lambda(lambda x: rb.ops.abs(x))])
    save(model, tmp_path / "m.keras")
    with pytest.raises(FileRefused, match="name 'rb' is not defined"):
        load_model(tmp_path / "m.keras", safe_mode=False)
    loaded = load_model(tmp_path / "m.keras", {"rb": rb}, safe_mode=False)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), abs(X))


def test_permission_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_always_unsafe", False)  # put back afterwards
    save(with_lambdas(rb), tmp_path / "m.keras")
    rb.config.enable_unsafe_deserialization()
    np.testing.assert_array_equal(load_model(tmp_path / "m.keras").layers[0](X), X * 3 + 1)


@pytest.mark.parametrize(
    "code",
    ["", "AAAA", "no base64 ü", encodebytes(marshal.dumps(7)).decode(), None, 5, [], {}],
)
def test_what_is_no_code(tmp_path: Path, code: Any) -> None:
    path = tmp_path / "m.keras"
    save(with_lambdas(rb), path)

    def edit(config: Any) -> None:
        config["config"]["layers"][1]["config"]["function"]["config"]["code"] = code

    edit_config(path, edit)
    with pytest.raises(FileRefused, match=r"The code of a lambda cannot be read\. Given: "):
        load_model(path, safe_mode=False)


def test_clones_keep_the_functions_themselves() -> None:
    model = with_lambdas(rb, lambda x: np.float32(2) * x)  # with names of this module
    clone = rb.models.clone_model(model)
    assert clone.layers[0].function is model.layers[0].function
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(X, verbose=0), model.predict(X, verbose=0))


def test_equal_code_is_not_taken_for_the_same_function() -> None:
    """What a lambda finds by name may differ: programs are not shared for its code."""
    answers = []
    for k in (2.0, 5.0):
        model = rb.Sequential(
            [rb.Input((2,)), rb.layers.Dense(2, "linear"), rb.layers.Lambda(lambda x: x * FACTOR)]
        )
        globals()["FACTOR"] = k
        model.layers[0].set_weights([np.eye(2), np.zeros(2)])
        answers.append(model.predict(X, verbose=0))
    np.testing.assert_array_equal(answers[0], 2 * X)
    np.testing.assert_array_equal(answers[1], 5 * X)


FACTOR = 1.0
