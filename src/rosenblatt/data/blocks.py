"""Blocks: batches stacked into arrays of one shape, the unit that a program works through."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from rosenblatt.core.types import Tree

BLOCK_BYTES = 4 << 20
_MOST_BATCHES = 512
_ALIGNMENT = 64


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

    arrays: Tree
    n_rows: int
    n_batches: int
    batch_size: int

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return nbytes(self.arrays)


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
