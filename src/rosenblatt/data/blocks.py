"""Arrays cut into blocks of batches, the unit that a compiled program works through."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.core.random import draw_seed
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.data.columns import check_lengths

BLOCK_BYTES = 4 << 20
_MOST_BATCHES = 512
_ALIGNMENT = 64

Shuffle = bool | str | Callable[[int], Any]
Intake = Callable[[Any, Mapping[str, str]], Any]
"""Brings `(x, y, sample_weight)` to a model; the mapping has messages for what is not finite."""


@dataclass(frozen=True)
class Block:
    """Some batches of one shape, stacked.

    Attributes:
        arrays: `(x, y, sample_weight)`, nests of (capacity, batch_size, …) arrays or None.
        n_rows: how many rows, counted from the first, are real. The others are there for the
            shape only, and hold copies of real rows.
        n_batches: how many batches have a real row. All of these but the last are full.
        batch_size: rows of a batch.
    """

    arrays: Any
    n_rows: int
    n_batches: int
    batch_size: int

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return nbytes(self.arrays)


def nbytes(tree: Any) -> int:
    """Bytes of the arrays of a nest."""
    return sum(leaf.nbytes for leaf in tree_leaves(tree) if leaf is not None)


def batches_per_block(batch_bytes: int, block_bytes: int) -> int:
    """How many batches fit in a block.

    It does not depend on the number of rows, so data sets of different size share one program.
    """
    return max(1, min(_MOST_BATCHES, block_bytes // max(1, batch_bytes)))


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An uninitialised array at a 64-byte boundary, where JAX can use it without a copy."""
    size = math.prod(shape) * dtype.itemsize
    raw = np.empty(size + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size].view(dtype).reshape(shape)


class ArraySource:
    """Arrays in memory as blocks of batches, in a new order every epoch.

    Args:
        data: `(x, y, sample_weight)`, nests of NumPy arrays of n rows, or None.
        batch_size: rows of a batch; the last one may have fewer.
        shuffle: True permutes the rows, "batch" permutes whole batches, False keeps the order; or a
            function of an epoch's number that gives its rows, (rows,) integers.
        seed: of the permutations; drawn if None. Epoch e has the order of
            `numpy.random.default_rng((seed, e))`.
        block_bytes: about how large a block is.
        suspects: names of arrays with NaN or infinity, and messages that refuse them, for `bring`.

    Raises:
        ValueError: a batch size or `shuffle` out of range, or lengths that differ.

    >>> source = ArraySource((np.arange(5), None, None), batch_size=2, shuffle=False)
    >>> block = next(source.blocks(epoch=0))
    >>> block.n_rows, block.n_batches, block.arrays[0][:4]
    (5, 3, array([[0, 1], [2, 3], [4, 4], [4, 4]]))
    """

    def __init__(
        self,
        data: Any,
        batch_size: int = 32,
        shuffle: Shuffle = False,
        seed: int | None = None,
        block_bytes: int = BLOCK_BYTES,
        suspects: Mapping[str, str] | None = None,
    ):
        self.suspects = suspects or {}
        self.n_rows = check_lengths(*data)
        self.batch_size = check_batch_size(batch_size)
        if not callable(shuffle) and shuffle not in (True, False, "batch"):
            raise ValueError(
                explain(
                    "`shuffle` is out of range.",
                    given=repr(shuffle),
                    expected="True, False, 'batch', or a function of the epoch's number",
                )
            )
        self.shuffle = shuffle
        # What is not shuffled draws no seed: an evaluation changes no weights made after it.
        self.seed = int(seed) if seed is not None else draw_seed() if shuffle else 0
        # np.take copies an array that is not contiguous at every call: copy it once instead.
        self.data = tree_map(
            lambda a: np.ascontiguousarray(a) if shuffle and a is not None else a, tuple(data)
        )
        self.n_batches = math.ceil(self.n_rows / self.batch_size)
        row_bytes = sum(
            math.prod(a.shape[1:]) * a.itemsize for a in tree_leaves(self.data) if a is not None
        )
        self.block_batches = batches_per_block(row_bytes * self.batch_size, block_bytes)
        self._orders: tuple[int, np.ndarray | None] = (-1, None)

    def bring(self, intake: Intake) -> None:
        """Have the data checked and put into a model's structure."""
        self.data = intake(self.data, self.suspects)

    def peek(self) -> Any:
        """The first batch in the given order, as `(x, y, sample_weight)` views."""
        return tree_map(lambda a: None if a is None else a[: self.batch_size], self.data)

    def order(self, epoch: int) -> np.ndarray | None:
        """The rows in the order of an epoch; None for the order they are in."""
        if not self.shuffle:
            return None
        known, order = self._orders
        if known != epoch:
            if callable(self.shuffle):
                order = self._checked(self.shuffle(epoch))
            else:
                order = self._draw(np.random.default_rng((self.seed, epoch)))
            self._orders = (epoch, order)
        return order

    def _checked(self, order: Any) -> np.ndarray:
        order = np.asarray(order)
        whole = order.shape == (self.n_rows,) and order.dtype.kind in "iu"
        if not whole or order.min() < 0 or order.max() >= self.n_rows:
            raise ValueError(
                explain(
                    "`shuffle` gave no order of the rows.",
                    given=f"shape {order.shape}, dtype {order.dtype}",
                    expected=f"{self.n_rows} integers from 0 to {self.n_rows - 1}",
                )
            )
        return order

    def _draw(self, rng: np.random.Generator) -> np.ndarray:
        if self.shuffle != "batch":
            return rng.permutation(self.n_rows)
        # Only the last batch may have fewer rows, so that one stays where it is.
        full = self.n_rows // self.batch_size
        starts = rng.permutation(full) * self.batch_size
        rows = (starts[:, None] + np.arange(self.batch_size)).ravel()
        return np.concatenate([rows, np.arange(full * self.batch_size, self.n_rows)])

    def blocks(
        self,
        epoch: int = 0,
        first_batch: int = 0,
        n_batches: int | None = None,
        max_batches: int | None = None,
    ) -> Iterator[Block]:
        """The batches of an epoch, in blocks of one shape, (capacity, batch_size, …).

        Every block has memory of its own: a program may still read an earlier one. Full blocks of
        unshuffled data are views.

        Args:
            epoch: its number, which gives the order.
            first_batch: where in the epoch to begin.
            n_batches: how many batches to give; up to the end of the epoch if None.
            max_batches: the capacity, where smaller than `block_batches` (1: step by step).
        """
        last = self.n_batches
        if n_batches is not None:
            last = min(last, first_batch + n_batches)
        step = self.block_batches if max_batches is None else min(max_batches, self.block_batches)
        order = self.order(epoch)
        for start in range(first_batch, last, step):
            yield self._block(order, start, min(start + step, last), step)

    def _block(self, order: np.ndarray | None, start: int, stop: int, batches: int) -> Block:
        first = start * self.batch_size
        rows = min(stop * self.batch_size, self.n_rows) - first
        capacity = batches * self.batch_size
        chosen = None if order is None else order[first : first + rows]

        def cut(array: np.ndarray | None) -> np.ndarray | None:
            if array is None:
                return None
            shape = (batches, self.batch_size, *array.shape[1:])
            if chosen is None and first + capacity <= self.n_rows:
                return array[first : first + capacity].reshape(shape)
            out = aligned_empty((capacity, *array.shape[1:]), array.dtype)
            if chosen is None:
                out[:rows] = array[first : first + rows]
            else:
                # mode="clip" writes straight into `out`; every index is in range anyway.
                np.take(array, chosen, axis=0, out=out[:rows], mode="clip")
            out[rows:] = out[rows - 1]
            return out.reshape(shape)

        return Block(tree_map(cut, self.data), rows, stop - start, self.batch_size)


def check_batch_size(batch_size: Any) -> int:
    """A batch size as an integer.

    Raises:
        ValueError: not a positive integer.
    """
    whole = isinstance(batch_size, (int, np.integer)) and not isinstance(batch_size, bool)
    if not whole or batch_size < 1:
        raise ValueError(
            explain(
                "`batch_size` is out of range.",
                given=repr(batch_size),
                expected="a positive integer, e.g. 32",
            )
        )
    return int(batch_size)
