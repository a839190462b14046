"""Operations on tensors in ONNX Runtime; those that ONNX has no nodes for are said by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from exported import run_onnx
from op_cases import CASES, NOT_RECORDED, TESTED_ELSEWHERE, WITH_FUNCTIONS

import rosenblatt as rb

# Steps without a node, shapes that depend on the number of rows or fix it, complex numbers.
REFUSED = set(
    """
angle, arctan2, argpartition, argsort, bitwise_left_shift, bitwise_right_shift, broadcast_to, cbrt,
cholesky, cholesky upper, cholesky_inverse, det, eig, eigh, inv, logdet, slogdet, solve,
solve_triangular, vsplit, where, corrcoef, correlate,
cumprod, cumprod axis, diag, diag of, diagflat, diagonal, digitize,
erfinv, gcd, histogram, i0, lcm, ldexp, left_shift, lstsq, lu_factor,
matrix_rank, median, nancumprod, nancumprod axis, nanmedian, nanmedian axis,
nanpercentile, nanquantile, nextafter, pinv, polar, power int, qr, quantile many,
right_shift, scatter, scatter_update, scatter_update add, segment_max, segment_min,
segment_prod, segment_sum, signbit, slice, slice rest, squeeze, svd, svd values,
view, view_as_complex
""".replace("\n", " ")
    .strip()
    .split(", ")
)


def model_of(name: str) -> tuple[Any, list[Any]] | None:
    """A case as a model of its arrays, where it can be one."""
    args, kwargs = CASES[name]
    if name.split()[0] in NOT_RECORDED | WITH_FUNCTIONS | TESTED_ELSEWHERE:
        return None
    is_input = [getattr(a, "ndim", 0) > 0 and a.dtype.name in ("float32", "int32") for a in args]
    arrays = [a for a, take in zip(args, is_input, strict=True) if take]
    if not arrays or not hasattr(args[0], "shape") or len({len(a) for a in arrays}) > 1:
        return None
    given = [
        rb.Input(a.shape[1:], dtype=a.dtype.name) if take else a
        for a, take in zip(args, is_input, strict=True)
    ]
    try:
        outputs = getattr(rb.ops, name.split()[0])(*given, **kwargs)
    except (ValueError, TypeError, NotImplementedError):
        return None  # its arrays cannot have a free number of rows
    inputs = [one for one, take in zip(given, is_input, strict=True) if take]
    return rb.Model(inputs, outputs), arrays


# A number too large for its integer type becomes another one in each runtime.
MODELS = [name for name in CASES if name != "saturate_cast wide"]


@pytest.mark.parametrize("name", MODELS)
def test_computes_what_the_op_computes(name: str, tmp_path: Path) -> None:
    made = model_of(name)
    if made is None:
        assert name not in REFUSED
        return
    model, arrays = made
    if name in REFUSED:
        with pytest.raises(ValueError, match="format 'onnx' cannot hold layer"):
            model.export(tmp_path / "m.onnx", format="onnx")
        assert not list(tmp_path.iterdir())
        return
    model.export(tmp_path / "m.onnx", format="onnx")
    expected = jax.tree_util.tree_leaves(model(arrays if arrays[1:] else arrays[0]))
    for found, one in zip(run_onnx(tmp_path / "m.onnx", *arrays), expected, strict=True):
        np.testing.assert_allclose(found, one, rtol=1e-4, atol=1e-5)
