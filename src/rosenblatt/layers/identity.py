"""The layer that does nothing."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.types import Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family


@family.entry()
class Identity(Layer):
    """Gives its inputs back: a place where another layer may stand.

    >>> import numpy as np
    >>> Identity()(np.array([1.0], "float32"))
    Array([1.], dtype=float32)
    """

    supports_masking = True
    always_built = True

    def call(self, inputs: Tree) -> Any:
        """The inputs."""
        return inputs
