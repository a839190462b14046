"""Codes of categories, one column each, as one-hot vectors or as trained vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import FIRST_VALUE, setting
from rosenblatt.core.types import Array, Shapes, Tree
from rosenblatt.initializers.random import RandomNormal
from rosenblatt.layers.arguments import CONSTRAINT, POSITIVE, REGULARIZER, initializer
from rosenblatt.layers.base import Layer
from rosenblatt.layers.tabular.arguments import COLUMNS, SIZES, chosen_columns


def known_codes(inputs: Any, columns: list[int] | None, sizes: Sequence[int]) -> Any:
    """The codes of some columns, int32; one outside 0 … size − 1 counts as 0, "unseen"."""
    read = jnp.asarray(inputs).astype("int32")
    read = read if columns is None else read[..., np.array(columns)]
    return jnp.where((read >= 0) & (read < np.array(sizes)), read, 0)


@builtin("rosenblatt.layers")
class OneHotColumns(Layer):
    """Columns of codes as one-hot vectors, side by side.

    Args:
        sizes: how many codes each column has, 0 among them: what is missing, rare or unseen.
        columns: the columns it reads, by number; all if None.

    Inputs: integers (batch, …, columns). A code outside 0 … size − 1 counts as 0. Outputs:
    (batch, …, sum of `sizes`).

    Raises:
        ValueError: sizes that are not positive; a different number of columns.

    >>> OneHotColumns([2, 3])(np.array([[1, 2], [0, 7]]))
    Array([[0., 1., 0., 0., 1.],
           [1., 0., 1., 0., 0.]], dtype=float32)
    """

    sizes: Sequence[int] = setting(SIZES)
    columns: Any = COLUMNS
    supports_masking = True

    def __post_init__(self) -> None:
        """Codes stay as they are: 257 and 258 are one in bfloat16."""
        self.autocast = False

    def build(self, input_shape: Shapes) -> None:
        """Look for the columns."""
        chosen_columns(self._where, self.columns, tuple(input_shape), len(self.sizes))

    def call(self, inputs: Tree) -> Array:
        """The vectors."""
        column = np.repeat(np.arange(len(self.sizes)), self.sizes)
        value = np.concatenate([np.arange(size) for size in self.sizes])
        codes = known_codes(inputs, self.columns, self.sizes)
        return (codes[..., column] == value).astype(self.compute_dtype)


@builtin("rosenblatt.layers")
class ColumnEmbedding(Layer):
    """Columns of codes as trained vectors, side by side: a table for each column.

    Args:
        sizes: how many codes each column has, 0 among them: what is missing, rare or unseen.
        dim: size of a vector.
        columns: the columns it reads, by number; all if None.
        groups: how many networks side by side have vectors of their own (see `MemberInputs`).
        embeddings_initializer: initial vectors; normal with deviation 0.3 by default.
        embeddings_regularizer: penalty on the vectors.
        embeddings_constraint: projection of the vectors after each update.

    Inputs: integers (batch, columns). A code outside 0 … size − 1 counts as 0. Outputs:
    (batch, columns · dim); with more than one group (batch, groups, columns · dim).

    Raises:
        ValueError: sizes that are not positive; a different number of columns.

    >>> layer = ColumnEmbedding([2, 3], dim=4)
    >>> layer(np.array([[1, 2], [0, 7]])).shape
    (2, 8)
    """

    sizes: Sequence[int] = setting(SIZES)
    dim: int = setting(POSITIVE)
    columns: Any = COLUMNS
    groups: int = setting(POSITIVE, default=1)
    embeddings_initializer: Any = setting(
        initializer("zeros").check, default=None, role=FIRST_VALUE
    )
    embeddings_regularizer: Any = REGULARIZER
    embeddings_constraint: Any = CONSTRAINT
    supports_masking = True

    def __post_init__(self) -> None:
        """Codes stay as they are, see above; settle the first values."""
        self.autocast = False
        if self.embeddings_initializer is None:
            self.embeddings_initializer = RandomNormal(stddev=0.3)

    def build(self, input_shape: Shapes) -> None:
        """Create the tables of all columns, one below the other: (groups, sum of sizes, dim)."""
        chosen_columns(self._where, self.columns, tuple(input_shape), len(self.sizes))
        self.embeddings = self.add_own_weight(
            "embeddings",
            (self.groups, sum(self.sizes), self.dim),
            autocast=False,  # the vectors are cast, not the table
        )

    def call(self, inputs: Tree) -> Array:
        """The vectors of the codes."""
        starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype("int32")
        places = known_codes(inputs, self.columns, self.sizes) + starts
        table = self.embeddings.value
        if self.groups == 1:
            found = jnp.take(table[0], places, axis=0)
        else:
            found = jnp.moveaxis(jnp.take(table, places, axis=1), 0, 1)
        joined = (*found.shape[:-2], found.shape[-2] * self.dim)
        return found.reshape(joined).astype(self.compute_dtype)
