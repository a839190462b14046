"""Files of layers in a `.keras` archive, such as vocabularies: `assets/<path>/<name>`."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import FileRefused
from rosenblatt.core.files import read_files
from rosenblatt.saving.archive import read_member
from rosenblatt.saving.contract import Model, SavedPart
from rosenblatt.saving.saved_parts import saved_parts

FOLDER = "assets"


def asset_files(parts: Iterable[tuple[str, SavedPart]]) -> dict[str, bytes]:
    """The content of each asset file of what `saved_parts` found, by its name in the archive."""
    return {
        f"{FOLDER}/{path}/{name}".replace("//", "/"): content
        for path, part in parts
        for name, content in files_of(part).items()
    }


def files_of(part: SavedPart) -> dict[str, bytes]:
    """Our layers give their files as bytes; users' write theirs into a folder, as in Keras."""
    if hasattr(part, "asset_files"):
        return part.asset_files()
    if not hasattr(part, "save_assets"):
        return {}
    with tempfile.TemporaryDirectory(prefix="rosenblatt-") as folder:
        part.save_assets(folder)
        return dict(sorted(read_files(Path(folder), "**/*").items(), key=lambda one: Path(one[0])))


def load_assets(model: Model, archive: zipfile.ZipFile, place: str) -> None:
    """Give the layers of a model their asset files.

    Args:
        model: the model, made from the archive's config.
        archive: the open archive.
        place: its path, for messages.

    Raises:
        FileRefused: a file that is damaged, whose name leads out of its folder, or that does not
            fit its layer.
    """
    known = [name for name in archive.namelist() if name.startswith(f"{FOLDER}/")]
    for path, part in saved_parts(model) if known else ():
        take = getattr(part, "take_asset_files", None)
        if take is None and not hasattr(part, "load_assets"):
            continue
        folder = f"{FOLDER}/{path}/".replace("//", "/")
        names = [n for n in known if n.startswith(folder) and not n.endswith("/")]
        files = {name.removeprefix(folder): read_member(archive, name, place) for name in names}
        try:
            take(files) if take else _load_from_folder(part, files)
        except (ValueError, RuntimeError) as error:
            raise FileRefused(
                f"{place!r}: {', '.join(names)} does not fit layer {part.name!r}.",
                given=str(error).rstrip("."),
            ) from error


def _load_from_folder(part: Any, files: Mapping[str, bytes]) -> None:
    """What a user's layer reads: a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rosenblatt-") as folder:
        root = Path(folder).resolve()
        for name, content in files.items():
            target = root / name
            if not target.resolve().is_relative_to(root) or "\\" in name:
                raise FileRefused(f"the name {name!r} leads out of its folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        part.load_assets(folder)
