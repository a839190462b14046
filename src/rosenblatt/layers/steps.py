"""Layers that cut, fill up or repeat the steps of a sequence."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.layers.base import Layer
from rosenblatt.layers.spec import InputSpec


@builtin("keras.layers")
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

    config_fields = ("cropping",)

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any):
        super().__init__(**kwargs)
        self.cropping = _two("Cropping1D", "cropping", cropping)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        """The steps between the two ends."""
        before, after = self.cropping
        steps = inputs.shape[1]
        if before + after >= steps:
            raise ValueError(
                explain(
                    f"Layer {self.name!r} (Cropping1D): nothing would be left.",
                    given=f"inputs of shape {tuple(inputs.shape)}, {steps} steps",
                    expected=f"more than {before + after} steps, for cropping={self.cropping}",
                )
            )
        return inputs[:, before : steps - after]


@builtin("keras.layers")
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

    config_fields = ("padding", "data_format")

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = data_format_of("ZeroPadding1D", data_format)
        self.padding = _two("ZeroPadding1D", "padding", padding)
        self.input_spec = InputSpec(ndim=3)

    @property
    def steps_axis(self) -> int:
        """The axis of the steps."""
        return 2 if self.data_format == "channels_first" else 1

    def call(self, inputs: Any) -> Any:
        """The steps with zeros around them."""
        widths = [(0, 0), (0, 0), (0, 0)]
        widths[self.steps_axis] = self.padding
        return jnp.pad(inputs, widths)


@builtin("keras.layers")
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

    config_fields = ("size",)

    def __init__(self, size: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        is_integer = isinstance(size, int) and not isinstance(size, bool)
        if not is_integer or size < 1:
            raise (ValueError if is_integer else TypeError)(
                explain(
                    "UpSampling1D: bad `size`.", given=repr(size), expected="a positive integer"
                )
            )
        self.size = size
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        """Each step `size` times."""
        rows, steps, features = inputs.shape
        repeated = jnp.broadcast_to(inputs[:, :, None], (rows, steps, self.size, features))
        return repeated.reshape((rows, steps * self.size, features))


def data_format_of(kind: str, given: Any) -> str:
    """A data format, the global setting for None.

    Raises:
        ValueError: neither of the two.
    """
    if given is None:
        return config.image_data_format()
    found = str(given).lower()
    if found not in ("channels_last", "channels_first"):
        raise ValueError(
            explain(
                f"{kind}: bad `data_format`.",
                given=repr(given),
                expected="'channels_last' or 'channels_first'",
            )
        )
    return found


def _two(kind: str, name: str, given: Any) -> tuple[int, int]:
    """Two numbers of steps, from one or two.

    Raises:
        ValueError: anything else.
    """
    pair = (given, given) if isinstance(given, (int, np.integer)) else given
    fits = isinstance(pair, (list, tuple)) and len(pair) == 2
    if not fits or not all(
        isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n >= 0 for n in pair
    ):
        raise ValueError(
            explain(
                f"{kind}: bad `{name}`.",
                given=repr(given),
                expected="an integer, 0 or more, or a tuple of two",
            )
        )
    return int(pair[0]), int(pair[1])
