"""What TabularClassifier and TabularRegressor share: from a raw table to a trained model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rosenblatt.core.errors import warn_user
from rosenblatt.core.faces import on_use
from rosenblatt.core.types import PathLike
from rosenblatt.tables.one_row import Row, read_row
from rosenblatt.tables.reading import Source, read
from rosenblatt.tables.table import Table
from rosenblatt.tabular.checks import Finding
from rosenblatt.tabular.drift import Summary, drift
from rosenblatt.tabular.facts import Facts
from rosenblatt.tabular.fitting import Trainable
from rosenblatt.tabular.inputs import (
    Targets,
    TrainingRows,
    check_features,
    is_named,
    require_columns,
    rows_with_targets,
    training_rows,
)
from rosenblatt.tabular.kinds import Schema
from rosenblatt.tabular.model import TableModel, as_model
from rosenblatt.tabular.predictor import Predictor
from rosenblatt.tabular.report import Report, shown_html
from rosenblatt.tabular.reporting import facts_of_trial

if TYPE_CHECKING:
    from rosenblatt.data import parquet_writing
    from rosenblatt.data.parquet_writing import Written
    from rosenblatt.models import folders
else:
    parquet_writing = on_use("rosenblatt.data.parquet_writing")
    folders = on_use("rosenblatt.models.folders")

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


@dataclass(repr=False, eq=False, kw_only=True)
class TabularModel(Trainable):
    """What TabularClassifier and TabularRegressor share: they say what the parameters mean."""

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
        table = self._by_place(read(X), is_named(X))
        check_features(self._name, self.n_features_in_, table, is_named(X))
        require_columns(table, predictor.encoder.names)
        return table

    def _by_place(self, table: Table, named: bool) -> Table:
        """A table whose columns count by their places where it, or that of `fit`, has no names."""
        known = list(self.text_columns_)
        one_sided = named != ("feature_names_in_" in vars(self))
        if not one_sided or len(table.names) != len(known) or set(table.names) == set(known):
            return table
        has, fitted = ("has", "without") if named else ("does not have valid", "with")
        warn_user(f"X {has} feature names, but {self._name} was fitted {fitted} feature names")
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
        return row if len(row) == self.n_features_in_ or is_named(X) else self._table(X)

    def _judged(self, X: Source, y: Targets, sample_weight: Targets) -> TrainingRows:
        """Rows to compare predictions with."""
        self._fitted()
        target = self.target_name_ if y is None else None
        table = read(X)
        if target is None:
            table = self._by_place(table, is_named(X))
            check_features(self._name, self.n_features_in_, table, is_named(X))
        return training_rows(self._name, table, y, target, sample_weight, least=1)

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
        numbers, given = rows_with_targets(self._name, given, predictor.task)
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
