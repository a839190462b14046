"""SpectralNormalization: a layer whose kernel has spectral norm 1."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Shapes, Tree
from rosenblatt.core.variable import Variable
from rosenblatt.initializers.random import TruncatedNormal
from rosenblatt.layers.arguments import POSITIVE
from rosenblatt.layers.family import family
from rosenblatt.layers.spec import InputSpec
from rosenblatt.layers.wrapping import Wrapper
from rosenblatt.ops.networks import normalize


@family.entry()
class SpectralNormalization(Wrapper):
    """In training, divides a layer's kernel W by its largest singular value: W ← W / σ(W).

    σ is followed by power iteration, v ← Wu / |Wu|, u ← Wᵀv / |Wᵀv|, σ = vᵀWu, one or more times a
    step. Miyato et al., "Spectral normalization for generative adversarial networks", 2018.

    Args:
        layer: a layer with a `kernel` or `embeddings`.
        power_iterations: how many iterations at each step, 1 or more.

    Raises:
        ValueError: fewer iterations; something that is not a layer, or a layer without a kernel.

    >>> import numpy as np
    >>> from rosenblatt.layers import Dense
    >>> layer = SpectralNormalization(Dense(2, kernel_initializer="identity"), power_iterations=9)
    >>> layer.build((None, 2))
    >>> _ = layer.kernel.assign(5 * np.eye(2))
    >>> np.asarray(layer(np.eye(2, dtype="float32"), training=True)).round(3)
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    power_iterations: int = setting(POSITIVE, default=1)

    def build(self, input_shape: Shapes = None) -> None:
        """Build the layer inside, and create u."""
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        kernel = getattr(self.layer, "kernel", None)
        kernel = getattr(self.layer, "embeddings", None) if kernel is None else kernel
        if kernel is None:
            raise BadArgument(
                f"{self._where}: the layer inside has no kernel.",
                given=f"{type(self.layer).__name__} {self.layer.name!r}",
                expected="a layer with a `kernel` or `embeddings`, such as Dense",
            )
        self.kernel: Variable = kernel
        self.vector_u = self.add_weight(
            (1, kernel.shape[-1]),
            TruncatedNormal(stddev=0.02),
            dtype=kernel.dtype,
            trainable=False,
            name="vector_u",
        )

    def call(self, inputs: Tree, training: bool | None = False) -> Any:
        """The layer's outputs, in training with its kernel normalized again."""
        if training:
            vector_u, kernel = self.normalized_weights()
            self.vector_u.assign(vector_u)
            self.kernel.assign(kernel)
        outputs = self.layer(inputs)
        is_float = jnp.issubdtype(inputs.dtype, jnp.floating)
        return outputs.astype(inputs.dtype) if is_float else outputs

    def normalized_weights(self) -> tuple[Any, Any]:
        """u after some more iterations, and the kernel divided by σ; a kernel of zeros is kept."""
        kernel, before = self.kernel.value, self.vector_u.value
        matrix = kernel.reshape(-1, kernel.shape[-1])
        vector_u = before
        for _ in range(self.power_iterations):
            vector_v = normalize(vector_u @ matrix.T, None)
            vector_u = normalize(vector_v @ matrix, None)
        vector_u, vector_v = lax.stop_gradient((vector_u, vector_v))
        empty = jnp.all(kernel == 0)
        sigma = jnp.where(empty, 1, (vector_v @ matrix @ vector_u.T)[0, 0])
        vector_u = jnp.where(empty, before, vector_u)
        return vector_u.astype(self.vector_u.dtype), (kernel / sigma).astype(self.kernel.dtype)

    def compute_output_shape(self, input_shape: Shapes) -> Any:
        """The shape that the layer inside makes."""
        return self.layer.compute_output_shape(input_shape)
