"""The kernel, bias and activation that Dense and EinsumDense have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rosenblatt.core.errors import NotSupported
from rosenblatt.core.types import Array
from rosenblatt.core.variable import Variable
from rosenblatt.layers.base import Layer


class KernelLayer(Layer):
    """A layer with a kernel, perhaps a bias, and an activation; subclasses say of which shapes."""

    def __post_init__(self) -> None:
        """There is no bias until one is made."""
        self.bias: Variable | None = None

    def finish(self, products: Array, activation: Callable[[Array], Array]) -> Array:
        """The activation of the products plus the bias."""
        if self.bias is not None:
            products = products + self.bias.value
        return activation(products)

    def enable_lora(self, rank: int, *args: Any, **kwargs: Any) -> None:
        """Refused: adapters of low rank are for kernels far larger than this library is for.

        Raises:
            NotImplementedError: always.
        """
        raise NotSupported(
            f"{self._where}: LoRA is not supported.",
            fix="set `trainable = False` on the layers to keep, and train the others.",
        )

    def quantize(self, mode: Any = None, *args: Any, **kwargs: Any) -> None:
        """Refused: weights of integers bring nothing in networks of this size.

        Raises:
            NotImplementedError: always.
        """
        raise NotSupported(
            f"{self._where}: quantization is not supported.",
            fix='make the layer with `dtype="bfloat16"` for weights of half the size.',
        )
