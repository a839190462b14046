"""Files of layers in a `.keras` archive, such as vocabularies: `assets/<path>/<name>`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.saving.archive import read_member
from rosenblatt.saving.owners import owners

FOLDER = "assets"


def asset_files(found: Iterable[tuple[str, Any]]) -> dict[str, bytes]:
    """The content of each asset file of what `owners` found, by its name in the archive."""
    return {
        f"{FOLDER}/{path}/{name}".replace("//", "/"): content
        for path, owner in found
        if hasattr(owner, "asset_files")
        for name, content in owner.asset_files().items()
    }


def load_assets(model: Any, archive: zipfile.ZipFile, place: str) -> None:
    """Give the layers of a model their asset files.

    Args:
        model: the model, made from the archive's config.
        archive: the open archive.
        place: its path, for messages.

    Raises:
        ValueError: a file that is damaged, or does not fit its layer.
    """
    known = [name for name in archive.namelist() if name.startswith(f"{FOLDER}/")]
    for path, owner in owners(model) if known else ():
        if not hasattr(owner, "take_asset_files"):
            continue
        folder = f"{FOLDER}/{path}/".replace("//", "/")
        names = [n for n in known if n.startswith(folder) and "/" not in n.removeprefix(folder)]
        files = {
            name.removeprefix(folder): read_member(archive, name, place, None) for name in names
        }
        try:
            owner.take_asset_files(files)
        except (ValueError, RuntimeError) as error:
            raise ValueError(
                explain(
                    f"{place!r}: {', '.join(names)} does not fit layer {owner.name!r}.",
                    given=str(error).rstrip("."),
                )
            ) from error
