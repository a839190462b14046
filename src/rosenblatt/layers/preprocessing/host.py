"""Layers that read text or 64-bit integers: half of them runs on the host, half in programs."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.symbolic import KerasTensor, any_symbolic, infer_outputs, tree_leaves
from rosenblatt.core.types import Tree
from rosenblatt.data.arrays import read_nest
from rosenblatt.data.text import host_array
from rosenblatt.layers import signatures
from rosenblatt.layers.base import Layer


class HostLayer(Layer):
    """A layer whose first half, `lookup`, runs on the host with NumPy, before any program.

    A subclass writes `lookup(inputs)`, which turns text or numbers into small integers, and
    `encode(found)`, a function of arrays that a program can hold. In a model `lookup` runs once
    for the data, and what it found goes into the program in place of the data.
    """

    takes_text = True
    on_host = True  # what a graph asks for

    def lookup(self, inputs: Tree) -> Any:
        """What the values are to the layer: NumPy arrays of integers (or a nest of arrays)."""
        raise NotImplementedError

    def encode(self, found: Any) -> Any:
        """The outputs for what `lookup` found."""
        raise NotImplementedError

    def call(self, inputs: Tree) -> Any:
        """`encode(lookup(inputs))`."""
        return self.encode(self.lookup(inputs))

    @property
    def in_halves(self) -> bool:
        """Whether `call` is `encode(lookup(…))`; a user's own runs whole, on the host."""
        return type(self).call is HostLayer.call

    def found_spec(self, inputs: Tree) -> Any:
        """Symbolic tensors like what `lookup` finds for symbolic inputs."""
        return KerasTensor(tree_leaves(inputs)[0].shape, "int32")

    def compute_output_spec(self, inputs: Tree) -> Any:
        """Symbolic tensors for the outputs of a call, of a shape that a user's class may say."""
        found = self._spec_by_trace(inputs)
        if signatures.is_users(type(self), "compute_output_shape"):
            shape = self._ask_for_shapes("compute_output_shape", (inputs,), {})
            return KerasTensor(shape, found.dtype)
        return found

    def _spec_by_trace(self, inputs: Tree) -> Any:
        return infer_outputs(self.encode, (self.found_spec(inputs),), {})

    def read(self, inputs: Tree) -> Any:
        """Array-likes as NumPy arrays that keep text and 64-bit integers."""
        return read_nest(inputs, self._where, host_array)

    def _convert_inputs(self, args: Any, kwargs: Any) -> tuple[Any, dict[str, Any]]:
        if any_symbolic(args, kwargs):
            return args, kwargs
        if any(isinstance(leaf, jax.core.Tracer) for leaf in tree_leaves((args, kwargs))):
            raise WrongType(
                f"{self._where} looks values up on the host, before any program runs, but it "
                "was called inside one.",
                fix="make the model with the functional API or `Sequential`, the layer before "
                "all layers with weights; or apply the layer to the data, and give the model "
                "what it returns.",
            )
        return tuple(self.read(value) for value in args), kwargs


def integers(array: np.ndarray, where: str) -> np.ndarray:
    """An array of whole numbers as int64.

    Raises:
        ValueError: text, or numbers that are not whole.
    """
    if array.dtype.kind in "iub":
        return array.astype(np.int64, copy=False)
    if array.dtype.kind == "f" and np.array_equal(array, np.trunc(array)):
        return array.astype(np.int64)
    raise BadArgument(
        f"{where} takes integers.",
        given=f"an array of dtype {array.dtype}, shape {array.shape}",
        fix="use `StringLookup` for text, `Discretization` for numbers on a scale.",
    )
