"""What is wrong with a table before a model is trained on it: leaks, copies, repeated rows, ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rosenblatt.tables.table import Column, Table, TextColumn
from rosenblatt.tabular.drawing import GOLDEN, mixed
from rosenblatt.tabular.ids import names_id, percent
from rosenblatt.tabular.kinds import ColumnKind, Schema, as_numbers, as_times
from rosenblatt.tabular.one_column import Codes, Targets, bins, ranks, score
from rosenblatt.tabular.splitting import Parts, Splitting
from rosenblatt.tabular.task import Task, class_codes, quantities

Code: TypeAlias = Literal[
    "target", "leak", "copy", "repeated rows", "date", "group", "id", "few rows", "rare class",
    "unseen", "missing", "drift",
]  # fmt: skip

_SAMPLE = 20_000  # rows that columns are compared on
_COMPARED = 5_000  # rows for copies, which are compared in pairs
_MOST_COMPARED = 500  # columns
_TOO_GOOD = 0.99
_SAME_ORDER = 0.9999  # correlation of ranks
_FEWEST_OF_CLASS = 10
_FEWEST_TO_JUDGE = 30
_FEW_ROWS = 100
_FEW_IN_TEST = 30
_REPEATED = 0.01
_MOST_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """Something about the data that the user should know.

    Args:
        code: of what kind.
        column: the column; None where it is about rows.
        text: the finding and what can be done, in words.
    """

    code: Code
    column: str | None
    text: str

    def __str__(self) -> str:
        return self.text


def check(
    table: Table,
    schema: Schema,
    target: Column,
    task: Task,
    parts: Parts,
    how: Splitting | None = None,
) -> list[Finding]:
    """Look for what makes a model, or its scores, worth less than they seem.

    Columns are compared on at most 20,000 training rows.

    Args:
        table: without the target; all rows.
        schema: what its columns hold.
        target: of its rows.
        task: what is predicted.
        parts: the rows for training, validation and test.
        how: the rows were split; None: at random.

    Returns:
        The findings, the gravest first.
    """
    how = how or Splitting()
    rng = np.random.default_rng(0)
    y = _targets(target, task)
    known = parts.train[np.isfinite(y[parts.train])]
    sample = np.sort(rng.permutation(known)[:_SAMPLE])
    part = table.take(sample)
    columns = {name: _Values(part[name], kind) for name, kind in schema.read.items()
               if kind.kind != "text"}  # fmt: skip
    return [
        *_leaks(columns, y[sample], task),
        *_copies(columns, len(sample)),
        *_repeated_rows(table, schema, y, parts),
        *_dates(schema, how),
        *_groups(table, schema, parts, how),
        *_few(y, task, parts),
        *_ids(schema),
    ]


def _targets(target: Column, task: Task) -> Targets:
    """A quantity, or classes as numbers from 0; NaN where missing."""
    if task.is_quantity:
        return quantities(target, task)
    codes = class_codes(target, task)
    return np.where(codes < 0, np.nan, codes)


class _Values:
    """A column's values as numbers or codes."""

    def __init__(self, column: Column, kind: ColumnKind):
        self.numbers: NDArray[np.float64] | None = None
        if kind.kind == "date":
            times = as_times(column, kind)
            self.numbers = np.where(np.isnat(times), np.nan, times.astype(np.int64) / 1e6)
        elif kind.kind == "number" or not isinstance(column, TextColumn):
            self.numbers = as_numbers(column, kind)
        if self.numbers is not None:
            self.codes: Codes = bins(self.numbers)
        elif isinstance(column, TextColumn):
            self.codes = np.unique(column.codes, return_inverse=True)[1].astype(np.int64)

    def exact(self) -> Codes:
        """A code for each different value."""
        if self.numbers is None:
            return self.codes
        return np.unique(self.numbers, return_inverse=True)[1].astype(np.int64)


def _leaks(columns: dict[str, _Values], y: Targets, task: Task) -> Iterator[Finding]:
    """Columns that are the target, or nearly so."""
    if len(y) < _FEWEST_TO_JUDGE or _rarest(y, task) < _FEWEST_OF_CLASS // 2:
        return
    measure = {"quantity": "R²", "two classes": "AUC"}.get(task.kind, "errors avoided")
    for name, values in columns.items():
        same = _renamed(values, y, task)
        if same:
            yield Finding(
                "target",
                name,
                f"column {name!r} is the target under another name: {same}; leave it out",
            )
            continue
        found = score(values.codes, y, task)
        if found > _TOO_GOOD:
            text = (
                f"column {name!r} alone predicts the target almost perfectly ({measure} "
                f"{found:.4f} on rows held out): leave it out if it is only known afterwards"
            )
            yield Finding("leak", name, text)


def _rarest(y: Targets, task: Task) -> int:
    """How many rows the second most frequent class has; of a quantity all rows."""
    return len(y) if task.is_quantity else int(np.sort(np.bincount(y.astype(np.int64)))[-2:][0])


def _renamed(values: _Values, y: Targets, task: Task) -> str:
    """How a column is the target itself; nothing where it is not."""
    if task.is_quantity:
        x = values.numbers
        if x is None or not np.isfinite(x).all() or np.ptp(x) == 0 or np.ptp(y) == 0:
            return ""
        if np.array_equal(x, y):
            return "its values are equal"
        # np.corrcoef of large values loses digits that centred ones keep.
        correlation = float(np.corrcoef(x - x.mean(), y - y.mean())[0, 1])
        if abs(correlation) > 1 - 1e-9:
            return "its values are the same up to scale"
        correlation = float(np.corrcoef(ranks(x), ranks(y))[0, 1])
        return "its values have the same order" if abs(correlation) > 1 - 1e-9 else ""
    codes = values.exact()
    pairs = len(np.unique(codes * len(task.classes) + y))
    if pairs == len(np.unique(codes)) == len(np.unique(y)):
        return "each of its values stands for one class"
    return ""


def _copies(columns: dict[str, _Values], rows: int) -> Iterator[Finding]:
    """Columns that tell what an earlier column tells."""
    taken = slice(0, min(rows, _COMPARED))
    if rows < _FEWEST_TO_JUDGE:
        return
    seen: dict[bytes, str] = {}
    names, orders = [], []
    for name, values in list(columns.items())[:_MOST_COMPARED]:
        codes = _by_first_row(values.exact()[taken])
        # Values that hardly come again are "renamed" into any others.
        repeats = codes.max(initial=0) < len(codes) / 2
        first = seen.setdefault(codes.tobytes(), name) if repeats else name
        if first != name and codes.any():
            yield Finding(
                "copy", name, f"columns {first!r} and {name!r} hold the same under other names"
            )
        elif values.numbers is not None and codes.any():
            names.append(name)
            orders.append(_standard_ranks(values.numbers[taken]))
    if len(names) < 2:
        return
    matrix = np.array(orders)
    pairs = np.argwhere(np.abs(np.triu(matrix @ matrix.T, 1)) > _SAME_ORDER)
    for place, (first, second) in enumerate(pairs[:_MOST_NAMED]):
        more = (
            f" (and {len(pairs) - place - 1} more such pairs)" if place == _MOST_NAMED - 1 else ""
        )
        text = (
            f"columns {names[first]!r} and {names[second]!r} put the rows in the same order: "
            f"one of them tells little{more}"
        )
        yield Finding("copy", names[second], text)


def _by_first_row(codes: Codes) -> Codes:
    """Codes numbered in the order in which they come, so that renaming changes nothing."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


def _standard_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks of mean 0 and length 1; missing values have the rank 0."""
    known = np.isfinite(values)
    found = np.zeros(len(values))
    found[known] = ranks(values[known])
    found[known] -= found[known].mean() if known.any() else 0.0
    return found / max(float(np.linalg.norm(found)), 1e-12)


def row_hashes(table: Table, schema: Schema) -> NDArray[np.uint64]:
    """A number for each row that is the same where all columns that are read are the same."""
    hashes = np.zeros(table.rows, dtype=np.uint64)
    for name in schema.read:
        column = table[name]
        if isinstance(column, TextColumn):
            bits = column.codes.astype(np.int64).view(np.uint64)
        elif column.kind == "time":
            bits = column.values.astype(np.int64).view(np.uint64)
        else:
            values = np.where(np.isnan(column.values), np.nan, column.values + 0.0)  # -0 is 0
            bits = values.view(np.uint64)
        hashes = mixed(hashes ^ mixed(bits + GOLDEN))
    return hashes


def _repeated_rows(table: Table, schema: Schema, y: Targets, parts: Parts) -> Iterator[Finding]:
    if not schema.read:
        return
    hashes = mixed(row_hashes(table, schema) ^ mixed(y.view(np.uint64)))
    train = np.sort(hashes[parts.train])
    for name, rows in (("test", parts.test), ("validation", parts.valid)):
        again = _how_many_in(np.sort(hashes[rows]), train)
        if again > max(1, _REPEATED * len(rows)):
            text = (
                f"{again:,} of {len(rows):,} {name} rows ({percent(again / len(rows))}) are equal "
                "to training rows in every column and the target: if they are the same cases, the "
                "scores are too good"
            )
            yield Finding("repeated rows", None, text)
            return


def _how_many_in(values: NDArray[np.uint64], known: NDArray[np.uint64]) -> int:
    """How many values are among known ones; both sorted, as np.isin takes seconds for millions."""
    places = np.searchsorted(known, values)
    inside = places < len(known)
    return int((known[places[inside]] == values[inside]).sum())


def _dates(schema: Schema, how: Splitting) -> Iterator[Finding]:
    names = [name for name, kind in schema.read.items() if kind.kind == "date" and _has_days(kind)]
    if names and how.kind == "random":
        yield Finding(
            "date",
            names[0],
            f"column {names[0]!r} holds dates and the rows are split at random: rows of the future "
            f"train the model; the split 'time:{names[0]}' (`--split`) tests it on the latest rows",
        )


def _has_days(kind: ColumnKind) -> bool:
    return "%" not in kind.date_format or any(f"%{c}" in kind.date_format for c in "Yymb")


def _groups(table: Table, schema: Schema, parts: Parts, how: Splitting) -> Iterator[Finding]:
    if how.kind != "random":
        return
    for name, kind in schema.read.items():
        if not names_id(name) or kind.kind not in ("number", "category"):
            continue
        column = table[name].take(parts.train)
        values = column.codes if isinstance(column, TextColumn) else column.values
        different = len(np.unique(values))
        if 1 < different < len(values) / 2:
            yield Finding(
                "group",
                name,
                f"column {name!r} names {different:,} of something that has rows in every part; "
                f"'group:{name}' tests the model on new ones",
            )


def _few(y: Targets, task: Task, parts: Parts) -> Iterator[Finding]:
    if len(parts.train) < _FEW_ROWS:
        yield Finding(
            "few rows", None, f"{len(parts.train)} training rows are few for a model of any kind"
        )
    if 0 < len(parts.test) < _FEW_IN_TEST:
        yield Finding(
            "few rows", None, f"{len(parts.test)} test rows are few: the scores are uncertain"
        )
    if task.is_quantity:
        return
    counts = np.bincount(y[y >= 0].astype(np.int64), minlength=len(task.classes))
    rare = np.flatnonzero(counts < _FEWEST_OF_CLASS)
    shown = [f"{task.classes[i]!r} ({counts[i]})" for i in rare[:_MOST_NAMED]]
    if shown:
        more = f" and {len(rare) - len(shown)} more" if len(rare) > len(shown) else ""
        yield Finding(
            "rare class",
            None,
            f"classes of fewer than {_FEWEST_OF_CLASS} rows, hard to learn and to judge: "
            f"{', '.join(shown)}{more}",
        )


def _ids(schema: Schema) -> Iterator[Finding]:
    for name, kind in schema.columns.items():
        if kind.kind == "id" and kind.reason != "as you asked":
            yield Finding("id", name, f"column {name!r} is left out as an id: {kind.reason}")
