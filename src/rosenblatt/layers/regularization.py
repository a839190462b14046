"""Layers against overfitting: dropout in its kinds, and a penalty on activity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt import regularizers
from rosenblatt.core import config
from rosenblatt.core.checks import Check, number
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, Config, Shapes, Tree
from rosenblatt.layers.activation import Elementwise
from rosenblatt.layers.arguments import DATA_FORMAT, POSITIVE, SEED
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.noise import BELOW_ONE, Noise, in_type_of
from rosenblatt.layers.spec import InputSpec

NOISE_SHAPE = Check(
    lambda value: (
        value is None
        or (
            isinstance(value, Sequence)
            and not isinstance(value, str)
            and all(size is None or POSITIVE.fits(size) for size in value)
        )
    ),
    "a tuple of positive integers and None, one for each axis",
    lambda value: None if value is None else tuple(value),
    ["ab", 3, (0, 1), (1.5,)],
)


@family.entry()
class Dropout(Noise):
    """In training, sets inputs to 0 with probability `rate` and scales the rest by 1/(1 − rate).

    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.

    Args:
        rate: the probability, 0 ≤ rate ≤ 1. It is an argument of compiled programs: changing it
            compiles nothing, except between 0 and more than 0.
        noise_shape: shape of the mask, where axes are to be dropped together: for each axis None
            (its size) or 1.
        seed: seed of the masks.

    Raises:
        ValueError: a rate outside [0, 1]; a `noise_shape` that is not a list of sizes.

    >>> import numpy as np
    >>> Dropout(0.5)(np.ones((1, 3), "float32"))
    Array([[1., 1., 1.]], dtype=float32)
    """

    rate: float = setting(number(0, 1), role=NUMBER)
    noise_shape: Sequence[int | None] | None = setting(NOISE_SHAPE, default=None)
    seed: int | None = SEED

    def disturb(self, inputs: Tree, strength: Array, key: Array) -> Any:
        """The inputs, some of them 0."""
        return dropped(inputs, strength, key, _mask_shape(self, self.noise_shape, inputs.shape))


def dropped(inputs: Tree, rate: Any, key: Array, shape: Sequence[int]) -> Any:
    """Inputs, 0 with a probability and scaled otherwise, with a mask of a shape."""
    keep = 1.0 - in_type_of(inputs, rate)
    mask = jax.random.bernoulli(key, keep.astype(jnp.float32), shape)
    divisor = jnp.where(keep == 0, 1.0, keep)  # for a gradient of 0, not NaN, at rate 1
    if jnp.issubdtype(inputs.dtype, jnp.inexact):
        divisor = divisor.astype(inputs.dtype)
    return jnp.where(mask, inputs / divisor, jnp.zeros((), inputs.dtype)).astype(inputs.dtype)


class SpatialDropout(Dropout):
    """Drops whole features: at all places of an instance together.

    Tompson et al., "Efficient object localization using convolutional networks", 2014.
    """

    axes = 1  # of places: steps, or rows and columns, or three
    rate: float = setting(number(0, 1), role=NUMBER)
    data_format: str | None = DATA_FORMAT
    seed: int | None = SEED
    noise_shape = None
    __argument_order__ = ("name", "dtype")

    def __post_init__(self) -> None:
        """A mask has one value for each feature of an instance."""
        super().__post_init__()
        together, last = (1,) * self.axes, self.data_format == "channels_last"
        self.noise_shape = (None, *together, None) if last else (None, None, *together)
        self.input_spec = InputSpec(ndim=self.axes + 2)

    def get_config(self) -> Config:
        """The arguments that make an equal layer, those that Keras writes."""
        return {**self.own_config(), "name": self.name, "dtype": self.dtype_policy.name}


@family.entry()
class SpatialDropout1D(SpatialDropout):
    """Dropout of whole features of sequences: inputs of shape (batch, steps, features).

    Args:
        rate: the probability, 0 ≤ rate ≤ 1.
        seed: seed of the masks.

    Raises:
        ValueError: a rate outside [0, 1]; inputs of another rank.

    >>> import numpy as np
    >>> kept = SpatialDropout1D(0.5)(np.ones((8, 2, 3), "float32"), training=True)
    >>> bool((kept[:, 0] == kept[:, 1]).all())
    True
    """

    data_format = "channels_last"


@family.entry()
class SpatialDropout2D(SpatialDropout):
    """Dropout of whole features of images: inputs of shape (batch, rows, columns, features).

    Args:
        rate: the probability, 0 ≤ rate ≤ 1.
        data_format: "channels_last", or "channels_first" for features before rows.
        seed: seed of the masks.

    Raises:
        ValueError: a rate outside [0, 1]; another format; inputs of another rank.
    """

    axes = 2


@family.entry()
class SpatialDropout3D(SpatialDropout):
    """Dropout of whole features of volumes: inputs of shape (batch, x, y, z, features).

    Args:
        rate: the probability, 0 ≤ rate ≤ 1.
        data_format: "channels_last", or "channels_first" for features before the volume's axes.
        seed: seed of the masks.

    Raises:
        ValueError: a rate outside [0, 1]; another format; inputs of another rank.
    """

    axes = 3


@family.entry()
class AlphaDropout(Noise):
    """Dropout that keeps mean and variance of SELU's outputs: dropped ones get SELU's lowest value.

    a (x or α′) + b with α′ = −αλ of SELU, a = ((1 − p)(1 + p α′²))^(−½), b = −a α′ p. Klambauer et
    al., "Self-normalizing neural networks", 2017.

    Args:
        rate: the probability p, 0 ≤ p < 1; an argument of compiled programs.
        noise_shape: shape of the mask, where axes are to be dropped together.
        seed: seed of the masks.

    Raises:
        ValueError: a rate outside [0, 1).

    >>> import numpy as np
    >>> AlphaDropout(0.5)(np.ones((1, 3), "float32"))
    Array([[1., 1., 1.]], dtype=float32)
    """

    rate: float = setting(BELOW_ONE, role=NUMBER)
    noise_shape: Sequence[int | None] | None = setting(NOISE_SHAPE, default=None)
    seed: int | None = SEED

    def disturb(self, inputs: Tree, strength: Array, key: Array) -> Any:
        """The inputs, some of them at SELU's lowest value, all moved back to SELU's moments."""
        lowest = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946
        shape = _mask_shape(self, self.noise_shape, inputs.shape)
        kept = jax.random.uniform(key, shape, config.floatx()) >= strength
        rate = in_type_of(inputs, strength)
        factor = ((1 - rate) * (1 + rate * lowest**2)) ** -0.5
        shift = (factor * lowest * rate).astype(inputs.dtype)
        return factor.astype(inputs.dtype) * jnp.where(kept, inputs, lowest) - shift


@family.entry()
class ActivityRegularization(Elementwise):
    """Passes its inputs on and adds l1 · Σ|x| + l2 · Σx², divided by the rows, to the loss.

    Args:
        l1: factor of the absolute values, 0 or more.
        l2: factor of the squares, 0 or more.

    Both are arguments of compiled programs: changing one compiles nothing, except between 0 and
    more than 0.

    Raises:
        ValueError: a factor that is negative or not finite.

    >>> import numpy as np
    >>> layer = ActivityRegularization(l2=0.5)
    >>> _ = layer(np.array([[1.0, 2.0], [3.0, 0.0]], "float32"))
    >>> layer.losses
    [Array(3.5, dtype=float32)]
    """

    l1: float = setting(number(0), default=0.0, role=NUMBER)
    l2: float = setting(number(0), default=0.0, role=NUMBER)

    def __post_init__(self) -> None:
        """The penalty is a regularizer's."""
        self.activity_regularizer = regularizers.L1L2(l1=self.l1, l2=self.l2)

    def call(self, inputs: Tree) -> Any:
        """The inputs."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        config = super().get_config()
        return {k: v for k, v in config.items() if k != "activity_regularizer"}


def _mask_shape(layer: Layer, noise: Any, shape: Shapes) -> tuple[int, ...]:
    """The shape of a mask for inputs of a shape.

    Raises:
        ValueError: the noise shape does not fit.
    """
    if noise is None:
        return tuple(shape)
    if len(noise) != len(shape) or any(
        n not in (None, 1, s) for n, s in zip(noise, shape, strict=True)
    ):
        raise BadArgument(
            f"Layer {layer.name!r} ({type(layer).__name__}): `noise_shape` does not fit the "
            "inputs.",
            given=f"noise_shape {noise}, inputs of shape {tuple(shape)}",
            expected="for each axis: None, 1 or its size",
        )
    return tuple(s if n is None else n for n, s in zip(noise, shape, strict=True))
