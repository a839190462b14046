"""What a user passes to `fit`, `evaluate` or `predict`, read: `read` gives `Rows` or a `Stream`."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from rosenblatt.core.errors import BadArgument, BadData, about
from rosenblatt.core.faces import on_use
from rosenblatt.core.types import Tree
from rosenblatt.data.array_source import Shuffle
from rosenblatt.data.arrays import named_leaves
from rosenblatt.data.contract import Data, Source
from rosenblatt.data.rows import Inputs, Rows, Stored

if TYPE_CHECKING:
    from rosenblatt.data import frames, pydataset, stream_source
else:
    frames = on_use("rosenblatt.data.frames")
    pydataset = on_use("rosenblatt.data.pydataset")
    stream_source = on_use("rosenblatt.data.stream_source")

_ARRAYS = (np.ndarray, np.generic, numbers.Number, str, bytes, list, tuple, Mapping)


@dataclass(frozen=True)
class Stream:
    """Batches that are still to be read; they hold their own targets and weights."""

    data: Iterable[Any] | Stored
    inputs: Inputs

    def split(self, share: float) -> NoReturn:
        """Nothing: a stream has no last part to cut off."""
        raise BadData(
            "fit: `validation_split` needs arrays.",
            given=f"x of type {type(self.data).__name__}",
            fix="pass `validation_data=` instead.",
        )

    def batches(
        self,
        batch_size: int | None = None,
        shuffle: Shuffle = False,
        seed: int | None = None,
        steps: int | None = None,
        class_weight: Mapping[int, float] | None = None,
    ) -> Source:
        """A source of batches: arguments as of `Rows.batches`; a stream has its own batch size."""
        if isinstance(self.data, Stored):
            return self.data.source_of_batches(
                self.inputs, batch_size, shuffle, seed, steps, class_weight
            )
        return stream_source.StreamSource(
            self.data, shuffle, seed, class_weight, inputs=self.inputs
        )


def is_stream(x: object) -> bool:
    """Whether `x` gives batches one after another, and is not an array or a nest of arrays.

    >>> is_stream(iter([1])), is_stream([1]), is_stream(np.ones(3))
    (True, False, False)
    """
    if isinstance(x, _ARRAYS) or any(hasattr(x, n) for n in ("__array__", "toarray", "detach")):
        return False
    if frames.is_frame(x) or frames.is_series(x):
        return False
    return pydataset.is_py_dataset(x) or hasattr(x, "__iter__")


def read(
    x: Data, y: Data = None, sample_weight: Data = None, inputs: Inputs | None = None
) -> Rows | Stream:
    """Read the data arguments of `fit`, `evaluate` or `predict`: once, with their columns' names.

    Args:
        x, y, sample_weight: arrays, tables, lists, or nests of them (see `as_arrays`); or in x a
            stream of batches that holds all three.
        inputs: how x is read.

    Raises:
        ValueError: data of a wrong kind, lengths that differ, weights of another structure than
            the targets, or y or weights beside a stream.

    >>> rows = read([[1.0], [2.0], [3.0]], [0, 1, 0])
    >>> rows.batches(batch_size=2).n_batches
    2
    """
    if is_stream(x) or isinstance(x, Stored):
        _refuse_beside_stream(x, y=y, sample_weight=sample_weight)
        return Stream(x, inputs or Inputs())
    return read_rows(x, y, sample_weight, inputs)


def read_rows(
    x: Data, y: Data = None, sample_weight: Data = None, inputs: Inputs | None = None
) -> Rows:
    """Read arrays, tables, lists, or nests of them; see `read`."""
    if x is None:
        raise BadData("x is missing.", fix="pass the inputs, e.g. `model.fit(x_train, y_train)`.")
    if any(c.__module__ == "torch.utils.data.dataset" for c in type(x).__mro__):
        raise BadData(
            "x is a PyTorch Dataset, which gives single samples.",
            fix="wrap it: `torch.utils.data.DataLoader(x, batch_size=32, shuffle=True)`.",
        )
    rows = Rows.of(x, y, sample_weight, inputs or Inputs())
    _, targets, weights = rows.arrays
    _check_weight_structure(targets, weights)
    return rows


def read_validation(data: Data, inputs: Inputs | None = None) -> Rows | Stream:
    """Read `validation_data`.

    Raises:
        ValueError: a tuple of the wrong length, or what `read` refuses.
    """
    given = data if isinstance(data, (tuple, list)) else (data,)
    if given is data and len(data) not in (2, 3):
        raise BadArgument(
            "fit: `validation_data` has the wrong length.",
            given=f"{type(data).__name__} of {len(data)}",
            expected="(x, y) or (x, y, sample_weight)",
        )
    x, y, weight = (*given, None, None)[:3]
    with about("fit: bad `validation_data`."):
        return read(x, y, weight, inputs)


def _refuse_beside_stream(x: Data, **parts: Data) -> None:
    for name, part in parts.items():
        if part is not None:
            raise BadData(
                f"`{name}` was passed beside a stream of batches.",
                given=f"x of type {type(x).__qualname__} and {name}",
                expected="a stream that gives `(x, y)` or `(x, y, sample_weight)`",
                fix=f"let each batch hold its own {name}, and pass x alone.",
            )


def _check_weight_structure(y: Tree, weight: Tree) -> None:
    """Several weights need an output each; a single array serves every output."""
    if weight is None or isinstance(weight, np.ndarray):
        return
    targets, weights = (len(list(named_leaves(tree, ""))) for tree in (y, weight))
    both_named = isinstance(y, Mapping) and isinstance(weight, Mapping)
    if set(weight) != set(y) if both_named else weights not in (1, targets):
        raise BadData(
            "`sample_weight` and `y` have different structures.",
            given=f"sample_weight: {_structure(weight)}; y: {_structure(y)}",
            expected="one array of weights for all outputs, or one for each output",
            fix="give the weights the names or the order of the outputs in y.",
        )


def _structure(tree: Tree) -> str:
    if isinstance(tree, Mapping):
        return f"a dict of {sorted(map(str, tree))}"
    if isinstance(tree, (list, tuple)):
        return f"a {type(tree).__name__} of {len(tree)}"
    return "one array" if tree is not None else "none"
