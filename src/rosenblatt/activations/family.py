"""The family of activations, and what each is in files of other programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from rosenblatt.core.family import Family

F = TypeVar("F", bound=Callable[..., Any])

family = Family("activation", "keras.activations", "rosenblatt.activations", ["functions", "steps"])


class Nodes(Protocol):
    """What an ONNX graph is written with; both methods return the name of a value."""

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node."""

    def constant(self, value: Any) -> str:
        """A number or an array."""


# How ONNX writes an activation, by its name: from the name of its input to that of its output.
IN_ONNX: dict[str, Callable[[Nodes, str], str]] = {}
# Those that the loader of `.npz` files (`docs/npz_loader.py`) has, by the same names.
IN_NUMPY: set[str] = set()


def node(kind: str, **attributes: float) -> Callable[[Nodes, str], str]:
    """What ONNX writes as one node."""
    return lambda nodes, x: nodes.op(kind, x, **attributes)


def activation(
    *aliases: str, onnx: Callable[[Nodes, str], str] | None = None, numpy: bool = False
) -> Callable[[F], F]:
    """Enter an activation under its name and others.

    Args:
        aliases: further names that users may write.
        onnx: what writes it in ONNX.
        numpy: whether the loader of `.npz` files has it.
    """

    def enter(fn: F) -> F:
        name = fn.__name__
        if onnx is not None:
            IN_ONNX[name] = onnx
        if numpy:
            IN_NUMPY.add(name)
        return family.entry(*aliases)(fn)

    return enter
