"""Calls of every op: arguments and options, as the tests give them to both libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

P = np.array([[0.35, 0.55, 0.25], [0.75, 0.15, 0.95]], "float32")
Q = P[::-1].copy()
N = np.array([[0.35, np.nan, 0.25], [0.75, -0.15, np.nan]], "float32")
B = P > 0.5
I = np.array([[1, 2, 6], [0, 4, 3]], "int32")  # noqa: E741
J = np.array([[2, 2, 4], [5, 1, 2]], "int32")
V = np.array([3.0, 1.0, 2.0], "float32")
C = (P + 1j * Q).astype("complex64")
CUBE = np.arange(8, dtype="float32").reshape(2, 2, 2)
S = np.array([[4.0, 1.0], [1.0, 3.0]], "float32")  # symmetric, positive definite
R = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]], "float32")
ATTENTION = np.sin(np.arange(24, dtype="float32")).reshape(2, 3, 2, 2)

Case = tuple[list[Any], dict[str, Any]]

ELEMENTWISE_ONE = (
    "abs absolute angle arccos arcsin arcsinh arctan arctanh cbrt ceil conj conjugate copy cos "
    "cosh deg2rad exp exp2 expm1 fabs floor i0 imag isfinite isinf isnan isneginf isposinf isreal "
    "log log10 log1p log2 logical_not negative rad2deg real reciprocal round sign signbit sin sinc "
    "sinh sqrt square tan tanh trunc"
)
ELEMENTWISE_TWO = (
    "add arctan2 divide divide_no_nan equal floor_divide fmax fmin fmod greater greater_equal "
    "heaviside hypot less less_equal logaddexp logaddexp2 logical_and logical_or logical_xor "
    "maximum minimum mod multiply nextafter not_equal power subtract true_divide"
)
BITS = (
    "bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor left_shift "
    "right_shift"
)
REDUCTIONS = "all amax amin any argmax argmin max mean median min prod ptp std sum var logsumexp"
NAN_REDUCTIONS = "nanargmax nanargmin nanmax nanmean nanmedian nanmin nanprod nanstd nansum nanvar"
RUNNING = "cumprod cumsum nancumprod nancumsum"
ACTIVATIONS = (
    "celu elu gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid "
    "log_softmax relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus "
    "sparse_sigmoid squareplus swish tanh_shrink"
)

CASES: dict[str, Case] = {
    **{name: ([P], {}) for name in ELEMENTWISE_ONE.split()},
    "arccosh": ([P + 1], {}),
    "angle complex": ([C], {}),
    "imag complex": ([C], {}),
    "conj complex": ([C], {}),
    "round decimals": ([P * 10, 1], {}),
    "round tens": ([I * 7], {"decimals": -1}),
    "bitwise_invert": ([I], {}),
    "bitwise_not": ([I], {}),
    "trunc int": ([I], {}),
    **{name: ([P, Q], {}) for name in ELEMENTWISE_TWO.split()},
    **{f"{name} int": ([I, J], {}) for name in ("add", "divide", "mod", "power", "floor_divide")},
    **{f"{name} number": ([P, 2], {}) for name in ("add", "power", "maximum")},
    "divide_no_nan zero": ([P, np.zeros_like(P)], {}),
    **{name: ([I, J], {}) for name in BITS.split()},
    "gcd": ([I, J], {}),
    "lcm": ([I, J], {}),
    "ldexp": ([P, I], {}),
    "clip": ([P, 0.2, 0.4], {}),
    "nan_to_num": ([N], {"nan": 7.0}),
    "isclose": ([P, Q], {}),
    "allclose": ([P, P + 1e-9], {}),
    "isin": ([I, J], {"invert": True}),
    "where": ([B, P, Q], {}),
    **{name: ([P], {}) for name in (REDUCTIONS + " " + RUNNING).split()},
    **{
        f"{name} axis": ([P], {"axis": 1, "keepdims": True})
        for name in REDUCTIONS.split() + NAN_REDUCTIONS.split()
    },
    **{name: ([N], {"axis": 1}) for name in NAN_REDUCTIONS.split()},
    **{f"{name} axis": ([N], {"axis": 0}) for name in RUNNING.split()},
    "sum axes": ([CUBE], {"axis": (0, 2)}),
    "max initial": ([P], {"axis": 1, "initial": 0.6}),
    "prod dtype": ([I], {"dtype": "float32"}),
    "mean int": ([I], {}),
    "average": ([P], {"axis": 1, "weights": Q}),
    "count_nonzero": ([I], {"axis": 1}),
    **{
        name: ([N if name.startswith("nan") else P, q], {"axis": 1})
        for name, q in {
            "quantile": 0.3, "percentile": 30, "nanquantile": 0.3, "nanpercentile": 30,
        }.items()
    },
    "quantile many": ([P, np.array([0.2, 0.4], "float32")], {"keepdims": True}),
    "reshape": ([P, (3, -1)], {}),
    "ravel": ([P], {}),
    "transpose": ([P], {}),
    "transpose axes": ([CUBE], {"axes": (1, 0, 2)}),
    "moveaxis": ([CUBE, 0, -1], {}),
    "swapaxes": ([P, 0, 1], {}),
    "expand_dims": ([P, 1], {}),
    "squeeze": ([P[:, None]], {}),
    "squeeze axis": ([P[:, None]], {"axis": 1}),
    "broadcast_to": ([V, (2, 3)], {}),
    "concatenate": ([[P, Q]], {"axis": 1}),
    "stack": ([[P, Q]], {"axis": 1}),
    "hstack": ([[P, Q]], {}),
    "vstack": ([[P, Q]], {}),
    "dstack": ([[P, Q]], {}),
    "append": ([P, Q], {"axis": 1}),
    "append flat": ([P, V], {}),
    "split": ([P, 3], {"axis": 1}),
    "split at": ([P, [1]], {"axis": 1}),
    "array_split": ([P, 2], {"axis": 1}),
    "hsplit": ([P, 3], {}),
    "vsplit": ([P, 2], {}),
    "dsplit": ([CUBE, 2], {}),
    "flip": ([P], {"axis": 1}),
    "fliplr": ([P], {}),
    "flipud": ([P], {}),
    "roll": ([P, 1], {"axis": 1}),
    "rot90": ([P], {}),
    "repeat": ([P, 2], {"axis": 1}),
    "repeat each": ([P], {"repeats": np.array([1, 2]), "axis": 0}),
    "tile": ([P, (1, 2)], {}),
    "pad": ([P, [[0, 1], [2, 0]]], {}),
    "pad value": ([P, 1], {"constant_values": 5.0}),
    "pad reflect": ([P, [[0, 0], [1, 1]]], {"mode": "reflect"}),
    "get_item": ([P, (slice(None), slice(1, None))], {}),
    "take": ([P, np.array([0, 1], "int32")], {"axis": 1}),
    "take_along_axis": ([P, I[:, :1] % 3], {"axis": 1}),
    "diag": ([V], {"k": 1}),
    "diag of": ([P], {}),
    "diagflat": ([V], {}),
    "diagonal": ([CUBE], {"offset": 1}),
    "tril": ([P], {}),
    "triu": ([P], {"k": 1}),
    "meshgrid": ([V, np.array([1.0, 2.0], "float32")], {"indexing": "ij"}),
    "select": ([[B, P < 0.3], [P, Q]], {"default": 0.0}),
    "unravel_index": ([I, (3, 4)], {}),
    "view": ([I], {"dtype": "float32"}),
    "array": ([P], {"dtype": "int32"}),
    "ndim": ([P], {}),
    "size": ([P], {}),
    "zeros": ([(2, 3)], {}),
    "ones": ([(2, 3)], {"dtype": "int32"}),
    "empty": ([(2, 3)], {}),
    "full": ([(2, 3), 4.0], {}),
    "zeros_like": ([P], {}),
    "ones_like": ([P], {"dtype": "int32"}),
    "empty_like": ([P], {}),
    "full_like": ([P, 3.0], {}),
    "eye": ([2, 3], {"k": 1}),
    "identity": ([3], {}),
    "tri": ([2, 3], {}),
    "arange": ([3], {}),
    "arange float": ([1.0, 3.0, 0.5], {}),
    "arange dtype": ([3], {"dtype": "float32"}),
    "linspace": ([0, 1, 5], {}),
    "linspace step": ([0.0, 1.0, 4], {"endpoint": False, "retstep": True}),
    "logspace": ([0, 2, 3], {}),
    "geomspace": ([1.0, 100.0, 3], {}),
    **{name: ([5], {}) for name in ("bartlett", "blackman", "hamming", "hanning")},
    "kaiser": ([5, 2.0], {}),
    "matmul": ([P, P.T.copy()], {}),
    "matmul int8": ([I.astype("int8"), J.T.astype("int8")], {}),
    "einsum": (["ij,kj->ik", P, Q], {}),
    "dot": ([P, P.T.copy()], {}),
    "vdot": ([P, Q], {}),
    "inner": ([P, Q], {}),
    "outer": ([V, V], {}),
    "tensordot": ([P, P.T.copy()], {"axes": 1}),
    "tensordot axes": ([P, Q], {"axes": [[1], [1]]}),
    "kron": ([S, P], {}),
    "cross": ([P, Q], {}),
    "correlate": ([V, V], {"mode": "same"}),
    "corrcoef": ([P], {}),
    "trace": ([P], {"offset": 1}),
    "diff": ([P], {"n": 2}),
    "trapezoid": ([P], {"dx": 0.5}),
    "vander": ([V], {"N": 2}),
    "sort": ([P], {}),
    "argsort": ([P], {"axis": 0}),
    "argpartition": ([P, 1], {}),
    "top_k": ([P, 2], {}),
    "in_top_k": ([np.array([0, 2], "int32"), P, 1], {}),
    "searchsorted": ([np.sort(V), P], {"side": "right"}),
    "digitize": ([P, np.array([0.2, 0.5], "float32")], {}),
    "histogram": ([V], {"bins": 3, "range": (0.0, 4.0)}),
    "bincount": ([I[0]], {"minlength": 4}),
    "bincount weights": ([I[0]], {"weights": V}),
    "nonzero": ([I], {}),
    "unique": ([J], {}),
    "unique all": (
        [J],
        {"return_inverse": True, "return_counts": True, "size": 6, "fill_value": 0},
    ),
    **{name: ([(P - 0.5) * 4], {}) for name in ACTIVATIONS.split()},
    "gelu exact": ([P], {"approximate": False}),
    "softmax axes": ([CUBE], {"axis": (1, 2)}),
    "glu": ([P[:, :2].copy()], {}),
    "threshold": ([P, 0.5, 7.0], {}),
    "one_hot": ([I, 5], {"dtype": "int32"}),
    "one_hot outside": ([I - 2, 3], {"axis": 1}),
    "multi_hot": ([I, 7], {}),
    "moments": ([P], {"axes": [0]}),
    "normalize": ([P], {"order": 3}),
    "normalize two": ([P], {"axis": 0}),
    "batch_normalization": ([P, V, V + 1, -1], {"offset": V, "scale": V}),
    "layer_normalization": ([P, V, V], {}),
    "layer_normalization axes": ([CUBE], {"axis": (1, 2), "epsilon": 0.1}),
    "layer_normalization inner": ([CUBE, V[:2], V[:2]], {"axis": 1}),
    "rms_normalization": ([P, V], {}),
    "binary_crossentropy": ([B.astype("float32"), P], {}),
    "binary_crossentropy logits": ([B.astype("float32"), P], {"from_logits": True}),
    "categorical_crossentropy": ([B.astype("float32"), P], {}),
    "sparse_categorical_crossentropy": ([np.array([0, 2], "int32"), P], {"from_logits": True}),
    "dot_product_attention": ([ATTENTION, ATTENTION, ATTENTION], {"is_causal": True}),
    "dot_product_attention mask": (
        [ATTENTION, ATTENTION, ATTENTION],
        {"mask": np.eye(3, dtype=bool)[None, None], "scale": 0.5},
    ),
    "polar": ([P, Q], {}),
    "cholesky": ([S], {}),
    "cholesky upper": ([S], {"upper": True}),
    "cholesky_inverse": ([np.tril(S)], {}),
    "det": ([S], {}),
    "slogdet": ([S], {}),
    "logdet": ([S], {}),
    "eig": ([np.triu(S)], {}),
    "eigh": ([S], {}),
    "inv": ([S], {}),
    "pinv": ([P], {}),
    "matrix_rank": ([P], {}),
    "lu_factor": ([S], {}),
    "norm": ([P], {}),
    "norm rows": ([I], {"ord": 1, "axis": 1, "keepdims": True}),
    "qr": ([R], {}),
    "svd": ([R], {"full_matrices": False}),
    "svd values": ([R], {"compute_uv": False}),
    "solve": ([S, np.array([1.0, 2.0], "float32")], {}),
    "solve_triangular": ([np.tril(S), S], {"lower": True}),
    "lstsq": ([R, V], {}),
    **{
        name: ([V, np.array([0, 1, 1], "int32")], {"num_segments": 2})
        for name in ("segment_sum", "segment_max", "segment_min", "segment_prod")
    },
    **{name: ([P], {}) for name in ("erf", "erfc", "erfinv", "rsqrt")},
    "cdist": ([P, Q], {}),
    "extract_sequences": ([P, 2, 1], {}),
    "view_as_complex": ([R], {}),
    "view_as_real": ([C], {}),
    "cast": ([P, "int32"], {}),
    "saturate_cast": ([P * 1000 - 300, "uint8"], {}),
    "saturate_cast wide": ([P * 1e20, "int32"], {}),
    "convert_to_tensor": ([P], {"dtype": "float16"}),
    "stop_gradient": ([P], {}),
    "unstack": ([P], {"axis": 1}),
    "slice": ([P, [0, 1], (2, 2)], {}),
    "slice rest": ([P, [0, 1], (2, -1)], {}),
    "slice_update": ([P, [1, 1], np.ones((1, 2), "float32")], {}),
    "scatter": ([np.array([[0], [2]], "int32"), np.array([1.0, 2.0], "float32"), (4,)], {}),
    "scatter_update": (
        [P, np.array([[0, 1], [1, 2]], "int32"), np.array([5.0, 6.0], "float32")],
        {},
    ),
    "scatter_update add": (
        [P, np.array([[0, 1], [1, 2]], "int32"), np.array([5.0, 6.0], "float32")],
        {"reduction": "add"},
    ),
    "map": ([lambda row: row * 2, P], {}),
    "vectorized_map": ([lambda row: row.sum(), P], {}),
    "scan": ([lambda c, row: (c + row, c), V, P], {}),
    "associative_scan": ([lambda a, b: a + b, P], {"axis": 1}),
    "fori_loop": ([0, 3, lambda i, x: x * 2, P], {}),
    "while_loop": ([lambda x: x.sum() < 9, lambda x: x * 2, P], {}),
    "while_loop most": ([lambda x: x.sum() < 9, lambda x: x * 2, P], {"maximum_iterations": 2}),
    "switch": ([1, [lambda x: x, lambda x: -x], P], {}),
    "rearrange": ([P, "a (b c) -> c b a"], {"c": 3}),
}  # fmt: skip

# No case by the table: how they are called, or what they return, is of another kind.
TESTED_ELSEWHERE = {
    "cond", "convert_to_numpy", "custom_gradient", "dtype", "is_tensor", "jvp", "shape",
    "sparsemax", "vectorize",
}  # fmt: skip
# On symbolic tensors: computed at once, or the result's shape depends on values.
NOT_RECORDED = {
    "arange", "bartlett", "bincount", "blackman", "empty", "eye", "full", "geomspace", "hamming",
    "hanning", "identity", "kaiser", "linspace", "logspace", "nonzero", "ones", "tri", "unique",
    "zeros",
}  # fmt: skip
# Configs that hold a function: saved by its name only, if it has one.
WITH_FUNCTIONS = {"fori_loop", "while_loop", "vectorized_map"}
