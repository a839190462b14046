"""What training asks of data: `Source`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias, TypedDict

from rosenblatt.core.errors import BadData
from rosenblatt.core.types import Tree
from rosenblatt.data.blocks import Block

# What a user passes as x, y or weights: arrays and tables of any library, lists of numbers, or a
# nest of these; as x also a stream of batches.
Data: TypeAlias = Any
# Inputs, targets, sample weights: nests of arrays of as many rows, or None.
Batch: TypeAlias = tuple[Tree, Tree, Tree]
# Brings a batch to a model; the mapping has messages that refuse what is not finite.
Intake: TypeAlias = Callable[[Batch, Mapping[str, str]], Batch]


class Position(TypedDict):
    """What the order of the rows depends on; None where a stream decides it."""

    seed: int
    rows: int | None
    batch_size: int | None


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


def check_position(now: Position, then: Position) -> None:
    """Refuse to continue with other data than those of an earlier run.

    Raises:
        ValueError: a different number of rows, or of rows in a batch.
    """
    for key, what in (("rows", "rows"), ("batch_size", "rows in a batch")):
        if now[key] != then[key]:  # type: ignore[literal-required]
            raise BadData(
                f"The run to resume had a different number of {what}.",
                given=f"{now[key]} now, {then[key]} then",  # type: ignore[literal-required]
                fix="pass the same data and batch size, or another folder to start over.",
            )
