"""What is done around every `build` method."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rosenblatt.core.errors import BadArgument
from rosenblatt.layers.context import inside

if TYPE_CHECKING:
    from rosenblatt.layers.base import Layer

# Threads that call a new layer at once wait for the one that makes its weights.
one_thread = threading.RLock()


def marking_built(build: Callable[..., Any]) -> Callable[..., Any]:
    """Let a `build` method mark its layer as built and remember the shapes."""
    signature = inspect.signature(build)

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
    for shape in shapes.values():
        if isinstance(shape, (int, float, str)):
            raise BadArgument(
                f"{where}: `build` takes the shape of a batch.",
                given=repr(shape),
                expected="a tuple, with None for the number of rows: `(None, 8)`",
            )
    if layer.built and layer._own_variables():
        raise BadArgument(
            f"{where} is built already.",
            given=f"`build` for {shapes}",
            expected=f"the shapes it has weights for: {layer._build_shapes}",
            fix="make a new layer for another shape.",
        )
