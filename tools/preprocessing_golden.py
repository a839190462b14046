"""Writes tests/layers/golden with real Keras on TensorFlow; no test imports it.

python tools/preprocessing_golden.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent.parent / "tests" / "layers" / "golden"
TOKENS = [["a", "b", "b"], ["c", "a", "b"], ["é", "c", "z"]]
QUERIES = [["a", "q", "b"], ["", "b", "b"], ["é", "zz", "c"]]
IDS = [[7, 7, 2**40], [12, 7, -3], [2**40, 5, 12]]
ID_QUERIES = [[7, 8, 0], [2**40, 7, 7], [-3, 9, 10]]
LONG = ["", "a", "ab", "abc", "abcd", "é", "日本語", "x" * 7, "y" * 8, "z" * 16, "w" * 17]
LONG += ["".join(chr(97 + (i * i + n) % 26) for i in range(n)) for n in (31, 32, 33, 63, 64, 65)]
LONG += ["".join(chr(97 + (i * i + n) % 26) for i in range(n)) for n in (100, 128, 129, 193, 300)]

SHARED: list[dict[str, Any]] = [
    {},
    {"num_oov_indices": 2},
    {"num_oov_indices": 3, "output_mode": "multi_hot"},
    {"output_mode": "one_hot"},
    {"output_mode": "count"},
    {"output_mode": "tf_idf"},
    {"output_mode": "tf_idf", "max_tokens": 9, "pad_to_max_tokens": True},
    {"output_mode": "multi_hot", "max_tokens": 4},
    {"output_mode": "count", "max_tokens": 8, "pad_to_max_tokens": True},
]
MASKS = [
    {},
    {"output_mode": "one_hot"},
    {"output_mode": "count"},
    {"output_mode": "tf_idf", "num_oov_indices": 2},
    {"max_tokens": 4},
]


def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def add(layer: str, arguments: dict[str, Any], inputs: Any, adapt: Any = None) -> None:
        found.append({"layer": layer, "arguments": arguments, "adapt": adapt, "inputs": inputs})

    for arguments in SHARED:
        add("StringLookup", arguments, QUERIES, TOKENS)
        add("IntegerLookup", arguments, ID_QUERIES, IDS)
    for arguments in MASKS:
        add("StringLookup", {**arguments, "mask_token": ""}, QUERIES, [*TOKENS, ["", "", "a"]])
        add("IntegerLookup", {**arguments, "mask_token": 0}, ID_QUERIES, [*IDS, [0, 0, 7]])
    add("StringLookup", {"num_oov_indices": 5, "salt": [133, 137]}, QUERIES, TOKENS)
    add("IntegerLookup", {"num_oov_indices": 5, "oov_method": "farmhash"}, ID_QUERIES, IDS)
    add("IntegerLookup", {"num_oov_indices": 4, "oov_method": "farmhash", "salt": 9},
        ID_QUERIES, IDS)  # fmt: skip
    given = ["b", "é", "a"]
    add("StringLookup", {"vocabulary": given}, QUERIES)
    add("StringLookup", {"vocabulary": ["", "[UNK]", *given], "mask_token": ""}, QUERIES)
    add("StringLookup", {"vocabulary": given, "invert": True}, [[0, 1], [3, 4]])
    add("StringLookup", {"vocabulary": given, "invert": True, "mask_token": ""}, [[0, 1], [2, 5]])
    add("IntegerLookup", {"vocabulary": [7, 2**40], "invert": True}, [[0, 1], [2, 3]])
    add("IntegerLookup", {"vocabulary": [7, 12], "num_oov_indices": 0}, [[12, 7]])
    tf_idf = {"output_mode": "tf_idf", "idf_weights": [0.5, 0.25, 1.5]}
    add("StringLookup", {**tf_idf, "vocabulary": given}, QUERIES)
    tf_idf["idf_weights"] = [2.0, 0.5, 0.25, 1.5]
    add("StringLookup", {**tf_idf, "vocabulary": ["[UNK]", *given]}, QUERIES)
    texts, ids = [[text] for text in LONG], [[i * i * 7919 - 5] for i in range(12)]
    for arguments in (
        {"num_bins": 1000003},
        {"num_bins": 1000003, "salt": 133},
        {"num_bins": 1000003, "salt": [133, 2**40 + 1]},
        {"num_bins": 5, "mask_value": "a"},
        {"num_bins": 5, "output_mode": "one_hot"},
    ):
        add("Hashing", arguments, texts)
    add("Hashing", {"num_bins": 1000003}, ids)
    add("Hashing", {"num_bins": 1000003, "salt": 1}, ids)
    add("Hashing", {"num_bins": 7, "mask_value": -5}, ids)
    add("Hashing", {"num_bins": 4, "output_mode": "multi_hot"}, ID_QUERIES)
    add("Hashing", {"num_bins": 4, "output_mode": "count"}, QUERIES)
    both = [texts[: len(ids)], ids]
    for arguments in ({"num_bins": 1000003}, {"num_bins": 6, "output_mode": "one_hot"}):
        add("HashedCrossing", arguments, both)
        add("HashedCrossing", arguments, [*both, both[0][::-1]])
    return found


def tensor(values: Any) -> Any:
    flat = np.ravel(np.asarray(values, object)).tolist()
    return tf.constant(values, tf.string if isinstance(flat[0], str) else tf.int64)


def run(case: dict[str, Any]) -> dict[str, Any]:
    keras.backend.clear_session()
    layer = getattr(keras.layers, case["layer"])(**case["arguments"])
    if case["adapt"] is not None:
        layer.adapt(tensor(case["adapt"]))
    crossed = case["layer"] == "HashedCrossing"
    inputs = [tensor(one) for one in case["inputs"]] if crossed else tensor(case["inputs"])
    outputs = np.asarray(layer(inputs))
    if outputs.dtype == object:
        outputs = np.array([item.decode() for item in outputs.ravel()]).reshape(outputs.shape)
    result = {**case, "outputs": outputs.tolist(), "config": layer.get_config()}
    result["config"]["dtype"] = None  # a policy; compared where layers are saved
    if hasattr(layer, "get_vocabulary"):
        result["vocabulary"] = [v if isinstance(v, str) else int(v) for v in layer.get_vocabulary()]
    return result


def model() -> Any:
    city = keras.Input((1,), dtype="string", name="city")
    code = keras.Input((1,), dtype="int64", name="code")
    size = keras.Input((1,), name="size")
    names = keras.layers.StringLookup(name="names")
    names.adapt(tensor([["Rome"], ["Rome"], ["Bonn"], ["Oslo"]]))
    rare = keras.layers.StringLookup(output_mode="tf_idf", name="rare")
    rare.adapt(tensor([["Rome"], ["Rome"], ["Bonn"]]))
    codes = keras.layers.IntegerLookup(output_mode="one_hot", name="codes")
    codes.adapt(tensor([[2**40], [7], [7]]))
    sizes = keras.layers.Discretization(num_bins=3, output_mode="one_hot", name="sizes")
    sizes.adapt(np.arange(30, dtype="float32")[:, None])
    hashed = keras.layers.Hashing(4, output_mode="one_hot", salt=3, name="hashed")
    crossed = keras.layers.HashedCrossing(5, output_mode="one_hot", name="crossed")
    parts = [
        keras.layers.Flatten()(keras.layers.Embedding(4, 2)(names(city))),
        rare(city), codes(code), sizes(size), hashed(city), crossed([names(city), code]),
    ]  # fmt: skip
    outputs = keras.layers.Dense(1)(keras.layers.Concatenate()(parts))
    return keras.Model({"city": city, "code": code, "size": size}, outputs)


KINDS = {
    "plain": "float",
    "normal": "float_normalized",
    "binned": "float_discretized",
    "text": "string_categorical",
    "number": "integer_categorical",
    "hashed": "string_hashed",
    "hashed_number": "integer_hashed",
}
COLUMNS = {
    "plain": [1.0, 2.0, 4.0],
    "normal": [1.0, 5.0, 9.0],
    "binned": [0.1, 0.5, 0.9],
    "text": ["x", "y", "x"],
    "number": [7, 8, 8],
    "hashed": ["p", "q", "r"],
    "hashed_number": [1, 2, 3],
}
SIZES = {"hashing_dim": 6, "crossing_dim": 5, "num_discretization_bins": 3}
CROSSES = [["text", "number"], ["binned", "hashed_number"]]


def main() -> None:
    keras.utils.set_random_seed(0)
    made = model()
    made.save(HERE / "lookups.keras")
    data = {"city": [["Rome"], ["Bonn"], ["Lima"]], "code": [[7], [2**40], [1]]}
    inputs = {name: tensor(values) for name, values in data.items()}
    sizes = [[1.0], [15.0], [29.0]]
    outputs = made({**inputs, "size": tf.constant(sizes)}).numpy().tolist()
    prediction = {"inputs": {**data, "size": sizes}, "outputs": outputs}
    space = keras.utils.FeatureSpace(KINDS, crosses=CROSSES, **SIZES)
    space.adapt(COLUMNS)
    space.save(HERE / "space.keras")
    encoded = {"kinds": KINDS, "crosses": CROSSES, "sizes": SIZES, "columns": COLUMNS}
    encoded["outputs"] = space(COLUMNS).numpy().tolist()
    table = {"cases": [run(case) for case in cases()], "model": prediction, "space": encoded}
    text = json.dumps(table, ensure_ascii=True)
    (HERE / "lookups.json").write_text(text.replace('{"layer"', '\n{"layer"') + "\n")


if __name__ == "__main__":
    main()
