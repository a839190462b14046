"""What users give an estimator: tables, targets, weights and seeds, read and checked."""

from __future__ import annotations

import numbers
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadArgument, BadData, nearest, warn_user, within
from rosenblatt.core.random import draw_seed
from rosenblatt.data.frames import is_frame, is_series, names_of
from rosenblatt.tables.reading import Source, read
from rosenblatt.tables.table import Column, Table, TextColumn
from rosenblatt.tabular.targets import numbers_of
from rosenblatt.tabular.task import Task

Targets = Any  # an array, a column of a frame, a list
Floats = NDArray[np.float64]

_OWN_NAME = "y"  # of targets that come without one
_SMALL = 1_000  # rows of a table whose equal rows are joined


@dataclass(frozen=True)
class TrainingRows:
    """Rows to learn from.

    Args:
        table: their columns, without the target.
        target: of each row.
        weights: (rows,).
        named: whether the target was a column of the table.
    """

    table: Table
    target: Column
    weights: Floats
    named: bool

    def take(self, rows: NDArray[Any]) -> TrainingRows:
        """Some of the rows."""
        return replace(
            self,
            table=self.table.take(rows),
            target=self.target.take(rows),
            weights=self.weights[rows],
        )


def training_rows(
    owner: str,
    X: Source,
    y: Targets,
    target: str | None,
    sample_weight: Targets,
    least: int = 2,
) -> TrainingRows:
    """Read a table and its targets.

    Args:
        owner: the estimator's name, for messages.
        X, y, target, sample_weight: as of an estimator's `fit`.
        least: how many rows are needed: two to learn from, one to judge.

    Raises:
        ValueError: no targets, or two; columns that are missing; numbers of rows that differ;
            weights that are negative, or all 0.
    """
    table = read(X)
    if target is None and y is None:
        raise BadData(
            f"This {owner} estimator requires y to be passed, but the target y is None.",
            fix="pass y, or name a column of X: `target='price'`.",
        )
    if target is not None and y is not None:
        raise BadArgument(f"{owner}: give y or `target`, not both.", given=f"target={target!r}")
    named = target is not None
    if isinstance(target, str):
        _require(table, target, "the target")
        column, table = table[target], table.without([target])
    else:
        column = target_column(y)
    weights, table = _weights(sample_weight, table, len(column))
    if len(column) != table.rows:
        raise BadData(
            f"{owner}: X and y have different numbers of rows.",
            given=f"X: {table.rows}, y: {len(column)}",
        )
    keep = weights > 0
    if named:  # gaps of a file's target are rows that cannot be learnt from
        keep &= ~column.missing
    found = TrainingRows(table, column, weights, named)
    found = found if keep.all() else found.take(keep)
    if found.table.rows < least:
        use, words = ("learn from", "two") if least > 1 else ("judge", "one")
        raise BadData(
            f"{owner}: {found.table.rows} rows with a target are too few to {use} "
            f"(n_samples={found.table.rows}).",
            expected=f"{words} or more",
        )
    if not table.names:
        raise BadData(
            f"X has 0 feature(s) (shape=({table.rows}, 0)) while a minimum of 1 is required."
        )
    return found


def rows_with_targets(
    owner: str, given: TrainingRows, task: Task
) -> tuple[NDArray[Any], TrainingRows]:
    """The targets as numbers, and the rows that have one.

    Args:
        owner: the estimator's name, for messages.
        given: rows to learn from.
        task: what is predicted.

    Raises:
        ValueError: a target that is missing in an array, or that is not a number.
    """
    numbers = numbers_of(given.target, task)
    known = ~np.isnan(numbers) if task.is_quantity else numbers >= 0
    if known.all():
        return numbers, given
    if not given.named:
        raise BadData(
            f"{owner}: Input y contains NaN: a value is missing.",
            given=f"row {np.flatnonzero(~known)[0]}",
            fix="leave out rows without a target.",
        )
    rows = np.flatnonzero(known)
    return numbers[rows], given.take(rows)


def rows_apart(
    owner: str, data: Any, target: str | None, task: Task, given: TrainingRows
) -> tuple[Table, NDArray[Any], Floats] | None:
    """Rows that choose the best epochs, where the user gives some: table, targets, weights.

    Args:
        owner: the estimator's name, for messages.
        data: as `validation_data` of an estimator's `fit`.
        target: the column of the target, of tables that hold it.
        task: what is predicted.
        given: the rows to learn from.
    """
    if data is None:
        return None
    with within("validation_data"):
        if isinstance(data, tuple) and len(data) in (2, 3):
            x, y, weight = (*data, None)[:3]
            rows = training_rows(owner, x, y, None, weight)
        else:
            rows = training_rows(owner, data, None, target, None)
        require_columns(rows.table, given.table.names)
        numbers, rows = rows_with_targets(owner, rows, task)
    return rows.table, numbers, rows.weights


def is_named(X: Source) -> bool:
    """Whether the columns of a table have names of their own."""
    if isinstance(X, (list, tuple)):
        return bool(X) and isinstance(X[0], Mapping)
    read = callable(getattr(X, "read", None))
    return read or isinstance(X, (str, Path, Mapping, Table)) or bool(names_of(X))


def weights_in_files(owner: str, y: Targets, sample_weight: Targets) -> str | None:
    """The column of weights of rows that stay in files.

    Raises:
        ValueError: targets, or weights, that are arrays.
    """
    for name, given in (("y", y), ("sample_weight", sample_weight)):
        if given is not None and not (name == "sample_weight" and isinstance(given, str)):
            raise BadArgument(
                f"{owner}: `{name}` was passed beside rows in files.",
                given=f"type {type(given).__name__}",
                expected="the name of a column",
                fix="`rosenblatt.data.parquet(folder, target='price', weights='weight')`.",
            )
    return sample_weight


def warn_of_column() -> None:
    """Warn of targets of shape (rows, 1), with scikit-learn's warning where that is there."""
    category: type[Warning] = UserWarning
    if "sklearn" in sys.modules:
        from sklearn.exceptions import DataConversionWarning

        category = DataConversionWarning
    warn_user(
        "A column-vector y was passed when a 1d array was expected: shape (rows, 1), not (rows,).",
        category,
    )


def joined_rows(rows: TrainingRows) -> TrainingRows:
    """Equal rows of a small table as one, in an order that only their values decide.

    A weight of 2 and a row given twice then train the same to the bit, and no row is among those
    that are trained on and those held out.
    """
    table = rows.table
    if table.rows > _SMALL:
        return rows
    keys = np.stack([_keys(column) for column in [*table.columns.values(), rows.target]], axis=1)
    _, first, places = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    joined = rows.take(first)
    return replace(joined, weights=np.bincount(places.ravel(), rows.weights).astype(float))


def _keys(column: Column) -> NDArray[np.int64]:
    """A number for each value of a column, in the order of the values; missing ones are alike."""
    if isinstance(column, TextColumn):
        order = np.argsort(np.argsort(column.words.astype(str), kind="stable"), kind="stable")
        return np.append(order, [-1])[column.codes]
    return np.unique(column.values, return_inverse=True)[1].astype(np.int64)


def check_features(owner: str, expected: int, table: Table, named: bool) -> None:
    """Refuse rows without names that have other numbers of features than those of `fit`.

    Raises:
        ValueError: in scikit-learn's words.
    """
    if not named and len(table.names) != expected:
        raise BadData(
            f"X has {len(table.names)} features, but {owner} is expecting {expected} features as "
            "input."
        )


def require_columns(table: Table, names: Sequence[str]) -> None:
    """Refuse a table that lacks columns.

    Raises:
        ValueError: all of them are named.
    """
    missing = [name for name in names if name not in table]
    if missing:
        several = len(missing) > 1
        raise BadData(
            f"{table.source}: column{'s' * several} {', '.join(map(repr, missing[:20]))} "
            f"{'are' if several else 'is'} missing.",
            given="columns " + ", ".join(map(repr, table.names[:20])),
            fix=nearest(missing[0], table.names) if not several else None,
        )


def target_column(y: Targets) -> Column:
    """Targets as a column, under their own name where they have one.

    Raises:
        ValueError: several columns.
    """
    if is_series(y):
        name = (names_of(y) or (_OWN_NAME,))[0]
        return read({name: y}, where="y")[name]
    if not is_frame(y):
        y = np.asarray(y)
        if y.ndim == 0:
            raise BadData("y is a single value.", given=repr(y), expected="(rows,) targets")
        if y.ndim == 1:
            return read({_OWN_NAME: y}, where="y")[_OWN_NAME]
    table = read(y, where="y")
    if len(table.names) != 1:
        raise BadData(
            "y has several columns; one thing is predicted by a model.",
            given=f"{len(table.names)} columns",
            expected="a column of targets",
        )
    if is_frame(y):
        return table[table.names[0]]
    warn_of_column()
    return replace(table[table.names[0]], name=_OWN_NAME)


def _require(table: Table, name: str, what: str) -> None:
    if name not in table:
        raise BadData(
            f"{table.source}: there is no column {name!r} for {what}.",
            given="columns " + ", ".join(map(repr, table.names[:20])),
            fix=nearest(name, table.names),
        )


def _weights(sample_weight: Targets, table: Table, rows: int) -> tuple[Floats, Table]:
    if sample_weight is None:
        return np.ones(rows), table
    if isinstance(sample_weight, str):
        _require(table, sample_weight, "the weights")
        column = table[sample_weight]
        table = table.without([sample_weight])
        values = np.asarray(getattr(column, "values", np.full(rows, np.nan)), np.float64)
    else:
        values = np.array(sample_weight, np.float64)
    if values.ndim != 1 or len(values) != rows:
        raise BadData(
            "`sample_weight` has another shape than the targets.",
            given=f"shape {values.shape}",
            expected=f"({rows},)",
        )
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(bad):
        raise BadData(
            "`sample_weight` holds a value that is no weight.",
            given=f"{values[bad[0]]} in row {bad[0]}",
            expected="finite numbers, 0 or more",
        )
    if not values.any():
        raise BadData("`sample_weight`: the weight of every row is zero.")
    return values, table


def seed_of(random_state: Any) -> int:
    """The seed that a `random_state` stands for.

    Args:
        random_state: an integer, a NumPy generator of either kind, or None for another one each
            time.

    Raises:
        ValueError: something else.
    """
    if random_state is None:
        return draw_seed()
    if isinstance(random_state, numbers.Integral):
        return int(random_state) % 2**31
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    raise BadArgument(
        "Bad `random_state`.", given=repr(random_state), expected="an integer, a generator or None"
    )


def threads_of(n_jobs: int | None, cores: int) -> int:
    """How many threads `n_jobs` asks for, as joblib counts: −1 is all cores, −2 all but one."""
    if n_jobs is None:
        return cores
    if n_jobs == 0:
        raise BadArgument("n_jobs == 0 has no meaning.", expected="a positive number, or −1")
    return n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs)
