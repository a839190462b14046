"""Tables from tokens to their places, for many values at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from typing import Any

import numpy as np

from rosenblatt.core.types import Mask
from rosenblatt.data.text import texts
from rosenblatt.layers.preprocessing.host import integers

UNKNOWN, MASKED = -1, -2


class TextTable:
    """Places of strings.

    Args:
        tokens: the strings, each once.
        mask: the string that gives `MASKED`, or None.
    """

    def __init__(self, tokens: Sequence[str], mask: str | None = None):
        self.tokens = list(tokens)
        self._places: dict[Any, int] = dict(zip(self.tokens, range(len(self.tokens)), strict=True))
        if mask is not None:
            self._places[mask] = MASKED

    def find(self, array: np.ndarray, where: str) -> np.ndarray:
        """The place of each value, int64 of the array's shape.

        >>> TextTable(["b", "a"], mask="").find(np.array(["a", "x", ""]), "here")
        array([ 1, -1, -2])
        """
        items = texts(array, where)
        found = np.fromiter(map(self._places.get, items, repeat(UNKNOWN)), np.int64, len(items))
        return found.reshape(array.shape)

    def take(self, places: np.ndarray, unknown: Any, mask: Mask) -> np.ndarray:
        """The string at each place; `unknown` outside, `mask` at `MASKED`."""
        known = np.array([*self.tokens, mask if mask is not None else "", unknown], object)
        last = len(self.tokens)
        inside = (places >= 0) & (places < last)
        return known[np.where(inside, places, np.where(places == MASKED, last, last + 1))]


class IntegerTable:
    """Places of integers, as `TextTable` has those of strings."""

    def __init__(self, tokens: Sequence[int], mask: int | None = None):
        values = np.asarray(tokens, np.int64).reshape(-1)
        self.tokens = values.tolist()
        self._mask = mask
        self._order = np.argsort(values, kind="stable")
        self._sorted = values[self._order]

    def find(self, array: np.ndarray, where: str) -> np.ndarray:
        """The place of each value, int64 of the array's shape.

        >>> IntegerTable([30, 10], mask=0).find(np.array([10, 5, 0]), "here")
        array([ 1, -1, -2])
        """
        values = integers(array, where)
        found = np.full(values.shape, UNKNOWN, np.int64)
        if len(self._sorted):
            near = np.minimum(np.searchsorted(self._sorted, values), len(self._sorted) - 1)
            found = np.where(self._sorted[near] == values, self._order[near], UNKNOWN)
        return found if self._mask is None else np.where(values == self._mask, MASKED, found)

    def take(self, places: np.ndarray, unknown: Any, mask: Mask) -> np.ndarray:
        """The integer at each place; `unknown` outside, `mask` at `MASKED`."""
        known = np.array([*self.tokens, mask or 0, unknown], np.int64)
        last = len(self.tokens)
        inside = (places >= 0) & (places < last)
        return known[np.where(inside, places, np.where(places == MASKED, last, last + 1))]


class TokenCounts:
    """How often each token was seen, and in how many documents (rows).

    Args:
        text: whether tokens are strings; integers otherwise.
        by_document: whether documents are counted too.
    """

    def __init__(self, text: bool, by_document: bool):
        self._text = text
        self._by_document = by_document
        self.tokens: Counter[Any] = Counter()
        self.documents: Counter[Any] = Counter()
        self.n_documents = 0

    def update(self, array: np.ndarray, where: str) -> None:
        """Count the tokens of (rows, length) values."""
        if self._text:
            items = texts(array, where)
            if not self._by_document:
                self.tokens.update(items)
                return
            names = list(dict.fromkeys(items))
            table = TextTable(names)
            codes = np.fromiter(map(table._places.__getitem__, items), np.int64, len(items))
        else:
            values, codes = np.unique(integers(array, where), return_inverse=True)
            names = values.tolist()
        self._add(self.tokens, names, np.bincount(codes.ravel(), minlength=len(names)))
        if self._by_document:
            rows = np.sort(codes.reshape(array.shape), axis=1)
            first = np.ones(rows.shape, bool)
            first[:, 1:] = rows[:, 1:] != rows[:, :-1]
            self._add(self.documents, names, np.bincount(rows[first], minlength=len(names)))
            self.n_documents += len(rows)

    @staticmethod
    def _add(counts: Counter[Any], names: list[Any], numbers: np.ndarray) -> None:
        counts.update(dict(zip(names, numbers.tolist(), strict=True)))

    def ranked(self, without: Sequence[Any], most: int | None) -> list[Any]:
        """The tokens, the most frequent first; those seen equally often from high to low.

        Args:
            without: tokens to leave out.
            most: how many to give.
        """
        left_out = set(without)
        # Strings are ordered by their UTF-8 bytes, which is the order of code points.
        tokens = sorted((t for t in self.tokens if t not in left_out), reverse=True)
        tokens.sort(key=self.tokens.__getitem__, reverse=True)
        return tokens[:most]
