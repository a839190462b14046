"""From what a user passes to `fit` to a source of batches."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.data.blocks import ArraySource, Block, Shuffle
from rosenblatt.data.columns import (
    as_arrays,
    check_lengths,
    column_names,
    named_leaves,
    not_finite,
    refuse,
)
from rosenblatt.data.frames import is_frame, is_series
from rosenblatt.data.pydataset import PyDataset, is_py_dataset
from rosenblatt.data.streams import PARTS, StreamSource
from rosenblatt.data.weights import with_class_weight

__all__ = ["ArraySource", "Block", "PyDataset", "StreamSource", "is_stream", "make_source"]

_ARRAYS = (np.ndarray, np.generic, numbers.Number, str, bytes, list, tuple, Mapping)


def is_stream(x: Any) -> bool:
    """Whether `x` gives batches one after another, and is not an array or a nest of arrays.

    >>> is_stream(iter([1])), is_stream([1]), is_stream(np.ones(3))
    (True, False, False)
    """
    if is_py_dataset(x):
        return True
    if isinstance(x, _ARRAYS) or is_frame(x) or is_series(x):
        return False
    if any(hasattr(x, name) for name in ("__array__", "toarray", "detach")):
        return False
    return hasattr(x, "__iter__")


def make_source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: Shuffle = False,
    seed: int | None = None,
    class_weight: Mapping[int, float] | None = None,
    steps: int | None = None,
    finite: bool | Literal["later"] = True,
    prepare: Callable[[Any], Any] | None = None,
) -> ArraySource | StreamSource:
    """Make a source of batches from the data arguments of `fit`, `evaluate` or `predict`.

    Args:
        x, y, sample_weight: arrays (see `as_arrays`), or in x a stream that holds all three.
        batch_size: rows of a batch of arrays; None is 32, or what makes `steps` batches. A stream
            has its own.
        shuffle: as for `ArraySource`; streams other than a `PyDataset` keep their order.
        seed: of the shuffling; drawn if None.
        class_weight: class number to weight, multiplied into the sample weights.
        steps: batches of an epoch, used for the batch size only.
        finite: whether NaN and infinity are refused: here, or "later", by what `bring` is given.
        prepare: makes arrays of numbers of the inputs as they come (text among them).

    Raises:
        ValueError: data of a wrong kind, length or content; y or weights beside a stream.

    >>> make_source([[1.0], [2.0], [3.0]], [0, 1, 0], batch_size=2).n_batches
    2
    """
    if x is None:
        raise ValueError(
            explain("x is missing.", fix="pass the inputs, e.g. `model.fit(x_train, y_train)`.")
        )
    if is_stream(x):
        _refuse_beside_stream(x, y=y, sample_weight=sample_weight)
        return StreamSource(x, shuffle, seed, class_weight, finite=finite, prepare=prepare)
    if any(c.__module__ == "torch.utils.data.dataset" for c in type(x).__mro__):
        raise ValueError(
            explain(
                "x is a PyTorch Dataset, which gives single samples.",
                fix="wrap it: `torch.utils.data.DataLoader(x, batch_size=32, shuffle=True)`.",
            )
        )
    if prepare is not None:
        x = prepare(x)
    parts = {}
    for what, part in zip(PARTS, (x, y, sample_weight), strict=True):
        parts[what] = as_arrays(part, what)
    rows = check_lengths(**parts)
    suspects: dict[str, str] = {}
    for what, part in zip(PARTS, (x, y, sample_weight), strict=True) if finite else ():
        suspects |= not_finite(parts[what], what, column_names(part, what))
    if finite != "later":
        refuse(suspects)
    _check_weight_structure(parts["y"], parts["sample_weight"])
    if class_weight is not None:
        weight = with_class_weight(parts["y"], parts["sample_weight"], class_weight)
        parts["sample_weight"] = weight
    if batch_size is None:
        batch_size = math.ceil(rows / steps) if steps else 32
    return ArraySource(tuple(parts.values()), batch_size, shuffle, seed, suspects=suspects)


def _refuse_beside_stream(x: Any, **parts: Any) -> None:
    for name, part in parts.items():
        if part is not None:
            raise ValueError(
                explain(
                    f"`{name}` was passed beside a stream of batches.",
                    given=f"x of type {type(x).__qualname__} and {name}",
                    expected="a stream that gives `(x, y)` or `(x, y, sample_weight)`",
                    fix=f"let each batch hold its own {name}, and pass x alone.",
                )
            )


def _check_weight_structure(y: Any, weight: Any) -> None:
    """Several weights need an output each; a single array serves every output."""
    if weight is None or isinstance(weight, np.ndarray):
        return
    targets, weights = (len(list(named_leaves(tree, ""))) for tree in (y, weight))
    both_named = isinstance(y, Mapping) and isinstance(weight, Mapping)
    if set(weight) != set(y) if both_named else weights not in (1, targets):
        raise ValueError(
            explain(
                "`sample_weight` and `y` have different structures.",
                given=f"sample_weight: {_structure(weight)}; y: {_structure(y)}",
                expected="one array of weights for all outputs, or one for each output",
                fix="give the weights the names or the order of the outputs in y.",
            )
        )


def _structure(tree: Any) -> str:
    if isinstance(tree, Mapping):
        return f"a dict of {sorted(map(str, tree))}"
    if isinstance(tree, (list, tuple)):
        return f"a {type(tree).__name__} of {len(tree)}"
    return "one array" if tree is not None else "none"
