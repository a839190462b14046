"""Multi-head and grouped-query attention."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt import regularizers
from rosenblatt.core.checks import Check, is_whole, one_of
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Array, Shapes
from rosenblatt.layers.arguments import POSITIVE, as_tuple
from rosenblatt.layers.einsum import EinsumDense
from rosenblatt.layers.family import family
from rosenblatt.layers.heads import OPTIONAL_POSITIVE, Heads

# Integers as a tuple; None where nothing is given.
_sizes = Check(
    lambda value: value is None or all(is_whole(size) for size in as_tuple(value)),
    "an integer or a tuple of them",
    lambda value: None if value in (None, (), []) else tuple(int(n) for n in as_tuple(value)),
    ["3", 1.5],
)


@family.entry()
class MultiHeadAttention(Heads):
    """Several heads side by side: head i = softmax(Qᵢ Kᵢᵀ / √d) Vᵢ, then all projected together.

    Qᵢ, Kᵢ, Vᵢ are trained projections of query, key and value. Vaswani et al., "Attention is all
    you need", 2017.

    Args:
        num_heads: number of heads.
        key_dim: d, size of a head's queries and keys.
        value_dim: size of a head's values; d if None.
        dropout: share of the weights that is dropped in training; an argument of programs.
        use_bias: whether the projections have biases.
        output_shape: sizes of the outputs' features; those of the query if None.
        attention_axes: axes that are attended; all but batch and features if None.
        sliding_window: a query sees steps nearer than this only.
        flash_attention: accepted; XLA chooses the kernel.
        kernel_initializer, bias_initializer: of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties of the projections.
        kernel_constraint, bias_constraint: projections after each update.
        use_gate: multiply the heads by sigmoids of the query (Qiu et al., "Gated attention for
            large language models", 2025).
        seed: seed of the dropout.

    Call it as `layer(query, value, key=None, …)`; see `call`. Gives (batch, T, dim of the query).
    Masks of query, value and key are taken from them, and the query's goes on to the outputs.

    Raises:
        ValueError: sizes that are no positive integers; shapes or masks that do not fit.

    >>> import numpy as np
    >>> x = np.ones((2, 5, 8), "float32")
    >>> MultiHeadAttention(num_heads=2, key_dim=4)(x, x).shape
    (2, 5, 8)
    """

    num_heads: int = setting(POSITIVE)
    key_dim: int = setting(POSITIVE)
    value_dim: Any = setting(OPTIONAL_POSITIVE, default=None)
    output_shape: int | Sequence[int] | None = setting(
        _sizes, default=None, attribute="_output_shape"
    )
    attention_axes: Any = setting(_sizes, default=None)
    __argument_order__ = (
        "dropout", "use_bias", "output_shape", "attention_axes", *Heads.__argument_order__[2:],
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Values are as large as keys unless a size is given."""
        super().__post_init__()
        self.value_dim = self.value_dim or self.key_dim

    def build(  # type: ignore[override]
        self, query_shape: Shapes, value_shape: Shapes, key_shape: Shapes = None
    ) -> None:
        """Create the projections."""
        key_shape = value_shape if key_shape is None else key_shape
        self.check_shapes(query_shape, value_shape, key_shape)
        rank = len(query_shape)
        if self.attention_axes is None:
            self.attention_axes = tuple(range(1, rank - 1))
        self.attention_axes = tuple(a if a >= 0 else rank + a for a in self.attention_axes)
        self._axes = self.attention_axes
        self._query_dense = self._to_heads("query", query_shape, self.key_dim)
        self._key_dense = self._to_heads("key", key_shape, self.key_dim)
        if self.use_gate:
            self._gate_dense = self._to_heads(
                "gate", query_shape, self.value_dim, activation="sigmoid"
            )
        self._value_dense = self._to_heads("value", value_shape, self.value_dim)
        self._make_dropout()
        free, (heads, size) = string.ascii_lowercase[: rank - 1], "xy"
        features = self._output_shape or (query_shape[-1],)
        out = string.ascii_uppercase[: len(features)]
        self._output_dense = self.projection(
            "attention_output",
            f"{free}{heads}{size},{heads}{size}{out}->{free}{out}",
            (*(None,) * (rank - 2), *features),
        )
        self._output_dense.build((*query_shape[:-1], self.num_heads, self.value_dim))

    def _to_heads(self, name: str, shape: Shapes, size: int, **kwargs: Any) -> EinsumDense:
        free = string.ascii_lowercase[: len(shape) - 1]
        sizes = (*(None,) * (len(shape) - 2), self.num_heads, size)
        dense = self.projection(name, f"{free}z,zxy->{free}xy", sizes, **kwargs)
        dense.build(shape)
        return dense

    def compute_output_shape(
        self, query_shape: Shapes, value_shape: Shapes, key_shape: Shapes = None
    ) -> Any:
        """The query's shape, with the outputs' features."""
        self.check_shapes(query_shape, value_shape, key_shape or value_shape)
        return (*query_shape[:-1], *(self._output_shape or query_shape[-1:]))

    @property
    def query_dense(self) -> EinsumDense:
        """The projection of the query."""
        return self._query_dense

    @property
    def key_dense(self) -> EinsumDense:
        """The projection of the key."""
        return self._key_dense

    @property
    def value_dense(self) -> EinsumDense:
        """The projection of the value."""
        return self._value_dense

    @property
    def output_dense(self) -> EinsumDense:
        """The projection of all heads together."""
        return self._output_dense


@family.entry(also=["GroupQueryAttention"])
class GroupedQueryAttention(Heads):
    """Multi-head attention in which groups of heads share their keys and values.

    With one key-value head it is multi-query attention, with as many as query heads multi-head
    attention. Ainslie et al., "GQA: Training generalized multi-query transformer models from
    multi-head checkpoints", 2023.

    Args:
        head_dim: size of a head.
        num_query_heads: number of heads of the query.
        num_key_value_heads: number of heads of key and value; a divisor of `num_query_heads`.
        dropout, use_bias, sliding_window, flash_attention, use_gate, seed: as in
            `MultiHeadAttention`.
        kernel_initializer, bias_initializer: of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties of the projections;
            the last on the outputs too.
        kernel_constraint, bias_constraint: projections after each update.

    Called as `MultiHeadAttention` is, on (batch, T, dim).

    Raises:
        ValueError: sizes that are no positive integers or do not divide; shapes or masks that do
            not fit.

    >>> import numpy as np
    >>> x = np.ones((2, 5, 8), "float32")
    >>> GroupQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)(x, x).shape
    (2, 5, 8)
    """

    _keras_name = "GroupQueryAttention"  # as Keras exports it
    head_dim: int = setting(POSITIVE)
    num_query_heads: int = setting(POSITIVE)
    num_key_value_heads: int = setting(POSITIVE)
    activity_regularizer: Any = setting(  # of the projections and of the outputs
        one_of(regularizers), default=None, kw_only=True
    )

    def __post_init__(self) -> None:
        """Groups of query heads share a key and a value."""
        super().__post_init__()
        if self.num_query_heads % self.num_key_value_heads:
            raise BadArgument(
                f"{type(self).__name__}: bad `num_key_value_heads`.",
                given=self.num_key_value_heads,
                expected=f"a divisor of num_query_heads={self.num_query_heads}",
            )

    def build(  # type: ignore[override]
        self, query_shape: Shapes, value_shape: Shapes, key_shape: Shapes = None
    ) -> None:
        """Create the projections."""
        key_shape = value_shape if key_shape is None else key_shape
        self.check_shapes(query_shape, value_shape, key_shape, ranks=(3,))
        self._query_dense = self._to_heads("query", query_shape, self.num_query_heads)
        self._key_dense = self._to_heads("key", key_shape, self.num_key_value_heads)
        if self.use_gate:
            self._gate_dense = self._to_heads(
                "gate", query_shape, self.num_query_heads, activation="sigmoid"
            )
        self._value_dense = self._to_heads("value", value_shape, self.num_key_value_heads)
        self._make_dropout()
        features = self.feature_dim = query_shape[-1]
        self._output_dense = self.projection("attention_output", "bquh,uhm->bqm", (None, features))
        self._output_dense.build((None, None, self.num_query_heads, self.head_dim))

    def _to_heads(self, name: str, shape: Shapes, heads: int, **kwargs: Any) -> EinsumDense:
        sizes = (None, heads, self.head_dim)
        dense = self.projection(name, "bqm,muh->bquh", sizes, **kwargs)
        dense.build(shape)
        return dense

    @property
    def _projected_regularizer(self) -> Any:
        return self.activity_regularizer

    @property
    def num_repeats(self) -> int:
        """Query heads for each head of keys and values."""
        return self.num_query_heads // self.num_key_value_heads

    def _for_each_head(self, x: Array) -> Any:
        return jnp.repeat(x, self.num_repeats, axis=2)

    def compute_output_shape(
        self, query_shape: Shapes, value_shape: Shapes, key_shape: Shapes = None
    ) -> Any:
        """The query's shape."""
        self.check_shapes(query_shape, value_shape, key_shape or value_shape, ranks=(3,))
        return tuple(query_shape)


GroupQueryAttention = GroupedQueryAttention
