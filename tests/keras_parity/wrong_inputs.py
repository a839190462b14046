"""Every layer on inputs of the wrong shapes, types and structures, when it is new and when built.

The layers and what fits them are those of `tools/keras_members.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import jax
import numpy as np

from rosenblatt.core.tracing import VALUE_ERRORS

_SHAPES = (
    (), (None,), (4,), (None, None), (None, 3), (None, 5), (None, 1), (None, 0), (None, None, 3),
    (None, 4, 3), (None, 4, None), (None, 2, 4, 3), (None, 2, 2, 4, 3), (0, 3), (None, None, None),
)  # fmt: skip
_OBJECTS: dict[str, Callable[[], Any]] = {
    "None": lambda: None, "text": lambda: "a", "an object": object, "[None]": lambda: [None],
    "3": lambda: 3, "texts": lambda: np.array([["a", "b"]]), "rows of two sizes": lambda: [[1], []],
    "objects": lambda: np.array([[object()]]), "a dict of numbers": lambda: {"a": 1},
    "a set": lambda: {1},
}  # fmt: skip
_SIZES = ((2, 5), (2, 1), (2,), (), (2, 4, 5), (2, 4, 3), (2, 3, 2, 3), (0, 3), (2, 0))
_SEVERAL = ("MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention")


def _tensor(library: Any, *shape: int | None, dtype: str = "float32") -> Any:
    return library.KerasTensor(shape, dtype=dtype)


def _forms() -> Iterator[tuple[str, Callable[[Any], Any]]]:
    for shape in _SHAPES:
        yield f"new, {shape}", lambda k, shape=shape: _tensor(k, *shape)
    for dtype in ("int32", "bool", "string", "complex64"):
        yield f"new, {dtype}", lambda k, dtype=dtype: _tensor(k, None, 3, dtype=dtype)
    for number in (0, 1, 2, 3):
        yield f"new, a list of {number}", lambda k, n=number: [_tensor(k, None, 3)] * n
    yield "new, two sizes", lambda k: [_tensor(k, None, 3), _tensor(k, None, 5)]
    yield "new, two ranks", lambda k: [_tensor(k, None, 4, 3), _tensor(k, None, 3)]
    yield "new, a dict", lambda k: {"a": _tensor(k, None, 3), "b": _tensor(k, None, 3)}
    for name, make in _OBJECTS.items():
        yield f"new, {name}", lambda k, make=make: make()
    for sizes in _SIZES:
        yield f"built, {sizes}", lambda k, sizes=sizes: np.ones(sizes, "float32")


FORMS: dict[str, Callable[[Any], Any]] = dict(_forms())
# One letter each, as JSON has them.
LETTERS = {name: chr(ord("A") + number) for number, name in enumerate(FORMS)}


class Case(NamedTuple):
    """A layer on one kind of input."""

    part: str
    argument: str
    value: str


def layers(library: Any) -> list[str]:
    """The names of the layers to try."""
    home = library.layers
    left_out = ("Layer", "InputLayer", "TFSMLayer", "InputSpec", "Wrapper", "FeatureSpace")
    return [
        name
        for name in sorted(dir(home))
        if isinstance(getattr(home, name), type) and name not in left_out
        and issubclass(getattr(home, name), home.Layer)
    ]  # fmt: skip


def _built(library: Any, name: str, members: ModuleType) -> Any:
    layer = _new(library, name, members)
    layer(*members.INPUTS.get(name, (members.X,)))
    return layer


def _new(library: Any, name: str, members: ModuleType) -> Any:
    return members.EXAMPLES.get(name, members._given())(library, getattr(library.layers, name))


_shared = functools.cache(_built)


def shapes(found: Any) -> Any:
    """Those of a result, in its structure."""
    if isinstance(found, (list, tuple)):
        return [shapes(one) for one in found]
    if isinstance(found, dict):
        return {key: shapes(one) for key, one in found.items()}
    shape = getattr(found, "shape", None)
    return shape if shape is None else str(tuple(shape))


def call(library: Any, case: Case, members: ModuleType) -> Any:
    """The shapes of what a layer gives for an input; arrays are traced, and nothing is compiled."""
    name, given = case.part, FORMS[case.value](library)
    nest = isinstance(members.INPUTS.get(name, (members.X,))[0], list)
    if case.value.startswith("new"):
        layer = _new(library, name, members)
    else:
        layer = _shared(library, name, members)
        given = [given, given] if nest else given
    args = (given, given) if name in _SEVERAL else (given,)
    if case.value.startswith("new"):
        return shapes(layer(*args))
    found: list[Any] = []

    def traced() -> None:
        found.append(shapes(layer(*args)))

    try:
        jax.eval_shape(traced)
    except VALUE_ERRORS:
        traced()
    return found[-1]
