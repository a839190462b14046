"""Normalization: a layer that learns the data's mean and variance before training."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.checks import Check, anything, converted, is_whole
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.refusing import refusing
from rosenblatt.core.settings import setting
from rosenblatt.core.types import ArrayLike, Config, Shapes, Tree
from rosenblatt.data.precision import far_columns
from rosenblatt.data.rows import read_finite
from rosenblatt.layers.arguments import as_tuple
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.spec import InputSpec

_AXIS = Check(
    lambda axis: axis is None or all(is_whole(one) for one in as_tuple(axis)),
    "an integer, integers or None",
    lambda axis: () if axis is None else as_tuple(axis),
    ["1", 1.5],
)
_STATISTIC = converted(
    lambda value: None if value is None else np.asarray(value, "float32"), "numbers, or None"
)


class NormalizationArguments(Layer):
    """The arguments of `Normalization`, whose statistics are attributes of the same names."""

    axis: Any = setting(_AXIS, default=-1)
    mean: Any = setting(_STATISTIC, default=None, attribute="input_mean")
    variance: Any = setting(_STATISTIC, default=None, attribute="input_variance")
    invert: bool = setting(anything, default=False)


@family.entry()
class Normalization(NormalizationArguments):
    """Shifts and scales inputs to mean 0 and standard deviation 1: (x − μ) / max(σ, ε).

    μ and σ² come from `adapt(data)` or are given.

    Args:
        axis: axes that keep statistics of their own; the last by default, None for one μ and σ
            for everything.
        mean, variance: given statistics, both or neither.
        invert: compute x σ + μ instead.

    Raises:
        ValueError: only one of `mean` and `variance`; `adapt` where they are given.

    >>> layer = Normalization()
    >>> layer.adapt(np.array([[1.0], [3.0]]))
    >>> layer(np.array([[3.0]], "float32"))
    Array([[1.]], dtype=float32)
    """

    supports_masking = True

    def __post_init__(self) -> None:
        """Statistics are given together, in shapes that fit."""
        if (self.input_mean is None) != (self.input_variance is None):
            raise BadArgument(
                "Normalization: `mean` and `variance` go together.",
                given=f"mean={self.input_mean}, variance={self.input_variance}",
                fix="give both, or neither and call `adapt(data)`.",
            )
        if self.input_mean is not None:
            self._check_given()
        self.autocast = False  # inputs far from zero would lose their differences

    def _check_given(self) -> None:
        assert self.input_mean is not None
        assert self.input_variance is not None
        shapes = self.input_mean.shape, self.input_variance.shape
        if shapes[0] != shapes[1] or len(shapes[0]) > len(self.axis):
            raise BadArgument(
                "Normalization: `mean` and `variance` do not fit.",
                given=f"shapes {shapes[0]} and {shapes[1]}, axis {self.axis}",
                expected=f"equal shapes of rank {len(self.axis)} (one for each axis) or less",
            )

    def build(self, input_shape: Shapes) -> None:
        """Create mean, variance and count, one number per feature kept apart."""
        rank = len(input_shape)
        bad = [a for a in self.axis if not -rank <= a < rank]
        if bad:
            raise BadArgument(
                f"{self._where}: axis {bad[0]} does not exist.",
                given=f"input shape {tuple(input_shape)}",
                expected=f"an axis from {-rank} to {rank - 1}",
            )
        self._keep = tuple(sorted(a % rank for a in self.axis))
        if any(input_shape[a] is None for a in self._keep):
            raise BadArgument(
                f"{self._where}: the size of a kept axis is unknown.",
                given=f"axis {self.axis} of input shape {tuple(input_shape)}",
            )
        self._rank = rank
        shape = tuple(input_shape[a] for a in self._keep)
        if self.input_mean is not None:
            given = self.input_mean.shape
            wanted = shape[len(shape) - len(given) :]
            if any(g not in (1, w) for g, w in zip(given, wanted, strict=True)):
                raise BadArgument(
                    f"{self._where}: the given mean does not fit the inputs.",
                    given=f"mean of shape {given}, inputs of shape {tuple(input_shape)}",
                    expected=f"a mean of shape {shape}",
                )
        else:
            for name, start in (("mean", "zeros"), ("variance", "ones")):
                weight = self.add_weight(
                    shape, start, trainable=False, name=name, dtype="float32", autocast=False
                )
                setattr(self, f"adapt_{name}", weight)
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
        if self._keep:
            # Inputs may have more axes in front, as steps of the rows that `adapt` saw.
            axes = {a - rank: input_shape[a] for a in self._keep if a > 0}
            self.input_spec = InputSpec(min_ndim=rank, axes=axes)

    @property  # type: ignore[misc]
    def mean(self) -> Any:
        """μ, shaped to broadcast over the inputs."""
        if self.input_mean is not None:
            return self._spread(self.input_mean)
        return self._spread(self.adapt_mean.value) if self.built else None

    @mean.setter
    def mean(self, value: ArrayLike | None) -> None:
        self._set("mean", value)

    @property  # type: ignore[misc]
    def variance(self) -> Any:
        """σ², shaped to broadcast over the inputs."""
        if self.input_variance is not None:
            return self._spread(self.input_variance)
        return self._spread(self.adapt_variance.value) if self.built else None

    @variance.setter
    def variance(self, value: ArrayLike | None) -> None:
        self._set("variance", value)

    def _set(self, name: str, value: ArrayLike | None) -> None:
        """Take a statistic in place of the one that was given or learned."""
        if value is None:
            return
        if getattr(self, f"input_{name}") is not None:
            shape = getattr(self, f"input_{name}").shape
            setattr(self, f"input_{name}", np.asarray(value, "float32").reshape(shape))
        elif self.built:
            weight = getattr(self, f"adapt_{name}")
            weight.assign(np.asarray(value, "float32").reshape(weight.shape))
        else:
            raise BadArgument(
                f"{self._where}: `{name}` is set before the layer is built.",
                fix="give `mean=` and `variance=` when you make it, or build it first.",
            )

    def _spread(self, value: Any) -> Any:
        if not self.built or not value.ndim:
            return value
        shape = [1] * self._rank
        for axis, size in zip(self._keep[-value.ndim :], value.shape, strict=True):
            shape[axis] = size
        # On the host: beside training, a program for it would wait for the one that runs.
        return (value if isinstance(value, jax.core.Tracer) else np.asarray(value)).reshape(shape)

    @refusing("`adapt`")
    def adapt(self, data: Tree) -> None:
        """Learn mean and variance from data.

        Args:
            data: an array or frame of rows, or an iterable of batches of them.

        Raises:
            ValueError: the statistics were given; NaN, text or no rows in the data.
        """
        if self.input_mean is not None:
            raise BadArgument(
                f"{self._where} was given its mean and variance.",
                fix="make it without them to use `adapt`.",
            )
        total = 0
        mean = variance = np.zeros(())
        for batch in _batches_of(data, has_axis=bool(self.axis)):
            if not self.built:
                self.build((None, *batch.shape[1:]))
            kept = [a - self._rank + batch.ndim for a in self._keep]
            axes = tuple(i for i in range(batch.ndim) if i not in kept)
            if isinstance(self.input_spec, InputSpec):
                self.input_spec.check(batch, self._where)
            count = math.prod(batch.shape[a] for a in axes)
            batch_mean = np.mean(batch, axes, dtype="float64")
            batch_variance = np.var(batch, axes, dtype="float64")
            # The parallel form of Chan, Golub & LeVeque (1979): exact over batches of any sizes.
            share = count / (total + count)
            shift = batch_mean - mean
            variance = (1 - share) * variance + share * batch_variance
            variance = variance + share * (1 - share) * shift**2
            mean = mean + share * shift
            total += count
        if not total:
            raise BadArgument(f"{self._where}: `adapt` got no rows of data.")
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)
        self.count.assign(min(total, np.iinfo("int32").max))

    def finalize_state(self) -> None:
        """Nothing is left to do: the statistics are read where they are used (Keras's name)."""

    def __call__(self, inputs: Tree, *args: Any, **kwargs: Any) -> Any:
        """The layer on a tensor; on arrays of 64 bits far from zero, before they are rounded."""
        if not (self.built and isinstance(inputs, np.ndarray) and far_columns(inputs)):
            return super().__call__(inputs, *args, **kwargs)
        mean, deviation = (np.asarray(v, "float64") for v in (self.mean, self.variance))
        deviation = np.maximum(np.sqrt(deviation), config.epsilon())
        wide = inputs.astype("float64")
        found = mean + wide * deviation if self.invert else (wide - mean) / deviation
        return jnp.asarray(found.astype(self.compute_dtype))

    def call(self, inputs: Tree) -> Any:
        """(inputs − μ) / max(σ, ε), or its inverse."""
        # In 16 bits a variance over 65,504 is infinite: only the result is cast.
        x = inputs.astype(jnp.promote_types(self.compute_dtype, "float32"))
        mean = jnp.asarray(self.mean, x.dtype)
        deviation = jnp.maximum(jnp.sqrt(jnp.asarray(self.variance, x.dtype)), config.epsilon())
        found = mean + x * deviation if self.invert else (x - mean) / deviation
        return found.astype(self.compute_dtype)

    def get_config(self) -> Config:
        """The arguments that make an equal layer."""
        config = super().get_config()
        given = {"mean": self.input_mean, "variance": self.input_variance}
        return {**config, **{k: None if v is None else v.tolist() for k, v in given.items()}}


def _batches_of(data: ArrayLike, has_axis: bool) -> Iterator[np.ndarray]:
    """The batches of an array, a frame, a list of rows, or an iterable of (x, …) or x."""
    if data is None:
        raise BadArgument("Normalization: `adapt` got None.", expected="an array of rows")
    rows_in_lists = isinstance(data, list) and not (data and np.ndim(data[0]) > 1)
    if hasattr(data, "__array__") or hasattr(data, "columns") or rows_in_lists:
        batches: Iterable[Any] = (data,)
    elif isinstance(data, Iterable):
        batches = (b[0] if isinstance(b, (tuple, list)) else b for b in data)
    else:
        batches = (data,)
    for batch in batches:
        array = read_finite(batch, "data")
        if isinstance(batch, np.ndarray) and far_columns(batch):
            array = batch  # the statistics are found before anything is rounded
        yield array[:, None] if array.ndim == 1 and has_axis else array
