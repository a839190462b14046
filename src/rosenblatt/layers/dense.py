"""Dense: the layer of fully connected neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from rosenblatt import activations, constraints, initializers, regularizers
from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.core.variable import Variable
from rosenblatt.layers.base import Layer
from rosenblatt.layers.product import product
from rosenblatt.layers.spec import InputSpec


@builtin("keras.layers")
class Dense(Layer):
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

    Inputs of shape (batch, …, features) give outputs of shape (batch, …, units).

    Raises:
        ValueError: `units` is not a positive integer; an input whose last axis has another size
            than the one W was made for.

    >>> import numpy as np
    >>> layer = Dense(1, kernel_initializer="ones")
    >>> layer(np.array([[1.0, 2.0]], "float32"))
    Array([[3.]], dtype=float32)
    """

    config_fields = (
        "units", "activation", "use_bias", "kernel_initializer", "bias_initializer",
        "kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint",
        "quantization_config",
    )  # fmt: skip

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
        if lora_rank is not None or quantization_config is not None:
            raise ValueError(
                explain("Dense: `lora_rank` and `quantization_config` are not supported.")
            )
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.quantization_config = None
        self.bias: Variable | None = None
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
        self.kernel = self.add_weight(
            name="kernel",
            shape=(features, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """φ(inputs · kernel + bias)."""
        outputs = product(inputs, self.kernel.value)
        if self.bias is not None:
            outputs = outputs + self.bias.value
        return self.activation(outputs)
