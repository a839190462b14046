"""Iris: 150 flowers of three species (Fisher, 1936), from scikit-learn's own copy."""

from __future__ import annotations

import numpy as np

from rosenblatt.core.errors import require
from rosenblatt.datasets._split import Pair, shuffled_split

__all__ = ["CLASS_NAMES", "FEATURE_NAMES", "load_data"]

FEATURE_NAMES = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
CLASS_NAMES = ("setosa", "versicolor", "virginica")


def load_data(test_split: float = 0.2, seed: int = 113) -> tuple[Pair, Pair]:
    """Iris, shuffled and split like Keras's tables.

    Args:
        test_split: fraction of the rows that goes to the test part, 0 <= test_split < 1.
        seed: seed of the shuffle before the cut.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float64 (rows, 4), columns as `FEATURE_NAMES`,
        and int64 (rows,), positions in `CLASS_NAMES`. Values and dtypes are scikit-learn's.

    Raises:
        ValueError: `test_split` out of range.
        ImportError: scikit-learn is not installed.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, x_test.shape
    ((120, 4), (30, 4))
    """
    source = require("sklearn.datasets", "rosenblatt[sklearn]", "datasets.iris.load_data")
    x, y = source.load_iris(return_X_y=True)
    return shuffled_split(x, y.astype(np.int64), test_split, seed)
