"""Rows of Parquet files as blocks of batches: windows of row groups, read ahead in a thread."""

from __future__ import annotations

import bisect
import math
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import jax
import numpy as np

from rosenblatt.core.errors import BadData, within
from rosenblatt.core.types import Tree
from rosenblatt.data.array_source import Passes, check_batch_size
from rosenblatt.data.contract import (
    BLOCK_BYTES,
    Batch,
    Block,
    Intake,
    Position,
    aligned_empty,
    batches_per_block,
    check_position,
    nbytes,
    rows_of,
    shapes_of,
)
from rosenblatt.data.parquet_folder import ArrowTable, ParquetFolder, RowGroup
from rosenblatt.data.parquet_order import Window, WindowedOrder
from rosenblatt.data.prefetch import prefetch
from rosenblatt.data.rows import Inputs, Rows

Read = Callable[[RowGroup], Iterator[Batch]]


class WindowedSource(Passes):
    """Rows of row groups as blocks of batches: a `Source`. What is read of a group, others say.

    Args:
        folder: the files.
        order: of the rows.
        batch_size: rows of a batch; the last one may have fewer.
        class_weight: class number to weight, multiplied into the sample weights.
        block_bytes: about how large a block is.
    """

    def __init__(
        self,
        folder: ParquetFolder,
        order: WindowedOrder,
        batch_size: int = 32,
        class_weight: Mapping[int, float] | None = None,
        block_bytes: int = BLOCK_BYTES,
    ):
        self.folder = folder
        self.order = order
        self.batch_size = check_batch_size(batch_size)
        self.n_rows = sum(group.rows for group in order.groups)
        self.n_batches = math.ceil(self.n_rows / self.batch_size)
        self._class_weight = class_weight
        self._block_bytes = block_bytes
        self._intake: Intake | None = None
        self._first: Rows | None = None  # rows of the first batch
        self._kept: _Held | None = None  # all rows, where they are one window

    @abstractmethod
    def pieces(self, group: RowGroup) -> Iterator[Rows]:
        """The rows of a row group, whole or in pieces one after another."""

    @abstractmethod
    def first_rows(self) -> Rows:
        """The rows of the first batch in the files' order."""

    def peek(self) -> Batch:
        """The first batch in the files' order."""
        if self._first is None:
            self._first = self.first_rows()
        return self._brought(self._first)

    def whole(self, steps: int | None = None) -> None:
        """None: all rows may be too many."""

    def bring(self, intake: Intake) -> None:
        """Have the rows checked and put into a model's structure, as they are read."""
        self._intake, self._kept = intake, None

    def name_of(self, number: int) -> str:
        """A batch's name in messages."""
        return f"Batch {number} of the files"

    @property
    def position(self) -> Position:
        """What the order of the rows depends on."""
        return {
            "seed": self.order.seed,
            "rows": self.n_rows,
            "batch_size": self.batch_size,
            "files": self.folder.digest,
            "window": self.order.window_rows,
        }

    def resume(self, position: Position) -> None:
        """Continue in the order of an earlier run.

        Raises:
            ValueError: that run had other data.
        """
        check_position(self.position, position)
        self.order.seed = position["seed"]

    def batches(self, steps: int | None = None) -> Iterator[Batch]:
        """The batches one by one, in the given order."""
        for block in self.once(steps):
            for number in range(block.n_batches):
                rows = min(self.batch_size, block.n_rows - number * self.batch_size)
                yield jax.tree_util.tree_map(lambda a, i=number, n=rows: a[i, :n], block.arrays)

    def blocks(
        self, epoch: int = 0, first_batch: int = 0, n_batches: int | None = None
    ) -> Iterator[Block]:
        """The batches of one pass, in blocks of one shape; see `Passes`.

        Only the windows that the batches are in are read. While a block waits, a thread cuts the
        next ones, and reads the next window as far as this one is used up: at most two windows are
        in memory.
        """
        last = self.n_batches
        if n_batches is not None:
            last = min(last, first_batch + n_batches)
        if first_batch < last:
            made = self._made(epoch, first_batch, last)
            ahead = prefetch(made, lambda block: block.nbytes, 2 * self._block_bytes)
            with closing(ahead) as blocks:
                yield from blocks

    def _made(self, epoch: int, first_batch: int, last: int) -> Generator[Block, None, None]:
        """The blocks, made in the thread that reads."""
        row, end = first_batch * self.batch_size, min(last * self.batch_size, self.n_rows)
        windows = [w for w in self.order.windows(epoch) if w.first < end]
        place = bisect.bisect_right([window.first for window in windows], row) - 1
        held = self._begun(windows, place)
        assert held is not None
        with ThreadPoolExecutor(1) as apart:  # nobody has anything to do before both are done
            mixed = apart.submit(self.order.mixed, epoch, held.window)
            held.fill(held.window.rows)
            held.order = mixed.result()
        ahead = self._begun(windows, place + 1)
        capacity = self._batches_of_a_block() * self.batch_size
        while row < end:
            rows, done = min(capacity, end - row), 0
            block = held.block_of(capacity)
            while done < rows:
                if row + done == held.window.first + held.window.rows:
                    assert ahead is not None
                    place += 1
                    held, ahead = ahead, self._begun(windows, place + 1)
                    held.fill(held.window.rows)
                    held.order = self.order.mixed(epoch, held.window)
                start = row + done - held.window.first
                taken = min(rows - done, held.window.rows - start)
                held.give(start, taken, block, done)
                done += taken
            yield self._closed(block, rows)
            row += rows
            if ahead is not None:
                used = (row - held.window.first) / held.window.rows
                ahead.fill(math.ceil(used * ahead.window.rows))

    def _begun(self, windows: Sequence[Window], place: int) -> _Held | None:
        """A window of which nothing is read yet, or all rows where they are kept."""
        if place >= len(windows):
            return None
        window = windows[place]
        held = self._kept if self.order.is_one_window else None
        if held is None:
            held = _Held(window, self._read)
        if self.order.is_one_window:
            self._kept = held
        return held

    def _batches_of_a_block(self) -> int:
        """As of the same rows in memory, so that both share one program."""
        self.peek()
        assert self._first is not None
        row_bytes = nbytes(self._first.arrays) // len(self._first)
        return batches_per_block(row_bytes * self.batch_size, self._block_bytes)

    def _closed(self, block: Tree, rows: int) -> Block:
        """A block, its last batch filled up with its last row."""
        n_batches = math.ceil(rows / self.batch_size)
        used = n_batches * self.batch_size

        def filled(array: np.ndarray) -> np.ndarray:
            array[rows:used] = array[rows - 1]
            return array.reshape(-1, self.batch_size, *array.shape[1:])

        return Block(jax.tree_util.tree_map(filled, block), rows, n_batches, self.batch_size)

    def _read(self, group: RowGroup) -> Iterator[Batch]:
        with within(self.folder.name_of(group)):
            for rows in self.pieces(group):
                yield self._brought(rows)

    def _brought(self, rows: Rows) -> Batch:
        batch = rows.weighted(self._class_weight)
        return batch if self._intake is None else self._intake(batch, rows.suspects)


class ParquetSource(WindowedSource):
    """Rows of Parquet files whose columns are x, y and weights as they are.

    Args:
        folder: the files.
        columns: names of the columns of x, of y (one name is a target of one number a row) and of
            the weights.
        order: of the rows.
        inputs: how x is read.
        batch_size, class_weight, block_bytes: as of `WindowedSource`.
    """

    def __init__(
        self,
        folder: ParquetFolder,
        columns: tuple[Sequence[str], str | Sequence[str] | None, str | None],
        order: WindowedOrder,
        inputs: Inputs,
        batch_size: int = 32,
        class_weight: Mapping[int, float] | None = None,
        block_bytes: int = BLOCK_BYTES,
    ):
        super().__init__(folder, order, batch_size, class_weight, block_bytes)
        self._columns = columns
        self._inputs = inputs

    def pieces(self, group: RowGroup) -> Iterator[Rows]:
        """The rows of a row group, whole."""
        yield self._rows_of(self._table(group))

    def first_rows(self) -> Rows:
        """The rows of the first batch in the files' order."""
        tables, rows = [], 0
        for group in self.folder.groups:
            tables.append(self._table(group))
            rows += group.rows
            if rows >= self.batch_size:
                break
        with within(self.folder.name_of(self.folder.groups[0])):
            return self._rows_of(self.folder.joined(tables).slice(0, self.batch_size))

    def _table(self, group: RowGroup) -> ArrowTable:
        x, y, weights = self._columns
        targets = [y] if isinstance(y, str) else list(y or ())
        names = [*x, *targets, *([] if weights is None else [weights])]
        return self.folder.read(group, list(dict.fromkeys(names)))

    def _rows_of(self, table: ArrowTable) -> Rows:
        x, y, weights = self._columns
        target = None
        if y is not None:
            target = table.column(y) if isinstance(y, str) else table.select(list(y))
        weight = None if weights is None else table.column(weights)
        return Rows.of(table.select(list(x)), target, weight, self._inputs)


class _Held:
    """The rows of a window, read as far as they are needed, in the order of its row groups.

    Args:
        window: which.
        read: gives the rows of a row group, in pieces.

    Attributes:
        order: the rows in the order in which they are given; None as they are read.
    """

    def __init__(self, window: Window, read: Read):
        self.window = window
        self.order: np.ndarray | None = None
        self._batches = (batch for group in window.groups for batch in read(group))
        self._rows = 0
        self._arrays: Tree = None

    def fill(self, rows: int) -> None:
        """Read on until so many rows are there."""
        while self._rows < rows:
            batch = next(self._batches)
            stop = self._rows + rows_of(batch)
            if self._arrays is None:
                self._arrays = batch if stop == self.window.rows else self._empty(batch)
            self._check_alike(batch)
            if self._arrays is not batch:
                for into, array in _pairs(self._arrays, batch):
                    into[self._rows : stop] = array
            self._rows = stop

    def block_of(self, rows: int) -> Tree:
        """Arrays of the same kinds with so many rows, of any value."""
        return jax.tree_util.tree_map(
            lambda a: aligned_empty((rows, *a.shape[1:]), a.dtype), self._arrays
        )

    def give(self, start: int, rows: int, into: Tree, at: int) -> None:
        """Copy rows, counted in the order in which they are given, to a place in other arrays."""
        if self.order is None:
            for out, array in _pairs(into, self._arrays):
                out[at : at + rows] = array[start : start + rows]
            return
        chosen = self.order[start : start + rows].astype(np.intp, copy=False)
        for out, array in _pairs(into, self._arrays):
            # mode="clip" writes straight into `out`; every index is in range anyway.
            np.take(array, chosen, axis=0, out=out[at : at + rows], mode="clip")

    def _empty(self, batch: Batch) -> Tree:
        rows = self.window.rows
        return jax.tree_util.tree_map(lambda a: aligned_empty((rows, *a.shape[1:]), a.dtype), batch)

    def _check_alike(self, batch: Batch) -> None:
        have, expected = shapes_of(batch), shapes_of(self._arrays)
        if have != expected:
            raise BadData(
                "A row group's columns are of other types than those before it.",
                given=_listed(have),
                expected=_listed(expected),
                fix="write each column in one type: floats where there are gaps, and integers "
                "that 32 bits hold.",
            )


def _pairs(into: Tree, arrays: Tree) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    leaves = jax.tree_util.tree_leaves
    return zip(leaves(into), leaves(arrays), strict=True)


def _listed(shapes: tuple[tuple[tuple[int, ...], np.dtype], ...]) -> str:
    return ", ".join(f"{dtype} of shape {('N', *shape)}" for shape, dtype in shapes)
