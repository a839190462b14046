"""Real Keras on JAX, and names counted from the start."""

from __future__ import annotations

import os
import warnings
from typing import Any

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
def _names_from_the_start() -> None:
    rb.backend.clear_session(free_memory=False)
    rb.utils.set_random_seed(7)
