"""A network after training, and the folder that it is kept in until all networks are trained."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.files import replacing

_DONE = "trained.json"


@dataclass(frozen=True)
class Trained:
    """A network after training, with the weights of its best epoch.

    Args:
        number: of its fold.
        weights: the arrays, in the order of the network's weights.
        members: (rows, members, outputs): what its members say of the validation rows.
        curve: "loss" and "val_loss", by epoch; NaN where an epoch was not validated.
        best_epoch: number of the best epoch, from 0; −1 where none was validated.
        epochs: how many epochs were planned.
    """

    number: int
    weights: list[NDArray[Any]]
    members: NDArray[np.float32]
    curve: dict[str, list[float]]
    best_epoch: int
    epochs: int


def save_trained(trained: Trained, folder: Path) -> None:
    """Write a trained network into a folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {f"weight_{i}": w for i, w in enumerate(trained.weights)}
    with replacing(folder / "trained.npz") as path:
        np.savez(path, members=trained.members, **arrays)
    facts = {"curve": trained.curve, "best_epoch": trained.best_epoch, "epochs": trained.epochs}
    with replacing(folder / _DONE) as path:  # last: it says that the rest is there
        Path(path).write_text(json.dumps(facts), encoding="utf-8")


def load_trained(folder: Path, number: int) -> Trained | None:
    """The trained network of a folder; None where there is none yet."""
    if not (folder / _DONE).exists():
        return None
    facts = json.loads((folder / _DONE).read_text(encoding="utf-8"))
    with np.load(folder / "trained.npz", allow_pickle=False) as arrays:
        weights = [arrays[f"weight_{i}"] for i in range(len(arrays.files) - 1)]
        return Trained(number, weights, arrays["members"], **facts)
