"""What `search` is given: streams that each trial can read, and a fingerprint of the data."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from rosenblatt.data.arrays import named_leaves
from rosenblatt.data.frames import columns_of, is_deferred, is_frame, is_series
from rosenblatt.data.reading import is_stream

_STREAMS = ("x", "validation_data")
_NAMES = ("x", "y", "sample_weight")
_PLAIN = (str, bytes, bool, int, float, complex)
_VALUES = (*_PLAIN, list, tuple)


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


def fingerprint(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """A hash of the content of what `search` was given to train and to validate on.

    Args:
        args, kwargs: of `search`.

    Returns:
        None where there is something of which the content is not known: a stream, an object.

    >>> one, other = (fingerprint((np.arange(3), kind), {}) for kind in ([1, 2, 3], (1, 2, 3)))
    >>> one == other, one == fingerprint((np.arange(3), [1, 2, 4]), {})
    (True, False)
    """
    given = dict(zip(_NAMES, args, strict=False)) | {n: v for n, v in kwargs.items() if n in _NAMES}
    given["validation_split"] = kwargs.get("validation_split")
    validation = kwargs.get("validation_data")
    if isinstance(validation, (tuple, list)):
        given |= {f"validation {name}": v for name, v in zip(_NAMES, validation, strict=False)}
    elif validation is not None:
        return None
    digest = hashlib.blake2b(digest_size=16)
    for name, value in given.items():
        if is_stream(value):
            return None
        for place, leaf in named_leaves(value, name):
            arrays = _arrays_of(leaf)
            if arrays is None:
                return None
            for array in arrays:
                digest.update(f"{place} {array.shape} ".encode())
                digest.update(_bytes_of(array))
    return digest.hexdigest()


def _arrays_of(leaf: Any) -> list[np.ndarray] | None:
    """The content of a leaf; None of what is not an array, table or list of values."""
    if is_frame(leaf):
        if is_deferred(leaf):
            return None
        parts = columns_of(leaf)
    elif hasattr(leaf, "tocsr"):
        rows = leaf.tocsr()
        parts = [rows.data, rows.indices, rows.indptr]
    elif is_series(leaf) or hasattr(leaf, "__array__") or isinstance(leaf, _VALUES):
        parts = [leaf]
    else:
        return None
    try:
        arrays = [np.asarray(part) for part in parts]
    except (ValueError, TypeError, RuntimeError):  # lists of several lengths; tensors elsewhere
        return None
    plain = all(array.dtype.kind != "O" or _is_plain(array) for array in arrays)
    return arrays if plain else None


def _is_plain(array: np.ndarray) -> bool:
    """Whether the same values have the same text in every process."""
    return all(value is None or isinstance(value, _PLAIN) for value in array.ravel().tolist())


def _bytes_of(array: np.ndarray) -> Any:
    if array.dtype.kind in "OUSMm":
        return "\0".join(map(str, array.ravel().tolist())).encode()
    return np.ascontiguousarray(array).data
