"""The part of the data kept for validation."""

from __future__ import annotations

import math
import numbers

import jax

from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.core.types import Tree
from rosenblatt.data.blocks import rows_of


def train_validation_split(arrays: Tree, validation_split: float) -> tuple[Tree, Tree]:
    """Keep the last part of the rows for validation, as Keras does.

    The training part has floor(n (1 − validation_split)) rows.

    Args:
        arrays: a nest of NumPy arrays of n rows, None among them.
        validation_split: the fraction of the rows that goes to validation, between 0 and 1.

    Returns:
        `(train, validation)`, two nests of views.

    Raises:
        ValueError: a fraction outside 0 to 1 or a part without rows.

    >>> import numpy as np
    >>> train, validation = train_validation_split((np.arange(10), None), 0.2)
    >>> validation
    (array([8, 9]), None)
    """
    if (
        not isinstance(validation_split, numbers.Real)
        or isinstance(validation_split, bool)
        or not 0 < validation_split < 1
    ):
        raise BadArgument(
            "`validation_split` is out of range.",
            given=repr(validation_split),
            expected="a fraction between 0 and 1, e.g. 0.2",
            fix="pass rows of your own as `validation_data=(x_val, y_val)` instead.",
        )
    rows = rows_of(arrays)
    cut = math.floor(rows * (1.0 - validation_split))
    if cut in (0, rows):
        raise BadData(
            "`validation_split` leaves one part without rows.",
            given=f"{rows} rows and validation_split={validation_split}, which makes {cut} "
            f"training and {rows - cut} validation rows",
            expected="at least one row in each part",
            fix="pass more data or another fraction.",
        )
    tree_map = jax.tree_util.tree_map
    return tree_map(lambda a: a[:cut], arrays), tree_map(lambda a: a[cut:], arrays)
