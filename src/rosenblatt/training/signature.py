"""What two models must share to share a program, and the numbers in which they may differ.

A trace reads the attributes of the model's parts and the global settings, and nothing else. So the
key is made of those attributes themselves, but for the few that a class names as `untraced`. What
is unknown there makes no key: then the program is found by its text, which is slower
and never wrong.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import types
from collections import UserDict, UserList
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from rosenblatt.core import registry
from rosenblatt.core.scope import EVERYTHING, HasParameters, is_number, number_kind
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.variable import Variable
from rosenblatt.graph.graph import Graph
from rosenblatt.initializers.base import Initializer
from rosenblatt.training.placement import StateVariables

if TYPE_CHECKING:
    from rosenblatt.training.contract import Kind

Parameter = tuple[HasParameters, str]
_PLAIN = (type(None), bool, int, str, bytes, type(Ellipsis))
_CONTAINERS = (list, tuple, dict, set, frozenset, UserDict, UserList)


@dataclass(frozen=True)
class Signature:
    """What a program of a model is known by.

    Attributes:
        key: equal for models that share a program; None where something is not known by its
            attributes, such as a user's own `call()`.
        parameters: the run-time parameters, in an order that equal keys share.
    """

    key: Hashable | None
    parameters: list[Parameter]


def signature_of(kind: Kind, parts: Iterable[object], variables: StateVariables) -> Signature:
    """What a program of a model is known by.

    Args:
        kind: what the program does.
        parts: what it runs. Models that differ in the optimizer only share what tests, those that
            differ in the loss what predicts.
        variables: the variables that are arguments of the program.
    """
    reader = _Reader(variables)
    entries: list[Hashable] = [kind, *(reader.read(part) for part in parts)]
    entries.append(tuple(tuple(reader.variable(v) for v in group) for group in variables))
    return Signature(tuple(entries) if reader.is_known else None, reader.parameters)


class _Reader:
    """Reads objects into nests of plain values, and collects the run-time parameters on the way.

    Args:
        variables: the arguments of the program: known by their place, not by their value.
    """

    def __init__(self, variables: StateVariables):
        self.is_known = True
        self.parameters: list[Parameter] = []
        self._places = {
            id(v): (group, index)
            for group, vs in enumerate(variables)
            for index, v in enumerate(vs)
        }
        self._met: dict[int, int] = {}
        self._kept: list[Any] = []  # an object that is gone would leave its id to another

    def read(self, value: Any) -> Hashable:
        """A hashable value, equal where a trace that reads the object is the same."""
        kind = type(value)
        if kind in _PLAIN:
            return kind, value  # the type too: 1 == 1.0 == True
        if kind is float or kind is complex:
            return kind, repr(value)  # 0.0 == -0.0
        if isinstance(value, (np.ndarray, np.generic, jax.Array)):
            return self._array(value)
        if isinstance(value, np.dtype) or (isinstance(value, type) and _is_library(value)):
            return "type", value
        if id(value) in self._met:
            return "again", self._met[id(value)]
        self._met[id(value)] = len(self._met)
        self._kept.append(value)
        if isinstance(value, _CONTAINERS):
            return self._container(value)
        if isinstance(value, KerasTensor):
            return "tensor", value.shape, value.dtype
        if isinstance(value, Variable):
            return self.variable(value)
        if isinstance(value, (functools.partial, types.MethodType)):
            return self._bound(value)
        if callable(value) and hasattr(value, "__qualname__") and not isinstance(value, type):
            return self._function(value)
        return self._object(value)

    def _unknown(self) -> Hashable:
        self.is_known = False
        return None

    def _array(self, value: Any) -> Hashable:
        if isinstance(value, jax.core.Tracer) or not self.is_known or value.dtype == object:
            return self._unknown()
        array = np.asarray(value)
        digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
        return type(value), array.shape, str(array.dtype), digest

    def _container(self, value: Any) -> Hashable:
        kind = type(value)
        if isinstance(value, (set, frozenset)):
            plain = all(type(item) in (*_PLAIN, float) for item in value)
            return (kind, frozenset(map(self.read, value))) if plain else self._unknown()
        if isinstance(value, (Mapping, UserDict)):
            return kind, tuple((self.read(k), self.read(v)) for k, v in value.items())
        return kind, tuple(self.read(item) for item in value)

    def variable(self, value: Variable) -> Hashable:
        """A variable by its place among the arguments, and by what tracing reads of it."""
        place = self._places.get(id(value))
        if place is None:  # no argument of the program: its value would be a constant
            self._unknown()
        return (
            "variable", place, value.shape, value.dtype, value.trainable, value.autocast,
            value.overwrite_with_gradient, self.read(value.regularizer),
            self.read(value.constraint),
        )  # fmt: skip

    def _bound(self, value: Any) -> Hashable:
        if isinstance(value, types.MethodType):
            return "method", self.read(value.__self__), self.read(value.__func__)
        return "partial", self.read(value.func), self.read(value.args), self.read(value.keywords)

    def _function(self, value: Any) -> Hashable:
        """A function of a library's by identity, with what it closes over."""
        if not _is_library(value):
            return self._unknown()
        closed = () if _is_public(value) else getattr(value, "__closure__", None) or ()
        return "function", value, tuple(self.read(cell.cell_contents) for cell in closed)

    def _object(self, value: Any) -> Hashable:
        """An object by its class, its numbers' kinds, and the attributes that a trace may read."""
        kind = type(value)
        if isinstance(value, Initializer):
            return "initializer"  # only first values depend on it
        if isinstance(value, Graph):
            return self._graph(value)
        ours = registry.is_builtin(kind) and hasattr(value, "__dict__")
        if not ours or getattr(value, "runs_user_code", False):
            self._unknown()
        if not ours and not isinstance(value, HasParameters):
            return None
        skipped: set[str] = set(getattr(value, "untraced", ()))
        entries: list[Hashable] = []
        if isinstance(value, HasParameters):
            for name in value.runtime_parameters:
                number = getattr(value, name, None)
                if number is not None and is_number(number):
                    self.parameters.append((value, name))
                    entries.append((name, number_kind(number)))
                    skipped.add(name)
            entries.append(self.read(value.traced_facts()))
        held = {} if skipped.issuperset(EVERYTHING) else vars(value)
        entries += [(name, self.read(held[name])) for name in sorted(held.keys() - skipped)]
        return kind, tuple(entries)

    def _graph(self, graph: Graph) -> Hashable:
        """A graph as its calls in order, with the nests of its inputs and outputs."""
        begins = self.read(graph.input_structure)
        calls = tuple(
            (
                self.read(node.operation),
                self.read(node.args),
                self.read(node.kwargs),
                self.read(node.output_structure),
            )
            for node in graph.nodes
        )
        return "graph", begins, calls, self.read(graph.output_structure)


def _is_library(value: Any) -> bool:
    """Whether a class or function is this library's, JAX's, NumPy's or Python's own."""
    root = (getattr(value, "__module__", None) or "").partition(".")[0]
    return root in ("rosenblatt", "jax", "jaxlib", "numpy", "ml_dtypes", "builtins", "operator")


def _is_public(value: Callable[..., Any]) -> bool:
    """Whether a function is what its module has under its name, not made while a program ran."""
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    return getattr(module, getattr(value, "__qualname__", ""), None) is value
