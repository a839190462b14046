"""The arrays every peer gets: the same files, float32, made once a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rosenblatt.datasets import california_housing, fashion_mnist


def housing(folder: Path) -> Path:
    """California housing split as in the chapter, as an .npz file: train, valid, test."""
    path = folder / "housing.npz"
    if not path.exists():
        arrays = {}
        for name, (x, y) in california_housing.load_split()._asdict().items():
            arrays[f"x_{name}"] = x.astype(np.float32)
            arrays[f"y_{name}"] = y.astype(np.float32)[:, None]
        np.savez(path, **arrays)
    return path


def fashion(folder: Path) -> Path:
    """The first 55,000 Fashion MNIST images scaled to 0..1, as an .npz file."""
    path = folder / "fashion.npz"
    if not path.exists():
        (x, y), _ = fashion_mnist.load_data()
        np.savez(path, x_train=x[:55_000] / np.float32(255), y_train=y[:55_000].astype(np.int32))
    return path
