"""The order in which scikit-learn's linear models take their rows, without a loop over them.

Its generator is a 32-bit xorshift (G. Marsaglia, "Xorshift RNGs", 2003, shifts 13, 17, 5), its
shuffle the Fisher–Yates one from the front: for i = 0, 1, …: swap items i and i + r mod (n − i).
"""

from __future__ import annotations

import numpy as np

_FIRST = 256
_LOW = np.int64(2**31 - 1)


def order_of(seed: int, count: int) -> np.ndarray:
    """Fisher–Yates on 0 … count − 1.

    Args:
        seed: of the generator.
        count: how many rows.

    Returns:
        (count,) int64: the row at each place.

    >>> order_of(42, 5).tolist()
    [2, 1, 0, 3, 4]
    """
    if count < 2:
        return np.arange(count)
    place = np.arange(count, dtype=np.int64)
    draws = xorshift(seed, count - 1).astype(np.int64) & _LOW
    partner = place.copy()  # the last item stays where it is
    partner[:-1] += draws % (count - place[:-1])
    # Step k writes into place `partner[k]` what stood in place k just before. So what step i finds
    # in its partner's place was written by the step before it with the same partner, if any.
    keys = np.sort(partner << 31 | place)
    of_place, steps = keys >> 31, keys & _LOW
    same = of_place[1:] == of_place[:-1]
    before = np.full(count, -1)
    before[steps[1:][same]] = steps[:-1][same]
    # And what stood in place k before step k: written by the last step whose partner k was.
    ends = np.append(~same, True)
    writer = np.full(count, -1)
    writer[of_place[ends]] = steps[ends]
    own = writer == place
    writer[own] = before[own]
    stood = np.where(writer < 0, place, writer).astype(np.int32)
    while True:  # follow the writers to the first one, twice as far each time
        further = stood[stood]
        if np.array_equal(further, stood):
            break
        stood = further
    found = np.where(before < 0, partner, stood[before])
    found[own] = stood[own]
    return found


def xorshift(seed: int, count: int) -> np.ndarray:
    """The first numbers of the generator, (count,) uint32.

    >>> xorshift(1, 2).tolist()
    [270369, 67634689]
    """
    states = np.empty(max(count, _FIRST), np.uint32)
    state = seed or 1
    for i in range(min(count, _FIRST)):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        states[i] = state
    # A step is linear over bits, so any number of steps is one matrix of bits. It is applied to
    # all states so far at once, a byte at a time, and then squared.
    matrix = _steps(_FIRST)
    done = _FIRST
    while done < count:
        new = states[done : 2 * done]
        new[:] = _apply(matrix, states[: len(new)])
        matrix, done = _apply(matrix, matrix), 2 * done
    return states[:count]


def _apply(matrix: np.ndarray, states: np.ndarray) -> np.ndarray:
    """A matrix of bits, (32,) columns, times states."""
    result = np.zeros(len(states), np.uint32)
    for byte in range(4):
        table = np.zeros(256, np.uint32)
        for bit in range(8):
            table[1 << bit : 2 << bit] = table[: 1 << bit] ^ matrix[8 * byte + bit]
        result ^= table[states >> np.uint32(8 * byte) & np.uint32(255)]
    return result


def _steps(count: int) -> np.ndarray:
    """The matrix of `count` steps, a power of two: what becomes of each bit."""
    columns = np.left_shift(np.uint32(1), np.arange(32, dtype=np.uint32))
    columns ^= columns << np.uint32(13)
    columns ^= columns >> np.uint32(17)
    columns ^= columns << np.uint32(5)
    while count > 1:
        columns, count = _apply(columns, columns), count // 2
    return columns


class ShuffledRows:
    """The order of each epoch in scikit-learn's networks: that of the epoch before, shuffled again.

    Args:
        random_state: draws the shuffles, and goes on from one training to the next.
        rows: how many rows.

    Called with the number of an epoch, not below that of the call before.

    >>> order = ShuffledRows(np.random.RandomState(0), 4)
    >>> order(0).tolist(), order(1).tolist()
    ([2, 3, 1, 0], [2, 1, 3, 0])
    """

    def __init__(self, random_state: np.random.RandomState, rows: int):
        self.random_state = random_state
        self.epoch = -1
        self.order = np.arange(rows)

    def __call__(self, epoch: int) -> np.ndarray:
        """The order of an epoch."""
        while self.epoch < epoch:
            indices = np.arange(len(self.order))
            self.random_state.shuffle(indices)
            self.order = self.order[indices]
            self.epoch += 1
        return self.order
