"""What is in a file, told without building a model of it: nothing of it is run or allocated."""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rosenblatt.core import registry
from rosenblatt.core.errors import FileRefused
from rosenblatt.core.serialization import described
from rosenblatt.core.types import Config, PathLike
from rosenblatt.saving.archive import (
    METADATA,
    UNREADABLE,
    find_member,
    open_archive,
    open_member,
    read_config,
    read_metadata,
)
from rosenblatt.saving.custom_objects import custom_objects_of
from rosenblatt.saving.file_kinds import is_hdf5, is_zip, require_file, what_is
from rosenblatt.saving.hdf5_read import WeightsReader, open_weights
from rosenblatt.saving.legacy_h5 import legacy_model_config

# Settings of a layer that say most about it, in the order in which they are shown.
_SHOWN = ("units", "activation", "rate", "axis", "batch_shape", "input_dim", "output_dim", "layer")


@dataclass
class LayerEntry:
    """A layer as a file describes it."""

    depth: int
    kind: str
    name: str
    settings: dict[str, Any]


@dataclass
class Value:
    """An array in a file."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int


@dataclass
class FileReport:
    """What a file holds.

    Attributes:
        path: the file.
        kind: what it is, in words.
        size: its bytes.
        versions: who wrote it, and when.
        layers: the tree of layers, outermost first.
        training: optimizer, loss and metrics, where it was compiled.
        values: the arrays in it.
        needs: names of classes and functions that are not this library's.
        dangers: what could run code, or read other files, in it; loading refuses all of it.
    """

    path: str
    kind: str
    size: int
    versions: dict[str, str] = field(default_factory=dict)
    layers: list[LayerEntry] = field(default_factory=list)
    training: dict[str, Any] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    dangers: list[str] = field(default_factory=list)

    @property
    def is_safe(self) -> bool:
        """Whether nothing in it could run code or read other files."""
        return not self.dangers


def inspect_file(path: PathLike) -> FileReport:
    """Tell what is in a model's or weights' file.

    Args:
        path: a `.keras`, `.h5`, `.weights.h5` or `.npz` file.

    Returns:
        The report.

    Raises:
        FileNotFoundError, IsADirectoryError: nothing to read there.
        FileRefused: a file of another kind, or a damaged one.

    >>> import tempfile
    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((2,), name="x"), rb.layers.Dense(1, name="out")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.keras")
    ...     report = inspect_file(f"{folder}/model.keras")
    >>> report.kind, [layer.name for layer in report.layers][1:], report.is_safe
    ('a model in the `.keras` format', ['x', 'out'], True)
    """
    name = os.fspath(path)
    require_file(name, "inspect")
    report = FileReport(name, "", os.path.getsize(name))
    if is_hdf5(name):
        _inspect_hdf5(report)
    elif is_zip(name):
        with open_archive(name) as archive:
            members = archive.namelist()
            if members and all(member.endswith(".npy") for member in members):
                _inspect_npz(report, archive)
            else:
                _inspect_keras(report, archive)
    else:
        kind, fix = what_is(name)
        raise FileRefused(
            f"inspect: {name!r} is not a model's file.",
            given=kind,
            expected="a `.keras`, `.h5`, `.weights.h5` or `.npz` file",
            fix=fix,
        )
    return report


def _inspect_keras(report: FileReport, archive: zipfile.ZipFile) -> None:
    config = read_config(archive, report.path)
    report.kind = "a model in the `.keras` format"
    found = read_metadata(archive, report.path)
    report.versions = {key: str(value) for key, value in found.items() if key != "defined_in"}
    _describe(report, config)
    known = {METADATA, "config.json", "model.weights.h5"}
    for member in archive.infolist():
        if member.filename in known or member.is_dir():
            continue
        if member.filename.startswith("assets/") and ".." not in member.filename:
            entry = find_member(archive, member.filename, report.path, None)
            report.values.append(Value(member.filename, (), "file", entry.file_size))
        else:
            report.dangers.append(f"a member that models do not have: {member.filename!r}")
    with (
        open_member(archive, report.path) as file,
        open_weights(file, f"{report.path!r}: model.weights.h5") as reader,
    ):
        report.values[:0] = _values(reader)


def _inspect_hdf5(report: FileReport) -> None:
    with open_weights(report.path, repr(report.path)) as reader:
        report.kind = "weights alone, in HDF5"
        version = reader.text("keras_version")
        if version:
            report.versions["keras_version"] = version
        if reader.text("model_config") is not None:
            report.kind = "a model in Keras 2's HDF5 format"
            _describe(report, legacy_model_config(reader, repr(report.path), True))
        elif reader.is_legacy:
            report.kind = "weights alone, in Keras 2's HDF5 format"
        report.values = _values(reader)


def _inspect_npz(report: FileReport, archive: zipfile.ZipFile) -> None:
    report.kind = "a NumPy archive"
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        try:
            with archive.open(member) as file:
                major = np.lib.format.read_magic(file)[0]
                read = np.lib.format.read_array_header_1_0
                shape, _, dtype = (read if major == 1 else np.lib.format.read_array_header_2_0)(
                    file
                )
        except UNREADABLE as error:
            raise FileRefused(
                f"{report.path!r} is damaged: {name} cannot be read.", given=repr(error)
            ) from error
        if dtype.hasobject:
            report.dangers.append(f"a pickle: {name} holds Python objects")
        report.values.append(Value(name, tuple(shape), str(dtype), member.file_size))


def _values(reader: WeightsReader) -> list[Value]:
    return [
        Value(
            path.replace("/vars/", "/"),
            array.shape,
            str(array.dtype),
            math.prod(array.shape) * array.dtype.itemsize,
        )
        for path, array in reader.all_arrays()
    ]


def _describe(report: FileReport, config: Config) -> None:
    report.layers = list(_layers(config, 0))
    compiled = config.get("compile_config")
    for name in ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics"):
        value = compiled.get(name) if isinstance(compiled, dict) else None
        if value is not None:
            report.training[name] = _short(value)
    report.dangers += [danger for entry in described(config) for danger in _dangers(entry)]
    report.needs = [
        f"{custom.registered} (of {custom.module})" if custom.module else custom.registered
        for custom in custom_objects_of(config)
        if not custom.is_known()
    ]


def _layers(entry: object, depth: int) -> Iterator[LayerEntry]:
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
        return
    config = entry["config"]
    settings = {
        key: _short(config[key])
        for key in _SHOWN
        if config.get(key) not in (None, [], {}, "linear")
    }
    name = str(config.get("name", entry.get("name", "")))
    yield LayerEntry(depth, str(entry.get("class_name")), name, settings)
    inner = config.get("layers")
    for layer in inner if isinstance(inner, list) else [config.get("layer")]:
        yield from _layers(layer, depth + 1)


def _dangers(entry: Config) -> Iterator[str]:
    """What could run code, or read other files, in what is described."""
    kind, config = str(entry.get("class_name")), entry.get("config")
    if kind == "__lambda__" or (kind == "Lambda" and "__lambda__" in json.dumps(config)):
        yield "Python bytecode: the body of a lambda"
    if isinstance(config, dict) and isinstance(config.get("vocabulary"), str):
        yield f"another file that it names: {config['vocabulary']!r}"
    name, module = str(config) if kind == "function" else kind, str(entry.get("module") or "")
    if registry.is_of_python(module, name):
        yield f"something of Python itself that it names: {module}.{name}"


def _short(value: object) -> Any:
    """A setting in a word or two."""
    if isinstance(value, dict):
        if value.get("class_name") == "function" and isinstance(value.get("config"), str):
            return value["config"]
        if "class_name" in value:
            config = value.get("config")
            rate = config.get("learning_rate") if isinstance(config, dict) else None
            return f"{value['class_name']}" + (f" ({rate:g})" if isinstance(rate, float) else "")
        return {key: _short(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_short(item) for item in value]
    return value


def as_text(report: FileReport) -> str:
    """A report as lines to print."""
    safe = "yes: it holds no code" if report.is_safe else "no"
    lines = [f"{report.path}: {report.kind}, {_bytes(report.size)}"]
    lines += [f"  {key}: {value}" for key, value in report.versions.items()]
    lines += [f"Safe: {safe}"]
    lines += [f"  {danger} (refused when it is loaded)" for danger in report.dangers]
    if report.needs:
        lines.append("Needs, as `custom_objects` or registered: " + ", ".join(report.needs))
    if report.layers:
        lines.append("Layers:")
    for layer in report.layers:
        settings = ", ".join(f"{key}={value}" for key, value in layer.settings.items())
        lines.append(f"  {'  ' * layer.depth}{layer.name} ({layer.kind}) {settings}".rstrip())
    if report.training:
        lines.append("Training:")
        lines += [f"  {key}: {value}" for key, value in report.training.items()]
    if report.values:
        total = sum(value.nbytes for value in report.values)
        lines.append(f"Values: {len(report.values)}, {_bytes(total)}")
        width = max(len(value.path) for value in report.values)
        for value in report.values:
            shape = "" if value.dtype == "file" else str(tuple(value.shape))
            lines.append(
                f"  {value.path:{width}}  {value.dtype:9} {shape:16} {_bytes(value.nbytes)}"
            )
    return "\n".join(lines)


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


__all__ = ["FileReport", "as_text", "inspect_file"]
