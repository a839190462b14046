"""What a file is, judged by its first bytes: for errors that say what was found."""

from __future__ import annotations

import os
import re
from pathlib import Path

from rosenblatt.core.errors import MissingFile, NotAFile, WrongType, explain, nearest

_HDF5 = b"\x89HDF\r\n\x1a\n"
AGAIN = "copy or download it again, or save the model again."
UNTRUSTED = "do not use this file unless you know who made it."
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK", "a zip archive that is cut off or damaged", AGAIN),
    (
        _HDF5,
        "an HDF5 file: weights alone, or a model in Keras 2's format",
        "build the model in Python, then `model.load_weights(path)`.",
    ),
    (rb"\s*(<!doctype html|<html)", "an HTML page", "download the file itself, not its web page."),
    (
        rb"\x80[\x02-\x05]",
        "a Python pickle, which could run any code and is never read",
        "save the model as `model.save('model.keras')`.",
    ),
    (
        rb"version https://git-lfs",
        "a Git LFS pointer, not the file it stands for",
        "fetch the file: `git lfs pull`.",
    ),
    (
        rb"\s*\{",
        "text that looks like JSON",
        "an architecture alone is read by `rosenblatt.models.model_from_json(text)`.",
    ),
    (rb"\x1f\x8b", "a gzip file", "unpack it first: `gunzip` or `tar xzf`."),
    (rb"\x93NUMPY", "a NumPy array", "save the model as `model.save('model.keras')`."),
)


def is_hdf5(path: str) -> bool:
    """Whether a file begins as HDF5 files do."""
    return _head(path).startswith(_HDF5)


def is_zip(path: str) -> bool:
    """Whether a file begins as zip archives do."""
    return _head(path).startswith(b"PK")


def _head(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(64)


def what_is(path: str) -> tuple[str, str]:
    """What a file is, and what to do with it."""
    head = _head(path)
    if not head:
        return "an empty file", AGAIN
    for start, kind, fix in _STARTS:
        is_plain = start in (b"PK", _HDF5)
        if head.startswith(start) if is_plain else re.match(start, head, re.IGNORECASE):
            return kind, fix
    return f"a file that begins with {head[:8]!r}", "save the model as `model.save('model.keras')`."


def path_of(given: object, method: str) -> str:
    """A path as a string.

    Raises:
        WrongType: not a path.
    """
    if not isinstance(given, (str, os.PathLike)):
        raise WrongType(f"{method}: `filepath` is not a path.", given=repr(given))
    return os.fspath(given)


def require_file(path: str, method: str) -> None:
    """Make sure a path is a file that can be read.

    Raises:
        FileNotFoundError: nothing is there; near names in the folder are given.
        IsADirectoryError: a folder, with what kind of folder it is.
        PermissionError: it may not be read.
    """
    place = Path(path)
    if place.is_dir():
        raise _about_folder(place, method)
    if not place.exists():
        raise MissingFile(f"{method}: file {path!r} does not exist.", fix=_near_files(place))
    if not os.access(path, os.R_OK):
        raise PermissionError(explain(f"{method}: {path!r} may not be read by this user."))


def _near_files(place: Path) -> str:
    folder = place.parent
    if not folder.is_dir():
        return f"folder {str(folder)!r} does not exist; the working folder is {os.getcwd()!r}."
    names = [f.name for f in folder.iterdir() if f.name.endswith((".keras", ".h5"))]
    if not names:
        return f"folder {str(folder.resolve())!r} holds no `.keras` or `.h5` file."
    return nearest(place.name, names)


def _about_folder(place: Path, method: str) -> NotAFile:
    if (place / "saved_model.pb").exists():
        kind = "a TensorFlow SavedModel folder, which holds a graph and no Keras architecture"
        fix = (
            f"`layers.TFSMLayer({str(place)!r})` predicts with it; to train it, save it where it "
            "was made as `model.save('model.keras')`."
        )
    elif (place / "config.json").exists() and (place / "model.weights.h5").exists():
        kind = "an unpacked Keras model"
        fix = "pack it: `zip -j model.keras` and the three files in it."
    else:
        kind, fix = "a folder", "give the path of a file, such as 'model.keras'."
    return NotAFile(f"{method}: {str(place)!r} is not a file.", given=kind, fix=fix)
