"""Digits: 1,797 handwritten digits of 8 x 8 pixels (UCI), from scikit-learn's own copy."""

from __future__ import annotations

import numpy as np

from rosenblatt.core.errors import require
from rosenblatt.datasets._split import Pair, shuffled_split

__all__ = ["load_data"]


def load_data(test_split: float = 0.2, seed: int = 113) -> tuple[Pair, Pair]:
    """The digits as images, shuffled and split like Keras's tables.

    Args:
        test_split: fraction of the rows that goes to the test part, 0 <= test_split < 1.
        seed: seed of the shuffle before the cut.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 (rows, 8, 8) with values 0 to 16, and
        uint8 (rows,) with values 0 to 9, the dtypes of `mnist.load_data`.

    Raises:
        ValueError: `test_split` out of range.
        ImportError: scikit-learn is not installed.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, x_test.shape
    ((1437, 8, 8), (360, 8, 8))
    """
    source = require("sklearn.datasets", "rosenblatt[sklearn]", "datasets.digits.load_data")
    x, y = source.load_digits(return_X_y=True)
    images = x.reshape(-1, 8, 8).astype(np.uint8)
    return shuffled_split(images, y.astype(np.uint8), test_split, seed)
