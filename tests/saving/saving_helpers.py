"""Looking into model files, and changing them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py


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


def edit_config(path: Path, edit: Callable[[Any], None]) -> None:
    """Change the config of an archive."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    edit(config)
    rewrite(path, config=json.dumps(config).encode())
