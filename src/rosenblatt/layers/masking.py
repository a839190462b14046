"""Masking: steps of a sequence that do not count."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt import ops
from rosenblatt.core import masks
from rosenblatt.core.checks import Check
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Mask, Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.spec import InputSpec


@family.entry()
class Masking(Layer):
    """Masks the steps all of whose features equal a value, and sets them to 0.

    mask[n, t] = any_f(x[n, t, f] ≠ mask_value). The mask goes with the outputs: later layers that
    support masks leave those steps out, and so do losses and metrics.

    Args:
        mask_value: the value that stands for "nothing here".

    Inputs and outputs have shape (batch, steps, …, features); the mask (batch, steps, …).

    Raises:
        ValueError: inputs without a feature axis.

    >>> import numpy as np
    >>> x = np.array([[[1.0, 0.0], [0.0, 0.0]]], "float32")
    >>> Masking()(x)._keras_mask
    Array([[ True, False]], dtype=bool)
    """

    mask_value: Any = setting(
        Check(lambda value: True, "a number", deserialize_keras_object), default=0.0
    )
    input_spec = InputSpec(min_ndim=2)
    always_built = True

    def compute_mask(self, inputs: Tree, mask: Mask = None) -> Any:
        """Where any feature differs from the value."""
        return self._steps(inputs)

    def _steps(self, inputs: Tree) -> Any:
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Tree) -> Any:
        """The inputs, 0 where masked."""
        steps = self._steps(inputs)
        outputs = jnp.where(steps[..., None], inputs, 0).astype(inputs.dtype)
        masks.set_mask(outputs, steps)
        return outputs
