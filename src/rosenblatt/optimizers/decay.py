"""Weight decay: each step takes a part of the weights away, but for those that are excluded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from rosenblatt.core.variable import Variable


class WeightDecay:
    """Which variables decay. Loshchilov and Hutter, 2017, arXiv:1711.05101.

    Args:
        excluded: variables that do not.
        names: patterns of names; variables whose name one of them matches do not.

    >>> import numpy as np
    >>> kernel, bias = (Variable(np.array(4.0), name=name) for name in ("kernel", "bias"))
    >>> WeightDecay(names=["bias"]).apply([kernel, bias], 0.25)
    >>> float(kernel), float(bias)
    (3.0, 4.0)
    """

    untraced = ("excluded", "pattern")  # identities and names: the optimizer says what they decide

    def __init__(
        self, excluded: Sequence[Variable] | None = None, names: Iterable[str] | None = None
    ):
        self.excluded = list(excluded or ())
        self.pattern = "|".join(sorted(set(names or ()))) or None

    def concerns(self, variable: Variable) -> bool:
        """Whether a variable decays."""
        if any(variable is one for one in self.excluded):
            return False
        return self.pattern is None or re.search(self.pattern, variable.name) is None

    def apply(self, variables: Iterable[Variable], part: Any) -> None:
        """Take a part of each variable that decays away."""
        for variable in variables:
            if self.concerns(variable):
                variable.assign(variable.value - variable.value * part)
