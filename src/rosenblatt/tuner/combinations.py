"""All combinations of a space, where it has so few values that random draws miss the last ones."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rosenblatt.tuner.hyperparameter import HyperParameter
from rosenblatt.tuner.numerical import Float, Int

MOST = 20_000
"""Combinations that are looked at, in a tenth of a second; draws hardly exhaust a larger space."""


def one_of(
    space: Sequence[HyperParameter], tried: Callable[[dict[str, Any]], bool], seed: int
) -> dict[str, Any] | None:
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


def _combinations(
    space: Sequence[HyperParameter], values: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    if not space:
        yield values
        return
    first, rest = space[0], space[1:]
    if not all(condition.is_active(values) for condition in first.conditions):
        yield from _combinations(rest, values)
        return
    for value in _values_of(first):
        yield from _combinations(rest, {**values, first.name: value})


def _values_of(hp: HyperParameter) -> Sequence[Any]:
    if hp.number_of_values is not None:
        return hp.values if hp.number_of_values <= MOST else _refuse()
    assert isinstance(hp, (Int, Float))
    if hp.min_value == hp.max_value:
        return [hp.min_value]
    if isinstance(hp, Int) and hp.max_value - hp.min_value < MOST:
        return range(hp.min_value, hp.max_value + 1)
    return _refuse()


def _refuse() -> Sequence[Any]:
    raise _Uncountable
