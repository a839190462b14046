"""Weights alone to and from `.weights.h5` files."""

from __future__ import annotations

import os
from typing import BinaryIO

from rosenblatt.core.errors import BadArgument, FileRefused, NotBuilt
from rosenblatt.core.files import atomic_write
from rosenblatt.core.types import PathLike
from rosenblatt.saving.archive import open_archive, open_member
from rosenblatt.saving.contract import Model
from rosenblatt.saving.file_kinds import is_hdf5, is_zip, require_file, what_is
from rosenblatt.saving.hdf5_read import open_weights
from rosenblatt.saving.legacy_h5 import load_legacy_weights
from rosenblatt.saving.load_report import LoadReport
from rosenblatt.saving.model_files import check_target
from rosenblatt.saving.saved_parts import saved_parts
from rosenblatt.saving.weights import gather_weights, load_state


def save_weights(model: Model, filepath: PathLike, overwrite: bool = True) -> None:
    """Save a model's weights, and its optimizer's state where it is compiled.

    Args:
        model: a built model.
        filepath: a path that ends in `.weights.h5`.
        overwrite: whether an existing file is replaced.

    Raises:
        BadArgument: another ending.
        NotBuilt: a model that is not built.
        FileExistsError: the file exists and `overwrite` is False.
        OSError: it cannot be written.

    >>> import tempfile
    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1, name="out")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(model, f"{folder}/a.weights.h5")
    ...     load_weights(model, f"{folder}/a.weights.h5").matched
    ['out']
    """
    path = os.fspath(filepath)
    check_target(path, ".weights.h5", overwrite, "save_weights")
    _require_built(model, "save_weights")
    weights = gather_weights(saved_parts(model))
    with atomic_write(path) as file:
        weights.write(file)


def load_weights(
    model: Model,
    filepath: PathLike,
    skip_mismatch: bool = False,
    by_name: bool = False,
) -> LoadReport:
    """Give a model the weights of a `.weights.h5`, `.keras` or legacy `.h5` file.

    Weights are found by their place in the model. All are loaded, or none.

    Args:
        model: a built model.
        filepath: the file's path.
        skip_mismatch: load the layers that fit, and warn of the others.
        by_name: find layers by their names; of Keras 2's `.h5` files only.

    Returns:
        What was loaded and what was not, and why.

    Raises:
        FileNotFoundError, IsADirectoryError: nothing to read there.
        FileRefused: not such a file, or weights that do not fit.
        NotBuilt: a model that is not built.
    """
    path = os.fspath(filepath)
    require_file(path, "load_weights")
    _require_built(model, "load_weights")
    if is_zip(path):
        with open_archive(path) as archive:
            source: str | BinaryIO = open_member(archive, path)
    elif is_hdf5(path):
        source = path
    else:
        kind, _ = what_is(path)
        raise FileRefused(
            f"load_weights: {path!r} holds no weights.",
            given=kind,
            expected="a `.weights.h5` file of `model.save_weights()`, or a `.keras` file of "
            "`model.save()`",
        )
    with open_weights(source, repr(path)) as reader:
        if reader.is_legacy:
            return load_legacy_weights(
                model, reader, repr(path), by_name=by_name, skip_mismatch=skip_mismatch
            )
        if by_name:
            raise BadArgument(
                f"load_weights: `by_name=True` belongs to Keras 2's `.h5` files; {path!r} "
                "finds weights by their place in the model.",
                fix="leave it out.",
            )
        return load_state(model, reader, repr(path), skip_mismatch=skip_mismatch, strict=False)


def _require_built(model: Model, method: str) -> None:
    if not model.built:
        raise NotBuilt(
            f"{method}: model {model.name!r} is not built, so it has no weights yet.",
            fix="call it on data, or `model.build(input_shape)`, first.",
        )
