"""Features and targets as arrays, checked as scikit-learn's own estimators check them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_regressor
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import validate_data

from rosenblatt.core.errors import BadArgument, BadData, within
from rosenblatt.data.kinds import kind_of
from rosenblatt.sklearn.columns import kinds_of, naming_columns, with_nan
from rosenblatt.sklearn.rows import relative
from rosenblatt.sklearn.sparse import dense_if_small
from rosenblatt.sklearn.types import Features, Matrix, Targets


def check_inputs(
    estimator: BaseEstimator, X: Features, reset: bool, numbers: bool = False
) -> Matrix:
    """The features as an array, or as rows of a large sparse matrix (CSR).

    Args:
        estimator: has `n_features_in_` and `feature_names_in_`.
        X: an array (of any number of axes, or of text), a frame, or a sparse matrix.
        reset: keep names and number of columns on the estimator; otherwise compare with them.
        numbers: take (rows, features) of numbers only.

    Raises:
        ValueError: NaN, infinity, a different number of features than in `fit`.
    """
    kinds = kinds_of(X)
    if kinds and "text" in kinds:
        X = with_nan(X)
    with naming_columns(X):
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


def check_targets(estimator: BaseEstimator, y: Targets, X: Matrix) -> np.ndarray:
    """The targets as an array of as many rows as `X`.

    Raises:
        ValueError: NaN, a different number of rows.
    """
    with naming_columns(y):
        found = check_array(y, ensure_2d=False, allow_nd=True, dtype=None, input_name="y")
    check_consistent_length(X, found)
    if found.ndim == 2 and found.shape[1] == 1:
        found = column_or_1d(found, warn=True)
    if is_regressor(estimator) and found.dtype.kind not in "fiub":
        found = _as_numbers(found)
    return found


def _as_numbers(y: np.ndarray) -> np.ndarray:
    """Numbers kept as objects as floats; dates and text are none."""
    bad = next((value for value in y.ravel() if kind_of(value) != "number"), None)
    if bad is None:
        return y.astype(np.float64)
    dates = y.dtype.kind in "mM" or type(bad).__module__.partition(".")[0] in ("datetime", "pandas")
    raise BadData(
        "Unknown label type: a regressor's y holds numbers.",
        given=f"{y.dtype}, as in {bad!r}",
        fix="turn dates into numbers, e.g. days since the first one."
        if dates
        else "use the classifier for labels.",
    )


def require_targets(estimator: BaseEstimator, y: Targets | None) -> None:
    """Refuse a missing y.

    Raises:
        ValueError: it is None.
    """
    if y is None:
        raise BadData(
            f"This {type(estimator).__name__} estimator requires y to be passed, "
            "but the target y is None."
        )


def checked_validation(data: Any, check: Callable[..., tuple[Any, ...]]) -> tuple[Any, ...]:
    """`validation_data` as the model's `fit` takes it.

    Args:
        data: (X, y) or (X, y, sample_weight).
        check: checks and encodes these three.

    Raises:
        ValueError: it has another form; what `check` raises, naming the argument.
    """
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        found = f" of {len(data)}" if hasattr(data, "__len__") else ""
        raise BadArgument(
            "`validation_data` has the wrong form.",
            given=f"{type(data).__name__}{found}",
            expected="(X, y) or (X, y, sample_weight)",
        )
    with within("validation_data"):
        x, y, weights = check(*(*data, None)[:3])
    return (x, y) if weights is None else (x, y, relative(weights))


def _dtype_for(X: Features, kinds: list[str] | None) -> Any:
    """Numbers become floats, text stays text."""
    if kinds is not None:
        return None if "text" in kinds else "numeric"
    dtype = getattr(X, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "fiubUS":
        return None
    return "numeric" if isinstance(dtype, np.dtype) or hasattr(X, "toarray") else None
