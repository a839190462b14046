"""Discretization: numbers on a scale to bins."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core.checks import Check, number, optional
from rosenblatt.core.errors import BadArgument, NotFitted
from rosenblatt.core.refusing import refusing
from rosenblatt.core.settings import setting
from rosenblatt.core.symbolic import infer_outputs, tree_leaves
from rosenblatt.core.types import Array, ArrayLike, Tree
from rosenblatt.data.reading import is_stream
from rosenblatt.data.rows import read_finite
from rosenblatt.layers.arguments import POSITIVE
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.preprocessing.arguments import DENSE, modes
from rosenblatt.layers.preprocessing.encoding import encoded

_BOUNDARIES = Check(
    lambda value: value is None or sorted(np.ravel(value).tolist()) == np.ravel(value).tolist(),
    "numbers in rising order",
    lambda value: None if value is None else np.ravel(value).tolist(),
    [[2.0, 1.0]],
)


@family.entry()
class Discretization(Layer):
    """Numbers to the bins between boundaries: bin i holds bᵢ₋₁ ≤ x < bᵢ, the outer ones are open.

    Args:
        bin_boundaries: the boundaries, in rising order.
        num_bins: how many bins of about equally many values `adapt(data)` shall make, instead.
        epsilon: how far a bin's share may be off; a summary of about 1 / epsilon values is kept of
            the data.
        output_mode: "int"; "one_hot"; or, one vector for the last axis, "multi_hot", "count".
        sparse: must be False.
        dtype: dtype of the vectors.

    Raises:
        ValueError: both or none of `bin_boundaries` and `num_bins`; a value out of range.

    >>> Discretization(bin_boundaries=[0.0, 1.0])(np.array([[-1.5, 0.0, 3.4]]))
    Array([[0, 1, 2]], dtype=int32)
    """

    bin_boundaries: Any = setting(_BOUNDARIES, default=None)
    num_bins: int | None = setting(optional(POSITIVE), default=None)
    epsilon: float = setting(
        number(above=0, below=1, expected="a number between 0 and 1"), default=0.01
    )
    output_mode: str = setting(modes("int", "one_hot", "multi_hot", "count"), default="int")
    sparse: bool = DENSE
    __argument_order__ = ("dtype", "name")

    def __post_init__(self) -> None:
        """Boundaries are given, or a number of bins."""
        if (self.num_bins is None) == (self.bin_boundaries is None):
            raise BadArgument(
                "Discretization: give exactly one of `bin_boundaries` and `num_bins`.",
                given=f"bin_boundaries={self.bin_boundaries}, num_bins={self.num_bins}",
            )
        self.autocast = False  # a number and a boundary may be one in 16 bits
        self.summary = np.zeros((2, 0), "float32")

    @refusing("`adapt`")
    def adapt(self, data: Tree, steps: int | None = None) -> None:
        """Learn boundaries from the quantiles of data.

        Args:
            data: an array, frame or column, or an iterable of batches of them.
            steps: how many batches of an iterable to read; all if None.

        Raises:
            ValueError: the boundaries were given; NaN, text or no values in the data.
        """
        if self.num_bins is None:
            raise BadArgument(
                f"{self._where} was given its boundaries.",
                fix="make it with `num_bins=` to use `adapt`.",
            )
        self.reset_state()
        if is_stream(data):
            for batch in itertools.islice(data, steps):
                self.update_state(batch)
        else:
            self.update_state(data)
        self.finalize_state()

    def update_state(self, data: ArrayLike) -> None:
        """Take a batch into account."""
        for array in tree_leaves(read_finite(data, "data")):
            new = _summary(np.sort(array.astype("float32"), axis=None), self.epsilon)
            both = np.concatenate([new, self.summary], axis=1)
            both = both[:, np.argsort(both[0], kind="stable")]
            self.summary = _compressed(both, self.epsilon)

    def finalize_state(self) -> None:
        """Make the boundaries of what was seen."""
        if self.num_bins is not None and self.summary.size:
            self.bin_boundaries = _compressed(self.summary, 1 / self.num_bins)[0, :-1].tolist()

    @property
    def output_dtype(self) -> str:
        """The dtype of what it gives."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def reset_state(self) -> None:
        """Forget what was seen."""
        self.summary = np.zeros((2, 0), "float32")

    def call(self, inputs: Tree) -> Any:
        """The bins of numbers.

        Raises:
            ValueError: there are no boundaries yet.
        """
        if self.bin_boundaries is None:
            raise NotFitted(
                f"{self._where} has no boundaries yet.",
                fix="call `layer.adapt(data)` first, or give `bin_boundaries=`.",
            )
        bounds = jnp.asarray(np.asarray(self.bin_boundaries, "float32"))
        bins = jnp.searchsorted(bounds, jnp.asarray(inputs), side="right")
        return self._in_mode(bins, len(self.bin_boundaries) + 1)

    def _in_mode(self, bins: Array, count: int) -> Array:
        if self.output_mode == "int":
            return bins.astype("int32")
        return encoded(bins, self.output_mode, count, self.compute_dtype)

    def compute_output_spec(self, inputs: Tree) -> Any:
        """The symbolic outputs; before `adapt`, for as many bins as it shall make."""
        if self.bin_boundaries is not None or self.num_bins is None:
            return super().compute_output_spec(inputs)
        count = self.num_bins
        return infer_outputs(
            lambda x: self._in_mode(jnp.zeros(x.shape, "int32"), count), (inputs,), {}
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, and the boundaries it has learned."""
        return {**self.own_config(), "name": self.name, "dtype": self.dtype_policy.name}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """The layer of a config, with the boundaries it had learned; it holds no custom objects."""
        learned = config.get("bin_boundaries")
        if config.get("num_bins") is None:
            return super().from_config(config)
        layer = super().from_config({**config, "bin_boundaries": None})
        layer.bin_boundaries = learned
        return layer

    def save_own_variables(self, store: Any) -> None:
        """Nothing: its boundaries are in the config."""

    def load_own_variables(self, store: Any) -> None:
        """Nothing: its boundaries are in the config."""


def _summary(values: np.ndarray, epsilon: float) -> np.ndarray:
    """About 1 / epsilon of sorted values, and how many values each stands for: (2, n)."""
    step = max(values.size * epsilon, 1.0)
    chosen = values[int(step - 1) :: int(step)]
    return np.stack([chosen, np.full_like(chosen, step)])


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """A summary at steps of epsilon of the values' total, where it has more than 1 / epsilon."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    total = np.cumsum(summary[1])
    reached = total / total[-1]
    values = np.interp(shares, reached, summary[0])
    weights = np.diff(np.interp(shares, reached, total), prepend=0)
    return np.stack([values, weights]).astype("float32")
