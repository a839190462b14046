"""Which rows of a folder are held out: by draws, by time or by group, found without all rows."""

from __future__ import annotations

import hashlib
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData
from rosenblatt.tables.table import Column, TextColumn
from rosenblatt.tabular.column_kinds import ColumnKind, infer_column
from rosenblatt.tabular.drawing import HELD_OUT, SAMPLE, drawn
from rosenblatt.tabular.folder_tables import FolderTables, Piece, compacted, joined
from rosenblatt.tabular.splitting import order_of, way_of
from rosenblatt.tabular.survey import SAMPLED, IsHeld, held_share

_UNKNOWN = np.int64(np.iinfo(np.int64).min)


def held_rows(tables: FolderTables, how: str | None, seed: int, what: int = HELD_OUT) -> IsHeld:
    """Which rows no network is trained on.

    Args:
        tables: the rows. By time, the column of times is read once.
        how: "random", "time:COLUMN" (the latest rows) or "group:COLUMN" (whole groups); None: all
            rows are trained on.
        seed: of the draws.
        what: they are for.

    Raises:
        ValueError: another way, an unknown column, or one that says no time.
    """
    if how is None:
        return _nobody
    share = held_share(tables.data.rows)
    kind, column = way_of(how, tables.names, tables.source)
    if column is None:
        return partial(_by_draw, share=share, seed=seed, what=what)
    if kind == "group":
        return partial(_by_group, column=column, share=share, seed=seed, what=what)
    times = tables.of([column])
    some = SAMPLED / max(tables.data.rows, 1)
    sample = joined(
        [
            compacted(piece.take(drawn(piece.places, SAMPLE, seed) < some))
            for group in times.data.folder.groups
            for piece in times.pieces(group)
        ]
    )
    if sample is None:  # no row at all, which is said when all are read
        return partial(_by_draw, share=share, seed=seed, what=what)
    values = sample.rows.table[column]
    known = infer_column(values, slice(None))
    last = _last_of_training(order_of(values, known), 1 - share)
    return partial(_by_time, column=column, kind=known, last=last)


def _nobody(piece: Piece) -> NDArray[np.bool_]:
    return np.zeros(len(piece.places), bool)


def _by_draw(piece: Piece, share: float, seed: int, what: int) -> NDArray[np.bool_]:
    return drawn(piece.places, what, seed) < share


def _by_group(piece: Piece, column: str, share: float, seed: int, what: int) -> NDArray[np.bool_]:
    """Rows of some groups; a row without a group is one of its own."""
    values = piece.rows.table[column]
    groups = drawn(_numbers_of(values), what, seed)
    alone = drawn(piece.places, what, seed)
    return np.where(values.missing, alone, groups) < share


def _numbers_of(column: Column) -> NDArray[np.int64]:
    """A number for each value that is the same in every piece."""
    if isinstance(column, TextColumn):
        digests = [hashlib.blake2b(word.encode(), digest_size=8).digest() for word in column.words]
        numbers = np.frombuffer(b"".join(digests), np.int64)
        return np.append(numbers, _UNKNOWN)[column.codes]
    if column.kind == "time":
        return column.values.astype(np.int64)
    return (column.values + 0.0).view(np.int64)  # -0 is 0


def _by_time(piece: Piece, column: str, kind: ColumnKind, last: float) -> NDArray[np.bool_]:
    return order_of(piece.rows.table[column], kind) > last  # rows without a time are trained on


def _last_of_training(order: NDArray[np.float64], share: float) -> float:
    """The last time of the rows to train on, so that these are about a share of all.

    Raises:
        ValueError: there are not two times.

    >>> _last_of_training(np.array([3.0, 1.0, 2.0, 4.0]), 0.75)
    3.0
    """
    times, counts = np.unique(order[~np.isnan(order)], return_counts=True)
    if len(times) < 2:
        raise BadData(
            "The rows have no two different times to split them by.", given=f"{len(times)} times"
        )
    ends = np.cumsum(counts) / counts.sum()
    place = int(np.abs(ends - share).argmin())
    return float(times[min(place, len(times) - 2)])
