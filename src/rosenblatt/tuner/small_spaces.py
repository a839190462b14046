"""All combinations of a space, where it has so few values that random draws miss the last ones."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rosenblatt.tuner.kinds import HyperParameter, Values
from rosenblatt.tuner.ranges import Float, Int

MOST = 20_000
"""Combinations that are looked at, in a tenth of a second; draws hardly exhaust a larger space."""


def untried_values(
    space: Sequence[HyperParameter], tried: Callable[[Values], bool], seed: int
) -> Values | None:
    """A combination that was not tried, each with the same chance.

    Args:
        space: hyperparameters, parents before those that depend on them.
        tried: whether values were.
        seed: of the choice.

    Returns:
        Values by name; None where all of them were tried, or where there is no counting them.
    """
    try:
        found = list(itertools.islice(_combinations(space, {}), MOST + 1))
    except _Uncountable:
        return None
    left = [values for values in found if not tried(values)]
    if len(found) > MOST or not left:
        return None
    return random.Random(seed).choice(left)


class _Uncountable(Exception):
    pass


def _combinations(space: Sequence[HyperParameter], values: Values) -> Iterator[Values]:
    if not space:
        yield values
        return
    first, rest = space[0], space[1:]
    if not first.is_active(values):
        yield from _combinations(rest, values)
        return
    for value in _values_of(first):
        yield from _combinations(rest, {**values, first.name: value})


def _values_of(hp: HyperParameter) -> Sequence[Any]:
    if hp.number_of_values is not None and hp.number_of_values <= MOST:
        return hp.values
    if isinstance(hp, (Int, Float)) and hp.number_of_values is None:
        if hp.min_value == hp.max_value:
            return [hp.min_value]
        if isinstance(hp, Int) and hp.max_value - hp.min_value < MOST:
            return range(hp.min_value, hp.max_value + 1)
    raise _Uncountable
