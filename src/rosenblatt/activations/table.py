"""The table of activations, and how a function of arrays gets into it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.ops.define import define

# Modules that Keras's files name for the operations.
NN, NUMPY = "keras.src.ops.nn", "keras.src.ops.numpy"
OWN = "keras.src.activations.activations"

TABLE: dict[str, Callable[..., Any]] = {}


def activation(
    module: str = NN, operation: str | None = None, aliases: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function into the table, and let it record a node where the input is symbolic.

    `module` and `operation` (snake case) say which class Keras's files name for the node.
    """

    def enter(fn: Callable[..., Any]) -> Callable[..., Any]:
        symbolic = define(operation or fn.__name__, fn, module=module)

        @functools.wraps(fn)
        def on_any(x: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(x, KerasTensor):
                return symbolic(x, *args, **kwargs)
            return fn(jnp.asarray(x), *args, **kwargs)

        for name in (fn.__name__, *aliases):
            TABLE[name] = on_any
        return on_any

    return enter
