"""Integers as vectors: one-hot, multi-hot, counts; and the layer that does only this."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.checks import Check
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Tree
from rosenblatt.layers.arguments import POSITIVE
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.preprocessing.arguments import NOT_SPARSE, modes


def array_dtype(name: str) -> np.dtype:
    """The dtype of a name as JAX has it: integers of 64 bits have 32."""
    return dtypes.numpy_dtype({"int64": "int32", "uint64": "uint32"}.get(name, name))


def encoded(indices: Any, mode: str, depth: int, dtype: str, weights: Any = None) -> Any:
    """Integers in an output mode.

    Args:
        indices: integers of shape (…, length); those outside 0 … depth − 1 count nowhere.
        mode: "int" (as they are), "one_hot" (each integer a vector; a last axis of size 1 is
            dropped), "multi_hot" or "count" (one vector for all integers of the last axis).
        depth: size of the vectors.
        dtype: dtype name of the result.
        weights: what each integer counts, in "count"; its dtype is that of the result.

    Returns:
        An array of shape (…, length), (…, length, depth), or (…, depth).

    >>> encoded(np.array([[0, 2, 2]]), "count", 3, "float32")
    Array([[1., 0., 2.]], dtype=float32)
    """
    kind = array_dtype(dtype)
    indices = jnp.asarray(indices).astype("int32")
    if mode == "int":
        return indices.astype(kind)
    if not indices.ndim:
        indices = indices[None]
    if mode == "one_hot":
        if indices.ndim > 1 and indices.shape[-1] == 1:
            indices = indices[..., 0]
        return jax.nn.one_hot(indices, depth, dtype=kind)
    vectors = jax.nn.one_hot(indices, depth, dtype=kind if weights is None else weights.dtype)
    if mode == "multi_hot":
        return jnp.max(vectors, axis=-2, initial=0)
    if weights is not None:
        vectors = vectors * weights[..., None]
    return jnp.sum(vectors, axis=-2, dtype=vectors.dtype)


_TOKENS = Check(
    POSITIVE.fits,
    "how many integers there are, 1 or more (use `IntegerLookup` where that is not known)",
    int,
    [None, 0, "3", 1.5],
)


@family.entry()
class CategoryEncoding(Layer):
    """Integers from 0 to `num_tokens` − 1 as vectors of 0 and 1, or of counts.

    Args:
        num_tokens: size of the vectors.
        output_mode: "one_hot" for a vector of each integer (a last axis of size 1 is dropped),
            "multi_hot" or "count" for one of all integers of the last axis.
        sparse: must be False.

    Raises:
        ValueError: no `num_tokens`, an unknown mode, `sparse=True`.

    >>> CategoryEncoding(4, output_mode="one_hot")(np.array([3, 1]))
    Array([[0., 0., 0., 1.],
           [0., 1., 0., 0.]], dtype=float32)
    """

    num_tokens: Any = setting(_TOKENS, default=None)
    output_mode: str = setting(modes("one_hot", "multi_hot", "count"), default="multi_hot")
    sparse: bool = setting(NOT_SPARSE, default=False, saved=False)

    def __post_init__(self) -> None:
        """Integers are kept as they are: 257 and 258 are one in bfloat16."""
        self.autocast = False

    def call(self, inputs: Tree, count_weights: Any = None) -> Any:
        """The vectors.

        Args:
            inputs: integers.
            count_weights: what each integer counts, of the inputs' shape; with "count" only.

        Raises:
            ValueError: weights in another mode.
        """
        if count_weights is not None:
            if self.output_mode != "count":
                raise BadArgument(
                    f'{self._where}: `count_weights` go with `output_mode="count"`.',
                    given=f"output_mode={self.output_mode!r}",
                )
            count_weights = jnp.asarray(count_weights, self.compute_dtype)
        return encoded(inputs, self.output_mode, self.num_tokens, self.compute_dtype, count_weights)
