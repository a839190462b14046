"""Real Keras, and a small trained model."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

os.environ.setdefault("KERAS_BACKEND", "jax")


@pytest.fixture(scope="session")
def keras() -> Any:
    """Real Keras on JAX."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras
    assert keras.backend.backend() == "jax"
    return keras


@pytest.fixture(autouse=True)
def _names_from_the_start(keras: Any) -> None:
    rb.backend.clear_session()
    keras.backend.clear_session()
    rb.utils.set_random_seed(7)


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
