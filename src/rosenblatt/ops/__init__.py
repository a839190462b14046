"""Keras's array functions over jax.numpy and jax.nn, on arrays and on symbolic tensors."""

from rosenblatt.ops.table import *  # noqa: F403
from rosenblatt.ops.table import __all__ as __all__
