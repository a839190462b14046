"""Truth tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadArgument, require

_MOST_INPUTS = 20  # a million rows


def all_inputs(count: int) -> np.ndarray:
    """All (2^count, count) inputs, the first one changing slowest.

    Raises:
        ValueError: more than 20 inputs.

    >>> all_inputs(2).astype(int).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    if count > _MOST_INPUTS:
        raise BadArgument(
            "A truth table of so many inputs is too long.",
            given=f"{count} inputs",
            expected=f"at most {_MOST_INPUTS}",
            fix="call the network on the rows you need: `net(rows)`.",
        )
    places = np.arange(count - 1, -1, -1)
    return (np.arange(2**count)[:, None] >> places & 1).astype(bool)


@dataclass(frozen=True)
class TruthTable:
    """What a network gives for all inputs; `print` shows it.

    Args:
        inputs, outputs: names.
        rows: (2^inputs, inputs) bools.
        values: (2^inputs, outputs) bools.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rows: np.ndarray
    values: np.ndarray

    def __str__(self) -> str:
        names = (*self.inputs, *self.outputs)
        count = len(self.inputs)
        lines = [names, *np.column_stack([self.rows, self.values]).astype(int).astype(str).tolist()]
        texts = []
        for line in lines:
            cells = [cell.rjust(len(name)) for cell, name in zip(line, names, strict=True)]
            texts.append(f"{'  '.join(cells[:count])} | {'  '.join(cells[count:])}")
        return "\n".join(texts)

    def to_frame(self) -> Any:
        """The table as a pandas DataFrame of 0 and 1.

        Raises:
            ImportError: pandas is not installed.
        """
        pandas = require("pandas", "pandas", "TruthTable.to_frame")
        data = np.column_stack([self.rows, self.values]).astype(int)
        return pandas.DataFrame(data, columns=[*self.inputs, *self.outputs])
