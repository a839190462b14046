"""Columns of frames: numbers, text, or what is neither and refused as `Model.fit` refuses it."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array
from sklearn.utils.validation import _check_feature_names, _check_n_features

from rosenblatt.core.errors import BadData
from rosenblatt.data.arrays import check_array as check_numbers
from rosenblatt.data.contract import Data
from rosenblatt.data.frames import columns_of, frame_columns, is_frame, names_of, series_to_array

_CATEGORIES = ("category", "categorical", "enum", "dictionary")
_TEXT = ("str", "string", "utf8", "large_string", "binary")
_NUMBERS = re.compile(r"u?int\d|float|halffloat|double|bool|decimal")
_MISSING = "<NA>"


def is_number(value: Any) -> bool:
    """Whether a value is a real number or a truth value, of whatever type."""
    real = isinstance(value, (numbers.Real, Decimal, np.bool_, np.floating, np.integer))
    return real and not isinstance(value, np.timedelta64)


def kinds_of(X: Any, apart: bool = False) -> list[str] | None:
    """What each column of a frame holds: "number" or "text"; None for what is no frame.

    Args:
        X: inputs.
        apart: whether categories of any values count as text; those of numbers are refused
            otherwise.

    Raises:
        ValueError: dates, durations, lists and the like, naming the column; dates in an array.
    """
    if isinstance(X, np.ndarray) and X.dtype.kind in "mM":
        check_numbers(X, "X")
    if not _is_table(X):
        return None
    kinds = []
    for column in columns_of(X):
        kind = _kind_of(column)
        if kind == "neither" or (kind == "category" and not apart and not _holds_text(column)):
            series_to_array(column, "X")  # raises, with the column's name and what to write
        kinds.append("text" if kind == "category" else kind)
    return kinds


def _is_table(X: Any) -> bool:
    return is_frame(X) and len(getattr(X, "shape", ())) == 2


def _kind_of(column: Any) -> str:
    dtype = column.dtype if hasattr(column, "dtype") else column.type
    name = str(dtype).lower()
    if name.startswith(_CATEGORIES):
        return "category"
    if hasattr(dtype, "is_numeric"):  # polars
        number = dtype.is_numeric() or name == "boolean"
    elif getattr(dtype, "kind", "O") != "O":
        number = dtype.kind in "iufb"
    else:
        number = bool(_NUMBERS.match(name))
    if number:
        return "number"
    if name.startswith(_TEXT):
        return "text"
    if name != "object":
        return "neither"
    values = [value for value in np.asarray(column) if not is_missing(value)]
    if all(is_number(value) for value in values):
        return "number"
    return "text" if any(isinstance(value, (str, bytes)) for value in values) else "neither"


def _holds_text(column: Any) -> bool:
    values = np.asarray(column).tolist()
    return all(isinstance(value, str) or is_missing(value) for value in values)


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, `pandas.NA`, `NaT`."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))


def holds_gaps(column: Any) -> bool:
    """Whether a column of a table holds NaN, infinity or what stands for a missing value."""
    values = np.asarray(column).tolist()
    return any(is_missing(v) or (is_number(v) and not math.isfinite(v)) for v in values)


@contextmanager
def naming_columns(data: Data) -> Iterator[None]:
    """Add to what scikit-learn says of NaN and infinity the names of the columns that hold them.

    Args:
        data: what the block checks; only tables and their columns have names.

    Raises:
        ValueError: one from the block.
    """
    try:
        yield
    except ValueError as error:
        columns = zip(names_of(data), columns_of(data), strict=True) if names_of(data) else ()
        names = [repr(name) for name, column in columns if holds_gaps(column)]
        if not names:
            raise
        first, *rest = str(error).split("\n")
        where = f" in column{'s' if len(names) > 1 else ''} {', '.join(names)}."
        raise BadData("\n".join([first.removesuffix(".") + where, *rest])) from error


def with_nan(X: Any) -> Any:
    """A frame of pandas whose missing values are all NaN; others as they are."""
    if not hasattr(type(X), "iloc"):
        return X
    return X.astype(object).where(X.notna(), np.nan)


def _numbers(column: Any, name: str) -> np.ndarray:
    """A column of numbers as float64; gaps are refused.

    Raises:
        ValueError: NaN, infinity, or no numbers.
    """
    kind = _kind_of(column)
    if kind != "number":
        series_to_array(column, "X")
    values = np.asarray(column)
    if values.dtype.kind not in "fiub":
        values = np.array([np.nan if is_missing(v) else float(v) for v in values], np.float64)
    return check_array(values, ensure_2d=False, dtype=np.float64, input_name=f"column {name!r}")


def _texts(column: Any) -> np.ndarray:
    """A column of text; a missing value is one of its own, whichever library's it is."""
    values = np.asarray(column)
    made = [
        _MISSING if is_missing(v) else v.decode() if isinstance(v, bytes) else str(v)
        for v in values.tolist()
    ]
    return np.array(made, dtype=str)


class FrameEncoder:
    """A frame with columns of text as numbers: one column for each value of such a column.

    Categories are text, whatever their values. A missing value is a value of its own. A value that
    training had not gets a 0 everywhere.

    Args:
        kinds: (name, values) of each column; None for the values of a column of numbers.
    """

    def __init__(self, kinds: list[tuple[str, np.ndarray | None]]):
        self.kinds = kinds

    @classmethod
    def of(cls, X: Any) -> FrameEncoder | None:
        """An encoder for a frame, or None where there is no column of text.

        Raises:
            ValueError: a column that holds neither numbers nor text.
        """
        kinds = kinds_of(X, apart=True)
        if kinds is None or "text" not in kinds:
            return None
        columns = columns_of(X)
        return cls(
            [
                (name, np.unique(_texts(column)) if kind == "text" else None)
                for name, kind, column in zip(frame_columns(X), kinds, columns, strict=True)
            ]
        )

    def transform(self, estimator: Any, X: Any, reset: bool) -> np.ndarray:
        """The frame as float32.

        Raises:
            ValueError: other columns than in `fit`; NaN in a column of numbers; no frame.
        """
        _check_feature_names(estimator, X, reset=reset)
        _check_n_features(estimator, X, reset=reset)
        kinds_of(X, apart=True)
        if _is_table(X):
            columns = columns_of(X)
        else:  # by position
            columns = list(np.asarray(X.toarray() if issparse(X) else X, dtype=object).T)
        parts = [
            _numbers(column, name)[:, None] if values is None else _texts(column)[:, None] == values
            for (name, values), column in zip(self.kinds, columns, strict=True)
        ]
        return np.concatenate(parts, axis=1, dtype=np.float32)
