"""Columns of numbers as the inputs of a plain network, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rosenblatt.core.errors import BadData, nearest
from rosenblatt.data.finite import check_finite
from rosenblatt.data.precision import counted_from


def features_of(
    columns: Mapping[str, np.ndarray], names: Sequence[str], origins: Mapping[str, float | int]
) -> np.ndarray:
    """Columns as a model's inputs.

    Args:
        columns: name to (rows,) array.
        names: the model's features, in its order.
        origins: the columns that are counted from a number.

    Returns:
        (rows, features) float32.

    Raises:
        ValueError: NaN or infinity.

    >>> features_of({"b": np.array([8, 9]), "a": np.array([1.0, 2.0])}, ["a", "b"], {"b": 8})
    array([[1., 0.],
           [2., 1.]], dtype=float32)
    """
    x = np.empty((len(columns[names[0]]), len(names)), "float32")
    with np.errstate(over="ignore"):
        for place, name in enumerate(names):
            origin = origins.get(name)
            column = columns[name]
            x[:, place] = column if origin is None else counted_from(column, origin)
    check_finite(x, "x", {"x": tuple(names)})
    return x


def require_columns(columns: Sequence[str], names: Sequence[str], data: str) -> None:
    """Check that a table has the columns a model was trained on.

    Args:
        columns: the names of the table's columns.
        names: the model's features.
        data: the file, for messages.

    Raises:
        ValueError: columns that are missing.
    """
    missing = [name for name in names if name not in columns]
    if missing:
        raise BadData(
            f"{data}: column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(map(repr, missing))} of the model's features missing.",
            given="columns " + ", ".join(columns),
            expected="columns " + ", ".join(names),
            fix=nearest(missing[0], columns) if len(missing) == 1 else None,
        )
