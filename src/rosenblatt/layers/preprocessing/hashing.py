"""Hashing and HashedCrossing: values, or combinations of values, in a fixed number of bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.checks import anything
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import HOST, setting
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.types import Config, Tree
from rosenblatt.data.text import host_array, texts
from rosenblatt.layers.arguments import POSITIVE
from rosenblatt.layers.family import family
from rosenblatt.layers.preprocessing.arguments import DENSE, SALT, modes
from rosenblatt.layers.preprocessing.encoding import encoded
from rosenblatt.layers.preprocessing.fingerprints import chained, farmhash64, siphash64
from rosenblatt.layers.preprocessing.host import HostLayer, integers


def use_dtype(layer: Hashing | HashedCrossing) -> None:
    """Give a layer the dtype it was given, else integers for bins that stay integers."""
    given = vars(layer).pop("_given_dtype")
    if given is None and layer.output_mode == "int":
        given = "int64"
    layer.dtype_policy = dtypes.get_policy(given)


def _distinct_texts(array: np.ndarray, where: str) -> tuple[list[str], np.ndarray]:
    """The different values as strings (integers in decimal), and which of them each value is."""
    if dtypes.is_text(array):
        items = texts(array, where)
        names = list(dict.fromkeys(items))
        places = dict(zip(names, range(len(names)), strict=True))
        codes = np.fromiter(map(places.__getitem__, items), np.int64, len(items))
        return names, codes.reshape(array.shape)
    values, codes = np.unique(integers(array, where), return_inverse=True)
    return list(map(str, values.tolist())), codes.reshape(array.shape)


def text_bins(array: np.ndarray, bins: int, salt: Sequence[int] | None, where: str) -> np.ndarray:
    """The bin of each value, by FarmHash64, or by SipHash under a salt; each value hashed once."""
    names, codes = _distinct_texts(array, where)
    prints = farmhash64(names) if salt is None else siphash64(names, salt)
    return (prints % np.uint64(bins)).astype(np.int64)[codes]


@family.entry()
class Hashing(HostLayer):
    """Strings or integers to bins: FarmHash64 of their text, modulo the number of bins.

    The bins are those of Keras on TensorFlow. Nothing has to be learned; values may share a bin.

    Args:
        num_bins: how many bins, that of `mask_value` among them.
        mask_value: the value that alone has bin 0.
        salt: an integer or two, the key of SipHash, which is then used instead: others cannot
            find values that share a bin.
        output_mode: "int"; "one_hot"; or, one vector for the last axis, "multi_hot", "count".
        sparse: must be False.

    Raises:
        ValueError: an argument out of range.

    >>> Hashing(num_bins=3)(np.array(["A", "B", "C"]))
    Array([1, 0, 1], dtype=int32)
    """

    num_bins: int = setting(POSITIVE)
    mask_value: Any = setting(anything, default=None, role=HOST)
    salt: Any = SALT
    output_mode: str = setting(modes("int", "one_hot", "multi_hot", "count"), default="int")
    sparse: bool = DENSE
    dtype: Any = setting(
        anything, default=None, kw_only=True, attribute="_given_dtype", saved=False
    )

    def __post_init__(self) -> None:
        """Bins are integers, unless they become vectors."""
        use_dtype(self)
        if self.output_mode == "int" and self.dtype_policy.name not in ("int32", "int64"):
            raise BadArgument(
                f'{self._where}: `output_mode="int"` gives integers.',
                given=f"dtype={self.dtype_policy.name!r}",
                expected="'int32' or 'int64'",
            )

    def lookup(self, inputs: Tree) -> np.ndarray:
        """The bins of values, int32."""
        if inputs.dtype.kind == "f":
            inputs = inputs.astype(np.int64)
        bins = self.num_bins
        if self.mask_value is None or bins == 1:
            return text_bins(inputs, bins, self.salt, self._where).astype(np.int32)
        found = text_bins(inputs, bins - 1, self.salt, self._where) + 1
        return np.where(inputs == self.mask_value, 0, found).astype(np.int32)

    def encode(self, found: Any) -> Any:
        """The bins in the output mode."""
        return encoded(found, self.output_mode, self.num_bins, self.compute_dtype)


@family.entry()
class HashedCrossing(HostLayer):
    """Combinations of two or more features to bins: a hash of each row's values together.

    The bins are those of Keras on TensorFlow.

    Args:
        num_bins: how many bins.
        output_mode: "int" or "one_hot".
        sparse: must be False.

    Raises:
        ValueError: an argument out of range; inputs other than one value in each row.

    >>> HashedCrossing(num_bins=5)((np.array(["A", "B", "A"]), np.array([101, 101, 102])))
    Array([1, 4, 3], dtype=int32)
    """

    num_bins: int = setting(POSITIVE)
    output_mode: str = setting(modes("int", "one_hot"), default="int")
    sparse: bool = DENSE
    dtype: Any = setting(
        anything, default=None, kw_only=True, attribute="_given_dtype", saved=False
    )
    __argument_order__ = ("name", "dtype")

    def __post_init__(self) -> None:
        """Bins are integers, unless they become vectors."""
        use_dtype(self)

    def read(self, inputs: Tree) -> Any:
        """The features as NumPy arrays.

        Raises:
            ValueError: fewer than two, or not one value in each row of each.
        """
        self._require_several(inputs)
        arrays = [host_array(value, self._where) for value in inputs]
        check_features([a.shape for a in arrays], self._where)
        return arrays

    def _require_several(self, inputs: Tree) -> None:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise BadArgument(
                f"{self._where} takes a list of two or more features.",
                given=f"a {type(inputs).__name__}",
                fix="write `layer([first, second])`.",
            )

    def lookup(self, inputs: Tree) -> np.ndarray:
        """The bins of combinations, int32."""
        prints = []
        for array in inputs:
            if dtypes.is_text(array):
                names, codes = _distinct_texts(array, self._where)
                prints.append(farmhash64(names)[codes].ravel())
            else:
                prints.append(integers(array, self._where).ravel())
        bins = chained(prints) % np.uint64(self.num_bins)
        return bins.astype(np.int32).reshape(inputs[0].shape)

    def encode(self, found: Any) -> Any:
        """The bins in the output mode."""
        return encoded(found, self.output_mode, self.num_bins, self.compute_dtype)

    def found_spec(self, inputs: Tree) -> Any:
        """A symbolic tensor like what `lookup` finds."""
        self._require_several(inputs)
        check_features([t.shape for t in inputs], self._where)
        return KerasTensor(inputs[0].shape, "int32")

    def get_config(self) -> Config:
        """The arguments that make an equal layer."""
        return {**self.own_config(), "name": self.name, "dtype": self.dtype_policy.name}


def check_features(shapes: list[tuple[int | None, ...]], where: str) -> None:
    """Refuse features that are not columns of equal length.

    Raises:
        ValueError: naming the layer and the shapes.
    """
    first = shapes[0]
    if any(s != first for s in shapes) or len(first) > 2 or (len(first) == 2 and first[1] != 1):
        raise BadArgument(
            f"{where} takes features with one value in each row.",
            given=f"shapes {', '.join(map(str, shapes))}",
            expected="equal shapes (rows,) or (rows, 1)",
        )
