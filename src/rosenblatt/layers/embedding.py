"""Embedding: a trained vector for each category."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt import constraints, initializers, ops, regularizers
from rosenblatt.core.errors import explain, warn_user
from rosenblatt.core.registry import builtin
from rosenblatt.core.variable import Variable
from rosenblatt.core.watched import watch
from rosenblatt.layers.base import Layer


@builtin("keras.layers")
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

    config_fields = (
        "input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer",
        "activity_regularizer", "embeddings_constraint", "mask_zero", "quantization_config",
    )  # fmt: skip

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        for name, size in (("input_dim", input_dim), ("output_dim", output_dim)):
            if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size <= 0:
                raise ValueError(
                    explain(
                        f"Embedding: bad `{name}`.", given=repr(size), expected="a positive integer"
                    )
                )
        if lora_rank is not None or quantization_config is not None:
            raise ValueError(
                explain("Embedding: `lora_rank` and `quantization_config` are not supported.")
            )
        if kwargs.pop("input_length", None) is not None:
            warn_user(
                explain("Embedding: `input_length` means nothing any more.", fix="leave it out.")
            )
        super().__init__(**kwargs)
        self.input_dim, self.output_dim = int(input_dim), int(output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False  # ids must not lose digits in a short float type
        self.quantization_config = None
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) else [weights])

    def build(self, input_shape: Any = None) -> None:
        """Create E, (input_dim, output_dim)."""
        self._embeddings = self.add_weight(
            name="embeddings",
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            autocast=False,  # the vectors are cast, not the table
        )

    @property
    def embeddings(self) -> Variable:
        """E."""
        return self._embeddings

    def call(self, inputs: Any) -> Any:
        """E[inputs]"""
        if isinstance(inputs, jax.core.Tracer):
            watch(inputs, self.check_ids)
        else:
            self.check_ids(inputs)
        if not jnp.issubdtype(inputs.dtype, jnp.integer):
            inputs = inputs.astype("int32")
        return jnp.take(self._embeddings.value, inputs, axis=0).astype(self.compute_dtype)

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
        raise ValueError(
            explain(
                f"Layer {self.name!r} (Embedding): {where or 'the input'} holds an id without a "
                "vector.",
                given=f"{found}{row}",
                expected=f"integers from 0 to {self.input_dim - 1}",
                fix=f"make it `Embedding({int(values.max()) + 1}, {self.output_dim})`, or map "
                "unknown ids to one of their own."
                if values.min() >= 0
                else "number the ids from 0.",
            )
        )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where the id is not 0, if `mask_zero`."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None
