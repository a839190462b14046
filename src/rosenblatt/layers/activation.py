"""Activations as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt import activations
from rosenblatt.core.checks import axes, number, one_of, optional
from rosenblatt.core.errors import BadArgument, explain, warn_user
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Mask, Shapes, Tree
from rosenblatt.layers.arguments import CONSTRAINT, REGULARIZER, as_tuple, initializer
from rosenblatt.layers.axes import axes_over
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.nests import NESTS, of_nest
from rosenblatt.layers.spec import InputSpec


class Elementwise(Layer):
    """A layer without weights that gives outputs of its inputs' shape and keeps their mask."""

    supports_masking = True
    always_built = True


@family.entry()
class Activation(Elementwise):
    """Applies an activation function.

    Args:
        activation: a name or function.

    >>> import numpy as np
    >>> Activation("relu")(np.array([-1.0, 1.0], "float32"))
    Array([0., 1.], dtype=float32)
    """

    activation: Any = setting(one_of(activations))

    def call(self, inputs: Tree) -> Any:
        """The function of the inputs: of each array of a nest, unless a user wrote it."""
        if str(getattr(self.activation, "__module__", "")).startswith("rosenblatt."):
            return of_nest(self.activation, inputs)
        return self.activation(inputs)


@family.entry()
class ReLU(Elementwise):
    """max(x, 0), or with settings: max_value above it, x from threshold, slope · (x − threshold).

    Args:
        max_value: the largest output, 0 or more; None: no limit.
        negative_slope: slope below the threshold, 0 or more.
        threshold: the input from which the output is the input, 0 or more.

    All three are arguments of compiled programs: changing one compiles nothing, except between 0
    (or None) and more than 0.

    Raises:
        ValueError: a setting below 0.

    >>> import numpy as np
    >>> ReLU(max_value=6.0, negative_slope=0.5)(np.array([-2.0, 3.0, 9.0], "float32"))
    Array([-1.,  3.,  6.], dtype=float32)
    """

    max_value: float | None = setting(
        optional(number(0), number(0).expected), default=None, role=NUMBER
    )
    negative_slope: float = setting(number(0), default=0.0, role=NUMBER)
    threshold: float = setting(number(0), default=0.0, role=NUMBER)

    def call(self, inputs: Tree) -> Any:
        """The function of the inputs."""
        # 0 and None select another formula; any other value is an argument of the program.
        given = {name: getattr(self, name) for name in self.__settings__}
        settings = {name: value and self.parameter(name) for name, value in given.items()}
        return of_nest(lambda x: activations.relu(x, **settings), inputs)


@family.entry()
class LeakyReLU(Elementwise):
    """x, times negative_slope where it is negative (Maas et al., 2013).

    Args:
        negative_slope: 0 or more; an argument of compiled programs.

    Raises:
        ValueError: a slope below 0.

    >>> import numpy as np
    >>> LeakyReLU(0.5)(np.array([-2.0, 3.0], "float32"))
    Array([-1.,  3.], dtype=float32)
    """

    negative_slope: float = setting(number(0), default=0.3, role=NUMBER)

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any):
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warn_user(
                explain(
                    "LeakyReLU: `alpha` is the old name of `negative_slope`.",
                    fix=f"write `LeakyReLU(negative_slope={negative_slope})`.",
                )
            )
        super().__init__(**kwargs)
        self.settle(negative_slope=negative_slope)

    def call(self, inputs: Tree) -> Any:
        """The function of the inputs."""
        slope = self.parameter("negative_slope")
        return of_nest(lambda x: activations.leaky_relu(x, slope), inputs)


@family.entry()
class ELU(Elementwise):
    """x where it is positive, otherwise alpha (eˣ − 1) (Clevert, Unterthiner & Hochreiter, 2016).

    Args:
        alpha: minus the limit towards −∞; an argument of compiled programs.

    Raises:
        ValueError: not a number.

    >>> import numpy as np
    >>> ELU(2.0)(np.array([-100.0, 3.0], "float32"))
    Array([-2.,  3.], dtype=float32)
    """

    alpha: float = setting(number(), default=1.0, role=NUMBER)

    def call(self, inputs: Tree) -> Any:
        """The function of the inputs."""
        alpha = self.parameter("alpha")
        return of_nest(lambda x: activations.elu(x, alpha), inputs)


@family.entry()
class Softmax(Elementwise):
    """eˣ / Σ eˣ along an axis.

    Args:
        axis: the axis, or axes, of the sum.

    Raises:
        TypeError: an axis that is not an integer.
        ValueError: an axis that the inputs do not have; a mask whose shape does not fit theirs.

    >>> import numpy as np
    >>> Softmax()(np.array([[1.0, 1.0, 5.0]], "float32"), mask=np.array([[True, True, False]]))
    Array([[0.5, 0.5, 0. ]], dtype=float32)
    """

    axis: int | Sequence[int] = setting(axes(), default=-1)

    def call(self, inputs: Tree, mask: Mask = None) -> Any:
        """The function of the inputs; outputs are 0, and count for nothing, where `mask` is false.

        `mask` has the inputs' shape, or 1 at some axes; numbers above 0.5 count as true.
        """
        if isinstance(inputs, NESTS):
            return of_nest(self.call, inputs) if mask is None else of_nest(self.call, inputs, mask)
        over = axes_over(self, self.axis, inputs.shape)
        if mask is None:
            return activations.softmax(inputs, over)
        mask = self._as_bool(mask, inputs.shape)
        smallest = -3e4 if inputs.dtype == jnp.float16 else -1e9
        return jnp.where(mask, activations.softmax(jnp.where(mask, inputs, smallest), over), 0.0)

    def _as_bool(self, mask: Mask, shape: Shapes) -> Any:
        sizes = tuple(mask.shape)
        fits = len(sizes) <= len(shape) and all(
            size in (1, wanted) for size, wanted in zip(sizes[::-1], shape[::-1], strict=False)
        )
        if not fits:
            raise BadArgument(
                f"{self._where}: the mask does not fit the inputs.",
                given=f"mask of shape {sizes}, inputs of shape {tuple(shape)}",
                expected="at each axis, counted from the last, the inputs' size or 1",
            )
        return mask if mask.dtype == bool else mask > 0.5


_shared_axes = optional(axes(keep=lambda value: list(as_tuple(value))), axes().expected)


@family.entry()
class PReLU(Layer):
    """x, times a learned alpha where it is negative (He et al., 2015).

    Args:
        alpha_initializer: initial alpha, an array of the shape of one instance.
        alpha_regularizer: penalty.
        alpha_constraint: projection.
        shared_axes: axes along which all have one alpha; the first after the batch is 1.

    Raises:
        ValueError: an axis that the inputs do not have.

    >>> import numpy as np
    >>> PReLU("ones")(np.array([[-2.0, 3.0]], "float32"))
    Array([[-2.,  3.]], dtype=float32)
    """

    only_maps_rows = True
    alpha_initializer: Any = initializer("Zeros")
    alpha_regularizer: Any = REGULARIZER
    alpha_constraint: Any = CONSTRAINT
    shared_axes: Any = setting(_shared_axes, default=None)
    supports_masking = True

    def build(self, input_shape: Shapes) -> None:
        """Create alpha."""
        rank, shared = len(input_shape), self.shared_axes or ()
        for axis in shared:
            if not 1 <= axis < rank:
                raise BadArgument(
                    f"{self._where}: shared axis {axis} does not exist.",
                    given=f"input shape {tuple(input_shape)}",
                    expected=f"axes from 1 to {rank - 1}; 0 is the batch's",
                )
        sizes = dict(enumerate(input_shape[1:], start=1))
        self.alpha = self.add_own_weight(
            "alpha", [1 if axis in shared else size for axis, size in sizes.items()]
        )
        own = {axis: size for axis, size in sizes.items() if axis not in shared}
        self.input_spec = InputSpec(ndim=rank, axes=own)

    def call(self, inputs: Tree) -> Any:
        """max(x, 0) − alpha · max(−x, 0)"""
        return activations.relu(inputs) - self.alpha.value * activations.relu(-inputs)
