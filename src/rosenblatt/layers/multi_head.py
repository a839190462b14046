"""Multi-head and grouped-query attention."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.layers.einsum import EinsumDense
from rosenblatt.layers.heads import Heads, positive


@builtin("keras.layers")
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

    config_fields = ("num_heads", "key_dim", "value_dim", "attention_axes", *Heads.config_fields)

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ):
        kind = type(self).__name__
        super().__init__(
            dropout=dropout,
            use_bias=use_bias,
            use_gate=use_gate,
            sliding_window=sliding_window,
            flash_attention=flash_attention,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            projected_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            seed=seed,
            **kwargs,
        )
        self.num_heads = positive(kind, "num_heads", num_heads)
        self.key_dim = positive(kind, "key_dim", key_dim)
        self.value_dim = self.key_dim
        if value_dim is not None:
            self.value_dim = positive(kind, "value_dim", value_dim)
        self.attention_axes = _sizes(kind, "attention_axes", attention_axes)
        self._output_shape = _sizes(kind, "output_shape", output_shape)

    def build(  # type: ignore[override]
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
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

    def _to_heads(self, name: str, shape: Any, size: int, **kwargs: Any) -> EinsumDense:
        free = string.ascii_lowercase[: len(shape) - 1]
        sizes = (*(None,) * (len(shape) - 2), self.num_heads, size)
        dense = self.projection(name, f"{free}z,zxy->{free}xy", sizes, **kwargs)
        dense.build(shape)
        return dense

    def compute_output_shape(
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
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

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {**super().get_config(), "output_shape": self._output_shape}


@builtin("keras.layers", "GroupQueryAttention")
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
    config_fields = ("head_dim", "num_query_heads", "num_key_value_heads", *Heads.config_fields)

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ):
        kind = type(self).__name__
        super().__init__(
            dropout=dropout,
            use_bias=use_bias,
            use_gate=use_gate,
            sliding_window=sliding_window,
            flash_attention=flash_attention,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            projected_regularizer=activity_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            seed=seed,
            **kwargs,
        )
        self.head_dim = positive(kind, "head_dim", head_dim)
        self.num_query_heads = positive(kind, "num_query_heads", num_query_heads)
        self.num_key_value_heads = positive(kind, "num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                explain(
                    f"{kind}: bad `num_key_value_heads`.",
                    given=num_key_value_heads,
                    expected=f"a divisor of num_query_heads={num_query_heads}",
                )
            )

    def build(  # type: ignore[override]
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
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
        features = query_shape[-1]
        self._output_dense = self.projection("attention_output", "bquh,uhm->bqm", (None, features))
        self._output_dense.build((None, None, self.num_query_heads, self.head_dim))

    def _to_heads(self, name: str, shape: Any, heads: int, **kwargs: Any) -> EinsumDense:
        sizes = (None, heads, self.head_dim)
        dense = self.projection(name, "bqm,muh->bquh", sizes, **kwargs)
        dense.build(shape)
        return dense

    def _for_each_head(self, x: Any) -> Any:
        return jnp.repeat(x, self.num_query_heads // self.num_key_value_heads, axis=2)

    def compute_output_shape(
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> Any:
        """The query's shape."""
        self.check_shapes(query_shape, value_shape, key_shape or value_shape, ranks=(3,))
        return tuple(query_shape)


GroupQueryAttention = GroupedQueryAttention


def _sizes(kind: str, name: str, given: Any) -> tuple[int, ...] | None:
    """Integers as a tuple; None where nothing is given."""
    if not given and not isinstance(given, (int, np.integer)):
        return None
    sizes = (given,) if isinstance(given, (int, np.integer)) else given
    if not isinstance(sizes, (list, tuple)) or not all(
        isinstance(size, (int, np.integer)) for size in sizes
    ):
        raise ValueError(
            explain(
                f"{kind}: bad `{name}`.",
                given=repr(given),
                expected="an integer or a tuple of them",
            )
        )
    return tuple(int(size) for size in sizes)
