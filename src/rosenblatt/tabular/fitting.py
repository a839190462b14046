"""Training of TabularClassifier and TabularRegressor, on a table or on rows that stay in files."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.checks import number, optional, text, whole
from rosenblatt.core.cores import number_of_cores
from rosenblatt.core.errors import within
from rosenblatt.core.faces import on_use
from rosenblatt.core.types import PathLike
from rosenblatt.data.rows import Stored
from rosenblatt.tables.reading import Source
from rosenblatt.tables.table import Column, Table
from rosenblatt.tabular.checks import Finding, check
from rosenblatt.tabular.drift import summarize
from rosenblatt.tabular.ids import OfAll
from rosenblatt.tabular.inputs import (
    Floats,
    Targets,
    TrainingRows,
    is_named,
    joined_rows,
    rows_apart,
    rows_with_targets,
    seed_of,
    threads_of,
    training_rows,
    weights_in_files,
)
from rosenblatt.tabular.kinds import Schema, infer
from rosenblatt.tabular.learning import Learned, Problem, learn, train
from rosenblatt.tabular.parameters import Parameters, parameter
from rosenblatt.tabular.recipe import Recipe, recipe_of
from rosenblatt.tabular.reporting import facts_of_training
from rosenblatt.tabular.scores import scores_of
from rosenblatt.tabular.splitting import Parts, folds, splitting
from rosenblatt.tabular.task import Task, infer_task
from rosenblatt.tabular.training import Plan

if TYPE_CHECKING:
    from rosenblatt.data import parquet_data
    from rosenblatt.tabular import folder_learning, folder_splitting, folder_tables, survey
else:
    parquet_data = on_use("rosenblatt.data.parquet_data")
    folder_learning = on_use("rosenblatt.tabular.folder_learning")
    folder_splitting = on_use("rosenblatt.tabular.folder_splitting")
    folder_tables = on_use("rosenblatt.tabular.folder_tables")
    survey = on_use("rosenblatt.tabular.survey")

_COUNT = optional(whole(least=1))
_SHARE = optional(number(0, below=1, expected="a number, 0 or more and below 1"))
_OF_RECIPE = (
    "models", "members", "width", "depth", "bins", "dropout", "learning_rate", "weight_decay",
    "batch_size", "epochs",
)  # fmt: skip


@dataclass(repr=False, eq=False, kw_only=True)
class Trainable(Parameters):
    """What TabularClassifier and TabularRegressor share of training: parameters, and `fit`."""

    types: Mapping[str, str] | None = parameter(None)
    drop: Sequence[str] | str | None = parameter(None)
    split: str = parameter("random", text)
    time_limit: float | None = parameter(None, optional(number(above=0)))
    models: int | None = parameter(None, _COUNT)
    members: int | None = parameter(None, _COUNT)
    width: int | None = parameter(None, _COUNT)
    depth: int | None = parameter(None, _COUNT)
    bins: int | None = parameter(None, _COUNT)
    dropout: float | None = parameter(None, _SHARE)
    learning_rate: float | None = parameter(None, optional(number(above=0)))
    weight_decay: float | None = parameter(None, optional(number(0)))
    batch_size: int | None = parameter(None, _COUNT)
    epochs: int | None = parameter(None, _COUNT)
    random_state: int | np.random.RandomState | np.random.Generator | None = parameter(0, None)
    n_jobs: int | None = parameter(None, optional(whole()))
    verbose: int = parameter(0, whole(least=0))

    @property
    def _name(self) -> str:
        return type(self).__name__

    def fit(
        self,
        X: Source | Stored,
        y: Targets = None,
        *,
        target: str | None = None,
        sample_weight: Targets = None,
        validation_data: tuple[Source, Targets] | Source | None = None,
        resume_from: PathLike | None = None,
    ) -> Any:
        """Train.

        Args:
            X: a table: a path, a DataFrame, a dict of columns, an array; see `tables.read`. Or
                `rosenblatt.data.parquet(folder, target=…)`, of any number of rows: where their
                table needs more memory than its window, they are read window by window. So are
                those of a folder of Parquet files whose table needs more than 1 GB.
            y: (rows,) targets, where they are not a column of X.
            target: the column of X that is to be predicted; rows without a value are left out.
            sample_weight: (rows,) weights, or the name of the column of X that holds them.
            validation_data: rows that choose the best epochs, in place of held-out rows of X: a
                table with the target column, or (X, y).
            resume_from: a folder in which training is backed up, and from which it resumes where
                it was cut off.

        Returns:
            The estimator.

        Raises:
            ValueError: a table or targets that cannot be learnt from; the message names the column.
        """
        self.check_parameters()
        if target is not None and isinstance(X, (str, os.PathLike)) and Path(X).is_dir():
            X = folder_tables.stored(X, target) or X
        if isinstance(X, Stored):
            assert isinstance(X, parquet_data.ParquetData)
            weights = weights_in_files(self._name, y, sample_weight)
            tables = folder_tables.FolderTables(self._name, X, target, weights)
            if not tables.fit_in_window:
                return self.fit_folder(
                    tables, validation_data=validation_data, resume_from=resume_from
                )
            X, target, sample_weight = tables.whole(), tables.target, tables.weights
        read_rows = training_rows(self._name, X, y, target, sample_weight)
        self._check_target(read_rows.target)
        task = infer_task(read_rows.target, self._wanted())
        schema = self._schema(read_rows.table)
        numbers, given = rows_with_targets(self._name, joined_rows(read_rows), task)
        table = given.table
        seed = seed_of(self.random_state)
        recipe = self._recipe(table.rows, task, schema)
        how = splitting(self.split, table, schema)
        strata = None if task.is_quantity else numbers
        parts = folds(
            table.rows, max(2, min(recipe.models, table.rows)), how, labels=strata, seed=seed
        )
        judged = Parts(*parts[0], np.zeros(0, np.intp))
        self.warnings_: list[Finding] = check(table, schema, given.target, task, judged, how)
        problem = Problem(
            table, numbers, self._weights(given.weights, numbers, task), schema, task,
            parts[: recipe.models], rows_apart(self._name, validation_data, target, task, given),
        )  # fmt: skip
        learned = learn(problem, recipe, self._plan(seed, resume_from))
        self.facts_ = facts_of_training(
            table, given.target.name, learned, self.warnings_, self.split, seed
        )
        self.summary_ = summarize(table, schema)
        self._keep(X, given, learned)
        return self

    def fit_folder(
        self,
        tables: folder_tables.FolderTables,
        *,
        validation_data: tuple[Source, Targets] | Source | None = None,
        resume_from: PathLike | None = None,
    ) -> Any:
        """Train on rows that stay in files: one network after another, each window by window.

        Args:
            tables: the rows. Some are held out, in place of folds, or all are trained on where
                `validation_data` is given.
            validation_data, resume_from: as of `fit`.

        Returns:
            The estimator.

        Raises:
            ValueError: rows that cannot be learnt from; the message names the file or the column.
        """
        self.check_parameters()
        begun = time.perf_counter()
        seed = seed_of(self.random_state)
        split = self.split if validation_data is None else None
        is_held = folder_splitting.held_rows(tables, split, seed)
        found = survey.survey(tables, seed, is_held)
        given = found.sample
        target = found.labels.beside(given.target)
        self._check_target(target)
        with within(f"{tables.source}, a sample of its rows"):
            task = infer_task(target, self._wanted())
        schema = self._schema(given.table, found.of_all)
        recipe = self._recipe(found.rows, task, schema)
        counts, factors, class_weights = np.zeros(0, np.int64), None, np.ones(1)
        if not task.is_quantity:
            counts, own = found.labels.by_class(target, task)
            class_weights = self._weights(own, np.arange(len(own)), task)
            factors = None if class_weights is own else class_weights / own
        apart = rows_apart(self._name, validation_data, tables.target, task, given)
        if apart is None:
            apart = folder_learning.held_out_rows(found, task, factors)
        needed = {*schema.read, self.split.partition(":")[2]}
        read = tables.of([name for name in tables.names if name in needed])
        rows = folder_learning.TrainingTables(read, is_held, task, factors, seed)
        problem = folder_learning.FolderProblem(rows, found, schema, class_weights, apart)
        self.warnings_ = folder_learning.findings(problem, self.split)
        ready = folder_learning.ready(problem, recipe)
        plan = replace(self._plan(seed, resume_from), threads=1)
        learned = train(ready, recipe, plan, time.perf_counter() - begun)
        facts = facts_of_training(
            given.table, tables.target, learned, self.warnings_, self.split, seed
        )
        self.facts_ = folder_learning.told(facts, problem, counts, self.split)
        self.summary_ = summarize(given.table, schema)
        self._keep(given.table, given, learned)
        return self

    # -- what the two differ in ------------------------------------------------------------------

    def _wanted(self) -> str:
        """The kind of task, as `infer_task` takes it."""
        raise NotImplementedError

    def _check_target(self, target: Column) -> None:
        """Refuse targets of the other kind."""

    def _weights(self, weights: Floats, numbers: NDArray[Any], task: Task) -> Floats:
        """The weights of the rows, those of their classes among them."""
        return weights

    # -- training ----------------------------------------------------------------------------------

    def _schema(self, table: Table, of_all: Mapping[str, OfAll] | None = None) -> Schema:
        drop = [self.drop] if isinstance(self.drop, str) else self.drop or ()
        return infer(table, types=self.types, drop=drop, of_all=of_all)

    def _plan(self, seed: int, resume_from: PathLike | None) -> Plan:
        return Plan(
            seed,
            threads_of(self.n_jobs, number_of_cores()),
            self.time_limit,
            self.verbose,
            None if resume_from is None else Path(resume_from),
        )

    def _recipe(self, rows: int, task: Task, schema: Schema) -> Recipe:
        own: dict[str, Any] = {name: getattr(self, name) for name in _OF_RECIPE}
        own["in_time"] = self.split.startswith("time")
        return recipe_of(rows, task, schema).with_(**own)

    def _keep(self, X: Source, given: TrainingRows, learned: Learned) -> None:
        self.predictor_ = learned.predictor
        self.held_out_ = learned.held_out
        self.history_ = learned.curves
        self.best_epochs_ = learned.best_epochs
        self.seconds_ = learned.seconds
        self.schema_ = learned.schema
        self.target_name_ = given.target.name if given.named else None
        self.text_columns_ = {
            name: column.kind == "text" for name, column in given.table.columns.items()
        }
        held_out = learned.held_out
        self.scores_ = scores_of(
            learned.predictor.task.kind, held_out.targets, held_out.predictions, held_out.weights
        )
        self.n_features_in_ = len(given.table.names)
        vars(self).pop("feature_names_in_", None)
        if is_named(X):
            self.feature_names_in_ = np.array(given.table.names, dtype=object)
