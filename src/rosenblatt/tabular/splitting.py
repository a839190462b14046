"""Rows for training, validation and test: at random with strata, by time, or by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadArgument, BadData, nearest
from rosenblatt.tables.table import Column, Table, TextColumn
from rosenblatt.tabular.column_kinds import ColumnKind, infer_column
from rosenblatt.tabular.kinds import Schema, as_numbers, as_times

RowNumbers = NDArray[np.intp]
SHARES = (0.64, 0.16, 0.2)
"""Of the rows: for training, validation and test."""

_EXPECTED = "'random', 'time:COLUMN' or 'group:COLUMN'"


class Parts(NamedTuple):
    """Row numbers of the parts of a table, each in ascending order."""

    train: RowNumbers
    valid: RowNumbers
    test: RowNumbers


@dataclass(frozen=True, eq=False)
class Splitting:
    """How rows are split.

    Args:
        kind: "random"; "time": the earliest rows train, the latest are the test; "group": rows of
            one group stay together.
        column: of the time or group.
        values: (rows,) numbers: the time, or the group, NaN where it is missing.
    """

    kind: Literal["random", "time", "group"] = "random"
    column: str | None = None
    values: NDArray[np.float64] | None = None

    def take(self, rows: NDArray[np.integer]) -> Splitting:
        """The splitting of these rows only."""
        values = None if self.values is None else self.values[rows]
        return Splitting(self.kind, self.column, values)


def splitting(how: str, table: Table, schema: Schema | None = None) -> Splitting:
    """How a table is split, as users say it.

    Args:
        how: "random", "time:COLUMN" (of dates, or of numbers such as years) or "group:COLUMN".
        table: with that column.
        schema: what its columns hold, where that is known: it says how dates in text are written.

    Raises:
        ValueError: another text, an unknown column, or one that says no time.

    >>> splitting("random", Table({}, rows=3)).kind
    'random'
    """
    kind, name = way_of(how, table.names, table.source)
    if name is None:
        return Splitting()
    column = table[name]
    if kind == "group":
        return Splitting("group", name, _groups(column))
    known = schema.columns.get(name) if schema else None
    return Splitting("time", name, order_of(column, known))


def way_of(
    how: str, names: Sequence[str], source: str
) -> tuple[Literal["random", "time", "group"], str | None]:
    """A way to split as users say it: its kind, and its column.

    Args:
        how: "random", "time:COLUMN" or "group:COLUMN".
        names: of the columns of the table.
        source: what the table is called in messages.

    Raises:
        ValueError: another text, or an unknown column.

    >>> way_of("time:sold", ["sold", "area"], "X")
    ('time', 'sold')
    """
    if how == "random":
        return "random", None
    kind, _, name = how.partition(":")
    if kind not in ("time", "group") or not name:
        raise BadArgument("The way to split is unknown.", given=repr(how), expected=_EXPECTED)
    if name not in names:
        raise BadArgument(
            f"The split {how!r} names a column that {source} does not have.",
            fix=nearest(name, names),
        )
    return ("time" if kind == "time" else "group"), name


def _groups(column: Column) -> NDArray[np.float64]:
    if isinstance(column, TextColumn):
        return np.where(column.codes < 0, np.nan, column.codes.astype(np.float64))
    if column.kind == "time":
        return np.where(column.missing, np.nan, column.values.astype(np.int64).astype(np.float64))
    return column.values


def order_of(column: Column, known: ColumnKind | None) -> NDArray[np.float64]:
    """Numbers that order the rows by time; a column that is left out, as an id, may do so too.

    Args:
        column: of the times.
        known: what it holds, where that is known.

    Raises:
        ValueError: values that say no time.
    """
    kind = known if known is not None and known.is_read else infer_column(column, slice(None))
    if column.kind == "time" or kind.kind == "date":
        times = as_times(column, kind)
        return np.where(np.isnat(times), np.nan, times.astype(np.int64).astype(np.float64))
    values = as_numbers(column, kind)
    if kind.kind == "number" or not np.isnan(values[~column.missing]).any():
        return values
    raise BadData(
        f"Column {column.name!r} gives the rows no order in time.",
        given=f"{kind.kind}: {kind.reason}",
        expected="dates, or numbers such as years",
    )


def split(
    rows: int,
    how: Splitting | None = None,
    *,
    labels: NDArray[np.integer] | None = None,
    seed: int = 0,
    shares: tuple[float, float, float] = SHARES,
) -> Parts:
    """Split rows into those for training, validation and test.

    Args:
        rows: how many.
        how: by what; None: at random.
        labels: (rows,) class of each row, from 0. At random each part has its share of each class,
            and at least one row of a class that has one for each part.
        seed: of the random order.
        shares: of training, validation and test; one of 0 leaves that part empty.

    Returns:
        The row numbers of each part.

    Raises:
        ValueError: too few rows, different times or groups for the parts.

    >>> parts = split(10, labels=np.array([0] * 7 + [1] * 3))
    >>> [len(part) for part in parts]
    [6, 2, 2]
    """
    how = how or Splitting()
    wanted = np.array(shares, dtype=np.float64)
    if (wanted < 0).any() or not np.isclose(wanted.sum(), 1):
        raise BadArgument(
            "The shares of the parts are wrong.", given=str(shares), expected="three that sum to 1"
        )
    if how.kind == "time":
        parts = _in_time(_values(how, rows), wanted)
    elif how.kind == "group":
        parts = _by_group(_group_codes(_values(how, rows)), wanted, seed)
    else:
        parts = _at_random(np.zeros(rows, int) if labels is None else labels, wanted, seed)
    for name, share, part in zip(Parts._fields, shares, range(3), strict=True):
        if share > 0 and not (parts == part).any():
            raise BadData(
                f"No row is left for the part {name!r}: there are too few rows"
                + (
                    f", or too few different values in column {how.column!r}."
                    if how.column
                    else "."
                ),
                given=f"{rows} rows",
            )
    return Parts(*(np.flatnonzero(parts == part) for part in range(3)))


def _values(how: Splitting, rows: int) -> NDArray[np.float64]:
    if how.values is None or len(how.values) != rows:
        raise BadArgument(f"A split by {how.kind} needs a value for each of the {rows} rows.")
    return how.values


def _at_random(
    labels: NDArray[np.integer], shares: NDArray[np.float64], seed: int
) -> NDArray[np.int64]:
    """(rows,) the part of each row; strata of the labels."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(labels))
    shuffled = shuffled[np.argsort(labels[shuffled], kind="stable")]
    starts = np.flatnonzero(np.diff(labels[shuffled], prepend=labels.min(initial=0) - 1))
    parts = np.empty(len(labels), dtype=np.int64)
    owed = np.zeros(len(shares))
    for members in np.split(shuffled, starts[1:]):
        exact = len(members) * shares + owed
        sizes = _rounded(exact, len(members))
        owed = exact - sizes  # so that many small classes do not all favour one part
        parts[members] = np.repeat(np.arange(len(shares)), _in_every_part(sizes, shares))
    return parts


def _rounded(exact: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Whole numbers near to `exact` that sum to `count`."""
    sizes = np.floor(np.maximum(exact, 0)).astype(np.int64)
    left = np.argsort(-(exact - sizes), kind="stable")[: count - sizes.sum()]
    sizes[left] += 1
    return sizes


def _in_every_part(sizes: NDArray[np.int64], shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """The sizes of a class's parts, none of them empty where the class has rows enough."""
    sizes = sizes.copy()
    if sizes.sum() >= (shares > 0).sum():
        for part in np.flatnonzero((sizes == 0) & (shares > 0)):
            sizes[sizes.argmax()] -= 1
            sizes[part] += 1
    return sizes


def _in_time(order: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """(rows,) the part of each row; rows of one time stay together, those without one are first."""
    values = np.where(np.isnan(order), -np.inf, order)
    _, counts = np.unique(values, return_counts=True)
    _, places = np.unique(values, return_inverse=True)
    ends = np.cumsum(counts)
    # Each part ends at the time nearest to where it should, and has one time at least.
    wanted = np.cumsum(shares)
    first, second = (int(np.abs(ends - cut * len(order)).argmin()) for cut in wanted[:2])
    last = len(ends) - 1 - int(shares[2] > 0)
    first = min(first, last - int(shares[1] > 0)) if shares[0] > 0 else -1
    second = min(max(second, first + int(shares[1] > 0)), last)
    cuts = [first, second]
    return np.searchsorted(np.array(cuts), places, side="left")


def _group_codes(groups: NDArray[np.float64]) -> NDArray[np.int64]:
    """(rows,) groups numbered from 0; a row without a group is one of its own."""
    _, codes = np.unique(groups, return_inverse=True)
    alone = np.isnan(groups)
    codes[alone] = codes.max(initial=0) + 1 + np.arange(alone.sum())
    return np.unique(codes, return_inverse=True)[1]


def _by_group(
    groups: NDArray[np.int64], shares: NDArray[np.float64], seed: int
) -> NDArray[np.int64]:
    """(rows,) the part of each row; each group goes to the part that lacks most."""
    sizes = np.bincount(groups)
    order = np.random.default_rng(seed).permutation(len(sizes))
    large = sizes > 0.1 * len(groups)
    order = order[np.argsort(-(sizes * large)[order], kind="stable")]
    wanted = shares * len(groups)
    lacking = wanted.copy()
    part_of = np.empty(len(sizes), dtype=np.int64)
    for group in order:
        # A large group where it fits; others in turn, so that no part gets the small ones.
        part = int((lacking if large[group] else lacking / np.maximum(wanted, 1e-9)).argmax())
        part_of[group] = part
        lacking[part] -= sizes[group]
    for needed in np.flatnonzero(shares > 0):
        held = np.bincount(part_of, minlength=len(shares))
        if held[needed] == 0 and held.max() > 1:
            others = np.flatnonzero(part_of == held.argmax())
            part_of[others[sizes[others].argmin()]] = needed
    return part_of[groups]


def folds(
    rows: int,
    count: int,
    how: Splitting | None = None,
    *,
    labels: NDArray[np.integer] | None = None,
    seed: int = 0,
) -> list[tuple[RowNumbers, RowNumbers]]:
    """Rows for training and validation of several models, each validated on other rows.

    Args:
        rows: how many.
        count: of models.
        how: by what; None: at random. By time all are validated on the latest rows.
        labels: (rows,) class of each row, from 0: each validation part has its share.
        seed: of the random order.

    Returns:
        The row numbers for training and for validation of each model.

    Raises:
        ValueError: fewer than two models, or fewer rows or groups than models.

    >>> [valid.tolist() for _, valid in folds(4, 2)]
    [[1, 2], [0, 3]]
    """
    if not 2 <= count <= max(rows, 2):
        raise BadArgument(
            "The number of models is wrong.", given=f"{count}, of {rows} rows", expected="2 or more"
        )
    how = how or Splitting()
    if how.kind == "time":
        shares = (1 - 1 / count, 1 / count, 0.0)
        latest = split(rows, how, shares=shares)
        return [(latest.train, latest.valid)] * count
    if how.kind == "group":
        parts = _by_group(_group_codes(_values(how, rows)), np.full(count, 1 / count), seed)
    else:
        shuffled = np.random.default_rng(seed).permutation(rows)
        if labels is not None:
            shuffled = shuffled[np.argsort(labels[shuffled], kind="stable")]
        parts = np.empty(rows, dtype=np.int64)
        parts[shuffled] = np.arange(rows) % count
    empty = [fold for fold in range(count) if not (parts == fold).any()]
    if empty:
        raise BadData(
            f"There are fewer rows or groups than the {count} models.",
            given=f"{rows} rows" + (f", column {how.column!r}" if how.column else ""),
        )
    return [(np.flatnonzero(parts != fold), np.flatnonzero(parts == fold)) for fold in range(count)]
