"""Activations as layers."""

from __future__ import annotations

from typing import Any

from rosenblatt import activations
from rosenblatt.core.registry import builtin
from rosenblatt.layers.base import Layer


@builtin("keras.layers")
class Activation(Layer):
    """Applies an activation function.

    Args:
        activation: a name or function.

    >>> import numpy as np
    >>> Activation("relu")(np.array([-1.0, 1.0], "float32"))
    Array([0., 1.], dtype=float32)
    """

    config_fields = ("activation",)

    def __init__(self, activation: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return self.activation(inputs)
