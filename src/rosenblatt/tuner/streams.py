"""What a search is given for its trials, with streams that each of them can read."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

_STREAMS = ("x", "validation_data")


class SearchArguments(NamedTuple):
    """What `search` was given for its trials: data, epochs, callbacks."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def x(self) -> Any:
        """The inputs, or the stream of batches; None where there are none."""
        return self.args[0] if self.args else self.kwargs.get("x")

    def repeatable(self) -> SearchArguments:
        """The same with streams that every trial can read."""
        kwargs = {n: replayed(v) if n in _STREAMS else v for n, v in self.kwargs.items()}
        return SearchArguments(tuple(map(replayed, self.args)), kwargs)


class Replayed:
    """An iterator's batches, from the first one on for everybody who asks.

    They are drawn when the first reader needs them, and kept in memory for the others; readers may
    be in several threads. What a reader gets depends on nobody else.

    Args:
        source: an iterator, as a generator of batches.

    >>> batches = Replayed(iter("abc"))
    >>> first = iter(batches)
    >>> next(first), list(batches), next(first)
    ('a', ['a', 'b', 'c'], 'b')
    """

    def __init__(self, source: Iterator[Any]):
        self._source = source
        self._kept: list[Any] = []
        self._end: Exception | None = None
        self._drawing = threading.Lock()

    def __iter__(self) -> Iterator[Any]:
        place = 0
        while self._has(place):
            yield self._kept[place]
            place += 1

    def _has(self, place: int) -> bool:
        with self._drawing:
            if place == len(self._kept) and self._end is None:
                try:
                    # A generator may give the same array again with other numbers in it.
                    self._kept.append(copy.deepcopy(next(self._source)))
                except Exception as error:
                    self._end = error
            if place < len(self._kept):
                return True
        if isinstance(self._end, StopIteration):
            return False
        assert self._end is not None
        raise self._end


class Reader:
    """What one trial is given of an iterator: itself an iterator, that can also start again.

    Args:
        batches: what all trials read.
    """

    def __init__(self, batches: Replayed):
        self._batches = batches
        self._own = iter(batches)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._batches)

    def __next__(self) -> Any:
        return next(self._own)


def replayed(value: Any) -> Any:
    """A value for several trials: the batches of an iterator again and again, else itself.

    >>> replayed([1, 2])
    [1, 2]
    """
    return Replayed(value) if hasattr(value, "__next__") else value


def read_again(value: Any) -> Any:
    """A value for one trial: a reader of its own of what is `replayed`, else itself."""
    return Reader(value) if isinstance(value, Replayed) else value
