"""The kernel and bias that Dense, EinsumDense and attention with heads have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY
from typing import Any

from rosenblatt.core.types import Array
from rosenblatt.core.variable import Variable
from rosenblatt.layers.arguments import (
    CONSTRAINT,
    LORA,
    QUANTIZATION,
    REGULARIZER,
    initializer,
    refuse_lora,
)
from rosenblatt.layers.base import Layer


class KernelAndBias(Layer):
    """First values, penalties and projections of kernels and biases, as settings."""

    _: KW_ONLY  # to type checkers: subclasses have arguments before these
    kernel_initializer: Any = initializer("glorot_uniform")
    bias_initializer: Any = initializer("zeros")
    kernel_regularizer: Any = REGULARIZER
    bias_regularizer: Any = REGULARIZER
    kernel_constraint: Any = CONSTRAINT
    bias_constraint: Any = CONSTRAINT


class KernelLayer(KernelAndBias):
    """A layer with a kernel, perhaps a bias, and an activation; subclasses say of which shapes."""

    _: KW_ONLY
    lora_rank: None = LORA
    lora_alpha: None = LORA
    quantization_config: None = QUANTIZATION

    def __post_init__(self) -> None:
        """There is no bias until one is made."""
        self.bias: Variable | None = None

    def finish(self, products: Array, activation: Callable[[Array], Array]) -> Array:
        """The activation of the products plus the bias."""
        if self.bias is not None:
            products = products + self.bias.value
        return activation(products)

    lora_enabled = False

    enable_lora = refuse_lora
