"""One check of a part: a name for the test's report, and what it asserts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import custom_object_scope
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import Config, Tree


class HasConfig(Protocol):
    """A part that can be saved."""

    def get_config(self) -> Config:
        """Its arguments."""


class Check:
    """What one conformance test asserts; call it, or let pytest do so.

    Args:
        name: what is checked, in a few words.
        run: raises `AssertionError` where the part does not keep to it.

    >>> Check("sums", lambda: None)()
    """

    def __init__(self, name: str, run: Callable[[], None]):
        self.name = name
        self._run = run

    def __call__(self) -> None:
        """Run it."""
        self._run()

    def __str__(self) -> str:
        return self.name


def checks(named: Iterable[Callable[..., None]], *args: object) -> list[Check]:
    """A check for each function, named after it, called with the same arguments."""
    return [
        Check(function.__name__.strip("_").replace("_", " "), partial(function, *args))
        for function in named
    ]


def same(found: Tree, expected: Tree, what: str, tolerance: float = 1e-5) -> None:
    """Compare nests of arrays.

    Raises:
        AssertionError: they differ by more than rounding.
    """
    for one, other in zip(tree_leaves(found), tree_leaves(expected), strict=True):
        one, other = np.asarray(one, "float64"), np.asarray(other, "float64")
        size = max(1.0, float(np.max(np.abs(other), initial=0.0)))
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * size, err_msg=what)


def through_text(part: HasConfig) -> Any:
    """An object made from a part's config, as a file would hold it."""
    cls = type(part)
    try:
        text = json.dumps(serialize_keras_object(part))
    except TypeError as error:
        problem = f"{cls.__name__}: its config cannot be written as JSON."
        raise AssertionError(explain(problem, given=str(error))) from error
    with custom_object_scope({cls.__name__: cls}):
        return deserialize_keras_object(json.loads(text))


def config_makes_an_equal_part(make: Callable[[], HasConfig]) -> None:
    """A part's config, written as JSON and read again, makes a part with the same config."""
    part = make()
    again = through_text(part)
    assert type(again) is type(part)
    first, second = (json.dumps(serialize_keras_object(one.get_config())) for one in (part, again))
    assert first == second, f"{type(part).__name__}: config {first}, made again {second}"


@contextmanager
def raises(kind: type[Exception], match: str) -> Iterator[None]:
    """Expect an error whose text a pattern finds.

    Raises:
        AssertionError: no such error, or another text.
    """
    try:
        yield
    except kind as error:
        assert re.search(match, str(error)), f"{match!r} is not in {str(error)!r}"
        return
    raise AssertionError(f"no {kind.__name__} was raised")
