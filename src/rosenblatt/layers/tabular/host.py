"""Layers that read raw columns on the host, and the one that puts columns side by side."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData
from rosenblatt.core.registry import builtin
from rosenblatt.core.scope import EVERYTHING
from rosenblatt.core.symbolic import KerasTensor, tree_leaves
from rosenblatt.core.types import Tree
from rosenblatt.layers.preprocessing.host import HostLayer

Values = NDArray[Any]

_FEW = 16  # values that are read one by one: finding the different ones would take longer
_MICROSECONDS = "datetime64[us]"


class RawLayer(HostLayer):
    """A layer that takes a column as it comes: numbers of 64 bits, text with gaps, times.

    It gives float32 or int32, also under a policy of 16 bits: what is learned of a column is exact.
    """

    untraced = EVERYTHING  # programs know what was found, and nothing of what finds it
    reads_raw = True  # an input that only such layers read is given to them as it is
    takes_nan = True

    def encode(self, found: Any) -> Any:
        """What was found, as JAX has it."""
        return jnp.asarray(found)


def word_of(value: object) -> str | None:
    """A value as the text that stands for it in a vocabulary; None where it is missing.

    Blanks around a text say nothing: tables leave them out too.

    >>> word_of(3.0), word_of(" WD "), word_of(True), word_of(float("nan"))
    ('3', 'WD', 'True', None)
    >>> word_of(datetime.datetime(2013, 1, 31))
    '2013-01-31'
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    if value is None or value != value:
        return None
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
    if isinstance(value, datetime.datetime):
        return value.isoformat().removesuffix("T00:00:00")
    return str(value)


def items_of(values: Values) -> list[Any]:
    """The values of an array, flattened, as Python objects."""
    if values.dtype.kind == "M":
        values = values.astype(_MICROSECONDS)
    return values.ravel().tolist()


def each_once(read: Callable[[list[Any]], Values], values: Values) -> Values:
    """A function of a column's values, called with each different one once.

    Args:
        read: from n values to an array of n rows.
        values: of any shape and kind.

    Returns:
        A row of what `read` gave for each value.
    """
    items = items_of(values)
    if len(items) <= _FEW or not all(isinstance(item, Hashable) for item in items[:_FEW]):
        return read(items)
    # Of mixed types, such as True and 1, equal values are not the same text.
    keys: list[Any] = items
    if len(kinds := set(map(type, items))) > 1 and not kinds <= {str, type(None)}:
        keys = [(type(item), item) for item in items]
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    codes = np.fromiter(map(places.__getitem__, keys), np.intp, len(keys))
    different = list(places)
    return read(different if keys is items else [item for _, item in different])[codes]


def refuse_times(values: Values, where: str) -> None:
    """Refuse times where numbers are wanted.

    Raises:
        ValueError: with the dtype.
    """
    if values.dtype.kind in "Mm":
        raise BadData(
            f"{where} takes numbers, or text of numbers.",
            given=f"times, an array of dtype {values.dtype}",
            fix="use `DateParsing` for a column of times.",
        )


@builtin("rosenblatt.layers")
class ColumnStack(RawLayer):
    """Columns side by side, on the host: the table of numbers, or of codes, that a program takes.

    Args:
        name: its name.

    Inputs: a list of arrays (batch,), (batch, 1) or (batch, several). Outputs: (batch, columns),
    int32 where all are integers, else float32.

    Raises:
        ValueError: text; arrays of another rank.

    >>> ColumnStack()([np.array([1.0, 2.0]), np.array([[3.0, 4.0], [5.0, 6.0]])])
    Array([[1., 3., 4.],
           [2., 5., 6.]], dtype=float32)
    """

    def lookup(self, inputs: Tree) -> Values:
        """The columns, one array."""
        arrays = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        kinds = {array.dtype.kind for array in arrays}
        if not kinds <= set("fiub") or any(array.ndim not in (1, 2) for array in arrays):
            wrong = next(a for a in arrays if a.dtype.kind not in "fiub" or a.ndim not in (1, 2))
            raise BadData(
                f"{self._where} takes columns of numbers.",
                given=f"an array of dtype {wrong.dtype}, shape {wrong.shape}",
                expected="shapes (rows,) or (rows, columns)",
            )
        widths = [1 if array.ndim == 1 else array.shape[1] for array in arrays]
        dtype = "int32" if kinds <= set("iub") else "float32"
        table = np.empty((len(arrays[0]), sum(widths)), dtype)
        start = 0
        with np.errstate(over="ignore"):
            for array, width in zip(arrays, widths, strict=True):
                table[:, start : start + width] = array.reshape(len(array), width)
                start += width
        return table

    def found_spec(self, inputs: Tree) -> KerasTensor:
        """A symbolic tensor like what `lookup` finds."""
        tensors: Sequence[KerasTensor] = tree_leaves(inputs)
        wrong = [t for t in tensors if len(t.shape) not in (1, 2) or t.shape[1:] == (None,)]
        if wrong:
            raise BadData(
                f"{self._where} takes columns of numbers.",
                given=f"a tensor of shape {wrong[0].shape}",
                expected="shapes (rows,) or (rows, columns)",
            )
        width = sum((t.shape[1:] or (1,))[0] or 0 for t in tensors)
        whole = all("int" in t.dtype or t.dtype == "bool" for t in tensors)
        return KerasTensor((tensors[0].shape[0], width), "int32" if whole else "float32")
