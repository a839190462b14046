"""Which categories of a table say together what none of them says alone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rosenblatt.layers.tabular.crosses import crossed

Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Places = tuple[int, ...]  # of the parts of a cross

_MOST_ROWS = 200_000  # that crosses are chosen on
_LEAST_GAIN = 0.001
_MOST_DRIFT = 0.1
_FEW_CODES = 17
_SMOOTHING = 10.0
_MOST_KEPT = 100_000_000  # bytes of means that are kept to be used again
_STARTS = 4  # pairs that are made into triples


@dataclass(frozen=True)
class Part:
    """A category that may be crossed.

    Args:
        codes: (rows,), from 0.
        size: how many codes there are.
        words: whether it is a category of the table, not a number that repeats.
    """

    codes: Codes
    size: int
    words: bool


def choose_crosses(
    parts: Sequence[Part], y: Floats, most: int, in_time: bool = False
) -> list[Places]:
    """Pairs and triples of categories whose target means add to those of their parts.

    A pair's gain is the share of the target's variance that its out-of-fold means explain beside a
    linear function of the means of both parts; a triple's, beside its three pairs.

    Args:
        parts: the categories.
        y: (rows, outputs) targets.
        most: pairs; half as many triples.
        in_time: whether later rows are to be predicted: then crosses whose values keep changing
            down the table are left out, since their later values are unknown.

    Returns:
        Places in `parts`: the pairs, then the triples, each from the largest gain on.

    >>> rng = np.random.default_rng(0)
    >>> a, b, c = (rng.integers(0, 20, 9000).astype(np.int32) for _ in range(3))
    >>> y = ((a + b) % 2)[:, None].astype(float)
    >>> choose_crosses([Part(one, 20, True) for one in (a, b, c)], y, 8)
    [(0, 1)]
    """
    if most < 1 or len(parts) < 2:
        return []
    rows = np.linspace(0, len(y) - 1, min(len(y), _MOST_ROWS)).astype(np.intp)
    rng = np.random.default_rng(len(y))
    codes, sizes = [part.codes[rows] for part in parts], [part.size for part in parts]
    judge = _Judge(codes, sizes, y[rows], rng, in_time)
    pairs: list[Places] = [
        (i, j)
        for i, j in itertools.combinations(range(len(parts)), 2)
        if (parts[i].words or parts[j].words) and max(parts[i].size, parts[j].size) > _FEW_CODES
    ]
    found = judge.best([(pair, [(pair[0],), (pair[1],)]) for pair in pairs])[:most]
    triples = {
        tuple(sorted((*pair, other)))
        for pair in found[:_STARTS]
        for other in range(len(parts))
        if other not in pair
    }
    triples = {one for one in triples if sum(parts[i].words for i in one) >= 2}
    deeper: list[tuple[Places, list[Places]]] = [
        (one, list(itertools.combinations(one, 2))) for one in sorted(triples)
    ]
    return [*found, *judge.best(deeper)[: most // 2]]


class _Judge:
    """Out-of-fold means of crosses, and what they explain."""

    def __init__(
        self, codes: list[Codes], sizes: list[int], y: Floats, rng: np.random.Generator, guard: bool
    ):
        self.codes = codes
        self.sizes = sizes
        self.guard = guard
        self.y = y - y.mean(axis=0)
        self.half = rng.permutation(len(y)) % 2 == 0
        self.drawn = rng.permutation(len(y))
        self._means: dict[Places, Floats | None] = {}
        self._kept = 0

    def best(self, candidates: Sequence[tuple[Places, list[Places]]]) -> list[Places]:
        """The crosses that gain enough, the best first.

        Args:
            candidates: crosses, each with those that it must add to.
        """
        gains = {cross: self._gain(cross, base) for cross, base in candidates}
        good = [cross for cross, gain in gains.items() if gain >= _LEAST_GAIN]
        return sorted(good, key=lambda cross: -gains[cross])

    def _gain(self, cross: Places, base: list[Places]) -> float:
        new = self._of(cross)
        known = [self._of(one) for one in base]
        if new is None:
            return 0.0
        shares = []
        for output, y in enumerate(self.y.T):
            columns = [one[:, output] for one in known if one is not None]
            others = np.stack([np.ones(len(y)), *columns], axis=1)
            both = np.stack([y, new[:, output]], axis=1)
            left = both - others @ np.linalg.lstsq(others, both, rcond=None)[0]
            product, square = float(left[:, 0] @ left[:, 1]), float(left[:, 1] @ left[:, 1])
            helps = product > 0 and square > 1e-12 * len(y)
            shares.append(product**2 / square / max(float(y @ y), 1e-12) if helps else 0.0)
        return float(np.mean(shares))

    def _of(self, cross: Places) -> Floats | None:
        """The means of a cross, (rows, outputs); None where it has too many groups, or drifts."""
        if cross in self._means:
            return self._means[cross]
        keys = crossed([self.codes[i] for i in cross], [self.sizes[i] for i in cross])
        groups, places = np.unique(keys, return_inverse=True)
        alone = len(cross) == 1
        good = alone or (len(groups) <= len(keys) / 3 and not self._drifts(places))
        found = self._means_of(places, len(groups)) if good else None
        size = 0 if alone or found is None else found.nbytes
        if self._kept + size <= _MOST_KEPT:
            self._means[cross] = found
            self._kept += size
        return found

    def _means_of(self, places: NDArray[np.intp], groups: int) -> Floats:
        found = np.empty_like(self.y)
        for own in (self.half, ~self.half):
            counts = np.bincount(places[~own], minlength=groups)
            for output, y in enumerate(self.y.T):
                sums = np.bincount(places[~own], y[~own], groups)
                found[own, output] = (sums / (counts + _SMOOTHING))[places[own]]
        return found

    def _drifts(self, places: NDArray[np.intp]) -> bool:
        return self.guard and _unseen(places) - _unseen(places[self.drawn]) > _MOST_DRIFT


def _unseen(places: NDArray[np.intp]) -> float:
    """The share of the last fifth of rows whose group the rows before do not have."""
    cut = len(places) * 4 // 5
    known = np.zeros(places.max(initial=0) + 1, dtype=bool)
    known[places[:cut]] = True
    return float(1 - known[places[cut:]].mean()) if cut < len(places) else 0.0
