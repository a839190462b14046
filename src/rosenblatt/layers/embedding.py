"""Embedding: a trained vector for each category."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt import ops
from rosenblatt.core.checks import anything, flag
from rosenblatt.core.errors import BadArgument, about, explain, warn_user
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Config, Mask, Shapes, Tree
from rosenblatt.core.watched import watch
from rosenblatt.layers.arguments import (
    CONSTRAINT,
    LORA,
    POSITIVE,
    QUANTIZATION,
    REGULARIZER,
    initializer,
    refuse_lora,
)
from rosenblatt.layers.base import Layer
from rosenblatt.layers.family import family


@family.entry()
class Embedding(Layer):
    """Turns ids into trained vectors: h[n, …] = E[x[n, …]].

    A cheaper form of a one-hot vector times a kernel (Bengio et al., "A neural probabilistic
    language model", 2003).

    Args:
        input_dim: number of ids; they run from 0 to `input_dim` − 1.
        output_dim: size of a vector.
        embeddings_initializer: initial E.
        embeddings_regularizer: penalty on E.
        embeddings_constraint: projection of E after each update.
        mask_zero: id 0 is padding: its steps are masked.
        weights: initial E as an array, (input_dim, output_dim).

    Inputs: integers (batch, …). Outputs: (batch, …, output_dim).

    Raises:
        ValueError: sizes that are not positive integers; an id outside 0 … `input_dim` − 1, where
            the ids are known when the layer is called and in data given to a model.

    >>> import numpy as np
    >>> layer = Embedding(3, 2, weights=np.array([[0.0, 0], [1, 2], [3, 4]]))
    >>> layer(np.array([[2, 1]]))
    Array([[[3., 4.],
            [1., 2.]]], dtype=float32)
    """

    only_maps_rows = True
    input_dim: int = setting(POSITIVE)
    output_dim: int = setting(POSITIVE)
    embeddings_initializer: Any = initializer("uniform")
    embeddings_regularizer: Any = REGULARIZER
    embeddings_constraint: Any = CONSTRAINT
    mask_zero: bool = setting(flag, default=False)
    weights: Any = setting(anything, default=None, attribute="_given_weights", saved=False)
    lora_rank: None = LORA
    lora_alpha: None = LORA
    quantization_config: None = QUANTIZATION
    input_length: None = setting(anything, default=None, kw_only=True, saved=False)

    def __post_init__(self) -> None:
        """Take the weights that were given."""
        self.supports_masking = self.mask_zero
        self.autocast = False  # ids must not lose digits in a short float type
        if vars(self).pop("input_length") is not None:
            warn_user(
                explain("Embedding: `input_length` means nothing any more.", fix="leave it out.")
            )
        weights = vars(self).pop("_given_weights")
        if weights is not None:
            self.build()
            with about("Embedding: bad `weights`."):
                self.set_weights(weights if isinstance(weights, list) else [weights])

    def build(self, input_shape: Shapes = None) -> None:
        """Create E, (input_dim, output_dim)."""
        self.embeddings = self.add_own_weight(
            "embeddings",
            (self.input_dim, self.output_dim),
            autocast=False,  # the vectors are cast, not the table
        )

    lora_enabled = False

    enable_lora = refuse_lora

    def call(self, inputs: Tree) -> Any:
        """E[inputs]"""
        if isinstance(inputs, jax.core.Tracer):
            watch(inputs, self.check_ids)
        else:
            self.check_ids(inputs)
        if not jnp.issubdtype(inputs.dtype, jnp.integer):
            inputs = inputs.astype("int32")
        return jnp.take(self.embeddings.value, inputs, axis=0).astype(self.compute_dtype)

    def check_ids(self, ids: Any, where: str | None = None) -> None:
        """Refuse ids without a vector; a compiled program cannot.

        Args:
            ids: numbers (batch, …).
            where: what holds them, for the message.

        Raises:
            ValueError: with the id and its row.
        """
        values = np.asarray(ids)
        if not values.size or (values.min() >= 0 and values.max() < self.input_dim):
            return
        outside = ~((values >= 0) & (values < self.input_dim))
        place = np.argwhere(outside)[0]
        found = values[tuple(place)]
        found = (
            int(found) if float(found).is_integer() else found
        )  # a model's input casts to floats
        row = f" (first in row {place[0]})" if len(place) else ""
        raise BadArgument(
            f"{self._where}: {where or 'the input'} holds an id without a vector.",
            given=f"{found}{row}",
            expected=f"integers from 0 to {self.input_dim - 1}",
            fix=f"make it `Embedding({int(values.max()) + 1}, {self.output_dim})`, or map "
            "unknown ids to one of their own."
            if values.min() >= 0
            else "number the ids from 0.",
        )

    def compute_mask(self, inputs: Tree, mask: Mask = None) -> Any:
        """Where the id is not 0, if `mask_zero`."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def get_config(self) -> Config:
        """The arguments that make an equal layer."""
        return {"activity_regularizer": None, **super().get_config()}
