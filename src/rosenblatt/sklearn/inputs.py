"""Features and targets as arrays, checked as scikit-learn's own estimators check them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import validate_data

from rosenblatt.core.errors import explain
from rosenblatt.sklearn.columns import is_number, kinds_of, with_nan
from rosenblatt.sklearn.sparse import dense_if_small


def check_inputs(estimator: Any, X: Any, reset: bool, numbers: bool = False) -> Any:
    """The features as an array, or as rows of a large sparse matrix (CSR).

    Names and number of columns are noted or compared.

    Args:
        estimator: gets `n_features_in_` and `feature_names_in_`.
        X: an array (of any number of axes, or of text), a frame, or a sparse matrix.
        reset: note what is found, or else compare with it.
        numbers: take (rows, features) of numbers only.

    Raises:
        ValueError: NaN, infinity, another number of features than in `fit`.
    """
    kinds = kinds_of(X)
    if kinds and "text" in kinds:
        X = with_nan(X)
    X = validate_data(
        estimator,
        X,
        reset=reset,
        accept_sparse="csr",
        allow_nd=not numbers,
        dtype=[np.float64, np.float32] if numbers else _dtype_for(X, kinds),
        ensure_all_finite=True,
    )
    return dense_if_small(X)


def check_targets(estimator: Any, y: Any, X: Any) -> np.ndarray:
    """The targets as an array of as many rows as `X`.

    Raises:
        ValueError: NaN, another number of rows.
    """
    y = check_array(y, ensure_2d=False, allow_nd=True, dtype=None, input_name="y")
    check_consistent_length(X, y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    if is_regressor(estimator) and y.dtype.kind not in "fiub":
        y = _as_numbers(y)
    return y


def _as_numbers(y: np.ndarray) -> np.ndarray:
    """Numbers kept as objects as floats; dates and text are none."""
    bad = next((value for value in y.ravel() if not is_number(value)), None)
    if bad is None:
        return y.astype(np.float64)
    dates = y.dtype.kind in "mM" or type(bad).__module__.partition(".")[0] in ("datetime", "pandas")
    raise ValueError(
        explain(
            "Unknown label type: a regressor's y holds numbers.",
            given=f"{y.dtype}, as in {bad!r}",
            fix="turn dates into numbers, e.g. days since the first one."
            if dates
            else "use the classifier for labels.",
        )
    )


def require_targets(estimator: Any, y: Any) -> None:
    """Refuse a missing y.

    Raises:
        ValueError: it is None.
    """
    if y is None:
        raise ValueError(
            explain(
                f"This {type(estimator).__name__} estimator requires y to be passed, "
                "but the target y is None."
            )
        )


def validation_parts(data: Any) -> tuple[Any, Any, Any]:
    """Inputs, targets and weights (or None) of `validation_data`.

    Raises:
        ValueError: it has another form.
    """
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        found = f" of {len(data)}" if hasattr(data, "__len__") else ""
        raise ValueError(
            explain(
                "`validation_data` has the wrong form.",
                given=f"{type(data).__name__}{found}",
                expected="(X, y) or (X, y, sample_weight)",
            )
        )
    x, y, weights = (*data, None)[:3]
    return x, y, weights


@contextlib.contextmanager
def within(argument: str) -> Iterator[None]:
    """Name the argument that errors in the block are about.

    Raises:
        ValueError: one from the block.
    """
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{argument}: {error}") from error


def _dtype_for(X: Any, kinds: list[str] | None) -> Any:
    """Numbers become floats, text stays text."""
    if kinds is not None:
        return None if "text" in kinds else "numeric"
    dtype = getattr(X, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "fiubUS":
        return None
    return "numeric" if isinstance(dtype, np.dtype) or hasattr(X, "toarray") else None
