"""TabularRegressor: quantities from raw tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.tables.reading import Source
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.inputs import Floats, Targets
from rosenblatt.tabular.scores import scores_of
from rosenblatt.tabular.task import quantities

if TYPE_CHECKING:
    from sklearn.utils import Tags


@dataclass(repr=False, eq=False, kw_only=True)
class TabularRegressor(TabularModel):
    """Predicts quantities from raw tables: numbers, words, gaps and dates, none of them prepared.

    Args:
        types, drop, split, time_limit, models, members, width, depth, bins, dropout,
            learning_rate, weight_decay, batch_size, epochs, random_state, n_jobs, verbose: as of
            `TabularClassifier`.

    Attributes:
        schema_, warnings_, held_out_, model_: as of `TabularClassifier`.

    >>> table = {"area": [i / 2 for i in range(80)], "sea": ["near", "far"] * 40}
    >>> price = [i + 20 * (i % 2) for i in range(80)]
    >>> model = TabularRegressor(models=2, epochs=20).fit(table, price)
    >>> model.predict(table).shape, model.predict_interval(table, coverage=0.8).shape
    ((80,), (80, 2))
    """

    def predict(self, X: Source) -> Floats:
        """The quantity of each row, (rows,), in the units of the training targets.

        Args:
            X: a table with the columns that the model reads, in any order.
        """
        return self._fitted().predict(self._rows(X))[:, 0]

    def predict_interval(self, X: Source, coverage: float = 0.9) -> Floats:
        """Intervals that hold the quantity with a probability.

        Split conformal prediction, scaled by how far the members disagree (`tabular.Conformal`).

        Args:
            X: a table.
            coverage: the probability.

        Returns:
            (rows, 2): the lower and upper ends.

        Raises:
            ValueError: a coverage that the held-out rows cannot support.
        """
        predictor, rows = self._fitted(), self._rows(X)
        if predictor.conformal is None:
            raise BadData(
                "TabularRegressor: too few rows were held out for intervals.",
                given=len(self.held_out_.rows),
                expected="20 or more",
            )
        predicted, spread = predictor.predict_with_spread(rows)
        return predictor.conformal.interval(predicted, spread, coverage)

    def score(self, X: Source, y: Targets = None, sample_weight: Targets = None) -> float:
        """R² = 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)².

        Args:
            X: a table; with the target as a column where y is None.
            y: (rows,) quantities.
            sample_weight: (rows,) weights.
        """
        rows = self._judged(X, y, sample_weight)
        predictor = self._fitted()
        targets = quantities(rows.target, predictor.task)
        found = predictor.predict(self._table(rows.table))
        return scores_of("quantity", targets, found, rows.weights).get("r2", np.nan)

    def _columns_of(self, X: Source) -> dict[str, Any]:
        return {"prediction": self.predict(X)}

    def _wanted(self) -> str:
        return "quantity"

    def tags(self) -> Tags:
        """scikit-learn's description: a regressor."""
        from sklearn.utils import RegressorTags

        tags = super().tags()
        tags.estimator_type = "regressor"
        tags.regressor_tags = RegressorTags()
        return tags
