"""The part of the data kept for validation."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.core.symbolic import tree_map
from rosenblatt.data.nests import named_leaves


def train_validation_split(arrays: Any, validation_split: float) -> tuple[Any, Any]:
    """Keep the last part of the rows for validation, as Keras does.

    The training part has floor(n (1 − validation_split)) rows.

    Args:
        arrays: a nest of NumPy arrays of n rows, None among them.
        validation_split: the fraction of the rows that goes to validation, between 0 and 1.

    Returns:
        `(train, validation)`, two nests of views.

    Raises:
        ValueError: a fraction outside 0 to 1, a part without rows, or data that are not arrays.

    >>> train, validation = train_validation_split((np.arange(10), None), 0.2)
    >>> validation
    (array([8, 9]), None)
    """
    if (
        not isinstance(validation_split, numbers.Real)
        or isinstance(validation_split, bool)
        or not 0 < validation_split < 1
    ):
        raise ValueError(
            explain(
                "`validation_split` is out of range.",
                given=repr(validation_split),
                expected="a fraction between 0 and 1, e.g. 0.2",
                fix="pass rows of your own as `validation_data=(x_val, y_val)` instead.",
            )
        )
    leaves = [leaf for _, leaf in named_leaves(arrays, "data")]
    for leaf in leaves:
        if not isinstance(leaf, np.ndarray):
            raise ValueError(
                explain(
                    "`validation_split` needs arrays: a stream has no last part to cut off.",
                    given=f"an object of type {type(leaf).__module__}.{type(leaf).__qualname__}",
                    expected="arrays, tables or lists of numbers",
                    fix="make a second stream and pass it as `validation_data`.",
                )
            )
    rows = len(leaves[0]) if leaves else 0
    cut = math.floor(rows * (1.0 - validation_split))
    if cut in (0, rows):
        raise ValueError(
            explain(
                "`validation_split` leaves one part without rows.",
                given=f"{rows} rows and validation_split={validation_split}, which makes {cut} "
                f"training and {rows - cut} validation rows",
                expected="at least one row in each part",
                fix="pass more data or another fraction.",
            )
        )
    train = tree_map(lambda leaf: None if leaf is None else leaf[:cut], arrays)
    return train, tree_map(lambda leaf: None if leaf is None else leaf[cut:], arrays)
