"""Layers that cut, fill up or repeat the steps of a sequence."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import pair, whole
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Tree
from rosenblatt.layers.arguments import DATA_FORMAT
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.spec import InputSpec

_TWO = pair(whole(least=0), "an integer, 0 or more, or a tuple of two")


@family.entry()
class Cropping1D(Layer):
    """Leaves steps out at both ends: (batch, steps, features) → (batch, steps − a − b, features).

    Args:
        cropping: how many steps at the beginning and at the end, `(a, b)`; one number for both.

    Raises:
        ValueError: not one or two integers, 0 or more; inputs of another rank, or as short as what
            is left out.

    >>> import numpy as np
    >>> Cropping1D((1, 2))(np.arange(5.0).reshape(1, 5, 1))[0, :, 0]
    Array([1., 2.], dtype=float32)
    """

    cropping: Any = setting(_TWO, default=(1, 1))
    input_spec = InputSpec(ndim=3)

    def call(self, inputs: Tree) -> Any:
        """The steps between the two ends."""
        before, after = self.cropping
        steps = inputs.shape[1]
        if before + after >= steps:
            raise BadArgument(
                f"{self._where}: nothing would be left.",
                given=f"inputs of shape {tuple(inputs.shape)}, {steps} steps",
                expected=f"more than {before + after} steps, for cropping={self.cropping}",
            )
        return inputs[:, before : steps - after]


@family.entry()
class ZeroPadding1D(Layer):
    """Puts zeros at both ends: (batch, steps, features) → (batch, a + steps + b, features).

    Args:
        padding: how many steps at the beginning and at the end, `(a, b)`; one number for both.
        data_format: "channels_last", or "channels_first" for inputs (batch, features, steps); the
            setting of `config.set_image_data_format` if None.

    Raises:
        ValueError: not one or two integers, 0 or more; inputs of another rank.

    >>> import numpy as np
    >>> ZeroPadding1D((1, 2))(np.ones((1, 2, 1)))[0, :, 0]
    Array([0., 1., 1., 0., 0.], dtype=float32)
    """

    padding: Any = setting(_TWO, default=1)
    data_format: str | None = DATA_FORMAT
    input_spec = InputSpec(ndim=3)

    @property
    def steps_axis(self) -> int:
        """The axis of the steps."""
        return 2 if self.data_format == "channels_first" else 1

    def call(self, inputs: Tree) -> Any:
        """The steps with zeros around them."""
        widths = [(0, 0), (0, 0), (0, 0)]
        widths[self.steps_axis] = self.padding
        return jnp.pad(inputs, widths)


@family.entry()
class UpSampling1D(Layer):
    """Repeats each step: (batch, steps, features) → (batch, size · steps, features).

    Args:
        size: how often, 1 or more.

    Raises:
        TypeError: not an integer.
        ValueError: less than 1; inputs of another rank.

    >>> import numpy as np
    >>> UpSampling1D(2)(np.array([[[1.0], [2.0]]]))[0, :, 0]
    Array([1., 1., 2., 2.], dtype=float32)
    """

    size: int = setting(whole(least=1, typed=True), default=2)
    input_spec = InputSpec(ndim=3)

    def call(self, inputs: Tree) -> Any:
        """Each step `size` times."""
        rows, steps, features = inputs.shape
        repeated = jnp.broadcast_to(inputs[:, :, None], (rows, steps, self.size, features))
        return repeated.reshape((rows, steps * self.size, features))
