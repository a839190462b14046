"""Data that arrive batch by batch: generators, `PyDataset`, DataLoader, tf.data, any iterable."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any, Literal

import numpy as np

from rosenblatt.core.errors import explain, warn_user
from rosenblatt.core.random import draw_seed
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.data.blocks import (
    BLOCK_BYTES,
    Block,
    Intake,
    Shuffle,
    aligned_empty,
    batches_per_block,
    nbytes,
)
from rosenblatt.data.columns import (
    as_arrays,
    check_lengths,
    column_names,
    named_leaves,
    not_finite,
    refuse,
)
from rosenblatt.data.prefetch import prefetch
from rosenblatt.data.pydataset import is_py_dataset, py_dataset_batches
from rosenblatt.data.weights import with_class_weight

PATIENCE = 0.1
"""Seconds after which a block is given on although it is not full."""
PARTS = ("x", "y", "sample_weight")


class StreamSource:
    """A stream of batches, read ahead in a thread, as batches or blocks.

    Args:
        data: an iterable of `(x,)`, `(x, y)`, `(x, y, sample_weight)` or x alone: a generator, a
            `PyDataset`, a PyTorch DataLoader, a tf.data pipeline.
        shuffle: permute the batches of a `PyDataset`; others come in their own order.
        seed: of the permutations; drawn if None.
        class_weight: class number to weight, multiplied into the sample weights.
        block_bytes: about how large a block is; twice as much may wait in memory.
        finite: whether NaN and infinity are refused: here, or "later", by what `bring` is given.
        prepare: makes arrays of numbers of the inputs of a batch as they come.

    Attributes:
        n_batches: batches of a pass, None if not known (it is after a whole pass).
    """

    def __init__(
        self,
        data: Any,
        shuffle: Shuffle = False,
        seed: int | None = None,
        class_weight: Mapping[int, float] | None = None,
        block_bytes: int = BLOCK_BYTES,
        finite: bool | Literal["later"] = True,
        prepare: Callable[[Any], Any] | None = None,
    ):
        self.data = data
        self.prepare = prepare
        self.shuffle = bool(shuffle)
        # What is not shuffled draws no seed: an evaluation changes no weights made after it.
        self.seed = int(seed) if seed is not None else draw_seed() if shuffle else 0
        self.class_weight = class_weight
        self.block_bytes = block_bytes
        self.finite = finite
        self.n_batches, self.endless = _count_batches(data)
        self._py_dataset = is_py_dataset(data)
        self._iterator: Iterator[Any] | None = None
        self._one_shot = False
        self._intake: Intake | None = None
        self._pending: list[Any] = []  # batches that were looked at and not yet taken
        self._suspects: Mapping[str, str] = {}  # of the batch that was looked at
        self._epoch = 0
        self._read = 0
        self._structure: list[str] | None = None
        self._batch_sizes: dict[Any, int] = {}

    def peek(self) -> Any:
        """The first batch, `(x, y, sample_weight)`, without taking it from the stream."""
        if self._pending:
            return self._pending[0]
        if self.n_batches == 0:
            raise ValueError(_empty(self.data, one_shot=False))
        if self._py_dataset:
            return self._convert(self.data[0])
        if self._iterator is None:
            self._start(self._epoch)
        batch = next(self._converted(1), None)
        if batch is None:
            raise ValueError(_empty(self.data, self._one_shot))
        self._pending.append(batch)
        return batch

    def bring(self, intake: Intake) -> None:
        """Have each batch checked and put into a model's structure, as it is read."""
        self._intake, self._structure = intake, None
        self._pending = [self._brought(batch, self._suspects, 0) for batch in self._pending]

    def batches(self, n_batches: int | None = None, epoch: int | None = None) -> Iterator[Any]:
        """The batches as they come, `(x, y, sample_weight)`, of any number of rows.

        Args:
            n_batches: how many; None goes through the data from the start to the end. With a
                number, the next call goes on where this one stopped.
            epoch: gives the order of a `PyDataset`; counted if None.

        Raises:
            ValueError: no batch at all, bad batches, or endless data without a number.
        """
        yield from self._ahead(n_batches, epoch, None)

    def blocks(
        self,
        n_batches: int | None = None,
        epoch: int | None = None,
        max_batches: int | None = None,
    ) -> Iterator[Block]:
        """The batches in blocks, (K, batch_size, …) for K batches that fit `block_bytes`.

        A block is given on when it is full, or when filling it took longer than 0.1 s. A batch
        smaller than those before it ends its block, as a partial batch; a larger one, or one of
        another shape, begins a block of another shape.

        Args:
            n_batches, epoch: as for `batches`.
            max_batches: the capacity, where smaller than K (1: step by step).
        """
        yield from self._ahead(n_batches, epoch, max_batches or 1 << 30)

    def _ahead(self, n_batches: int | None, epoch: int | None, most: int | None) -> Iterator[Any]:
        if self.endless and n_batches is None:
            raise ValueError(
                explain(
                    "The data have no end, so an epoch needs a number of steps.",
                    fix="pass `steps_per_epoch=` (fit), `validation_steps=` or `steps=`.",
                )
            )
        self._epoch = self._epoch if epoch is None else epoch
        self._read = 0
        made: Generator[Any, None, None] = self._converted(n_batches)
        if most is not None:
            made = self._grouped(made, most)
        if hasattr(self.data, "on_epoch_begin"):
            self.data.on_epoch_begin()
        try:
            with closing(prefetch(made, _size, 2 * self.block_bytes)) as items:
                yield from items
        finally:
            self._epoch += 1
            if n_batches is None and not self._one_shot:
                self._iterator = None
                self._pending.clear()
            if hasattr(self.data, "on_epoch_end"):
                self.data.on_epoch_end()
        if n_batches is not None and self._read < n_batches:
            warn_user(
                f"The data ran out after {self._read} of {n_batches} steps; the epoch ends here. "
                "Give `steps_per_epoch * epochs` batches, or fewer steps.",
            )

    def _start(self, epoch: int) -> Iterator[Any]:
        """Begin a pass over the data."""
        if not self._py_dataset:
            self._iterator = iter(self.data)
            self._one_shot = self._iterator is self.data
            return self._iterator
        count = self.data.num_batches
        indices: Any = itertools.count() if count is None else range(count)
        if self.shuffle and count is not None:
            order = np.random.default_rng((self.seed, epoch)).permutation(count)
            indices = (int(index) for index in order)
        self._iterator = py_dataset_batches(self.data, indices)
        return self._iterator

    def _converted(self, n_batches: int | None) -> Generator[Any, None, None]:
        """Read and convert batches; runs in the thread."""
        iterator = self._iterator
        if iterator is None or (n_batches is None and not self._one_shot and not self._pending):
            iterator = self._start(self._epoch)
        retry = not self._one_shot and n_batches is not None
        count = 0
        while n_batches is None or count < n_batches:
            if self._pending:
                batch = self._pending.pop()
            else:
                try:
                    raw = next(iterator)
                except StopIteration:
                    if count == 0 and retry:  # the pass before ended exactly here
                        iterator, retry = self._start(self._epoch), False
                        continue
                    break
                batch = self._convert(raw, count)
            count += 1
            self._read = count
            yield batch
        if n_batches is not None and count == n_batches:
            return
        if count == 0:
            raise ValueError(_empty(self.data, self._one_shot))
        if not self._one_shot:
            self._iterator = None
            if n_batches is None:
                self.n_batches = count

    def _convert(self, raw: Any, number: int = 0) -> Any:
        """Turn what the stream gave into checked arrays `(x, y, sample_weight)`."""
        suspects: dict[str, str] = {}
        try:
            parts = _parts(raw)
            if self.prepare is not None:
                parts = (self.prepare(parts[0]), *parts[1:])
            x, y, weight = (as_arrays(part, what) for part, what in zip(parts, PARTS, strict=True))
            check_lengths(x, y, weight)
            if self.finite:
                for raw_part, part, what in zip(parts, (x, y, weight), PARTS, strict=True):
                    # An array that passed unconverted was no table with names to look up.
                    names_of = None if raw_part is part else column_names(raw_part, what)
                    suspects |= not_finite(part, what, names_of)
            if self.finite != "later":
                refuse(suspects)
            if self.class_weight is not None:
                weight = with_class_weight(y, weight, self.class_weight)
        except ValueError as error:
            raise ValueError(f"Batch {number} of the stream: {error}") from error
        return self._brought((x, y, weight), suspects, number)

    def _brought(self, batch: Any, suspects: Mapping[str, str], number: int) -> Any:
        """A batch in the model's structure; without a model, all must have the same parts."""
        try:
            if self._intake is None:
                self._suspects = suspects
            else:
                batch = self._intake(batch, suspects)
            names = [
                name
                for part, what in zip(batch, PARTS, strict=True)
                for name, _ in named_leaves(part, what)
            ]
            if self._structure is None:
                self._structure = names
            elif names != self._structure:
                raise ValueError(
                    explain(
                        "It has other parts than the first batch.",
                        given=", ".join(names),
                        expected=", ".join(self._structure),
                    )
                )
        except ValueError as error:
            raise ValueError(f"Batch {number} of the stream: {error}") from error
        return batch

    def _grouped(
        self, batches: Generator[Any, None, None], most: int
    ) -> Generator[Block, None, None]:
        """Group consecutive batches into blocks; runs in the thread."""
        block: _OpenBlock | None = None
        begun = time.monotonic()
        with closing(batches):
            for batch in batches:
                leaves = [leaf for leaf in tree_leaves(batch) if leaf is not None]
                rows = len(leaves[0])
                shape = tuple((leaf.shape[1:], leaf.dtype) for leaf in leaves)
                if block is not None and (shape != block.shape or rows > block.batch_size):
                    yield block.close()
                    block, begun = None, time.monotonic()
                if block is None:
                    batch_size = max(rows, self._batch_sizes.get(shape, 0))
                    self._batch_sizes[shape] = batch_size
                    per_batch = nbytes(batch) // rows * batch_size
                    capacity = min(most, batches_per_block(per_batch, self.block_bytes))
                    block = _OpenBlock(batch, shape, batch_size, capacity)
                block.add(leaves, rows)
                full = block.n_batches == block.capacity
                late = time.monotonic() - begun > PATIENCE
                if full or late or rows < block.batch_size:
                    yield block.close()
                    block, begun = None, time.monotonic()
            if block is not None:
                yield block.close()


class _OpenBlock:
    """A block that batches are being copied into."""

    def __init__(self, batch: Any, shape: Any, batch_size: int, capacity: int):
        self.shape = shape
        self.batch_size = batch_size
        self.capacity = capacity
        self.n_rows = self.n_batches = 0
        self.arrays = tree_map(
            lambda leaf: (
                None
                if leaf is None
                else aligned_empty((capacity * batch_size, *leaf.shape[1:]), leaf.dtype)
            ),
            batch,
        )
        self._leaves = [leaf for leaf in tree_leaves(self.arrays) if leaf is not None]

    def add(self, leaves: list[np.ndarray], rows: int) -> None:
        for into, leaf in zip(self._leaves, leaves, strict=True):
            into[self.n_rows : self.n_rows + rows] = leaf
        self.n_rows += rows
        self.n_batches += 1

    def close(self) -> Block:
        for leaf in self._leaves:
            leaf[self.n_rows :] = leaf[self.n_rows - 1]
        arrays = tree_map(
            lambda leaf: (
                None
                if leaf is None
                else leaf.reshape(self.capacity, self.batch_size, *leaf.shape[1:])
            ),
            self.arrays,
        )
        return Block(arrays, self.n_rows, self.n_batches, self.batch_size)


def _size(item: Any) -> int:
    return item.nbytes if isinstance(item, Block) else nbytes(item)


def _parts(raw: Any) -> tuple[Any, Any, Any]:
    """`(x, y, sample_weight)` of what a stream gave."""
    if not isinstance(raw, (list, tuple)):
        return raw, None, None
    if not 1 <= len(raw) <= 3:
        raise ValueError(
            explain(
                "It is not a batch.",
                given=f"a {type(raw).__name__} of {len(raw)} items",
                expected="(x,), (x, y) or (x, y, sample_weight)",
                fix="put several inputs into a tuple or dict of their own: `((a, b, c, d), y)`.",
            )
        )
    x, y, weight = (*raw, None, None)[:3]
    return x, y, weight


def _count_batches(data: Any) -> tuple[int | None, bool]:
    """The number of batches of a pass, if the data know it, and whether they are endless."""
    if hasattr(data, "num_batches") and not callable(data.num_batches):
        return data.num_batches, data.num_batches is None
    if hasattr(data, "cardinality"):  # tf.data: -1 is endless, -2 unknown
        count = int(data.cardinality())
        return (count if count >= 0 else None), count == -1
    try:
        return len(data), False
    except (TypeError, NotImplementedError):
        return None, False


def _empty(data: Any, one_shot: bool) -> str:
    if one_shot:
        return explain(
            "The generator has no batch left: it was read to its end, or gave none.",
            given=f"an object of type {type(data).__qualname__}",
            fix="make it endless (`while True:`) and pass `steps_per_epoch=`, or pass a "
            "`PyDataset`, which can be read again.",
        )
    return explain(
        "The data gave no batch.",
        given=f"an object of type {type(data).__qualname__}",
        expected="at least one batch",
    )
