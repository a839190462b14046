"""What the data of a search have in common with those of another call only if they are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from rosenblatt.data.arrays import named_leaves
from rosenblatt.data.frames import columns_of, is_deferred, is_frame, is_series
from rosenblatt.data.reading import is_stream

_NAMES = ("x", "y", "sample_weight")
_PLAIN = (str, bytes, bool, int, float, complex)
_VALUES = (*_PLAIN, list, tuple)


def fingerprint(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """A hash of the content of what `search` was given to train and to validate on.

    Args:
        args, kwargs: of `search`.

    Returns:
        None where there is something of which the content is not known: a stream, an object.

    >>> one, other = (fingerprint((np.arange(3), kind), {}) for kind in ([1, 2, 3], (1, 2, 3)))
    >>> one == other, one == fingerprint((np.arange(3), [1, 2, 4]), {})
    (True, False)
    """
    given = dict(zip(_NAMES, args, strict=False)) | {n: v for n, v in kwargs.items() if n in _NAMES}
    given["validation_split"] = kwargs.get("validation_split")
    validation = kwargs.get("validation_data")
    if isinstance(validation, (tuple, list)):
        given |= {f"validation {name}": v for name, v in zip(_NAMES, validation, strict=False)}
    elif validation is not None:
        return None
    digest = hashlib.blake2b(digest_size=16)
    for name, value in given.items():
        if is_stream(value):
            return None
        for place, leaf in named_leaves(value, name):
            arrays = _arrays_of(leaf)
            if arrays is None:
                return None
            for array in arrays:
                digest.update(f"{place} {array.shape} ".encode())
                digest.update(_bytes_of(array))
    return digest.hexdigest()


def _arrays_of(leaf: Any) -> list[np.ndarray] | None:
    """The content of a leaf; None of what is not an array, table or list of values."""
    if is_frame(leaf):
        if is_deferred(leaf):
            return None
        parts = columns_of(leaf)
    elif hasattr(leaf, "tocsr"):
        rows = leaf.tocsr()
        parts = [rows.data, rows.indices, rows.indptr]
    elif is_series(leaf) or hasattr(leaf, "__array__") or isinstance(leaf, _VALUES):
        parts = [leaf]
    else:
        return None
    try:
        arrays = [np.asarray(part) for part in parts]
    except (ValueError, TypeError, RuntimeError):  # lists of several lengths; tensors elsewhere
        return None
    plain = all(array.dtype.kind != "O" or _is_plain(array) for array in arrays)
    return arrays if plain else None


def _is_plain(array: np.ndarray) -> bool:
    """Whether the same values have the same text in every process."""
    return all(value is None or isinstance(value, _PLAIN) for value in array.ravel().tolist())


def _bytes_of(array: np.ndarray) -> Any:
    if array.dtype.kind in "OUSMm":
        return "\0".join(map(str, array.ravel().tolist())).encode()
    return np.ascontiguousarray(array).data
