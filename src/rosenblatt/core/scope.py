"""The scope in which a layer, loss or metric is traced.

Tracing binds traced values to variables through one context-local `Scope`: threads trace side by
side, user code reads `self.kernel` as in Keras, and the traced function is pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

T = TypeVar("T")


class holding(Generic[T]):
    """Gives a context variable a value inside a `with` block; what it had before comes back.

    A class, since entering and leaving a generator takes nearly twice as long.

    >>> depth = ContextVar("depth", default=0)
    >>> with holding(depth, 1) as now:
    ...     now, depth.get()
    (1, 1)
    >>> depth.get()
    0
    """

    def __init__(self, variable: ContextVar[T], value: T):
        self._variable, self._value = variable, value

    def __enter__(self) -> T:
        self._token = self._variable.set(self._value)
        return self._value

    def __exit__(self, *error: object) -> None:
        self._variable.reset(self._token)


class Scope:
    """Values bound to variables while a function is traced, and what the trace collects.

    Args:
        values: `id(variable)` to its value now; assignments replace entries.
        parameters: `(id(object), name)` to the traced value of a run-time parameter.
        row_mask: (batch,) bool, false on the padding rows of a batch, or None where all are real.
        row_count: how many rows are real; counted from the mask if None.
        binds_all: take the assignments of every variable (shape inference drops them all).
        dropped: the `id` of variables whose assignments are taken and come to nothing.
        calls: calls a layer with arguments, in place of its `call`; None: nothing does.
    """

    def __init__(
        self,
        values: Mapping[int, Any] | None = None,
        parameters: Mapping[tuple[int, str], Any] | None = None,
        row_mask: Any = None,
        row_count: Any = None,
        binds_all: bool = False,
        dropped: Collection[int] = (),
        calls: Callable[..., Any] | None = None,
    ):
        self.values: dict[int, Any] = dict(values or {})
        self.parameters = dict(parameters or {})
        self.row_mask, self.row_count = row_mask, row_count
        self.binds_all, self.dropped, self.calls = binds_all, dropped, calls
        self.losses: list[Any] = []
        # The losses of a finished `stateless_call`, for the `compute_loss` that follows it.
        self.forward_losses: list[Any] | None = None

    def takes(self, key: int) -> bool:
        """Whether an assignment to the variable with this `id` belongs to the scope."""
        return self.binds_all or key in self.values or key in self.dropped


_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current_scope() -> Scope | None:
    """The scope of this thread's trace, or None outside one."""
    return _scope.get()


def use_scope(scope: Scope | None) -> holding[Scope | None]:
    """Make a scope the current one."""
    return holding(_scope, scope)


def row_mask() -> Any:
    """(batch,) bool mask of the real rows of the batch being traced, or None where all are real."""
    scope = _scope.get()
    return None if scope is None else scope.row_mask


def row_count() -> Any:
    """How many rows `row_mask` says are real, an integer scalar; None where it says nothing."""
    scope = _scope.get()
    if scope is None or scope.row_mask is None:
        return None
    return scope.row_mask.sum() if scope.row_count is None else scope.row_count


class Outside:
    """What a trace reads that is not an argument of it.

    A value read so would be a constant of the program forever. It is noted here, and the function
    is traced again with it as an argument.
    """

    def __init__(self) -> None:
        self.variables: dict[int, Any] = {}
        self.parameters: dict[tuple[int, str], HasParameters] = {}
        self._values: dict[Any, Any] = {}
        self._bound = 0

    @property
    def found(self) -> int:
        """How many there are."""
        return len(self.variables) + len(self.parameters)

    @property
    def is_bound(self) -> bool:
        """Whether the last trace had all of them as arguments."""
        return self._bound == self.found

    def current(self) -> tuple[Any, ...]:
        """Their values now: what the program is called with."""
        numbers = (float(getattr(owner, name)) for (_, name), owner in self.parameters.items())
        return (*(v.held for v in self.variables.values()), *numbers)

    @contextmanager
    def bind(self, values: tuple[Any, ...]) -> Iterator[None]:
        """Trace with these values for what was found before, and note what else is read."""
        self._values = dict(zip((*self.variables, *self.parameters), values, strict=True))
        self._bound = len(values)
        try:
            with holding(_outside, self):
                yield
        finally:
            self._values = {}

    def value_of(self, key: Any, table: dict[Any, Any], holder: Any) -> Any:
        """The traced value of something found before; None where it is found now."""
        table.setdefault(key, holder)
        return self._values.get(key)


_outside: ContextVar[Outside | None] = ContextVar("outside", default=None)


def variable_outside(variable: Any) -> Any:
    """The traced value of a variable that no scope binds, or None where nothing is traced."""
    outside, scope = _outside.get(), _scope.get()
    if outside is None or (scope is not None and scope.binds_all):
        return None
    return outside.value_of(id(variable), outside.variables, variable)


# Of a class whose `traced_facts` say all that a trace reads.
EVERYTHING = ("*",)


class HasParameters:
    """An object some of whose numbers are arguments of compiled programs, not constants in them.

    A class lists those attributes in `runtime_parameters`; its code reads them with
    `self.parameter("rate")`, which is the traced value inside a program and the plain number
    elsewhere. Two models that differ in such numbers only share one program.
    """

    runtime_parameters: ClassVar[tuple[str, ...]] = ()
    # Attributes that no trace reads: programs do not depend on them.
    untraced: ClassVar[tuple[str, ...]] = ("name",)

    def parameter(self, name: str) -> Any:
        """The value of a run-time parameter: traced inside a program, a number elsewhere."""
        key = (id(self), name)
        scope = _scope.get()
        if scope is not None:
            traced = scope.parameters.get(key)
            if traced is not None:
                return traced
        plain = getattr(self, name)
        outside = _outside.get()
        if outside is not None and is_number(plain) and not (scope and scope.binds_all):
            traced = outside.value_of(key, outside.parameters, self)
            return plain if traced is None else traced
        return plain

    def traced_facts(self) -> Any:
        """What a trace reads of it that is in no attribute; None where there is nothing."""
        return None


def is_number(value: Any) -> bool:
    """Whether a value can be an argument of a program: a number that is not True or False.

    >>> is_number(0.5), is_number(True), is_number(None)
    (True, False, False)
    """
    return isinstance(value, (int, float, np.floating, np.integer)) and not isinstance(value, bool)


def number_kind(number: float) -> Any:
    """What a trace may ask about a number before it takes its traced value.

    >>> number_kind(0.2) == number_kind(0.7), number_kind(0.0) == number_kind(0.7)
    (True, False)
    """
    if not math.isfinite(number) or number in (0, 1):
        return repr(float(number))
    return number > 0, abs(number) > 1
