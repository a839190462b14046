"""Dense: the layer of fully connected neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.layers.kernel import KernelLayer
from rosenblatt.layers.product import product
from rosenblatt.layers.spec import InputSpec


@builtin("keras.layers")
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

    config_fields = ("units", "use_bias", *KernelLayer.config_fields)

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        if not isinstance(units, (int, np.integer)) or isinstance(units, bool) or units <= 0:
            raise ValueError(
                explain("Dense: bad `units`.", given=repr(units), expected="a positive integer")
            )
        super().__init__(
            activation,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            kernel_constraint,
            bias_constraint,
            lora_rank,
            quantization_config,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.units = int(units)
        self.use_bias = use_bias
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Create kernel (features, units) and bias (units,)."""
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                explain(
                    f"Layer {self.name!r} (Dense): the number of features is unknown.",
                    given=f"input shape {input_shape}",
                    expected="a last axis with a size",
                    fix="give `Input(shape=(features,))` a number.",
                )
            )
        self.add_kernel((features, self.units))
        if self.use_bias:
            self.add_bias((self.units,))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """φ(inputs · kernel + bias)."""
        return self.finish(product(inputs, self.kernel.value))
