"""Batches of a stream grouped into blocks."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from typing import Any

import jax
import numpy as np

from rosenblatt.core.types import Tree
from rosenblatt.data.contract import (
    Block,
    aligned_empty,
    batches_per_block,
    nbytes,
    rows_of,
    shapes_of,
)

PATIENCE = 0.1
"""Seconds after which a block is given on although it is not full."""


def grouped(
    batches: Generator[Tree, None, None],
    most: int,
    block_bytes: int,
    sizes: dict[Any, int],
    patience: float = PATIENCE,
    filled: bool = True,
) -> Generator[Block, None, None]:
    """Group consecutive batches into blocks.

    A batch smaller than those before it ends its block, as a partial batch; a larger one, or one
    of another shape, begins a block.

    Args:
        batches: nests of arrays of as many rows.
        most: batches of a block.
        block_bytes: about how large a block is.
        sizes: the most rows of a batch so far, by its shapes; noted here for the next pass.
        patience: seconds after which a block is given on although it is not full.
        filled: whether smaller batches are filled up; they begin a block of their own if not.
    """
    block: _OpenBlock | None = None
    begun = time.monotonic()
    with closing(batches):
        for batch in batches:
            rows, shapes = rows_of(batch), shapes_of(batch)
            if block is not None and (
                shapes != block.shapes
                or rows > block.batch_size
                or (rows < block.batch_size and not filled)
            ):
                yield block.close()
                block, begun = None, time.monotonic()
            if block is None:
                sizes[shapes] = max(rows, sizes.get(shapes, 0))
                size = sizes[shapes] if filled else rows
                block = _OpenBlock(batch, size, most, block_bytes)
            block.add(batch)
            full = block.n_batches == block.capacity
            late = time.monotonic() - begun > patience
            if full or late or rows < block.batch_size:
                yield block.close()
                block, begun = None, time.monotonic()
        if block is not None:
            yield block.close()


class _OpenBlock:
    """A block that batches are being copied into.

    Args:
        batch: the first of them, for its shapes.
        batch_size: the most rows of a batch.
        most, block_bytes: see `grouped`.
    """

    def __init__(self, batch: Tree, batch_size: int, most: int, block_bytes: int):
        self.shapes = shapes_of(batch)
        self.batch_size = batch_size
        per_batch = nbytes(batch) // rows_of(batch) * batch_size
        self.capacity = min(most, batches_per_block(per_batch, block_bytes))
        self.n_rows = self.n_batches = 0
        rows = self.capacity * batch_size
        self.arrays = jax.tree_util.tree_map(
            lambda a: aligned_empty((rows, *a.shape[1:]), a.dtype), batch
        )

    def add(self, batch: Tree) -> None:
        stop = self.n_rows + rows_of(batch)
        leaves = jax.tree_util.tree_leaves
        for into, array in zip(leaves(self.arrays), leaves(batch), strict=True):
            into[self.n_rows : stop] = array
        self.n_rows = stop
        self.n_batches += 1

    def close(self) -> Block:
        """The block, filled up with its last row."""

        def filled(array: np.ndarray) -> np.ndarray:
            array[self.n_rows :] = array[self.n_rows - 1]
            return array.reshape(self.capacity, self.batch_size, *array.shape[1:])

        arrays = jax.tree_util.tree_map(filled, self.arrays)
        return Block(arrays, self.n_rows, self.n_batches, self.batch_size)
