"""Layers that make one tensor of several."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt import ops
from rosenblatt.core import masks
from rosenblatt.core.checks import whole
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import setting
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.types import Array, Mask, Shapes, Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.signatures import is_shape


class Merge(Layer):
    """Joins a list of tensors elementwise; subclasses say how two are joined."""

    makes_masks = False

    def build(self, input_shape: Shapes) -> None:
        """Check that there are several inputs whose shapes can be joined."""
        is_dict = isinstance(input_shape, dict)
        if input_shape is None or is_dict or is_shape(input_shape):
            raise BadArgument(
                f"{self._where} joins several tensors.",
                given="a dict" if is_dict else f"one of shape {input_shape}",
                expected="a list of tensors",
                fix=f"write `{type(self).__name__}()([a, b])`.",
            )
        self.check_shapes(input_shape)

    def check_shapes(self, shapes: Shapes) -> None:
        """Compare the inputs' sizes, aligned at the last axes; None fits any size."""
        rank = max(len(shape) for shape in shapes)
        rows = [(s[0], *(1,) * (rank - len(s)), *s[1:]) if len(s) else (1,) * rank for s in shapes]
        if any(len(set(sizes) - {1, None}) > 1 for sizes in zip(*rows, strict=True)):
            raise BadArgument(
                f"{self._where}: the shapes cannot be joined.",
                given=", ".join(str(tuple(shape)) for shape in shapes),
                expected="equal sizes, or 1, at each axis",
            )

    def compute_output_spec(self, inputs: Tree) -> Any:
        """The symbolic output: a size that is unknown in one of the inputs is so in it too."""
        return super().compute_output_spec(self.with_sizes_that_fit(inputs))

    def with_sizes_that_fit(self, inputs: Tree) -> Any:
        """The inputs, where sizes are unknown with shapes that can be joined."""
        symbolic = isinstance(inputs, (list, tuple)) and all(
            isinstance(x, KerasTensor) and x.shape for x in inputs
        )
        if not symbolic or all(None not in x.shape[1:] for x in inputs):
            return inputs
        shapes = self.fitting([x.shape for x in inputs])
        return [KerasTensor(s, x.dtype) for x, s in zip(inputs, shapes, strict=True)]

    def fitting(self, shapes: Shapes) -> list[Any]:
        """Shapes with None for each size, but 1, that is unknown in one of them."""
        rank = max(len(shape) for shape in shapes)
        unknown = {
            place
            for place in range(1, rank)
            if any(len(shape) > place and shape[-place] is None for shape in shapes)
        }
        return [
            tuple(
                None if len(shape) - i in unknown and i and size != 1 else size
                for i, size in enumerate(shape)
            )
            for shape in shapes
        ]

    def merge(self, first: Array, second: Array) -> Any:
        """Two tensors joined."""
        raise NotImplementedError

    def merge_masked(self, inputs: Tree) -> Any:
        """The inputs joined without the steps that masks leave out; None where none matters."""
        return None

    def finish(self, total: Array, count: int) -> Any:
        """What is done once all are joined."""
        return total

    def call(self, inputs: Tree) -> Any:
        """All inputs joined, aligned at the last axes as Keras aligns them."""
        if masks.exist() and (found := self.merge_masked(inputs)) is not None:
            return found
        rank = max(x.ndim for x in inputs)
        aligned = [x.reshape((*x.shape[:1], *(1,) * (rank - x.ndim), *x.shape[1:])) for x in inputs]
        self.check_shapes([x.shape for x in inputs])
        return self.finish(functools.reduce(self.merge, aligned), len(inputs))

    def compute_mask(self, inputs: Tree, mask: Mask = None) -> Any:
        """Where any input has a step; None where one of them has no mask, and so every step."""
        given = self.masks_of(inputs, mask)
        if any(one is None for one in given):
            return None
        return functools.reduce(ops.logical_or, given)

    def masks_of(self, inputs: Tree, mask: Mask) -> list[Any]:
        """One mask for each input.

        Raises:
            ValueError: not a list of as many masks as inputs.
        """
        if not isinstance(inputs, (list, tuple)):
            raise BadArgument(
                f"{self._where}: bad `inputs`.", given="one tensor", expected="a list of tensors"
            )
        if mask is None:
            return [None for _ in inputs]
        if not isinstance(mask, (list, tuple)) or len(mask) != len(inputs):
            given = f"a list of {len(mask)}" if isinstance(mask, (list, tuple)) else "one mask"
            raise BadArgument(
                f"{self._where}: bad `mask`.",
                given=given,
                expected=f"a list of {len(inputs)}: one for each input, or None",
            )
        return list(mask)


def _steps_of(inputs: Tree) -> list[Any]:
    """Which values of each input count by its mask, in the input's shape; None where all do."""
    found = [masks.mask_of(x) for x in inputs]
    return [
        None if mask is None else jnp.broadcast_to(jnp.expand_dims(mask, -1), x.shape)
        for x, mask in zip(inputs, found, strict=True)
    ]


class Extreme(Merge):
    """Joins by a maximum or minimum, for which no number stands in place of a masked step."""

    def merge_masked(self, inputs: Tree) -> Any:
        """Where one of two has a masked step the other one's value counts."""
        steps = _steps_of(inputs)
        if all(one is None for one in steps):
            return None
        output, known = inputs[0], steps[0]
        for x, one in zip(inputs[1:], steps[1:], strict=True):
            candidate = x if one is None else jnp.where(one, x, output)
            if known is not None:
                output = jnp.where(known, output, candidate)
            known = None if one is None or known is None else known | one
            output = self.merge(output, candidate)
        return output


@family.entry()
class Add(Merge):
    """The sum of its inputs.

    >>> import numpy as np
    >>> Add()([np.ones((1, 2), "float32"), np.ones((1, 2), "float32")])
    Array([[2., 2.]], dtype=float32)
    """

    def merge(self, first: Array, second: Array) -> Any:
        """first + second"""
        return first + second


@family.entry()
class Subtract(Merge):
    """The difference of its two inputs."""

    def build(self, input_shape: Shapes) -> None:
        """Check that there are two inputs."""
        super().build(input_shape)
        if len(input_shape) != 2:
            raise BadArgument(
                f"{self._where} takes exactly two tensors.",
                given=f"shapes {input_shape}",
            )

    def merge(self, first: Array, second: Array) -> Any:
        """first − second"""
        return first - second


@family.entry()
class Multiply(Merge):
    """The product of its inputs."""

    def merge(self, first: Array, second: Array) -> Any:
        """first · second"""
        return first * second

    def merge_masked(self, inputs: Tree) -> Any:
        """A masked step counts as 1; where the step of every input is masked the product is 0."""
        steps = _steps_of(inputs)
        if all(one is None for one in steps):
            return None
        pairs = zip(inputs, steps, strict=True)
        filled = [x if one is None else jnp.where(one, x, jnp.ones_like(x)) for x, one in pairs]
        product = functools.reduce(self.merge, filled)
        if any(one is None for one in steps):
            return product
        return jnp.where(functools.reduce(jnp.logical_or, steps), product, 0)


@family.entry()
class Average(Merge):
    """The mean of its inputs."""

    def merge(self, first: Array, second: Array) -> Any:
        """first + second, divided by the count at the end"""
        return first + second

    def finish(self, total: Array, count: int) -> Any:
        """The sum divided by the count."""
        return total / count


@family.entry()
class Maximum(Extreme):
    """The elementwise maximum of its inputs."""

    def merge(self, first: Array, second: Array) -> Any:
        """max(first, second)"""
        return jnp.maximum(first, second)


@family.entry()
class Minimum(Extreme):
    """The elementwise minimum of its inputs."""

    def merge(self, first: Array, second: Array) -> Any:
        """min(first, second)"""
        return jnp.minimum(first, second)


@family.entry()
class Concatenate(Merge):
    """Its inputs one after the other along an axis.

    Args:
        axis: the axis; the last by default.

    Raises:
        ValueError: sizes that differ at another axis.

    >>> import numpy as np
    >>> Concatenate()([np.zeros((1, 2)), np.zeros((1, 3))]).shape
    (1, 5)
    """

    axis: int = setting(whole(expected="one integer"), default=-1)

    def check_shapes(self, shapes: Shapes) -> None:
        """Compare ranks, and the sizes at every axis but the one; None fits any size."""
        rank = len(shapes[0])
        fits = all(len(shape) == rank for shape in shapes) and -rank <= self.axis < rank
        for axis in range(rank) if fits else ():
            sizes = {shape[axis] for shape in shapes} - {None}
            fits = fits and (axis == self.axis % rank or len(sizes) <= 1)
        if not fits:
            raise BadArgument(
                f"{self._where}: the shapes cannot be joined along axis {self.axis}.",
                given=", ".join(str(tuple(shape)) for shape in shapes),
                expected="that axis in each, and equal sizes at every other axis",
            )
        if self.axis % rank == 0:  # padded rows would come between real ones
            self.row_independent = False

    def fitting(self, shapes: Shapes) -> list[Any]:
        """Shapes with the first one's sizes, known or not, for unknown ones at the other axes."""
        first, axis = shapes[0], self.axis % len(shapes[0])
        return [
            tuple(
                first[i] if i != axis and None in (first[i], size) else size
                for i, size in enumerate(shape)
            )
            for shape in shapes
        ]

    def call(self, inputs: Tree) -> Any:
        """The inputs along the axis."""
        self.check_shapes([x.shape for x in inputs])
        return jnp.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs: Tree, mask: Mask = None) -> Any:
        """The inputs' masks along the axis; an input without one counts wholly.

        Where the axis is the last, a step counts that counts in any input.
        """
        given = self.masks_of(inputs, mask)
        if all(one is None for one in given):
            return None
        steps = [_steps(one, x) for one, x in zip(given, inputs, strict=True)]
        rank = len(inputs[0].shape)
        if self.axis % rank == rank - 1:
            return functools.reduce(ops.logical_or, steps)
        return ops.concatenate(steps, axis=self.axis % rank)


def _steps(mask: Mask, x: Array) -> Any:
    """A mask over all axes but the last."""
    every = ops.any(ops.logical_or(ops.equal(x, 0), ops.not_equal(x, 0)), axis=-1)
    if mask is None:
        return every
    if len(mask.shape) == len(x.shape):
        return ops.any(mask, axis=-1)
    while len(mask.shape) < len(x.shape) - 1:
        mask = ops.expand_dims(mask, -1)
    return ops.logical_and(mask, every)


def _function(cls: type[Layer]) -> Callable[..., Any]:
    def function(inputs: Sequence[Any], **kwargs: Any) -> Any:
        return cls(**kwargs)(inputs)

    function.__name__ = function.__qualname__ = cls.__name__.lower()
    function.__doc__ = f"`{cls.__name__}` as a function: a new layer called on a list of tensors."
    return function


add = _function(Add)
subtract = _function(Subtract)
multiply = _function(Multiply)
average = _function(Average)
maximum = _function(Maximum)
minimum = _function(Minimum)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate` as a function: a new layer called on a list of tensors."""
    return Concatenate(axis=axis, **kwargs)(inputs)
