"""IntegerLookup: integers of any size as small ones."""

from __future__ import annotations

import numpy as np

from rosenblatt.core.checks import anything, choice
from rosenblatt.core.settings import HOST, setting
from rosenblatt.layers.family import family
from rosenblatt.layers.preprocessing.hashing import text_bins
from rosenblatt.layers.preprocessing.lookup import IndexLookup


@family.entry()
class IntegerLookup(IndexLookup):
    """Integers, such as ids of 64 bits, to their places in a vocabulary.

    Args:
        max_tokens: most tokens of the vocabulary, special ones among them; None for no limit.
        num_oov_indices: how many places unknown integers share; 0 makes them an error.
        mask_token: the integer that means "nothing here": place 0 in "int" mode, and left out in
            the others.
        oov_token: what the inverse gives for unknown integers' places.
        vocabulary: the tokens, or the path of a file with one in each line.
        vocabulary_dtype: must be "int64".
        idf_weights: inverse document frequencies of the tokens, for "tf_idf".
        invert: places to integers.
        output_mode: "int"; "one_hot"; or, one vector for the last axis, "multi_hot", "count" or
            "tf_idf" (counts times log(1 + documents / (1 + documents with the token))).
        sparse: must be False.
        pad_to_max_tokens: make vectors of size `max_tokens` whatever the vocabulary's size.
        oov_method: how unknown integers get one of several places: "floormod", the remainder, or
            "farmhash" of their digits.
        salt: an integer or two: SipHash instead of FarmHash.

    Raises:
        ValueError: arguments that do not go together; a vocabulary with a token twice.

    >>> layer = IntegerLookup(vocabulary=[7001, 12], output_mode="one_hot")
    >>> layer(np.array([12, 5]))
    Array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """

    oov_token: int | None = setting(anything, default=-1, role=HOST, kw_only=True)
    vocabulary_dtype: str = setting(choice("int64"), default="int64", kw_only=True)
    __argument_order__ = (
        "max_tokens", "num_oov_indices", "mask_token", "oov_token", "vocabulary",
        "vocabulary_dtype", "idf_weights", "invert", "output_mode", "sparse",
        "pad_to_max_tokens", "oov_method", "salt", "name",
    )  # fmt: skip

    def _bins_of(self, values: np.ndarray) -> np.ndarray:
        if self.oov_method == "floormod":
            return values.astype(np.int64) % self.num_oov_indices
        return text_bins(values, self.num_oov_indices, self.salt, self._where)
