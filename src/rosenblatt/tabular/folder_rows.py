"""Encoded rows of a folder as what `fit` takes: read and encoded window by window."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.data.array_source import Shuffle, drawn_seed
from rosenblatt.data.parquet_data import ParquetData
from rosenblatt.data.parquet_folder import RowGroup
from rosenblatt.data.parquet_order import WindowedOrder
from rosenblatt.data.parquet_source import WindowedSource
from rosenblatt.data.rows import Inputs, Rows
from rosenblatt.tabular.training import Rows as Encoded
from rosenblatt.tabular.training import StoredRows

_PLACE_BYTES = 4  # of a row's place in the order

Read = Callable[[RowGroup], Iterator[Encoded]]


@dataclass(frozen=True)
class FolderRows(StoredRows):
    """Rows of a folder that are encoded when they are read.

    Args:
        data: the files, and how much memory a window takes.
        groups: the row groups, each with the number of its rows that are trained on.
        read: gives the encoded rows of a row group, in pieces.
        row_bytes: that an encoded row takes.
        digest: what changes with the files or with how they are read.
    """

    data: ParquetData
    groups: Sequence[RowGroup]
    read: Read
    row_bytes: int
    digest: str

    def __len__(self) -> int:
        return sum(group.rows for group in self.groups)

    @property
    def window_rows(self) -> int:
        """The most rows of a window."""
        return max(1, self.data.window // (self.row_bytes + _PLACE_BYTES))

    def source_of_batches(
        self,
        inputs: Inputs,
        batch_size: int | None,
        shuffle: Shuffle,
        seed: int | None,
        steps: int | None,
        class_weight: Mapping[int, float] | None,
    ) -> FolderSource:
        """A source of batches: arguments as of `data.rows.Stored`."""
        if not isinstance(shuffle, bool):
            raise BadArgument("Rows in files are mixed, or not.", given=repr(shuffle))
        mixed = shuffle and self.data.shuffle
        own = self.data.seed if self.data.seed is not None else drawn_seed(seed, mixed)
        order = WindowedOrder(self.groups, self.window_rows, mixed, own)
        if batch_size is None:
            batch_size = math.ceil(len(self) / steps) if steps else 32
        return FolderSource(self, order, inputs, batch_size, class_weight)


class FolderSource(WindowedSource):
    """Encoded rows of a folder as blocks of batches: a `Source`.

    Args:
        rows: of the folder.
        order: of them.
        inputs: how the network's inputs are read.
        batch_size, class_weight: as of `WindowedSource`.
    """

    def __init__(
        self,
        rows: FolderRows,
        order: WindowedOrder,
        inputs: Inputs,
        batch_size: int,
        class_weight: Mapping[int, float] | None = None,
    ):
        super().__init__(rows.data.folder, order, batch_size, class_weight)
        self._encoded = rows
        self._inputs = inputs

    def pieces(self, group: RowGroup) -> Iterator[Rows]:
        """The rows of a row group that are trained on, piece by piece."""
        for piece in self._encoded.read(group):
            if len(piece):
                yield self._read_as(piece)

    def first_rows(self) -> Rows:
        """The rows of the first batch in the files' order."""
        found: list[Encoded] = []
        for group in self._encoded.groups:
            found += (piece for piece in self._encoded.read(group) if len(piece))
            if sum(map(len, found)) >= self.batch_size:
                break
        return self._read_as(_joined(found).take(np.arange(min(self.batch_size, self.n_rows))))

    def _read_as(self, piece: Encoded) -> Rows:
        return Rows.of(dict(piece.inputs), piece.targets, piece.weights, self._inputs)


def _joined(pieces: Sequence[Encoded]) -> Encoded:
    """Encoded rows one below the other."""

    def below(arrays: list[Any]) -> Any:
        return np.concatenate(arrays)

    first = pieces[0]
    weights = None if first.weights is None else below([one.weights for one in pieces])
    inputs = {name: below([one.inputs[name] for one in pieces]) for name in first.inputs}
    return Encoded(inputs, below([one.targets for one in pieces]), weights)
