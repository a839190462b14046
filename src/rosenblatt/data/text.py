"""Columns as they come, text, times and 64 bits among them, for layers that run on the host."""

from __future__ import annotations

import numbers
from collections.abc import Mapping

import numpy as np

from rosenblatt.core.dtypes import is_text
from rosenblatt.core.errors import BadData
from rosenblatt.core.types import Tree
from rosenblatt.data.arrays import check_array, read_nest, to_numpy
from rosenblatt.data.contract import Data
from rosenblatt.data.frames import is_frame, is_series, text_columns


def as_columns(tree: Data, what: str) -> Tree:
    """Turn a nest of array-likes into NumPy arrays, like `as_arrays`, but keep what they hold.

    Args:
        tree: a nest of arrays, frames, columns or lists.
        what: its name, for messages.

    Returns:
        The nest of arrays, of numbers (in their own type, up to 64 bits), of text or of times.

    Raises:
        ValueError: something that is neither numbers, text nor times; no rows.

    >>> as_columns({"city": ["Rome", "Bonn"], "age": [33, 57]}, "x")
    {'city': array(['Rome', 'Bonn'], dtype='<U4'), 'age': array([33, 57])}
    """
    if isinstance(tree, Mapping):  # a column without a single value is no nest
        tree = {key: _as_column(value) for key, value in tree.items()}
    return read_nest(tree, what, lambda leaf, name: _checked(host_array(leaf, name), name))


def _as_column(value: Data) -> Data:
    if isinstance(value, (list, tuple)) and value and all(item is None for item in value):
        return np.array(value, object)
    return value


def host_array(value: Data, what: str) -> np.ndarray:
    """One array-like as a NumPy array that keeps text and 64-bit integers."""
    if type(value) is np.ndarray:
        return value
    if is_series(value) or is_frame(value):
        text = text_columns(value, what)
        if text is not None:
            return text
    return to_numpy(value, what)


def texts(array: np.ndarray, where: str) -> list[str]:
    """The values of an array of text, flattened, as Python strings.

    Args:
        array: of strings, UTF-8 bytes, or objects that are such.
        where: whose input it is, for messages: "Layer 'city' (StringLookup)".

    Raises:
        ValueError: numbers, or a missing value.
    """
    if not is_text(array):
        raise BadData(
            f"{where} takes text.",
            given=f"an array of dtype {array.dtype}, shape {array.shape}",
            fix="turn numbers into text with `x.astype(str)`, or use `IntegerLookup`.",
        )
    items = array.ravel().tolist()
    kinds = set(map(type, items))
    if kinds <= {str}:
        return items
    bad = next((i for i, item in enumerate(items) if not isinstance(item, (str, bytes))), None)
    if bad is None:
        return [item.decode() if isinstance(item, bytes) else item for item in items]
    value = items[bad]
    missing = not isinstance(value, numbers.Number) or value != value
    place = tuple(int(i) for i in np.unravel_index(bad, array.shape)) if array.ndim else ()
    raise BadData(
        f"{where} takes text.",
        given=f"{value!r} ({type(value).__name__}) in row {place[0] if place else 0}",
        expected="strings",
        fix='fill the gaps first: `column.fillna("")` in pandas, `column.fill_null("")` in polars.'
        if missing
        else "turn numbers into text with `x.astype(str)`, or use `IntegerLookup`.",
    )


def _checked(array: np.ndarray, what: str) -> np.ndarray:
    keeps = is_text(array) or array.dtype.kind in "iubM" or array.dtype == np.float64
    if keeps and array.ndim and len(array):
        return array
    return check_array(array, what)
