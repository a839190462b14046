"""The kernel, bias and activation that Dense and EinsumDense have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rosenblatt import activations, constraints, initializers, regularizers
from rosenblatt.core.errors import explain
from rosenblatt.core.variable import Variable
from rosenblatt.layers.base import Layer


class KernelLayer(Layer):
    """A layer with a kernel, perhaps a bias, and an activation; subclasses say of which shapes."""

    config_fields: tuple[str, ...] = (
        "activation", "kernel_initializer", "bias_initializer", "kernel_regularizer",
        "bias_regularizer", "kernel_constraint", "bias_constraint", "quantization_config",
    )  # fmt: skip

    def __init__(
        self,
        activation: Any = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        if lora_rank is not None or quantization_config is not None:
            raise ValueError(
                explain(
                    f"{type(self).__name__}: `lora_rank` and `quantization_config` are not "
                    "supported."
                )
            )
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.quantization_config = None
        self.bias: Variable | None = None

    def add_kernel(self, shape: Sequence[Any], initializer: Any = None) -> None:
        """Create the kernel; the initializer is the layer's unless one is given."""
        self.kernel: Variable = self.add_weight(
            name="kernel",
            shape=shape,
            initializer=initializer or self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )

    def add_bias(self, shape: Sequence[Any]) -> None:
        """Create the bias."""
        self.bias = self.add_weight(
            name="bias",
            shape=shape,
            initializer=self.bias_initializer,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
        )

    def finish(self, products: Any) -> Any:
        """The activation of the products plus the bias."""
        if self.bias is not None:
            products = products + self.bias.value
        return self.activation(products)

    def enable_lora(self, rank: int, *args: Any, **kwargs: Any) -> None:
        """Refused: adapters of low rank are for kernels far larger than this library is for.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            explain(
                f"Layer {self.name!r} ({type(self).__name__}): LoRA is not supported.",
                fix="set `trainable = False` on the layers to keep, and train the others.",
            )
        )

    def quantize(self, mode: Any = None, *args: Any, **kwargs: Any) -> None:
        """Refused: weights of integers bring nothing in networks of this size.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            explain(
                f"Layer {self.name!r} ({type(self).__name__}): quantization is not supported.",
                fix='make the layer with `dtype="bfloat16"` for weights of half the size.',
            )
        )
