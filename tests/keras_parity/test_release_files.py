"""Files of Keras's releases load, predict what Keras predicted, and can be saved again."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from released import calls, classes, data, parts

import rosenblatt as rb

RELEASES = sorted((Path(__file__).parent / "releases").iterdir())
INPUTS = ("steps", "rows", "more", "ids")


def unpacked(release: Path, folder: Path) -> Path:
    """A folder with the files of a release."""
    for packed in release.iterdir():
        with gzip.open(packed) as file:
            (folder / packed.stem).write_bytes(file.read())
    return folder


@pytest.fixture(params=RELEASES, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The files of a release."""
    return unpacked(request.param, tmp_path)


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's classes, registered for as long as a test runs."""
    table = rb.saving.get_custom_objects()
    before = dict(table)
    classes(rb)
    yield
    table.clear()
    table.update(before)


def expected(path: Path) -> list[np.ndarray]:
    """What Keras predicted."""
    with np.load(path) as held:
        return [held[name] for name in held.files]


def compare(found: Any, wanted: list[np.ndarray], atol: float = 2e-5) -> None:
    """Each output, in order."""
    outputs = found if isinstance(found, list) else [found]
    assert len(outputs) == len(wanted)
    for index, (ours, theirs) in enumerate(zip(outputs, wanted, strict=True)):
        np.testing.assert_allclose(
            np.asarray(ours, "float32"), theirs, rtol=1e-4, atol=atol, err_msg=f"output {index}"
        )


def test_every_layer(folder: Path, tmp_path: Path) -> None:
    values = [data()[name] for name in INPUTS]
    model = rb.models.load_model(folder / "layers.keras")
    wanted = expected(folder / "layers.npz")
    compare(model.predict(values, verbose=0), wanted)
    again = rb.models.model_from_json(model.to_json())
    again.load_weights(folder / "layers.weights.h5")
    compare(again.predict(values, verbose=0), wanted)
    model.save(tmp_path / "again.keras")
    compare(rb.models.load_model(tmp_path / "again.keras").predict(values, verbose=0), wanted)


def test_a_users_own_parts(folder: Path, users: None, tmp_path: Path) -> None:
    values = data()["rows"]
    wanted = expected(folder / "users.npz")
    for name in ("users.keras", "users.h5"):
        model = rb.models.load_model(folder / name)
        compare(model.predict(values, verbose=0), wanted, atol=0.05)  # one layer has 16 bits
        assert model.get_layer("mixed").compute_dtype == "bfloat16"
        assert type(model.get_layer("scaled")).__name__ == "Scaled"
        model.fit(values, values[:, :1], verbose=0)
    model.load_weights(folder / "users.weights.h5")
    compare(model.predict(values, verbose=0), wanted, atol=0.05)
    model.save(tmp_path / "again.keras")
    again = rb.models.load_model(tmp_path / "again.keras")
    compare(again.predict(values, verbose=0), wanted, atol=0.05)


def plain(config: dict[str, Any]) -> dict[str, Any]:
    """The numbers and words of a config, with the digits of float32: Keras writes some so."""
    return {
        key: f"{value:.6g}" if isinstance(value, float) else value
        for key, value in config.items()
        if isinstance(value, (int, float, str)) and key != "dtype"
    }


def test_every_config(folder: Path) -> None:
    configs = json.loads((folder / "configs.json").read_text("utf-8"))
    known = parts(rb)
    configs = {name: one for name, one in configs.items() if "stft" not in name.lower()}
    assert set(configs) <= set(known)
    for name, config in configs.items():
        part = rb.saving.deserialize_keras_object(config)
        assert type(part) is type(known[name]()), name
        ours, theirs = plain(part.get_config()), plain(config["config"])
        assert {key: ours.get(key, value) for key, value in theirs.items()} == theirs, name


def test_the_files_hold_every_layer_that_both_have(tmp_path: Path) -> None:
    newest = max(RELEASES, key=lambda path: [int(part) for part in path.name.split(".")])
    latest = rb.models.load_model(unpacked(newest, tmp_path) / "layers.keras")
    held = {type(layer).__name__ for layer in latest.layers}
    assert set(calls(rb)) - {"GroupQueryAttention"} <= held
    assert len(RELEASES) >= 4


def test_keras_loads_ours(keras: Any, tmp_path: Path) -> None:
    x = {
        name: rb.Input(value.shape[1:], dtype=value.dtype.name, name=name)
        for name, value in data().items()
    }
    model = rb.Model(list(x.values()), [call(x) for call in calls(rb).values()])
    model.save(tmp_path / "ours.keras")
    model.save_weights(tmp_path / "ours.weights.h5")
    values = [data()[name] for name in x]
    wanted = model.predict(values, verbose=0)
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    compare(theirs.predict(values, verbose=0), wanted)
    theirs.load_weights(tmp_path / "ours.weights.h5")
