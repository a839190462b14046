"""What custom training steps take apart, and data sets cut in two."""

from __future__ import annotations

import numpy as np

from rosenblatt import tree
from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.refusing import refusing
from rosenblatt.core.types import Tree


@refusing("`utils.unpack_x_y_sample_weight`")
def unpack_x_y_sample_weight(data: Tree) -> tuple[Tree, Tree, Tree]:
    """Inputs, targets and weights of what `train_step` gets; None for what is missing.

    Args:
        data: x, (x,), (x, y) or (x, y, sample_weight).

    Returns:
        (x, y, sample_weight).

    Raises:
        ValueError: a longer tuple.

    >>> unpack_x_y_sample_weight((1, 2))
    (1, 2, None)
    """
    if not isinstance(data, (list, tuple)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise BadArgument(
            "unpack_x_y_sample_weight: bad `data`.",
            given=f"{len(data)} parts",
            expected="x, (x,), (x, y) or (x, y, sample_weight)",
        )
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight


@refusing("`utils.pack_x_y_sample_weight`")
def pack_x_y_sample_weight(x: Tree, y: Tree = None, sample_weight: Tree = None) -> Tree:
    """The reverse of `unpack_x_y_sample_weight`.

    Returns:
        x, or (x,) for a list or tuple; (x, y); or (x, y, sample_weight).

    >>> pack_x_y_sample_weight(1), pack_x_y_sample_weight(1, 2)
    (1, (1, 2))
    """
    if y is None:
        return (x,) if isinstance(x, (list, tuple)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


@refusing("`utils.split_dataset`")
def split_dataset(
    dataset: Tree,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Tree, Tree]:
    """Cut arrays in two along their rows.

    Args:
        dataset: an array, or a list, tuple or dict of arrays with as many rows.
        left_size: rows of the first part, a number or a fraction; the rest if None.
        right_size: the same for the second part, which begins where the first ends.
        shuffle: whether the rows get a random order first.
        seed: seed of that order.
        preferred_backend: accepted for Keras's sake.

    Returns:
        The two parts, each in the structure of the data set.

    Raises:
        ValueError: no sizes, sizes that do not fit, arrays with different numbers of rows.

    >>> left, right = split_dataset(np.arange(10), left_size=0.8)
    >>> left.tolist(), right.tolist()
    ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])
    """
    for name, size in (("left_size", left_size), ("right_size", right_size)):
        if isinstance(size, bool):
            raise WrongType(f"split_dataset: bad `{name}`.", given=size, expected="a number")
    if dataset is None or isinstance(dataset, (str, bytes, int, float)):
        raise WrongType(
            "split_dataset: this is not a data set.",
            given=repr(dataset),
            expected="an array, or a list, tuple or dict of arrays",
        )
    arrays = tree.map_structure(np.asarray, dataset)
    counts = sorted({len(a) if a.ndim else 0 for a in tree.flatten(arrays)})
    if len(counts) != 1:
        raise BadArgument("split_dataset: the arrays have different numbers of rows.", given=counts)
    total = counts[0]
    left, right = _sizes(left_size, right_size, total)
    order = np.random.default_rng(seed).permutation(total) if shuffle else np.arange(total)
    parts = order[:left], order[left : left + right]
    first, second = (tree.map_structure(lambda a, part=part: a[part], arrays) for part in parts)
    return first, second


def _sizes(left: float | None, right: float | None, total: int) -> tuple[int, int]:
    given = f"left_size={left}, right_size={right}, {total} rows"
    sizes = [
        round(size * total) if isinstance(size, float) and 0 < size < 1 else size
        for size in (left, right)
    ]
    if sizes == [None, None]:
        raise BadArgument("split_dataset: no size.", given=given, fix="pass `left_size=0.8`.")
    first = total - sizes[1] if sizes[0] is None else sizes[0]  # type: ignore[operator]
    second = total - first if sizes[1] is None else sizes[1]
    if any(int(s) != s or not 0 < s < total for s in (first, second)) or first + second > total:
        raise BadArgument(
            "split_dataset: sizes that do not fit.",
            given=given,
            expected="numbers of rows, or fractions, that leave each part some rows",
        )
    return int(first), int(second)
