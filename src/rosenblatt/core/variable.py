"""A named array that tracing can bind to; in one file because Keras has one class."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.errors import BadArgument, WrongType, explain
from rosenblatt.core.forking import refuse_forked
from rosenblatt.core.loading import loading_now, take
from rosenblatt.core.naming import auto_name, current_path
from rosenblatt.core.refusing import refusing
from rosenblatt.core.scope import Scope, current_scope, holding, use_scope, variable_outside

_autocast: ContextVar[str | None] = ContextVar("autocast", default=None)
_LARGE = 1 << 20  # bytes
_AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")
_SYNCHRONIZATIONS = (None, "none", "on_read", "on_write", "auto")
# Held while several variables are given values, or read: whoever uses a model that another thread
# trains, or gives weights to, sees the values of one moment.
moving_together = threading.RLock()


class Variable:
    """A named array with a dtype, a shape and a trainable mark.

    Args:
        initializer: an array (the initial value), or a callable `(shape, dtype) -> array`.
        shape: with a callable, the shape of the value.
        dtype: dtype name; the default float type if None and the value has none of its own.
        trainable: whether an optimizer updates it.
        autocast: whether a layer of lower compute precision reads it cast to that precision.
        aggregation, synchronization: accepted for Keras's sake; one device holds the whole value.
        name: its name; `variable`, `variable_1` … if None.

    Raises:
        ValueError: a callable without a shape, or a name with a slash.

    >>> v = Variable(np.zeros(3), name="bias")
    >>> v.assign([1.0, 2.0, 3.0])
    <Variable path=bias, shape=(3,), dtype=float32, value=[1. 2. 3.]>
    """

    def __init__(
        self,
        initializer: Any,
        shape: Sequence[int] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
    ):
        name = name or auto_name(type(self).__name__)
        if not isinstance(name, str) or "/" in name:
            raise BadArgument(
                "Variable: bad `name`.", given=repr(name), expected="a string without '/'"
            )
        _require_one_of("aggregation", aggregation, _AGGREGATIONS)
        _require_one_of("synchronization", synchronization, _SYNCHRONIZATIONS)
        if dtype is not None:
            dtype = dtypes.standardize_dtype(dtype)
        copy = True
        if callable(initializer) and not hasattr(initializer, "shape"):
            if shape is None:
                raise BadArgument(
                    f"Variable {name!r}: an initializer that is a function needs a shape.",
                    fix="pass `shape=`.",
                )
            dtype = dtypes.standardize_dtype(dtype)
            copy = not _is_ours(initializer)  # what a user's returns may be used elsewhere
            size = math.prod(shape) * dtypes.numpy_dtype(dtype).itemsize
            take(size, f"variable {name!r} of shape {tuple(shape)}")
            initializer = self._initial(initializer, tuple(shape), dtype)
            if tuple(np.shape(initializer)) != tuple(shape):
                raise BadArgument(
                    f"Variable {name!r}: its initializer returned another shape.",
                    given=tuple(np.shape(initializer)),
                    expected=tuple(shape),
                )
        elif dtype is None and isinstance(initializer, (float, list, tuple, np.ndarray)):
            kind = np.asarray(initializer).dtype
            dtype = "float32" if kind.kind == "f" and kind.itemsize == 8 else kind.name
            dtype = dtypes.config.floatx() if dtype == "float32" else dtype
        elif dtype is None and isinstance(initializer, int):
            dtype = "int32"
        value = _as_value(initializer, dtype, copy)
        self.name = name
        self.path = "/".join((*current_path(), name))
        self.trainable = trainable
        self.autocast = autocast
        self.aggregation = "none" if aggregation is None else aggregation
        self.synchronization = "none" if synchronization is None else synchronization
        self._regularizer: Any = None
        self._constraint: Any = None
        self.shape = tuple(value.shape)
        self.dtype = dtypes.standardize_dtype(value.dtype)
        self.overwrite_with_gradient = False
        # A NumPy value is kept as it is until something reads it: nothing is compiled or copied
        # to a device for a model that is only built, and a trace cannot leak into a variable.
        self._value: Any = value

    @property
    def regularizer(self) -> Any:
        """The penalty on its values that is added to the loss, or None."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Callable[[Any], Any] | None) -> None:
        self._regularizer = _function_or_none("regularizer", value)

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """What is applied to its value after each update, or None."""
        return self._constraint

    @constraint.setter
    def constraint(self, value: Callable[[Any], Any] | None) -> None:
        self._constraint = _function_or_none("constraint", value)

    # How to draw the initial value, where that waits for the end of `loading(undrawn=[])`.
    _draw: Callable[[], Any] | None = None

    def _initial(self, initializer: Any, shape: tuple[int, ...], dtype: str) -> Any:
        waiting = loading_now().undrawn
        if waiting is None or not _is_ours(initializer):
            return initializer(shape, dtype=dtype)
        waiting.append(self._draw_now)
        self._draw = lambda: initializer(shape, dtype=dtype)
        return np.zeros(shape, dtypes.numpy_dtype(dtype))

    def _draw_now(self) -> None:
        if self._draw is not None:
            self.assign(self._draw())

    @property
    def value(self) -> jax.Array:
        """The value now: the traced one inside a scope that binds this variable."""
        scope = current_scope()
        if scope is not None and id(self) in scope.values:
            value = scope.values[id(self)]
        elif (traced := variable_outside(self)) is not None:
            value = traced
        else:
            if isinstance(self._value, np.ndarray):
                if scope is not None and scope.binds_all and self._value.nbytes > _LARGE:
                    # Only shapes are looked for: the value, which is perhaps not drawn yet, would
                    # be copied for nothing.
                    return jnp.zeros(self.shape, self._value.dtype)
                self.put_on_device()
            value = self._value
        cast = _autocast.get()
        if cast and self.autocast and cast != self.dtype and dtypes.is_float_dtype(self.dtype):
            return value.astype(cast)
        return value

    def put_on_device(self) -> None:
        """Keep the value on the device from now on, where it is a NumPy array still.

        A program that is called with a NumPy array copies it each time.

        Raises:
            RuntimeError: in a forked process, where computing would hang.
        """
        if isinstance(self._value, np.ndarray):
            refuse_forked()
            # device_put compiles nothing, jnp.asarray a program for each shape.
            with jax.ensure_compile_time_eval():
                self._value = jax.device_put(self._value)

    @property
    def held(self) -> Any:
        """The value as it is kept: a NumPy array where no device has seen it yet."""
        scope = current_scope()
        return self._value if scope is None else scope.values.get(id(self), self._value)

    @refusing("`assign`")
    def assign(self, value: Any, copy: bool = True) -> Variable:
        """Set the value; inside a scope, the scope's value.

        Args:
            value: an array of the variable's shape; its dtype is converted.
            copy: False where the array is nobody else's, who might change it.

        Raises:
            ValueError: another shape.
        """
        if isinstance(value, Variable):
            value = value.value
        scope = current_scope()
        if isinstance(value, jax.core.Tracer):
            value = value.astype(dtypes.numpy_dtype(self.dtype))
            if scope is None or not scope.takes(id(self)):
                raise RuntimeError(
                    explain(
                        f"Variable {self.path!r} was assigned inside a compiled function that does "
                        "not know it.",
                        fix="create variables in `build()` or `__init__()`, not in `call()`.",
                    )
                )
        else:
            value = _as_value(value, self.dtype, copy)
        if tuple(value.shape) != self.shape:
            raise BadArgument(
                f"Variable {self.path!r}: the new value has another shape.",
                given=tuple(value.shape),
                expected=self.shape,
            )
        if scope is not None and scope.takes(id(self)):
            scope.values[id(self)] = value
        else:
            self._value = value
            self._draw = None
        return self

    @refusing("`assign_add`")
    def assign_add(self, value: Any) -> Variable:
        """Add to the value."""
        return self.assign(self.value + _plain(value))

    @refusing("`assign_sub`")
    def assign_sub(self, value: Any) -> Variable:
        """Subtract from the value."""
        return self.assign(self.value - _plain(value))

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array."""
        return np.asarray(self.value)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.value, dtype=dtype)

    def __jax_array__(self) -> jax.Array:
        return self.value

    # As a key it is itself, whatever value `==` compares.
    __hash__ = object.__hash__

    def __float__(self) -> float:
        return float(self._single("float"))

    def __int__(self) -> int:
        return int(self._single("int"))

    def _single(self, what: str) -> jax.Array:
        if self.shape:
            raise WrongType(
                f"Variable {self.path!r} has axes: `{what}` takes a single number.",
                given=f"shape {self.shape}",
            )
        return self.value

    def __round__(self, ndigits: int = 0) -> jax.Array:
        return jnp.round(self.value, ndigits or 0)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.value)

    def __getitem__(self, key: Any) -> jax.Array:
        return self.value[key]

    def __repr__(self) -> str:
        value = self.value
        shown = "" if isinstance(value, jax.core.Tracer) else f", value={np.asarray(value)}"
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}{shown}>"


def _require_one_of(argument: str, value: object, known: tuple[str | None, ...]) -> None:
    if value not in known:
        raise BadArgument(
            f"Variable: unknown `{argument}`.", given=repr(value), expected=f"one of {known}"
        )


def _function_or_none(what: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise BadArgument(
            f"Variable: bad `{what}`.",
            given=repr(value),
            expected="a function of the value, or None",
        )
    return value


def _plain(value: Any) -> Any:
    """What JAX can compute with: it takes no lists."""
    if isinstance(value, Variable):
        return value.value
    return np.asarray(value) if isinstance(value, (list, tuple)) else value


def _is_ours(initializer: Any) -> bool:
    return type(initializer).__module__.startswith("rosenblatt.")


def _as_value(value: Any, dtype: str | None, copy: bool = True) -> Any:
    """A NumPy copy or a JAX array of the dtype; JAX arrays are immutable and are shared."""
    target = None if dtype is None else dtypes.numpy_dtype(dtype)
    if isinstance(value, Variable):
        value = value.value
    if isinstance(value, (jax.Array, jax.core.Tracer)):
        return value if target is None or value.dtype == target else value.astype(target)
    if hasattr(value, "detach"):  # a PyTorch tensor, without importing its library
        value = value.detach().cpu().numpy()
    return np.array(value, dtype=target) if copy else np.asarray(value, dtype=target)


def _operator(name: str) -> Callable[..., Any]:
    def method(self: Variable, *args: Any) -> Any:
        return getattr(self.value, name)(*(_plain(a) for a in args))

    method.__name__ = name
    return method


_OPERATORS = (
    "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul "
    "rmatmul neg pos abs eq ne lt le gt ge and rand or ror xor rxor invert"
)
for _name in _OPERATORS.split():
    setattr(Variable, f"__{_name}__", _operator(f"__{_name}__"))


class StatelessScope:
    """Run code on other values of variables, without changing the variables (as Keras's).

    Args:
        state_mapping: pairs of a variable and the value it has inside.
        collect_losses: accepted for Keras's sake: `losses` holds what `add_loss` adds inside.
        initialize_variables: accepted for Keras's sake: variables have their values at once.

    Raises:
        BadArgument: a pair that does not begin with a variable; a value of another shape.

    >>> v = Variable(np.zeros(2))
    >>> with StatelessScope([(v, np.ones(2))]) as scope:
    ...     _ = v.assign_add(1.0)
    >>> scope.get_current_value(v), v.numpy()
    (Array([2., 2.], dtype=float32), array([0., 0.], dtype=float32))
    """

    def __init__(
        self,
        state_mapping: Sequence[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ):
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        values = {id(v): _mapped(v, value) for v, value in state_mapping or ()}
        outer = current_scope()
        self.scope = Scope(
            {**(outer.values if outer else {}), **values},
            outer.parameters if outer else None,
            outer.row_mask if outer else None,
            outer.row_count if outer else None,
        )
        self.scope.forward_losses = outer.forward_losses if outer else None

    @property
    def state_mapping(self) -> dict[int, Any]:
        """The `id` of each variable, and its value in the scope."""
        return self.scope.values

    @property
    def losses(self) -> list[Any]:
        """What `add_loss` of layers has added inside."""
        return self.scope.losses

    def add_loss(self, loss: Any) -> None:
        """Add a loss to `losses`."""
        self.scope.losses.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Give a variable a value in the scope.

        Args:
            update: the variable and its value.
        """
        variable, value = update
        self.scope.values[id(variable)] = value

    def __enter__(self) -> StatelessScope:
        self._context = use_scope(self.scope)
        self._context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)

    def get_current_value(self, variable: Variable) -> Any:
        """The value of a variable at the end of the scope."""
        return self.scope.values.get(id(variable))


def _mapped(variable: Variable, value: Any) -> Any:
    """A value for a variable in a scope, in its dtype."""
    if not isinstance(variable, Variable):
        raise BadArgument(
            "StatelessScope: invalid reference variable in `state_mapping`.",
            given=f"{type(variable).__name__}: {variable!r}",
            expected="pairs of a Variable and its value",
        )
    found = jnp.asarray(_plain(value), dtypes.numpy_dtype(variable.dtype))
    if found.shape != variable.shape:
        raise BadArgument(
            f"StatelessScope: invalid variable value for {variable.path!r}: another shape.",
            given=found.shape,
            expected=variable.shape,
        )
    return found


def autocast_scope(dtype: str | None) -> holding[str | None]:
    """Let float variables be read in another float type."""
    return holding(_autocast, dtype)
