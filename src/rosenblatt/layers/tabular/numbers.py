"""Numbers with gaps: a smooth limit for outliers, and a mark for what is missing."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import number
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, Shapes, Tree
from rosenblatt.layers.activation import Elementwise
from rosenblatt.layers.affine import at_least_float32
from rosenblatt.layers.base import Layer
from rosenblatt.layers.tabular.arguments import COLUMNS, chosen_columns


@builtin("rosenblatt.layers")
class SmoothClip(Elementwise):
    """x / √(1 + (x / limit)²): nearly x around zero, never beyond ± limit. What is missing is 0.

    An outlier keeps its side and its order and loses its weight. Columns are brought to a median of
    0 and a spread of 1 beforehand, so that 0 is the usual value.

    Args:
        limit: the bound; an argument of compiled programs.

    Inputs: numbers of any shape, NaN where one is missing. Outputs: the same shape.

    Raises:
        ValueError: a limit that is not positive.

    Reference: D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by default: strong pre-tuned
    MLPs and boosted trees on tabular data", 2024.

    >>> import numpy as np
    >>> SmoothClip(3.0)(np.array([0.0, 4.0, np.inf, np.nan]))
    Array([0. , 2.4, 3. , 0. ], dtype=float32)
    """

    limit: float = setting(number(above=0), default=3.0, role=NUMBER)
    takes_nan = True

    def __post_init__(self) -> None:
        """Numbers are limited before they are rounded to a short type."""
        self.autocast = False

    def call(self, inputs: Tree) -> Any:
        """The function of the inputs."""
        x = at_least_float32(inputs)
        limit = self.parameter("limit")
        share = jnp.where(jnp.isnan(x), 0.0, x) / limit
        # Far from zero by the inverse, whose square does not overflow.
        near = jnp.abs(share) <= 1
        inside = jnp.where(near, share, 0.0)
        inverse = 1 / jnp.where(near, 1.0, share)
        far = jnp.sign(share) / jnp.sqrt(1 + inverse**2)
        found = jnp.where(near, inside / jnp.sqrt(1 + inside**2), far)
        return (limit * found).astype(self.compute_dtype)


@builtin("rosenblatt.layers")
class MissingIndicator(Layer):
    """1 where a number is missing (NaN), else 0.

    Args:
        columns: the columns that get a mark, by number; all if None.

    Inputs: numbers (batch, …, columns), NaN where one is missing. Outputs: (batch, …, number of
    marked columns).

    Raises:
        ValueError: a column that the inputs do not have.

    >>> import numpy as np
    >>> MissingIndicator(columns=[1])(np.array([[1.0, np.nan], [np.nan, 2.0]]))
    Array([[1.],
           [0.]], dtype=float32)
    """

    columns: Any = COLUMNS
    supports_masking = True
    takes_nan = True

    def __post_init__(self) -> None:
        """NaN is NaN in every type: inputs stay as they are."""
        self.autocast = False

    def build(self, input_shape: Shapes) -> None:
        """Look for the columns."""
        chosen_columns(self._where, self.columns, tuple(input_shape))

    def call(self, inputs: Tree) -> Array:
        """The marks."""
        read = inputs if self.columns is None else inputs[..., jnp.array(self.columns)]
        return jnp.isnan(read).astype(self.compute_dtype)
