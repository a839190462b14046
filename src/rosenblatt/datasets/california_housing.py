"""California housing: the block groups of the 1990 US census (Pace and Barry, 1997).

The table ships inside the package; nothing is downloaded. `load_data` is Keras's loader,
the other functions give scikit-learn's matrix: see each for its units.

Reference: R. K. Pace and R. Barry, "Sparse Spatial Autoregressions", Statistics and Probability
Letters 33, 1997.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rosenblatt.core.errors import BadArgument, explain, require
from rosenblatt.datasets._split import Pair, holdout, shuffled_split

__all__ = [
    "FEATURE_NAMES",
    "TARGET_NAME",
    "Split",
    "load_data",
    "load_frame",
    "load_matrix",
    "load_split",
]

FEATURE_NAMES = (
    "MedInc",
    "HouseAge",
    "AveRooms",
    "AveBedrms",
    "Population",
    "AveOccup",
    "Latitude",
    "Longitude",
)
TARGET_NAME = "MedHouseVal"

_FILE = Path(__file__).parent / "data" / "cal_housing.data.gz"
_SHA256 = "a2b44dcc7e1c9091b43c4f458b25cbd1f7e8068d08edd26bc4703108d3fa6214"
_BYTES = 2_071_484
_SMALL_ROWS = 600
# Which package makes each kind of frame, and what to install for it.
_BACKENDS = {"polars": "rosenblatt[tables]", "pandas": "pandas"}


class Split(NamedTuple):
    """The chapter's three parts; each is `(x, y)`: float64 (rows, 8) and float64 (rows,)."""

    train: Pair
    valid: Pair
    test: Pair


def load_data(
    version: str = "large",
    path: str | os.PathLike[str] = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> tuple[Pair, Pair]:
    """The table as `keras.datasets.california_housing.load_data` documents it.

    Features are the eight of `FEATURE_NAMES`; the target is in dollars (15,000 to 500,001), as in
    Keras. Rows and their order for a seed are Keras's too. For targets in units of 100,000
    dollars, as scikit-learn has them, use `load_matrix`, `load_split` or `load_frame`.

    Args:
        version: "large" (20,640 rows) or "small" (the first 600).
        path: accepted because Keras has it, and not used: the data ship with the package.
        test_split: fraction of the rows that goes to the test part, 0 <= test_split < 1.
        seed: seed of the shuffle before the cut.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float32 (rows, 8) and float32 (rows,).

    Raises:
        ValueError: an unknown `version`, or `test_split` out of range.
        RuntimeError: the file in the package is damaged.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, x_test.shape, y_train[:3].tolist()
    ((16512, 8), (4128, 8), [252300.0, 146900.0, 290900.0])
    """
    if version not in ("large", "small"):
        raise BadArgument(
            "california_housing.load_data: unknown `version`.",
            given=repr(version),
            expected="'large' (20,640 rows) or 'small' (600 rows)",
        )
    x, dollars = _read()
    rows = len(x) if version == "large" else _SMALL_ROWS
    x32, y32 = x[:rows].astype(np.float32), dollars[:rows].astype(np.float32)
    return shuffled_split(x32, y32, test_split, seed)


def load_matrix() -> Pair:
    """The whole table in scikit-learn's columns, row order, units and dtype.

    Returns:
        `(x, y)`: float64 (20640, 8), columns as `FEATURE_NAMES`, and float64 (20640,), the
        median house value in units of 100,000 dollars.

    Raises:
        RuntimeError: the file in the package is damaged.

    >>> x, y = load_matrix()
    >>> x.shape, float(x[0, 0]), float(y[0])
    ((20640, 8), 8.3252, 4.526)
    """
    x, dollars = _read()
    return x, dollars / 100_000


def load_split(random_state: int = 42) -> Split:
    """Train, validation and test parts as scikit-learn's `train_test_split` makes them.

    Equal, row for row, to calling it twice on `load_matrix()` with this `random_state`, first
    to set the test part aside, then the validation part. scikit-learn is not needed.

    Args:
        random_state: seed of both splits.

    Returns:
        `Split(train, valid, test)` of 11,610, 3,870 and 5,160 rows; targets in units of 100,000
        dollars.

    Raises:
        RuntimeError: the file in the package is damaged.

    >>> (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_split()
    >>> len(x_train), len(x_valid), len(x_test)
    (11610, 3870, 5160)
    """
    x, y = load_matrix()
    rest, test = holdout(len(x), random_state)
    train, valid = holdout(len(rest), random_state)
    parts = (rest[train], rest[valid], test)
    return Split(*((x[rows], y[rows]) for rows in parts))


def load_frame(backend: str = "polars") -> Any:
    """The whole table as a data frame.

    Args:
        backend: "polars" or "pandas".

    Returns:
        A frame of 20,640 rows and 9 float64 columns: `FEATURE_NAMES`, then `TARGET_NAME` in
        units of 100,000 dollars.

    Raises:
        ValueError: another `backend`.
        ImportError: the backend is not installed.
        RuntimeError: the file in the package is damaged.

    >>> load_frame().columns[-1]
    'MedHouseVal'
    """
    if backend not in _BACKENDS:
        raise BadArgument(
            "california_housing.load_frame: unknown `backend`.",
            given=repr(backend),
            expected=" or ".join(repr(name) for name in _BACKENDS),
        )
    library = require(backend, _BACKENDS[backend], "datasets.california_housing.load_frame")
    x, y = load_matrix()
    columns = {name: x[:, i].copy() for i, name in enumerate(FEATURE_NAMES)}
    return library.DataFrame({**columns, TARGET_NAME: y})


def _read() -> Pair:
    """Read the shipped file: float64 (20640, 8) features, float64 (20640,) values in dollars."""
    try:
        with gzip.open(_FILE) as stream:
            text = stream.read(_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(error) from error
    digest = hashlib.sha256(text).hexdigest()
    if digest != _SHA256:
        raise _damaged(f"sha256 {digest}")
    raw = np.array(text.replace(b"\n", b",").rstrip(b",").split(b","), dtype=np.float64)
    columns = raw.reshape(-1, 9).T
    longitude, latitude, age, rooms, bedrooms, population, households, income, value = columns
    features = (
        income,
        age,
        rooms / households,
        bedrooms / households,
        population,
        population / households,
        latitude,
        longitude,
    )
    return np.stack(features, axis=1), value.copy()


def _damaged(given: object) -> RuntimeError:
    return RuntimeError(
        explain(
            f"california_housing: the data file of the package, {_FILE}, is missing or damaged.",
            given=given,
            expected=f"gzipped text with sha256 {_SHA256}",
            fix="pip install --force-reinstall --no-deps rosenblatt",
        )
    )
