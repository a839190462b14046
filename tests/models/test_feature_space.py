"""FeatureSpace against what Keras on TensorFlow made of the same columns, and in models."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rosenblatt as rb
from rosenblatt.utils import FeatureSpace

L = rb.layers
GOLDEN = Path(__file__).parents[1] / "layers" / "golden"
SPACE = json.loads((GOLDEN / "lookups.json").read_text())["space"]
COLUMNS = SPACE["columns"]
OUTPUTS = np.array(SPACE["outputs"], "float32")


def make(adapted: bool = True, **arguments: Any) -> FeatureSpace:
    space = FeatureSpace(SPACE["kinds"], crosses=SPACE["crosses"], **SPACE["sizes"], **arguments)
    if adapted:
        space.adapt(COLUMNS)
    return space


def test_it_encodes_as_keras_does() -> None:
    np.testing.assert_allclose(make()(COLUMNS), OUTPUTS, rtol=1e-6)


DATA = {
    "arrays": {name: np.array(values) for name, values in COLUMNS.items()},
    "pandas": pd.DataFrame(COLUMNS),
    "polars": pl.DataFrame(COLUMNS),
    "lazy": pl.DataFrame(COLUMNS).lazy(),
}


@pytest.mark.parametrize("kind", DATA)
def test_data_of_any_kind(kind: str) -> None:
    space = make(adapted=False)
    space.adapt(DATA[kind])
    np.testing.assert_allclose(space(DATA[kind]), OUTPUTS, rtol=1e-6)


def test_adapt_to_a_stream() -> None:
    space = make(adapted=False)
    space.adapt(
        {name: np.array(values)[i : i + 1] for name, values in COLUMNS.items()} for i in range(3)
    )
    np.testing.assert_allclose(space(COLUMNS), OUTPUTS, rtol=1e-6)


def test_a_single_row() -> None:
    row = make()({name: values[1] for name, values in COLUMNS.items()})
    np.testing.assert_allclose(row, OUTPUTS[1], rtol=1e-6)


def test_dict_mode() -> None:
    space = FeatureSpace(
        {
            "size": FeatureSpace.float_rescaled(2.0, 1.0),
            "bin": FeatureSpace.float_discretized(None, bin_boundaries=[0.5], output_mode="int"),
            "city": FeatureSpace.string_categorical(max_tokens=3, output_mode="int"),
            "own": FeatureSpace.feature("float32", L.Rescaling(10.0), "float"),
        },
        crosses=[FeatureSpace.cross(("city", "bin"), 4, output_mode="int")],
        output_mode="dict",
    )
    data = {"size": [1.0, 2.0], "bin": [0.0, 1.0], "city": ["a", "b"], "own": [3, 4]}
    space.adapt(data)
    got = space(data)
    assert sorted(got) == ["bin", "city", "city_X_bin", "own", "size"]
    np.testing.assert_allclose(got["size"], [[3], [5]])
    np.testing.assert_array_equal(got["bin"], [[0], [1]])
    np.testing.assert_array_equal(got["city"], [[2], [1]])
    np.testing.assert_allclose(got["own"], [[30], [40]])
    crossed = L.HashedCrossing(4)([got["city"], got["bin"]])
    np.testing.assert_array_equal(got["city_X_bin"], crossed)


def test_in_a_model(tmp_path: Path) -> None:
    space = make()
    outputs = L.Dense(1)(space.get_encoded_features())
    model = rb.Model(space.get_inputs(), outputs)
    model.compile("sgd", "mse")
    model.fit(COLUMNS, np.ones(3), epochs=2, verbose=0)
    kernel, bias = model.layers[-1].get_weights()
    expected = OUTPUTS @ kernel + bias
    np.testing.assert_allclose(model.predict(COLUMNS, verbose=0), expected, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    again = rb.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(COLUMNS, verbose=0), expected, rtol=1e-5)


def test_files_of_both_libraries(tmp_path: Path) -> None:
    theirs = rb.saving.load_model(GOLDEN / "space.keras")
    np.testing.assert_allclose(theirs(COLUMNS), OUTPUTS, rtol=1e-6)
    make().save(tmp_path / "space.keras")
    ours = rb.saving.load_model(tmp_path / "space.keras")
    np.testing.assert_allclose(ours(COLUMNS), OUTPUTS, rtol=1e-6)
    with (
        zipfile.ZipFile(GOLDEN / "space.keras") as a,
        zipfile.ZipFile(tmp_path / "space.keras") as b,
    ):
        assert set(a.namelist()) == set(b.namelist())


def test_config() -> None:
    config = json.loads(json.dumps(make(adapted=False).get_config()))
    again = FeatureSpace.from_config(config)
    again.adapt(COLUMNS)
    np.testing.assert_allclose(again(COLUMNS), OUTPUTS, rtol=1e-6)


ERRORS = {
    "no features": (lambda: FeatureSpace({}), r"`features` is empty"),
    "kind": (lambda: FeatureSpace({"a": "flaot"}), r"Given: 'flaot'. Fix: did you mean 'float'"),
    "mode": (
        lambda: FeatureSpace({"a": "float"}, output_mode="list"),
        r"unknown `output_mode`. Given: 'list'",
    ),
    "cross": (
        lambda: FeatureSpace({"city": "string_hashed"}, crosses=[("city", "town")]),
        r"one of `crosses` needs feature 'town'",
    ),
    "not adapted": (
        lambda: make(adapted=False)(COLUMNS),
        r"has not learned \['normal', .* yet. Fix",
    ),
    "no dict": (lambda: make()([1, 2]), r"takes a dict of columns. Given: a list"),
    "lacking": (lambda: make()({"plain": [1.0]}), r"the data lack feature 'normal'"),
    "not encoded": (
        lambda: FeatureSpace({"a": FeatureSpace.string_hashed(3, output_mode="int")})({"a": ["x"]}),
        r"feature 'a' is not encoded",
    ),
    "own layer one-hot": (
        lambda: FeatureSpace({"a": FeatureSpace.feature("int32", L.Rescaling(1.0), "one_hot")})(
            {"a": [1]}
        ),
        r"how many values feature 'a' may have is not known",
    ),
    "feature mode": (
        lambda: FeatureSpace.feature("int32", None, "count"),
        r"Feature: unknown `output_mode`",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case: str) -> None:
    make_it, text = ERRORS[case]
    with pytest.raises(ValueError, match=text):
        make_it()
