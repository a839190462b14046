"""Each step of a JAX program as nodes of ONNX."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rosenblatt.saving.export.onnx_builder import Unwritable
from rosenblatt.saving.export.onnx_values import Array, Graph

Shapes = Sequence[Sequence[Any]]
# The graph, the step's parameters, its inputs, their full shapes, and its outputs without names.
Write = Callable[[Graph, Mapping[str, Any], list[Array], Shapes, list[Array]], list[Array]]
# The graph, the parameters, the inputs' full shapes, the output, and the inputs' names; the
# output's name.
Nodes = Callable[..., str]
_END = 2**31 - 1


def _broadcasting(nodes: Nodes) -> Write:
    """A step on each element: its nodes broadcast axes of size 1 by themselves."""

    def write(
        g: Graph, p: Any, inputs: list[Array], shapes: Shapes, outputs: list[Array]
    ) -> list[Array]:
        (output,) = outputs
        rank = len(output.shape)
        shape = tuple(
            1 if all(len(x.shape) < rank or x.shape[axis] == 1 for x in inputs) else size
            for axis, size in enumerate(output.shape)
        )
        name = nodes(g, p, shapes, output, *map(g.name, inputs))
        return [replace(output, shape=shape, name=name)]

    return write


def _op(kind: str, **attributes: Any) -> Write:
    return _broadcasting(lambda g, p, s, output, *x: g.b.op(kind, *x, **attributes))


def _then(second: str, first: str) -> Write:
    """One node after another."""
    return _broadcasting(lambda g, p, s, output, *x: g.b.op(second, g.b.op(first, *x)))


def _with_one(before: str | None, kind: str, after: str | None, swap: bool = False) -> Write:
    """A node with a constant 1 on one side, between two others."""

    def nodes(g: Graph, p: Any, shapes: Shapes, output: Array, x: str) -> str:
        x = g.b.op(before, x) if before else x
        one = g.b.constant(1, output.dtype)
        y = g.b.op(kind, one, x) if swap else g.b.op(kind, x, one)
        return g.b.op(after, y) if after else y

    return _broadcasting(nodes)


def _integer_pow(g: Graph, p: Any, shapes: Shapes, output: Array, x: str) -> str:
    if p["y"] == 2:
        return g.b.op("Mul", x, x)
    return g.b.op("Pow", x, g.b.constant(p["y"], output.dtype))


def _is_finite(g: Graph, p: Any, shapes: Shapes, output: Array, x: str) -> str:
    return g.b.op("Not", g.b.op("Or", g.b.op("IsInf", x), g.b.op("IsNaN", x)))


def _select(g: Graph, p: Any, shapes: Shapes, output: Array, which: str, *cases: str) -> str:
    if len(cases) != 2:
        raise Unwritable("it chooses among more than two arrays")
    return g.b.op("Where", which, cases[1], cases[0])


def _convert(g: Graph, p: Any, inputs: list[Array], _: Any, outputs: list[Array]) -> list[Array]:
    (x,), (output,) = inputs, outputs
    name = g.name(x)
    if x.dtype != output.dtype:
        if output.dtype.name.startswith(("bfloat16", "complex", "float8")):
            raise Unwritable(f"it computes in {output.dtype.name}")
        name = g.b.cast(name, output.dtype.name)
    return [replace(output, shape=x.shape, name=name)]


def _as_it_is(g: Graph, p: Any, inputs: list[Array], _: Any, outputs: Any) -> list[Array]:
    return list(inputs)


def _full(nodes: Nodes) -> Write:
    """A step whose inputs have to be broadcast before."""

    def write(
        g: Graph, p: Any, inputs: list[Array], shapes: Shapes, outputs: list[Array]
    ) -> list[Array]:
        names = [g.full(x, shape) for x, shape in zip(inputs, shapes, strict=True)]
        return [replace(outputs[0], name=nodes(g, p, shapes, outputs[0], *names))]

    return write


def _broadcast_in_dim(
    g: Graph, p: Any, inputs: list[Array], _: Any, outputs: list[Array]
) -> list[Array]:
    """New axes of size 1: who reads them broadcasts."""
    x, (output,) = inputs[0], outputs
    kept = [int(axis) for axis in p["broadcast_dimensions"]]
    new = [axis for axis in range(len(output.shape)) if axis not in kept]
    shape = [1] * len(output.shape)
    for axis, size in zip(kept, x.shape, strict=True):
        shape[axis] = size
    if x.constant is not None:
        return [replace(x, shape=tuple(shape), constant=x.constant.reshape(shape))]
    name = g.b.op("Unsqueeze", g.name(x), g.integers(new)) if new else g.name(x)
    return [replace(output, shape=tuple(shape), name=name)]


def _reshape(g: Graph, p: Any, shapes: Shapes, output: Array, x: str) -> str:
    sizes = list(p["new_sizes"])
    free = [axis for axis, size in enumerate(sizes) if not isinstance(size, int)]
    if len(free) == 1:
        sizes[free[0]] = -1
    return g.b.op("Reshape", x, g.sizes(sizes))


def _squeeze(g: Graph, p: Any, inputs: list[Array], _: Any, outputs: list[Array]) -> list[Array]:
    (x,), (output,) = inputs, outputs
    gone = [int(axis) for axis in p["dimensions"]]
    shape = tuple(size for axis, size in enumerate(x.shape) if axis not in gone)
    return [replace(output, shape=shape, name=g.b.op("Squeeze", g.name(x), g.integers(gone)))]


def _transpose(g: Graph, p: Any, inputs: list[Array], _: Any, outputs: list[Array]) -> list[Array]:
    (x,), (output,) = inputs, outputs
    order = [int(axis) for axis in p["permutation"]]
    name = g.b.op("Transpose", g.name(x), perm=order)
    return [replace(output, shape=tuple(x.shape[axis] for axis in order), name=name)]


def _slices(g: Graph, x: str, starts: Any, stops: Any, steps: Any = None) -> str:
    """A part of an array; a free size goes to the end."""
    stops = [stop if isinstance(stop, int) else _END for stop in stops]
    steps = [1] * len(stops) if steps is None else list(steps)
    axes = range(len(stops))
    return g.b.op("Slice", x, *map(g.integers, (list(starts), stops, axes, steps)))


def _slice(g: Graph, p: Any, shapes: Shapes, output: Array, x: str) -> str:
    starts = p["start_indices"]
    if any(not isinstance(start, int) for start in starts):
        raise Unwritable("it takes a part that depends on the batch's size")
    return _slices(g, x, starts, p["limit_indices"], p["strides"])


def _split(
    g: Graph, p: Any, inputs: list[Array], shapes: Shapes, outputs: list[Array]
) -> list[Array]:
    x, start, parts = g.full(inputs[0], shapes[0]), 0, []
    axis = g.integers([p["axis"]])
    for output, size in zip(outputs, p["sizes"], strict=True):
        name = g.b.op("Slice", x, g.integers([start]), g.integers([start + size]), axis)
        parts.append(replace(output, name=name))
        start += size
    return parts


def _reverse(g: Graph, p: Any, shapes: Shapes, output: Array, x: str) -> str:
    axes = [int(axis) for axis in p["dimensions"]]
    ends = ([-1] * len(axes), [-_END] * len(axes), axes, [-1] * len(axes))
    return g.b.op("Slice", x, *map(g.integers, ends))


def _pad(g: Graph, p: Any, shapes: Shapes, output: Array, x: str, value: str) -> str:
    low, high, inside = zip(*p["padding_config"], strict=True)
    if any(inside) or min(*low, *high) < 0:
        raise Unwritable("it pads between elements, or cuts off by padding")
    return g.b.op("Pad", x, g.integers([*low, *high]), value)


def _iota(g: Graph, p: Any, shapes: Shapes, output: Array, *_: str) -> str:
    """0, 1, 2 … along an axis, of a size that the batch gives."""
    size = g.b.op("Squeeze", g.sizes([output.shape[p["dimension"]]]))
    zero, one = (g.b.constant(n, "int64") for n in (0, 1))
    line = g.b.cast(g.b.op("Range", zero, size, one), output.dtype.name)
    others = [axis for axis in range(len(output.shape)) if axis != p["dimension"]]
    if others:
        line = g.b.op("Unsqueeze", line, g.integers(others))
    return g.b.op("Expand", line, g.sizes(output.shape))


def _dot_general(g: Graph, p: Any, shapes: Shapes, output: Array, x: str, y: str) -> str:
    (over_x, over_y), (with_x, with_y) = (
        [[int(axis) for axis in axes] for axes in pair] for pair in p["dimension_numbers"]
    )
    if not with_x and over_x == [len(shapes[0]) - 1] and over_y == [0] and len(shapes[1]) == 2:
        return g.b.op("MatMul", x, y)
    letters = iter(string.ascii_letters)
    first = [next(letters) for _ in shapes[0]]
    second = [next(letters) for _ in shapes[1]]
    for axis_x, axis_y in zip([*over_x, *with_x], [*over_y, *with_y], strict=True):
        second[axis_y] = first[axis_x]
    beside = [first[axis] for axis in with_x]
    result = beside + [a for a in first if a not in second] + [a for a in second if a not in first]
    return g.b.op("Einsum", x, y, equation=f"{''.join(first)},{''.join(second)}->{''.join(result)}")


def _reduction(kind: str, through: str | None = None) -> Write:
    """A reduction over axes; of booleans through another type."""

    def nodes(g: Graph, p: Any, shapes: Shapes, output: Array, x: str) -> str:
        x = g.b.cast(x, through) if through else x
        y = g.b.op(kind, x, g.integers([int(axis) for axis in p["axes"]]), keepdims=0)
        return g.b.cast(y, "bool") if through else y

    return _full(nodes)


def _place_of(kind: str) -> Write:
    def nodes(g: Graph, p: Any, shapes: Shapes, output: Array, x: str) -> str:
        (axis,) = p["axes"]
        return g.b.cast(g.b.op(kind, x, axis=int(axis), keepdims=0), output.dtype.name)

    return _full(nodes)


def _cumulative_sum(g: Graph, p: Any, shapes: Shapes, output: Array, x: str) -> str:
    return g.b.op("CumSum", x, g.b.constant(p["axis"], "int64"), reverse=int(p["reverse"]))


def _gather(
    g: Graph, p: Any, inputs: list[Array], shapes: Shapes, outputs: list[Array]
) -> list[Array]:
    """Parts at constant places, or rows along one axis; an index outside gives the nearest."""
    numbers, sizes, (output,) = p["dimension_numbers"], list(p["slice_sizes"]), outputs
    x, places = g.full(inputs[0], shapes[0]), inputs[1]
    collapsed = [int(axis) for axis in numbers.collapsed_slice_dims]
    whole = [size == has for size, has in zip(sizes, shapes[0], strict=True)]
    if len(shapes[1]) == 1 and places.constant is not None:
        starts, stops = [0] * len(sizes), [*sizes]
        for axis, start in zip(numbers.start_index_map, places.constant.tolist(), strict=True):
            starts[axis], stops[axis] = start, start + sizes[axis]
        name = _slices(g, x, starts, stops)
        if collapsed:
            name = g.b.op("Squeeze", name, g.integers(collapsed))
        return [replace(output, name=name)]
    along = list(numbers.start_index_map)
    others = [axis for axis in range(len(sizes)) if axis not in along]
    if len(along) == 1 and list(numbers.operand_batching_dims) == others:
        rows = g.b.op("Squeeze", g.full(places, shapes[1]), g.integers([-1]))
        return [replace(output, name=g.b.op("GatherElements", x, rows, axis=along[0]))]
    rank = len(shapes[1]) - 1
    offsets = [a if a < along[0] else a + rank for a in range(len(sizes) - 1)]
    if (
        len(along) != 1
        or collapsed != along
        or numbers.operand_batching_dims
        or not all(full for axis, full in enumerate(whole) if axis != along[0])
        or list(numbers.offset_dims) != offsets
    ):
        raise Unwritable("ONNX has no node for its step 'gather' in this form")
    last = g.b.constant(shapes[0][along[0]] - 1, places.dtype)
    inside = g.b.op("Min", g.full(places, shapes[1]), last)
    inside = g.b.op("Max", inside, g.b.constant(0, places.dtype))
    rows = g.b.op("Squeeze", inside, g.integers([-1]))
    return [replace(output, name=g.b.op("Gather", x, rows, axis=along[0]))]


def _sort(g: Graph, p: Any, shapes: Shapes, output: Array, *x: str) -> str:
    axis = p["dimension"]
    if len(x) > 1 or not isinstance(shapes[0][axis], int):
        raise Unwritable("it sorts several arrays together, or along a free axis")
    return g.b.op("TopK", x[0], g.integers([shapes[0][axis]]), outputs=2, axis=axis, largest=0)


def _stack(g: Graph, p: Any, shapes: Shapes, output: Array, *x: str) -> str:
    axis = g.integers([p["axis"]])
    return g.b.op("Concat", *(g.b.op("Unsqueeze", one, axis) for one in x), axis=p["axis"])


def _bits(of_bools: str | None, of_integers: str, **attributes: Any) -> Write:
    """A step whose node has another name for integers than for booleans."""

    def nodes(g: Graph, p: Any, shapes: Shapes, output: Array, *x: str) -> str:
        if output.dtype.name == "bool" and of_bools:
            return g.b.op(of_bools, *x)
        return g.b.op(of_integers, *x, **attributes)

    return _broadcasting(nodes)


def _size_of_dimension(
    g: Graph, p: Any, inputs: list[Array], _: Any, outputs: list[Array]
) -> list[Array]:
    """A size that is known when the graph runs."""
    name = g.b.op("Squeeze", g.sizes([p["dim"]]))
    return [replace(outputs[0], name=g.b.cast(name, outputs[0].dtype.name))]


def _top_k(
    g: Graph, p: Any, inputs: list[Array], shapes: Shapes, outputs: list[Array]
) -> list[Array]:
    x = g.full(inputs[0], shapes[0])
    values = g.b.op("TopK", x, g.integers([p["k"]]), outputs=2, axis=p["axis"])
    places = g.b.cast(f"{values}_1", outputs[1].dtype.name)
    return [replace(outputs[0], name=values), replace(outputs[1], name=places)]


def _tile(g: Graph, p: Any, shapes: Shapes, output: Array, x: str) -> str:
    return g.b.op("Tile", x, g.integers(p["reps"]))


def _concatenate(g: Graph, p: Any, shapes: Shapes, output: Array, *x: str) -> str:
    return g.b.op("Concat", *x, axis=p["dimension"])


_BY_ELEMENT = {
    "add": "Add", "add_any": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "max": "Max",
    "min": "Min", "pow": "Pow", "exp": "Exp", "log": "Log", "tanh": "Tanh", "logistic": "Sigmoid",
    "erf": "Erf", "sqrt": "Sqrt", "neg": "Neg", "abs": "Abs", "sign": "Sign", "floor": "Floor",
    "ceil": "Ceil", "round": "Round", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin",
    "acos": "Acos", "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "asinh": "Asinh",
    "acosh": "Acosh", "atanh": "Atanh", "eq": "Equal", "lt": "Less", "gt": "Greater",
    "le": "LessOrEqual", "ge": "GreaterOrEqual",
}  # fmt: skip

PRIMITIVES: dict[str, Write] = {
    **{step: _op(kind) for step, kind in _BY_ELEMENT.items()},
    "not": _bits("Not", "BitwiseNot"),
    "and": _bits("And", "BitwiseAnd"),
    "or": _bits("Or", "BitwiseOr"),
    "xor": _bits("Xor", "BitwiseXor"),
    "ne": _then("Not", "Equal"),
    "rsqrt": _then("Reciprocal", "Sqrt"),
    "log1p": _with_one(None, "Add", "Log"),
    "expm1": _with_one("Exp", "Sub", None),
    "erfc": _with_one("Erf", "Sub", None, swap=True),
    "rem": _op("Mod", fmod=1),
    "square": _broadcasting(lambda g, p, s, output, x: g.b.op("Mul", x, x)),
    "exp2": _broadcasting(
        lambda g, p, s, output, x: g.b.op("Pow", g.b.constant(2, output.dtype), x)
    ),
    "integer_pow": _broadcasting(_integer_pow),
    "is_finite": _broadcasting(_is_finite),
    "select_n": _broadcasting(_select),
    "clamp": _broadcasting(
        lambda g, p, s, output, low, x, high: g.b.op("Max", g.b.op("Min", x, high), low)
    ),
    "convert_element_type": _convert,
    **dict.fromkeys(("copy", "copy_p", "stop_gradient", "optimization_barrier"), _as_it_is),
    "broadcast_in_dim": _broadcast_in_dim,
    "reshape": _full(_reshape),
    "squeeze": _squeeze,
    "transpose": _transpose,
    "slice": _full(_slice),
    "split": _split,
    "rev": _full(_reverse),
    "pad": _full(_pad),
    "iota": _full(_iota),
    "concatenate": _full(_concatenate),
    "stack": _full(_stack),
    "dim_as_value": _size_of_dimension,
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
    "tile": _full(_tile),
}
