"""Points for TensorBoard's PROJECTOR: tables, labels, pictures on disk, and their configuration."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.files import replacing
from rosenblatt.core.types import ArrayLike
from rosenblatt.tensorboard import library, values
from rosenblatt.tensorboard.writer import current

CONFIG = "projector_config.pbtxt"
_lock = threading.Lock()


def embedding(
    name: str,
    data: ArrayLike,
    step: int | None = None,
    metadata: Sequence[Any] | None = None,
    metadata_header: Sequence[str] | None = None,
    sprites: np.ndarray | Sequence[Any] | None = None,
) -> bool:
    """Write points for the projector: weights of an embedding, or any layer's outputs.

    Args:
        name: how they are called there.
        data: (points, dimensions) numbers.
        step: which state they show; the default writer's step if None.
        metadata: a label for each point; with `metadata_header`, a row of labels for each.
        metadata_header: the names of the columns of labels.
        sprites: (points, height, width, channels) a small image for each point.

    Returns:
        Whether they were written.

    Raises:
        ValueError: another shape, or not one label or image for each point.
    """
    now = current()
    if not now.on():
        return False
    assert now.writer is not None
    points = _checked(name, data, metadata, sprites)
    entry = f"{name}:{now.step_or(step):05d}"
    folder = now.writer.logdir / "projector" / entry.replace(":", "_").replace("/", "_")
    folder.mkdir(parents=True, exist_ok=True)
    files = {"tensor_path": write_table(folder / "tensors.tsv", points)}
    size = None
    if metadata is not None:
        files["metadata_path"] = _write_labels(folder / "labels.tsv", metadata, metadata_header)
    if sprites is not None:
        pictures = np.asarray(sprites)
        size = (pictures.shape[2], pictures.shape[1])
        with replacing(folder / "sprites.png") as part:
            part.write_bytes(values.png(values.sprite(pictures)))
        files["sprite"] = folder / "sprites.png"
    relative = {key: path.relative_to(now.writer.logdir).as_posix() for key, path in files.items()}
    configure(now.writer.logdir, entry, relative, size)
    return True


def _checked(
    name: str,
    data: ArrayLike,
    metadata: Sequence[Any] | None,
    sprites: np.ndarray | Sequence[Any] | None,
) -> np.ndarray:
    points = np.asarray(data)
    if points.ndim != 2:
        raise BadArgument(
            f"summary.embedding: bad shape of {name!r}.",
            given=points.shape,
            expected="(points, dimensions)",
            fix="write `data.reshape(len(data), -1)`.",
        )
    for what, rows in (("metadata", metadata), ("sprites", sprites)):
        if rows is not None and len(rows) != len(points):
            raise BadArgument(
                f"summary.embedding: bad number of `{what}`.",
                given=len(rows),
                expected=f"{len(points)}, one for each point",
            )
    return points


def write_table(path: Path, points: np.ndarray) -> Path:
    """Write (points, dimensions) numbers as tab-separated text."""
    with replacing(path) as part:
        np.savetxt(part, points.astype("float32"), fmt="%.9g", delimiter="\t")
    return path


def _write_labels(path: Path, rows: Sequence[Any], header: Sequence[str] | None) -> Path:
    # The projector expects names of columns where there is more than one, and only there.
    table = [[label] for label in rows] if header is None else [list(header), *rows]
    clean = ("\t".join(" ".join(str(cell).split()) for cell in row) for row in table)
    with replacing(path) as part:
        part.write_text("\n".join(clean) + "\n", encoding="utf-8")
    return path


def configure(
    folder: str | os.PathLike[str],
    entry: str,
    files: dict[str, str],
    sprite_size: tuple[int, int] | None = None,
) -> None:
    """Enter points into a folder's projector_config.pbtxt, in place of those of the same name.

    Args:
        folder: of the run.
        entry: the points' name.
        files: `tensor_path`, `metadata_path`, `sprite` to paths relative to the folder.
        sprite_size: width and height of one image, in pixels.
    """
    messages = library.load("tensorboard.plugins.projector.projector_config_pb2")
    text_format = library.load("google.protobuf.text_format")
    path = Path(folder) / CONFIG
    with _lock:
        config = messages.ProjectorConfig()
        if path.exists():
            text_format.Parse(path.read_text(encoding="utf-8"), config)
        kept = [info for info in config.embeddings if info.tensor_name != entry]
        del config.embeddings[:]
        config.embeddings.extend(kept)
        info = config.embeddings.add(tensor_name=entry, tensor_path=files["tensor_path"])
        if "metadata_path" in files:
            info.metadata_path = files["metadata_path"]
        if "sprite" in files and sprite_size is not None:
            info.sprite.image_path = files["sprite"]
            info.sprite.single_image_dim.extend(sprite_size)
        with replacing(path) as part:
            part.write_text(text_format.MessageToString(config), encoding="utf-8")
