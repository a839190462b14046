"""Models built alike in rosenblatt and in real Keras, and weights files compared group by group."""

from __future__ import annotations

import os
import warnings
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import rosenblatt as rb

os.environ.setdefault("KERAS_BACKEND", "jax")


@pytest.fixture(scope="session")
def keras() -> Any:
    """Real Keras on JAX."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras
    assert keras.backend.backend() == "jax"
    return keras


@pytest.fixture(autouse=True)
def _names_from_the_start(keras: Any) -> None:
    rb.backend.clear_session()
    keras.backend.clear_session()
    rb.utils.set_random_seed(7)


@pytest.fixture
def small() -> Any:
    """A small trained model with Adam's state."""
    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(3, "relu"), rb.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
    model.fit(x, x[:, :1], verbose=0)
    return model


@pytest.fixture
def saved(small: Any, tmp_path: Path) -> Path:
    """The file of the small model."""
    path = tmp_path / "model.keras"
    small.save(path)
    return path


def groups(path: Path) -> dict[str, Any]:
    """Every group and value of a weights file: attributes, shapes and dtypes by path."""
    content = (
        zipfile.ZipFile(path).read("model.weights.h5")
        if path.suffix == ".keras"
        else path.read_bytes()
    )
    found: dict[str, Any] = {}

    def note(name: str, item: Any) -> None:
        kind = (item.shape, item.dtype.name) if isinstance(item, h5py.Dataset) else "group"
        found[name] = (kind, dict(item.attrs))

    with h5py.File(BytesIO(content)) as file:
        file.visititems(note)
    return found


def rewrite(path: Path, **members: bytes | None) -> None:
    """Replace members of an archive (`config`, `weights`); None leaves one out."""
    names = {
        "metadata": "metadata.json",
        "config": "config.json",
        "weights": "model.weights.h5",
    }
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    for key, content in members.items():
        contents.pop(names[key])
        if content is not None:
            contents[names[key]] = content
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def edit_weights(path: Path, edit: Callable[[h5py.File], None]) -> None:
    """Change the weights file inside an archive."""
    with zipfile.ZipFile(path) as archive:
        buffer = BytesIO(archive.read("model.weights.h5"))
    with h5py.File(buffer, "r+") as file:
        edit(file)
    rewrite(path, weights=buffer.getvalue())
