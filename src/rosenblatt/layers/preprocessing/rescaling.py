"""Rescaling: a fixed scale and offset."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core import serialization
from rosenblatt.core.registry import builtin
from rosenblatt.layers.base import Layer


@builtin("keras.layers")
class Rescaling(Layer):
    """Inputs times a scale plus an offset: x · scale + offset.

    Args:
        scale: a number, or numbers for the last axis.
        offset: a number, or numbers for the last axis.

    >>> Rescaling(scale=1 / 127.5, offset=-1)(np.array([[0.0, 255.0]]))
    Array([[-1.,  1.]], dtype=float32)
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True
        self.autocast = False  # what is scaled down may be too large for 16 bits

    def call(self, inputs: Any) -> Any:
        """x · scale + offset."""
        wide = jnp.promote_types(self.compute_dtype, "float32")
        scale, offset = (jnp.asarray(np.asarray(v), wide) for v in (self.scale, self.offset))
        return (jnp.asarray(inputs).astype(wide) * scale + offset).astype(self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {
            **super().get_config(),
            "scale": serialization.serialize_keras_object(self.scale),
            "offset": serialization.serialize_keras_object(self.offset),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of a config."""
        config = dict(config)
        for name in ("scale", "offset"):
            if name in config:
                config[name] = serialization.deserialize_keras_object(config[name])
        return super().from_config(config)
