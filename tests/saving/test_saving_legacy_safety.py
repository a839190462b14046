"""`.h5` models made to do harm, and other ways into a file or out of it."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from saving_helpers import edit_config, rewrite

import rosenblatt as rb
from rosenblatt.core.errors import FileRefused
from rosenblatt.saving import load_model
from rosenblatt.saving.inspection import inspect_file


@pytest.fixture
def legacy(small: Any, tmp_path: Path) -> Path:
    path = tmp_path / "model.h5"
    small.save(path)
    return path


def refused(path: Path) -> str:
    with pytest.raises(FileRefused) as caught:
        load_model(path)
    return str(caught.value)


def edit_model(path: Path, edit: Callable[[Any], Any]) -> None:
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        edit(config["config"]["layers"])
        file.attrs["model_config"] = json.dumps(config)


@pytest.mark.parametrize(
    "entry",
    [
        {"module": "os", "class_name": "system", "config": {"command": "touch touched"}},
        {"class_name": "os.system", "config": {"command": "touch touched"}},
        {"class_name": "Activation", "config": {"activation": "os.system"}},
        {"class_name": "Activation", "config": {"activation": "eval"}},
        {"class_name": "Lambda", "config": {
            "function": "system", "function_type": "function", "module": "os"}},
        {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
        {"class_name": "TFSMLayer", "config": {"filepath": "/etc", "call_endpoint": "serve"}},
    ],
)  # fmt: skip
def test_names_of_code_and_files(
    legacy: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(legacy.parent)
    edit_model(legacy, lambda layers: layers.append(entry))
    text = refused(legacy)
    assert "from os import" not in text
    assert os.listdir(legacy.parent) == ["model.h5"]


@pytest.mark.parametrize("target", ["/model_weights", "/", "/nowhere"])
def test_links_within_a_file_and_in_circles(legacy: Path, target: str) -> None:
    with h5py.File(legacy, "r+") as file:
        file["model_weights/loop"] = h5py.SoftLink(target)
    assert "model_weights/loop is refused: it is a SoftLink." in refused(legacy)


def test_a_compressed_bomb(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    rb.Sequential([rb.Input((1000,)), rb.layers.Dense(25_000, use_bias=False)]).save(path)
    with h5py.File(path, "r+") as file:
        (name,) = file["model_weights/dense"].attrs["weight_names"]
        group = file["model_weights/dense"]
        del group[name]
        group.create_dataset(name, data=np.zeros((1000, 25_000), "f4"), compression=9)
    assert "it declares 100,000,000 bytes and stores " in refused(path)


def test_one_text_named_many_times(legacy: Path) -> None:
    """4,000 names that are all the same megabyte of the file would be 4 GB."""
    with h5py.File(legacy, "r+") as file:
        group = file["model_weights"]
        del group.attrs["layer_names"]
        group.attrs.create("layer_names", ["a", "b"] * 2000, dtype=h5py.string_dtype())
        file.attrs["other"] = "x" * 1_000_000
    assert "its 4,000 texts may have 1,000,00" in refused(legacy)


def test_an_archive_in_an_archive(saved: Path) -> None:
    """What is packed once more is not unpacked."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", b"0" * 10**7)
    rewrite(saved, weights=inner.getvalue())
    assert "cannot be read as HDF5" in refused(saved)
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("assets/layers/dense/more.zip", inner.getvalue())
    assert "cannot be read as HDF5" in refused(saved)


def test_members_that_are_links(saved: Path, tmp_path: Path) -> None:
    """A link in an archive is a text of bytes here, never a link on the disk."""
    info = zipfile.ZipInfo("assets/layers/dense/vocabulary.txt")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    load_model(saved)
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("Discretization", {"bin_boundaries": "/etc/passwd"}),
        ("TextVectorization", {"vocabulary": "/etc/passwd"}),
        ("Hashing", {"num_bins": 10, "salt": "/etc/passwd"}),
        ("Normalization", {"mean": "/etc/passwd", "variance": "/etc/passwd"}),
        ("CategoryEncoding", {"num_tokens": "/etc/passwd"}),
        ("Embedding", {"input_dim": 3, "output_dim": 2, "weights": "/etc/passwd"}),
    ],
)
def test_files_named_in_place_of_values(
    saved: Path, kind: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = open

    def noted(path: Any, *args: Any, **kwargs: Any) -> Any:
        opened.append(str(path))
        return real(path, *args, **kwargs)

    monkeypatch.setattr("builtins.open", noted)
    module = {"module": "keras.layers", "registered_name": None, "class_name": kind}

    def edit(config: Any) -> None:
        config["config"]["layers"].append({**module, "config": {"name": "odd", **settings}})

    edit_config(saved, edit)
    refused(saved)
    assert not [path for path in opened if "passwd" in path]


@pytest.mark.parametrize("path", ["/etc/passwd", "http://[::1]:9/vocabulary.txt"])
def test_a_feature_space_reads_no_other_files(tmp_path: Path, path: str) -> None:
    space = rb.utils.FeatureSpace(
        {"town": rb.utils.FeatureSpace.string_categorical()}, output_mode="concat"
    )
    space.adapt({"town": np.array(["a", "b"], object)})
    space.save(tmp_path / "space.keras")

    def edit(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("class_name") == "StringLookup":
                value["config"]["vocabulary"] = path
            for item in value.values():
                edit(item)
        elif isinstance(value, list):
            for item in value:
                edit(item)

    edit_config(tmp_path / "space.keras", edit)
    assert path in refused(tmp_path / "space.keras")
    assert f"another file that it names: {path!r}" in inspect_file(tmp_path / "space.keras").dangers
