"""Models as folders, `model.save(path, zipped=False)`: the members of an archive as files."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rosenblatt.core.errors import BadArgument, explain
from rosenblatt.saving.archive import CONFIG, METADATA, WEIGHTS

_ASSETS = "assets"


def is_model_folder(path: str) -> bool:
    """Whether a folder holds a model."""
    is_tensorflow = os.path.exists(os.path.join(path, "saved_model.pb"))
    return os.path.isfile(os.path.join(path, CONFIG)) and not is_tensorflow


def write_folder(path: str, write: Callable[[str], None], overwrite: bool) -> None:
    """Write a model as a folder; what was there before stays until it is complete.

    Args:
        path: the folder.
        write: writes the model's archive to a path.
        overwrite: whether a folder with a model is replaced.

    Raises:
        BadArgument: a path that ends in `.keras`, which are files.
        FileExistsError: it exists and is not to be replaced, or is something else than a model.
    """
    place = Path(path)
    if path.endswith(".keras"):
        raise BadArgument(
            "save_model: with `zipped=False` the model is a folder, whose name should not end in "
            "`.keras`.",
            given=repr(path),
            fix=f"name it {str(place.with_suffix(''))!r}.",
        )
    if place.exists() and not (overwrite and (is_model_folder(path) or not any_in(place))):
        raise FileExistsError(
            explain(
                f"save_model: {path!r} already exists.",
                given=f"overwrite={overwrite}",
                fix="choose another name; only a folder with a model is replaced.",
            )
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent) as work:
        packed, new = os.path.join(work, "model.keras"), Path(work, "new")
        write(packed)
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(new)
        if place.exists():
            place.rename(Path(work, "old"))
        new.rename(place)


def any_in(place: Path) -> bool:
    """Whether there is a file, or anything in a folder."""
    return not place.is_dir() or any(place.iterdir())


@contextmanager
def packed(path: str) -> Iterator[str]:
    """The folder as an archive, for as long as the block lasts; links are not followed.

    Args:
        path: the folder.
    """
    with tempfile.TemporaryDirectory() as work:
        file = os.path.join(work, f"{Path(path).name}.keras")
        with zipfile.ZipFile(file, "w") as archive:
            for member in _members(Path(path)):
                archive.write(member, member.relative_to(path))
        yield file


def _members(folder: Path) -> Iterator[Path]:
    for place in (*(folder / name for name in (METADATA, CONFIG, WEIGHTS)), folder / _ASSETS):
        if place.is_symlink():
            continue
        if place.is_dir():
            found = sorted(place.rglob("*"))
            yield from (one for one in found if one.is_file() and not one.is_symlink())
        elif place.is_file():
            yield place
