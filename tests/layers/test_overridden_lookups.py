"""What a user's subclass of a preprocessing layer overrides is asked: alone and in models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

WORDS, IDS = np.array([["a"], ["b"], ["zz"]]), np.array([[1], [2], [9]])
NUMBERS = np.array([[0.1], [1.5], [2.5]], "float32")
# For each layer its arguments, its data, and the dtype of its input.
LAYERS: dict[str, tuple[dict[str, Any], np.ndarray, str]] = {
    "StringLookup": ({"vocabulary": ["a", "b"]}, WORDS, "string"),
    "IntegerLookup": ({"vocabulary": [1, 2]}, IDS, "int64"),
    "Hashing": ({"num_bins": 4}, WORDS, "string"),
    "Discretization": ({"bin_boundaries": [0.0, 1.0, 2.0]}, NUMBERS, "float32"),
    "Normalization": ({"mean": 1.0, "variance": 4.0}, NUMBERS, "float32"),
    "CategoryEncoding": ({"num_tokens": 10}, IDS, "int32"),
    "Rescaling": ({"scale": 2.0}, NUMBERS, "float32"),
}
IN_KERAS = ("Discretization", "Normalization", "CategoryEncoding", "Rescaling")


def subclass(library: Any, name: str) -> tuple[type, list[str]]:
    """A subclass that overrides everything, and the log of what was asked."""
    log: list[str] = []

    class Mine(getattr(library.layers, name)):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            log.append("build")
            super().build(input_shape)

        def call(self, inputs: Any) -> Any:
            log.append("call")
            return super().call(inputs) + 1

        def compute_output_shape(self, input_shape: Any) -> Any:
            log.append("shape")
            return super().compute_output_shape(input_shape)

        def get_config(self) -> dict[str, Any]:
            log.append("config")
            return {**super().get_config(), "name": "renamed"}

    return Mine, log


def asked(library: Any, name: str) -> list[Any]:
    """What was asked at each use, and what came of it."""
    arguments, data, dtype = LAYERS[name]
    cls, log = subclass(library, name)
    plain = np.asarray(getattr(library.layers, name)(**arguments)(data))
    found: list[Any] = []

    def note(value: Any) -> None:
        found.append((value, sorted({*log})))
        log.clear()

    note(np.array_equal(np.asarray(cls(**arguments)(data)), plain + 1))
    layer = cls(**arguments)
    inputs = library.Input((1,), dtype=dtype)
    outputs = layer(inputs)
    note(tuple(outputs.shape))
    model = library.Model(inputs, outputs)
    log.clear()
    note(np.array_equal(np.asarray(model.predict(data, verbose=0)), plain + 1))
    note(np.array_equal(np.asarray(model(data)), plain + 1))
    note(layer.get_config()["name"])
    note(cls.from_config(layer.get_config()).name)
    return found


def without_shape(found: list[Any]) -> list[Any]:
    """Keras traces `call` where we ask for the shape first: either is asked."""
    return [(value, [one for one in log if one != "shape"]) for value, log in found]


@pytest.mark.parametrize("name", LAYERS)
def test_everything_is_asked(name: str) -> None:
    found = asked(rb, name)
    assert [value for value, _ in found[:1] + found[2:4]] == [True] * 3
    assert [set(log) >= {"call"} for _, log in found[:1] + found[2:4]] == [True] * 3
    assert {"build", "shape"} <= set(found[1][1])
    assert found[4:] == [("renamed", ["config"])] * 2


@pytest.mark.parametrize("name", IN_KERAS)
def test_as_in_keras(name: str, keras: Any) -> None:
    ours, theirs = without_shape(asked(rb, name)), without_shape(asked(keras, name))
    assert [value for value, _ in ours] == [value for value, _ in theirs]


@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "Hashing"])
def test_a_users_lookup_is_trained_with_and_saved(name: str, tmp_path: Path) -> None:
    arguments, data, dtype = LAYERS[name]

    @rb.saving.register_keras_serializable("tests")
    class Doubled(getattr(rb.layers, name)):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            found = np.asarray(super().call(inputs))
            return np.concatenate([found, 2 * found], axis=-1)

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*input_shape[:-1], 2)

    inputs = rb.Input((1,), dtype=dtype)
    looked_up = Doubled(**arguments)(inputs)
    assert looked_up.shape == (None, 2)
    model = rb.Model(inputs, rb.layers.Dense(1)(rb.layers.Rescaling(0.1)(looked_up)))
    model.compile("sgd", "mse")
    model.fit(data, np.ones((3, 1)), epochs=2, verbose=0)
    places = np.asarray(getattr(rb.layers, name)(**arguments)(data))
    by_hand = 0.1 * np.concatenate([places, 2 * places], axis=-1) @ model.get_weights()[0]
    predicted = model.predict(data, verbose=0)
    np.testing.assert_allclose(predicted, by_hand + model.get_weights()[1], rtol=1e-5)
    model.save(tmp_path / "model.keras")
    again = rb.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(data, verbose=0), predicted)
