"""Raw columns in ONNX Runtime: words with blanks around them, crosses, whole models for tables."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rosenblatt as rb
from rosenblatt import layers
from rosenblatt.tabular import TabularClassifier, TabularRegressor

VOCABULARY = [
    "Rome", "New York", "Rio de Janeiro", "Köln", "a  b", "tab\tin", "York", "de", "12", "New  York"
]  # fmt: skip


def session(model: Any, path: Path) -> onnxruntime.InferenceSession:
    model.export(path, format="onnx")
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def text(*words: str) -> np.ndarray:
    return np.array(words, object)


@cache
def of_words(*vocabulary: str) -> Any:
    """Codes of words, as a model."""
    x = rb.Input((), dtype="string", name="c")
    return rb.Model({"c": x}, layers.ColumnStack()([layers.CategoryIndex(list(vocabulary))(x)]))


@cache
def exported(*vocabulary: str) -> onnxruntime.InferenceSession:
    with tempfile.TemporaryDirectory() as folder:
        return session(of_words(*vocabulary), Path(folder) / "m.onnx")


def check(words: np.ndarray, *vocabulary: str) -> None:
    (found,) = exported(*vocabulary).run(None, {"c": words})
    np.testing.assert_array_equal(found, of_words(*vocabulary).predict({"c": words}, verbose=0))


def test_words_with_blanks_around_them() -> None:
    words = text(
        "Rome", " Rome ", "New York", "   New York", "New York  ", "New  York", "New   York", "",
        "  ", "Rio de Janeiro ", "Rio de Janeiro x", "x Rio de Janeiro", "Rio", "Rome York", " de",
        "a  b", "a b", "tab\tin", "tab in", " Köln", "köln", "Rome\tYork", "12 ", "12.0",
    )  # fmt: skip
    check(words, *VOCABULARY)
    for word in words:
        check(text(word), *VOCABULARY)
        check(text(word), "Rome", "York")  # no word with a blank inside
        check(text(word), "a  b", "x\ty")  # none without
        check(text(word))  # none: all words of the table were rare


PIECES = st.sampled_from(["New", "York", "Rio", "de", "Janeiro", "Rome", " ", "  ", "ö", "x"])


@given(st.lists(st.lists(PIECES, max_size=6).map("".join), min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_any_words_of_blanks_and_pieces(words: list[str]) -> None:
    check(text(*words), *VOCABULARY)


def test_other_blanks_around_a_word_are_not_left_out() -> None:
    """What the docs say: our tables leave out tabs as well, ONNX Runtime blanks only."""
    (found,) = exported("Rome").run(None, {"c": text("\tRome", "Rome\n", " Rome")})
    assert found.ravel().tolist() == [0, 0, 1]


@pytest.mark.parametrize("sizes", [(3,), (3, 4), (2, 3, 4)])
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_crosses(sizes: tuple[int, ...], share: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(len(sizes))
    keys = np.flatnonzero(rng.random(int(np.prod(sizes))) < share)
    x = {
        f"x{i}": rb.Input((1,) if i == 1 else (), dtype="int64", name=f"x{i}")
        for i in range(len(sizes))
    }
    index = layers.CrossIndex(list(sizes), keys=keys)(list(x.values()))
    means = layers.TargetMeans(rng.normal(size=(len(keys) + 1, 2)))(index)
    model = rb.Model(x, layers.ColumnStack()([index, means]))
    runtime = session(model, tmp_path / "m.onnx")
    codes = {f"x{i}": rng.integers(-1, size + 2, 200) for i, size in enumerate(sizes)}
    if "x1" in codes:
        codes["x1"] = codes["x1"][:, None]
    for rows in (1, 200):
        part = {name: values[:rows] for name, values in codes.items()}
        (found,) = runtime.run(None, part)
        np.testing.assert_array_equal(found, model.predict(part, verbose=0))


def table(rows: int = 1500) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    many, other = rng.integers(0, 20, (2, rows))
    size = rng.normal(70, 20, rows)
    size[::9] = np.nan
    return {
        "size": size,
        "rooms": rng.integers(1, 9, rows).astype(float),
        "side": rng.choice(["north side", "south", "far away"], rows),
        "many": np.array([f"word {i}" for i in many], object),
        "other": np.array([f"o{i}" for i in other], object),
        "y": ((many + other) % 2).astype(float),
    }


SMALL: dict[str, Any] = {"models": 2, "epochs": 2, "width": 8, "depth": 1, "members": 2}


@pytest.mark.parametrize("estimator", [TabularClassifier, TabularRegressor])
def test_a_whole_model_for_tables(
    estimator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rosenblatt.tabular.recipe.CROSSED", 100)
    model = estimator(**SMALL).fit(table(), target="y")
    assert len(model.predictor_.encoder.crosses) > 0
    runtime = session(model.model_, tmp_path / "m.onnx")
    rows = {name: values for name, values in table(60).items() if name != "y"}
    rows["side"] = np.array([f"  {word} " for word in rows["side"]], object)
    rows["many"][3:5], rows["other"][5] = ["", "word 99"], " o7"
    typed = {k: v.astype("float32") if v.dtype == float else v for k, v in rows.items()}
    (found,) = runtime.run(None, typed)
    quantity = estimator is TabularRegressor
    own = model.predict(rows)[:, None] if quantity else model.predict_proba(rows)[:, 1:]
    np.testing.assert_allclose(found, own, rtol=1e-5, atol=1e-5)
    (first,) = runtime.run(None, {name: values[:1] for name, values in typed.items()})
    np.testing.assert_allclose(first, found[:1], rtol=1e-5, atol=1e-6)


def test_what_onnx_does_not_read_is_refused_by_the_column(tmp_path: Path) -> None:
    plain = table(80)
    columns = {
        "numbers from text": [f"{value:.2f} €" for value in plain["rooms"]],
        "dates": np.datetime64("2013-01-01") + np.arange(80),
    }
    for what, column in columns.items():
        model = TabularRegressor(**SMALL).fit({"size": plain["size"], "a b": column}, plain["y"])
        with pytest.raises(ValueError) as caught:
            model.model_.export(tmp_path / "m.onnx", format="onnx")
        message = str(caught.value)
        assert f"of column 'a b': ONNX does not read {what}. Fix: begin the exported" in message
        assert message.endswith("or train without the column.")
        assert not (tmp_path / "m.onnx").exists()


def test_only_graphs_with_words_ask_for_later_nodes(tmp_path: Path) -> None:
    x = rb.Input((2,), name="x")
    rb.Model(x, layers.Dense(1)(x)).export(tmp_path / "plain.onnx", format="onnx")
    of_words("a").export(tmp_path / "words.onnx", format="onnx")
    versions = [
        onnx.load(tmp_path / name).opset_import[0].version for name in ("plain.onnx", "words.onnx")
    ]
    assert versions == [18, 20]
