"""Batch normalization."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import Check, flag, number, whole
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.scope import row_mask
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, Mask, Shapes, Tree
from rosenblatt.layers import renormalization
from rosenblatt.layers.affine import Affine
from rosenblatt.layers.arguments import initializer
from rosenblatt.layers.axes import axes_over
from rosenblatt.layers.family import family
from rosenblatt.layers.spec import InputSpec
from rosenblatt.ops.networks import batch_normalization


@family.entry()
class BatchNormalization(Affine):
    """Standardizes each feature over the batch: γ (x − μ) / √(σ² + ε) + β.

    In training μ and σ² are the batch's, and running means of them are kept; otherwise, and while
    the layer is frozen, the running means are used. Ioffe & Szegedy, "Batch normalization", 2015.

    Args:
        axis: the feature axis.
        momentum: weight of the old running mean at each step.
        epsilon: ε.
        center, scale: whether there are β and γ.
        beta_initializer, gamma_initializer, moving_mean_initializer,
        moving_variance_initializer: initial values.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: projections.
        renorm: batch renormalization: training corrects the batch's statistics towards running
            ones. Ioffe, 2017.
        renorm_clipping: bounds of the correction: "rmin", "rmax" of its factor, "dmax" of its
            offset.
        renorm_momentum: weight of the old value in the running statistics of training.
        synchronized: accepted; one device holds the whole batch.

    >>> import numpy as np
    >>> BatchNormalization()(np.array([[1.0], [3.0]], "float32"), training=True).round(3)
    Array([[-1.],
           [ 1.]], dtype=float32)
    """

    axis: int = setting(whole(expected="one integer"), default=-1)
    momentum: float = setting(number(), default=0.99, role=NUMBER)
    epsilon: float = setting(number(), default=1e-3)
    moving_mean_initializer: Any = initializer("zeros")
    moving_variance_initializer: Any = initializer("ones")
    renorm: bool = setting(flag, default=False)
    renorm_clipping: Mapping[str, float] | None = setting(renormalization.CLIPPING, default=None)
    renorm_momentum: float = setting(number(), default=0.99, role=NUMBER)
    synchronized: bool = setting(
        Check(
            lambda value: not value,
            "False: one device holds the whole batch",
            bool,
            [True],
        ),
        default=False,
    )
    __argument_order__ = (
        "moving_mean_initializer", "moving_variance_initializer", "beta_regularizer",
        "gamma_regularizer", "beta_constraint", "gamma_constraint", "renorm", "renorm_clipping",
        "renorm_momentum", "synchronized",
    )  # fmt: skip

    def build(self, input_shape: Shapes) -> None:
        """Create γ, β and the running means, one number per feature."""
        axes_over(self, self.axis, input_shape)
        features = input_shape[self.axis]
        if features is None:
            raise BadArgument(
                f"{self._where}: the size of axis {self.axis} is unknown.",
                given=f"input shape {input_shape}",
            )
        shape = (features,)
        self.add_gamma_and_beta(shape, self.scale, self.center)
        self.moving_mean, self.moving_variance = (
            self.add_own_weight(name, shape, trainable=False, autocast=False)
            for name in ("moving_mean", "moving_variance")
        )
        if self.renorm:
            renormalization.add_weights(self, shape)
        axes = {self.axis: features}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Tree, training: bool | None = None, mask: Mask = None) -> Any:
        """The inputs standardized."""
        if mask is not None and len(mask.shape) != inputs.ndim - 1:
            raise BadArgument(
                f"{self._where}: the mask has the wrong rank.",
                given=tuple(mask.shape),
                expected=f"the inputs' shape without the feature axis: {inputs.shape[:-1]}",
            )
        x = inputs.astype(jnp.promote_types(inputs.dtype, jnp.float32))
        feature_axis = self.axis % inputs.ndim
        others = tuple(i for i in range(inputs.ndim) if i != feature_axis)
        held = self.gamma if self.scale else None, self.beta if self.center else None
        gamma, beta = (None if w is None else w.value for w in held)
        if training and self.trainable and self.renorm:
            mean, variance = _moments(x, others, feature_axis, mask)
            factor, offset = renormalization.corrected(self, mean, variance)
            scale = 1.0 if gamma is None else gamma
            shift = 0.0 if beta is None else beta
            gamma, beta = factor * scale, offset * scale + shift
        elif training and self.trainable:
            mean, variance = _moments(x, others, feature_axis, mask)
            for running, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                old = running.value
                # In its type: 1 − momentum of 64 bits, where JAX has those, is another number.
                momentum = jnp.asarray(self.parameter("momentum"), old.dtype)
                running.assign(old * momentum + now.astype(old.dtype) * (1.0 - momentum))
        else:
            mean, variance = self.moving_mean.value, self.moving_variance.value
        outputs = batch_normalization(
            x, mean, variance, feature_axis, beta, gamma, epsilon=self.epsilon
        )
        return outputs.astype(inputs.dtype)


def _moments(x: Array, axes: tuple[int, ...], feature_axis: int, mask: Mask) -> tuple[Any, Any]:
    """Mean and variance over axes, of the real rows (and unmasked steps) only."""
    rows = row_mask()
    if rows is None and mask is None:
        mean = jnp.mean(x, axes)
        return mean, jnp.var(x, axes)
    weights = jnp.ones((1,) * x.ndim, x.dtype)
    if rows is not None:
        weights = weights * rows.reshape((-1,) + (1,) * (x.ndim - 1))
    if mask is not None:
        # A mask is of all axes but the last, whichever is that of the features.
        weights = weights * jnp.broadcast_to(jnp.expand_dims(jnp.asarray(mask), -1), x.shape)
    repeats = math.prod(x.shape[a] for a in axes) / math.prod(weights.shape[a] for a in axes)
    total = jnp.maximum(jnp.sum(weights, axes, keepdims=True) * repeats, 1e-12)
    mean = jnp.sum(x * weights, axes, keepdims=True) / total
    variance = jnp.sum(jnp.square(x - mean) * weights, axes, keepdims=True) / total
    return mean.reshape(-1), variance.reshape(-1)
