"""Result types of ops on two arrays: for every pair of dtypes those of Keras on JAX."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax
import ml_dtypes
import numpy as np
import pytest

import rosenblatt as rb

# Types of 64 bits are cut to 32 with a word.
pytestmark = pytest.mark.filterwarnings("ignore")

DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float16",
          "bfloat16", "float32", "float64")  # fmt: skip
NUMBERS: dict[str, Any] = {"True": True, "2": 2, "0.5": 0.5}  # Python's
KINDS = (*DTYPES, *NUMBERS)
FEW = ("bool", "int8", "uint32", "float16", "bfloat16", "float32", "0.5")  # in each run
Call = Callable[[Any, Any, Any], Any]
PLAIN = (
    "add allclose append arctan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift "
    "bitwise_xor cdist divide divide_no_nan dot equal floor_divide fmax fmin fmod gcd greater "
    "greater_equal heaviside hypot inner isclose isin kron lcm ldexp left_shift less less_equal "
    "linspace logaddexp logaddexp2 logical_and logical_or logical_xor logspace matmul maximum "
    "minimum mod multiply nextafter not_equal outer polar power right_shift solve "
    "solve_triangular subtract true_divide vdot binary_crossentropy categorical_crossentropy "
    "full_like lstsq geomspace tensordot"
)
ROWS: dict[str, Call] = {  # of vectors
    name: lambda ops, a, b, name=name: getattr(ops, name)(_first(a), _first(b))  # type: ignore[misc]
    for name in ("correlate", "cross", "searchsorted", "digitize")
}
CALLS: dict[str, Call] = {
    **{n: lambda ops, a, b, n=n: getattr(ops, n)(a, b) for n in PLAIN.split()},  # type: ignore[misc]
    **ROWS,
    "where": lambda ops, a, b: ops.where(np.array([True, False]), a, b),
    "where by": lambda ops, a, b: ops.where(a, b, b),
    "clip": lambda ops, a, b: ops.clip(a, b, b),
    "clip by two": lambda ops, a, b: ops.clip(np.ones(2, "float32"), a, b),
    "take": lambda ops, a, b: ops.take(a, b, axis=0),
    "take_along_axis": lambda ops, a, b: ops.take_along_axis(a, b, axis=0),
    "einsum": lambda ops, a, b: ops.einsum("ij,jk->ik", a, b),
    "concatenate": lambda ops, a, b: ops.concatenate([a, b]),
    "stack": lambda ops, a, b: ops.stack([a, b]),
    "hstack": lambda ops, a, b: ops.hstack([a, b]),
    "vstack": lambda ops, a, b: ops.vstack([a, b]),
    "meshgrid": lambda ops, a, b: ops.meshgrid(_first(a), _first(b)),
    "select": lambda ops, a, b: ops.select([np.array([True, False])], [a], b),
    "full": lambda ops, a, b: ops.full((2,), b),
    "arange": lambda ops, a, b: ops.arange(_only(a), 3, _only(b)),
    "quantile": lambda ops, a, b: ops.quantile(a, b),
    "percentile": lambda ops, a, b: ops.percentile(a, b),
    "nanquantile": lambda ops, a, b: ops.nanquantile(a, b),
    "nanpercentile": lambda ops, a, b: ops.nanpercentile(a, b),
    "scatter": lambda ops, a, b: ops.scatter(np.zeros((2, 1), "int32"), a, (3, 2)),
    "scatter_update": lambda ops, a, b: ops.scatter_update(a, np.zeros((2, 1), "int32"), b),
    "slice_update": lambda ops, a, b: ops.slice_update(a, (0, 0), b),
    "segment_sum": lambda ops, a, b: ops.segment_sum(a, _first(b), 3),
    "segment_max": lambda ops, a, b: ops.segment_max(a, _first(b), 3),
    "segment_min": lambda ops, a, b: ops.segment_min(a, _first(b), 3),
    "segment_prod": lambda ops, a, b: ops.segment_prod(a, _first(b), 3),
    "sparse_categorical_crossentropy": lambda ops, a, b: ops.sparse_categorical_crossentropy(
        _first(a), b
    ),
    "in_top_k": lambda ops, a, b: ops.in_top_k(_first(a), b, 1),
    "threshold": lambda ops, a, b: ops.threshold(a, 0.5, b),
    "pad": lambda ops, a, b: ops.pad(a, 1, constant_values=_only(b)),
    "batch_normalization": lambda ops, a, b: ops.batch_normalization(
        # Keras leaves NumPy's arrays as they are, and computes with NumPy's types.
        *(np.ndim(one) and jax.numpy.asarray(one) for one in (a, _first(b), _first(b))), -1
    ),
    "dot_product_attention": lambda ops, a, b: ops.dot_product_attention(
        *(np.reshape(one, (1, 2, 1, 2)) for one in (a, b, b))
    ),
    "repeat": lambda ops, a, b: ops.repeat(a, 2, axis=0) + b,
    "trapezoid": lambda ops, a, b: ops.trapezoid(a, b),
    "nan_to_num": lambda ops, a, b: ops.nan_to_num(a, _only(b)),
    "average": lambda ops, a, b: ops.average(a, weights=b),
    "vectorized": lambda ops, a, b: ops.vectorized_map(lambda one: one + b, a),
}  # fmt: skip
# Names of arguments that are not arrays; an op whose first two are arrays must be above.
SETTINGS = {
    "axis", "axis1", "shape", "newshape", "dtype", "pattern", "kth", "num_classes", "repeats", "k",
    "shift", "key", "sequence_length", "indices_or_sections", "pad_width", "beta", "true_fn",
    "source", "axes", "body_fun", "body", "elems", "init", "primals", "xs", "elements",
    "branches", "upper", "start_indices", "operands", "choicelist",
}  # fmt: skip


def _array(kind: str) -> Any:
    if kind in NUMBERS:
        return NUMBERS[kind]
    dtype = np.dtype(getattr(ml_dtypes, kind) if kind == "bfloat16" else kind)
    return np.eye(2).astype(dtype)


def _first(a: Any) -> Any:
    return a[0] if np.ndim(a) else a


def _only(a: Any) -> Any:
    return a[0, 0] if np.ndim(a) else a


def result(ops: Any, call: Call, a: Any, b: Any) -> str:
    """The dtypes of what an op gives, found without computing it; "refused"."""
    try:
        found = jax.eval_shape(lambda: call(ops, a, b))
    except Exception:
        return "refused"
    return " ".join(str(one.dtype) for one in jax.tree_util.tree_leaves(found))


def differing(name: str, kinds: tuple[str, ...], keras: Any) -> list[str]:
    told = []
    for one in kinds:
        for other in kinds:
            a, b = _array(one), _array(other)
            ours, theirs = (result(library.ops, CALLS[name], a, b) for library in (rb, keras))
            if ours != theirs and theirs != "refused":
                told.append(f"{name}({one}, {other}): {ours}, Keras {theirs}")
    return told


@pytest.mark.parametrize(
    "kinds", [FEW, pytest.param(KINDS, marks=pytest.mark.soak)], ids=["few", "all"]
)
@pytest.mark.parametrize("name", sorted(CALLS))
def test_result_types_of_every_pair(name: str, kinds: tuple[str, ...], keras: Any) -> None:
    found = differing(name, kinds, keras)
    assert not found, f"{len(found)}\n" + "\n".join(found)


def test_no_op_on_two_arrays_is_left_out(keras: Any) -> None:
    left = []
    for name in dir(rb.ops):
        function = getattr(keras.ops, name, None)
        if not inspect.isfunction(function) or name in CALLS:
            continue
        required = [
            one.name
            for one in inspect.signature(function).parameters.values()
            if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
        ]
        if len(required) > 1 and not SETTINGS & set(required[:2]):
            left.append(f"{name}({', '.join(required)})")
    assert not left
