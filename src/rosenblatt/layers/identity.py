"""The layer that does nothing."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.registry import builtin
from rosenblatt.layers.base import Layer


@builtin("keras.layers")
class Identity(Layer):
    """Gives its inputs back: a place where another layer may stand.

    >>> import numpy as np
    >>> Identity()(np.array([1.0], "float32"))
    Array([1.], dtype=float32)
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The inputs."""
        return inputs
