"""HashedWords: text of several words as a vector."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import setting
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.layers.arguments import POSITIVE
from rosenblatt.layers.preprocessing.fingerprints import farmhash64
from rosenblatt.layers.tabular.host import RawLayer, Values, each_once, word_of

_WORD = re.compile(r"\w+")


@builtin("rosenblatt.layers")
class HashedWords(RawLayer):
    """Text of several words as a vector: each word adds +1 or −1 at a place that its hash says.

    v_b = Σ ±1 / √n over the n words of a text that fall on b; the sign, a bit of the hash too,
    makes words that share a place cancel on average instead of adding up.

    Args:
        bins: size of the vectors.

    Inputs: text (batch,) or (batch, 1); words are runs of letters and digits, in any case. Outputs:
    float32 (batch, bins), 0 for a text without words and where it is missing.

    Raises:
        ValueError: `bins` is not a positive integer; more than one column.

    Reference: K. Weinberger, A. Dasgupta, J. Langford, A. Smola and J. Attenberg, "Feature hashing
    for large scale multitask learning", 2009.

    >>> found = HashedWords(8)(np.array(["a red car", "A car, red!", None], object))
    >>> bool((found[0] == found[1]).all()), found[2].tolist() == [0.0] * 8
    (True, True)
    """

    bins: int = setting(POSITIVE)

    def lookup(self, inputs: Values) -> Values:
        """The vectors."""
        if inputs.shape[1:] not in ((), (1,)):
            raise BadData(
                f"{self._where} takes one text in each row.",
                given=f"an array of shape {inputs.shape}",
            )
        return each_once(self._vectors, inputs)

    def _vectors(self, items: list[Any]) -> Values:
        found = [_WORD.findall((word_of(item) or "").lower()) for item in items]
        lengths = np.fromiter(map(len, found), np.int64, len(found))
        words = [word for words in found for word in words]
        vectors = np.zeros((len(items), self.bins), np.float32)
        if not words:
            return vectors
        places = {word: place for place, word in enumerate(dict.fromkeys(words))}
        prints = farmhash64(list(places))
        codes = np.fromiter(map(places.__getitem__, words), np.intp, len(words))
        bins = (prints % np.uint64(self.bins)).astype(np.int64)[codes]
        signs = np.where(prints >> np.uint64(63), 1.0, -1.0)[codes]
        rows = np.repeat(np.arange(len(items)), lengths)
        np.add.at(vectors, (rows, bins), signs / np.sqrt(lengths[rows]))
        return vectors

    def found_spec(self, inputs: KerasTensor) -> KerasTensor:
        """A symbolic tensor like what `lookup` finds."""
        return KerasTensor((inputs.shape[0], self.bins), "float32")
