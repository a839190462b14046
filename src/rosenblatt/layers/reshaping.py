"""Layers that change shapes only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.layers.base import Layer
from rosenblatt.layers.spec import InputSpec


@builtin("keras.layers")
class Flatten(Layer):
    """Makes one axis of all but the batch: (batch, 28, 28) → (batch, 784).

    Args:
        data_format: "channels_last", or "channels_first" to move that axis to the end first.

    >>> import numpy as np
    >>> Flatten()(np.zeros((2, 28, 28))).shape
    (2, 784)
    """

    config_fields = ("data_format",)

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = data_format or "channels_last"
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        """Inputs with one axis after the batch."""
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = jnp.moveaxis(inputs, 1, -1)
        return inputs.reshape((inputs.shape[0], math.prod(inputs.shape[1:])))


@builtin("keras.layers")
class Reshape(Layer):
    """Gives the axes after the batch another shape.

    Args:
        target_shape: sizes without the batch; one may be −1.

    Raises:
        ValueError: a target of another number of elements.

    >>> import numpy as np
    >>> Reshape((4, -1))(np.zeros((2, 8))).shape
    (2, 4, 2)
    """

    config_fields = ("target_shape",)

    def __init__(self, target_shape: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        if isinstance(target_shape, int):
            target_shape = (target_shape,)
        self.target_shape = tuple(target_shape)
        if sum(size == -1 for size in self.target_shape) > 1:
            raise ValueError(
                explain(
                    "Reshape: only one size may be −1.", given=f"target_shape {self.target_shape}"
                )
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Inputs of shape (batch, *target_shape)."""
        known = math.prod(s for s in self.target_shape if s != -1)
        size = math.prod(inputs.shape[1:])
        fits = size % max(known, 1) == 0 if -1 in self.target_shape else size == known
        if not fits:
            raise ValueError(
                explain(
                    f"Layer {self.name!r} (Reshape): the sizes do not fit.",
                    given=f"input {tuple(inputs.shape[1:])}, {size} elements",
                    expected=f"target_shape {self.target_shape}",
                )
            )
        return inputs.reshape((inputs.shape[0], *self.target_shape))
