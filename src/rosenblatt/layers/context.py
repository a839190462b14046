"""Around every `call` and `build` of a layer: what it passes on inside, and that it is built."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.naming import path as _path
from rosenblatt.core.refusing import refusing
from rosenblatt.core.registry import is_ours

if TYPE_CHECKING:
    from rosenblatt.layers.base import Layer

_training: ContextVar[bool | None] = ContextVar("training", default=None)


def current_training() -> bool | None:
    """The `training` argument of the call around this one."""
    return _training.get()


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


# Threads that call a new layer at once wait for the one that makes its weights.
one_thread = threading.RLock()


def marking_built(build: Callable[..., Any]) -> Callable[..., Any]:
    """Let a `build` method mark its layer as built and remember the shapes."""
    signature = inspect.signature(build)
    if is_ours(build):
        build = refusing(f"`{build.__qualname__}`")(build)

    @functools.wraps(build)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._require_init()
        if self._in_build:  # `super().build()`: part of the build that is running
            return build(self, *args, **kwargs)
        bound = signature.bind(self, *args, **kwargs)
        shapes = dict(list(bound.arguments.items())[1:])
        _check(self, shapes)
        self._in_build = True
        try:
            with inside(self.name, None):
                self._find_path()
                result = build(self, *args, **kwargs)
        finally:
            self._in_build = False
        single = len(shapes) == 1
        self._mark_built(
            {"input_shape": next(iter(shapes.values()))} if single else {"shapes_dict": shapes}
        )
        return result

    return wrapped


def _check(layer: Layer, shapes: dict[str, Any]) -> None:
    where = f"Layer {layer.name!r} ({type(layer).__name__})"
    for name, shape in shapes.items():
        if isinstance(shape, (int, float, str, bytes)):
            raise BadArgument(
                f"{where}: `build` takes the shape of a batch.",
                given=f"{name}={shape!r}",
                expected="a tuple, with None for the number of rows: `(None, 8)`",
            )
    if layer.built and layer._own_variables():
        raise BadArgument(
            f"{where} is built already.",
            given=f"`build` for {shapes}",
            expected=f"the shapes it has weights for: {layer._build_shapes}",
            fix="make a new layer for another shape.",
        )
