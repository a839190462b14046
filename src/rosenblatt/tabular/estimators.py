"""What TabularClassifier and TabularRegressor share: from a raw table to a trained model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.checks import number, optional, text, whole
from rosenblatt.core.cores import number_of_cores
from rosenblatt.core.errors import BadData, warn_user, within
from rosenblatt.core.faces import on_use
from rosenblatt.core.types import PathLike
from rosenblatt.data.frames import names_of
from rosenblatt.tables.one_row import Row, read_row
from rosenblatt.tables.reading import Source, read
from rosenblatt.tables.table import Column, Table
from rosenblatt.tabular.checks import Finding, check
from rosenblatt.tabular.drift import Summary, drift, summarize
from rosenblatt.tabular.facts import Facts
from rosenblatt.tabular.inputs import (
    Floats,
    TrainingRows,
    check_features,
    joined_rows,
    require_columns,
    seed_of,
    threads_of,
    training_rows,
)
from rosenblatt.tabular.kinds import Schema, infer
from rosenblatt.tabular.learning import Learned, Problem, learn
from rosenblatt.tabular.model import TableModel, as_model
from rosenblatt.tabular.parameters import Parameters, parameter
from rosenblatt.tabular.predictor import Predictor
from rosenblatt.tabular.recipe import Recipe, recipe_of
from rosenblatt.tabular.report import Report, shown_html
from rosenblatt.tabular.reporting import facts_of_training, facts_of_trial
from rosenblatt.tabular.scores import scores_of
from rosenblatt.tabular.splitting import Parts, folds, splitting
from rosenblatt.tabular.task import Task, class_codes, infer_task, quantities
from rosenblatt.tabular.training import Plan

if TYPE_CHECKING:
    from rosenblatt.data import parquet_writing
    from rosenblatt.data.parquet_writing import Written
    from rosenblatt.models import folders
else:
    parquet_writing = on_use("rosenblatt.data.parquet_writing")
    folders = on_use("rosenblatt.models.folders")

Targets = Any  # an array, a column of a frame, a list

_COUNT = optional(whole(least=1))
_SHARE = optional(number(0, below=1, expected="a number, 0 or more and below 1"))
_OF_RECIPE = (
    "models", "members", "width", "depth", "bins", "dropout", "learning_rate", "weight_decay",
    "batch_size", "epochs",
)  # fmt: skip


# What a file keeps of an estimator beside its predictor, by the name it has there.
SAVED = {
    "target": "target_name_",
    "features": "n_features_in_",
    "text": "text_columns_",
    "scores": "scores_",
    "seconds": "seconds_",
    "best_epochs": "best_epochs_",
}


DESCRIBED: dict[str, tuple[str, Any]] = {
    "schema": ("schema_", Schema),
    "facts": ("facts_", Facts),
    "summary": ("summary_", Summary),
}


def _is_named(X: Source) -> bool:
    """Whether the columns of a table have names of their own."""
    if isinstance(X, (list, tuple)):
        return bool(X) and isinstance(X[0], Mapping)
    read = callable(getattr(X, "read", None))
    return read or isinstance(X, (str, Path, Mapping, Table)) or bool(names_of(X))


@dataclass(repr=False, eq=False, kw_only=True)
class TabularModel(Parameters):
    """What TabularClassifier and TabularRegressor share: they say what the parameters mean."""

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

    def fit(
        self,
        X: Source,
        y: Targets = None,
        *,
        target: str | None = None,
        sample_weight: Targets = None,
        validation_data: tuple[Source, Targets] | Source | None = None,
        resume_from: PathLike | None = None,
    ) -> Any:
        """Train.

        Args:
            X: a table: a path, a DataFrame, a dict of columns, an array; see `tables.read`.
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
        read_rows = training_rows(type(self).__name__, X, y, target, sample_weight)
        self._check_target(read_rows.target)
        task = infer_task(read_rows.target, self._wanted())
        drop = [self.drop] if isinstance(self.drop, str) else self.drop or ()
        schema = infer(read_rows.table, types=self.types, drop=drop)
        numbers, given = self._numbers(joined_rows(read_rows), task)
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
            parts[: recipe.models], self._apart(validation_data, target, task, given),
        )  # fmt: skip
        plan = Plan(
            seed,
            threads_of(self.n_jobs, number_of_cores()),
            self.time_limit,
            self.verbose,
            None if resume_from is None else Path(resume_from),
        )
        learned = learn(problem, recipe, plan)
        self.facts_ = facts_of_training(
            table, given.target.name, learned, self.warnings_, self.split, seed
        )
        self.summary_ = summarize(table, schema)
        self._keep(X, given, learned)
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

    def _recipe(self, rows: int, task: Task, schema: Schema) -> Recipe:
        own: dict[str, Any] = {name: getattr(self, name) for name in _OF_RECIPE}
        own["in_time"] = self.split.startswith("time")
        return recipe_of(rows, task, schema).with_(**own)

    def _numbers(self, given: TrainingRows, task: Task) -> tuple[NDArray[Any], TrainingRows]:
        """The targets as numbers, and the rows that have one."""
        numbers: NDArray[Any]
        if task.is_quantity:
            numbers = quantities(given.target, task)
            known = ~np.isnan(numbers)
        else:
            numbers = class_codes(given.target, task)
            known = numbers >= 0
        if known.all():
            return numbers, given
        if not given.named:
            raise BadData(
                f"{type(self).__name__}: Input y contains NaN: a value is missing.",
                given=f"row {np.flatnonzero(~known)[0]}",
                fix="leave out rows without a target.",
            )
        rows = np.flatnonzero(known)
        return numbers[rows], given.take(rows)

    def _apart(
        self, data: Any, target: str | None, task: Task, given: TrainingRows
    ) -> tuple[Table, NDArray[Any], Floats] | None:
        """Rows that choose the best epochs, where the user gives some."""
        if data is None:
            return None
        with within("validation_data"):
            if isinstance(data, tuple) and len(data) in (2, 3):
                x, y, weight = (*data, None)[:3]
                rows = training_rows(type(self).__name__, x, y, None, weight)
            else:
                rows = training_rows(type(self).__name__, data, None, target, None)
            require_columns(rows.table, given.table.names)
            numbers, rows = self._numbers(rows, task)
        return rows.table, numbers, rows.weights

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
        if _is_named(X):
            self.feature_names_in_ = np.array(given.table.names, dtype=object)

    # -- predictions -------------------------------------------------------------------------------

    def _fitted(self) -> Predictor:
        predictor = vars(self).get("predictor_")
        if predictor is None:
            raise self.not_fitted()
        return predictor

    def _table(self, X: Source) -> Table:
        """A table to predict for.

        Raises:
            ValueError: columns that the model reads are missing.
        """
        predictor = self._fitted()
        table = self._by_place(read(X), _is_named(X))
        check_features(type(self).__name__, self.n_features_in_, table, _is_named(X))
        require_columns(table, predictor.encoder.names)
        return table

    def _by_place(self, table: Table, named: bool) -> Table:
        """A table whose columns count by their places where it, or that of `fit`, has no names."""
        known = list(self.text_columns_)
        one_sided = named != ("feature_names_in_" in vars(self))
        if not one_sided or len(table.names) != len(known) or set(table.names) == set(known):
            return table
        has, fitted = ("has", "without") if named else ("does not have valid", "with")
        warn_user(
            f"X {has} feature names, but {type(self).__name__} was fitted {fitted} feature names"
        )
        return table.renamed(dict(zip(table.names, known, strict=True)))

    def _rows(self, X: Source) -> Table | Row:
        """A table to predict for, or the cells of its only row.

        Raises:
            ValueError: columns that the model reads are missing.
        """
        names = self._fitted().encoder.names
        row = read_row(X)
        if row is None or any(name not in row for name in names):
            return self._table(X)
        return row if len(row) == self.n_features_in_ or _is_named(X) else self._table(X)

    def _judged(self, X: Source, y: Targets, sample_weight: Targets) -> TrainingRows:
        """Rows to compare predictions with."""
        self._fitted()
        target = self.target_name_ if y is None else None
        table = read(X)
        if target is None:
            table = self._by_place(table, _is_named(X))
            check_features(type(self).__name__, self.n_features_in_, table, _is_named(X))
        return training_rows(type(self).__name__, table, y, target, sample_weight, least=1)

    @property
    def model_(self) -> TableModel:
        """The model from raw columns to predictions, as a Keras model."""
        predictor = self._fitted()
        more = {name: vars(self)[attribute] for name, attribute in SAVED.items()}
        for name, (attribute, _) in DESCRIBED.items():
            more[name] = vars(self)[attribute].to_config()
        return as_model(predictor, self.text_columns_, more)

    def predict_folder(
        self,
        folder: PathLike | Sequence[PathLike],
        out: PathLike,
        keep: str | Sequence[str] = (),
    ) -> Written:
        """Write a file of predictions for each Parquet file of a folder; any number of rows.

        A file of predictions gets its place when it is whole, and one that is there already
        stays: a call that was cut off is continued by the same call.

        Args:
            folder: a folder of Parquet files, a file, or several files.
            out: the folder for the predictions; made if need be.
            keep: columns that are written before the predictions, as they are.

        Returns:
            The files; how many of them were made, and the rows in these.

        Raises:
            MissingPackage: pyarrow is not installed.
            ValueError: a damaged file, missing columns, or a file in the way.
        """
        names = list(self._fitted().encoder.names)
        kept = [keep] if isinstance(keep, str) else list(keep)
        maker = folders.digest(self.model_)
        predict = parquet_writing.in_whole_pieces(self._columns_of)
        return parquet_writing.predict_files(folder, out, predict, names, kept, maker)

    def _columns_of(self, X: Source) -> dict[str, Any]:
        """The predictions for a table, as columns of a table by name."""
        raise NotImplementedError

    def report(
        self, X: Source | None = None, y: Targets = None, sample_weight: Targets = None
    ) -> Report:
        """What was found in the table, and how good the model is.

        Args:
            X: rows that training did not see; with the target as a column where y is None. Scores,
                intervals and the columns' importance are of these. None: scores of rows that were
                held out in training.
            y: (rows,) targets.
            sample_weight: (rows,) weights.

        Returns:
            A report: print it, or write it with `to_html(path)` or `to_json()`.
        """
        predictor = self._fitted()
        if X is None:
            return Report(self.facts_)
        given = self._judged(X, y, sample_weight)
        numbers, given = self._numbers(given, predictor.task)
        table = self._table(given.table)
        return Report(
            facts_of_trial(self.facts_, predictor, self.schema_, table, numbers, given.weights)
        )

    def _repr_html_(self) -> str:
        return shown_html(self, self.report() if self.__sklearn_is_fitted__() else None)

    def drift(self, X: Source) -> list[Finding]:
        """How a table differs from the training rows: other values, more gaps, unseen words."""
        self._fitted()
        return drift(self.summary_, read(X), self.schema_)

    def save(self, path: PathLike) -> None:
        """Write the whole model into one `.keras` file, which `tabular.load` reads.

        Args:
            path: its place; it ends in ".keras".
        """
        self.model_.save(path)

    def __getstate__(self) -> dict[str, Any]:
        """Without rows of the training table."""
        return {name: value for name, value in vars(self).items() if name != "held_out_"}

    def __sklearn_is_fitted__(self) -> bool:
        return "predictor_" in vars(self)
