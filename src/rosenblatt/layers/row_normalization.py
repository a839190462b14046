"""Normalizations of each instance by its own statistics."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.checks import Check, anything, axes, flag, whole
from rosenblatt.core.errors import BadArgument, explain, warn_user
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Array, Shapes, Tree
from rosenblatt.layers.affine import Affine, at_least_float32, broadcastable
from rosenblatt.layers.axes import axes_over
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.nests import of_nest
from rosenblatt.layers.spec import InputSpec
from rosenblatt.ops.networks import (
    layer_normalization,
    normalize,
    rms_normalization,
    standardized,
)


def _as_list(axis: Any) -> Any:
    return list(axis) if isinstance(axis, (list, tuple)) else axis


@family.entry()
class LayerNormalization(Affine):
    """Standardizes each instance over its features: γ (x − μ) / √(σ² + ε) + β.

    Ba, Kiros & Hinton, "Layer normalization", 2016.

    Args:
        axis: the axis, or axes, over which μ and σ² are taken.
        epsilon: ε.
        center, scale: whether there are β and γ, of those axes' sizes.
        beta_initializer, gamma_initializer: initial values.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: projections.

    Raises:
        TypeError: an axis that is not an integer.
        ValueError: an axis that the inputs do not have.

    >>> import numpy as np
    >>> LayerNormalization()(np.array([[1.0, 3.0]], "float32")).round(3)
    Array([[-1.,  1.]], dtype=float32)
    """

    only_maps_rows = True
    axis: Any = setting(axes(keep=_as_list), default=-1)
    epsilon: float = setting(anything, default=1e-3)
    rms_scaling: bool = setting(flag, default=False, kw_only=True)

    def __post_init__(self) -> None:
        """Warn of what is kept for old files only."""
        super().__post_init__()
        self.autocast = False  # statistics of the inputs as they come, before any rounding
        if self.rms_scaling:
            warn_user(
                explain(
                    "LayerNormalization: `rms_scaling` divides by the standard deviation, not by "
                    "the root mean square, and is kept for old files only.",
                    fix="write `RMSNormalization()`.",
                )
            )

    def build(self, input_shape: Shapes) -> None:
        """Create γ and β."""
        axes_over(self, self.axis, input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, (list, tuple)) else [self.axis]
        self.add_gamma_and_beta(
            [input_shape[axis] for axis in self.axis],
            gamma=self.scale or self.rms_scaling,
            beta=self.center and not self.rms_scaling,
        )

    def call(self, inputs: Tree) -> Any:
        """The inputs standardized."""
        over = axes_over(self, self.axis, inputs.shape)
        x = at_least_float32(inputs)
        gamma, beta = (broadcastable(w, over, inputs.shape) for w in (self.gamma, self.beta))
        outputs = layer_normalization(x, gamma, beta, over, self.epsilon, self.rms_scaling)
        return outputs.astype(self.compute_dtype)


_groups = Check(
    lambda value: value == -1 or whole(least=1).fits(value),
    "a positive integer, or −1 for one group for each feature",
    wrong=[0, -2, "2", 1.5, True],
)


@family.entry()
class GroupNormalization(Affine):
    """Standardizes each instance over groups of features: γ (x − μ) / √(σ² + ε) + β.

    μ and σ² are those of a group, over all other axes too; γ and β have one value for each feature.
    Wu & He, "Group normalization", 2018.

    Args:
        groups: number of groups, which divides the number of features; −1 for a group for each.
        axis: the feature axis.
        epsilon: ε.
        center, scale: whether there are β and γ.
        beta_initializer, gamma_initializer: initial values.
        beta_regularizer, gamma_regularizer: penalties.
        beta_constraint, gamma_constraint: projections.

    Raises:
        TypeError: an axis that is not an integer.
        ValueError: a wrong number of groups; an axis that the inputs do not have, or the batch's;
            features that cannot be divided into the groups.

    >>> import numpy as np
    >>> GroupNormalization(2)(np.array([[1.0, 3.0, 10.0, 30.0]], "float32")).round(2)
    Array([[-1.,  1., -1.,  1.]], dtype=float32)
    """

    groups: int = setting(_groups, default=32)
    axis: int = setting(axes(several=False), default=-1)
    epsilon: float = setting(anything, default=1e-3)

    def __post_init__(self) -> None:
        """Statistics are of the inputs as they come, before any rounding."""
        super().__post_init__()
        self.autocast = False

    def build(self, input_shape: Shapes) -> None:
        """Create γ and β, one number for each feature."""
        where = self._where
        (axis,) = axes_over(self, self.axis, input_shape)
        features = input_shape[axis]
        if axis == 0 or features is None:
            problem = "is the batch's" if axis == 0 else "has an unknown size"
            raise BadArgument(
                f"{where}: axis {self.axis} {problem}.", given=f"input shape {input_shape}"
            )
        if self.groups == -1:
            self.groups = features
        if not features or features % self.groups:
            raise BadArgument(
                f"{where}: the features cannot be divided into groups of equal size.",
                given=f"groups={self.groups}, {features} features",
                expected="a number of groups that divides the number of features",
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: features})
        self.add_gamma_and_beta((features,), self.scale, self.center)

    def call(self, inputs: Tree) -> Any:
        """The inputs standardized."""
        (axis,) = axes_over(self, self.axis, inputs.shape)
        shape = inputs.shape
        group = (self.groups, shape[axis] // self.groups)
        grouped = (*shape[:axis], *group, *shape[axis + 1 :])
        others = [a for a in range(1, len(grouped)) if a != axis]
        places = (axis, axis + 1)
        outputs = standardized(
            at_least_float32(inputs).reshape(grouped),
            others,
            self.epsilon,
            broadcastable(self.gamma if self.scale else None, places, grouped),
            broadcastable(self.beta if self.center else None, places, grouped),
        )
        return outputs.reshape(shape).astype(self.compute_dtype)


@family.entry()
class RMSNormalization(Layer):
    """Divides each instance by the root of its mean square: s x / √(mean(x²) + ε).

    Zhang & Sennrich, "Root mean square layer normalization", 2019.

    Args:
        axis: the axis, or axes, over which the mean is taken.
        epsilon: ε.

    Raises:
        TypeError: an axis that is not an integer.
        ValueError: an axis that the inputs do not have.

    >>> import numpy as np
    >>> np.asarray(RMSNormalization()(np.array([[1.0, 7.0]], "float32"))).round(4)
    array([[0.2, 1.4]], dtype=float32)
    """

    axis: Any = setting(axes(), default=-1)
    epsilon: float = setting(anything, default=1e-6)

    def build(self, input_shape: Shapes) -> None:
        """Create the scale s, of the sizes of the axes."""
        axes_over(self, self.axis, input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, (list, tuple)) else [self.axis]
        shape = [input_shape[axis] for axis in self.axis]
        self.scale = self.add_weight(shape, "ones", name="scale")

    def call(self, x: Array) -> Any:
        """The inputs, scaled."""
        over = axes_over(self, self.axis, x.shape)
        exact = at_least_float32(x)
        scale = broadcastable(self.scale, over, x.shape)
        return rms_normalization(exact, scale, over, self.epsilon).astype(self.compute_dtype)


@family.entry()
class UnitNormalization(Layer):
    """Gives each instance the length 1: x / √Σx².

    Args:
        axis: the axis, or axes, of the sum.

    Raises:
        TypeError: an axis that is not an integer.
        ValueError: an axis that the inputs do not have.

    >>> import numpy as np
    >>> np.asarray(UnitNormalization()(np.array([[3.0, 4.0], [0.0, 0.0]], "float32"))).round(4)
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """

    axis: Any = setting(axes(keep=_as_list), default=-1)
    supports_masking = True
    always_built = True

    def call(self, inputs: Tree) -> Any:
        """The inputs at length 1."""

        def at_length_1(x: Array) -> Any:
            return normalize(x, axes_over(self, self.axis, x.shape), epsilon=1e-12)

        return of_nest(at_length_1, inputs)
