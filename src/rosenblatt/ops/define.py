"""How a function of arrays becomes an op: on symbolic tensors it records a node."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import registry
from rosenblatt.core.errors import explain, nearest
from rosenblatt.core.symbolic import Operation, any_symbolic, tree_leaves
from rosenblatt.core.variable import Variable


def define(
    name: str,
    fn: Callable[..., Any],
    tensors: int = 1,
    module: str = "keras.src.ops.numpy",
    class_name: str | None = None,
) -> Callable[..., Any]:
    """Make an op.

    Args:
        name: Keras's name, in snake case.
        fn: the function of arrays; its first `tensors` arguments are arrays (or lists of arrays),
            the others settings.
        tensors: how many arguments are arrays.
        module: the module that Keras's files name for the op's class.
        class_name: the name of that class; made from the op's name if None.

    Returns:
        The function: on arrays it computes, on symbolic tensors it records an operation whose
        class Keras's files know.
    """
    class_name = class_name or "".join(part.capitalize() for part in name.split("_"))
    signature = inspect.signature(fn)
    settings = known = list(signature.parameters)[tensors:]
    op_name = name

    class Op(Operation):
        def __init__(self, name: str | None = None, **settings: Any):
            super().__init__(name)
            wrong = next((key for key in settings if key not in known), None)
            if wrong is not None:
                raise TypeError(
                    explain(f"Op {op_name!r} has no argument {wrong!r}.", fix=nearest(wrong, known))
                )
            self.settings = settings

        def call(self, *arrays: Any) -> Any:
            return fn(*(_array(a) for a in arrays), **self.settings)

        def compute_output_spec(self, *arrays: Any, **kwargs: Any) -> Any:
            try:
                return super().compute_output_spec(*arrays, **kwargs)
            except (TypeError, ValueError, IndexError) as error:
                shapes = [str(a.shape) for a in tree_leaves(arrays) if hasattr(a, "shape")]
                raise ValueError(
                    explain(
                        f"`ops.{op_name}` cannot be applied to these tensors: {error}",
                        given=f"shapes {', '.join(shapes)}",
                    )
                ) from error

        def get_config(self) -> dict[str, Any]:
            return {"name": self.name, **self.settings}

    Op.__name__ = Op.__qualname__ = class_name
    registry.builtin(module)(Op)

    @functools.wraps(fn)
    def op(*args: Any, **kwargs: Any) -> Any:
        if not any_symbolic(args, kwargs):
            return fn(*(_array(a) for a in args), **{k: _array(v) for k, v in kwargs.items()})
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arrays = list(bound.arguments.values())[:tensors]
        return Op(**{k: bound.arguments[k] for k in settings})(*arrays)

    op.__name__ = op.__qualname__ = name
    op.__module__ = __name__
    return op


def _array(value: Any) -> Any:
    """Variables and NumPy arrays as JAX arrays, in lists too."""
    if isinstance(value, Variable):
        return value.value
    if isinstance(value, np.ndarray):
        return jnp.asarray(value)
    if isinstance(value, (list, tuple)) and any(
        isinstance(v, (Variable, np.ndarray, jax.Array)) for v in value
    ):
        return [_array(v) for v in value]
    return value
