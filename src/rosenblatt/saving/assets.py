"""Files of layers in a `.keras` archive, such as vocabularies: `assets/<path>/<name>`."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
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
        for name, content in files_of(owner).items()
    }


def files_of(owner: Any) -> dict[str, bytes]:
    """Our layers give their files as bytes; users' write theirs into a folder, as in Keras."""
    if hasattr(owner, "asset_files"):
        return owner.asset_files()
    if not hasattr(owner, "save_assets"):
        return {}
    with tempfile.TemporaryDirectory(prefix="rosenblatt-") as folder:
        owner.save_assets(folder)
        written = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in written}


def load_assets(model: Any, archive: zipfile.ZipFile, place: str) -> None:
    """Give the layers of a model their asset files.

    Args:
        model: the model, made from the archive's config.
        archive: the open archive.
        place: its path, for messages.

    Raises:
        ValueError: a file that is damaged, whose name leads out of its folder, or that does not fit
            its layer.
    """
    known = [name for name in archive.namelist() if name.startswith(f"{FOLDER}/")]
    for path, owner in owners(model) if known else ():
        ours = hasattr(owner, "take_asset_files")
        if not ours and not hasattr(owner, "load_assets"):
            continue
        folder = f"{FOLDER}/{path}/".replace("//", "/")
        names = [n for n in known if n.startswith(folder) and not n.endswith("/")]
        files = {
            name.removeprefix(folder): read_member(archive, name, place, None) for name in names
        }
        try:
            owner.take_asset_files(files) if ours else _load_from_folder(owner, files)
        except (ValueError, RuntimeError) as error:
            raise ValueError(
                explain(
                    f"{place!r}: {', '.join(names)} does not fit layer {owner.name!r}.",
                    given=str(error).rstrip("."),
                )
            ) from error


def _load_from_folder(owner: Any, files: Mapping[str, bytes]) -> None:
    """What a user's layer reads: a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rosenblatt-") as folder:
        root = Path(folder).resolve()
        for name, content in files.items():
            target = root / name
            if not target.resolve().is_relative_to(root) or "\\" in name:
                raise ValueError(f"the name {name!r} leads out of its folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        owner.load_assets(folder)
