"""The `.keras` archive: a zip file with `metadata.json`, `config.json` and `model.weights.h5`.

Members are read by these names alone, into memory, after their declared sizes have been checked.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from rosenblatt.core.errors import explain
from rosenblatt.saving.hdf5_write import Content
from rosenblatt.saving.identify import what_is

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
KERAS_FILE = (
    f"a `.keras` file: a zip archive with {METADATA}, {CONFIG} and {WEIGHTS}, as "
    "`model.save('model.keras')` writes it"
)
_MAX_JSON = 1 << 26
_MAX_DEPTH = 500
# A member larger than this must not expand more than this many times: weights hardly compress.
_SMALL = 1 << 28
_EXPANSION = 100
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError,
    ValueError, KeyError,
)  # fmt: skip


def write_archive(
    file: BinaryIO, metadata: Any, config: Any, weights: Content, assets: Mapping[str, bytes]
) -> None:
    """Write the members, uncompressed as Keras does.

    Args:
        file: a binary file.
        metadata, config: plain data.
        weights: content of the HDF5 file.
        assets: content of further members by name.
    """
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(METADATA, json.dumps(metadata))
        archive.writestr(CONFIG, json.dumps(config))
        archive.writestr(WEIGHTS, weights)
        for name, content in assets.items():
            archive.writestr(name, content)


@contextmanager
def open_archive(path: str) -> Iterator[zipfile.ZipFile]:
    """Open a `.keras` file.

    Raises:
        ValueError: it is something else, or damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise not_a_keras_file(path) from error
    with archive:
        yield archive


def not_a_keras_file(path: str, found: str | None = None) -> ValueError:
    """The error for a file that is no `.keras` file: what it is, and what was expected."""
    kind, fix = what_is(path)
    return ValueError(
        explain(
            f"{path!r} is not a `.keras` file.",
            given=found or kind,
            expected=KERAS_FILE,
            fix=fix,
        )
    )


def read_config(archive: zipfile.ZipFile, path: str) -> dict[str, Any]:
    """The model's config.

    Raises:
        ValueError: the archive has none, or it is damaged, too large or no JSON object.
    """
    content = read_member(archive, CONFIG, path, _MAX_JSON)
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            explain(f"{path!r}: {CONFIG} is not valid JSON.", given=_short(error))
        ) from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(
            explain(
                f"{path!r}: {CONFIG} does not describe a model.",
                given=_short(config),
                expected="an object with `class_name` and `config`",
            )
        )
    if _depth_exceeds(config, _MAX_DEPTH):
        raise ValueError(
            explain(f"{path!r}: {CONFIG} is nested more than {_MAX_DEPTH} levels deep.")
        )
    return config


def read_weights(archive: zipfile.ZipFile, path: str) -> bytes:
    """The content of the archive's weights file."""
    return read_member(archive, WEIGHTS, path, None)


def read_member(archive: zipfile.ZipFile, name: str, path: str, limit: int | None) -> bytes:
    """Read a member whole, once its declared size has been checked.

    Args:
        archive: the open archive.
        name: the member's name.
        path: the archive's path, for messages.
        limit: the most bytes it may have; None where only the rate of expansion is limited.

    Raises:
        ValueError: missing, there twice, encrypted, too large, or damaged.
    """
    infos = [info for info in archive.infolist() if info.filename == name]
    if not infos:
        names = sorted(info.filename for info in archive.infolist()[:10])
        raise not_a_keras_file(path, f"a zip archive without {name}; it holds {names}")
    info = infos[0]
    reason = None
    if len(infos) > 1:
        reason = "it is in the archive more than once"
    elif info.flag_bits & 1:
        reason = "it is encrypted"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        reason = f"its compression method is {info.compress_type}"
    elif limit is not None and info.file_size > limit:
        reason = f"it declares {info.file_size:,} bytes, and {limit:,} are allowed"
    elif info.compress_size > os.path.getsize(path):
        reason = f"it declares more bytes than the archive has, {info.compress_size:,}"
    elif info.file_size > max(_SMALL, _EXPANSION * info.compress_size):
        reason = f"{info.compress_size:,} bytes would expand to {info.file_size:,}"
    if reason:
        raise ValueError(
            explain(
                f"{path!r}: {name} is refused: {reason}.",
                fix="do not use this file unless you know who made it.",
            )
        )
    try:
        content = archive.read(info)
    except _UNREADABLE as error:
        raise ValueError(
            explain(
                f"{path!r} is damaged: {name} cannot be read.",
                given=_short(error),
                fix="copy or download it again, or save the model again.",
            )
        ) from error
    return content


def _depth_exceeds(data: Any, limit: int) -> bool:
    level = [data]
    for _ in range(limit):
        level = [
            item
            for part in level
            for item in (part.values() if isinstance(part, dict) else part)
            if isinstance(item, (dict, list))
        ]
        if not level:
            return False
    return True


def _short(value: object, length: int = 200) -> str:
    text = str(value).rstrip(".")
    return text if len(text) <= length else f"{text[:length]}…"
