"""What a layer's call passes on to the layers it calls: training or not, and the path of names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_training: ContextVar[bool | None] = ContextVar("training", default=None)
_path: ContextVar[tuple[str, ...]] = ContextVar("path", default=())


def current_training() -> bool | None:
    """The `training` argument of the call around this one."""
    return _training.get()


def current_path() -> tuple[str, ...]:
    """Names of the layers whose `call` or `build` is running, outermost first."""
    return _path.get()


@contextmanager
def inside(name: str, training: bool | None) -> Iterator[None]:
    """Run a layer's `call` or `build`."""
    training_token = _training.set(training)
    path_token = _path.set((*_path.get(), name))
    try:
        yield
    finally:
        _training.reset(training_token)
        _path.reset(path_token)
