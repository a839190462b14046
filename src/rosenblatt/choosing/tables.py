"""A model for a raw table, with its reasons in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rosenblatt.tables.reading import Source
from rosenblatt.tabular.classifier import TabularClassifier
from rosenblatt.tabular.inputs import training_rows
from rosenblatt.tabular.kinds import Schema, infer
from rosenblatt.tabular.recipe import Recipe, recipe_of
from rosenblatt.tabular.regressor import TabularRegressor
from rosenblatt.tabular.task import Task, infer_task

_FEW = 100  # rows, below which a linear model is as good and says more


@dataclass(frozen=True)
class TableSpec:
    """A model for a table that is not trained yet, and why it is as it is.

    Attributes:
        task: what is predicted.
        schema: what the columns hold.
        recipe: every constant of the networks and their training.
        reasons: a sentence for each choice.
    """

    task: Task
    schema: Schema
    recipe: Recipe
    reasons: list[str] = field(default_factory=list)

    def build(self) -> TabularClassifier | TabularRegressor:
        """The estimator, to be trained with `fit`."""
        return TabularRegressor() if self.task.is_quantity else TabularClassifier()

    def __str__(self) -> str:
        return "\n".join([f"{self.task.kind}:", *(f"  - {reason}" for reason in self.reasons)])


def recommend_table(x: Source, y: Any = None, target: str | None = None) -> TableSpec:
    """A model to begin with for a raw table: numbers, words, gaps, dates.

    Args:
        x: a table, as `tables.read` takes it.
        y: (rows,) targets, where they are not a column of x.
        target: the column of x that is to be predicted.

    Returns:
        A spec: print it for the reasons, `build()` it.

    Raises:
        ValueError: no targets, or a table that nothing can be learnt from.

    >>> table = {"rooms": [3, 5, None, 4] * 10, "sea": ["near", "far"] * 20}
    >>> spec = recommend_table(table, ["dear", "cheap"] * 20)
    >>> spec.task.classes, list(spec.schema.read), type(spec.build()).__name__
    (('cheap', 'dear'), ['rooms', 'sea'], 'TabularClassifier')
    """
    rows = training_rows("recommend_table", x, y, target, None)
    task, schema = infer_task(rows.target), infer(rows.table)
    count = rows.table.rows
    recipe = recipe_of(count, task, schema)
    reasons = [
        f"{rows.target.name!r}: {task.reason}",
        *schema.described(),
        f"{recipe.models} networks, each with other rows held out, whose predictions are averaged",
        f"{recipe.members} members in each, which share {recipe.depth} layers of {recipe.width}",
        f"up to {recipe.epochs} epochs of batches of {recipe.batch_size}, for {count:,} rows",
    ]
    what = "numbers whose values come back are read as categories too"
    reasons.append(f"{what}, where that tells much more" if recipe.proven else what)
    if count < _FEW:
        reasons.append("so few rows tell little: compare it with a linear model")
    return TableSpec(task, schema, recipe, reasons)
