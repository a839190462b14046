"""One vector for all steps of a sequence: their mean or their maximum."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import anything
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Mask, Tree
from rosenblatt.layers.arguments import DATA_FORMAT
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.spec import InputSpec


class _Pooling(Layer):
    """What the two have in common: which axis the steps are, and whether it stays."""

    data_format: str | None = DATA_FORMAT
    keepdims: bool = setting(anything, default=False)
    input_spec = InputSpec(ndim=3)
    always_built = True

    @property
    def steps_axis(self) -> int:
        """The axis of the steps."""
        return 2 if self.data_format == "channels_first" else 1


@family.entry(also=["GlobalAvgPool1D"])
class GlobalAveragePooling1D(_Pooling):
    """The mean of the steps: (batch, steps, features) → (batch, features).

    After an `Embedding` it makes one vector of a text's words. With a mask, the mean of the steps
    that count; 0 where none does.

    Args:
        data_format: "channels_last", or "channels_first" for inputs (batch, features, steps); the
            setting of `config.set_image_data_format` if None.
        keepdims: whether the axis of the steps stays, with size 1.

    Called with `mask`, bool (batch, steps); the outputs have none.

    Raises:
        ValueError: an unknown data format; inputs of another rank.

    >>> import numpy as np
    >>> x = np.array([[[1.0], [2.0], [6.0]]], "float32")
    >>> GlobalAveragePooling1D()(x)
    Array([[3.]], dtype=float32)
    >>> GlobalAveragePooling1D()(x, mask=np.array([[True, True, False]]))
    Array([[1.5]], dtype=float32)
    """

    makes_masks = False

    def call(self, inputs: Tree, mask: Mask = None) -> Any:
        """The mean over the steps that count."""
        axis = self.steps_axis
        if mask is None:
            return jnp.mean(inputs, axis=axis, keepdims=self.keepdims)
        counts = jnp.expand_dims(jnp.asarray(mask, bool), 3 - axis)
        total = jnp.sum(jnp.where(counts, inputs, 0), axis=axis, keepdims=self.keepdims)
        steps = jnp.sum(counts, axis=axis, keepdims=self.keepdims)
        return total / jnp.maximum(steps, 1).astype(inputs.dtype)

    def compute_mask(self, inputs: Tree, mask: Mask = None) -> None:
        """None: no steps are left."""
        return


@family.entry(also=["GlobalMaxPool1D"])
class GlobalMaxPooling1D(_Pooling):
    """Each feature's maximum over the steps: (batch, steps, features) → (batch, features).

    Args:
        data_format: "channels_last", or "channels_first" for inputs (batch, features, steps); the
            setting of `config.set_image_data_format` if None.
        keepdims: whether the axis of the steps stays, with size 1.

    Raises:
        ValueError: an unknown data format; inputs of another rank.

    >>> import numpy as np
    >>> GlobalMaxPooling1D()(np.array([[[1.0, 5.0], [2.0, 4.0]]], "float32"))
    Array([[2., 5.]], dtype=float32)
    """

    def call(self, inputs: Tree) -> Any:
        """The maximum over the steps."""
        return jnp.max(inputs, axis=self.steps_axis, keepdims=self.keepdims)


GlobalAvgPool1D = GlobalAveragePooling1D
GlobalMaxPool1D = GlobalMaxPooling1D
