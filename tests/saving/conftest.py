"""A small trained model, and its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb


@pytest.fixture
def small() -> Any:
    """A small trained model with Adam's state."""
    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(3, "relu"), rb.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
    model.fit(x, x[:, :1], verbose=0)
    return model


@pytest.fixture
def saved(small: Any, tmp_path: Path) -> Path:
    """The file of the small model."""
    path = tmp_path / "model.keras"
    small.save(path)
    return path
