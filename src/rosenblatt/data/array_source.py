"""Arrays in memory as batches, in a new order every epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import jax
import numpy as np

from rosenblatt.core.checks import is_whole
from rosenblatt.core.errors import BadArgument, warn_user
from rosenblatt.core.random import draw_seed
from rosenblatt.data.arrays import check_lengths
from rosenblatt.data.contract import (
    BLOCK_BYTES,
    Batch,
    Block,
    Intake,
    Position,
    aligned_empty,
    batches_per_block,
    check_position,
    warn_of_end,
)

# True permutes the rows, "batch" permutes whole batches, False keeps the order; a function of an
# epoch's number gives its rows, (rows,) integers.
Shuffle: TypeAlias = "bool | str | Callable[[int], Any]"


def drawn_seed(seed: int | None, shuffle: Shuffle) -> int:
    """The seed of an order. What is not shuffled draws none, so an evaluation changes no weights
    that are made after it."""
    return int(seed) if seed is not None else draw_seed() if shuffle else 0


class Order:
    """A new order of the rows every epoch.

    Args:
        n_rows: how many rows there are.
        batch_size: rows of a batch.
        shuffle: see `Shuffle`.
        seed: of the permutations; drawn if None. Epoch e has the order of
            `numpy.random.default_rng((seed, e))`.

    Raises:
        ValueError: `shuffle` is none of these.

    >>> Order(3, 1, shuffle=False).rows(epoch=0) is None
    True
    """

    def __init__(
        self, n_rows: int, batch_size: int, shuffle: Shuffle = False, seed: int | None = None
    ):
        known = isinstance(shuffle, (bool, int, float, str)) and shuffle in (True, False, "batch")
        if not callable(shuffle) and not known:
            raise BadArgument(
                "`shuffle` is out of range.",
                given=repr(shuffle),
                expected="True, False, 'batch', or a function of the epoch's number",
            )
        self.n_rows = n_rows
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = drawn_seed(seed, shuffle)
        self._last: tuple[int, np.ndarray | None] = (-1, None)

    def rows(self, epoch: int) -> np.ndarray | None:
        """The rows in the order of an epoch; None for the order they are in.

        Raises:
            ValueError: a function gave something else than each row's number.
        """
        if not self.shuffle:
            return None
        known, order = self._last
        if known != epoch:
            order = self._drawn(epoch)
            self._last = (epoch, order)
        return order

    def _drawn(self, epoch: int) -> np.ndarray:
        if callable(self.shuffle):
            return self._checked(np.asarray(self.shuffle(epoch)))
        rng = np.random.default_rng((self.seed, epoch))
        if self.shuffle != "batch":
            return rng.permutation(self.n_rows)
        # Only the last batch may have fewer rows, so that one stays where it is.
        full = self.n_rows // self.batch_size
        starts = rng.permutation(full) * self.batch_size
        rows = (starts[:, None] + np.arange(self.batch_size)).ravel()
        return np.concatenate([rows, np.arange(full * self.batch_size, self.n_rows)])

    def _checked(self, order: np.ndarray) -> np.ndarray:
        whole = order.shape == (self.n_rows,) and order.dtype.kind in "iu"
        if not whole or order.min() < 0 or order.max() >= self.n_rows:
            raise BadArgument(
                "`shuffle` gave no order of the rows.",
                given=f"shape {order.shape}, dtype {order.dtype}",
                expected=f"{self.n_rows} integers from 0 to {self.n_rows - 1}",
            )
        return order


class Passes:
    """Epochs over a known number of batches, any of which can be the first: half a `Source`.

    Attributes:
        n_batches: batches of a pass.
    """

    n_batches: int
    _said = False  # that epochs go on around the end

    def blocks(
        self, epoch: int = 0, first_batch: int = 0, n_batches: int | None = None
    ) -> Iterator[Block]:
        """The batches of one pass, in blocks of one shape, (capacity, batch_size, …).

        Args:
            epoch: its number, which gives the order.
            first_batch: where in the epoch to begin.
            n_batches: how many batches to give; up to the end of the epoch if None.
        """
        raise NotImplementedError

    def once(self, steps: int | None = None, by_batch: bool = False) -> Iterator[Block]:
        """The first batches in the given order; see `Source`."""
        return self.blocks(0, 0, self._most(steps))

    def _most(self, steps: int | None) -> int:
        """So many batches, or all, where there are not as many."""
        if steps is not None and steps > self.n_batches:
            warn_of_end(self.n_batches, steps)
        return min(self.n_batches, steps or self.n_batches)

    def epoch(
        self, number: int, steps: int | None = None, done: int = 0, by_batch: bool = False
    ) -> Iterator[Block]:
        """The batches of an epoch in blocks; see `Source`."""
        if steps in (None, self.n_batches):
            yield from self.blocks(number, done)
            return
        cursor, left = number * int(steps or 0) + done, int(steps or 0) - done
        while left > 0:
            turn, first = divmod(cursor, self.n_batches)
            taken = min(left, self.n_batches - first)
            if taken < left and not self._said:
                self._said = True
                warn_user(
                    f"An epoch has {steps} steps, and a pass over the data {self.n_batches} "
                    "batches: epochs go on around the end of the data."
                )
            yield from self.blocks(turn, first, taken)
            cursor, left = cursor + taken, left - taken


class ArraySource(Passes):
    """Arrays in memory as blocks of batches: a `Source`.

    Args:
        data: `(x, y, sample_weight)`, nests of NumPy arrays of n rows, or None.
        batch_size: rows of a batch; the last one may have fewer.
        shuffle, seed: see `Order`.
        block_bytes: about how large a block is.
        suspects: gives names of arrays with NaN or infinity, and messages that refuse them.

    Raises:
        ValueError: a batch size or `shuffle` out of range, or lengths that differ.

    >>> source = ArraySource((np.arange(5), None, None), batch_size=2, shuffle=False)
    >>> block = next(source.blocks(epoch=0))
    >>> block.n_rows, block.n_batches, block.arrays[0][: block.n_batches]
    (5, 3, array([[0, 1], [2, 3], [4, 4]]))
    """

    def __init__(
        self,
        data: Batch,
        batch_size: int = 32,
        shuffle: Shuffle = False,
        seed: int | None = None,
        block_bytes: int = BLOCK_BYTES,
        suspects: Callable[[], Mapping[str, str]] = dict,
    ):
        self.n_rows = check_lengths(*data)
        self.batch_size = check_batch_size(batch_size)
        self.order = Order(self.n_rows, self.batch_size, shuffle, seed)
        # np.take copies an array that is not contiguous at every call: copy it once instead.
        tree_map = jax.tree_util.tree_map
        self.data = tree_map(np.ascontiguousarray, data) if shuffle else data
        self.n_batches = math.ceil(self.n_rows / self.batch_size)
        arrays = jax.tree_util.tree_leaves(self.data)
        row_bytes = sum(math.prod(a.shape[1:]) * a.itemsize for a in arrays)
        self.block_batches = batches_per_block(row_bytes * self.batch_size, block_bytes)
        self._suspects = suspects

    @property
    def seed(self) -> int:
        """The seed of the order of the rows."""
        return self.order.seed

    def peek(self) -> Batch:
        """The first batch in the given order, views."""
        return self._cut(0, self.batch_size)

    def whole(self, steps: int | None = None) -> Batch:
        """All rows, or those of so many batches; views."""
        return self.data if steps is None else self._cut(0, self._most(steps) * self.batch_size)

    def _cut(self, start: int, stop: int) -> Batch:
        return jax.tree_util.tree_map(lambda a: a[start:stop], self.data)

    def bring(self, intake: Intake) -> None:
        """Have the data checked and put into a model's structure."""
        self.data = intake(self.data, self._suspects())

    def batches(self, steps: int | None = None) -> Iterator[Batch]:
        """The batches one by one, in the given order."""
        for number in range(self._most(steps)):
            yield self._cut(number * self.batch_size, (number + 1) * self.batch_size)

    def name_of(self, number: int) -> None:
        """None: a row's number tells where it is."""

    @property
    def position(self) -> Position:
        """What the order of the rows depends on."""
        return {"seed": self.seed, "rows": self.n_rows, "batch_size": self.batch_size}

    def resume(self, position: Position) -> None:
        """Continue in the order of an earlier run.

        Raises:
            ValueError: that run had other data.
        """
        check_position(self.position, position)
        self.order.seed = position["seed"]

    def blocks(
        self,
        epoch: int = 0,
        first_batch: int = 0,
        n_batches: int | None = None,
        max_batches: int | None = None,
    ) -> Iterator[Block]:
        """The batches of one pass, in blocks of one shape, (capacity, batch_size, …).

        The last batch is filled up with its last row. What is behind it in a block is never read,
        and holds anything.

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
        order = self.order.rows(epoch)
        for start in range(first_batch, last, step):
            yield self._block(order, start, min(start + step, last), step)

    def _block(self, order: np.ndarray | None, start: int, stop: int, batches: int) -> Block:
        first = start * self.batch_size
        rows = min(stop * self.batch_size, self.n_rows) - first
        capacity, used = batches * self.batch_size, (stop - start) * self.batch_size
        chosen = None if order is None else order[first : first + rows]

        def cut(array: np.ndarray) -> np.ndarray:
            shape = (batches, self.batch_size, *array.shape[1:])
            if chosen is None and first + capacity <= self.n_rows:
                return array[first : first + capacity].reshape(shape)
            out = aligned_empty((capacity, *array.shape[1:]), array.dtype)
            if chosen is None:
                out[:rows] = array[first : first + rows]
            else:
                # mode="clip" writes straight into `out`; every index is in range anyway.
                np.take(array, chosen, axis=0, out=out[:rows], mode="clip")
            out[rows:used] = out[rows - 1]
            return out.reshape(shape)

        arrays = jax.tree_util.tree_map(cut, self.data)
        return Block(arrays, rows, stop - start, self.batch_size)


def check_batch_size(batch_size: int) -> int:
    """A batch size as an integer.

    Raises:
        ValueError: not a positive integer.
    """
    if not is_whole(batch_size) or batch_size < 1:
        raise BadArgument(
            "`batch_size` is out of range.",
            given=repr(batch_size),
            expected="a positive integer, e.g. 32",
        )
    return int(batch_size)
