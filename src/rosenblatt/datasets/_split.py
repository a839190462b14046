"""Splits of a table into parts, as Keras's loaders and as scikit-learn make them."""

from __future__ import annotations

import math

import numpy as np

from rosenblatt.core.errors import BadArgument

Pair = tuple[np.ndarray, np.ndarray]


def shuffled_split(x: np.ndarray, y: np.ndarray, test_split: float, seed: int) -> tuple[Pair, Pair]:
    """Shuffle rows and cut off the last part, as every Keras loader of a table does.

    Args:
        x: (rows, ...) features.
        y: (rows,) targets.
        test_split: fraction of the rows that goes to the test part, 0 <= test_split < 1.
        seed: seed of the shuffle; the same seed gives the same rows as Keras.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, copies.

    Raises:
        ValueError: `test_split` is out of range.

    >>> (a, _), (b, _) = shuffled_split(np.arange(10), np.arange(10), 0.2, seed=113)
    >>> len(a), len(b)
    (8, 2)
    """
    if not 0 <= test_split < 1:
        raise BadArgument(
            "load_data: `test_split` is out of range.",
            given=repr(test_split),
            expected="a fraction of the rows, 0 <= test_split < 1",
        )
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    cut = int(len(x) * (1 - test_split))
    train, test = order[:cut], order[cut:]
    return (x[train], y[train]), (x[test], y[test])


def holdout(rows: int, random_state: int) -> Pair:
    """Row numbers of `sklearn.model_selection.train_test_split` with its default of a quarter.

    scikit-learn draws one permutation from a legacy `RandomState`, gives its head (rounded up)
    to the test part and the rest to the training part.

    Args:
        rows: how many rows there are.
        random_state: seed.

    Returns:
        `(train, test)`, two int arrays that together hold every row once.

    >>> train, test = holdout(8, random_state=42)
    >>> train.tolist(), test.tolist()
    ([0, 7, 2, 4, 3, 6], [1, 5])
    """
    order = np.random.RandomState(random_state).permutation(rows)
    test_rows = math.ceil(rows / 4)
    return order[test_rows:], order[:test_rows]
