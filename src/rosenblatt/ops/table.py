"""The ops: thin definitions, in Keras's names and argument orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import nn

from rosenblatt.core import dtypes
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.variable import Variable
from rosenblatt.ops.define import define

_NN = "keras.src.ops.nn"

# fmt: off
_ONE_ARRAY = [
    "abs", "arccos", "arcsin", "arctan", "ceil", "conj", "cos", "cosh", "exp", "expm1", "floor",
    "isfinite", "isinf", "isnan", "log", "log10", "log1p", "log2", "logical_not", "negative",
    "real", "reciprocal", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh",
]
_TWO_ARRAYS = [
    "add", "arctan2", "divide", "equal", "floor_divide", "greater", "greater_equal", "less",
    "less_equal", "logical_and", "logical_or", "logical_xor", "matmul", "maximum", "minimum",
    "mod", "multiply", "not_equal", "power", "subtract", "true_divide",
]
_REDUCTIONS = ["all", "any", "max", "mean", "min", "prod", "std", "sum", "var"]
# fmt: on
_CLASS_NAMES = {"abs": "Absolute", "conj": "Conjugate"}

_table: dict[str, Callable[..., Any]] = {}


def _elementwise(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def one(x: Any) -> Any:
        return function(x)

    def two(x1: Any, x2: Any) -> Any:
        return function(x1, x2)

    return one if name in _ONE_ARRAY else two


def _reduction(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(x, axis=_axis(axis), keepdims=keepdims)

    def extreme(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
        return function(x, axis=_axis(axis), keepdims=keepdims, initial=initial)

    def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
        return function(x, axis=_axis(axis), keepdims=keepdims, dtype=dtype)

    return {"max": extreme, "min": extreme, "prod": prod}.get(name, reduce)


def _axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


for _name in _ONE_ARRAY:
    _table[_name] = define(_name, _elementwise(_name), class_name=_CLASS_NAMES.get(_name))
for _name in _TWO_ARRAYS:
    _table[_name] = define(_name, _elementwise(_name), tensors=2)
for _name in _REDUCTIONS:
    _table[_name] = define(_name, _reduction(_name))


def _entry(tensors: int = 1, module: str = "keras.src.ops.numpy") -> Callable[..., Any]:
    def enter(fn: Callable[..., Any]) -> Callable[..., Any]:
        _table[fn.__name__] = define(fn.__name__, fn, tensors, module)
        return fn

    return enter


@_entry()
def reshape(x: Any, newshape: Any) -> Any:
    """Another shape of the same elements."""
    return jnp.reshape(x, newshape)


@_entry()
def transpose(x: Any, axes: Any = None) -> Any:
    """Axes in another order."""
    return jnp.transpose(x, axes)


@_entry()
def expand_dims(x: Any, axis: Any) -> Any:
    """A new axis of size 1."""
    return jnp.expand_dims(x, _axis(axis))


@_entry()
def squeeze(x: Any, axis: Any = None) -> Any:
    """Axes of size 1 removed."""
    return jnp.squeeze(x, _axis(axis))


@_entry()
def concatenate(xs: Any, axis: int = 0) -> Any:
    """Arrays one after the other along an axis."""
    return jnp.concatenate(xs, axis)


@_entry()
def stack(x: Any, axis: int = 0) -> Any:
    """Arrays along a new axis."""
    return jnp.stack(x, axis)


@_entry()
def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Values limited to an interval."""
    return jnp.clip(x, x_min, x_max)


@_entry(tensors=2)
def get_item(x: Any, key: Any) -> Any:
    """What `x[key]` is."""
    return x[tuple(key) if isinstance(key, list) else key]


@_entry(tensors=2)
def take(x: Any, indices: Any, axis: Any = None) -> Any:
    """Elements at indices along an axis."""
    return jnp.take(x, indices, axis)


@_entry()
def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Index of the largest element, as int32."""
    return jnp.argmax(x, axis, keepdims=keepdims).astype("int32")


@_entry()
def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Index of the smallest element, as int32."""
    return jnp.argmin(x, axis, keepdims=keepdims).astype("int32")


@_entry(tensors=3)
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where a condition holds, x2 elsewhere."""
    return jnp.where(condition, x1, x2)


@_entry(tensors=2)
def dot(x1: Any, x2: Any) -> Any:
    """The dot product."""
    return jnp.dot(x1, x2)


@_entry(tensors=2)
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """The product summed over axes."""
    return jnp.tensordot(x1, x2, axes)


@_entry()
def cumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Running sum along an axis."""
    return jnp.cumsum(x, axis, dtype)


@_entry(module="keras.src.ops.core")
def cast(x: Any, dtype: Any) -> Any:
    """Values of another dtype."""
    return jnp.asarray(x).astype(dtypes.numpy_dtype(dtypes.standardize_dtype(dtype)))


@_entry(module=_NN)
def relu(x: Any) -> Any:
    """max(x, 0)"""
    return nn.relu(x)


@_entry(module=_NN)
def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ)"""
    return nn.sigmoid(x)


@_entry(module=_NN)
def softmax(x: Any, axis: int = -1) -> Any:
    """Exponentials that sum to 1 along an axis."""
    return nn.softmax(x, axis)


@_entry(module=_NN)
def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of the softmax."""
    return nn.log_softmax(x, axis)


@_entry(module=_NN)
def softplus(x: Any) -> Any:
    """log(1 + eˣ)"""
    return nn.softplus(x)


@_entry(module=_NN)
def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """1 at the class, 0 elsewhere; always dense."""
    return nn.one_hot(
        jnp.asarray(x).astype("int32"),
        num_classes,
        axis=axis,
        dtype=dtypes.standardize_dtype(dtype),
    )


@_entry(module="keras.src.ops.math")
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ eˣ, without overflow."""
    return jax.scipy.special.logsumexp(x, axis=_axis(axis), keepdims=keepdims)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None) -> Any:
    """An array of a dtype."""
    if isinstance(x, Variable):
        x = x.value
    if isinstance(x, KerasTensor):
        return x if dtype is None else _table["cast"](x, dtype)
    if dtype is not None:
        return jnp.asarray(x, dtypes.numpy_dtype(dtypes.standardize_dtype(dtype)))
    return jnp.asarray(x)


def convert_to_numpy(x: Any) -> np.ndarray:
    """A NumPy array."""
    return np.asarray(x.value if isinstance(x, Variable) else x)


def shape(x: Any) -> tuple[Any, ...]:
    """The sizes, None for unknown ones."""
    return tuple(x.shape)


def zeros(shape: Any, dtype: Any = None) -> Any:
    """An array of zeros."""
    return jnp.zeros(shape, dtypes.standardize_dtype(dtype))


def ones(shape: Any, dtype: Any = None) -> Any:
    """An array of ones."""
    return jnp.ones(shape, dtypes.standardize_dtype(dtype))


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of an array."""
    return jnp.zeros_like(_plain(x), dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape of an array."""
    return jnp.ones_like(_plain(x), dtype)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Any:
    """Numbers at equal steps."""
    return jnp.arange(start, stop, step, dtype)


def stop_gradient(variable: Any) -> Any:
    """The value, with no gradient through it."""
    return jax.lax.stop_gradient(_plain(variable))


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """One of two functions, chosen by a value when the program runs."""
    return jax.lax.cond(pred, true_fn, false_fn)


def while_loop(cond: Any, body: Any, loop_vars: Any, maximum_iterations: int | None = None) -> Any:
    """Repeat a function while a condition on its values holds."""
    single = not isinstance(loop_vars, (list, tuple))
    start = (loop_vars,) if single else tuple(loop_vars)

    def go(state: Any) -> Any:
        count, values = state
        within = True if maximum_iterations is None else count < maximum_iterations
        return jnp.logical_and(within, cond(*values))

    def step(state: Any) -> Any:
        count, values = state
        new = body(*values)
        return count + 1, (new,) if single else tuple(new)

    values = jax.lax.while_loop(go, step, (jnp.int32(0), start))[1]
    return values[0] if single else values


def _plain(x: Any) -> Any:
    return x.value if isinstance(x, Variable) else x


globals().update(_table)
_table["absolute"] = absolute = _table["abs"]

__all__ = [
    *_table, "arange", "cond", "convert_to_numpy", "convert_to_tensor", "ones", "ones_like",
    "shape", "stop_gradient", "while_loop", "zeros", "zeros_like",
]  # fmt: skip

_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "pow": "power",
    "matmul": "matmul", "floordiv": "floor_divide", "mod": "mod",
}  # fmt: skip
_ONE_WAY = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "getitem": "get_item",
}  # fmt: skip


def _install_operators() -> None:
    """Let `a + b` of symbolic tensors record the same nodes as `ops.add(a, b)`."""

    def method(op: Callable[..., Any], swapped: bool) -> Callable[..., Any]:
        return (lambda a, b: op(b, a)) if swapped else (lambda a, b: op(a, b))

    for name, target in _OPERATORS.items():
        setattr(KerasTensor, f"__{name}__", method(_table[target], False))
        setattr(KerasTensor, f"__r{name}__", method(_table[target], True))
    for name, target in _ONE_WAY.items():
        setattr(KerasTensor, f"__{name}__", method(_table[target], False))
    for name, target in {"neg": "negative", "abs": "abs"}.items():
        setattr(KerasTensor, f"__{name}__", lambda a, op=_table[target]: op(a))


_install_operators()
