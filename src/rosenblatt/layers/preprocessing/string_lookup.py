"""StringLookup: strings as integers."""

from __future__ import annotations

import numpy as np

from rosenblatt.core.checks import anything
from rosenblatt.core.settings import HOST, setting
from rosenblatt.layers.family import family
from rosenblatt.layers.preprocessing.hashing import text_bins
from rosenblatt.layers.preprocessing.lookup import IndexLookup


@family.entry()
class StringLookup(IndexLookup):
    """Strings to integers, their places in a vocabulary that is given or learned with `adapt`.

    It looks strings up on the host, so it needs no TensorFlow; in a model it does so once for the
    data, before the compiled program runs.

    Args:
        max_tokens: most tokens of the vocabulary, special ones among them; None for no limit.
        num_oov_indices: how many places unknown strings share (by hash, where more than one); 0
            makes them an error.
        mask_token: the string that means "nothing here": place 0 in "int" mode, and left out in
            the others.
        oov_token: what the inverse gives for unknown strings' places.
        vocabulary: the tokens, or the path of a file with one in each line.
        idf_weights: inverse document frequencies of the tokens, for "tf_idf".
        invert: places to strings.
        output_mode: "int"; "one_hot"; or, one vector for the last axis, "multi_hot", "count" or
            "tf_idf" (counts times log(1 + documents / (1 + documents with the token))).
        pad_to_max_tokens: make vectors of size `max_tokens` whatever the vocabulary's size.
        sparse: must be False.
        encoding: kept for Keras's sake; bytes are read as UTF-8.
        salt: an integer or two; unknown strings are then put in places by SipHash, not FarmHash.

    Raises:
        ValueError: arguments that do not go together; a vocabulary with a token twice.

    >>> layer = StringLookup(vocabulary=["Rome", "Bonn"])
    >>> layer(np.array(["Bonn", "Paris", "Rome"]))
    Array([2, 0, 1], dtype=int32)
    >>> layer.get_vocabulary()
    ['[UNK]', 'Rome', 'Bonn']
    """

    oov_token: str | None = setting(anything, default="[UNK]", role=HOST, kw_only=True)
    encoding: str = setting(anything, default="utf-8", role=HOST, kw_only=True)
    __argument_order__ = (
        "max_tokens", "num_oov_indices", "mask_token", "oov_token", "vocabulary", "idf_weights",
        "invert", "output_mode", "pad_to_max_tokens", "sparse", "encoding", "name", "salt",
        "oov_method",
    )  # fmt: skip

    def _bins_of(self, values: np.ndarray) -> np.ndarray:
        return text_bins(values, self.num_oov_indices, self.salt, self._where)
