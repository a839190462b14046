"""Columns as plain arrays of numbers: each row keeps its own value, whatever the others are."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from rosenblatt.tables import read
from rosenblatt.tables.plain import numbers

KINDS: dict[str, list[Any]] = {
    "booleans": [True, False, None],
    "texts of booleans": ["True", "False", None],
    "whole numbers": [3, -4, None],
    "numbers": [0.5, 2.0, None],
    "texts of numbers": ["12", "7.5", None],
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_keeps_its_value(kind: str) -> None:
    for rows in (1, 2, 3):
        for values in itertools.product(KINDS[kind], repeat=rows):
            if all(value is None for value in values):
                continue  # nothing says that these are numbers
            plain = [{"True": 1, "False": 0}.get(str(value), value) for value in values]
            wanted = [np.nan if value is None else float(value) for value in plain]
            found = numbers(read({"a": list(values)}))["a"]
            np.testing.assert_array_equal(found.astype(float), wanted, err_msg=str(values))
            if kind == "booleans" and None not in values:
                assert found.dtype == bool
