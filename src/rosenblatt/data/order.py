"""The order in which the rows of an epoch come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import draw_seed

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
        if not callable(shuffle) and shuffle not in (True, False, "batch"):
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
