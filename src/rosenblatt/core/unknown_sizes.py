"""Sizes to try for unknown dimensions, where one size for all of them does not fit.

A shape (None, 3) added to (2, None) needs 2 and 3; halves of (None, 4) need an even number of rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

Shape = Sequence[int | None]
Sizes = list[list[int]]

_DIVISIBLE = (5040, 2520)  # by all numbers up to 10, and by most products of two of them
_MOST_TRIES = 64


def tries(shapes: Sequence[Shape], usual: tuple[int, int]) -> Iterator[tuple[Sizes, Sizes]]:
    """Pairs of sizes for the shapes: where results differ between the two, they are unknown.

    Args:
        shapes: the shapes of all symbolic tensors of a call, None for what is unknown.
        usual: the two sizes that an unknown dimension has where nothing else is said.

    >>> list(tries([(None, 3), (2, 3)], (997, 991)))[1]
    ([[2, 3], [2, 3]], [[2, 3], [2, 3]])
    """
    places = [(i, k) for i, shape in enumerate(shapes) for k, s in enumerate(shape) if s is None]
    known = sorted({s for shape in shapes for s in shape if s is not None and s > 1})
    choices: list[tuple[int, int]] = [usual, *((s, s) for s in known), (1, 1)]
    yield _filled(shapes, dict.fromkeys(places, _DIVISIBLE))
    found = itertools.product(choices, repeat=len(places)) if len(places) <= 4 else ()
    # Few dimensions at a time, and a size of 1 last: what broadcasts says least.
    ranked = sorted(found, key=lambda c: (c.count((1, 1)), -c.count(usual)))
    for choice in ranked[1:_MOST_TRIES]:
        yield _filled(shapes, dict(zip(places, choice, strict=True)))


def _filled(
    shapes: Sequence[Shape], sizes: dict[tuple[int, int], tuple[int, int]]
) -> tuple[Sizes, Sizes]:
    first, second = (
        [
            [sizes[i, k][trial] if s is None else s for k, s in enumerate(shape)]
            for i, shape in enumerate(shapes)
        ]
        for trial in (0, 1)
    )
    return first, second
