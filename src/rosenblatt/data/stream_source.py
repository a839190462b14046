"""Data that arrive batch by batch: generators, `PyDataset`, DataLoader, tf.data, any iterable."""

from __future__ import annotations

import itertools
import types
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadData, explain, warn_user, within
from rosenblatt.data.array_source import Shuffle, drawn_seed
from rosenblatt.data.arrays import named_leaves
from rosenblatt.data.contract import (
    BLOCK_BYTES,
    Batch,
    Block,
    Data,
    Intake,
    Position,
    check_position,
    nbytes,
    warn_of_end,
)
from rosenblatt.data.grouping import PATIENCE, grouped
from rosenblatt.data.prefetch import prefetch
from rosenblatt.data.pydataset import is_py_dataset, py_dataset_batches, warn_of_init
from rosenblatt.data.rows import PARTS, Inputs, Rows

_ANY_NUMBER = 1 << 30  # of batches in a block: its bytes decide


class StreamSource:
    """A stream of batches, read ahead in a thread: a `Source`.

    Args:
        data: an iterable of `(x,)`, `(x, y)`, `(x, y, sample_weight)` or x alone: a generator, a
            `PyDataset`, a PyTorch DataLoader, a tf.data pipeline.
        shuffle: permute the batches of a `PyDataset`; others come in their own order.
        seed: of the permutations; drawn if None.
        class_weight: class number to weight, multiplied into the sample weights.
        block_bytes: about how large a block is; twice as much may wait in memory.
        inputs: how x is read.

    Attributes:
        n_batches: batches of a pass, None if not known (it is after a whole pass).
        patience, filled: as of `grouped`.
    """

    batch_size = None
    patience = PATIENCE
    filled = True

    def __init__(
        self,
        data: Iterable[Any],
        shuffle: Shuffle = False,
        seed: int | None = None,
        class_weight: Mapping[int, float] | None = None,
        block_bytes: int = BLOCK_BYTES,
        inputs: Inputs | None = None,
    ):
        self.data = data
        self.shuffle = bool(shuffle)
        self.seed = drawn_seed(seed, shuffle)
        self.class_weight = class_weight
        self.block_bytes = block_bytes
        self.inputs = inputs or Inputs()
        self.n_batches, self.endless = _count_batches(data)
        self._py_dataset = is_py_dataset(data)
        warn_of_init(data)
        self._iterator: Iterator[Any] | None = None
        self._one_shot = False
        self._intake: Intake | None = None
        self._peeked: Batch | None = None  # looked at and not yet taken
        self._rows: Rows | None = None  # of that one, as it was read
        self._read = 0
        self._given = False  # whether there was a batch at all
        self._structure: list[str] | None = None
        self._batch_sizes: dict[Any, int] = {}

    def peek(self) -> Batch:
        """The first batch, without taking it from the stream."""
        if self._peeked is None:
            if self.n_batches == 0:
                raise BadData(self._empty())
            if self._py_dataset:
                return self._read_batch(self.data[0], 0)  # type: ignore[index]
            if self._iterator is None:
                self._start(0)
            self._peeked = next(self._read_batches(0, 1), None)
            if self._peeked is None:
                raise BadData(self._empty())
        return self._peeked

    def whole(self, steps: int | None = None) -> None:
        """None: a stream may have no end."""

    def bring(self, intake: Intake) -> None:
        """Have each batch checked and put into a model's structure, as it is read."""
        self._intake, self._structure = intake, None
        if self._peeked is not None and self._rows is not None:
            with within(self.name_of(0)):
                self._peeked = self._brought(self._peeked, self._rows)

    def name_of(self, number: int) -> str:
        """A batch's name in messages."""
        return f"Batch {number} of the stream"

    @property
    def position(self) -> Position:
        """What the order of the batches of a `PyDataset` depends on."""
        return {"seed": self.seed, "rows": None, "batch_size": None}

    def resume(self, position: Position) -> None:
        """Continue in the order of an earlier run.

        Raises:
            ValueError: that run had other data.
        """
        check_position(self.position, position)
        self.seed = position["seed"]

    def epoch(
        self, number: int, steps: int | None = None, done: int = 0, by_batch: bool = False
    ) -> Iterator[Block]:
        """The batches of an epoch in blocks; see `Source`, and `grouped` for when a block ends.

        Raises:
            ValueError: no batch at all, bad batches, or endless data without a number of steps.
        """
        blocks = self._ahead(number, steps, 1 if done or by_batch else _ANY_NUMBER)
        yield from itertools.islice(blocks, done, None)

    def once(self, steps: int | None = None, by_batch: bool = False) -> Iterator[Block]:
        """The first batches in blocks, of a generator the next ones; see `Source`."""
        if not self._one_shot and self._peeked is None:
            self._iterator = None
        return self.epoch(0, steps, by_batch=by_batch)

    def batches(self, steps: int | None = None) -> Iterator[Batch]:
        """The batches as they come, of any number of rows; raises as `epoch` does.

        Args:
            steps: how many; None goes through the data from the start to the end. With a number,
                the next call goes on where this one stopped.
        """
        return self._ahead(0, steps, None)

    def _ahead(self, epoch: int, steps: int | None, most: int | None) -> Iterator[Any]:
        """Blocks of so many batches at most, or batches if None, from a thread that reads ahead."""
        if self.endless and steps is None:
            raise BadData(
                "The data have no end, so an epoch needs a number of steps.",
                fix="pass `steps_per_epoch=` (fit), `validation_steps=` or `steps=`.",
            )
        self._read = 0
        made: Generator[Any, None, None] = self._read_batches(epoch, steps)
        if most is not None:
            made = grouped(
                made, most, self.block_bytes, self._batch_sizes, self.patience, self.filled
            )
        if hasattr(self.data, "on_epoch_begin"):
            self.data.on_epoch_begin()
        try:
            with closing(prefetch(made, _size, 2 * self.block_bytes)) as items:
                yield from items
        finally:
            if steps is None and not self._one_shot:
                self._iterator = self._peeked = None
            if hasattr(self.data, "on_epoch_end"):
                self.data.on_epoch_end()
        if steps is not None and self._read < steps:
            warn_of_end(self._read, steps)
        elif not self._read:
            warn_user(
                "The data were read to their end in an earlier pass: this one has no batch. Make "
                "the generator endless (`while True:`) and pass `steps_per_epoch=`, or pass a "
                "`PyDataset`, which can be read again."
            )

    def _start(self, epoch: int) -> Iterator[Any]:
        """Begin a pass over the data."""
        data: Any = self.data
        if not self._py_dataset:
            self._iterator = iter(data)
            self._one_shot = self._iterator is data
            return self._iterator
        count = data.num_batches
        indices: Iterable[int] = itertools.count() if count is None else range(count)
        if self.shuffle and count is not None:
            order = np.random.default_rng((self.seed, epoch)).permutation(count)
            indices = map(int, order)
        self._iterator = py_dataset_batches(data, indices)
        return self._iterator

    def _read_batches(self, epoch: int, steps: int | None) -> Generator[Batch, None, None]:
        """Read batches; runs in the thread."""
        iterator = self._iterator
        again = steps is None and not self._one_shot and self._peeked is None
        if iterator is None or again:
            iterator = self._start(epoch)
        retry = not self._one_shot and steps is not None
        count = 0
        while steps is None or count < steps:
            if self._peeked is not None:
                batch, self._peeked = self._peeked, None
            else:
                try:
                    raw = next(iterator)
                except StopIteration:
                    if count == 0 and retry:  # the pass before ended exactly here
                        iterator, retry = self._start(epoch), False
                        continue
                    break
                batch = self._read_batch(raw, count)
            count += 1
            self._read, self._given = count, True
            yield batch
        if steps is not None and count == steps:
            return
        if count == 0 and not self._given:
            raise BadData(self._empty())
        if not self._one_shot:
            self._iterator = None
            if steps is None:
                self.n_batches = count

    def _read_batch(self, raw: Data, number: int) -> Batch:
        """What the stream gave as checked arrays, in the model's structure if there is a model."""
        with within(self.name_of(number)):
            if isinstance(raw, list) and isinstance(self.data, types.GeneratorType):
                raise BadData(
                    "A generator gives tuples.",
                    given=f"a list of {len(raw)}",
                    expected="(x,), (x, y) or (x, y, sample_weight)",
                    fix="write `yield x, y`, not `yield [x, y]`.",
                )
            rows = Rows.of(*_parts(raw), inputs=self.inputs)
            return self._brought(rows.weighted(self.class_weight), rows)

    def _brought(self, batch: Batch, rows: Rows) -> Batch:
        """A batch in the model's structure; all must have the same parts."""
        if self._intake is None:
            self._rows = rows
        else:
            batch = self._intake(batch, rows.suspects)
        names = [
            name
            for part, what in zip(batch, PARTS, strict=True)
            for name, _ in named_leaves(part, what)
        ]
        if self._structure is None:
            self._structure = names
        elif names != self._structure:
            raise BadData(
                "It has other parts than the first batch.",
                given=", ".join(names),
                expected=", ".join(self._structure),
            )
        return batch

    def _empty(self) -> str:
        """The message for data without a batch."""
        given = f"an object of type {type(self.data).__qualname__}"
        if self._one_shot:
            return explain(
                "The generator has no batch left: it was read to its end, or gave none.",
                given=given,
                fix="make it endless (`while True:`) and pass `steps_per_epoch=`, or pass a "
                "`PyDataset`, which can be read again.",
            )
        return explain("The data gave no batch.", given=given, expected="at least one batch")


def _size(item: Block | Batch) -> int:
    return item.nbytes if isinstance(item, Block) else nbytes(item)


def _parts(raw: Data) -> tuple[Data, Data, Data]:
    """`(x, y, sample_weight)` of what a stream gave."""
    if not isinstance(raw, (list, tuple)):
        return raw, None, None
    if not 1 <= len(raw) <= 3:
        raise BadData(
            "It is not a batch.",
            given=f"a {type(raw).__name__} of {len(raw)} items",
            expected="(x,), (x, y) or (x, y, sample_weight)",
            fix="put several inputs into a tuple or dict of their own: `((a, b, c, d), y)`.",
        )
    x, y, weight = (*raw, None, None)[:3]
    return x, y, weight


def _count_batches(data: Data) -> tuple[int | None, bool]:
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
