"""Real Keras on JAX, imported once and only where a test asks for it."""

from __future__ import annotations

import os
import warnings

import pytest


@pytest.fixture(scope="session")
def keras():
    os.environ["KERAS_BACKEND"] = "jax"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras
    return keras
