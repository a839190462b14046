"""What trials return and what watches them, where Keras Tuner has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.types import PathLike
from rosenblatt.tuner.objective import Objective
from rosenblatt.tuner.trial_callbacks import TunerCallback
from rosenblatt.tuner.trial_results import Results, read_result


class SaveBestEpoch(Callback):
    """Writes a model's weights after each epoch that is the best one so far.

    Args:
        objective: says which epoch is better; weights are written after epochs without it too.
        filepath: of the weights, `*.weights.h5`.
    """

    def __init__(self, objective: Objective, filepath: PathLike):
        super().__init__()
        self.objective = objective
        self.filepath = filepath
        self.best_value = float("inf") * objective.direction.sign

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Compare the epoch with the best one."""
        logs = logs or {}
        if self.objective.has_value(logs):
            value = float(self.objective.get_value(logs))
            if not self.objective.better_than(value, self.best_value):
                return
            self.best_value = value
        self.model.save_weights(self.filepath)


def average_metrics_dicts(metrics_dicts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each metric over those dicts that have it.

    >>> average_metrics_dicts([{"loss": 1.0, "auc": 0.5}, {"loss": 3.0}])
    {'loss': 2.0, 'auc': 0.5}
    """
    found: dict[str, list[float]] = {}
    for metrics in metrics_dicts:
        for name, value in metrics.items():
            found.setdefault(name, []).append(value)
    return {name: float(np.mean(values)) for name, values in found.items()}


def validate_trial_results(results: Results, objective: Objective, func_name: str) -> None:
    """Refuse what is no result of a trial.

    Args:
        results: a number, a dict of metrics, a History, or a list of these.
        objective: of the search.
        func_name: what returned it, for messages.

    Raises:
        FatalTypeError: something else.
        FatalValueError: the objective is missing.
    """
    read_result(results, objective, func_name)


def convert_to_metrics_dict(results: Results, objective: Objective) -> dict[str, float]:
    """The metrics of what a trial returned, of a History those of its best epoch.

    >>> convert_to_metrics_dict([1.0, 3.0], Objective("loss", "min"))
    {'loss': 2.0}
    """
    return read_result(results, objective, "the trial")[0]


def get_best_step(results: Results, objective: Objective) -> int:
    """The best epoch of what a trial returned; 0 where there are no epochs."""
    return read_result(results, objective, "the trial")[1]


__all__ = [
    "SaveBestEpoch",
    "TunerCallback",
    "average_metrics_dicts",
    "convert_to_metrics_dict",
    "get_best_step",
    "validate_trial_results",
]
