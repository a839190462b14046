"""Sequences of different lengths as one array, and windows that slide over a series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rosenblatt.core.checks import choice, optional, whole
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import draw_seed
from rosenblatt.core.refusing import refusing
from rosenblatt.core.types import ArrayLike
from rosenblatt.data.pydataset import PyDataset

_SIDES = ("pre", "post")

_BAD = "timeseries_dataset_from_array: bad `{}`."


@refusing("`utils.pad_sequences`")
def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float | str = 0.0,
) -> np.ndarray:
    """Sequences in an array of one length, cut or filled up.

    Args:
        sequences: lists or arrays, (steps, …) each.
        maxlen: the length; that of the longest sequence if None.
        dtype: dtype of the array; `object` for texts.
        padding: "pre" fills up at the beginning, "post" at the end.
        truncating: "pre" cuts off the beginning, "post" the end.
        value: what is filled in.

    Returns:
        Array (sequences, maxlen, …).

    Raises:
        BadArgument: not a list of sequences; steps of different shapes; an unknown side; a text to
            fill in an array of numbers.

    >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
    array([[0, 1],
           [2, 3],
           [5, 6]], dtype=int32)
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in _SIDES:
            raise BadArgument(
                f"pad_sequences: bad `{name}`.", given=repr(side), expected="'pre' or 'post'"
            )
    if not hasattr(sequences, "__len__"):
        raise BadArgument(
            "pad_sequences: `sequences` must be iterable, with a length.",
            given=type(sequences).__name__,
        )
    for index, one in enumerate(sequences):
        if not hasattr(one, "__len__"):
            raise BadArgument(
                "pad_sequences: `sequences` must be a list of iterables.",
                given=f"{one!r} at {index}",
            )
    is_text = dtype is object or np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and not is_text:
        raise BadArgument(
            "pad_sequences: a text cannot fill an array of numbers.",
            given=f"value={value!r}, dtype={dtype!r}",
            fix="`dtype=object`.",
        )
    length = max(map(len, sequences), default=0) if maxlen is None else maxlen
    step = next((np.asarray(one).shape[1:] for one in sequences if len(one)), ())
    padded = np.full((len(sequences), length, *step), value, dtype=dtype)
    for index, one in enumerate(sequences):
        kept = one[max(0, len(one) - length) :] if truncating == "pre" else one[:length]
        if not len(kept):
            continue
        array = np.asarray(kept, dtype=dtype)
        if array.shape[1:] != step:
            raise BadArgument(
                f"pad_sequences: the steps of sequence {index} have another shape.",
                given=array.shape[1:],
                expected=step,
            )
        place = slice(None, len(array)) if padding == "post" else slice(length - len(array), None)
        padded[index, place] = array
    return padded


class Windows(PyDataset):
    """Batches of windows; made by `timeseries_dataset_from_array`.

    Args:
        data: (steps, …) array.
        targets: one for each window's start, or None.
        starts: where the windows begin, in the order they are given out.
        offsets: the steps of a window, counted from its start.
        batch_size: windows of a batch; None gives single windows.
    """

    def __init__(
        self,
        data: np.ndarray,
        targets: np.ndarray | None,
        starts: np.ndarray,
        offsets: np.ndarray,
        batch_size: int | None,
    ):
        super().__init__()
        self._data, self._targets = data, targets
        self._starts, self._offsets = starts, offsets
        self._batch_size = batch_size

    def __len__(self) -> int:
        return -(-len(self._starts) // (self._batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        size = self._batch_size or 1
        starts = self._starts[index * size : (index + 1) * size]
        if not len(starts):
            raise IndexError(index)
        x = self._data[starts[:, None] + self._offsets]
        y = None if self._targets is None else self._targets[starts]
        if self._batch_size is None:
            x, y = x[0], None if y is None else y[0]
        return x if y is None else (x, y)


@refusing("`utils.timeseries_dataset_from_array`")
def timeseries_dataset_from_array(
    data: ArrayLike,
    targets: ArrayLike | None,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str | None = None,
) -> Windows:
    """Windows that slide over a series, in batches, for `fit`, `evaluate` and loops of your own.

    Args:
        data: (steps, …) array, in order of time.
        targets: `targets[i]` goes with the window that begins at step i; None: inputs alone.
        sequence_length: steps of a window.
        sequence_stride: steps from one window's beginning to the next one's.
        sampling_rate: steps from one step of a window to the next.
        batch_size: windows of a batch; None gives single windows.
        shuffle: give the windows out in a random order.
        seed: of that order.
        start_index, end_index: first step to use, and the step to end before.
        format: accepted for Keras's sake: what comes is a `PyDataset`.

    Returns:
        A `PyDataset` of (windows, targets), windows (batch, sequence_length, …); of windows alone
        without targets.

    Raises:
        BadArgument: an index, stride or rate outside the data.

    >>> windows = timeseries_dataset_from_array(np.arange(6), np.arange(6) * 10, sequence_length=3)
    >>> windows[0][0][-1], windows[0][1]
    (array([3, 4, 5]), array([ 0, 10, 20, 30]))
    """
    whole(least=1).require(sequence_length, _BAD.format("sequence_length"))
    optional(whole(least=1)).require(batch_size, _BAD.format("batch_size"))
    known = choice(None, "tf", "grain")
    known.require(format, _BAD.format("format"))
    data = np.asarray(data)
    targets = None if targets is None else np.asarray(targets)
    steps = len(data)
    first, end = start_index or 0, end_index or steps
    bounds: dict[str, tuple[Any, int, int]] = {
        "start_index": (start_index or 0, 0, steps - 1),
        "end_index": (end_index or steps, first + 1, steps),
        "sampling_rate": (sampling_rate, 1, steps - 1),
        "sequence_stride": (sequence_stride, 1, steps - 1),
    }
    for name, (given, least, most) in bounds.items():
        if not least <= given <= most:
            raise BadArgument(
                _BAD.format(name),
                given=given,
                expected=f"{least} to {most}, for a series of {steps} steps",
            )
    count = end - first - (sequence_length - 1) * sampling_rate
    kept = None if targets is None else targets[first:]
    if kept is not None:
        count = min(count, len(kept))
    starts = np.arange(0, max(count, 0), sequence_stride)
    if shuffle:
        np.random.RandomState(draw_seed() % 2**32 if seed is None else seed).shuffle(starts)
    offsets = np.arange(0, sequence_length * sampling_rate, sampling_rate)
    return Windows(data[first:end], kept, starts, offsets, batch_size)
