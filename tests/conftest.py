"""What all tests share: real Keras on JAX, names counted anew, a count of compilations."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

# Before anything imports Keras or JAX.
os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What a test of devices trains is small on purpose; measuring would compile two programs more.
os.environ["ROSENBLATT_MEASURE_DEVICES"] = "0"

import jax
import pytest
from hypothesis import HealthCheck, settings

import rosenblatt as rb
from rosenblatt.training.sources import is_patched

# A busy machine is slow: that is no fault of what is tested.
settings.register_profile("any load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any load")

_COMPILED: list[str] = []
jax.monitoring.register_event_duration_secs_listener(
    lambda event, *_, **__: _COMPILED.append(event) if "backend_compile" in event else None
)


@pytest.fixture(scope="session")
def keras() -> Any:
    """Real Keras on JAX."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras
    assert keras.backend.backend() == "jax"
    return keras


@pytest.fixture(scope="session")
def tool() -> Callable[[str], ModuleType]:
    """Loads a script of `tools` by its name."""

    def load(name: str) -> ModuleType:
        path = Path(__file__).parents[1] / "tools" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(autouse=True, scope="module")
def _the_library_stays_as_it_is() -> Iterator[None]:
    """Later tests would run other code: nothing is patched by importing a module, or after it."""
    assert not is_patched(), "a module that pytest imports replaces a function of the library"
    yield
    assert not is_patched(), "a test of this module leaves a function of the library replaced"


@pytest.fixture(autouse=True)
def _names_from_the_start() -> None:
    rb.backend.clear_session(free_memory=False)
    if "keras" in sys.modules:
        sys.modules["keras"].backend.clear_session(free_memory=False)
    rb.utils.set_random_seed(7)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one entry for each program that XLA compiles; none comes from disk instead."""
    monkeypatch.setenv("ROSENBLATT_PROGRAM_CACHE", "0")
    _COMPILED.clear()
    return _COMPILED
