"""SklearnTuner: scikit-learn's models, scored by cross-validation."""

from __future__ import annotations

import inspect
import pickle
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rosenblatt.core.errors import require
from rosenblatt.core.files import atomic_write
from rosenblatt.core.types import Tree
from rosenblatt.tuner.base_tuner import BaseTuner
from rosenblatt.tuner.executors import Executor
from rosenblatt.tuner.hypermodel import Buildable
from rosenblatt.tuner.oracle import Oracle
from rosenblatt.tuner.trials import Trial


class SklearnTuner(BaseTuner):
    """Runs trials of scikit-learn models; the objective is `Objective("score", "max")`.

    Args:
        oracle: proposes trials.
        hypermodel: a function build(hp) that returns an estimator, or a `HyperModel`.
        scoring: scorer(model, X, y, sample_weight=…) as of `sklearn.metrics.make_scorer`; the
            model's own `score` if None.
        metrics: further functions metric(y, predicted, sample_weight=…), entered by their names.
        cv: a splitter; five shuffled folds if None.
        kwargs: see `BaseTuner`.

    Raises:
        ImportError: scikit-learn is not installed.
    """

    def __init__(
        self,
        oracle: Oracle,
        hypermodel: Buildable,
        scoring: Callable[..., float] | None = None,
        metrics: Callable[..., float] | Sequence[Callable[..., float]] | None = None,
        cv: Any = None,
        **kwargs: Any,
    ):
        library = require("sklearn.model_selection", "rosenblatt[sklearn]", "SklearnTuner")
        super().__init__(oracle, hypermodel, **kwargs)
        self.scoring = scoring
        several = metrics if isinstance(metrics, (list, tuple)) else [metrics]
        self.metrics: list[Any] = [metric for metric in several if metric is not None]
        self.cv = cv or library.KFold(5, shuffle=True, random_state=1)

    def search(  # type: ignore[override]
        self,
        X: Tree,
        y: Tree,
        sample_weight: Tree = None,
        groups: Tree = None,
        *,
        executor: str | Executor | None = None,
    ) -> None:
        """Run trials on data.

        Args:
            X, y: rows and targets: arrays or data frames.
            sample_weight: weights of the rows.
            groups: for splitters that keep groups together.
            executor: see `BaseTuner.search`.
        """
        super().search(X, y, sample_weight=sample_weight, groups=groups, executor=executor)

    def run_trial(
        self, trial: Trial, X: Tree, y: Tree, sample_weight: Tree = None, groups: Tree = None
    ) -> dict[str, float]:
        """Fit and score a model on each fold; the means over the folds count."""
        assert self.hypermodel is not None
        found: defaultdict[str, list[float]] = defaultdict(list)
        for train, test in self.cv.split(X, y, **({} if groups is None else {"groups": groups})):
            model = self.hypermodel.build(trial.hyperparameters)
            model.fit(_rows(X, train), _rows(y, train), **_weights(model, sample_weight, train))
            weights = {} if sample_weight is None else {"sample_weight": _rows(sample_weight, test)}
            score = model.score if self.scoring is None else partial(self.scoring, model)
            found["score"].append(float(score(_rows(X, test), _rows(y, test), **weights)))
            if self.metrics:
                predicted = model.predict(_rows(X, test))
            for metric in self.metrics:
                value = metric(_rows(y, test), predicted, **weights)
                found[metric.__name__].append(float(value))
        self.save_model(trial.trial_id, model)
        return {name: float(np.mean(values)) for name, values in found.items()}

    def save_model(self, trial_id: str, model: Any, step: int = 0) -> None:
        """Keep a trial's model (of the last fold) as a pickle."""
        with atomic_write(Path(self.get_trial_dir(trial_id)) / "model.pickle") as file:
            pickle.dump(model, file)

    def load_model(self, trial: Trial) -> Any:
        """A trial's model. Pickles run code: open only folders of your own searches."""
        with (Path(self.get_trial_dir(trial.trial_id)) / "model.pickle").open("rb") as file:
            return pickle.load(file)


def _rows(data: Tree, indices: np.ndarray) -> Any:
    if hasattr(data, "iloc"):
        return data.iloc[indices]
    return data[indices] if hasattr(data, "shape") else [data[i] for i in indices]


def _weights(model: Any, sample_weight: Tree, indices: np.ndarray) -> dict[str, Any]:
    """The weights for `fit`, where the model takes them."""
    takes = "sample_weight" in inspect.signature(model.fit).parameters
    if sample_weight is None or not takes:
        return {}
    return {"sample_weight": _rows(sample_weight, indices)}
