"""Each step of a JAX program as nodes of ONNX."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rosenblatt.core.types import Shape
from rosenblatt.saving.export.onnx_builder import Array, Graph, Unwritable

_END = 2**31 - 1
Sizes = Sequence[Any]  # numbers, or names of sizes that are known when the graph runs


@dataclass(frozen=True)
class Equation:
    """One step of a traced program.

    Args:
        graph: what it is written to.
        params: the step's parameters.
        inputs: the arrays that it reads, as they stand in the graph.
        shapes: their full shapes.
        outputs: what it makes, without names.
    """

    graph: Graph
    params: Mapping[str, Any]
    inputs: Sequence[Array]
    shapes: Sequence[Shape]
    outputs: Sequence[Array]

    @property
    def output(self) -> Array:
        """What it makes, where that is one array."""
        return self.outputs[0]

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node; the name of its output."""
        return self.graph.b.op(kind, *inputs, **attributes)

    def cast(self, x: str, dtype: str | None = None) -> str:
        """An array in another dtype, the output's if None."""
        return self.graph.b.cast(x, dtype or self.output.dtype.name)

    def constant(self, value: float) -> str:
        """A number in the output's dtype."""
        return self.graph.b.constant(value, self.output.dtype)

    def integers(self, values: Iterable[Any]) -> str:
        """A constant int64 array."""
        return self.graph.integers([int(value) for value in values])

    def full(self, place: int = 0) -> str:
        """The name of an input with all its axes broadcast."""
        return self.graph.full(self.inputs[place], self.shapes[place])

    def made(self, name: str, shape: Shape | None = None) -> list[Array]:
        """The one output, under a name."""
        return [
            replace(self.output, name=name, shape=self.output.shape if shape is None else shape)
        ]


Write = Callable[[Equation], list[Array]]
# A step and the names of its inputs; the name of its output.
Nodes = Callable[..., str]


def _by_element(nodes: Nodes) -> Write:
    """A step on each element: its nodes broadcast axes of size 1 by themselves."""

    def write(e: Equation) -> list[Array]:
        rank = len(e.output.shape)
        shape = tuple(
            1 if all(len(x.shape) < rank or x.shape[axis] == 1 for x in e.inputs) else size
            for axis, size in enumerate(e.output.shape)
        )
        return e.made(nodes(e, *map(e.graph.name, e.inputs)), shape)

    return write


def _full(nodes: Nodes) -> Write:
    """A step whose inputs have to be broadcast before."""
    return lambda e: e.made(nodes(e, *map(e.full, range(len(e.inputs)))))


def _op(kind: str, then: str | None = None, **attributes: Any) -> Write:
    """One node, or one after another."""

    def nodes(e: Equation, *x: str) -> str:
        found = e.op(kind, *x, **attributes)
        return e.op(then, found) if then else found

    return _by_element(nodes)


def _bits(of_bools: str, of_integers: str) -> Write:
    """A step whose node has another name for integers than for booleans."""
    return _by_element(
        lambda e, *x: e.op(of_bools if e.output.dtype.name == "bool" else of_integers, *x)
    )


def _integer_pow(e: Equation, x: str) -> str:
    return e.op("Mul", x, x) if e.params["y"] == 2 else e.op("Pow", x, e.constant(e.params["y"]))


def _select(e: Equation, which: str, *cases: str) -> str:
    if len(cases) != 2:
        raise Unwritable("it chooses among more than two arrays")
    return e.op("Where", which, cases[1], cases[0])


def _convert(e: Equation) -> list[Array]:
    (x,), name = e.inputs, e.graph.name(e.inputs[0])
    if x.dtype != e.output.dtype:
        if e.output.dtype.name.startswith(("bfloat16", "complex", "float8")):
            raise Unwritable(f"it computes in {e.output.dtype.name}")
        name = e.cast(name)
    return e.made(name, x.shape)


def _broadcast_in_dim(e: Equation) -> list[Array]:
    """New axes of size 1: who reads them broadcasts."""
    x = e.inputs[0]
    kept = [int(axis) for axis in e.params["broadcast_dimensions"]]
    new = [axis for axis in range(len(e.output.shape)) if axis not in kept]
    shape = [1] * len(e.output.shape)
    for axis, size in zip(kept, x.shape, strict=True):
        shape[axis] = size
    if x.constant is not None:
        return [replace(x, shape=tuple(shape), constant=x.constant.reshape(shape))]
    name = e.graph.name(x)
    return e.made(e.op("Unsqueeze", name, e.integers(new)) if new else name, tuple(shape))


def _reshape(e: Equation, x: str) -> str:
    sizes = list(e.params["new_sizes"])
    free = [axis for axis, size in enumerate(sizes) if not isinstance(size, int)]
    if len(free) == 1:
        sizes[free[0]] = -1
    return e.op("Reshape", x, e.graph.sizes(sizes))


def _squeeze(e: Equation) -> list[Array]:
    (x,), gone = e.inputs, [int(axis) for axis in e.params["dimensions"]]
    shape = tuple(size for axis, size in enumerate(x.shape) if axis not in gone)
    return e.made(e.op("Squeeze", e.graph.name(x), e.integers(gone)), shape)


def _transpose(e: Equation) -> list[Array]:
    (x,), order = e.inputs, [int(axis) for axis in e.params["permutation"]]
    name = e.op("Transpose", e.graph.name(x), perm=order)
    return e.made(name, tuple(x.shape[axis] for axis in order))


def _part(
    e: Equation,
    x: str,
    starts: Sizes,
    stops: Sizes,
    steps: Sizes | None = None,
    axes: Sizes | None = None,
) -> str:
    """A part of an array; a free size goes to the end."""
    stops = [stop if isinstance(stop, int) else _END for stop in stops]
    axes = range(len(stops)) if axes is None else axes
    return e.op("Slice", x, *map(e.integers, (starts, stops, axes, steps or [1] * len(stops))))


def _slice(e: Equation, x: str) -> str:
    starts = e.params["start_indices"]
    if any(not isinstance(start, int) for start in starts):
        raise Unwritable("it takes a part that depends on the batch's size")
    return _part(e, x, starts, e.params["limit_indices"], e.params["strides"])


def _split(e: Equation) -> list[Array]:
    x, start, parts = e.full(), 0, []
    axis = e.integers([e.params["axis"]])
    for output, size in zip(e.outputs, e.params["sizes"], strict=True):
        name = e.op("Slice", x, e.integers([start]), e.integers([start + size]), axis)
        parts.append(replace(output, name=name))
        start += size
    return parts


def _reverse(e: Equation, x: str) -> str:
    axes = e.params["dimensions"]
    count = len(axes)
    return _part(e, x, [-1] * count, [-_END] * count, [-1] * count, axes)


def _pad(e: Equation, x: str, value: str) -> str:
    low, high, inside = zip(*e.params["padding_config"], strict=True)
    if any(inside) or min(*low, *high) < 0:
        raise Unwritable("it pads between elements, or cuts off by padding")
    return e.op("Pad", x, e.integers([*low, *high]), value)


def _iota(e: Equation, *_: str) -> str:
    """0, 1, 2 … along an axis, of a size that the batch gives."""
    along, shape = e.params["dimension"], e.output.shape
    size = e.op("Squeeze", e.graph.sizes([shape[along]]))
    zero, one = (e.graph.b.constant(n, "int64") for n in (0, 1))
    line = e.cast(e.op("Range", zero, size, one))
    others = [axis for axis in range(len(shape)) if axis != along]
    if others:
        line = e.op("Unsqueeze", line, e.integers(others))
    return e.op("Expand", line, e.graph.sizes(shape))


def _dot_general(e: Equation, x: str, y: str) -> str:
    (over_x, over_y), (with_x, with_y) = (
        [[int(axis) for axis in axes] for axes in pair] for pair in e.params["dimension_numbers"]
    )
    of_x, of_y = e.shapes
    if not with_x and over_x == [len(of_x) - 1] and over_y == [0] and len(of_y) == 2:
        return e.op("MatMul", x, y)
    letters = iter(string.ascii_letters)
    first = [next(letters) for _ in of_x]
    second = [next(letters) for _ in of_y]
    for axis_x, axis_y in zip([*over_x, *with_x], [*over_y, *with_y], strict=True):
        second[axis_y] = first[axis_x]
    beside = [first[axis] for axis in with_x]
    result = beside + [a for a in first if a not in second] + [a for a in second if a not in first]
    return e.op("Einsum", x, y, equation=f"{''.join(first)},{''.join(second)}->{''.join(result)}")


def _reduction(kind: str, through: str | None = None) -> Write:
    """A reduction over axes; of booleans through another type."""

    def nodes(e: Equation, x: str) -> str:
        x = e.cast(x, through) if through else x
        y = e.op(kind, x, e.integers(e.params["axes"]), keepdims=0)
        return e.cast(y, "bool") if through else y

    return _full(nodes)


def _place_of(kind: str) -> Write:
    return _full(lambda e, x: e.cast(e.op(kind, x, axis=int(e.params["axes"][0]), keepdims=0)))


def _cumulative_sum(e: Equation, x: str) -> str:
    axis = e.graph.b.constant(e.params["axis"], "int64")
    return e.op("CumSum", x, axis, reverse=int(e.params["reverse"]))


def _gather(e: Equation) -> list[Array]:
    """Parts at constant places, or rows along one axis; an index outside gives the nearest."""
    numbers, sizes, (shape, of_places) = (
        e.params["dimension_numbers"],
        e.params["slice_sizes"],
        e.shapes,
    )
    x, places = e.full(), e.inputs[1]
    collapsed, along = list(numbers.collapsed_slice_dims), list(numbers.start_index_map)
    if len(of_places) == 1 and places.constant is not None:
        starts, stops = [0] * len(sizes), [*sizes]
        for axis, start in zip(along, places.constant.tolist(), strict=True):
            starts[axis], stops[axis] = start, start + sizes[axis]
        name = _part(e, x, starts, stops)
        return e.made(e.op("Squeeze", name, e.integers(collapsed)) if collapsed else name)
    others = [axis for axis in range(len(sizes)) if axis not in along]
    last = e.integers([-1])
    if len(along) == 1 and list(numbers.operand_batching_dims) == others:
        rows = e.op("Squeeze", e.full(1), last)
        return e.made(e.op("GatherElements", x, rows, axis=along[0]))
    rank = len(of_places) - 1
    offsets = [a if a < along[0] else a + rank for a in range(len(sizes) - 1)]
    if (
        len(along) != 1
        or collapsed != along
        or numbers.operand_batching_dims
        or any(sizes[axis] != shape[axis] for axis in others)
        or list(numbers.offset_dims) != offsets
    ):
        raise Unwritable("ONNX has no node for its step 'gather' in this form")
    low, high = (e.graph.b.constant(n, places.dtype) for n in (0, shape[along[0]] - 1))
    inside = e.op("Max", e.op("Min", e.full(1), high), low)
    return e.made(e.op("Gather", x, e.op("Squeeze", inside, last), axis=along[0]))


def _sort(e: Equation, *x: str) -> str:
    axis = e.params["dimension"]
    if len(x) > 1 or not isinstance(e.shapes[0][axis], int):
        raise Unwritable("it sorts several arrays together, or along a free axis")
    return e.op("TopK", x[0], e.integers([e.shapes[0][axis]]), outputs=2, axis=axis, largest=0)


def _top_k(e: Equation) -> list[Array]:
    k = e.integers([e.params["k"]])
    values = e.op("TopK", e.full(), k, outputs=2, axis=e.params["axis"])
    places = e.cast(f"{values}_1", e.outputs[1].dtype.name)
    return [replace(e.outputs[0], name=values), replace(e.outputs[1], name=places)]


def _stack(e: Equation, *x: str) -> str:
    axis = e.integers([e.params["axis"]])
    return e.op("Concat", *(e.op("Unsqueeze", one, axis) for one in x), axis=e.params["axis"])


_SAME_BY_ELEMENT = {
    "add": "Add", "add_any": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "max": "Max",
    "min": "Min", "pow": "Pow", "exp": "Exp", "log": "Log", "tanh": "Tanh", "logistic": "Sigmoid",
    "erf": "Erf", "sqrt": "Sqrt", "neg": "Neg", "abs": "Abs", "sign": "Sign", "floor": "Floor",
    "ceil": "Ceil", "round": "Round", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin",
    "acos": "Acos", "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "asinh": "Asinh",
    "acosh": "Acosh", "atanh": "Atanh", "eq": "Equal", "lt": "Less", "gt": "Greater",
    "le": "LessOrEqual", "ge": "GreaterOrEqual",
}  # fmt: skip

PRIMITIVES: dict[str, Write] = {
    **{step: _op(kind) for step, kind in _SAME_BY_ELEMENT.items()},
    "not": _bits("Not", "BitwiseNot"),
    "and": _bits("And", "BitwiseAnd"),
    "or": _bits("Or", "BitwiseOr"),
    "xor": _bits("Xor", "BitwiseXor"),
    "ne": _op("Equal", then="Not"),
    "rsqrt": _op("Sqrt", then="Reciprocal"),
    "rem": _op("Mod", fmod=1),
    "log1p": _by_element(lambda e, x: e.op("Log", e.op("Add", x, e.constant(1)))),
    "expm1": _by_element(lambda e, x: e.op("Sub", e.op("Exp", x), e.constant(1))),
    "erfc": _by_element(lambda e, x: e.op("Sub", e.constant(1), e.op("Erf", x))),
    "square": _by_element(lambda e, x: e.op("Mul", x, x)),
    "exp2": _by_element(lambda e, x: e.op("Pow", e.constant(2), x)),
    "integer_pow": _by_element(_integer_pow),
    "is_finite": _by_element(
        lambda e, x: e.op("Not", e.op("Or", e.op("IsInf", x), e.op("IsNaN", x)))
    ),
    "select_n": _by_element(_select),
    "clamp": _by_element(lambda e, low, x, high: e.op("Max", e.op("Min", x, high), low)),
    "convert_element_type": _convert,
    **dict.fromkeys(
        ("copy", "copy_p", "stop_gradient", "optimization_barrier"), lambda e: list(e.inputs)
    ),
    "broadcast_in_dim": _broadcast_in_dim,
    "reshape": _full(_reshape),
    "squeeze": _squeeze,
    "transpose": _transpose,
    "slice": _full(_slice),
    "split": _split,
    "rev": _full(_reverse),
    "pad": _full(_pad),
    "iota": _full(_iota),
    "concatenate": _full(lambda e, *x: e.op("Concat", *x, axis=e.params["dimension"])),
    "stack": _full(_stack),
    # A size that is known when the graph runs.
    "dim_as_value": lambda e: e.made(e.cast(e.op("Squeeze", e.graph.sizes([e.params["dim"]])))),
    "dot_general": _full(_dot_general),
    "reduce_sum": _reduction("ReduceSum"),
    "reduce_max": _reduction("ReduceMax"),
    "reduce_min": _reduction("ReduceMin"),
    "reduce_prod": _reduction("ReduceProd"),
    "reduce_and": _reduction("ReduceMin", "int32"),
    "reduce_or": _reduction("ReduceMax", "int32"),
    "argmax": _place_of("ArgMax"),
    "argmin": _place_of("ArgMin"),
    "cumsum": _full(_cumulative_sum),
    "gather": _gather,
    "sort": _full(_sort),
    "top_k": _top_k,
    "tile": _full(lambda e, x: e.op("Tile", x, e.integers(e.params["reps"]))),
}
