"""The scope in which a layer, loss or metric is traced.

Tracing binds traced values to variables through one context-local `Scope`: threads trace side by
side, user code reads `self.kernel` as in Keras, and the traced function is pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Scope:
    """Values bound to variables while a function is traced, and what the trace collects.

    Args:
        values: `id(variable)` to its value now; assignments replace entries.
        parameters: `(id(object), name)` to the traced value of a run-time parameter.
        row_mask: (batch,) bool, false on the padding rows of a batch, or None where all are real.
        binds_all: take the assignments of every variable (shape inference drops them all).
    """

    def __init__(
        self,
        values: Mapping[int, Any] | None = None,
        parameters: Mapping[tuple[int, str], Any] | None = None,
        row_mask: Any = None,
        binds_all: bool = False,
    ):
        self.values: dict[int, Any] = dict(values or {})
        self.parameters = dict(parameters or {})
        self.row_mask = row_mask
        self.binds_all = binds_all
        self.losses: list[Any] = []
        # The losses of a finished `stateless_call`, for the `compute_loss` that follows it.
        self.forward_losses: list[Any] | None = None

    def takes(self, key: int) -> bool:
        """Whether an assignment to the variable with this `id` belongs to the scope."""
        return self.binds_all or key in self.values


_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current_scope() -> Scope | None:
    """The scope of this thread's trace, or None outside one."""
    return _scope.get()


@contextmanager
def use_scope(scope: Scope | None) -> Iterator[Scope | None]:
    """Make a scope the current one."""
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)


def row_mask() -> Any:
    """(batch,) bool mask of the real rows of the batch being traced, or None where all are real."""
    scope = _scope.get()
    return None if scope is None else scope.row_mask


class HasParameters:
    """An object some of whose numbers are arguments of compiled programs, not constants in them.

    A class lists those attributes in `runtime_parameters`; its code reads them with
    `self.parameter("rate")`, which is the traced value inside a program and the plain number
    elsewhere. Two models that differ in such numbers only share one program.
    """

    runtime_parameters: tuple[str, ...] = ()

    def parameter(self, name: str) -> Any:
        """The value of a run-time parameter: traced inside a program, a number elsewhere."""
        scope = _scope.get()
        if scope is not None:
            traced = scope.parameters.get((id(self), name))
            if traced is not None:
                return traced
        return getattr(self, name)
