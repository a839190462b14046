"""Features and targets as arrays, checked as scikit-learn's own estimators check them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import is_regressor
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import _check_feature_names, _check_n_features, validate_data

from rosenblatt.core.errors import explain


def check_inputs(estimator: Any, X: Any, reset: bool, numbers: bool = False) -> Any:
    """The features as an array; names and number of columns are noted or compared.

    Args:
        estimator: gets `n_features_in_` and `feature_names_in_`.
        X: an array (of any number of axes, or of text), a frame, or a sparse matrix.
        reset: note what is found, or else compare with it.
        numbers: take (rows, features) of numbers only.

    Raises:
        ValueError: NaN, infinity, another number of features than in `fit`.
    """
    X = validate_data(
        estimator,
        X,
        reset=reset,
        accept_sparse=True,
        allow_nd=not numbers,
        dtype=[np.float64, np.float32] if numbers else _dtype_for(X),
        ensure_all_finite=True,
    )
    return X.toarray() if sparse.issparse(X) else X


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
        try:
            y = y.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(
                explain(
                    "Unknown label type: a regressor's y holds numbers.",
                    given=f"{y.dtype}, as in {y.ravel()[0]!r}",
                    fix="use the classifier for labels.",
                )
            ) from error
    return y


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


def _dtype_for(X: Any) -> Any:
    """Numbers become floats, text stays text."""
    dtype = getattr(X, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "fiubUS":
        return None
    return "numeric" if isinstance(dtype, np.dtype) or hasattr(X, "toarray") else None


class FrameEncoder:
    """A frame with columns of text as numbers: one column for each value of such a column.

    A value that training had not gets a 0 everywhere.

    Args:
        kinds: name of a column to its values, or None for a column of numbers.
    """

    def __init__(self, kinds: dict[str, np.ndarray | None]):
        self.kinds = kinds

    @classmethod
    def of(cls, X: Any) -> FrameEncoder | None:
        """An encoder for a frame, or None where there is no column of text."""
        if not (hasattr(X, "columns") and hasattr(X, "shape") and len(X.shape) == 2):
            return None
        columns = {str(name): np.asarray(X[name]) for name in X.columns}
        kinds = {
            name: np.unique(values.astype(str)) if _is_text(values) else None
            for name, values in columns.items()
        }
        return cls(kinds) if any(kind is not None for kind in kinds.values()) else None

    def transform(self, estimator: Any, X: Any, reset: bool) -> np.ndarray:
        """The frame as float32.

        Raises:
            ValueError: other columns than in `fit`; NaN in a column of numbers.
        """
        _check_feature_names(estimator, X, reset=reset)
        _check_n_features(estimator, X, reset=reset)
        parts = []
        for name, values in self.kinds.items():
            column = np.asarray(X[name])
            if values is None:
                what = f"column {name!r}"
                part = check_array(column, ensure_2d=False, dtype=np.float64, input_name=what)
                parts.append(part[:, None])
            else:
                parts.append(column.astype(str)[:, None] == values)
        return np.concatenate(parts, axis=1, dtype=np.float32)


def _is_text(values: np.ndarray) -> bool:
    return values.dtype.kind in "OUST" and any(isinstance(v, str) for v in values.ravel())
