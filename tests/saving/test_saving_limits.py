"""Small files that ask for much: memory, values, objects, numbers; each is refused at once."""

from __future__ import annotations

import json
import resource
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from saving_helpers import edit_config, edit_weights, rewrite

import rosenblatt as rb
from rosenblatt.core.errors import FileRefused
from rosenblatt.core.loading import Limit, loading, take
from rosenblatt.saving import load_model
from rosenblatt.saving.inspection import inspect_file


def refused(path: Path, **arguments: Any) -> str:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FileRefused) as caught:
        load_model(path, **arguments)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 << 10
    return str(caught.value)


def test_weights_that_are_declared_and_not_stored(saved: Path) -> None:
    units = 40_000_000
    chunks = {"dtype": "f4", "chunks": (1, 1_000_000), "compression": "gzip"}

    def edit(file: h5py.File) -> None:
        for name in ("layers/dense/vars/0", "layers/dense/vars/1", "layers/dense_1/vars/0"):
            del file[name]
        file.create_dataset("layers/dense/vars/0", (4, units), **chunks)
        file.create_dataset("layers/dense/vars/1", (units,), "f4", chunks=(1_000_000,))
        file.create_dataset("layers/dense_1/vars/0", (units, 1), "f4", chunks=(1_000_000, 1))

    def widen(config: Any) -> None:
        config["config"]["layers"][1]["config"]["units"] = units

    edit_weights(saved, edit)
    edit_config(saved, widen)
    text = refused(saved)
    assert "asks for too much memory. Given: 640,000,000 bytes for variable 'kernel' of" in text
    assert "Expected: at most 268," in text


def test_a_weight_that_is_mostly_not_stored(tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    with h5py.File(path, "w") as file:
        name = "layers/dense/vars/0"
        data = file.create_dataset(name, (4, 5_000_000), "f4", chunks=(1, 1000))
        data[0, :5] = 1
    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(5_000_000, use_bias=False)])
    before = model.layers[0].kernel.numpy()[:, :10].copy()
    with pytest.raises(FileRefused, match=r"declares 80,000,000 bytes and stores 4,000\. Expected"):
        model.load_weights(path)
    np.testing.assert_array_equal(model.layers[0].kernel.numpy()[:, :10], before)


@pytest.mark.parametrize("units", [10**9, 10**12, 2**62])
def test_layers_without_end(saved: Path, units: int) -> None:
    def edit(config: Any) -> None:
        config["config"]["layers"][1]["config"]["units"] = units

    edit_config(saved, edit)
    assert "model.keras' of " in (text := refused(saved)) and "too much memory" in text


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("AUC", {"num_thresholds": 10**8}),
        ("MeanIoU", {"num_classes": 16_000}),
        ("OneHotMeanIoU", {"num_classes": 16_000}),
        ("SensitivityAtSpecificity", {"specificity": 0.5, "num_thresholds": 10**8}),
        ("PrecisionAtRecall", {"recall": 0.5, "num_thresholds": 10**8}),
    ],
)
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_metrics_without_end(
    small: Any, tmp_path: Path, kind: str, settings: dict[str, Any], ending: str
) -> None:
    path = tmp_path / f"model.{ending}"
    small.save(path)
    entry = {"module": "keras.metrics", "class_name": kind, "config": settings}
    if ending == "h5":
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["training_config"])
            config["metrics"] = [{**entry, "registered_name": None}]
            file.attrs["training_config"] = json.dumps(config)
    else:
        edit_config(path, lambda c: c["compile_config"].update(metrics=[entry]))
    assert "asks for too much memory" in refused(path)
    assert load_model(path, compile=False).count_params() == small.count_params()


@pytest.mark.parametrize("kind", ["IntegerLookup", "StringLookup"])
def test_places_without_end(saved: Path, kind: str) -> None:
    def edit(config: Any) -> None:
        layer = {"module": "keras.layers", "class_name": kind, "registered_name": None}
        inner = {"name": "lookup", "num_oov_indices": 3 * 10**7, "vocabulary": [1, 2]}
        config["config"]["layers"].append({**layer, "config": inner})

    edit_config(saved, edit)
    assert "bytes for num_oov_indices=30,000,000" in refused(saved)


def _config_of(path: Path, filler: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json").decode()
    return f'{config[:-1]}, "more": [{filler}]}}'.encode()


def test_a_config_that_expands(saved: Path) -> None:
    content = _config_of(saved, ",".join(["[]"] * 2_000_000))
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", content)
    assert saved.stat().st_size < 10_000
    for method in (load_model, inspect_file):
        with pytest.raises(FileRefused, match=r"bytes would expand to 6,00\d,\d\d\d\. Fix: do not"):
            method(saved)


@pytest.mark.parametrize(
    ("filler", "problem"),
    [
        (",".join(["[]"] * 1_100_000), "it holds too many values. Given: 2,200,"),
        (",".join(['{"class_name":0}'] * 51_000), "it holds too many objects. Given: 51,0"),
    ],
)
def test_a_config_of_too_much(saved: Path, filler: str, problem: str) -> None:
    rewrite(saved, config=_config_of(saved, filler))
    for method in (load_model, inspect_file):
        with pytest.raises(FileRefused, match="do not use this file") as caught:
            method(saved)
        assert f"'{saved}: config.json is refused: {problem}".replace("'", "") in str(
            caught.value
        ).replace("'", "")


def test_many_layers_take_a_time_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are compared by look-up, not one by one: an attack had 20,000 layers."""
    compared = 0

    class Name(str):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)  # type: ignore[arg-type]

        __hash__ = str.__hash__

    layers = [rb.layers.Identity() for _ in range(500)]
    for number, layer in enumerate(layers):
        object.__setattr__(layer, "name", Name(f"layer_{number}"))
    rb.Sequential([rb.Input((2,)), *layers])
    assert compared < 5_000


def test_what_is_allowed_is_shared_by_all_parts() -> None:
    with loading(limit=Limit(100, "here")):
        take(60, "one")
        with pytest.raises(FileRefused, match=r"here asks for too much memory\. Given: 60 bytes"):
            take(60, "two")
    take(10**15, "anything")  # nothing is counted outside


def test_a_large_model_is_no_attack(tmp_path: Path) -> None:
    """Adam's slots, which a file saved before training does not hold, are allowed for."""
    model = rb.Sequential([rb.Input((1000,)), rb.layers.Dense(20_000)])  # 80 MB, and 160 in slots
    model.compile("adam", "mse", metrics=[rb.metrics.AUC(num_thresholds=1000)])
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.get_weights()[0][:2], model.get_weights()[0][:2])
