"""Layers around a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.checks import anything
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.registry import is_builtin
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.core.settings import setting
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.types import Array, Mask, Shapes, Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.signatures import is_shape, is_users
from rosenblatt.layers.tracking import parts_of


@family.entry()
class Wrapper(Layer):
    """The base of layers around one other layer, which is kept in `self.layer`.

    Args:
        layer: the layer.

    Raises:
        ValueError: not a layer.
    """

    layer: Layer = setting(anything)

    def __post_init__(self) -> None:
        """Refuse what is not a layer."""
        if not isinstance(self.layer, Layer):
            raise BadArgument(
                f"{type(self).__name__} goes around a layer.",
                given=f"{type(self.layer).__name__}: {self.layer!r}",
                fix=f"write `{type(self).__name__}(Dense(10))`.",
            )

    def build(self, input_shape: Shapes = None) -> None:
        """Build the layer inside."""
        if not self.layer.built:
            self.layer.build(input_shape)

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """The wrapper of a config.

        Args:
            config: what `get_config()` gave.
            custom_objects: names of classes and functions that are not registered.
        """
        inner = deserialize_keras_object(config["layer"], custom_objects)
        return super().from_config({**config, "layer": inner})


@family.entry()
class TimeDistributed(Wrapper):
    """Applies one layer to each step of a sequence, with the same weights: h[:, t] = f(x[:, t]).

    Args:
        layer: the layer f.

    Inputs: (batch, steps, …). A mask (batch, steps) goes to the layer step by step, if it takes
    one, and on to the outputs.

    Raises:
        ValueError: inputs without steps and features; a mask of other steps.

    >>> import numpy as np
    >>> from rosenblatt.layers import Dense
    >>> TimeDistributed(Dense(2))(np.ones((4, 3, 5), "float32")).shape
    (4, 3, 2)
    """

    supports_masking = True

    def _step_shape(self, shape: Shapes) -> tuple[int | None, ...]:
        if not is_shape(shape) or len(shape) < 3:
            raise BadArgument(
                f"{self._where} takes steps.",
                given=f"input shape {shape}",
                expected="(batch, steps, features, …)",
            )
        return (shape[0], *shape[2:])

    def compute_output_shape(self, input_shape: Shapes) -> Any:
        """(batch, steps, …), the rest as the layer inside makes it."""
        inner = self.layer.compute_output_shape(self._step_shape(input_shape))
        return (inner[0], input_shape[1], *inner[1:])

    def compute_output_spec(self, inputs: Tree, mask: Mask = None, **kwargs: Any) -> Any:
        """Symbolic tensors for the outputs: what one step gives, for all of them."""
        self._check_mask(inputs, mask)
        if is_users(type(self), "compute_output_shape"):
            return super().compute_output_spec(inputs, **kwargs)
        first = KerasTensor((inputs.shape[0], 1, *inputs.shape[2:]), inputs.dtype)
        if mask is not None:
            kwargs["mask"] = KerasTensor((mask.shape[0], 1, *mask.shape[2:]), mask.dtype)
        output = super().compute_output_spec(first, **kwargs)
        return KerasTensor((output.shape[0], inputs.shape[1], *output.shape[2:]), output.dtype)

    def _check_mask(self, inputs: Tree, mask: Mask) -> None:
        if mask is None:
            return
        pairs = zip(mask.shape[:2], inputs.shape[:2], strict=False)
        if len(mask.shape) < 2 or any(None not in (m, s) and m != s for m, s in pairs):
            raise BadArgument(
                f"{self._where}: the mask has the wrong shape.",
                given=tuple(mask.shape),
                expected=f"(batch, steps) = {tuple(inputs.shape[:2])}",
            )

    def build(self, input_shape: Shapes = None) -> None:
        """Build the layer inside for one step."""
        super().build(self._step_shape(input_shape))

    def call(self, inputs: Tree, training: bool | None = None, mask: Mask = None) -> Any:
        """The layer's outputs for each step."""
        self._check_mask(inputs, mask)
        if mask is not None and not self.layer._call_takes("mask"):
            mask = None
        given = {"training": training} if self.layer._call_takes("training") else {}

        def step(x: Array, step_mask: Any) -> Any:
            masked = {} if step_mask is None else {"mask": step_mask}
            return self.layer.call(x, **masked, **given)

        if _is_plain(self.layer):
            return jax.vmap(step, (1, None if mask is None else 1), 1)(inputs, mask)
        # What draws, counts or looks across rows does so step by step, as in Keras.
        steps = [
            step(inputs[:, t], None if mask is None else mask[:, t]) for t in range(inputs.shape[1])
        ]
        return jnp.stack(steps, axis=1)


def _is_plain(layer: Layer) -> bool:
    """Whether a layer is a pure function of its inputs and trained weights, so all steps can go
    through it at once."""
    return all(
        is_builtin(type(one))
        and one.row_independent
        and one.activity_regularizer is None
        and not one._non_trainable_weights
        and not parts_of(one).seeds
        for one in layer._flatten_layers()
    )
