"""A raw table on the command line: what is to be learnt from it, and its test part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.cli.problems import check_rows, named_target, open_data
from rosenblatt.core.errors import BadArgument, UnknownName, nearest
from rosenblatt.tables.table import Table
from rosenblatt.tabular.checks import Finding, check
from rosenblatt.tabular.classifier import TabularClassifier
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.kinds import Schema, infer
from rosenblatt.tabular.regressor import TabularRegressor
from rosenblatt.tabular.splitting import Parts, split, splitting
from rosenblatt.tabular.task import Task, class_codes, infer_task, quantities

_TEST_SHARE = 0.2


@dataclass(frozen=True)
class Wanted:
    """How a table is to be learnt, as the options of the commands say it.

    Args:
        data: the path of the table; "-" for standard input.
        target: the column to predict.
        types: kinds of columns by name.
        drop: columns to leave out.
        split: "random", "time:column" or "group:column".
        task: "class", "quantity" or None: found from the target.
        weights: the column of weights; None: rows count alike.
        seed: of everything.
        window: memory for rows of a folder that are mixed at a time; None: what `parquet` takes,
            for folders that are too large for a table.
    """

    data: str
    target: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    drop: Sequence[str] = ()
    split: str = "random"
    task: str | None = None
    weights: str | None = None
    seed: int = 42
    window: str | None = None

    @classmethod
    def of(
        cls,
        data: str,
        target: str | None,
        types: Iterable[str] | None,
        drop: Iterable[str] | None,
        split: str | None,
        task: str | None,
        weights: str | None,
        seed: int,
        window: str | None = None,
    ) -> Wanted:
        """From the options as they were typed; None where one was not.

        Raises:
            ValueError: `--types` without a sign of equality.
        """
        kinds, left_out = pairs(types, "--types"), listed(drop)
        way = split or "random"
        return cls(data, target, kinds, left_out, way, task, weights, seed, window)


@dataclass(frozen=True)
class TableParts:
    """A table with its task, and the rows to train on and to test on.

    Args:
        wanted: what was asked for.
        table: all of its rows that have a target.
        target: the column to predict.
        task: what is predicted.
        numbers: (rows,) targets: quantities, or the numbers of classes.
        schema: what its columns hold, by the training rows.
        warnings: what one should look at before training.
        train, test: row numbers.
    """

    wanted: Wanted
    table: Table
    target: str
    task: Task
    numbers: NDArray[Any]
    schema: Schema
    warnings: tuple[Finding, ...]
    train: NDArray[np.intp]
    test: NDArray[np.intp]

    def estimator(self, **parameters: Any) -> TabularModel:
        """The estimator for the task, with the options that were given.

        Args:
            parameters: other parameters of the estimator.
        """
        kind = TabularRegressor if self.task.is_quantity else TabularClassifier
        return kind(
            types=dict(self.wanted.types) or None,
            drop=list(self.wanted.drop) or None,
            split=self.wanted.split,
            random_state=self.wanted.seed,
            **parameters,
        )

    @property
    def rows(self) -> tuple[int, int]:
        """How many rows there are to train on, and to test on."""
        return len(self.train), len(self.test)

    @property
    def class_rows(self) -> list[int]:
        """How many rows each class has."""
        return np.bincount(self.numbers, minlength=len(self.task.classes)).tolist()

    @property
    def test_share(self) -> str:
        """Which rows are the test."""
        return "a fifth"

    def fit(self, model: TabularModel, backup: Path) -> None:
        """Train on the rows for it.

        Args:
            model: of `estimator`.
            backup: a folder from which a training that was cut off resumes.
        """
        table = self.table.take(self.train)
        weights = self.wanted.weights
        model.fit(table, target=self.target, sample_weight=weights, resume_from=backup)

    @property
    def features(self) -> Table:
        """The columns beside the target and the weights."""
        return self.table.without([self.target, *filter(None, [self.wanted.weights])])


def pairs(texts: Iterable[str] | None, option: str) -> dict[str, str]:
    """`zip=category` and the like as a dict; several stand in one text with commas between.

    Args:
        texts: as given.
        option: where, for messages.

    Raises:
        ValueError: a text without a sign of equality.

    >>> pairs(["zip=category,sold=date", "age=number"], "--types")
    {'zip': 'category', 'sold': 'date', 'age': 'number'}
    """
    found = {}
    for text in listed(texts):
        name, sign, value = text.rpartition("=")
        if not sign or not name.strip():
            raise BadArgument(
                f"{option}: not a column and its kind.",
                given=repr(text),
                expected="e.g. zip=category",
            )
        found[name.strip()] = value.strip()
    return found


def listed(texts: Iterable[str] | None) -> list[str]:
    """Names that are given one by one or with commas between them.

    >>> listed(["id, name", "zip"])
    ['id', 'name', 'zip']
    """
    return [name.strip() for text in texts or () for name in text.split(",") if name.strip()]


def open_parts(wanted: Wanted) -> TableParts:
    """Read a table, find out what is to be predicted, and keep a fifth of the rows as a test.

    Raises:
        ValueError: no target, an unknown column, or a table that cannot be split.
    """
    table = open_data(wanted.data)
    target = named_target(table, wanted.target)
    check_rows(table)
    check_options(wanted, [name for name in table.names if name != target], table.source)
    column = table[target]
    task = infer_task(column, wanted.task)
    codes = None if task.is_quantity else class_codes(column, task)
    numbers: NDArray[Any] = quantities(column, task) if codes is None else codes
    known = np.isfinite(numbers) & (codes is None or numbers >= 0)
    table, numbers = table.take(known), numbers[known]
    check_rows(table)
    how = splitting(wanted.split, table)
    parts = split(
        table.rows,
        how,
        labels=None if codes is None else codes[known],
        seed=wanted.seed,
        shares=(1 - _TEST_SHARE, 0.0, _TEST_SHARE),
    )
    inputs = table.without([target, *filter(None, [wanted.weights])])
    schema = infer(inputs, parts.train, types=wanted.types, drop=wanted.drop)
    both = Parts(parts.train, parts.valid, parts.test)
    warnings = tuple(check(inputs, schema, table[target], task, both, how))
    return TableParts(
        wanted, table, target, task, numbers, schema, warnings, parts.train, parts.test
    )


def check_options(wanted: Wanted, features: Sequence[str], source: str) -> None:
    """Refuse options that name no column beside the target.

    Raises:
        ValueError: naming the option.
    """
    options = {
        "--types": wanted.types,
        "--drop": wanted.drop,
        "--weights": filter(None, [wanted.weights]),
        "--split": filter(None, [wanted.split.partition(":")[2]]),
    }
    for option, names in options.items():
        _check_names(option, names, features, source)


def _check_names(option: str, names: Iterable[str], known: Sequence[str], source: str) -> None:
    for name in names:
        if name not in known:
            raise UnknownName(
                f"{option} names a column that {source} does not have beside the target.",
                given=repr(name),
                fix=nearest(name, known),
            )
