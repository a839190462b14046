"""`parquet`: rows in Parquet files as what `fit`, `evaluate` and `predict` take."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rosenblatt.core.checks import is_whole
from rosenblatt.core.errors import BadArgument, BadData, explain, warn_user
from rosenblatt.core.types import PathLike
from rosenblatt.data.array_source import Shuffle, drawn_seed
from rosenblatt.data.arrays import no_rows
from rosenblatt.data.parquet_folder import ParquetFolder
from rosenblatt.data.parquet_order import WindowedOrder, is_sorted
from rosenblatt.data.parquet_source import ParquetSource
from rosenblatt.data.rows import Inputs, Stored

_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_VALUE_BYTES = 4  # of a number in memory, and of a row's place in the order


class ParquetData(Stored):
    """Rows in Parquet files; see `parquet`, which makes it.

    Attributes:
        folder: the files.
        features: names of the columns of x.
        target: name, or names, of the columns of y; None: there is no y.
        weights: name of the column of weights; None: there are none.
        window: bytes of memory for rows that are mixed with each other.
        window_rows: the most rows that are mixed with each other, of numbers.
        shuffle: whether `fit` gets a new order each epoch.
        seed: of the order; None: `fit` draws one.
    """

    def __init__(
        self,
        folder: ParquetFolder,
        target: str | Sequence[str] | None,
        weights: str | None,
        drop: Sequence[str],
        window: int,
        shuffle: bool,
        seed: int | None,
    ):
        self.folder = folder
        self.target = target if target is None or isinstance(target, str) else tuple(target)
        self.weights = weights
        targets = [self.target] if isinstance(self.target, str) else list(self.target or ())
        apart = [*targets, *([] if weights is None else [weights]), *drop]
        folder.require(apart)
        self.features = tuple(name for name in folder.columns if name not in apart)
        if not self.features:
            raise BadData(
                "parquet: no column is left for x.",
                given="columns " + ", ".join(folder.columns),
                fix="leave fewer of them out.",
            )
        columns = len(self.features) + len(apart) - len(drop) + 1
        self.window = window
        self.window_rows = max(1, window // (_VALUE_BYTES * columns))
        self.shuffle = shuffle
        self.seed = seed
        if shuffle and targets:
            self._warn_where_sorted(targets[0])

    @property
    def path(self) -> Path:
        """The folder, or the first of several files."""
        return self.folder.path

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.folder.rows

    def __repr__(self) -> str:
        files = len(self.folder.files)
        return f"<ParquetData: {self.rows} rows, {len(self.features)} features, {files} files>"

    def source_of_batches(
        self,
        inputs: Inputs,
        batch_size: int | None,
        shuffle: Shuffle,
        seed: int | None,
        steps: int | None,
        class_weight: Mapping[int, float] | None,
    ) -> ParquetSource:
        """A source of batches: arguments as of `Rows.batches`, and how x is read."""
        if not isinstance(shuffle, bool):
            raise BadArgument(
                "fit: `shuffle` is out of range for rows in files.",
                given=repr(shuffle),
                expected="True or False",
                fix="how far rows are mixed is said by `rosenblatt.data.parquet(window=…)`.",
            )
        mixed = shuffle and self.shuffle
        own = self.seed if self.seed is not None else drawn_seed(seed, mixed)
        order = WindowedOrder(self.folder.groups, self.window_rows, mixed, own)
        if batch_size is None:
            batch_size = math.ceil(self.rows / steps) if steps else 32
        columns = self.features, self.target, self.weights
        return ParquetSource(self.folder, columns, order, inputs, batch_size, class_weight)

    def _warn_where_sorted(self, target: str) -> None:
        share = self.window_rows / self.rows
        if is_sorted(list(self.folder.ranges(target)), share):
            warn_user(
                explain(
                    f"parquet: the rows lie in the order of column {target!r}, and a window mixes "
                    "few of them: each batch sees a part of the values only.",
                    given=f"windows of {share:.0%} of the rows",
                    expected="at least 10%",
                    fix="pass a larger `window=`, or write the rows in another order.",
                )
            )


def parquet(
    files: PathLike | Sequence[PathLike],
    target: str | Sequence[str] | None = None,
    weights: str | None = None,
    drop: str | Sequence[str] = (),
    window: str | int = "512MB",
    shuffle: bool = True,
    seed: int | None = None,
) -> ParquetData:
    """Rows in Parquet files, as x of `fit`, `evaluate` and `predict`; any number of rows.

    Row groups are read as they are needed. Each epoch permutes them, cuts them into windows and
    mixes the rows of each window. The order follows from the seed, so a run that was cut off goes
    on where it was, and reads no more than the window it is in. At most two windows are in memory;
    rows that fit into one are read once. The estimators of `rosenblatt.tabular` take such rows too,
    with words, gaps, dates and ids as they are.

    Args:
        files: a folder, with all below it, whose `.parquet` and `.pq` files have the same columns;
            or a file, or a list of files. Names that begin with "." or "_" are left out.
        target: the column, or columns, of y.
        weights: the column of sample weights.
        drop: columns that are not read. All others are x, in the order of the first file.
        window: how much is mixed at a time, as bytes in memory: a number, or a text such as
            "512MB" or "2GiB". It is at least one row group.
        shuffle: whether `fit` gets a new order each epoch.
        seed: of the order; drawn by `fit` if None.

    Returns:
        The rows, for models; `features` names the columns of x.

    Raises:
        MissingPackage: pyarrow is not installed.
        ValueError: no such files, a damaged one, one with other columns, no rows, or an unknown
            column.

    Source: the idea of windows is that of tf.data's `shuffle`; reading row groups follows
    https://parquet.apache.org/docs/file-format/.
    """
    bytes_of_window = _bytes_of(window)
    if seed is not None and not is_whole(seed):
        raise BadArgument("parquet: bad `seed`.", given=repr(seed), expected="an integer or None")
    folder = ParquetFolder(files)
    if not folder.rows:
        raise BadData(no_rows("x", f"{len(folder.files)} files, the first is {folder.files[0]}"))
    dropped = [drop] if isinstance(drop, str) else list(drop)
    return ParquetData(folder, target, weights, dropped, bytes_of_window, bool(shuffle), seed)


def _bytes_of(window: str | int) -> int:
    """A number of bytes.

    >>> _bytes_of("512MB"), _bytes_of("1.5 GiB"), _bytes_of(1000)
    (512000000, 1610612736, 1000)
    """
    found = re.fullmatch(r"([\d.]+)\s*([a-zA-Z]*)", window) if isinstance(window, str) else None
    unit = None if found is None else _UNITS.get(found[2].upper())
    try:
        size = int(window) if found is None else int(float(found[1]) * (unit or 0))
    except ValueError:
        size = 0
    if size < 1 or isinstance(window, bool):
        raise BadArgument(
            "parquet: bad `window`.",
            given=repr(window),
            expected="bytes, e.g. '512MB', '2GiB' or 512_000_000",
        )
    return size
