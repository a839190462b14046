"""Valid files with something wrong in them: bytes, entries of archives, JSON fields, HDF5 items."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

Mutation = Callable[[random.Random, bytes], bytes]
# What a field of a config may become.
VALUES: list[Any] = [
    None, -1, 0, 1, 3, 10**6, 10**12, 2**63, 1e308, -0.5, True, "", "x", "relu", "../../x", [], {},
    [[]], [None], [1, 2], {"class_name": "Dense", "config": {}}, ["x", 0, 0], "keras.layers",
    {"class_name": "__lambda__", "config": {"value": "AAAA"}}, [[["x", 0, 0, {}]]], float("nan"),
]  # fmt: skip


def flip(rng: random.Random, data: bytes) -> bytes:
    """Some bytes changed."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def cut(rng: random.Random, data: bytes) -> bytes:
    """A piece missing, doubled, or zero."""
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.choice((1, 16, 512, 10**6)))
    piece = rng.choice((b"", data[start:end] * 2, bytes(end - start)))
    return data[:start] + piece + data[end:]


def entries(rng: random.Random, data: bytes) -> bytes:
    """Entries of an archive left out, renamed, exchanged, doubled or compressed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        items = [(name, archive.read(name)) for name in archive.namelist()]
    place, other = rng.randrange(len(items)), rng.randrange(len(items))
    name, content = items[place]
    change = rng.randrange(5)
    if change == 0:
        del items[place]
    elif change == 1:
        items[place] = (rng.choice(("x", f"../{name}", f"/{name}", name.upper())), content)
    elif change == 2:
        items[place] = (name, items[other][1])
    elif change == 3:
        items.append((name, rng.choice((content, b"", b"{}"))))
    return _archive(items, zipfile.ZIP_DEFLATED if change == 4 else zipfile.ZIP_STORED)


def fields(rng: random.Random, data: bytes) -> bytes:
    """A field of config.json deleted, replaced or moved."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        items = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(items["config.json"])
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        _change_field(rng, config)
    items["config.json"] = json.dumps(config).encode()
    return _archive(list(items.items()), zipfile.ZIP_STORED)


def legacy_fields(rng: random.Random, data: bytes) -> bytes:
    """The same of the texts in a legacy HDF5 file."""
    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        name = rng.choice([n for n in ("model_config", "training_config") if n in file.attrs])
        config = json.loads(file.attrs[name])
        _change_field(rng, config)
        file.attrs[name] = json.dumps(config)
    return buffer.getvalue()


def members(rng: random.Random, data: bytes) -> bytes:
    """Something of the HDF5 file in an archive changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        items = {name: archive.read(name) for name in archive.namelist()}
    items["model.weights.h5"] = hdf5(rng, items["model.weights.h5"])
    return _archive(list(items.items()), zipfile.ZIP_STORED)


def hdf5(rng: random.Random, data: bytes) -> bytes:
    """An attribute, a value or a group deleted, replaced, linked or renamed."""
    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        name = rng.choice(names)
        item, change = file[name], rng.randrange(7)
        if change == 0:
            del file[name]
        elif change == 1 and item.attrs:
            key = rng.choice(list(item.attrs))
            item.attrs[key] = rng.choice((1, "x", np.zeros(3), b"\xff", np.array(["a", "b"], "S1")))
        elif change == 2:
            item.attrs["layer_names"] = rng.choice(("x", np.array([b"a"]), 7))
        elif change == 3:
            file.move(name, rng.choice((f"{name}x", "x", "layers/x/vars/0")))
        else:
            del file[name]
            if change == 4:
                file[name] = rng.choice((h5py.SoftLink("/"), h5py.ExternalLink("x.h5", "/")))
            elif change == 5:
                file.create_group(name)
            else:
                shape = rng.choice(((), (1,), (3, 2), (0,), (7, 7, 7)))
                file[name] = np.ones(shape, rng.choice(("f4", "f8", "i8", "S3", "bool")))
    return buffer.getvalue()


def _change_field(rng: random.Random, config: Any) -> None:
    places: list[tuple[Any, Any]] = []
    todo = [config]
    while todo:
        value = todo.pop()
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            places.append((value, key))
            if isinstance(value[key], (dict, list)):
                todo.append(value[key])
    holder, key = rng.choice(places)
    change = rng.randrange(4)
    if change == 0 and isinstance(holder, dict):
        del holder[key]
    elif change == 1:
        other, place = rng.choice(places)
        if place in other if isinstance(other, dict) else place < len(other):
            holder[key] = json.loads(json.dumps(other[place]))
    else:
        holder[key] = rng.choice(VALUES)


def _archive(items: list[tuple[str, bytes]], compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in items:
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            archive.fp.write(b"")  # keeps two entries of one name from warning
            archive.NameToInfo.pop(name, None)
            archive.writestr(info, content)
    return buffer.getvalue()


# Which mutations a kind of file goes through.
MUTATIONS: dict[str, list[Mutation]] = {
    ".keras": [flip, cut, entries, fields, fields, fields, members],
    ".h5": [flip, cut, hdf5, legacy_fields, legacy_fields],
    ".weights.h5": [flip, cut, hdf5],
    ".npz": [flip, cut, entries],
}
