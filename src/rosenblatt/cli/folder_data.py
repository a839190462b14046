"""A folder of Parquet files that is too large for a table, on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rosenblatt.cli.problems import check_rows, named_target
from rosenblatt.cli.table_data import TableParts, Wanted, check_options
from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.data.parquet_data import parquet
from rosenblatt.tables.stacking import stacked
from rosenblatt.tables.table import NumberColumn, Table
from rosenblatt.tabular.checks import check
from rosenblatt.tabular.drawing import TEST
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.folder_splitting import held_rows
from rosenblatt.tabular.folder_tables import FolderTables, stored
from rosenblatt.tabular.inputs import TrainingRows
from rosenblatt.tabular.kinds import infer
from rosenblatt.tabular.splitting import Parts, Splitting, way_of
from rosenblatt.tabular.survey import survey
from rosenblatt.tabular.targets import numbers_of
from rosenblatt.tabular.task import infer_task


@dataclass(frozen=True)
class FolderParts(TableParts):
    """A folder with its task; its table holds a sample of the rows to train on, and the test.

    Args:
        tables: the rows to train on.
        counted: how many they are.
        classes: how many of them each class has.
    """

    tables: FolderTables
    counted: int
    classes: tuple[int, ...]

    @property
    def rows(self) -> tuple[int, int]:
        """How many rows there are to train on, and to test on."""
        return self.counted, len(self.test)

    @property
    def class_rows(self) -> list[int]:
        """How many rows to train on each class has."""
        return list(self.classes)

    @property
    def test_share(self) -> str:
        """Which rows are the test."""
        return f"{len(self.test):,} rows"

    def fit(self, model: TabularModel, backup: Path) -> None:
        """Train on the rows in the files.

        Args:
            model: of `estimator`.
            backup: a folder from which a training that was cut off resumes.
        """
        model.fit_folder(self.tables, resume_from=backup)


def open_folder(wanted: Wanted) -> FolderParts | None:
    """Find out what is to be predicted from a folder, and keep some rows as a test.

    Returns:
        What is to be learnt; None where the data are to be read as one table.

    Raises:
        ValueError: a window for other data than Parquet files, no target, an unknown column, or
            rows that cannot be read.
    """
    if wanted.window is None:
        data = stored(wanted.data, wanted.target)
        if data is None:
            return None
    else:
        _check_window(wanted)
        data = parquet(wanted.data, window=wanted.window)
    names = list(data.folder.columns)
    empty = Table.of([NumberColumn(name, np.zeros(0)) for name in names], wanted.data)
    target = named_target(empty, wanted.target)
    check_options(wanted, [name for name in names if name != target], wanted.data)
    tables = FolderTables("train", data, target, wanted.weights)
    if tables.fit_in_window:
        return None
    is_test = held_rows(tables, wanted.split, wanted.seed, TEST)
    found = survey(tables, wanted.seed, is_test)
    tables.left_out = is_test
    if found.held_out is None:
        raise BadData(f"{wanted.data}: no row is left for the test.", given=f"{found.rows} rows")
    task = infer_task(found.labels.beside(found.sample.target), wanted.task)
    schema = infer(found.sample.table, types=wanted.types, drop=wanted.drop, of_all=found.of_all)
    both = [_with_target(rows, wanted.weights) for rows in (found.sample, found.held_out)]
    table = stacked(both, wanted.data)
    numbers = numbers_of(table[target], task)
    known = np.arange(table.rows)[numbers >= 0] if not task.is_quantity else np.arange(table.rows)
    train, test = np.split(known, [np.searchsorted(known, both[0].rows)])
    check_rows(table)
    kind, column = way_of(wanted.split, tables.names, wanted.data)
    parts = Parts(train, np.zeros(0, np.intp), test)
    warnings = check(
        table.without([target, *filter(None, [wanted.weights])]), schema, table[target], task,
        parts, Splitting(kind, column),
    )  # fmt: skip
    classes = () if task.is_quantity else found.labels.by_class(table[target], task)[0].tolist()
    return FolderParts(
        wanted, table, target, task, numbers, schema, tuple(warnings), train, test, tables,
        found.rows, tuple(classes),
    )  # fmt: skip


def _with_target(rows: TrainingRows, weights: str | None) -> Table:
    table = rows.table.with_(rows.target)
    return table if weights is None else table.with_(NumberColumn(weights, rows.weights))


def _check_window(wanted: Wanted) -> None:
    path = Path(wanted.data)
    if not path.is_dir() and path.suffix.lower() not in (".parquet", ".pq"):
        raise BadArgument(
            "--window is for Parquet files.",
            given=f"--window {wanted.window} with {wanted.data}",
            expected="a folder of .parquet files, or one of them",
        )
