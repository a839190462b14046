"""Preprocessing layers: against tables made by Keras on TensorFlow, real Keras on JAX, NumPy."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rosenblatt as rb
from rosenblatt.layers.preprocessing.fingerprints import farmhash64, siphash64

L = rb.layers
GOLDEN = json.loads((Path(__file__).parent / "golden" / "lookups.json").read_text())
CASES = GOLDEN["cases"]
# Keras on JAX gives integers here, though it documents floats.
FLOATS = ("one_hot", "multi_hot", "count", "tf_idf")


def name_of(case: dict[str, Any]) -> str:
    return f"{case['layer']}({case['arguments']})"


def made(case: dict[str, Any]) -> Any:
    layer = getattr(L, case["layer"])(**case["arguments"])
    if case["adapt"] is not None:
        layer.adapt(np.array(case["adapt"]))
    return layer


def inputs_of(case: dict[str, Any]) -> Any:
    if case["layer"] == "HashedCrossing":
        return [np.array(one) for one in case["inputs"]]
    return np.array(case["inputs"])


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_values_are_those_of_tensorflow(case: dict[str, Any]) -> None:
    layer = made(case)
    outputs = layer(inputs_of(case))
    expected = np.array(case["outputs"])
    assert outputs.shape == expected.shape
    if outputs.dtype.kind == "f":
        np.testing.assert_allclose(outputs, expected, rtol=1e-6)
    else:
        np.testing.assert_array_equal(outputs, expected)
    mode = case["arguments"].get("output_mode", "int")
    if not case["arguments"].get("invert"):
        assert outputs.dtype == ("float32" if mode in FLOATS else "int32")
    if "vocabulary" in case:
        assert layer.get_vocabulary() == case["vocabulary"]
        assert layer.vocabulary_size() == len(case["vocabulary"])
        special = layer.vocabulary_size() - len(layer.get_vocabulary(False))
        assert layer.get_vocabulary(False) == case["vocabulary"][special:]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_configs_are_those_of_keras(case: dict[str, Any]) -> None:
    config = {**made(case).get_config(), "dtype": None}
    assert json.loads(json.dumps(config)) == case["config"]
    again = getattr(L, case["layer"]).from_config({**case["config"]})
    assert {**again.get_config(), "dtype": None} == config


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_symbolic_shapes_are_those_of_arrays(case: dict[str, Any]) -> None:
    layer, arrays = made(case), inputs_of(case)
    outputs = layer(arrays)

    def symbolic(array: np.ndarray) -> Any:
        dtype = "string" if array.dtype.kind == "U" else "int64"
        return rb.Input(array.shape[1:], dtype=dtype)

    several = isinstance(arrays, list)
    tensor = layer([symbolic(a) for a in arrays] if several else symbolic(arrays))
    assert tensor.shape == (None, *outputs.shape[1:])
    assert tensor.dtype == ("string" if outputs.dtype == object else str(outputs.dtype)) or (
        case["arguments"].get("invert") and tensor.dtype == "int64"
    )


def test_hashes_of_every_length_are_stable() -> None:
    """One long text, cut at each length: what the table does not reach changes with each cut."""
    text = "".join(chr(33 + (i * 37) % 90) for i in range(300))
    cuts = [text[:n] for n in range(301)]
    for hashes in (farmhash64(cuts), siphash64(cuts, (1, 2))):
        assert len(set(hashes.tolist())) == 301
        # Each value's hash does not depend on its neighbours.
    alone = np.concatenate([farmhash64([cut]) for cut in cuts])
    np.testing.assert_array_equal(farmhash64(cuts), alone)
    keyed = np.concatenate([siphash64([cut], (1, 2)) for cut in cuts])
    np.testing.assert_array_equal(siphash64(cuts, (1, 2)), keyed)


def test_siphash_test_vector() -> None:
    """The vector of the paper's appendix: key 00 … 0f, text 00 … 0e."""
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    assert siphash64(["".join(map(chr, range(15)))], key)[0] == 0xA129CA6149BE45E5


TEXTS = ["Rome", "Bonn", "Rome", "Oslo"]


@pytest.mark.parametrize(
    "column",
    [
        TEXTS,
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, object),
        np.array(TEXTS, np.dtypes.StringDType()),
        np.array([t.encode() for t in TEXTS]),
        np.array([t.encode() for t in TEXTS], object),
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype="category"),
        pd.Series(TEXTS, dtype=object),
        pl.Series(TEXTS),
        pl.Series(TEXTS, dtype=pl.Categorical),
        pa.chunked_array([TEXTS]),
    ],
    ids=lambda column: f"{type(column).__module__}.{type(column).__name__}",
)
def test_text_of_any_kind(column: Any) -> None:
    layer = L.StringLookup()
    layer.adapt(column)
    assert layer.get_vocabulary() == ["[UNK]", "Rome", "Oslo", "Bonn"]
    np.testing.assert_array_equal(layer(column), [1, 3, 1, 2])
    hashing = L.Hashing(1000)
    np.testing.assert_array_equal(hashing(column), hashing(np.array(TEXTS)))
    crossing = L.HashedCrossing(1000)
    ids = np.arange(4)
    np.testing.assert_array_equal(crossing([column, ids]), crossing([np.array(TEXTS), ids]))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_of_text(frame: Any) -> None:
    layer = L.StringLookup(vocabulary=["a", "b", "c"])
    table = frame({"x": ["a", "b"], "y": ["c", "q"]})
    np.testing.assert_array_equal(layer(table), [[1, 3], [2, 0]])


def test_a_single_value() -> None:
    assert int(L.StringLookup(vocabulary=["a", "b"])("b")) == 2
    assert int(L.IntegerLookup(vocabulary=[5, 7])(7)) == 2
    one = L.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")("b")
    np.testing.assert_array_equal(one, [[0, 0, 1]])  # as in Keras: a scalar is a sample


def test_adapt_counts_over_batches() -> None:
    rng = np.random.default_rng(3)
    words = np.array([f"w{i}" for i in range(50)])
    data = words[rng.zipf(1.5, 3000) % 50]
    layer = L.StringLookup(max_tokens=20)
    layer.adapt(iter(np.array_split(data, 7)))
    counts = Counter(data.tolist())
    ranked = sorted(sorted(counts, reverse=True), key=counts.__getitem__, reverse=True)
    assert layer.get_vocabulary() == ["[UNK]", *ranked[:19]]
    few = L.StringLookup()
    few.adapt((np.array([[text]]) for text in "aabc"), steps=3)
    assert few.get_vocabulary() == ["[UNK]", "a", "b"]


def test_idf_by_hand() -> None:
    layer = L.IntegerLookup(output_mode="tf_idf")
    layer.adapt([[1, 1, 2], [1, 3, 3], [1, 2, 2]])
    seen = {1: 3, 2: 2, 3: 1}
    weights = {token: math.log(1 + 3 / (1 + n)) for token, n in seen.items()}
    assert layer.get_vocabulary() == [-1, 1, 2, 3]
    expected = [sum(weights.values()) / 3, *(weights[t] for t in (1, 2, 3))]
    np.testing.assert_allclose(layer.idf_weights, expected, rtol=1e-6)
    np.testing.assert_allclose(
        layer(np.array([[1, 1, 3]])), [[0, 2 * weights[1], 0, weights[3]]], rtol=1e-6
    )


def test_ids_of_64_bits_keep_all_bits() -> None:
    near = [2**53 + 1, 2**53, 2**62 + 1]
    layer = L.IntegerLookup(vocabulary=near)
    np.testing.assert_array_equal(layer(np.array(near)), [1, 2, 3])
    back = L.IntegerLookup(vocabulary=layer.get_vocabulary(), invert=True)
    assert back(np.array([1, 3, 0])).tolist() == [2**53 + 1, 2**62 + 1, -1]


def test_vocabulary_file(tmp_path: Path) -> None:
    path = tmp_path / "tokens.txt"
    path.write_bytes("b\r\né\r\na\r\n".encode())
    layer = L.StringLookup(vocabulary=path)
    assert layer.get_vocabulary() == ["[UNK]", "b", "é", "a"]
    assert layer.get_config()["vocabulary"] is None
    path.write_text("7\n12")
    assert L.IntegerLookup(vocabulary=str(path)).get_vocabulary() == [-1, 7, 12]


def test_assets_in_a_folder(tmp_path: Path) -> None:
    layer = L.StringLookup(mask_token="", num_oov_indices=2)
    layer.adapt(["x", "y", "x", ""])
    layer.save_assets(tmp_path)
    assert (tmp_path / "vocabulary.txt").read_text() == "\n[UNK]\n[UNK]\nx\ny"
    other = L.StringLookup(mask_token="", num_oov_indices=2)
    other.load_assets(tmp_path)
    assert other.get_vocabulary() == layer.get_vocabulary()


def test_set_vocabulary_replaces() -> None:
    layer = L.StringLookup(vocabulary=["a"])
    layer.set_vocabulary(["b", "c"])
    np.testing.assert_array_equal(layer(["a", "c"]), [0, 2])
    layer.set_vocabulary(np.array(["[UNK]", "a"]))
    assert layer.get_vocabulary() == ["[UNK]", "a"]


# -- numbers ---------------------------------------------------------------------------------------

NUMBERS = np.array([[-1.5, 0.0, 3.4, 0.5], [0.0, 3.0, 1.3, 2.0]], "float32")
NUMERIC = [
    ("Rescaling", {"scale": 2.5, "offset": -1.0}, NUMBERS),
    ("Rescaling", {"scale": [1.0, 2.0, 3.0, 4.0], "offset": [0.5, 0.0, 0.0, 1.0]}, NUMBERS),
    ("Rescaling", {"scale": 1 / 255}, np.arange(6, dtype="uint8").reshape(2, 3)),
    ("Discretization", {"bin_boundaries": [0.0, 1.0, 2.0]}, NUMBERS),
    ("Discretization", {"bin_boundaries": [0.0, 1.0], "output_mode": "one_hot"}, NUMBERS[:, :1]),
    ("Discretization", {"bin_boundaries": [0.0, 1.0], "output_mode": "one_hot"}, NUMBERS),
    ("Discretization", {"bin_boundaries": [0.0, 1.0], "output_mode": "multi_hot"}, NUMBERS),
    ("Discretization", {"bin_boundaries": [0.0, 1.0], "output_mode": "count"}, NUMBERS),
    ("CategoryEncoding", {"num_tokens": 4}, np.array([[0, 1], [3, 3], [2, 9]])),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}, np.array([3, 2, 0])),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}, np.array([[3], [2]])),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, np.array([[0, 1], [3, 3]])),
    ("CategoryEncoding", {"num_tokens": 3}, np.array([0, 2])),
    ("CategoryEncoding", {"num_tokens": 3, "dtype": "float16"}, np.array([[0, 2]])),
]


@pytest.mark.parametrize(("name", "arguments", "inputs"), NUMERIC)
def test_numeric_layers_against_keras(
    keras: Any, name: str, arguments: dict[str, Any], inputs: np.ndarray
) -> None:
    ours, theirs = getattr(L, name)(**arguments), getattr(keras.layers, name)(**arguments)
    got, expected = ours(inputs), np.asarray(theirs(inputs))
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    assert got.dtype == expected.dtype
    saved = json.loads(json.dumps(rb.saving.serialize_keras_object(ours)))
    assert saved["config"] == json.loads(
        json.dumps(keras.saving.serialize_keras_object(theirs)["config"])
    )
    again = keras.saving.deserialize_keras_object({**saved, "build_config": None})
    np.testing.assert_array_equal(again(inputs), expected)
    back = rb.saving.deserialize_keras_object(keras.saving.serialize_keras_object(theirs))
    np.testing.assert_array_equal(back(inputs), got)
    symbolic = ours(rb.Input(inputs.shape[1:], dtype=str(inputs.dtype)))
    if inputs.ndim > 1:
        assert symbolic.shape == (None, *got.shape[1:])


def test_count_weights(keras: Any) -> None:
    inputs = np.array([[0, 1, 1], [3, 3, 0]])
    weights = np.array([[0.5, 1.0, 2.0], [1.0, 0.25, 3.0]])
    got = L.CategoryEncoding(4, "count")(inputs, count_weights=weights)
    theirs = keras.layers.CategoryEncoding(4, "count")(inputs, count_weights=weights)
    np.testing.assert_allclose(got, theirs)
    np.testing.assert_allclose(got, [[0.5, 3, 0, 0], [3, 0, 0, 1.25]])


def test_three_axes_keep_the_second() -> None:
    """Documented so; Keras itself sums over the second axis, against its own shapes."""
    inputs = np.array([[[0, 1], [2, 2]]])
    got = L.CategoryEncoding(3, "count")(inputs)
    np.testing.assert_array_equal(got, [[[1, 1, 0], [0, 0, 2]]])


@pytest.mark.parametrize("bins", [2, 4, 10])
@pytest.mark.parametrize("sizes", [(7,), (500,), (500, 30, 1200)])
def test_learned_bins_against_keras(keras: Any, bins: int, sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    batches = [rng.normal(size=(n, 1)).astype("float32") for n in sizes]
    ours = L.Discretization(num_bins=bins)
    theirs = keras.layers.Discretization(num_bins=bins)
    for batch in batches:  # `adapt` of Keras imports TensorFlow
        theirs.update_state(batch)
    theirs.finalize_state()
    ours.adapt(iter(batches) if len(batches) > 1 else batches[0])
    np.testing.assert_allclose(ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-6)
    everything = np.concatenate(batches)
    shares = np.bincount(np.asarray(ours(everything)).ravel(), minlength=bins) / len(everything)
    if len(everything) > 100:
        np.testing.assert_allclose(shares, 1 / bins, atol=0.02)
    config = json.loads(json.dumps(ours.get_config()))
    again = L.Discretization.from_config(config)
    np.testing.assert_array_equal(again(everything), ours(everything))
    real = keras.layers.Discretization.from_config(config)
    np.testing.assert_array_equal(real(everything), ours(everything))


def test_bins_learned_anew_take_effect_in_a_compiled_model() -> None:
    inputs = rb.Input((1,))
    bins = L.Discretization(num_bins=2)
    bins.adapt(np.arange(100.0))
    model = rb.Model(inputs, bins(inputs))
    x = np.array([[10.0], [60.0], [160.0]], "float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), [[0], [1], [1]])
    bins.adapt(np.arange(100.0, 200.0))
    np.testing.assert_array_equal(model.predict(x, verbose=0), [[0], [0], [1]])


def test_discretization_runs_in_programs() -> None:
    layer = L.Discretization(bin_boundaries=[0.0, 1.0], output_mode="one_hot")
    np.testing.assert_array_equal(jax.jit(layer)(NUMBERS), layer(NUMBERS))


def test_pipeline(keras: Any) -> None:
    ours = L.Pipeline([L.Rescaling(2.0), L.Dropout(0.5), L.Rescaling(1.0, offset=1.0)])
    np.testing.assert_allclose(ours(NUMBERS, training=False), NUMBERS * 2 + 1)
    saved = json.loads(json.dumps(rb.saving.serialize_keras_object(ours)))
    again = rb.saving.deserialize_keras_object(saved)
    np.testing.assert_allclose(again(NUMBERS, training=False), NUMBERS * 2 + 1)
    real = keras.saving.deserialize_keras_object({**saved, "build_config": None})
    np.testing.assert_allclose(real(NUMBERS, training=False), NUMBERS * 2 + 1)
    text = L.Pipeline([L.StringLookup(vocabulary=["a", "b"]), L.CategoryEncoding(3, "one_hot")])
    np.testing.assert_array_equal(text(np.array(["b", "q"])), [[0, 0, 1], [1, 0, 0]])
    assert text(rb.Input((1,), dtype="string")).shape == (None, 3)
