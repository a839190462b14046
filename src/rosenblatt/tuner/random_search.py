"""Random search: values drawn independently (Bergstra and Bengio, JMLR 13, 2012)."""

from __future__ import annotations

from typing import Any

from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.oracle import Oracle
from rosenblatt.tuner.trial import TrialStatus
from rosenblatt.tuner.tuner import Tuner


class RandomSearchOracle(Oracle):
    """Proposes random values that were not tried.

    Args:
        objective, max_trials, seed, hyperparameters, allow_new_entries, tune_new_entries,
        max_retries_per_trial, max_consecutive_failed_trials: see `Oracle`.

    >>> RandomSearchOracle("val_loss", max_trials=5).remaining_trials()
    5
    """

    def __init__(
        self,
        objective: Any = None,
        max_trials: int | None = 10,
        seed: int | None = None,
        hyperparameters: HyperParameters | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
    ):
        super().__init__(
            objective, max_trials, hyperparameters, allow_new_entries, tune_new_entries, seed,
            max_retries_per_trial, max_consecutive_failed_trials,
        )  # fmt: skip

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Random values; STOPPED where none are left that were not tried."""
        values = self._random_values()
        status = TrialStatus.STOPPED if values is None else TrialStatus.RUNNING
        return {"status": status, "values": values}


class RandomSearch(Tuner):
    """Searches at random.

    Args:
        hypermodel: a function build(hp) or a `HyperModel`.
        objective: what is made small or large, as `"val_accuracy"`.
        max_trials: trials at most.
        seed: of proposals and trials.
        hyperparameters, tune_new_entries, allow_new_entries, max_retries_per_trial,
        max_consecutive_failed_trials: see `Oracle`.
        kwargs: see `Tuner`.

    >>> class Square(RandomSearch):
    ...     def run_trial(self, trial, **kwargs):
    ...         return trial.hyperparameters.Float("x", -1, 1) ** 2
    >>> tuner = Square(max_trials=20, seed=1, directory=getfixture("tmp_path"))
    >>> tuner.search(verbose=0)
    >>> abs(tuner.get_best_hyperparameters()[0]["x"]) < 0.1
    True
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int | None = 10,
        seed: int | None = None,
        hyperparameters: HyperParameters | None = None,
        tune_new_entries: bool = True,
        allow_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
        **kwargs: Any,
    ):
        oracle = RandomSearchOracle(
            objective, max_trials, seed, hyperparameters, allow_new_entries, tune_new_entries,
            max_retries_per_trial, max_consecutive_failed_trials,
        )  # fmt: skip
        super().__init__(oracle, hypermodel, **kwargs)
