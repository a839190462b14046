"""Attention: outputs that are means of values, weighted by how well queries and keys agree."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.checks import choice, flag, number
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import SeedGenerator
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, Mask, Shapes, Tree
from rosenblatt.core.variable import Variable
from rosenblatt.layers.arguments import SEED
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family
from rosenblatt.layers.regularization import dropped


@family.entry()
class Attention(Layer):
    """Dot-product attention: softmax(s · Q Kᵀ) V.

    Luong et al., "Effective approaches to attention-based neural machine translation", 2015.

    Args:
        use_scale: whether there is a trained factor s; 1 otherwise.
        score_mode: "dot", or "concat": w · Σ tanh(s · (q + k)) in place of the dot product, with a
            trained factor w.
        dropout: share of the weights that is dropped in training; an argument of programs.
        seed: seed of the dropout.

    Called on a list `[query, value]` or `[query, value, key]` (the key is the value if left out)
    of shapes (batch, Tq, dim), (batch, Tv, dim'), (batch, Tv, dim); gives (batch, Tq, dim').
    `mask=[query_mask, value_mask]`, bool (batch, Tq) and (batch, Tv): outputs are 0 at masked
    queries, masked values have no weight. `use_causal_mask=True`: query i sees values up to i.
    `return_attention_scores=True`: gives the weights (batch, Tq, Tv) too.

    Raises:
        ValueError: a different number of inputs, shapes or masks that do not fit.

    >>> import numpy as np
    >>> q, v = np.zeros((1, 2, 3), "float32"), np.array([[[0.0], [4.0]]], "float32")
    >>> k = np.zeros((1, 2, 3), "float32")
    >>> Attention()([q, v, k])[0]
    Array([[2.],
           [2.]], dtype=float32)
    """

    use_scale: bool = setting(flag, default=False)
    score_mode: str = setting(choice("dot", "concat"), default="dot")
    dropout: float = setting(number(0, 1), default=0.0, role=NUMBER)
    seed: int | None = SEED
    makes_masks = False

    _unknown_sizes_differ = True

    def __post_init__(self) -> None:
        """The weights come with `build`."""
        self.scale: Variable | None = None
        self.concat_score_weight: Variable | None = None
        if self.dropout > 0:
            self.seed_generator = SeedGenerator(self.seed)

    def build(self, input_shape: Shapes) -> None:
        """Create the scale and the weight of "concat" scores, scalars."""
        self._check_shapes(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def scores(self, query: Array, key: Array) -> Any:
        """How well each query agrees with each key, (batch, Tq, Tv)."""
        scale = 1.0 if self.scale is None else self.scale.value
        if self.concat_score_weight is None:
            return jnp.matmul(query, jnp.swapaxes(key, -2, -1)) * scale
        pairs = query[..., :, None, :] + key[..., None, :, :]
        return self.concat_score_weight.value * jnp.sum(jnp.tanh(scale * pairs), axis=-1)

    def call(
        self,
        inputs: Tree,
        mask: Mask = None,
        training: bool | None = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """The values' weighted means for each query."""
        self._check_shapes([x.shape for x in self._listed(inputs)])
        query, value, key = inputs if len(inputs) == 3 else (*inputs, inputs[1])
        query_mask, value_mask = self._masks(mask, query, value)
        scores = self.scores(query, key)
        seen = value_mask
        if value_mask is not None and value_mask.ndim == 2:
            seen = value_mask[:, None, :]
        if use_causal_mask:
            causal = jnp.tril(jnp.ones(scores.shape[-2:], bool))[None]
            seen = causal if seen is None else seen & causal
        if seen is not None:
            far = 65504.0 if scores.dtype == jnp.float16 else 1e9
            scores = jnp.where(seen, scores, scores - jnp.asarray(far, scores.dtype))
        weights = jax.nn.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            rate, random = self.parameter("dropout"), self.seed_generator.next()
            weights = dropped(weights, rate, random, weights.shape)
        outputs = jnp.matmul(weights, value)
        if query_mask is not None:
            outputs = jnp.where(query_mask[..., None], outputs, 0)
        return (outputs, weights) if return_attention_scores else outputs

    def compute_mask(self, inputs: Tree, mask: Mask = None) -> Any:
        """The query's mask."""
        return None if mask is None else mask[0]

    def compute_output_shape(self, input_shape: Shapes) -> Any:
        """(batch, Tq, dim') of the query's and the value's shapes."""
        self._check_shapes(input_shape)
        return (*input_shape[0][:-1], input_shape[1][-1])

    def _listed(self, inputs: Tree) -> Any:
        if not isinstance(inputs, (list, tuple)) or len(inputs) not in (2, 3):
            given = (
                f"{len(inputs)} tensors"
                if isinstance(inputs, (list, tuple))
                else f"one of shape {tuple(getattr(inputs, 'shape', ()))}"
            )
            raise BadArgument(
                f"{self._where} joins several tensors.",
                given=given,
                expected="a list `[query, value]` or `[query, value, key]`",
            )
        return inputs

    def _check_shapes(self, shapes: Shapes) -> None:
        if not isinstance(shapes, (list, tuple)) or not all(
            isinstance(shape, (list, tuple)) for shape in shapes
        ):
            raise BadArgument(
                f"{self._where} joins several tensors.",
                given=f"one of shape {shapes}",
                expected="a list `[query, value]` or `[query, value, key]`",
            )
        query, value, key = (*self._listed(shapes), shapes[1])[:3]
        fits = min(map(len, (query, value, key))) >= 2 and self._joins(query[-1], key[-1])
        if not fits or not _equal(value[-2], key[-2]):
            raise BadArgument(
                f"{self._where}: the shapes do not fit.",
                given=f"query {tuple(query)}, value {tuple(value)}, key {tuple(key)}",
                expected="(batch, Tq, dim), (batch, Tv, any), (batch, Tv, dim)",
            )

    def _joins(self, query: int | None, key: int | None) -> bool:
        """Whether a query of a size goes with keys of a size."""
        return _equal(query, key)

    def _masks(self, mask: Mask, query: Array, value: Any) -> tuple[Any, Any]:
        if mask is None:
            return None, None
        if not isinstance(mask, (list, tuple)) or len(mask) not in (2, 3):
            raise BadArgument(
                f"{self._where}: bad `mask`.",
                given=type(mask).__name__,
                expected="a list `[query_mask, value_mask]`; each bool, or None",
            )
        for name, one, array in (("query", mask[0], query), ("value", mask[1], value)):
            if one is not None and (
                one.shape[-1] != array.shape[-2] or (one.ndim != 2 and name == "query")
            ):
                raise BadArgument(
                    f"{self._where}: the mask of the {name} has the wrong shape.",
                    given=tuple(one.shape),
                    expected=f"(batch, steps) = {tuple(array.shape[:-1])}",
                )
        return tuple(None if m is None else m.astype(bool) for m in mask[:2])  # type: ignore[return-value]


@family.entry()
class AdditiveAttention(Attention):
    """Additive attention: softmax(Σ s · tanh(q + k)) V, with a trained vector s.

    Bahdanau et al., "Neural machine translation by jointly learning to align and translate", 2015.

    Args:
        use_scale: whether there is an s; 1 otherwise.
        dropout: as in `Attention`.

    Called as `Attention` is.

    >>> import numpy as np
    >>> q, v = np.zeros((1, 2, 3), "float32"), np.ones((1, 4, 3), "float32")
    >>> AdditiveAttention()([q, v]).shape
    (1, 2, 3)
    """

    use_scale: bool = setting(flag, default=True)
    dropout: float = setting(number(0, 1), default=0.0, role=NUMBER)
    score_mode = "dot"

    def build(self, input_shape: Shapes) -> None:
        """Create the scale, one factor for each feature."""
        self._check_shapes(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def _joins(self, query: int | None, key: int | None) -> bool:
        return _equal(query, key) or 1 in (query, key)  # a sum broadcasts, a product does not

    def scores(self, query: Array, key: Array) -> Any:
        """Σ s · tanh(q + k), (batch, Tq, Tv)."""
        scale = 1.0 if self.scale is None else self.scale.value
        pairs = query[..., :, None, :] + key[..., None, :, :]
        return jnp.sum(scale * jnp.tanh(pairs), axis=-1)


def _equal(first: int | None, second: int | None) -> bool:
    return first is None or second is None or first == second
