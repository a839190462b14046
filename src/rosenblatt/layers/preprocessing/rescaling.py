"""Rescaling: a fixed scale and offset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core.checks import converted
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Array, Config, Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.nests import of_nest


def _numbers(value: Any) -> Any:
    """A number or a list, as configs hold them; of a config what it stands for."""
    value = deserialize_keras_object(value) if isinstance(value, Mapping) else value
    if value is None:
        raise ValueError  # which NumPy would take for NaN
    np.asarray(value, "float32")
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


_NUMBERS = converted(_numbers, "a number, or numbers for the last axis", ["a", None])


@family.entry()
class Rescaling(Layer):
    """Inputs times a scale plus an offset: x · scale + offset.

    Args:
        scale: a number, or numbers for the last axis.
        offset: a number, or numbers for the last axis.

    >>> Rescaling(scale=1 / 127.5, offset=-1)(np.array([[0.0, 255.0]]))
    Array([[-1.,  1.]], dtype=float32)
    """

    scale: Any = setting(_NUMBERS)
    offset: Any = setting(_NUMBERS, default=0.0)
    supports_masking = True

    def __post_init__(self) -> None:
        """What is scaled down may be too large for 16 bits."""
        self.autocast = False

    @classmethod
    def from_config(cls, config: Config, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The layer of a config, which holds numbers only."""
        return super().from_config(config)

    def call(self, inputs: Tree) -> Any:
        """x · scale + offset."""
        wide = jnp.promote_types(self.compute_dtype, "float32")
        scale, offset = (jnp.asarray(np.asarray(v), wide) for v in (self.scale, self.offset))

        def rescaled(x: Array) -> Any:
            return (jnp.asarray(x).astype(wide) * scale + offset).astype(self.compute_dtype)

        return of_nest(rescaled, inputs)
