"""PiecewiseLinearEncoding: numbers as ramps between edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core.checks import Check, optional
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Array, Shapes, Tree
from rosenblatt.layers.affine import at_least_float32
from rosenblatt.layers.base import Layer
from rosenblatt.layers.spec import InputSpec
from rosenblatt.layers.tabular.arguments import SIZES


def _are_edges(value: Any) -> bool:
    try:
        columns = [np.asarray(one, "float64") for one in value]
    except (TypeError, ValueError):
        return False
    return bool(columns) and all(
        one.ndim == 1 and len(one) > 1 and np.isfinite(one).all() and (np.diff(one) > 0).all()
        for one in columns
    )


_EDGES = Check(
    _are_edges,
    "for each column two or more numbers in rising order",
    lambda value: [np.asarray(one, "float64") for one in value],
    [3, [], [[1.0]], [[2.0, 1.0]], [1.0, 2.0], [[0.0, float("nan")]]],
)


@builtin("rosenblatt.layers")
class PiecewiseLinearEncoding(Layer):
    """Numbers as ramps: for edges e₀ < … < e_T, part t is (x − eₜ₋₁) / (eₜ − eₜ₋₁), cut at 0 and 1.

    A linear layer on top computes any function of a column that is straight between its edges:
    what a network learns of a raw number only slowly. All parts of a missing number are 0.

    Args:
        edges: for each column its edges, two or more numbers in rising order.
        bins: for each column how many parts it has, one less than its edges: where those come from
            a file, or are set as weights (first all lower edges, then all upper ones).

    Inputs: numbers (batch, …, columns), NaN where one is missing. Outputs: (batch, …, sum of
    `bins`), from 0 to 1, column after column.

    Raises:
        ValueError: neither edges nor bins, or both of different sizes; edges that do not rise; a
            different number of columns.

    Reference: Y. Gorishniy, I. Rubachev and A. Babenko, "On embeddings for numerical features in
    tabular deep learning", 2022.

    >>> layer = PiecewiseLinearEncoding([[0.0, 1.0, 3.0], [0.0, 10.0]])
    >>> layer(np.array([[2.0, 5.0], [np.nan, 12.0]]))
    Array([[1. , 0.5, 0.5],
           [0. , 0. , 1. ]], dtype=float32)
    """

    edges: Sequence[Sequence[float]] | None = setting(
        optional(_EDGES), default=None, attribute="_given_edges", saved=False
    )
    bins: Sequence[int] | None = setting(optional(SIZES), default=None)
    supports_masking = True
    takes_nan = True

    def __post_init__(self) -> None:
        """The sizes follow from the edges."""
        self.autocast = False  # a number and an edge may be one in 16 bits
        edges = vars(self).pop("_given_edges")
        sizes = None if edges is None else [len(one) - 1 for one in edges]
        if (sizes is None and self.bins is None) or (sizes and self.bins not in (None, sizes)):
            raise BadArgument(
                f"{self._where}: give `edges`, or `bins` alone.",
                given=f"{'no edges' if edges is None else f'edges for {sizes} bins'}, "
                f"bins={self.bins}",
            )
        self.bins = sizes or self.bins
        self.input_spec = InputSpec(min_ndim=2, axes={-1: len(self.bins or ())})
        if edges is not None:
            self.build()
            self.lower.assign(np.concatenate([one[:-1] for one in edges]))
            self.upper.assign(np.concatenate([one[1:] for one in edges]))

    def build(self, input_shape: Shapes = None) -> None:
        """Create the lower and upper edges of all parts, float32 whatever the layer computes in."""
        if self.built:
            return
        for name, start in (("lower", "zeros"), ("upper", "ones")):
            weight = self.add_weight(
                (sum(self.bins or ()),), start, dtype="float32", trainable=False, autocast=False,
                name=name,
            )  # fmt: skip
            setattr(self, name, weight)

    def call(self, inputs: Tree) -> Array:
        """The parts."""
        bins = self.bins or ()
        x = at_least_float32(inputs)[..., np.repeat(np.arange(len(bins)), bins)]
        lower, upper = self.lower.value, self.upper.value
        width = jnp.maximum(upper - lower, np.finfo("float32").tiny)
        parts = jnp.clip((x - lower) / width, 0.0, 1.0)
        return jnp.where(jnp.isnan(x), 0.0, parts).astype(self.compute_dtype)
