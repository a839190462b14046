"""Attention with several heads: each looks through projections of its own."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from rosenblatt import regularizers
from rosenblatt.core import masks
from rosenblatt.core.checks import flag, number, one_of, optional
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, Mask, Shapes
from rosenblatt.layers.arguments import POSITIVE, SEED
from rosenblatt.layers.einsum import EinsumDense
from rosenblatt.layers.kernel import KernelAndBias
from rosenblatt.layers.regularization import Dropout
from rosenblatt.ops.networks import dot_product_attention

OPTIONAL_POSITIVE = optional(POSITIVE, "a positive integer")


class Heads(KernelAndBias):
    """What multi-head and grouped-query attention share; subclasses build the projections.

    A subclass sets, in `build`, `_query_dense`, `_key_dense`, `_value_dense`, `_output_dense` and,
    with `use_gate`, `_gate_dense`; and `_axes`, the axes of the projected arrays that are attended.
    """

    _: KW_ONLY
    dropout: float = setting(number(0, 1), default=0.0, role=NUMBER)
    use_bias: bool = setting(flag, default=True)
    sliding_window: int | None = setting(OPTIONAL_POSITIVE, default=None)
    flash_attention: bool | None = setting(
        flag, default=None, attribute="_flash_attention", saved=False
    )
    activity_regularizer: Any = setting(  # of the projections
        one_of(regularizers), default=None, attribute="_projected_regularizer"
    )
    use_gate: bool = setting(flag, default=False)
    seed: int | None = SEED
    __argument_order__: ClassVar[tuple[str, ...]] = (
        "dropout", "use_bias", "sliding_window", "flash_attention", "kernel_initializer",
        "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer",
        "kernel_constraint", "bias_constraint", "use_gate", "seed",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Flash attention drops nothing."""
        if self._flash_attention and self.dropout > 0:
            raise BadArgument(
                f"{type(self).__name__}: no dropout with `flash_attention=True`.",
                given=f"dropout={self.dropout}",
                fix="leave one of them out.",
            )
        self.supports_masking = True
        self._axes: tuple[int, ...] = (1,)

    def projection(self, name: str, equation: str, shape: Shapes, **kwargs: Any) -> EinsumDense:
        """A dense layer from features to heads, or back, with the settings of this one."""
        given = {field: getattr(self, field) for field in KernelAndBias.__settings__}
        for field in ("kernel_initializer", "bias_initializer"):
            if hasattr(given[field], "get_config"):  # an object draws its seed once
                given[field] = type(given[field]).from_config(given[field].get_config())
        bias_axes = "".join(a for a in equation.partition("->")[2] if a in kernel_of(equation))
        return EinsumDense(
            equation,
            shape,
            bias_axes=bias_axes if self.use_bias else None,
            name=name,
            dtype=self.dtype_policy,
            activity_regularizer=self._projected_regularizer,
            **given,
            **kwargs,
        )

    def call(
        self,
        query: Array,
        value: Any,
        key: Array | None = None,
        query_mask: Mask = None,
        value_mask: Mask = None,
        key_mask: Mask = None,
        attention_mask: Mask = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """The values' weighted means for each query, through all heads.

        Args:
            query, value, key: (batch, T, dim), (batch, S, dim), (batch, S, dim); the key is the
                value if None.
            query_mask, value_mask, key_mask: bool (batch, T), (batch, S), (batch, S); from the
                arrays themselves if None.
            attention_mask: bool (batch, T, S), or with an axis for heads after the batch.
            return_attention_scores: give the weights (batch, heads, T, S) too.
            training: whether weights are dropped.
            use_causal_mask: query i sees values up to i.
        """
        if self._flash_attention and return_attention_scores:
            raise BadArgument(
                f"{self._where}: no attention scores with `flash_attention=True`.",
                fix="make the layer without it.",
            )
        key = value if key is None else key
        given = {"query": query_mask, "value": value_mask, "key": key_mask}
        seen = self._seen(query.shape, value.shape, given, attention_mask)
        with masks.hidden():  # its projections know nothing of steps
            queries, keys, values = (
                self._query_dense(query), self._key_dense(key), self._value_dense(value),
            )  # fmt: skip
            gate = self._gate_dense(query) if self.use_gate else None
            # JAX's own function has neither dropout nor scores, and needs heads of one size.
            plain = not (self.dropout > 0 or return_attention_scores or queries.ndim != 4)
            plain = plain and queries.shape[-1] == values.shape[-1]
            attend = self._attend if plain else self._attend_in_the_open
            outputs, scores = attend(queries, keys, values, seen, use_causal_mask, training)
            if gate is not None:
                outputs = outputs * gate
            outputs = self._output_dense(outputs)
        return (outputs, scores) if return_attention_scores else outputs

    def _attend(
        self, q: Array, k: Array, v: Array, seen: Mask, causal: bool, training: Any
    ) -> tuple[Any, Any]:
        """By the op, which may fuse all steps."""
        mask = None if seen is None else self._with_heads(seen, 4)
        return dot_product_attention(q, k, v, mask=mask, is_causal=causal), None

    def _attend_in_the_open(
        self, q: Array, k: Array, v: Array, seen: Mask, causal: bool, training: Any
    ) -> tuple[Any, Any]:
        """Over any axes, with dropout, and with the weights to show."""
        k, v = (self._for_each_head(x) for x in (k, v))
        scored, combined = equations(q.ndim, self._axes)
        scores = jnp.einsum(scored, k, q * jnp.asarray(q.shape[-1] ** -0.5, q.dtype))
        if causal:
            axis = self._one_axis("use_causal_mask")
            order = jnp.tril(jnp.ones((q.shape[axis], k.shape[axis]), bool))[None]
            seen = order if seen is None else seen & order
        axes = tuple(range(scores.ndim - len(self._axes), scores.ndim))
        if seen is not None:
            seen = self._with_heads(seen, scores.ndim)
            scores = jnp.where(seen, scores, -3e4 if scores.dtype == jnp.float16 else -1e9)
        weights = jax.nn.softmax(scores, axis=axes)
        if seen is not None:  # where nothing is seen, not even evenly
            weights = jnp.where(seen, weights, 0)
        kept = self._dropout_layer(weights, training=training) if self.dropout > 0 else weights
        return jnp.einsum(combined, kept, v), weights

    def _for_each_head(self, x: Array) -> Any:
        """Keys or values, one for each head of the queries."""
        return x

    def _seen(self, query: Shapes, value: Any, given: Mapping[str, Any], mask: Mask) -> Any:
        """Which steps each query sees, bool, from all masks; None where it sees all."""
        parts = []
        for name, one in given.items():
            if one is not None:
                shape = query if name == "query" else value
                self._check_mask(one, name, shape)
                axis = 2 if name == "query" else 1
                parts.append(jnp.expand_dims(jnp.asarray(one).astype(bool), axis))
        if self.sliding_window is not None:
            axis = self._one_axis("sliding_window")
            distance = jnp.arange(query[axis])[:, None] - jnp.arange(value[axis])[None, :]
            parts.append((jnp.abs(distance) < self.sliding_window)[None])
        if mask is not None:
            self._check_attention_mask(mask, query, value)
            parts.append(jnp.asarray(mask).astype(bool))
        rank = max((part.ndim for part in parts), default=0)
        seen = None
        for part in parts:
            part = self._with_heads(part, rank)
            seen = part if seen is None else seen & part
        return seen

    def _one_axis(self, name: str) -> int:
        if len(self._axes) != 1:
            raise BadArgument(
                f"{self._where}: `{name}` needs one axis with an order.",
                given=f"attention over axes {self._axes}",
                fix="write `attention_axes=` with one axis, or give an `attention_mask`.",
            )
        return self._axes[0]

    def _check_mask(self, mask: Mask, name: str, shape: Shapes) -> None:
        if len(shape) != 3 or tuple(mask.shape[1:]) != (shape[1],):
            raise BadArgument(
                f"{self._where}: the mask of the {name} has the wrong shape.",
                given=tuple(mask.shape),
                expected=f"(batch, steps) = {tuple(shape[:-1])}",
                fix=None if len(shape) == 3 else "give an `attention_mask` for several axes.",
            )

    def check_shapes(
        self, query: Array, value: Any, key: Array, ranks: Sequence[int] = range(3, 9)
    ) -> None:
        """Refuse shapes that cannot be attended.

        Raises:
            ValueError: with all three.
        """
        ranked = len(query) in ranks and len(value) in ranks
        if not ranked or tuple(value[1:-1]) != tuple(key[1:-1]):
            raise BadArgument(
                f"{self._where}: the shapes do not fit.",
                given=f"query {tuple(query)}, value {tuple(value)}, key {tuple(key)}",
                expected="(batch, T, dim), (batch, S, dim), (batch, S, dim)",
            )

    def _check_attention_mask(self, mask: Mask, query: Array, value: Any) -> None:
        attended = [
            *(query[axis] for axis in self._axes),
            *(value[axis] for axis in self._axes),
        ]
        given = tuple(mask.shape)
        tail = given[-len(attended) :]
        if len(given) < len(attended) or any(
            m not in (1, size) for m, size in zip(tail, attended, strict=True)
        ):
            raise BadArgument(
                f"{self._where}: `attention_mask` has the wrong shape.",
                given=given,
                expected=f"(batch, T, S) = {(query[0], *attended)}",
            )

    def _with_heads(self, seen: Mask, rank: int) -> Any:
        """A mask with axes for the heads, and others that it lacks, before the attended ones."""
        while seen.ndim < rank:
            seen = jnp.expand_dims(seen, -2 * len(self._axes) - 1)
        return seen

    def _make_dropout(self) -> None:
        self._dropout_layer = Dropout(self.dropout, dtype=self.dtype_policy, seed=self.seed)


def kernel_of(equation: str) -> str:
    """The letters of the kernel."""
    return equation.partition("->")[0].partition(",")[2]


def equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str]:
    """The products of keys with queries and of weights with values, over some axes.

    Args:
        rank: of the projected arrays, (batch, …, heads, size).
        axes: those of their axes that are attended; the others go side by side.

    >>> equations(4, (1,))
    ('aBcd,abcd->acbB', 'acbB,aBcd->abcd')
    """
    query = string.ascii_lowercase[:rank]
    key = "".join(a.upper() if i in axes else a for i, a in enumerate(query))
    beside = "".join(a for i, a in enumerate(query[:-1]) if i not in axes)
    weights = beside + "".join(query[i] for i in axes) + "".join(key[i] for i in axes)
    return f"{key},{query}->{weights}", f"{weights},{key}->{query}"
