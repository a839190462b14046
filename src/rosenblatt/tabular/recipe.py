"""Every constant of the models for tables, by the number of rows and the kind of task."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from rosenblatt.tabular.kinds import Schema
from rosenblatt.tabular.task import Task

MANY = 12_000
"""Rows from which on target means of a number's single values are more than noise, mostly."""

CROSSED = 20_000
"""Rows from which on target means of pairs of categories are."""


@dataclass(frozen=True)
class Recipe:
    """How columns are encoded, what the network is and how it is trained.

    Args:
        bins: most pieces of a number's piecewise-linear code.
        mean_bins: the same for target means.
        one_hot: categories with at most so many values are one-hot; others are embedded.
        embedding: numbers of an embedded category.
        rare: a word seen fewer times shares the code of missing and unseen words.
        smoothing: rows of the whole table's mean that are added to a category's target mean.
        repeats: a number whose values come back so many times on average is read as a category
            too.
        proven: whether that is done only where a value tells much more of the target than its
            neighbourhood does.
        crosses: pairs of categories that get target means, at most; half as many triples.
        in_time: whether later rows are to be predicted, so that crosses must not change in time.
        text_bins: bins of hashed words, of a column of text.
        members: networks that share their kernels, each with its own part of a batch.
        width, depth: neurons of a hidden layer, and how many hidden layers.
        activation: of the hidden layers.
        dropout: share of each hidden layer's outputs to drop in training.
        learning_rate: the largest; it rises for `warm_up` of the steps and falls to 0 by a cosine.
        weight_decay: of the kernels, apart from the gradient.
        beta_2: what Adam's mean of squares keeps.
        batch_size: rows of a step.
        epochs: passes over the training rows, at most.
        patience: share of the epochs without a better validation loss that ends training.
        models: networks trained on different folds; their predictions are averaged.
    """

    bins: int = 32
    mean_bins: int = 8
    one_hot: int = 16
    embedding: int = 12
    rare: int = 3
    smoothing: float = 10.0
    repeats: float = 3.0
    proven: bool = True
    crosses: int = 0
    in_time: bool = False
    text_bins: int = 64
    members: int = 8
    width: int = 128
    depth: int = 3
    activation: str = "mish"
    dropout: float = 0.1
    learning_rate: float = 0.003
    warm_up: float = 0.02
    weight_decay: float = 3e-4
    beta_2: float = 0.99
    batch_size: int = 256
    epochs: int = 60
    patience: float = 0.35
    models: int = 4

    def to_config(self) -> dict[str, Any]:
        """Plain data that make an equal recipe."""
        return asdict(self)

    def with_(self, **changes: Any) -> Recipe:
        """The recipe with other values for what is not None."""
        known = {one.name for one in fields(self)}
        return replace(self, **{k: v for k, v in changes.items() if k in known and v is not None})


def recipe_for(rows: int, outputs: int, numbers: int = 1) -> Recipe:
    """The recipe that suits a table.

    Args:
        rows: of the table.
        outputs: 0 for a quantity, else how many classes there are.
        numbers: how many columns of numbers and dates there are.

    >>> recipe_for(1_000, outputs=0, numbers=10).bins
    8
    """
    models = 8 if rows < MANY else 4
    trained = rows - rows // models  # of each network
    visits = 3_000_000 if outputs == 0 else 2_000_000  # quantities gain longer
    if rows >= CROSSED:  # so that 50,000 rows of 15 columns take a minute on two cores
        visits = 1_800_000 + 20 * max(0, trained - 60_000)
    return Recipe(
        bins=min(32, max(4, trained // (10 * max(numbers, 1)))),
        proven=rows < MANY,
        crosses=8 if rows >= CROSSED else 0,
        dropout=0.0 if outputs == 0 else 0.1,
        learning_rate=0.008 if outputs == 0 else 0.003 if outputs == 2 else 0.006,
        batch_size=_batch_size(trained),
        epochs=min(200 if trained < 10_000 else 250, max(8, visits // max(trained, 1))),
        models=models,
    )


def recipe_of(rows: int, task: Task, schema: Schema) -> Recipe:
    """The recipe that suits a table, by what was found in it.

    Args:
        rows: of the table.
        task: what is predicted.
        schema: what its columns hold.
    """
    numbers = sum(kind.kind in ("number", "date") for kind in schema.read.values())
    return recipe_for(rows, len(task.classes), numbers)


def _batch_size(rows: int) -> int:
    sizes = {2_000: 64, 6_000: 128, 20_000: 256, 100_000: 512}
    return next((size for most, size in sizes.items() if rows < most), 1024)
