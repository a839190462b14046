"""Many rows at once: one bit of a 64-bit word for each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WORD = 64
_ALL = np.uint64(2**64 - 1)


def pack(column: np.ndarray) -> np.ndarray:
    """(rows,) bools as words; the last is filled up with zeros.

    >>> pack(np.array([True, False, True])).tolist()
    [5]
    """
    packed = np.packbits(column, bitorder="little")
    missing = -len(packed) % (WORD // 8)
    if missing:
        packed = np.concatenate([packed, np.zeros(missing, np.uint8)])
    return packed.view("<u8")


def unpack(words: np.ndarray, rows: int) -> np.ndarray:
    """Words as (rows,) bools.

    >>> unpack(np.array([5], "<u8"), 3)
    array([ True, False,  True])
    """
    return np.unpackbits(words.view(np.uint8), count=rows, bitorder="little").view(bool)


def fires(
    excite: Sequence[tuple[np.ndarray, int]],
    inhibit: Sequence[np.ndarray],
    threshold: int,
    words: int,
) -> np.ndarray:
    """In which rows a neuron fires.

    Args:
        excite: words of a source, and how many connections come from it.
        inhibit: words of the sources of inhibitory connections.
        threshold: how many active excitatory connections it needs.
        words: how many words a signal has.

    >>> fires([(np.array([0b0011], "<u8"), 1), (np.array([0b0101], "<u8"), 1)], [], 2, 1).tolist()
    [1]
    """
    if threshold > sum(count for _, count in excite):
        return np.zeros(words, "<u8")
    # at_least[k]: in which rows k connections or more are active, of those seen so far.
    at_least = [np.full(words, _ALL, "<u8")]
    at_least += [np.zeros(words, "<u8") for _ in range(threshold)]
    for signal, count in excite:
        for k in range(threshold, 0, -1):
            at_least[k] |= signal & at_least[max(0, k - count)]
    result = at_least[threshold]
    for signal in inhibit:
        result &= ~signal
    return result
