"""Places for the boxes of a graph: layer under layer, few crossings, short arrows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Point = tuple[float, float]
_SWEEPS = 4  # more change nothing on graphs of a few dozen boxes


class Layout(NamedTuple):
    """Where things are, from the upper left corner, downwards."""

    size: tuple[float, float]
    centers: list[Point]
    bends: list[list[Point]]  # of each arrow, between the boxes that it joins


def layered(
    sizes: Sequence[tuple[float, float]],
    arrows: Sequence[tuple[int, int]],
    gap: tuple[float, float],
) -> Layout:
    """Lay out a graph from top to bottom.

    A box lies as many rows above the last as the longest way down has arrows; arrows over several
    rows get a bend in each. The order in a row follows the mean place of the neighbours, and so do
    the horizontal places, as far as the boxes' widths allow. Arrows that go up (a layer called
    again) move no box.

    Args:
        sizes: width and height of each box.
        arrows: pairs of numbers of boxes.
        gap: least distance to the next box, horizontally and vertically.

    Reference: K. Sugiyama, S. Tagawa, M. Toda, Methods for visual understanding of hierarchical
    system structures, IEEE Transactions on Systems, Man, and Cybernetics 11(2), 1981.

    >>> layered([(4, 2), (4, 2), (4, 2)], [(0, 2), (1, 2)], (1, 1)).centers
    [(2.0, 1.0), (7.0, 1.0), (4.5, 4.0)]
    """
    row = rows(len(sizes), arrows)
    widths = [width for width, _ in sizes]
    chains: list[list[int]] = []  # the boxes and bends of each arrow
    for source, target in arrows:
        bends = list(range(len(row), len(row) + max(row[target] - row[source] - 1, 0)))
        row += range(row[source] + 1, row[source] + 1 + len(bends))
        widths += [0.0] * len(bends)
        chains.append([source, *bends, target])
    joined = [pair for c in chains for pair in itertools.pairwise(c)]
    joined = [(a, b) for a, b in joined if row[a] < row[b]]
    above: list[list[int]] = [[a for a, b in joined if b == i] for i in range(len(row))]
    below: list[list[int]] = [[b for a, b in joined if a == i] for i in range(len(row))]
    ranks = [[i for i, r in enumerate(row) if r == level] for level in range(max(row) + 1)]
    _order(ranks, above, below)
    x = _places(ranks, above, below, widths, gap[0])
    heights = [max([sizes[i][1] for i in rank if i < len(sizes)], default=0.0) for rank in ranks]
    tops = np.cumsum([0.0, *(height + gap[1] for height in heights)])
    y = [float(tops[r] + heights[r] / 2) for r in row]
    left = min(x[i] - widths[i] / 2 for i in range(len(row)))
    right = max(x[i] + widths[i] / 2 for i in range(len(row)))
    at = [(x[i] - left, y[i]) for i in range(len(row))]
    size = (right - left, float(tops[-1]) - gap[1])
    return Layout(size, at[: len(sizes)], [[at[i] for i in chain[1:-1]] for chain in chains])


def rows(count: int, arrows: Sequence[tuple[int, int]]) -> list[int]:
    """The row of each box, counted from the top; an arrow that closes a circle does not count.

    >>> rows(3, [(0, 2), (1, 0), (2, 2)])
    [1, 0, 2]
    """
    sources = [{a for a, b in arrows if b == box} - {box} for box in range(count)]
    placed: dict[int, int] = {}  # boxes in an order in which arrows go down
    left = list(range(count))
    while left:
        box = next((b for b in left if sources[b] <= placed.keys()), left[0])
        left.remove(box)
        placed[box] = len(placed)
    from_end = [0] * count
    for box in reversed(placed):
        downs = [from_end[b] for a, b in arrows if a == box and placed[b] > placed[a]]
        from_end[box] = 1 + max(downs, default=-1)
    return [max(from_end) - level for level in from_end]


def _order(ranks: list[list[int]], above: list[list[int]], below: list[list[int]]) -> None:
    """Sort each row by the mean place of the neighbours in the row before, down and up."""
    place = {box: float(i) for rank in ranks for i, box in enumerate(rank)}
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for rank in ranks if down else reversed(ranks):
            near = above if down else below
            mean = {b: np.mean([place[n] for n in near[b]]) if near[b] else place[b] for b in rank}
            rank.sort(key=mean.__getitem__)
            place.update({box: float(i) for i, box in enumerate(rank)})


def _places(
    ranks: list[list[int]],
    above: list[list[int]],
    below: list[list[int]],
    widths: list[float],
    gap: float,
) -> list[float]:
    """The horizontal place of each box: near the mean of its neighbours, without overlaps."""
    x = [0.0] * len(widths)
    for rank in ranks:
        _separate(rank, [0.0] * len(rank), x, widths, gap)
    for sweep in range(2 * _SWEEPS):
        down = sweep % 2 == 0
        for rank in ranks if down else reversed(ranks):
            near = above if down else below
            wanted = [float(np.mean([x[n] for n in near[b]])) if near[b] else x[b] for b in rank]
            _separate(rank, wanted, x, widths, gap)
    return x


def _separate(
    rank: list[int], wanted: list[float], x: list[float], widths: list[float], gap: float
) -> None:
    """Put a row's boxes where they are wanted, or as near as the widths allow."""
    apart = [gap + (widths[a] + widths[b]) / 2 for a, b in itertools.pairwise(rank)]
    from_left, from_right = list(wanted), list(wanted)
    for i, distance in enumerate(apart):
        from_left[i + 1] = max(from_left[i + 1], from_left[i] + distance)
        j = len(rank) - 2 - i
        from_right[j] = min(from_right[j], from_right[j + 1] - apart[j])
    # Both keep the distances, and so does the middle between them.
    for box, left, right in zip(rank, from_left, from_right, strict=True):
        x[box] = (left + right) / 2
