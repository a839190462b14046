"""Models whose inputs are text or 64-bit ids, looked up on the host: trained, used, saved."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rosenblatt as rb

L = rb.layers
GOLDEN = Path(__file__).parents[1] / "layers" / "golden"
RNG = np.random.default_rng(11)
CITIES = np.array(["Rome", "Bonn", "Oslo", "Lima"])
CITY = CITIES[RNG.integers(0, 4, 96)]
AGE = RNG.normal(size=96).astype("float32")
CODE = RNG.choice([2**40, 2**40 + 1, 12], 96)
Y = ((CITY == "Oslo") * 2 + AGE + (CODE == 12)).astype("float32")
DATA: dict[str, Any] = {"city": CITY, "age": AGE, "code": CODE}


def features() -> tuple[dict[str, Any], Any]:
    """Inputs by name, and what is encoded of them, in all ways."""
    city = rb.Input((1,), dtype="string", name="city")
    code = rb.Input((1,), dtype="int64", name="code")
    age = rb.Input((1,), name="age")
    names = L.StringLookup(name="names")
    names.adapt(CITY)
    codes = L.IntegerLookup(output_mode="one_hot", name="codes")
    codes.adapt(CODE)
    rare = L.StringLookup(output_mode="tf_idf", name="rare")
    rare.adapt(CITY)
    bins = L.Discretization(num_bins=3, name="bins")
    bins.adapt(AGE)
    places = names(city)
    parts = [
        L.Flatten()(L.Embedding(names.vocabulary_size(), 3)(places)),
        codes(code),
        rare(city),
        L.Hashing(5, output_mode="one_hot")(city),
        L.HashedCrossing(7, output_mode="one_hot")([places, bins(age)]),
        L.Normalization(mean=0.5, variance=2.0)(age),
        L.CategoryEncoding(3, output_mode="one_hot")(bins(age)),
    ]
    return {"city": city, "code": code, "age": age}, L.Concatenate()(parts)


def make() -> Any:
    inputs, encoded = features()
    model = rb.Model(inputs, L.Dense(1)(L.Dense(8, "relu")(encoded)))
    model.compile(rb.optimizers.Adam(0.02), "mse")
    return model


@pytest.fixture(scope="module")
def trained() -> Any:
    rb.utils.set_random_seed(1)
    model = make()
    first = model.evaluate(DATA, Y, verbose=0)
    history = model.fit(DATA, Y, epochs=20, verbose=0, validation_split=0.25)
    assert history.history["loss"][-1] < first / 2
    assert history.history["val_loss"][-1] < first
    return model


def test_every_way_to_use_it_gives_the_same(trained: Any) -> None:
    expected = np.asarray(trained(DATA))
    np.testing.assert_allclose(trained.predict(DATA, verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(trained.predict_on_batch(DATA), expected, atol=1e-6)
    with pytest.raises(ValueError, match="knows its inputs by name"):
        trained.predict([DATA[name] for name in ("age", "city", "code")], verbose=0)
    error = float(np.mean((expected[:, 0] - Y) ** 2))
    assert trained.evaluate(DATA, Y, verbose=0) == pytest.approx(error, rel=1e-4)
    assert trained.test_on_batch(DATA, Y) == pytest.approx(error, rel=1e-4)


FRAMES = {
    "series": {"city": pd.Series(CITY), "age": AGE, "code": pd.Series(CODE)},
    "columns": {name: column[:, None] for name, column in DATA.items()},
    "polars series": {"city": pl.Series(CITY), "age": pl.Series(AGE), "code": pl.Series(CODE)},
    "pandas": pd.DataFrame({**DATA, "other": 1}),
    "polars": pl.DataFrame(DATA),
    "lazy": pl.DataFrame(DATA).lazy(),
    "arrow": pa.table(DATA),
    "lists": {name: column.tolist() for name, column in DATA.items()},
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames(trained: Any, kind: str) -> None:
    expected = trained.predict(DATA, verbose=0)
    np.testing.assert_array_equal(trained.predict(FRAMES[kind], verbose=0), expected)


def test_fit_on_a_frame_and_on_streams() -> None:
    rb.utils.set_random_seed(2)
    model = make()
    start = model.get_weights()
    model.fit(FRAMES["pandas"], Y, epochs=1, verbose=0, shuffle=False, validation_data=(DATA, Y))
    of_frame = model.get_weights()

    def batches() -> Any:
        for i in range(0, 96, 32):
            yield {name: column[i : i + 32] for name, column in DATA.items()}, Y[i : i + 32]

    other = make()
    other.set_weights(start)
    other.fit(batches(), epochs=1, verbose=0)
    for a, b in zip(of_frame, other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    predicted = other.predict((x for x, _ in batches()), verbose=0)
    np.testing.assert_allclose(predicted, other.predict(DATA, verbose=0), atol=1e-6)
    loss = other.train_on_batch(DATA, Y)
    assert np.isfinite(loss)


def test_run_eagerly(trained: Any) -> None:
    model = make()
    model.set_weights(trained.get_weights())
    model.compile("adam", "mse", run_eagerly=True)
    few = {name: column[:8] for name, column in DATA.items()}
    expected = trained.predict(few, verbose=0)
    np.testing.assert_allclose(model.predict(few, verbose=0), expected, atol=1e-6)
    model.fit(few, Y[:8], verbose=0)


def test_programs_are_shared_whatever_the_tokens(compiled: list[str]) -> None:
    def small(tokens: list[str]) -> Any:
        inputs = rb.Input((1,), dtype="string")
        places = L.StringLookup(vocabulary=tokens, output_mode="one_hot")(inputs)
        return rb.Model(inputs, L.Dense(1)(places))

    first, second = small(["a", "b"]), small(["c", "d"])
    first.predict(np.array(["a", "b"]), verbose=0)
    compiled.clear()
    outputs = second.predict(np.array(["c", "a"]), verbose=0)
    assert compiled == []
    kernel, bias = second.get_weights()
    np.testing.assert_allclose(outputs, kernel[[1, 0]] + bias)


SEQUENCES = {
    "with an input": lambda: [rb.Input((2,), dtype="string")],
    "without": list,
}


@pytest.mark.parametrize("begin", SEQUENCES)
@pytest.mark.parametrize("first", ["fit", "call", "build"])
def test_sequential(begin: str, first: str) -> None:
    lookup = L.StringLookup(vocabulary=CITIES[:3].tolist())
    layers = [*SEQUENCES[begin](), lookup, L.Embedding(4, 2), L.Flatten(), L.Dense(1)]
    model = rb.Sequential(layers)
    model.compile("sgd", "mse")
    x = np.stack([CITY, CITY[::-1]], 1)
    if first == "fit":
        model.fit(x, Y, verbose=0)
    elif first == "call":
        model(x)
    else:
        model.build_for_data(x)
    assert model.inputs[0].dtype == "string"
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), atol=1e-6)


def test_sequential_of_large_ids() -> None:
    model = rb.Sequential([L.IntegerLookup(vocabulary=[2**40, 2**40 + 1]), L.Embedding(3, 2)])
    model.compile("sgd", "mse")
    x = np.array([[2**40], [2**40 + 1], [2**40]])
    vectors = model.predict(x, verbose=0)[:, 0]
    np.testing.assert_array_equal(vectors, model.layers[1].get_weights()[0][[1, 2, 1]])
    np.testing.assert_array_equal(vectors, model(x)[:, 0])


def test_inner_models(trained: Any) -> None:
    """A model of look-ups inside a model, with weights around and in it."""
    inputs, encoded = features()
    encoder = rb.Model(inputs, encoded, name="encoder")
    outer = {
        "city": rb.Input((1,), dtype="string", name="town"),
        "code": rb.Input((1,), dtype="int64", name="number"),
        "age": rb.Input((1,), name="years"),
    }
    model = rb.Model(list(outer.values()), L.Dense(1)(encoder(outer)))
    model.compile("adam", "mse")
    x = [CITY, CODE, AGE]
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), atol=1e-6)
    before = model.get_weights()
    model.fit(x, Y, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [True, True, True]  # the embedding inside, kernel and bias outside
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), atol=1e-6)
    assert len(encoder.layers) == len(rb.Model(inputs, encoded).layers)


def test_a_model_of_look_ups_alone() -> None:
    inputs = rb.Input((1,), dtype="string")
    model = rb.Model(inputs, L.StringLookup(vocabulary=["a", "b"])(inputs))
    np.testing.assert_array_equal(model.predict(np.array(["b", "q"]), verbose=0), [[2], [0]])
    back = rb.Input((1,), dtype="int64")
    inverse = rb.Model(back, L.StringLookup(vocabulary=["a", "b"], invert=True)(back))
    assert inverse(np.array([2, 0])).tolist() == [["b"], ["[UNK]"]]


def test_files_go_and_come_back(trained: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    trained.save(path)
    with zipfile.ZipFile(path) as archive:
        texts = {n: archive.read(n).decode() for n in archive.namelist() if n.endswith(".txt")}
    assert sorted(texts) == [
        "assets/layers/integer_lookup/vocabulary.txt",
        "assets/layers/string_lookup/vocabulary.txt",
        "assets/layers/string_lookup_1/vocabulary.txt",
    ]
    assert texts["assets/layers/integer_lookup/vocabulary.txt"].splitlines()[0] == "-1"
    again = rb.saving.load_model(path)
    np.testing.assert_array_equal(again.predict(DATA, verbose=0), trained.predict(DATA, verbose=0))
    again.fit(DATA, Y, verbose=0)
    names = again.get_layer("names")
    assert names.get_vocabulary() == trained.get_layer("names").get_vocabulary()
    names.adapt(CITY)  # it was learned, so it may be learned again


def test_a_file_of_keras_on_tensorflow() -> None:
    model = rb.saving.load_model(GOLDEN / "lookups.keras")
    golden = json.loads((GOLDEN / "lookups.json").read_text())["model"]
    x = {name: np.array(values) for name, values in golden["inputs"].items()}
    np.testing.assert_allclose(model.predict(x, verbose=0), golden["outputs"], rtol=1e-5)
    assert model.get_layer("names").get_vocabulary() == ["[UNK]", "Rome", "Oslo", "Bonn"]


def test_our_file_has_the_layout_of_keras(tmp_path: Path) -> None:
    """Loaded, saved again: the same members, config and vocabularies as Keras wrote."""
    model = rb.saving.load_model(GOLDEN / "lookups.keras")
    model.save(tmp_path / "ours.keras")
    with (
        zipfile.ZipFile(GOLDEN / "lookups.keras") as theirs,
        zipfile.ZipFile(tmp_path / "ours.keras") as ours,
    ):
        assert set(ours.namelist()) == set(theirs.namelist())
        for name in theirs.namelist():
            if name.endswith(".txt"):
                assert ours.read(name) == theirs.read(name)
        configs = [json.loads(z.read("config.json")) for z in (ours, theirs)]
    lookups = ("StringLookup", "IntegerLookup", "Hashing", "HashedCrossing", "Discretization")
    made, wanted = (
        {
            e["name"]: {**e["config"], "dtype": None}
            for e in c["config"]["layers"]
            if e["class_name"] in lookups
        }
        for c in configs
    )
    assert made == wanted


def test_a_damaged_vocabulary_is_told(trained: Any, tmp_path: Path) -> None:
    trained.save(tmp_path / "model.keras")
    with (
        zipfile.ZipFile(tmp_path / "model.keras") as archive,
        zipfile.ZipFile(tmp_path / "other.keras", "w") as other,
    ):
        for name in archive.namelist():
            content = archive.read(name)
            other.writestr(name, b"-1\nx" if "integer_lookup" in name else content)
    with pytest.raises(ValueError, match=r"integer_lookup/vocabulary.txt does not fit .*'codes'"):
        rb.saving.load_model(tmp_path / "other.keras")


def test_a_config_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("a\nb")
    layer = L.StringLookup(vocabulary=["a"])
    saved = rb.saving.serialize_keras_object(layer)
    saved["config"]["vocabulary"] = str(tmp_path / "secret.txt")
    with pytest.raises(ValueError, match="names a file to read the vocabulary from"):
        rb.saving.deserialize_keras_object(saved)


def _drop(frame: Any, name: str) -> Any:
    if isinstance(frame, pa.Table):
        return frame.drop_columns([name])
    return frame.drop(columns=[name]) if isinstance(frame, pd.DataFrame) else frame.drop(name)


TABLES = {name: FRAMES[name] for name in ("pandas", "polars", "lazy", "arrow")}
LACKING: dict[str, Any] = {
    "fit": lambda model, x: model.fit(x, Y, verbose=0),
    "second batch": lambda model, x: model.fit(iter([(TABLES["pandas"], Y), (x, Y)]), verbose=0),
    "validation": lambda model, x: model.fit(
        TABLES["polars"], Y, validation_data=(x, Y), verbose=0
    ),
    "evaluate": lambda model, x: model.evaluate(x, Y, verbose=0),
    "predict": lambda model, x: model.predict(x, verbose=0),
    "train_on_batch": lambda model, x: model.train_on_batch(x, Y),
    "call": lambda model, x: model(x),
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("text", [True, False], ids=["text", "numbers"])
def test_a_column_that_is_missing(kind: str, text: bool) -> None:
    if text:
        model, name = make(), "age"
    else:
        inputs = [rb.Input((1,), name="age"), rb.Input((1,), name="code")]
        model, name = rb.Model(inputs, L.Dense(1)(L.Concatenate()(inputs))), "code"
        model.compile("sgd", "mse")
    table = TABLES[kind]
    assert np.isfinite(model.evaluate(table, Y, verbose=0))
    for way, call in LACKING.items():
        with pytest.raises(ValueError) as caught:
            call(model, _drop(table, name))
        message = str(caught.value)
        begins = {
            "second batch": "Batch 1 of the stream: ",
            "validation": "fit: bad `validation_data`. ",
        }
        assert message.startswith(begins.get(way, "") + "x: column")
        assert f"x: column {name!r} is missing. Given: a table with the columns [" in message
        assert "Fix: add it, with what it held in training." in message
    with pytest.raises(ValueError, match=f"did you mean '{name.title()}'"):
        model.predict(pd.DataFrame(DATA).rename(columns={name: name.title()}), verbose=0)


def test_columns_go_to_inputs_by_name_whatever_their_order() -> None:
    inputs = [rb.Input((1,), name="age"), rb.Input((1,), name="code")]
    model = rb.Model(inputs, L.Subtract()(inputs))
    frame = pd.DataFrame({"code": CODE, "other": 0.0, "age": AGE})
    for x in (frame, frame[["age", "code"]], pl.DataFrame(frame)):
        np.testing.assert_allclose(model.predict(x, verbose=0)[:, 0], AGE - CODE, rtol=1e-6)
