"""A model's file is small: what it keeps of the weights is what predicted all along."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.saving import load_model
from rosenblatt.tables import read
from rosenblatt.tabular import TabularRegressor, load
from rosenblatt.tabular.members import member_outputs
from rosenblatt.tabular.rounding import rounded


@cache
def table() -> dict[str, list[float | str]]:
    rng = np.random.default_rng(0)
    size, sea = rng.normal(70, 20, 120), rng.choice(["near", "far"], 120)
    price = 3 * size + 50 * (sea == "near") + rng.normal(0, 5, 120)
    return {"size": size.tolist(), "sea": sea.tolist(), "price": price.tolist()}


@cache
def fitted() -> TabularRegressor:
    model = TabularRegressor(models=2, epochs=3, members=4, width=32, depth=2)
    return model.fit(table(), target="price")


def arrays(path: Path) -> list[np.ndarray]:
    """All values in the weights of a `.keras` file, as h5py alone reads them."""
    with zipfile.ZipFile(path) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    found: list[np.ndarray] = []
    with h5py.File(content) as file:
        file.visititems(
            lambda _, item: found.append(item[()]) if isinstance(item, h5py.Dataset) else None
        )
    return found


@pytest.mark.parametrize("bits", range(-149, 120, 7))
def test_rounding_is_to_the_nearest_number_of_nine_digits(bits: int) -> None:
    values = np.random.default_rng(bits + 149).normal(size=500).astype("float32") * 2.0**bits
    values = values.astype("float32")
    found = rounded(values).astype(float)
    steps = 2.0 ** np.maximum(np.floor(np.log2(np.abs(values.astype(float), where=values != 0,
                                                      out=np.ones(500)))) - 8, -149)  # fmt: skip
    np.testing.assert_array_equal(found, np.rint(values.astype(float) / steps) * steps)
    np.testing.assert_array_equal(rounded(rounded(values)), rounded(values))


def test_weights_are_rounded_before_anything_is_predicted() -> None:
    predictor, held_out = fitted().predictor_, fitted().held_out_
    assert all(
        np.array_equal(rounded(weight.numpy()), weight.numpy())
        for weight in predictor.network.trainable_weights
    )
    joined = read(table()).without(["price"])
    inputs = predictor.encoder.encode(joined).inputs()
    members = member_outputs(predictor.network, inputs).reshape(120, 2, -1).astype(float)
    each = predictor.scale.from_units(members.mean(axis=2))
    targets = np.array(table()["price"])
    for row, number in enumerate(held_out.network):  # rows were put in another order by `fit`
        place = int(np.argmin(np.abs(targets - held_out.targets[row])))
        assert held_out.predictions[row, 0] == pytest.approx(each[place, number], rel=1e-6)


def test_the_file_is_packed_and_predicts_to_the_bit(tmp_path: Path) -> None:
    model, path = fitted(), tmp_path / "price.keras"
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_DEFLATED}
    weights = [weight.numpy() for weight in model.predictor_.network.weights]
    there = {(a.shape, a.dtype, a.tobytes()) for a in arrays(path)}
    assert {(w.shape, w.dtype, w.tobytes()) for w in weights} <= there
    assert path.stat().st_size < 0.75 * sum(weight.nbytes for weight in weights) + 30_000
    again = load(path)
    assert again.predict(table()).tobytes() == model.predict(table()).tobytes()
    intervals = model.predict_interval(table(), coverage=0.8)
    assert again.predict_interval(table(), coverage=0.8).tobytes() == intervals.tobytes()
    again.save(tmp_path / "again.keras")
    assert (
        load(tmp_path / "again.keras").predict(table()).tobytes()
        == model.predict(table()).tobytes()
    )
    columns = {name: np.array(values) for name, values in table().items() if name != "price"}
    whole = load_model(path)
    found = whole.predict(columns, verbose=0)
    np.testing.assert_array_equal(model.model_.predict(columns, verbose=0), found)


def test_other_models_are_written_as_keras_writes_them(tmp_path: Path) -> None:
    model = rb.Sequential([rb.Input((64,)), rb.layers.Dense(64)])
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.getinfo("model.weights.h5").file_size > 64 * 64 * 4
