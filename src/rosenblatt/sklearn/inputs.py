"""Features, targets and weights as scikit-learn's own estimators check them and mean them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_regressor
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import _check_sample_weight, validate_data

from rosenblatt.core.errors import BadArgument, BadData, within
from rosenblatt.data.kinds import kind_of
from rosenblatt.sklearn.columns import kinds_of, naming_columns, with_nan
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


def check_weights(sample_weight: Any, x: Any) -> np.ndarray | None:
    """The weights as float64 of shape (rows,), or None.

    Raises:
        ValueError: a different number of weights than rows, negative weights, or all of them zero.
    """
    if sample_weight is None:
        return None
    given = np.asarray(sample_weight)
    if given.dtype.kind in "fiub" and given.size and not given.any():
        raise BadData(
            "sample_weight: all sample weights are zero, so no row counts.",
            expected="at least one positive weight",
        )
    with naming_columns(sample_weight):
        return _check_sample_weight(sample_weight, x, dtype=np.float64, ensure_non_negative=True)


def one_batch_form(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows in an order of their own, equal ones once with the sum of their weights.

    Where all rows are in one batch, training sees them as a set with weights. In this form it does
    so to the last bit: neither the order of the rows nor giving one twice instead of with a
    weight of 2 changes what is rounded.

    Args:
        x: inputs, (rows, …).
        y: targets, (rows,) or (rows, outputs).
        weights: (rows,), or None for ones.

    Returns:
        Inputs, targets and weights of the rows that count.

    >>> _, y, weights = one_batch_form(np.array([[2.0], [1.0], [2.0]]), np.array([5, 4, 5]), None)
    >>> y, weights
    (array([4, 5]), array([1., 2.]))
    """
    rows = np.column_stack([x.reshape(len(x), -1), y.reshape(len(y), -1)])
    _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    sums = np.bincount(group.ravel(), weights)
    counts = sums > 0
    return x[first[counts]], y[first[counts]], sums[counts].astype(np.float64)


def rows_of(data: Any) -> int:
    """The number of rows of an array, a sparse matrix, or the first of a list or dict of them."""
    if isinstance(data, Mapping):
        data = next(iter(data.values()))
    return int((data[0] if isinstance(data, (list, tuple)) else data).shape[0])


def padded_rows(rows: int) -> int:
    """Rows of a batch that holds them all: a power of two, so that few programs are compiled."""
    return max(32, 1 << (rows - 1).bit_length())


def relative(weights: np.ndarray | None) -> np.ndarray | None:
    """Weights with a mean of 1; None where they are all equal."""
    if weights is None or np.all(weights == weights[0]):
        return None
    return (weights / weights.mean()).astype(np.float32)


def all_finite(weights: Iterable[Any]) -> bool:
    """Whether arrays or variables hold neither NaN nor infinity."""
    return all(bool(np.isfinite(np.asarray(one)).all()) for one in weights)


def require_finite(estimator: Any, weights: Iterable[Any], loss: float = 0.0) -> None:
    """Refuse weights that are lost, as scikit-learn does.

    Args:
        estimator: whose they are.
        weights: arrays or variables.
        loss: the last loss, where it has to be finite too.

    Raises:
        ValueError: one is NaN or infinite.
    """
    if np.isfinite(loss) and all_finite(weights):
        return
    raise BadData(
        f"{type(estimator).__name__}: training produced non-finite parameter weights (NaN or "
        "infinity), so no prediction is possible.",
        fix="scale the inputs (`make_pipeline(StandardScaler(), …)`) and the targets of a "
        "regression, or lower the learning rate.",
    )
