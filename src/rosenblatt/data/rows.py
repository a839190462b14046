"""Data as they are read: once, whole or a batch of a stream, with the names of their columns."""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import jax

from rosenblatt.core.checks import is_real
from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.core.faces import on_use
from rosenblatt.core.types import Tree
from rosenblatt.data.array_source import ArraySource, Shuffle
from rosenblatt.data.arrays import as_arrays, check_lengths, named_leaves, names_of
from rosenblatt.data.contract import Batch, Data, Source
from rosenblatt.data.finite import Columns, check_finite, not_finite

if TYPE_CHECKING:
    from rosenblatt.data import frames, text, weights
else:
    frames = on_use("rosenblatt.data.frames")
    text = on_use("rosenblatt.data.text")
    weights = on_use("rosenblatt.data.weights")

PARTS = ("x", "y", "sample_weight")


@dataclass(frozen=True)
class Inputs:
    """How the inputs of a model are read.

    Attributes:
        names: of the inputs that a table gives a column each; none where a table is one array.
        look_up: makes numbers of columns that hold text or long ids; None where there are none.
        at_once: the same for columns that need no reading first; it gives None for others.
        refuses_nan: whether NaN is refused where a look-up would hide it.
    """

    names: Sequence[str] = ()
    look_up: Callable[[Tree], Tree] | None = None
    at_once: Callable[[Tree], Tree] | None = None
    refuses_nan: bool = True

    def read(self, x: Data) -> Tree:
        """The inputs as arrays of numbers.

        Raises:
            ValueError: data that cannot be read; NaN where a look-up would hide it.
        """
        found = None if self.at_once is None else self.at_once(x)
        if found is not None:
            return found
        if self.names:
            x = frames.columns_for(x, self.names, "x")
        if self.look_up is None:
            return as_arrays(x, "x")
        columns = text.as_columns(x, "x")
        check_lengths(columns)
        if self.refuses_nan:
            check_finite(columns, "x", column_names(x, "x"))
        return as_arrays(self.look_up(columns), "x")


class Stored(ABC):
    """Rows that stay where they are, in files; x of `fit`, `evaluate` or `predict`."""

    @abstractmethod
    def source_of_batches(
        self,
        inputs: Inputs,
        batch_size: int | None,
        shuffle: Shuffle,
        seed: int | None,
        steps: int | None,
        class_weight: Mapping[int, float] | None,
    ) -> Source:
        """A source of batches: arguments as of `Rows.batches`, and how x is read."""


@dataclass(frozen=True)
class Rows:
    """Arrays of as many rows.

    Attributes:
        arrays: `(x, y, sample_weight)`, nests of NumPy arrays, or None.
        columns: names of the columns of what was a table, by the name of the leaf.
    """

    arrays: Batch
    columns: Columns = field(default_factory=dict)

    @classmethod
    def of(cls, x: Data, y: Data, sample_weight: Data, inputs: Inputs) -> Rows:
        """Read arrays, tables or nests of them.

        Raises:
            ValueError: data of a wrong kind, or lengths that differ.
        """
        arrays = (
            inputs.read(x),
            as_arrays(y, "y"),
            as_arrays(sample_weight, "sample_weight"),
        )
        check_lengths(*arrays)
        columns: dict[str, tuple[str, ...]] = {}
        for what, part in zip(PARTS, (x, y, sample_weight), strict=True):
            columns |= column_names(part, what)
        return cls(arrays, columns)

    def __len__(self) -> int:
        return check_lengths(*self.arrays)

    @functools.cached_property
    def suspects(self) -> dict[str, str]:
        """Names of arrays with NaN or infinity, and messages that refuse them."""
        found: dict[str, str] = {}
        for what, part in zip(PARTS, self.arrays, strict=True):
            found |= not_finite(part, what, self.columns)
        return found

    def weighted(self, class_weight: Mapping[int, float] | None) -> Batch:
        """The arrays with the weights of classes multiplied into those of the rows.

        Raises:
            ValueError: several outputs, or something else than weights by class number.
        """
        if class_weight is None:
            return self.arrays
        x, y, weight = self.arrays
        return x, y, weights.with_class_weight(y, weight, class_weight)

    def split(self, share: float) -> tuple[Rows, Rows]:
        """The first floor(n (1 − share)) rows, and the last ones for validation, as Keras does.

        Raises:
            ValueError: a share outside 0 to 1, or one that leaves a part without rows.

        >>> import numpy as np
        >>> first, last = Rows((np.arange(10), None, None)).split(0.2)
        >>> last.arrays
        (array([8, 9]), None, None)
        """
        if not is_real(share) or not 0 < share < 1:
            raise BadArgument(
                "`validation_split` is out of range.",
                given=repr(share),
                expected="a fraction between 0 and 1, e.g. 0.2",
                fix="pass rows of your own as `validation_data=(x_val, y_val)` instead.",
            )
        rows = len(self)
        cut = math.floor(rows * (1.0 - share))
        if cut in (0, rows):
            raise BadData(
                "`validation_split` leaves one part without rows.",
                given=f"{rows} rows and validation_split={share}, which makes {cut} "
                f"training and {rows - cut} validation rows",
                expected="at least one row in each part",
                fix="pass more data or another fraction.",
            )
        first, last = (
            jax.tree_util.tree_map(lambda a, part=part: a[part], self.arrays)
            for part in (slice(cut), slice(cut, None))
        )
        return replace(self, arrays=first), replace(self, arrays=last)

    def batches(
        self,
        batch_size: int | None = None,
        shuffle: Shuffle = False,
        seed: int | None = None,
        steps: int | None = None,
        class_weight: Mapping[int, float] | None = None,
    ) -> ArraySource:
        """A source of batches.

        Args:
            batch_size: rows of a batch; None is 32, or what makes `steps` batches.
            shuffle, seed: see `Order`.
            steps: batches of an epoch, used for the batch size only.
            class_weight: class number to weight, multiplied into the sample weights.
        """
        arrays = self.weighted(class_weight)
        if batch_size is None:
            batch_size = math.ceil(len(self) / steps) if steps else 32
        return ArraySource(arrays, batch_size, shuffle, seed, suspects=lambda: self.suspects)


def read_finite(tree: Data, what: str) -> Tree:
    """A nest as arrays without NaN and infinity.

    Args:
        tree: see `as_arrays`.
        what: its name, for messages.

    Raises:
        ValueError: data that cannot be read, or that hold NaN or infinity.
    """
    arrays = as_arrays(tree, what)
    check_finite(arrays, what, column_names(tree, what))
    return arrays


def column_names(tree: Data, what: str) -> dict[str, tuple[str, ...]]:
    """The names of the columns of what is a table in a nest, by the name of the leaf."""
    found = {}
    for leaf_name, leaf in named_leaves(tree, what):
        names = names_of(leaf)
        if names and not (len(names) == 1 and leaf_name.endswith(f"[{names[0]!r}]")):
            found[leaf_name] = names
    return found
