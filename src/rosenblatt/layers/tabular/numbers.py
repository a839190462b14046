"""Numbers with gaps: limits, sharp and smooth, for what is far, and a mark for what is missing."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core.checks import Check, number, optional, whole
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, Shapes, Tree
from rosenblatt.layers.activation import Elementwise
from rosenblatt.layers.affine import at_least_float32
from rosenblatt.layers.base import Layer
from rosenblatt.layers.spec import InputSpec
from rosenblatt.layers.tabular.arguments import COLUMNS, chosen_columns


def _are_bounds(value: Any) -> bool:
    try:
        bounds = np.asarray(value, "float64")
    except (TypeError, ValueError):
        return False
    return bool(bounds.ndim == 1 and len(bounds) and np.isfinite(bounds).all())


_BOUNDS = Check(
    _are_bounds,
    "a finite number for each column",
    lambda value: np.asarray(value, "float64"),
    [3, [], [[1.0]], "ab", [float("nan")]],
)


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
class RangeClip(Layer):
    """min(max(x, low), high): numbers beyond the bounds count as the nearer bound.

    With the bounds of the training rows a network does not go on in a straight line, however far,
    where no rows were. What is missing (NaN) stays so.

    Args:
        low, high: for each column its bounds, finite and not falling.
        columns: how many columns there are: where bounds come from a file, or are set as weights.

    Inputs: numbers (batch, …, columns). Outputs: the same shape.

    Raises:
        ValueError: bounds of different sizes, falling ones, or none; a different number of columns.

    >>> import numpy as np
    >>> RangeClip([0.0, -1.0], [10.0, 1.0])(np.array([[12.0, 0.5], [np.nan, -7.0]]))
    Array([[10. ,  0.5],
           [ nan, -1. ]], dtype=float32)
    """

    low: Any = setting(optional(_BOUNDS), default=None, attribute="_given_low", saved=False)
    high: Any = setting(optional(_BOUNDS), default=None, attribute="_given_high", saved=False)
    columns: int | None = setting(optional(whole(least=1)), default=None)
    supports_masking = True
    takes_nan = True

    def __post_init__(self) -> None:
        """How many columns there are follows from the bounds."""
        self.autocast = False  # a number and a bound may be one in 16 bits
        low, high = vars(self).pop("_given_low"), vars(self).pop("_given_high")
        sizes = {len(one) for one in (low, high) if one is not None}
        given = low is not None and high is not None
        if (low is None) != (high is None) or len(sizes | {self.columns} - {None}) != 1:
            raise BadArgument(
                f"{self._where}: give `low` and `high` of one size, or `columns` alone.",
                given=f"low={low}, high={high}, columns={self.columns}",
            )
        if given and any(a > b for a, b in zip(low, high, strict=True)):
            raise BadArgument(
                f"{self._where}: a lower bound is above its upper one.",
                given=f"low={low}, high={high}",
            )
        self.columns = sizes.pop() if given else self.columns
        self.input_spec = InputSpec(min_ndim=2, axes={-1: self.columns or 0})
        if given:
            self.build()
            self.lowest.assign(low)
            self.highest.assign(high)

    def build(self, input_shape: Shapes = None) -> None:
        """Create the bounds, float32 whatever the layer computes in."""
        if self.built:
            return
        for name in ("lowest", "highest"):
            weight = self.add_weight(
                (self.columns or 0,), "zeros", dtype="float32", trainable=False, autocast=False,
                name=name,
            )  # fmt: skip
            setattr(self, name, weight)

    def call(self, inputs: Tree) -> Array:
        """The numbers within the bounds."""
        x = at_least_float32(inputs)
        return jnp.clip(x, self.lowest.value, self.highest.value).astype(self.compute_dtype)


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
