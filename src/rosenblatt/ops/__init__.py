"""Keras's array functions over jax.numpy and jax.nn, on arrays and on symbolic tensors."""

from typing import TYPE_CHECKING, Any

from rosenblatt.ops.table import *  # noqa: F403
from rosenblatt.ops.table import __all__ as __all__

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Most ops are made from a table, which no type checker reads."""
