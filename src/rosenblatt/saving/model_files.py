"""Models to and from files, and weights alone; long because each argument is described."""

from __future__ import annotations

import datetime
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from rosenblatt.core.errors import (
    BadArgument,
    FileRefused,
    ModelRefused,
    NotBuilt,
    NotSavable,
    NotSupported,
    WrongType,
    explain,
    warn_user,
)
from rosenblatt.core.faces import on_use
from rosenblatt.core.files import atomic_write
from rosenblatt.core.loading import Limit, loading
from rosenblatt.core.serialization import deserialize_keras_object, serialize_shared
from rosenblatt.core.types import Config, PathLike
from rosenblatt.layers.base import Layer
from rosenblatt.saving.archive import (
    open_archive,
    open_member,
    read_config,
    read_metadata,
    write_archive,
)
from rosenblatt.saving.assets import asset_files, load_assets
from rosenblatt.saving.contract import Model
from rosenblatt.saving.custom_objects import advice, defining_files, warn_of_code
from rosenblatt.saving.file_kinds import is_hdf5, is_zip, path_of, require_file, what_is
from rosenblatt.saving.hdf5_read import open_weights
from rosenblatt.saving.legacy_h5 import (
    legacy_model_config,
    load_legacy_optimizer,
    load_legacy_weights,
    write_legacy_model,
)
from rosenblatt.saving.saved_parts import saved_parts
from rosenblatt.saving.weights import LoadReport, gather_weights, load_state, with_layers_inside

if TYPE_CHECKING:
    from rosenblatt.saving import folders
else:
    folders = on_use("rosenblatt.saving.folders")

# Keras logs where a format is legacy, and warns where a mistake is likely.
_log = logging.getLogger("rosenblatt")
# The release of Keras whose format is written.
KERAS_VERSION = "3.15.1"
# What a model may take in memory: its file holds nearly all of it, except slots of an optimizer
# that has not stepped, and metrics.
_ALWAYS_ALLOWED, _PER_BYTE = 1 << 28, 10


def save_model(
    model: Model,
    filepath: PathLike,
    overwrite: bool = True,
    zipped: bool | None = None,
    **kwargs: Any,
) -> None:
    """Save a model: architecture, weights, compile settings and optimizer state.

    Real Keras 3 loads the file. It is written whole or not at all: where anything fails, a file
    that was there before stays as it was.

    Args:
        model: the model.
        filepath: a path that ends in `.keras`; or in `.h5`, for Keras 2 and tf.keras.
        overwrite: whether an existing file is replaced.
        zipped: False writes a folder with the archive's members as files.
        kwargs: `include_optimizer=False` keeps the training settings out of an `.h5` file;
            `save_format`, of Keras 2, says what the file's ending says already.

    Raises:
        BadArgument: another ending.
        NotSavable: an object in the model that no file can hold.
        WrongType: an argument that does not exist.
        FileExistsError: the file exists and `overwrite` is False.
        OSError: it cannot be written.

    >>> import tempfile
    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(model, f"{folder}/model.keras")
    ...     load_model(f"{folder}/model.keras").count_params()
    3
    """
    path = os.fspath(filepath)
    include_optimizer = kwargs.pop("include_optimizer", True)
    _refuse_arguments(path, kwargs)
    if zipped is False:
        folders.write_folder(path, lambda file: save_model(model, file), overwrite)
        return
    legacy = path.endswith((".h5", ".hdf5")) and not path.endswith(".weights.h5")
    check_target(path, Path(path).suffix if legacy else ".keras", overwrite, "save_model")
    if legacy:
        _log.warning(
            "The model is saved as an HDF5 file, which is a legacy format: `model.save('m.keras')` "
            "keeps all of it."
        )
        write_legacy_model(model, path, KERAS_VERSION, include_optimizer)
        return
    if not model.built:
        warn_user(
            explain(
                f"Model {model.name!r} is saved before it was built: the file holds no weights.",
                fix="call it on data, or `model.build(input_shape)`, first.",
            )
        )
    config = serialize_shared(model)
    warn_of_code(config)
    parts = list(saved_parts(model))
    packed = bool(getattr(model, "saved_packed", False))
    weights, assets = gather_weights(parts, packed), asset_files(parts)
    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata: Config = {
        "keras_version": KERAS_VERSION, "date_saved": saved, "saved_by": "rosenblatt",
    }  # fmt: skip
    if files := defining_files(config):
        metadata["defined_in"] = files
    with atomic_write(path) as file:
        try:
            write_archive(file, metadata, config, weights, assets)
        except (TypeError, RecursionError) as error:  # from JSON
            raise NotSavable(
                f"Model {model.name!r} cannot be saved: its config is not plain data.",
                given=error,
                fix="let every `get_config()` return numbers, texts, lists and dicts only.",
            ) from error


def _refuse_arguments(path: str, given: dict[str, object]) -> None:
    """Warn of `save_format`; refuse unknown arguments."""
    save_format = given.pop("save_format", None)
    if save_format and path.endswith((".keras", ".h5", ".hdf5")):
        warn_user(
            explain(
                f"save_model: `save_format={save_format!r}` is of Keras 2; the file's ending says "
                "the format.",
                fix="leave it out.",
            )
        )
    elif save_format:
        raise BadArgument(
            f"save_model: `save_format={save_format!r}` is of Keras 2.",
            given=repr(path),
            fix=f"`model.save({path + '.keras'!r})`; or `model.export({path!r})` for a SavedModel.",
        )
    if given:
        raise WrongType(f"save_model: unknown argument {', '.join(map(repr, given))}.")


def check_target(path: str, ending: str, overwrite: bool, method: str) -> None:
    """Refuse a path that cannot or must not be written.

    Raises:
        BadArgument: another ending.
        IsADirectoryError: a folder.
        FileExistsError: it exists and must not be replaced.
    """
    place = Path(path)
    if not path.endswith(ending):
        base = place.name
        for other in (".weights.h5", ".keras", ".hdf5", ".h5", ".weights", place.suffix):
            base = base.removesuffix(other) if other else base
        raise BadArgument(
            f"{method}: the file's name must end in `{ending}`.",
            given=repr(path),
            fix=f"name it {str(place.with_name((base or 'model') + ending))!r}.",
        )
    if place.is_dir():
        raise IsADirectoryError(explain(f"{method}: {path!r} is a folder, not a file."))
    if place.exists() and not overwrite:
        raise FileExistsError(
            explain(
                f"{method}: {path!r} already exists.",
                given="overwrite=False",
                fix="choose another name, or pass `overwrite=True`.",
            )
        )


def load_model(
    filepath: PathLike,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Load a model from a `.keras` file or folder, of real Keras 3 too, or from a legacy `.h5`.

    No code of the file is run, unless told so, and nothing is unpacked onto the disk.

    Args:
        filepath: the file's path.
        custom_objects: names of classes and functions of the model that are not registered.
        compile: compile the model as it was when it was saved, with its optimizer's state.
        safe_mode: refuse code that the file holds, which lambdas are. False runs it: for files
            that you know who made. What it names is looked up in `custom_objects`.

    Returns:
        The model.

    Raises:
        FileNotFoundError, IsADirectoryError: nothing to read there.
        FileRefused: not a `.keras` file, or a damaged one; a class that is not known, with how to
            register it; weights that do not fit.

    >>> import tempfile
    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(model, f"{folder}/model.keras")
    ...     load_model(f"{folder}/model.keras").count_params()
    3
    """
    path = path_of(filepath, "load_model")
    if folders.is_model_folder(path):
        with folders.packed(path) as file:
            return load_model(file, custom_objects, compile, safe_mode)
    require_file(path, "load_model")
    size = os.path.getsize(path)
    limit = Limit(_ALWAYS_ALLOWED + _PER_BYTE * size, f"load_model: {path!r} of {size:,} bytes")
    load = _load_legacy if is_hdf5(path) else _load_archive
    with loading(limit=limit, safe=safe_mode, shared={}, undrawn=[]):
        return load(path, custom_objects, compile)


def _load_archive(path: str, custom_objects: Mapping[str, Any] | None, compile: bool) -> Model:
    with open_archive(path) as archive:
        config = read_config(archive, path)
        if not compile:
            config["compile_config"] = None
        file = open_member(archive, path)  # a damaged file should be known before a model is made
        files = read_metadata(archive, path).get("defined_in")
        model = _from_config(config, custom_objects, path, files if isinstance(files, dict) else {})
        with file, open_weights(file, f"{path!r}: model.weights.h5") as reader:
            load_state(model, reader, repr(path), skip_mismatch=False, strict=True)
        load_assets(model, archive, path)
    return model


def _load_legacy(path: str, custom_objects: Mapping[str, Any] | None, compile: bool) -> Model:
    with open_weights(path, repr(path)) as reader:
        config = legacy_model_config(reader, repr(path), compile)
        model = _from_config(config, custom_objects, path, {})
        if model.built:
            load_legacy_weights(model, reader, repr(path), by_name=False, skip_mismatch=False)
            load_legacy_optimizer(model, reader)
        else:
            warn_user(
                explain(
                    f"{path!r}: the file does not tell the input's shape, so the model is not "
                    "built and its weights are not loaded.",
                    fix="`model.build((None, features))`, then `model.load_weights(path)`.",
                )
            )
    return model


def _from_config(
    config: Config,
    custom_objects: Mapping[str, Any] | None,
    path: str,
    files: Mapping[str, object],
) -> Model:
    try:
        model = deserialize_keras_object(config, custom_objects)
    except Exception as error:  # classes of users may raise anything
        detail = f"config.json lacks {error}" if isinstance(error, KeyError) else str(error)
        hint = advice(config, files, custom_objects)
        raise ModelRefused(
            f"{path!r}: the model cannot be made from the file. {detail or repr(error)}"
            + (f" {hint}" if hint else "")
        ) from error
    if not isinstance(model, Layer) or not hasattr(model, "save"):
        raise FileRefused(
            f"{path!r}: config.json describes a {type(model).__name__}, not a model.",
            given=repr(config.get("class_name")),
        )
    return model


def save_weights(
    model: Model,
    filepath: PathLike,
    overwrite: bool = True,
    max_shard_size: float | None = None,
    *,
    objects_to_skip: Iterable[object] = (),
) -> None:
    """Save a model's weights, and its optimizer's state where it is compiled.

    Args:
        model: a built model.
        filepath: a path that ends in `.weights.h5`.
        overwrite: whether an existing file is replaced.
        max_shard_size: None; Keras cuts weights of many gigabytes into files of this size.
        objects_to_skip: layers, the optimizer or metrics to leave out, with the layers inside.

    Raises:
        BadArgument: another ending.
        NotBuilt: a model that is not built.
        NotSupported: a `max_shard_size`.
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
    if max_shard_size is not None:
        raise NotSupported(
            "save_weights: weights are written to one file, however large.",
            given=f"max_shard_size={max_shard_size}",
            fix="leave it out, and name the file `….weights.h5`.",
        )
    check_target(path, ".weights.h5", overwrite, "save_weights")
    _require_built(model, "save_weights")
    skipped = with_layers_inside(objects_to_skip)
    parts = saved_parts(model)
    weights = gather_weights((path, part) for path, part in parts if id(part) not in skipped)
    with atomic_write(path) as file:
        weights.write(file)


def load_weights(
    model: Model,
    filepath: PathLike,
    skip_mismatch: bool = False,
    by_name: bool = False,
    *,
    objects_to_skip: Iterable[object] = (),
    **kwargs: Any,
) -> LoadReport:
    """Give a model the weights of a `.weights.h5`, `.keras` or legacy `.h5` file.

    Weights are found by their place in the model. All are loaded, or none.

    Args:
        model: a built model.
        filepath: the file's path.
        skip_mismatch: load the layers that fit, and warn of the others.
        by_name: find layers by their names; of Keras 2's `.h5` files only.
        objects_to_skip: layers, the optimizer or metrics that keep their values, with the layers
            inside; not for Keras 2's `.h5` files.

    Returns:
        What was loaded and what was not, and why.

    Raises:
        FileNotFoundError, IsADirectoryError: nothing to read there.
        FileRefused: not such a file, or weights that do not fit.
        NotBuilt: a model that is not built.
    """
    if kwargs:
        raise WrongType(f"load_weights: unknown argument {', '.join(map(repr, kwargs))}.")
    path = path_of(filepath, "load_weights")
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
        if reader.is_legacy and objects_to_skip:
            raise BadArgument(
                f"load_weights: `objects_to_skip` does not go with {path!r}, a file of Keras 2.",
                fix="`by_name=True, skip_mismatch=True` loads the layers that have the same names.",
            )
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
        return load_state(
            model,
            reader,
            repr(path),
            skip_mismatch=skip_mismatch,
            strict=False,
            skipped=with_layers_inside(objects_to_skip),
        )


def _require_built(model: Model, method: str) -> None:
    if not model.built:
        raise NotBuilt(
            f"{method}: model {model.name!r} is not built, so it has no weights yet.",
            fix="call it on data, or `model.build(input_shape)`, first.",
        )
