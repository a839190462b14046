"""TabularClassifier: classes from raw tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.tables.reading import Source
from rosenblatt.tables.table import Column, NumberColumn
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.inputs import Floats, Targets
from rosenblatt.tabular.parameters import parameter
from rosenblatt.tabular.task import Task, class_codes, labels

if TYPE_CHECKING:
    from sklearn.utils import Tags


@dataclass(repr=False, eq=False, kw_only=True)
class TabularClassifier(TabularModel):
    """Predicts classes from raw tables: numbers, words, gaps and dates, none of them prepared.

    Args:
        class_weight: weights of classes by label, or "balanced" for the inverse of how often they
            come; None: rows count alike, and probabilities are those of the table.
        types: what columns hold where that is not found right, by name: "number", "category",
            "date", "text" or "id".
        drop: names of columns to leave out, or one name.
        split: how rows are held out to choose the best epochs: "random", "time:column" (the latest
            ones) or "group:column" (whole groups).
        time_limit: seconds after which training ends with the best epochs so far; None: the
            recipe's own length, which does not depend on the machine.
        models: networks that are trained, each with other rows held out.
        members, width, depth, bins, dropout, learning_rate, weight_decay, batch_size, epochs:
            other values than the recipe's for tables of this size (`tabular.recipe`).
        random_state: seed of weights, folds and orders, or a generator; with an integer results
            depend on nothing else.
        n_jobs: networks trained side by side; None: as many as there are cores. It changes no
            result.
        verbose: 1 shows progress.

    Attributes:
        classes_: the labels, in the order of the columns of `predict_proba`.
        schema_: what the columns hold, and why.
        warnings_: what was found in the table that one should look at.
        held_out_: predictions for rows that networks were not trained on.
        model_: the whole model, from raw columns to probabilities, as a Keras model.

    Reference: Y. Gorishniy, A. Kotelnikov and A. Babenko, "TabM: advancing tabular deep learning
    with parameter-efficient ensembling", 2024; D. Holzmüller, L. Grinsztajn and I. Steinwart,
    "Better by default: strong pre-tuned MLPs and boosted trees on tabular data", 2024.

    >>> table = {"sea": ["near", "far"] * 20, "rooms": [3, 5, None, 4] * 10}
    >>> model = TabularClassifier(models=2, epochs=20).fit(table, ["dear", "cheap"] * 20)
    >>> model.predict({"rooms": [4.0, 2.0], "sea": ["far", "near"]}).tolist()
    ['cheap', 'dear']
    """

    class_weight: Mapping[Any, float] | str | None = parameter(None)

    def predict(self, X: Source) -> NDArray[Any]:
        """The likeliest class of each row.

        Args:
            X: a table with the columns that the model reads, in any order.

        Returns:
            (rows,) labels.
        """
        return labels(self._fitted().task, self.predict_proba(X).argmax(axis=1))

    def predict_proba(self, X: Source) -> Floats:
        """The probabilities of the classes, (rows, classes), in the order of `classes_`."""
        return self._fitted().predict(self._rows(X))

    def score(self, X: Source, y: Targets = None, sample_weight: Targets = None) -> float:
        """The accuracy.

        Args:
            X: a table; with the target as a column where y is None.
            y: (rows,) labels.
            sample_weight: (rows,) weights.
        """
        rows = self._judged(X, y, sample_weight)
        right = class_codes(rows.target, self._fitted().task) == self._fitted().predict(
            self._table(rows.table)
        ).argmax(axis=1)
        return float(np.average(right, weights=rows.weights))

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels."""
        task = self._fitted().task
        return labels(task, np.arange(len(task.classes)))

    def _columns_of(self, X: Source) -> dict[str, Any]:
        chances, task = self.predict_proba(X), self._fitted().task
        named = {f"probability_{c}": chances[:, i] for i, c in enumerate(task.classes)}
        return {"prediction": labels(task, chances.argmax(axis=1)), **named}

    def _wanted(self) -> str:
        return "class"

    def _check_target(self, target: Column) -> None:
        if isinstance(target, NumberColumn):
            values = target.values[~target.missing]
            if not np.array_equal(values, np.floor(values)):
                raise BadData(
                    f"Unknown label type: continuous. Target {target.name!r} holds quantities.",
                    given=f"such as {values[values != np.floor(values)][0]:g}",
                    expected="labels",
                    fix="use TabularRegressor.",
                )

    def _weights(self, weights: Floats, numbers: NDArray[Any], task: Task) -> Floats:
        if self.class_weight is None:
            return weights
        if isinstance(self.class_weight, str):
            if self.class_weight != "balanced":
                raise BadArgument(
                    "TabularClassifier: bad `class_weight`.",
                    given=repr(self.class_weight),
                    expected="'balanced', a dict of weights by label, or None",
                )
            counts = np.bincount(numbers, weights, len(task.classes))
            return weights * (weights.sum() / len(task.classes) / counts)[numbers]
        known = {str(label): float(weight) for label, weight in self.class_weight.items()}
        unknown = sorted(set(known) - set(map(str, task.classes)))
        if unknown:
            raise BadArgument(
                "TabularClassifier: `class_weight` names a class that y does not have.",
                given=repr(unknown[0]),
                expected=", ".join(map(repr, task.classes)),
            )
        return weights * np.array([known.get(str(one), 1.0) for one in task.classes])[numbers]

    def tags(self) -> Tags:
        """scikit-learn's description: a classifier."""
        from sklearn.utils import ClassifierTags

        tags = super().tags()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags()
        return tags
