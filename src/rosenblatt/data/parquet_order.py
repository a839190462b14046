"""The order of rows in files: windows of row groups, the rows of each window mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rosenblatt.data.parquet_folder import RowGroup

_MANY = 10  # windows: with more, rows that lie far apart in the files never meet


@dataclass(frozen=True)
class Window:
    """Row groups that are in memory together.

    Attributes:
        number: its place in the epoch.
        first: rows of the epoch that come before it.
        rows: how many it has.
        groups: the row groups, in the order in which they are read.
    """

    number: int
    first: int
    rows: int
    groups: tuple[RowGroup, ...]


class WindowedOrder:
    """A new order of the rows of some row groups every epoch.

    Row groups are permuted, cut into windows, and the rows of each window are permuted. All of it
    follows from the seed and the row groups' lengths, so any batch is found without reading those
    before it.

    Args:
        groups: the row groups.
        window_rows: the most rows of a window; a row group that has more is one by itself.
        shuffle: whether there is a new order; else the row groups are windows as they come.
        seed: of the permutations. Epoch e has those of `numpy.random.default_rng((seed, e))`, and
            window w of it `numpy.random.default_rng((seed, e, w))`.

    >>> groups = [RowGroup(0, number, 4) for number in range(3)]
    >>> order = WindowedOrder(groups, window_rows=8, shuffle=False, seed=0)
    >>> [(window.first, window.rows) for window in order.windows(epoch=0)]
    [(0, 4), (4, 4), (8, 4)]
    """

    def __init__(self, groups: Sequence[RowGroup], window_rows: int, shuffle: bool, seed: int):
        self.groups = groups
        self.window_rows = window_rows
        self.shuffle = shuffle
        self.seed = seed

    @property
    def is_one_window(self) -> bool:
        """Whether all rows are in memory together."""
        return self.shuffle and sum(group.rows for group in self.groups) <= self.window_rows

    def windows(self, epoch: int) -> list[Window]:
        """The windows of an epoch, in order."""
        groups, most = list(self.groups), 0
        if self.shuffle:
            most = self.window_rows
            if not self.is_one_window:  # then the files' order is as good, and read the fastest
                order = np.random.default_rng((self.seed, epoch)).permutation(len(groups))
                groups = [groups[number] for number in order]
        found: list[Window] = []
        held: list[RowGroup] = []
        first = rows = 0
        for group in groups:
            if held and rows + group.rows > most:
                found.append(Window(len(found), first, rows, tuple(held)))
                first, rows, held = first + rows, 0, []
            held.append(group)
            rows += group.rows
        if held:
            found.append(Window(len(found), first, rows, tuple(held)))
        return found

    def mixed(self, epoch: int, window: Window) -> np.ndarray | None:
        """The rows of a window in their order; None for the order in which they are read."""
        if not self.shuffle:
            return None
        rng = np.random.default_rng((self.seed, epoch, window.number))
        kind = np.int32 if window.rows < 2**31 else np.int64
        return rng.permutation(np.arange(window.rows, dtype=kind))


def is_sorted(ranges: Sequence[tuple[float, float]], window_share: float) -> bool:
    """Whether row groups hold different values, and too few of them are mixed.

    Args:
        ranges: the smallest and the largest value of each row group.
        window_share: the share of the rows that is in a window.

    >>> is_sorted([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)], window_share=0.05)
    True
    >>> is_sorted([(0.0, 4.0), (0.1, 3.9), (0.2, 4.0), (0.0, 3.8)], window_share=0.05)
    False
    """
    if window_share >= 1 / _MANY or len(ranges) < 3:
        return False
    lows, highs = np.array(ranges).T
    # Where rows lie in no order the middle of the values is in nearly every row group.
    return bool(np.quantile(lows, 0.9) >= np.quantile(highs, 0.1)) and bool(
        np.quantile(lows, 0.9) > np.quantile(lows, 0.1)
    )
