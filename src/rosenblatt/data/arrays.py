"""What users pass as data: nests whose leaves have names, as NumPy arrays of numbers.

A leaf is named as the user would write it: `x[0]`, `x['age']`.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from rosenblatt.core import config, dtypes
from rosenblatt.core.errors import BadData, explain
from rosenblatt.core.faces import on_use
from rosenblatt.core.types import Tree
from rosenblatt.data.contract import Data

if TYPE_CHECKING:
    from rosenblatt.data import frames, unreadable
else:
    frames = on_use("rosenblatt.data.frames")
    unreadable = on_use("rosenblatt.data.unreadable")

DENSE_LIMIT = 4 << 30
"""Bytes a sparse matrix may take when it is made dense."""


def as_arrays(tree: Data, what: str) -> Tree:
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
    return read_nest(tree, what, _read_leaf)


def _read_leaf(leaf: Data, name: str) -> np.ndarray:
    return check_array(to_numpy(leaf, name), name, names_of(leaf))


def names_of(leaf: Data) -> tuple[str, ...]:
    """The names of the columns of a table or of one column; empty where there are none."""
    if type(leaf) is np.ndarray or isinstance(leaf, (list, tuple, jax.Array)):
        return ()
    return frames.names_of(leaf)


def to_numpy(value: Data, what: str) -> np.ndarray:
    """Any array-like as a NumPy array of whatever it holds."""
    if type(value) is np.ndarray:
        return value
    if isinstance(value, (list, tuple)):
        return _from_list(value, what)
    if isinstance(value, np.ma.MaskedArray):
        masked: Any = value.astype("float64")
        return masked.filled(np.nan)
    if isinstance(value, (np.ndarray, jax.Array)):
        return np.asarray(value)
    if frames.is_frame(value):
        return frames.frame_to_array(value, what)
    if frames.is_series(value):
        return frames.series_to_array(value, what)
    if hasattr(value, "detach"):  # PyTorch
        value = value.detach().cpu()
        return (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    if hasattr(value, "toarray") and hasattr(value, "shape"):  # SciPy
        return _from_sparse(value, what)
    if hasattr(value, "numpy") and hasattr(value, "shape"):  # TensorFlow
        return np.asarray(value.numpy())
    if hasattr(value, "__array__") or isinstance(value, (numbers.Number, str, bytes)):
        return np.asarray(value)
    raise BadData(
        f"{what} is not data this library can read.",
        given=f"an object of type {type(value).__module__}.{type(value).__qualname__}",
        expected="an array, a DataFrame, a list of numbers, or a dict, list or tuple of these",
        fix=f"pass `numpy.asarray({what})`.",
    )


def _from_list(value: list[Any] | tuple[Any, ...], what: str) -> np.ndarray:
    try:
        return np.array(value)
    except (ValueError, TypeError) as error:
        raise BadData(unreadable.ragged_message(value, what)) from error


def _from_sparse(value: Data, what: str) -> np.ndarray:
    size = int(np.prod(value.shape, dtype=np.float64)) * 4
    if size > DENSE_LIMIT:
        raise BadData(
            f"{what}: this sparse matrix is too large to be made dense.",
            given=f"shape {tuple(value.shape)}, {size / 2**30:.1f} GiB",
            expected=f"at most {DENSE_LIMIT / 2**30:.1f} GiB",
            fix="pass a generator or `PyDataset` that gives `matrix[start:stop].toarray()` "
            "batch by batch.",
        )
    return value.toarray()


def check_array(array: np.ndarray, what: str, columns: Sequence[str] = ()) -> np.ndarray:
    """Refuse what is not an array of numbers with rows; settle the dtype.

    Args:
        array: of anything.
        what: its name, for messages.
        columns: names of its columns, if they have names.
    """
    dtype = array.dtype
    if array.ndim and len(array) == 0:
        raise BadData(no_rows(what, f"an array of shape {array.shape}"))
    if dtype.kind not in "fiubc" and dtype.name not in dtypes.DTYPES:
        raise BadData(unreadable.array_message(array, what, columns))
    if array.ndim == 0:
        raise BadData(
            f"{what} is a single number, not an array with one row for each sample.",
            given=array.item(),
            expected="an array of one or more dimensions",
            fix=f"pass `numpy.array([{what}])`; a stream must give batches, not single samples.",
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


# -- nests ---------------------------------------------------------------------------------------


def read_nest(tree: Tree, what: str, read: Callable[[Any, str], np.ndarray]) -> Tree:
    """Apply a function to the leaves of a nest and their names; None stays None.

    Lists and tuples of numbers are leaves; those of arrays, and dicts, are several inputs (or
    outputs), as in Keras.
    """
    if tree is None:
        return None
    if isinstance(tree, Mapping):
        if not tree:
            raise BadData(no_rows(what, "an empty dict"))
        return {key: read_nest(value, f"{what}[{key!r}]", read) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)) and _is_structure(tree):
        items = [read_nest(value, f"{what}[{index}]", read) for index, value in enumerate(tree)]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return read(tree, what)


def named_leaves(tree: Tree, what: str) -> Iterator[tuple[str, Any]]:
    """The leaves of a nest with their names; parts that are None are left out."""
    if type(tree) is np.ndarray:
        yield what, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from named_leaves(value, f"{what}[{key!r}]")
    elif isinstance(tree, (list, tuple)) and _is_structure(tree):
        for index, value in enumerate(tree):
            yield from named_leaves(value, f"{what}[{index}]")
    elif tree is not None:
        yield what, tree


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


def check_lengths(x: Tree, y: Tree = None, sample_weight: Tree = None) -> int:
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
        raise BadData(no_rows("x", None))
    if len(set(rows.values())) > 1:
        raise BadData(
            "The data do not have the same number of rows.",
            given=", ".join(f"{name}: {count}" for name, count in rows.items()),
            expected="one row of each part for every sample",
            fix="drop the rows that have no partner; dropping rows with missing values must be "
            "done on x and y together.",
        )
    return next(iter(rows.values()))


def no_rows(what: str, given: str | None) -> str:
    """The message for data without a row."""
    return explain(
        f"{what} is empty: there is no row to work on.",
        given=given,
        expected="at least one row",
        fix="check the filter, slice or file the data came from.",
    )
