"""Dense: the layer of fully connected neurons."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.checks import flag
from rosenblatt.core.errors import NotBuilt
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Shapes, Tree
from rosenblatt.layers.arguments import ACTIVATION, POSITIVE
from rosenblatt.layers.family import family
from rosenblatt.layers.kernel import KernelLayer
from rosenblatt.layers.product import product
from rosenblatt.layers.spec import InputSpec


@family.entry()
class Dense(KernelLayer):
    """A layer in which every neuron is connected to every input: h(X) = φ(XW + b).

    Args:
        units: number of neurons.
        activation: φ, a name or function; none if None.
        use_bias: whether there is a b.
        kernel_initializer: initial W. Glorot & Bengio (2010) by default, for near-linear φ; use
            "he_normal" with ReLU in deep networks (He et al., 2015).
        bias_initializer: initial b.
        kernel_regularizer, bias_regularizer: penalties on W and b.
        activity_regularizer: penalty on the outputs.
        kernel_constraint, bias_constraint: projections of W and b after each update.
        lora_rank, lora_alpha, quantization_config: not supported; None.

    Inputs of shape (batch, …, features) give outputs of shape (batch, …, units).

    Raises:
        ValueError: `units` is not a positive integer; an input whose last axis has another size
            than the one W was made for.

    >>> import numpy as np
    >>> layer = Dense(1, kernel_initializer="ones")
    >>> layer(np.array([[1.0, 2.0]], "float32"))
    Array([[3.]], dtype=float32)
    """

    only_maps_rows = True
    units: int = setting(POSITIVE)
    activation: Any = ACTIVATION
    use_bias: bool = setting(flag, default=True)
    __argument_order__ = (
        "activity_regularizer",
        "kernel_constraint",
        "bias_constraint",
        "lora_rank",
        "lora_alpha",
        "quantization_config",
    )
    supports_masking = True
    input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Shapes) -> None:
        """Create kernel (features, units) and bias (units,)."""
        features = input_shape[-1]
        if features is None:
            raise NotBuilt(
                f"{self._where}: the number of features is unknown.",
                given=f"input shape {input_shape}",
                expected="a last axis with a size",
                fix="give `Input(shape=(features,))` a number.",
            )
        self.kernel = self.add_own_weight("kernel", (features, self.units))
        if self.use_bias:
            self.bias = self.add_own_weight("bias", (self.units,))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Tree, training: bool | None = None) -> Any:
        """φ(inputs · kernel + bias)."""
        return self.finish(product(inputs, self.kernel.value), self.activation)
