"""Whether a function treats each row of a batch by itself, read off its trace.

Padding rows may be left out of what such a function gives; of a function that looks across rows
(a mean over the batch, a comparison of rows) they change what the real rows give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import jax
import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.symbolic import tree_map
from rosenblatt.core.types import Array, Tree

if TYPE_CHECKING:  # takes 80 ms
    from jax.extend.core import Jaxpr

Sizes: TypeAlias = tuple[int, ...]
Params: TypeAlias = Mapping[str, Any]  # of an equation: what is not an array
Equation: TypeAlias = Any  # a `JaxprEqn`, of arrays
Atom: TypeAlias = Any  # a variable or literal in it
# Two primes: they mark the axis of the rows, and a number that comes from the batch's size differs.
_SIZES = (997, 1009)
_ELEMENTWISE = frozenset((
    "abs", "acos", "acosh", "add", "and", "asin", "asinh", "atan", "atan2", "atanh", "bessel_i0e",
    "bessel_i1e", "bitcast_convert_type", "cbrt", "ceil", "clamp", "complex", "conj",
    "convert_element_type", "copy", "cos", "cosh", "digamma", "div", "eq", "erf", "erf_inv", "erfc",
    "exp", "exp2", "expm1", "floor", "ge", "gt", "imag", "integer_pow", "is_finite", "le", "lgamma",
    "log", "log1p", "logistic", "lt", "max", "min", "mul", "ne", "neg", "nextafter", "not", "or",
    "pow", "real", "reduce_precision", "rem", "round", "rsqrt", "select_n", "shift_left",
    "shift_right_arithmetic", "shift_right_logical", "sign", "sin", "sinh", "sqrt", "square",
    "stop_gradient", "sub", "tan", "tanh", "xor",
))  # fmt: skip
_REDUCTIONS = frozenset((
    "argmax", "argmin", "reduce_and", "reduce_max", "reduce_min", "reduce_or", "reduce_prod",
    "reduce_sum",
))  # fmt: skip
_SCANS = {"cumsum": "axis", "cumprod": "axis", "cummax": "axis", "cummin": "axis",
          "cumlogsumexp": "axis", "sort": "dimension", "concatenate": "dimension",
          "split": "axis"}  # fmt: skip
# Loops and branches, whose inner numbers are not looked at.
_UNKNOWN = frozenset(("cond", "scan", "while"))


def with_rows(tree: Tree, rows: int) -> Tree:
    """A nest of anything with a shape and a dtype, as `jax.ShapeDtypeStruct`s of so many rows."""

    def struct(x: Array) -> jax.ShapeDtypeStruct:
        dtype = jax.dtypes.canonicalize_dtype(dtypes.numpy_dtype(str(x.dtype)))
        return jax.ShapeDtypeStruct((rows, *x.shape[1:]), dtype)

    return tree_map(struct, tree)


def stay_apart(fn: Callable[..., Any], *args: Any, numbered: bool = True) -> bool:
    """Whether row i of all that a function gives depends on row i of its arguments alone.

    Args:
        fn: a function of arrays whose first axis is that of the rows.
        args: nests of anything with a shape and a dtype; nothing is computed.
        numbered: whether it may also depend on the number of the row in the batch.

    Returns:
        True where that is certain; False also where a step of the function is not known here.

    >>> x = np.zeros((4, 3), "float32")
    >>> stay_apart(lambda x: jax.numpy.mean(x**2, axis=-1), x)
    True
    >>> stay_apart(lambda x: x - jax.numpy.mean(x, axis=0), x)
    False
    """
    numbers = []
    try:  # what is wrong with it is reported where it runs
        traces = [jax.make_jaxpr(fn)(*(with_rows(arg, rows) for arg in args)) for rows in _SIZES]
        single = jax.make_jaxpr(fn)(*(with_rows(arg, 1) for arg in args))
    except Exception:
        return False
    shapes = [[shape.shape[1:] for shape in trace.out_avals] for trace in (single, traces[0])]
    if shapes[0] != shapes[1]:  # it takes a single row for something else
        return False
    for rows, closed in zip(_SIZES, traces, strict=True):
        walk = _Walk(rows, numbered)
        walk.numbers += [np.asarray(const).tolist() for const in closed.consts]
        axes = walk.through(closed.jaxpr, [0] * len(closed.jaxpr.invars))
        if axes is None or any(axis != 0 for axis in axes):
            return False
        numbers.append(repr(walk.numbers))
    return numbers[0] == numbers[1]


class _Walk:
    """Follows the axis of the rows through the equations of a trace."""

    def __init__(self, rows: int, numbered: bool):
        self.rows = rows
        self.numbered = numbered
        self.numbers: list[Any] = []

    def through(self, jaxpr: Jaxpr, given: Sequence[int | None]) -> list[int | None] | None:
        """The outputs' axes of rows, None for what is the same for all; None if they mix."""
        found: dict[Any, int | None] = dict(zip(jaxpr.invars, given, strict=True))

        def axis_of(atom: Atom) -> int | None:
            if hasattr(atom, "val"):  # a literal
                self.numbers.append(np.asarray(atom.val).tolist())
                return None
            return found.get(atom)

        for equation in jaxpr.eqns:
            axes = [axis_of(atom) for atom in equation.invars]
            after = self._equation(equation, axes)
            if after is None:
                return None
            found.update(zip(equation.outvars, after, strict=True))
        return [axis_of(atom) for atom in jaxpr.outvars]

    def _equation(self, equation: Equation, axes: list[int | None]) -> list[int | None] | None:
        name, params = equation.primitive.name, equation.params
        if equation.effects:
            return None
        for key in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
            if key in params and name not in _UNKNOWN:
                inner = params[key]
                return self.through(getattr(inner, "jaxpr", inner), axes)
        if all(axis is None for axis in axes):
            return self._made_of_constants(name, params, [v.aval.shape for v in equation.outvars])
        shapes = [atom.aval.shape for atom in equation.invars]
        after = self._axis_after(name, params, axes, shapes)
        if after is None or any(v.aval.shape[after] != self.rows for v in equation.outvars):
            return None
        return [after] * len(equation.outvars)

    def _made_of_constants(
        self, name: str, params: Params, shapes: Sequence[Sizes]
    ) -> list[int | None] | None:
        if name in _UNKNOWN or name.startswith(("random", "threefry")):
            return None
        axes = [shape.index(self.rows) if self.rows in shape else None for shape in shapes]
        if any(axis is not None for axis in axes) and name not in ("iota", "broadcast_in_dim"):
            return None
        if name == "iota" and params["dimension"] == axes[0] and not self.numbered:
            return None
        return axes

    def _axis_after(
        self, name: str, params: Params, axes: list[int | None], shapes: Sequence[Sizes]
    ) -> int | None:
        if name == "dot_general":
            return _after_product(params["dimension_numbers"], axes, shapes)
        if name == "gather":
            return _after_gather(params, axes, self.rows)
        axis, *others = {axis for axis in axes if axis is not None}
        if others:
            return None
        if name in _ELEMENTWISE or (name in _SCANS and params[_SCANS[name]] != axis):
            return axis
        rule = _RULES.get(name) or (_after_removal if name in _REDUCTIONS else None)
        return None if rule is None else rule(params, axis, shapes[0], self.rows)


def _after_removal(params: Params, axis: int, shape: Sizes, rows: int) -> int | None:
    gone = params["axes"] if "axes" in params else params["dimensions"]
    return None if axis in gone else axis - sum(one < axis for one in gone)


def _after_reshape(params: Params, axis: int, shape: Sizes, rows: int) -> int | None:
    new, before = params["new_sizes"], math.prod(shape[:axis])
    places = [i for i, n in enumerate(new) if n == rows and math.prod(new[:i]) == before]
    return places[0] if places else None


def _after_slice(params: Params, axis: int, shape: Sizes, rows: int) -> int | None:
    stride = (params["strides"] or [1] * len(shape))[axis]
    whole = (params["start_indices"][axis], params["limit_indices"][axis], stride) == (0, rows, 1)
    return axis if whole else None


def _after_product(numbers: Any, axes: list[Any], shapes: Sequence[Sizes]) -> int | None:
    """The axis after a product: rows meet rows of their own only, or what all rows share."""
    contracted, batched = numbers
    if None not in axes:
        both = [
            batch.index(a) if a in batch else -1 for batch, a in zip(batched, axes, strict=True)
        ]
        return both[0] if both[0] == both[1] >= 0 else None
    side = 0 if axes[1] is None else 1
    free = [
        [i for i in range(len(shapes[k])) if i not in (*contracted[k], *batched[k])] for k in (0, 1)
    ]
    if axes[side] not in free[side]:
        return None
    return len(batched[0]) + side * len(free[0]) + free[side].index(axes[side])


def _after_gather(params: Any, axes: list[Any], rows: int) -> int | None:
    """The axis after a look-up that takes the same places of every row."""
    numbers, axis = params["dimension_numbers"], axes[0]
    if axes[1] is not None or axis in numbers.start_index_map:
        return None
    gone = (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims)
    if axis in gone or params["slice_sizes"][axis] != rows:
        return None
    return int(numbers.offset_dims[axis - sum(one < axis for one in gone)])


_RULES: dict[str, Callable[[Params, int, Sizes, int], int | None]] = {
    "broadcast_in_dim": lambda params, axis, shape, rows: params["broadcast_dimensions"][axis],
    "pad": lambda params, axis, shape, rows: (
        axis if tuple(params["padding_config"][axis]) == (0, 0, 0) else None
    ),
    "reshape": _after_reshape,
    "rev": lambda params, axis, shape, rows: None if axis in params["dimensions"] else axis,
    "slice": _after_slice,
    "squeeze": _after_removal,
    "transpose": lambda params, axis, shape, rows: params["permutation"].index(axis),
}
