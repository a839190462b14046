"""The shortest formula of a truth table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# An implicant: which inputs are fixed (a mask), and to what. Row numbers of a truth table are the
# inputs read as a binary number, the first input being the highest bit.
Implicant = tuple[int, int]


def minimal_formula(names: Sequence[str], values: np.ndarray) -> str:
    """A minimal formula in `and`, `or` and `not`.

    Both the minimal sum of products and the minimal product of sums are found exactly (fewest
    terms, then fewest literals); the one with fewer literals is written.

    Args:
        names: the inputs, the first one changing slowest.
        values: (2^inputs,) bools.

    Reference: W. V. Quine, "The problem of simplifying truth functions", 1952; E. J. McCluskey,
    "Minimization of Boolean functions", 1956.

    >>> minimal_formula("AB", np.array([False, True, True, False]))
    '(A and not B) or (not A and B)'
    >>> minimal_formula("ABC", np.array([0, 0, 0, 0, 1, 0, 1, 1], bool))
    'A and (B or not C)'
    """
    if values.all() or not values.any():
        return "true" if values.all() else "false"
    count = len(names)
    sums = cover(set(np.flatnonzero(values).tolist()), count)
    products = cover(set(np.flatnonzero(~values).tolist()), count)
    if _literals(sums) <= _literals(products):
        return _written(sums, names, "and", "or", turned=False)
    return _written(products, names, "or", "and", turned=True)


def cover(rows: set[int], count: int) -> list[Implicant]:
    """The fewest implicants that are true in these rows and in no other."""
    primes = prime_implicants(rows, count)
    by_row = {row: [p for p in primes if row & p[0] == p[1]] for row in rows}
    covers = {p: frozenset(r for r in rows if r & p[0] == p[1]) for p in primes}
    return _Search(by_row, covers).best


def prime_implicants(rows: set[int], count: int) -> list[Implicant]:
    """The implicants that no other one contains.

    >>> prime_implicants({2, 3, 1}, 2)
    [(1, 1), (2, 2)]
    """
    now = {(2**count - 1, row) for row in rows}
    primes: list[Implicant] = []
    while now:
        merged, wider = set(), set()
        for mask, value in now:
            for bit in (1 << i for i in range(count)):
                if mask & bit and (mask, value ^ bit) in now:
                    merged.add((mask, value))
                    wider.add((mask & ~bit, value & ~bit))
        primes += now - merged
        now = wider
    return sorted(primes)


class _Search:
    """Branch and bound for the cheapest choice of implicants that covers all rows."""

    def __init__(
        self,
        by_row: dict[int, list[Implicant]],
        covers: dict[Implicant, frozenset[int]],
    ):
        self.by_row, self.covers = by_row, covers
        self.best = self.greedy()
        self.visit(frozenset(by_row), [])

    @staticmethod
    def cost(chosen: list[Implicant]) -> tuple[int, int]:
        return len(chosen), _literals(chosen)

    def greedy(self) -> list[Implicant]:
        left, chosen = set(self.by_row), []
        while left:
            one = max(self.covers, key=lambda p: (len(self.covers[p] & left), -p[0].bit_count()))
            chosen.append(one)
            left -= self.covers[one]
        return chosen

    def visit(self, left: frozenset[int], chosen: list[Implicant]) -> None:
        if not left:
            if self.cost(chosen) < self.cost(self.best):
                self.best = list(chosen)
            return
        terms, literals = self.cost(chosen)
        more, longer = self.bound(left)
        if (terms + more, literals + longer) >= self.cost(self.best):
            return
        row = min(left, key=lambda r: (len(self.by_row[r]), r))
        for one in sorted(self.by_row[row], key=lambda p: -len(self.covers[p] & left)):
            self.visit(left - self.covers[one], [*chosen, one])

    def bound(self, left: frozenset[int]) -> tuple[int, int]:
        """Terms and literals that are needed at least: for rows that share no implicant."""
        taken: set[Implicant] = set()
        terms = literals = 0
        for row in sorted(left, key=lambda r: (len(self.by_row[r]), r)):
            if taken.isdisjoint(self.by_row[row]):
                taken.update(self.by_row[row])
                terms += 1
                literals += min(p[0].bit_count() for p in self.by_row[row])
        return terms, literals


def _literals(implicants: Sequence[Implicant]) -> int:
    return sum(mask.bit_count() for mask, _ in implicants)


def _written(
    implicants: Sequence[Implicant], names: Sequence[str], inner: str, outer: str, turned: bool
) -> str:
    places = range(len(names))
    # Of each input in each term: 0 where it stands as it is, 1 negated, 2 not at all; so sorted,
    # terms come in the order in which people write them.
    signs = sorted(
        [
            2 if not mask & bit else int(bool(value & bit) == turned)
            for bit in (1 << (len(names) - 1 - place) for place in places)
        ]
        for mask, value in implicants
    )
    terms = [
        f" {inner} ".join(("", "not ")[one[i]] + names[i] for i in places if one[i] < 2)
        for one in signs
    ]
    if len(terms) == 1:
        return terms[0]
    closed = [f"({t})" if f" {inner} " in t else t for t in terms]
    return f" {outer} ".join(closed)
