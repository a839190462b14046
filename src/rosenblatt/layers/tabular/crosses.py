"""CrossIndex: combinations of categories as codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.checks import anything
from rosenblatt.core.errors import BadArgument, BadData, NotFitted
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import HOST, setting
from rosenblatt.core.symbolic import KerasTensor, tree_leaves
from rosenblatt.core.types import Tree
from rosenblatt.layers.tabular.arguments import SIZES
from rosenblatt.layers.tabular.host import RawLayer, Values

Keys = NDArray[np.int64]


def crossed(codes: Sequence[NDArray[np.integer]], sizes: Sequence[int]) -> Keys:
    """A number for each combination of codes.

    Args:
        codes: (rows,) arrays.
        sizes: how many codes each of them has.

    >>> crossed([np.array([0, 1]), np.array([2, 2])], [2, 3]).tolist()
    [2, 5]
    """
    keys = np.zeros(len(codes[0]), np.int64)
    for one, size in zip(codes, sizes, strict=True):
        keys = keys * size + one
    return keys


@builtin("rosenblatt.layers")
class CrossIndex(RawLayer):
    """Combinations of codes as codes: the place of each in a list, from 1 on; 0 for all others.

    Args:
        sizes: how many codes each of the inputs has.
        keys: (combinations,) the known ones in rising order, each as the number
            (a · size_b + b) · size_c + c … of its codes; None where they come from a file.

    Inputs: a list of codes, each (batch,) or (batch, 1). Outputs: int32 (batch,).

    Raises:
        ValueError: keys out of order, or more or fewer inputs than sizes.
        RuntimeError: there are no keys yet.

    >>> layer = CrossIndex([2, 3], keys=[1, 5])
    >>> layer([np.array([0, 1, 1]), np.array([1, 2, 0])])
    Array([1, 2, 0], dtype=int32)
    """

    sizes: Sequence[int] = setting(SIZES)
    keys: Any = setting(anything, default=None, attribute="_given_keys", saved=False, role=HOST)

    def __post_init__(self) -> None:
        """Take the keys that are given."""
        given = vars(self).pop("_given_keys")
        self._keys: Keys | None = None
        if given is not None:
            self._take(np.asarray(given))

    @property
    def size(self) -> int:
        """How many codes there are, 0 among them."""
        return 1 if self._keys is None else len(self._keys) + 1

    @property
    def known_keys(self) -> Keys:
        """(combinations,) the numbers of the known combinations, in rising order.

        Raises:
            RuntimeError: there are no keys yet.
        """
        if self._keys is None:
            raise NotFitted(
                f"{self._where} has no keys yet.",
                fix="make it with `keys=`, or load the file that the layer was saved in.",
            )
        return self._keys

    def _take(self, keys: NDArray[Any]) -> None:
        if keys.ndim != 1 or keys.dtype.kind not in "iu" or (np.diff(keys) <= 0).any():
            raise BadArgument(
                f"{self._where}: bad `keys`.",
                given=f"an array of dtype {keys.dtype}, shape {keys.shape}",
                expected="whole numbers in rising order",
            )
        self._keys = keys.astype(np.int64)

    def lookup(self, inputs: Tree) -> Values:
        """The codes of combinations."""
        keys = self.known_keys
        arrays = [np.asarray(one).reshape(len(one)) for one in tree_leaves(inputs)]
        if len(arrays) != len(self.sizes):
            raise BadData(
                f"{self._where} takes {len(self.sizes)} columns of codes.", given=len(arrays)
            )
        known = [
            np.where((codes >= 0) & (codes < size), codes, 0)
            for codes, size in zip(arrays, self.sizes, strict=True)
        ]
        wanted = crossed(known, self.sizes)
        if not len(keys):
            return np.zeros(len(wanted), np.int32)
        near = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[near] == wanted, near + 1, 0).astype(np.int32)

    def found_spec(self, inputs: Tree) -> KerasTensor:
        """A symbolic tensor like what `lookup` finds."""
        tensors: Sequence[KerasTensor] = tree_leaves(inputs)
        if len(tensors) != len(self.sizes):
            raise BadData(
                f"{self._where} takes {len(self.sizes)} columns of codes.", given=len(tensors)
            )
        return KerasTensor(tensors[0].shape[:1], "int32")

    def save_own_variables(self, store: Any) -> None:
        """Put the keys into a mapping."""
        if self._keys is not None:
            store["keys"] = self._keys

    def load_own_variables(self, store: Any) -> None:
        """Take the keys from a mapping."""
        if "keys" in store:
            self._take(np.asarray(store["keys"]))
