"""Hashing and HashedCrossing: values, or combinations of values, in a fixed number of bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.data.text import host_array, is_text, texts
from rosenblatt.layers.preprocessing.encoding import encoded, output_mode_of, refuse_sparse
from rosenblatt.layers.preprocessing.fingerprints import chained, farmhash64, siphash64
from rosenblatt.layers.preprocessing.host import HostLayer, integers
from rosenblatt.layers.preprocessing.lookup_arguments import check_salt


def _distinct_texts(array: np.ndarray, where: str) -> tuple[list[str], np.ndarray]:
    """The different values as strings (integers in decimal), and which of them each value is."""
    if is_text(array):
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


@builtin("keras.layers")
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

    config_fields = ("num_bins", "salt", "mask_value", "output_mode", "sparse")
    untraced = (*HostLayer.untraced, "salt", "mask_value")

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ):
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else None
        super().__init__(**kwargs)
        where = self._where
        self.output_mode = output_mode_of(
            output_mode, ("int", "one_hot", "multi_hot", "count"), where
        )
        refuse_sparse(sparse, where)
        check_bins(num_bins, where)
        check_salt(salt, where)
        if output_mode == "int" and self.dtype_policy.name not in ("int32", "int64"):
            raise ValueError(
                explain(
                    f'{where}: `output_mode="int"` gives integers.',
                    given=f"dtype={self.dtype_policy.name!r}",
                    expected="'int32' or 'int64'",
                )
            )
        self.num_bins = num_bins
        self.mask_value = mask_value
        self.salt = [salt, salt] if isinstance(salt, int) else salt and list(salt)
        self.sparse = False

    def lookup(self, inputs: Any) -> np.ndarray:
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
        return encoded(found, self.output_mode, self.num_bins, self.dtype_policy.name)


@builtin("keras.layers")
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

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        if dtype is None and output_mode == "int":
            dtype = "int64"
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.output_mode = output_mode_of(output_mode, ("int", "one_hot"), self._where)
        refuse_sparse(sparse, self._where)
        check_bins(num_bins, self._where)
        self.num_bins = num_bins
        self.sparse = False

    def read(self, inputs: Any) -> Any:
        """The features as NumPy arrays.

        Raises:
            ValueError: fewer than two, or not one value in each row of each.
        """
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(
                explain(
                    f"{self._where} takes a list of two or more features.",
                    given=f"a {type(inputs).__name__}",
                    fix="write `layer([first, second])`.",
                )
            )
        arrays = [host_array(value, self._where) for value in inputs]
        check_features([a.shape for a in arrays], self._where)
        return arrays

    def lookup(self, inputs: Any) -> np.ndarray:
        """The bins of combinations, int32."""
        prints = []
        for array in inputs:
            if is_text(array):
                names, codes = _distinct_texts(array, self._where)
                prints.append(farmhash64(names)[codes].ravel())
            else:
                prints.append(integers(array, self._where).ravel())
        bins = chained(prints) % np.uint64(self.num_bins)
        return bins.astype(np.int32).reshape(inputs[0].shape)

    def encode(self, found: Any) -> Any:
        """The bins in the output mode."""
        return encoded(found, self.output_mode, self.num_bins, self.dtype_policy.name)

    def found_spec(self, inputs: Any) -> Any:
        """A symbolic tensor like what `lookup` finds."""
        check_features([t.shape for t in inputs], self._where)
        return KerasTensor(inputs[0].shape, "int32")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype_policy.name,
        }


def check_bins(num_bins: Any, where: str) -> None:
    """Refuse a number of bins that is not positive.

    Raises:
        ValueError: naming the layer.
    """
    if num_bins is None or num_bins < 1:
        raise ValueError(
            explain(f"{where}: `num_bins` is out of range.", given=num_bins, expected="1 or more")
        )


def check_features(shapes: list[tuple[int | None, ...]], where: str) -> None:
    """Refuse features that are not columns of equal length.

    Raises:
        ValueError: naming the layer and the shapes.
    """
    first = shapes[0]
    if any(s != first for s in shapes) or len(first) > 2 or (len(first) == 2 and first[1] != 1):
        raise ValueError(
            explain(
                f"{where} takes features with one value in each row.",
                given=f"shapes {', '.join(map(str, shapes))}",
                expected="equal shapes (rows,) or (rows, 1)",
            )
        )
