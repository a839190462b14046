"""Settings that layers for tables have."""

from __future__ import annotations

from typing import Any

import numpy as np

from rosenblatt.core.checks import Check, is_whole
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import setting


def _is_list(value: Any, least: int) -> bool:
    numbers = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(numbers, (list, tuple)) or not numbers:
        return False
    return all(is_whole(one) and one >= least for one in numbers)


def _as_list(value: Any) -> list[int]:
    return [int(one) for one in value]


# How many values each column has.
SIZES = Check(
    lambda value: _is_list(value, 1),
    "a list with a positive integer for each column",
    _as_list,
    [3, [], [0], [1.5], "ab"],
)
# Which columns of the input a layer reads; None for all.
COLUMNS = setting(
    Check(
        lambda value: value is None or _is_list(value, 0),
        "a list of column numbers from 0 on, or None for all columns",
        lambda value: None if value is None else _as_list(value),
        [3, [], [-1], [1.5], "ab"],
    ),
    default=None,
)


def chosen_columns(
    where: str, columns: list[int] | None, shape: tuple[int | None, ...], wanted: int | None = None
) -> list[int]:
    """The columns that a layer reads of an input of a shape.

    Args:
        where: the layer, for messages.
        columns: what it was given; None for all.
        shape: the input's, (batch, …, columns).
        wanted: how many columns it knows, where it knows that.

    Raises:
        ValueError: a column that the input does not have; a different number of columns.
    """
    there = shape[-1]
    if there is None:
        raise BadArgument(
            f"{where}: the number of columns is unknown.",
            given=f"input shape {shape}",
            expected="a last axis with a size",
        )
    found = list(range(there)) if columns is None else columns
    beyond = [column for column in found if column >= there]
    if beyond:
        raise BadArgument(
            f"{where}: the input has no column {beyond[0]}.",
            given=f"input shape {shape}",
            expected=f"columns from 0 to {there - 1}",
        )
    if wanted is not None and len(found) != wanted:
        raise BadArgument(
            f"{where} reads {wanted} columns.",
            given=f"{len(found)}, of an input of shape {shape}",
            fix="give `columns=`, the numbers of the columns it is to read.",
        )
    return found
