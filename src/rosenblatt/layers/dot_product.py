"""Dot: products of two tensors, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax import lax

from rosenblatt.core.checks import Check, anything, is_whole
from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Mask, Shapes, Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.signatures import is_shape
from rosenblatt.ops.networks import normalize

_AXES = Check(
    lambda value: (
        is_whole(value)
        or (isinstance(value, (list, tuple)) and [type(axis) for axis in value] == [int, int])
    ),
    "an integer, or one integer for each input",
    wrong=["1", None, (1,), (1, 2.5)],
    error=lambda value: BadArgument if isinstance(value, (list, tuple)) else WrongType,
)


@family.entry()
class Dot(Layer):
    """The products of two tensors, summed along one axis of each, for each row of the batch.

    Args:
        axes: the axis to sum along, of both tensors, or one for each.
        normalize: give the vectors along those axes the length 1 first: then the products are the
            cosines of their angles.

    Inputs of shape (batch, …) give the first one's other axes, then the second one's; (batch, 1)
    where there are none.

    Raises:
        TypeError: axes that are no integers.
        ValueError: more axes than two; the batch's axis; sizes that differ along the axes; not
            two tensors.

    >>> import numpy as np
    >>> Dot(axes=1)([np.array([[1.0, 2.0]], "float32"), np.array([[3.0, 4.0]], "float32")])
    Array([[11.]], dtype=float32)
    """

    axes: int | Sequence[int] = setting(_AXES)
    normalize: bool = setting(anything, default=False)
    makes_masks = False
    supports_masking = True

    _unknown_sizes_differ = True

    def build(self, input_shape: Shapes) -> None:
        """Check that there are two inputs, with equal sizes along the axes."""
        self._axes_of(input_shape)

    def compute_mask(self, inputs: Tree, mask: Mask = None) -> None:
        """None: the products are of no step."""
        return

    def call(self, inputs: Tree) -> Any:
        """The products."""
        axes = self._axes_of([x.shape for x in inputs])
        if self.normalize:
            inputs = [normalize(x, axis) for x, axis in zip(inputs, axes, strict=True)]
        first, second = inputs
        products = lax.dot_general(first, second, (((axes[0],), (axes[1],)), ((0,), (0,))))
        return products[:, None] if products.ndim == 1 else products

    def _axes_of(self, shapes: Shapes) -> tuple[int, int]:
        """The axis of each input, counted from 0."""
        where = self._where
        if shapes is None or is_shape(shapes) or len(shapes) != 2:
            raise BadArgument(
                f"{where} takes exactly two tensors.",
                given=f"shapes {shapes}",
                fix="write `Dot(axes=…)([a, b])`.",
            )
        given = (self.axes, self.axes) if isinstance(self.axes, int) else tuple(self.axes)
        named = " and ".join(str(tuple(shape)) for shape in shapes)
        ranks = [len(shape) for shape in shapes]
        if any(not -r <= axis < r or axis % r == 0 for axis, r in zip(given, ranks, strict=True)):
            raise BadArgument(
                f"{where}: the inputs have no such axes, or they are the batch's.",
                given=f"axes {given}, shapes {named}",
                expected="for each input an axis from 1 to its rank − 1, or from the end",
            )
        first, second = (axis % rank for axis, rank in zip(given, ranks, strict=True))
        for axes, what in (((0, 0), "batches"), ((first, second), "axes")):
            sizes = [shape[axis] for shape, axis in zip(shapes, axes, strict=True)]
            if None not in sizes and sizes[0] != sizes[1]:
                raise BadArgument(
                    f"{where}: the {what} of the inputs have different sizes.",
                    given=f"{sizes[0]} and {sizes[1]}, at axes {axes} of shapes {named}",
                )
        return first, second


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """`Dot` as a function: a new layer called on a list of two tensors."""
    return Dot(axes=axes, **kwargs)(inputs)
