"""Columns of frames: numbers, text, or what is neither and refused as `Model.fit` refuses it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import _check_feature_names, _check_n_features

from rosenblatt.core.errors import BadData
from rosenblatt.data.arrays import check_array as check_numbers
from rosenblatt.data.contract import Data
from rosenblatt.data.frames import columns_of, frame_columns, is_frame, names_of, series_to_array
from rosenblatt.data.kinds import kind_of
from rosenblatt.sklearn.sparse import dense
from rosenblatt.sklearn.types import Features

Column: TypeAlias = Any  # of pandas, polars or pyarrow, or an array of objects

_CATEGORIES = ("category", "categorical", "enum", "dictionary")
_TEXT = ("str", "string", "utf8", "large_string", "binary")
_NUMBERS = re.compile(r"u?int\d|float|halffloat|double|bool|decimal")
_MISSING = "<NA>"
_MISSING_VALUES = {"missing", "NA"}
_TEXT_VALUES = {"text", "number as text"}


def kinds_of(X: Features, apart: bool = False) -> list[str] | None:
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
        if kind == "neither" or (
            kind == "category" and not apart and not _kinds_of_values(column) <= _TEXT_VALUES
        ):
            series_to_array(column, "X")  # raises, with the column's name and what to write
        kinds.append("text" if kind == "category" else kind)
    return kinds


def _is_table(X: Features) -> bool:
    return is_frame(X) and len(getattr(X, "shape", ())) == 2


def _kind_of(column: Column) -> str:
    dtype = column.dtype if hasattr(column, "dtype") else column.type
    name = str(dtype).lower()
    if name.startswith(_CATEGORIES):
        return "category"
    if getattr(dtype, "kind", "O") in "iufb" or _NUMBERS.match(name):
        return "number"
    if name.startswith(_TEXT):
        return "text"
    kinds = _kinds_of_values(column) if name == "object" else {"object"}
    if kinds <= {"number"}:
        return "number"
    return "text" if kinds & _TEXT_VALUES else "neither"


def _kinds_of_values(column: Column) -> set[str]:
    values = np.asarray(column).tolist()
    kinds = {"object" if isinstance(value, complex) else kind_of(value) for value in values}
    return kinds - _MISSING_VALUES


def _is_missing(value: object) -> bool:
    return kind_of(value) in _MISSING_VALUES


def holds_gaps(column: Column) -> bool:
    """Whether a column of a table holds NaN, infinity or what stands for a missing value."""
    return any(
        _is_missing(v) or (kind_of(v) == "number" and abs(v) == math.inf)
        for v in np.asarray(column).tolist()
    )


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


def with_nan(X: Features) -> Features:
    """A frame of pandas whose missing values are all NaN; others as they are."""
    frame: Any = X
    return frame.astype(object).where(frame.notna(), np.nan) if hasattr(type(X), "iloc") else X


def _numbers(column: Column, name: str) -> np.ndarray:
    """A column of numbers as float64; gaps are refused.

    Raises:
        ValueError: NaN, infinity, or no numbers.
    """
    kind = _kind_of(column)
    if kind != "number":
        series_to_array(column, "X")
    values = np.asarray(column)
    if values.dtype.kind not in "fiub":
        values = np.array([np.nan if _is_missing(v) else float(v) for v in values], np.float64)
    return check_array(values, ensure_2d=False, dtype=np.float64, input_name=f"column {name!r}")


def _texts(column: Column) -> np.ndarray:
    """A column of text; a missing value is one of its own, whichever library's it is."""
    values = np.asarray(column)
    made = [
        _MISSING if _is_missing(v) else v.decode() if isinstance(v, bytes) else str(v)
        for v in values.tolist()
    ]
    return np.array(made, dtype=str)


class FrameEncoder:
    """A frame with columns of text as numbers: one column for each value of such a column.

    Categories are text, whatever their values. A missing value is a value of its own. A value that
    training did not have gets a 0 everywhere.

    Args:
        kinds: (name, values) of each column; None for the values of a column of numbers.
    """

    def __init__(self, kinds: list[tuple[str, np.ndarray | None]]):
        self.kinds = kinds

    @classmethod
    def of(cls, X: Features) -> FrameEncoder | None:
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

    def transform(self, estimator: BaseEstimator, X: Features, reset: bool) -> np.ndarray:
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
            columns = list(np.asarray(dense(X), dtype=object).T)
        parts = [
            _numbers(column, name)[:, None] if values is None else _texts(column)[:, None] == values
            for (name, values), column in zip(self.kinds, columns, strict=True)
        ]
        return np.concatenate(parts, axis=1, dtype=np.float32)
