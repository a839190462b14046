"""Layers that change shapes only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import Check, is_whole, whole
from rosenblatt.core.dtypes import is_float_dtype
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import setting
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.types import Tree
from rosenblatt.layers.arguments import DATA_FORMAT, as_tuple
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.spec import InputSpec


@family.entry()
class Flatten(Layer):
    """Makes one axis of all but the batch: (batch, 28, 28) → (batch, 784).

    Args:
        data_format: "channels_last", or "channels_first" to move that axis to the end first.

    >>> import numpy as np
    >>> Flatten()(np.zeros((2, 28, 28))).shape
    (2, 784)
    """

    data_format: str | None = DATA_FORMAT
    input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Tree) -> Any:
        """Inputs with one axis after the batch."""
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = jnp.moveaxis(inputs, 1, -1)
        return inputs.reshape((inputs.shape[0], math.prod(inputs.shape[1:])))


@family.entry()
class Reshape(Layer):
    """Gives the axes after the batch another shape.

    Args:
        target_shape: sizes without the batch; one may be −1.

    Raises:
        ValueError: a target of a different number of elements.

    >>> import numpy as np
    >>> Reshape((4, -1))(np.zeros((2, 8))).shape
    (2, 4, 2)
    """

    target_shape: Sequence[int] = setting(
        Check(
            lambda value: all(is_whole(size) and size >= -1 for size in as_tuple(value)),
            "integers ≥ 0, or −1 for one size that follows from the others",
            as_tuple,
            [(-2, 5), ("a",), 1.5, None],
        )
    )
    always_built = True

    def __post_init__(self) -> None:
        """One size at most follows from the others."""
        if sum(size == -1 for size in self.target_shape) > 1:
            raise BadArgument(
                "Reshape: only one size may be −1.", given=f"target_shape {self.target_shape}"
            )

    def compute_output_spec(self, inputs: Tree) -> Any:
        """The symbolic output; of inputs whose size is unknown, −1 is so too."""
        if None not in inputs.shape[1:]:
            return super().compute_output_spec(inputs)
        sizes = (None if size == -1 else size for size in self.target_shape)
        dtype = self.compute_dtype if is_float_dtype(inputs.dtype) else inputs.dtype
        return KerasTensor((inputs.shape[0], *sizes), dtype)

    def call(self, inputs: Tree) -> Any:
        """Inputs of shape (batch, *target_shape)."""
        known = math.prod(s for s in self.target_shape if s != -1)
        size = math.prod(inputs.shape[1:])
        fits = size % max(known, 1) == 0 if -1 in self.target_shape else size == known
        if not fits:
            raise BadArgument(
                f"{self._where}: the sizes do not fit.",
                given=f"input {tuple(inputs.shape[1:])}, {size} elements",
                expected=f"target_shape {self.target_shape}",
            )
        return inputs.reshape((inputs.shape[0], *self.target_shape))


@family.entry()
class Permute(Layer):
    """Gives the axes after the batch another order.

    Args:
        dims: for each axis of the output, the axis of the input; the first after the batch is 1.

    Raises:
        ValueError: not an order of 1, 2, …; inputs of another rank.

    >>> import numpy as np
    >>> Permute((2, 1))(np.zeros((2, 10, 64))).shape
    (2, 64, 10)
    """

    dims: Sequence[int] = setting(
        Check(
            lambda value: (
                isinstance(value, (list, tuple)) and sorted(value) == list(range(1, len(value) + 1))
            ),
            "each of 1, 2, …, one for each axis after the batch, in any order",
            tuple,
            [2, (1, 3), (0, 1), "ab"],
        )
    )

    def __post_init__(self) -> None:
        """The rank of the inputs is known."""
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Tree) -> Any:
        """Inputs with their axes in the new order."""
        return jnp.transpose(inputs, (0, *self.dims))


@family.entry()
class RepeatVector(Layer):
    """Repeats each row: (batch, features) → (batch, n, features).

    Args:
        n: how often, 1 or more.

    Raises:
        TypeError: not an integer.
        ValueError: less than 1; inputs of another rank.

    >>> import numpy as np
    >>> RepeatVector(3)(np.zeros((2, 5))).shape
    (2, 3, 5)
    """

    n: int = setting(whole(least=1, typed=True))
    input_spec = InputSpec(ndim=2)

    def call(self, inputs: Tree) -> Any:
        """The rows repeated along a new axis."""
        rows, features = inputs.shape
        return jnp.broadcast_to(inputs[:, None], (rows, self.n, features))
