"""What the tuner's tests share: real Keras Tuner as oracle."""

from __future__ import annotations

import warnings
from typing import Any

import pytest


@pytest.fixture(scope="session")
def kt(keras: Any) -> Any:
    """Real Keras Tuner."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras_tuner
    return keras_tuner
