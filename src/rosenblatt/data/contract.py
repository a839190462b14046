"""What training asks of data: a `Source`, which gives blocks of batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, Protocol, TypeAlias, TypedDict

import jax
import numpy as np

from rosenblatt.core.errors import BadData, warn_user
from rosenblatt.core.types import Tree

# What a user passes as x, y or weights: arrays and tables of any library, lists of numbers, or a
# nest of these; as x also a stream of batches.
Data: TypeAlias = Any
# Inputs, targets, sample weights: nests of arrays of as many rows, or None.
Batch: TypeAlias = tuple[Tree, Tree, Tree]
# Brings a batch to a model; the mapping has messages that refuse what is not finite.
Intake: TypeAlias = Callable[[Batch, Mapping[str, str]], Batch]


BLOCK_BYTES = 4 << 20
# Rows of the programs that a prediction is made of. Few sizes mean few programs, and one of four
# rows rounds otherwise than one of 32.
PREDICTED_ROWS = (32, 256, 2048)
_MOST_BATCHES = 512
_ALIGNMENT = 64


@dataclass(frozen=True)
class Block:
    """Some batches of one shape, stacked.

    Attributes:
        arrays: `(x, y, sample_weight)`, nests of (capacity, batch_size, …) arrays or None.
        n_rows: how many rows, counted from the first, are real. The others of the last batch hold
            copies of real rows.
        n_batches: how many batches have a real row. All of these but the last are full. The ones
            behind them are there for the shape only, and nobody reads them.
        batch_size: rows of a batch.
    """

    arrays: Tree
    n_rows: int
    n_batches: int
    batch_size: int

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return nbytes(self.arrays)


class Position(TypedDict):
    """What the order of the rows depends on; None where a stream decides it."""

    seed: int
    rows: int | None
    batch_size: int | None
    # Of rows that stay in files: a digest of these, and how many rows are mixed with each other.
    files: NotRequired[str]
    window: NotRequired[int]


class Source(Protocol):
    """Batches of `(x, y, sample_weight)`, epoch after epoch: arrays in memory, or a stream."""

    @property
    def n_batches(self) -> int | None:
        """Batches of a pass over the data; None where that is not known."""

    @property
    def batch_size(self) -> int | None:
        """Rows of a batch; None where each has a size of its own."""

    def peek(self) -> Batch:
        """The first batch, which stays where it is."""

    def whole(self, steps: int | None = None) -> Batch | None:
        """All rows at once, or those of so many batches; None of a stream."""

    def bring(self, intake: Intake) -> None:
        """Have the data checked and put into a model's structure."""

    def epoch(
        self, number: int, steps: int | None = None, done: int = 0, by_batch: bool = False
    ) -> Iterator[Block]:
        """The batches of an epoch in blocks.

        Args:
            number: of the epoch, which gives the order.
            steps: batches of an epoch, which goes on where the last one stopped; a pass if None.
            done: batches of this epoch to leave out, because an earlier run did them.
            by_batch: read no more than a batch of a stream ahead.
        """

    def once(self, steps: int | None = None, by_batch: bool = False) -> Iterator[Block]:
        """The first batches in the given order, in blocks: for an evaluation.

        Args:
            steps: how many; a pass over the data if None, and never more.
            by_batch: as of `epoch`.
        """

    def batches(self, steps: int | None = None) -> Iterator[Batch]:
        """The batches one by one, in the given order; one pass if `steps` is None."""

    def name_of(self, number: int) -> str | None:
        """A batch's name in messages, where data come batch by batch."""

    @property
    def position(self) -> Position:
        """What has to be kept to resume with these data in another process."""

    def resume(self, position: Position) -> None:
        """Continue in the order of an earlier run.

        Raises:
            ValueError: that run had other data.
        """


def warn_of_end(given: int, steps: int) -> None:
    """Say that a pass has fewer batches than were asked for.

    Args:
        given: batches that the data gave.
        steps: that were asked for.
    """
    warn_user(
        f"The data ran out after {given} of {steps} steps; the pass ends here. "
        "Give `steps_per_epoch * epochs` batches, or fewer steps.",
    )


def check_position(now: Position, then: Position) -> None:
    """Refuse to continue with other data than those of an earlier run.

    Raises:
        ValueError: a different number of rows, or of rows in a batch; other files or windows.
    """
    for key, what in (("rows", "rows"), ("batch_size", "rows in a batch")):
        _check_alike(
            f"The run to resume had a different number of {what}.",
            (now[key], then[key]),  # type: ignore[literal-required]
            "pass the same data and batch size, or another folder to start over.",
        )
    _check_alike(
        "The run to resume had other files, or files that were rewritten since.",
        (now.get("files"), then.get("files")),
        "train with the files as they were, or name another folder to start over.",
    )
    _check_alike(
        "The run to resume mixed rows in windows of another size.",
        (now.get("window"), then.get("window")),
        "pass the same `window=`, or another folder to start over.",
    )


def _check_alike(problem: str, pair: tuple[object, object], fix: str) -> None:
    now, then = pair
    if now != then:
        raise BadData(problem, given=f"{now} now, {then} then", fix=fix)


# -- arrays of blocks ----------------------------------------------------------------------------


def nbytes(tree: Tree) -> int:
    """Bytes of the arrays of a nest."""
    return sum(array.nbytes for array in jax.tree_util.tree_leaves(tree))


def rows_of(tree: Tree) -> int:
    """Rows of the arrays of a nest."""
    return len(jax.tree_util.tree_leaves(tree)[0])


def shapes_of(tree: Tree) -> tuple[Any, ...]:
    """Shapes of a row, and dtypes, of the arrays of a nest."""
    return tuple((array.shape[1:], array.dtype) for array in jax.tree_util.tree_leaves(tree))


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
