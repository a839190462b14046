"""Keras's array functions over jax.numpy and jax.nn, on arrays and on symbolic tensors.

Left out are the ops of images (`ops.image`, `psnr`, `depth_to_space`, `space_to_depth`, `fold`,
`unfold`), of convolution and pooling, of Fourier transforms and of CTC: this library is for dense
networks.
"""

from typing import TYPE_CHECKING, Any

from rosenblatt.ops import (
    algebra,
    control,
    elementwise,
    linalg,
    making,
    networks,
    nn,
    nonlinear,
    numpy,
    operators,
    products,
    rearranging,
    reductions,
    shaping,
    sorting,
    special,
)

_FAMILIES = (
    elementwise, reductions, shaping, making, products, sorting, nonlinear, networks, algebra,
    special, control, rearranging,
)  # fmt: skip
TABLE = {name: function for family in _FAMILIES for name, function in family.TABLE.items()}
globals().update(TABLE)
operators.install(TABLE)

__all__ = [*sorted(TABLE), "linalg", "nn", "numpy"]

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Most ops are made from a table, which no type checker reads."""
