"""What happens to weights beside an optimizer's rule: they decay, and averages of them are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.variable import Variable, moving_together


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


def refuse_missing(optimizer: str | None, **missing: Any) -> None:
    """Refuse to go on where variables are missing that a setting needs.

    Args:
        optimizer: its name.
        missing: settings or slots, and whether their variables are missing.

    Raises:
        BadArgument: some are: the setting was set after the optimizer was built.
    """
    names = [name for name, is_missing in missing.items() if is_missing]
    if names:
        raise BadArgument(
            f"Optimizer {optimizer!r} was built without the variables that it needs now.",
            given=f"none for {names}",
            fix="set such attributes before the first step, or make a new optimizer.",
        )


class MovingAverages:
    """a ← μ a + (1 − μ) w after each update. Polyak and Juditsky, 1992.

    Args:
        weights: the weights.
        averages: a variable for each; None for a weight that has no average.

    >>> import numpy as np
    >>> weight, average = (Variable(np.array(value), name="w") for value in (1.0, 0.0))
    >>> averages = MovingAverages([weight], [average])
    >>> averages.move(0.75)
    >>> averages.exchange()
    >>> float(weight), float(average)
    (0.25, 1.0)
    """

    untraced = ("exchanged",)

    def __init__(
        self, weights: Sequence[Variable] = (), averages: Sequence[Variable | None] = ()
    ) -> None:
        self.weights = list(weights)
        self.averages = list(averages)
        self.exchanged = False  # whether the averages stand in the weights for a while

    def _pairs(self, places: Iterable[int] | None = None) -> list[tuple[Variable, Variable]]:
        """Weights that have an average, and these."""
        chosen = range(len(self.weights)) if places is None else places
        pairs = [(self.weights[place], self.averages[place]) for place in chosen]
        return [(weight, average) for weight, average in pairs if average is not None]

    def move(self, momentum: Any, due: Any = None) -> None:
        """Move the averages towards the weights.

        Args:
            momentum: μ.
            due: whether the weights are set to them now; None: never.
        """
        for weight, average in self._pairs():
            average.assign(momentum * average.value + (1 - momentum) * weight.value)
            if due is not None:
                weight.assign(jnp.where(due, average.value, weight.value))

    def exchange(self) -> None:
        """Put the averages into the weights, and the weights where the averages were; or back."""
        with moving_together:
            for weight, average in self._pairs():
                value, averaged = weight.value, average.value
                weight.assign(averaged)
                average.assign(value)
        self.exchanged = not self.exchanged

    def put_in_place(self, places: Iterable[int]) -> None:
        """Set the weights at some places to their averages, for good."""
        with moving_together:
            for weight, average in self._pairs(places):
                if self.exchanged:
                    average.assign(weight)
                else:
                    weight.assign(average)
        self.exchanged = False
