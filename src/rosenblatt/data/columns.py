"""What users pass as data, as NumPy arrays; and the checks on it.

Data are a nest of dicts, lists and tuples with arrays at its leaves. A leaf is named as the user
would write it: `x`, `x['wide']`, `x[0]`.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from rosenblatt.core import config, dtypes
from rosenblatt.core.errors import explain
from rosenblatt.data.frames import (
    frame_columns,
    frame_to_array,
    is_frame,
    is_series,
    series_to_array,
)
from rosenblatt.data.unreadable import array_message, ragged_message

DENSE_LIMIT = 4 << 30
"""Bytes a sparse matrix may take when it is made dense."""
_LISTED = 5


def as_arrays(tree: Any, what: str) -> Any:
    """Turn a nest of array-likes into the same nest of NumPy arrays.

    NumPy arrays pass uncopied and JAX arrays on the CPU share their memory. Lists and tuples of
    numbers become arrays; lists, tuples and dicts of arrays are several inputs (or outputs), as
    in Keras. Tables become (rows, columns) float arrays. float64 becomes the default float
    type, once, here; other floats, integers and booleans keep their type, but integers beyond 32
    bits, which JAX would wrap around, become floats.

    Args:
        tree: arrays of NumPy, JAX, PyTorch or TensorFlow, sparse matrices of SciPy, DataFrames
            and Series of pandas or polars, nested lists of numbers, or a nest of these. None
            stays None.
        what: "x", "y" or "sample_weight", for messages.

    Returns:
        The nest of arrays, each of at least one dimension and one row.

    Raises:
        ValueError: text or objects, a single number, no rows, rows of different lengths, or a
            type that is none of these.

    >>> as_arrays({"wide": [[1.0, 2.0]], "deep": [3]}, "x")
    {'wide': array([[1., 2.]], dtype=float32), 'deep': array([3])}
    """
    if type(tree) is np.ndarray:
        return check_array(tree, what)
    return read_nest(tree, what, lambda leaf, name: check_array(to_numpy(leaf, name), name))


def read_nest(tree: Any, what: str, read: Callable[[Any, str], np.ndarray]) -> Any:
    """Apply a function to the leaves of a nest and their names; None stays None."""
    if tree is None:
        return None
    if isinstance(tree, Mapping):
        if not tree:
            raise ValueError(_no_rows(what, "an empty dict"))
        return {key: read_nest(value, f"{what}[{key!r}]", read) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)) and _is_structure(tree):
        items = [read_nest(value, f"{what}[{index}]", read) for index, value in enumerate(tree)]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return read(tree, what)


def named_leaves(tree: Any, what: str) -> Iterator[tuple[str, Any]]:
    """The leaves of a nest with their names; parts that are None are left out."""
    if type(tree) is np.ndarray:
        yield what, tree
    elif tree is None:
        return
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from named_leaves(value, f"{what}[{key!r}]")
    elif isinstance(tree, (list, tuple)) and _is_structure(tree):
        for index, value in enumerate(tree):
            yield from named_leaves(value, f"{what}[{index}]")
    else:
        yield what, tree


def column_names(tree: Any, what: str) -> dict[str, tuple[str, ...]]:
    """Names of the columns of the tables in a nest, by the name of the leaf.

    Args:
        tree: the data as the user passed them, before `as_arrays`.
        what: "x", "y" or "sample_weight".
    """
    return {name: frame_columns(leaf) for name, leaf in named_leaves(tree, what) if is_frame(leaf)}


def check_finite(
    tree: Any, what: str, columns: Mapping[str, tuple[str, ...]] | None = None
) -> None:
    """Refuse NaN and infinity.

    Args:
        tree: a nest of NumPy arrays; integers and booleans are skipped.
        what: "x", "y" or "sample_weight".
        columns: what `column_names` gave, for messages.

    Raises:
        ValueError: naming the array, its columns, the first row and how many rows there are.

    >>> check_finite(np.ones((2, 3)), "x")
    """
    refuse(not_finite(tree, what, columns))


def refuse(messages: Mapping[str, str]) -> None:
    """Raise the first of the messages that `not_finite` gave.

    Raises:
        ValueError: if there is one.
    """
    for message in messages.values():
        raise ValueError(message)


def not_finite(
    tree: Any, what: str, columns: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, str]:
    """The arrays of a nest that hold NaN or infinity: their names, and a message that refuses each.

    A sum over the whole array decides, in one pass and without a temporary array; only where it
    is not finite are the values looked at. Arguments as of `check_finite`.
    """
    found = {}
    for name, array in named_leaves(tree, what):
        if array.dtype.kind in "iub":
            continue
        wide = np.float32 if array.dtype.itemsize == 2 else None
        with np.errstate(all="ignore"):
            finite = np.isfinite(array.sum(dtype=wide))
        message = None if finite else _bad_rows(array, name, (columns or {}).get(name))
        if message is not None:
            found[name] = message
    return found


def check_lengths(x: Any, y: Any = None, sample_weight: Any = None) -> int:
    """The number of rows, which must be the same in every array.

    Args:
        x, y, sample_weight: nests of NumPy arrays, or None.

    Returns:
        The number of rows.

    Raises:
        ValueError: listing the rows of each part.

    >>> check_lengths(np.ones((3, 2)), np.ones(3))
    3
    """
    parts = (("x", x), ("y", y), ("sample_weight", sample_weight))
    rows = {name: len(leaf) for what, part in parts for name, leaf in named_leaves(part, what)}
    if not rows:
        raise ValueError(_no_rows("x", None))
    if len(set(rows.values())) > 1:
        raise ValueError(
            explain(
                "The data do not have the same number of rows.",
                given=", ".join(f"{name}: {count}" for name, count in rows.items()),
                expected="one row of each part for every sample",
                fix="drop the rows that have no partner; dropping rows with missing values must be "
                "done on x and y together.",
            )
        )
    return next(iter(rows.values()))


def _is_structure(items: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list holds arrays (then it is a nest) and not numbers; its first item decides."""
    for item in items:
        if item is None:
            continue
        if isinstance(item, (list, tuple)):
            return _is_structure(item)
        if isinstance(item, (numbers.Number, str, bytes, np.generic)):
            return False
        return getattr(item, "ndim", 1) != 0
    return len(items) > 0


def to_numpy(value: Any, what: str) -> np.ndarray:
    """Any array-like as a NumPy array of whatever it holds."""
    if type(value) is np.ndarray:
        return value
    if is_frame(value):
        return frame_to_array(value, what)
    if is_series(value):
        return series_to_array(value, what)
    if isinstance(value, (list, tuple)):
        return _from_list(value, what)
    if isinstance(value, np.ma.MaskedArray):
        masked: Any = value.astype(config.floatx())
        return masked.filled(np.nan)
    if isinstance(value, (np.ndarray, jax.Array)):
        return np.asarray(value)
    if hasattr(value, "detach"):  # PyTorch
        value = value.detach().cpu()
        return (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    if hasattr(value, "toarray") and hasattr(value, "shape"):  # SciPy
        return _from_sparse(value, what)
    if hasattr(value, "numpy") and hasattr(value, "shape"):  # TensorFlow
        return np.asarray(value.numpy())
    if hasattr(value, "__array__") or isinstance(value, (numbers.Number, str, bytes)):
        return np.asarray(value)
    raise ValueError(
        explain(
            f"{what} is not data this library can read.",
            given=f"an object of type {type(value).__module__}.{type(value).__qualname__}",
            expected="an array, a DataFrame, a list of numbers, or a dict, list or tuple of these",
            fix=f"pass `numpy.asarray({what})`.",
        )
    )


def _from_list(value: list[Any] | tuple[Any, ...], what: str) -> np.ndarray:
    try:
        return np.array(value)
    except (ValueError, TypeError) as error:
        raise ValueError(ragged_message(value, what, np.shape)) from error


def _from_sparse(value: Any, what: str) -> np.ndarray:
    size = int(np.prod(value.shape, dtype=np.float64)) * 4
    if size > DENSE_LIMIT:
        raise ValueError(
            explain(
                f"{what}: this sparse matrix is too large to be made dense.",
                given=f"shape {tuple(value.shape)}, {size / 2**30:.1f} GiB",
                expected=f"at most {DENSE_LIMIT / 2**30:.1f} GiB",
                fix="pass a generator or `PyDataset` that gives `matrix[start:stop].toarray()` "
                "batch by batch.",
            )
        )
    return value.toarray()


def check_array(array: np.ndarray, what: str) -> np.ndarray:
    """Refuse what is no array of numbers with rows; settle the dtype."""
    dtype = array.dtype
    if array.ndim and len(array) == 0:
        raise ValueError(_no_rows(what, f"an array of shape {array.shape}"))
    if dtype.kind not in "fiubc" and dtype.name not in dtypes.DTYPES:
        raise ValueError(array_message(array, what))
    if array.ndim == 0:
        raise ValueError(
            explain(
                f"{what} is a single number, not an array with one row for each sample.",
                given=array.item(),
                expected="an array of one or more dimensions",
                fix=f"pass `numpy.array([{what}])`; a stream must give batches, not single "
                "samples.",
            )
        )
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
    if dtype.kind == "f" and dtype.itemsize >= 8:
        with np.errstate(over="ignore"):
            return array.astype(dtypes.numpy_dtype(config.floatx()), copy=False)
    if dtype.kind in "iu" and dtype.itemsize == 8 and array.size:
        # JAX keeps 32 bits of an integer: larger ones would wrap around without a word.
        if dtype.kind == "u":
            fits = array.max() < 2**32
        else:
            fits = array.max() < 2**31 and array.min() >= -(2**31)
        if not fits:
            return array.astype(dtypes.numpy_dtype(config.floatx()))
    return array


def _no_rows(what: str, given: str | None) -> str:
    return explain(
        f"{what} is empty: there is no row to work on.",
        given=given,
        expected="at least one row",
        fix="check the filter, slice or file the data came from.",
    )


def _bad_rows(
    array: np.ndarray, name: str, columns: tuple[str, ...] | None, chunk: int = 1 << 16
) -> str | None:
    """The message for rows with NaN or infinity; None where a sum of finite numbers overflowed."""
    count, first = 0, None
    per_column = np.zeros(array.shape[1] if array.ndim == 2 else 1, dtype=np.int64)
    for start in range(0, len(array), chunk):
        bad = ~np.isfinite(array[start : start + chunk])
        if not bad.any():
            continue
        rows = bad.reshape(len(bad), -1).any(axis=1)
        count += int(rows.sum())
        if array.ndim == 2:
            per_column += bad.sum(axis=0)
        if first is None:
            place = np.argwhere(bad)[0]
            first = (start + int(place[0]), *(int(i) for i in place[1:]))
    if first is None:
        return None
    value = float(array[first])
    where = _bad_columns(per_column, columns) if array.ndim == 2 else ""
    others = f", {count} such rows in all" if count > 1 else ", the only such row"
    index = f", index {first[1:]}" if array.ndim > 2 else ""
    beyond = "" if np.isnan(value) else f", or a number beyond {array.dtype}"
    return explain(
        f"{name} holds {'NaN' if np.isnan(value) else 'infinity'}{where}.",
        given=f"{value}{beyond} in row {first[0]} (the first is row 0){index}{others}",
        expected="finite numbers",
        fix="drop these rows (from x and y alike), or fill the gaps, e.g. with the column's "
        "median.",
    )


def _bad_columns(counts: np.ndarray, columns: tuple[str, ...] | None) -> str:
    bad = np.flatnonzero(counts)
    if counts.size == 1 and columns is None:
        return ""
    names = [repr(columns[i]) if columns else str(i) for i in bad[:_LISTED]]
    more = f" and {bad.size - _LISTED} more" if bad.size > _LISTED else ""
    return f" in column{'s' if bad.size > 1 else ''} {', '.join(names)}{more}"
