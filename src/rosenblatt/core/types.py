"""Words for what functions take and give, where a class alone would not tell."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import jax
import numpy as np

# What a compiled function computes with: an array of JAX, or its stand-in while it is traced.
Array: TypeAlias = jax.Array
# What is turned into an array: arrays of any library, numbers, nested lists of numbers.
ArrayLike: TypeAlias = "jax.Array | np.ndarray | np.generic | float | Sequence[Any]"
# A number, or what stands for it while a function is traced.
Scalar: TypeAlias = "float | jax.Array"
# A nest of lists, tuples and dicts with arrays as its leaves; a bare array is one too.
Tree: TypeAlias = Any
# Sizes of axes, None where a size is unknown (the number of rows).
Shape: TypeAlias = "Sequence[int | None]"
# Axes of an array by their numbers; None: all of them.
Axes: TypeAlias = "int | Sequence[int] | None"
# A shape, or a nest of shapes: what `build` and `compute_output_shape` take.
Shapes: TypeAlias = Any
# The arguments of an object, as plain values: what `get_config` gives.
Config: TypeAlias = dict[str, Any]
# What stands for an object of a family: its name, its config, its class, or the object itself.
Identifier: TypeAlias = "str | Mapping[str, Any] | type | Callable[..., Any] | None"
# A dtype by its name, as a NumPy type, or a policy.
DTypeLike: TypeAlias = Any
PathLike: TypeAlias = "str | os.PathLike[str]"
# Which steps count: bool (batch, steps), a nest of such masks, or None where all do.
Mask: TypeAlias = Any
