"""How a function of arrays becomes an op: on symbolic tensors it records a node."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import jax
import jax.numpy as jnp

from rosenblatt.core import config, dtypes, registry
from rosenblatt.core.errors import BadArgument, WrongType, nearest
from rosenblatt.core.refusing import STRAY, Unfit, misfit, refused, refusing, reword
from rosenblatt.core.symbolic import KerasTensor, Operation, any_symbolic, tree_leaves, tree_map
from rosenblatt.core.tracing import VALUE_ERRORS
from rosenblatt.core.variable import Variable

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)
R = TypeVar("R")

# Modules that Keras's files name for the classes of ops.
NUMPY, NN, CORE, MATH, LINALG, EINOPS = (
    f"keras.src.ops.{name}" for name in ("numpy", "nn", "core", "math", "linalg", "einops")
)
# Every op and every other function of `ops` by its name, under the module of Keras's it is from.
TABLES: dict[str, dict[str, Function]] = {
    module: {} for module in (NUMPY, NN, CORE, MATH, LINALG, EINOPS)
}
_EACH = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def plain(module: str = NUMPY) -> Callable[[F], F]:
    """Enter a function of `ops` that records nothing: it takes no arrays, or needs their values."""

    def enter(fn: F) -> F:
        told = refusing(f"`ops.{fn.__name__}`")(fn)
        TABLES[module][fn.__name__] = told
        return told

    return enter


def op(
    tensors: str = "x",
    module: str = NUMPY,
    class_name: str | None = None,
    name: str | None = None,
    also: str = "",
    joins: bool = False,
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Make an op of a function of arrays, and enter it under its name.

    Args:
        tensors: the names of the arguments that are arrays, in the order in which Keras's class
            takes them; `*` before one that is a nest of arrays, a key or a function, which is
            passed as it is. The function's other arguments are settings.
        module: the module that Keras's files name for the op's class.
        class_name: the name of that class; made from the op's name if None.
        name: the op's name; the function's if None.
        also: further names of it, separated by spaces.
        joins: whether it puts arrays together: a size that is unknown in one is so in the result.

    Returns:
        A decorator. The op computes on arrays, numbers and variables; on symbolic tensors it
        records an operation whose class Keras's files know.
    """

    def enter(fn: Callable[..., R]) -> Callable[..., R]:
        spec = _Spec(fn, name or fn.__name__, tensors, joins)
        operation = _operation(spec, module, class_name or _camel(spec.name))

        @functools.wraps(fn)
        def call(*args: Any, **kwargs: Any) -> Any:
            if any_symbolic(args, kwargs):
                return spec.record(operation, args, kwargs)
            try:
                return fn(
                    *(spec.convert(spec.name_at(i), a) for i, a in enumerate(args)),
                    **{key: spec.convert(key, value) for key, value in kwargs.items()},
                )
            except STRAY as error:
                where = f"`ops.{spec.name}`"
                reword(error, lambda it: refused(where, spec.signature, args, kwargs, it))
                raise

        call.__name__ = call.__qualname__ = spec.name
        if module in TABLES:
            TABLES[module].update(dict.fromkeys([spec.name, *also.split()], call))
        return call

    return enter


class _Spec:
    """What is known of an op: which of a function's arguments are arrays, which are settings."""

    def __init__(self, fn: Function, name: str, tensors: str, joins: bool):
        self.fn = fn
        self.joins = joins
        self.name = name
        self.nests = {mark[1:] for mark in tensors.split() if mark.startswith("*")}
        self.tensors = [mark.lstrip("*") for mark in tensors.split()]

    # Signatures are read when an op is first used: of hundreds a program takes a few.
    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """That of the function."""
        return inspect.signature(self.fn)

    @functools.cached_property
    def settings(self) -> list[str]:
        """The names of the arguments that are not arrays."""
        return [key for key in self.signature.parameters if key not in self.tensors]

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        """Of the settings, None where there is none."""
        parameters = self.signature.parameters
        own = {key: parameters[key] for key in self.settings}
        return {
            key: None if p.default is p.empty else p.default
            for key, p in own.items()
            if p.kind not in _EACH
        }

    @functools.cached_property
    def call_signature(self) -> inspect.Signature:
        """That of the operation's call: the arrays, in the order of `tensors`."""
        parameters = self.signature.parameters
        return inspect.Signature(
            [
                p if p.kind in _EACH else p.replace(kind=p.POSITIONAL_OR_KEYWORD)
                for p in sorted(
                    (parameters[key] for key in self.tensors),
                    key=lambda p: (p.kind in _EACH, p.default is not p.empty),
                )
            ]
        )

    @functools.cached_property
    def _positions(self) -> list[str]:
        """The arguments that may be given by place; what comes after *args is given by name."""
        parameters = self.signature.parameters
        kinds = [p.kind for p in parameters.values()]
        count = 1 + kinds.index(_EACH[0]) if _EACH[0] in kinds else len(kinds)
        return list(parameters)[:count]

    def name_at(self, position: int) -> str:
        """The name of the argument at a position."""
        return self._positions[min(position, len(self._positions) - 1)]

    def convert(self, name: str, value: Any) -> Any:
        """An argument as the function takes it."""
        if name not in self.tensors:
            if name not in self.signature.parameters:  # one of **kwargs
                return value
            return _setting(name, value)
        if name in self.nests:
            return tree_map(lambda v: v.value if isinstance(v, Variable) else v, value)
        if value is None and self.signature.parameters[name].default is not None:
            raise Unfit(f"`ops.{self.name}`: `{name}` is None.", expected="an array or a number")
        problem: Exception | None = None
        if not isinstance(value, str):
            try:
                return as_array(value)
            except (TypeError, ValueError, OverflowError) as error:
                problem = error
        raise WrongType(
            f"`ops.{self.name}`: `{name}` is not an array of numbers.",
            given=f"{type(value).__name__}: {value!r}",
        ) from problem

    def record(self, operation: type[Operation], args: Any, kwargs: Any) -> Any:
        """Record a node for a call with symbolic tensors."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        settings = {key: given[key] for key in self.settings}
        for key, value in settings.items():
            if any_symbolic(value):
                raise BadArgument(
                    f"`ops.{self.name}`: `{key}` is a setting and cannot be a symbolic tensor.",
                    expected="a number or what else it is documented to take",
                )
        arrays: list[Any] = []
        further: dict[str, Any] = {}
        for key, parameter in self.call_signature.parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL:
                arrays.extend(given[key])
            elif parameter.kind is parameter.VAR_KEYWORD:
                further = given[key]
            else:
                arrays.append(given[key])
        return operation(**settings)(*arrays, **further)

    def compute(self, settings: dict[str, Any], args: Any, kwargs: Any) -> Any:
        """Call the function with the arrays of a node and the settings of its operation."""
        bound = self.call_signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = {key: _setting(key, value) for key, value in settings.items()}
        for key, value in bound.arguments.items():
            kind = self.call_signature.parameters[key].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                values[key] = tuple(self.convert(key, v) for v in value)
            else:
                values[key] = self.convert(key, value)
        call = inspect.BoundArguments(self.signature, values)
        return self.fn(*call.args, **call.kwargs)


class _Recorded(Operation):
    """A call of an op in a graph; each op has a class of its own below this one."""

    spec: ClassVar[_Spec]
    key: ClassVar[tuple[str, str]]  # of the class in `_operations`
    _unknown_sizes_differ = True

    def __init__(self, name: str | None = None, **settings: Any):
        super().__init__(name)
        spec = self.spec
        wrong = next((key for key in settings if key not in spec.settings), None)
        if wrong is not None:
            raise WrongType(
                f"Op {spec.name!r} has no argument {wrong!r}.", fix=nearest(wrong, spec.settings)
            )
        if settings.get("dtype") is not None:
            settings["dtype"] = dtypes.standardize_dtype(settings["dtype"])
        self.settings = {**spec.defaults, **settings}

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self.spec.compute(self.settings, args, kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        spec = self.spec
        if spec.joins:
            args = _unknown_alike(args)
        try:
            return super().compute_output_spec(*args, **kwargs)
        except VALUE_ERRORS:
            raise Unfit(
                f"`ops.{spec.name}` cannot be applied to symbolic tensors here: the shape "
                "of its result depends on their values.",
                fix="compute it on the data before the model, or choose an op whose result "
                "has a fixed shape.",
            ) from None
        except STRAY as error:
            own = {k: v for k, v in self.settings.items() if v is not spec.defaults.get(k)}
            given = spec.call_signature.bind(*args, **kwargs).arguments | own
            raise misfit(f"`ops.{spec.name}`", spec.signature, given, error) from error

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self.settings}

    def __reduce__(self) -> Any:
        return _blank, self.key, self.__getstate__()


def _operation(spec: _Spec, module: str, class_name: str) -> type[Operation]:
    """The class of an op's calls, under the name that Keras's files know."""
    key = module, class_name
    facts = {"spec": spec, "key": key, "__module__": spec.fn.__module__}
    _operations[key] = made = type(class_name, (_Recorded,), facts)
    return registry.builtin(module)(made)


def _unknown_alike(args: Any) -> Any:
    """Tensors to be joined, with a size unknown in all where it is unknown in one."""
    tensors = [leaf for leaf in tree_leaves(args) if isinstance(leaf, KerasTensor)]
    if len({tensor.ndim for tensor in tensors}) != 1:
        return args
    unknown = [None in sizes for sizes in zip(*(t.shape for t in tensors), strict=True)]

    def alike(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        shape = [None if u else s for s, u in zip(leaf.shape, unknown, strict=True)]
        return KerasTensor(shape, leaf.dtype)

    return tree_map(alike, args)


# For pickles, which name a class by the module that defines it: these are made by a function.
_operations: dict[tuple[str, str], type[Operation]] = {}


def _blank(module: str, class_name: str) -> Operation:
    """An operation that waits for its state."""
    cls = _operations[module, class_name]
    return cls.__new__(cls)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _setting(name: str, value: Any) -> Any:
    """A setting as jax.numpy takes it: tuples for lists, a dtype's name."""
    if isinstance(value, Variable):
        return value.value
    if name == "dtype" and value is not None:
        return dtypes.numpy_dtype(dtypes.standardize_dtype(value))
    if isinstance(value, (list, tuple)):
        return tuple(_setting("", item) for item in value)
    return value


def as_array(value: Any) -> Any:
    """A JAX array of a variable, a NumPy array, a list or a number; None stays None."""
    if value is None or isinstance(value, (jax.Array, KerasTensor)):
        return value
    return value.value if isinstance(value, Variable) else jnp.asarray(value)


def as_float(x: Any) -> Any:
    """Integers and booleans in the default float type, as Keras's ops take them."""
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(config.floatx())


def wide(x: Any) -> Any:
    """x in float32 where its type is a shorter float."""
    return x.astype("float32") if x.dtype.itemsize < 4 and is_float(x) else x


def is_float(x: Any) -> bool:
    """Whether an array's dtype is a float type."""
    return bool(jnp.issubdtype(x.dtype, jnp.floating))
