"""Random search: values drawn independently (Bergstra and Bengio, JMLR 13, 2012)."""

from __future__ import annotations

from typing import Unpack

from rosenblatt.tuner.hypermodel import Buildable
from rosenblatt.tuner.objective import Goal
from rosenblatt.tuner.options import ORACLE, SEARCH, SearchOptions, Space, by_position, divided
from rosenblatt.tuner.oracle import Oracle, Proposal
from rosenblatt.tuner.tuner import Tuner


class RandomSearchOracle(Oracle):
    """Proposes random values that were not tried.

    Args:
        objective, max_trials: see `Oracle`.
        space: seed, hyperparameters, allow_new_entries, tune_new_entries, max_retries_per_trial,
            max_consecutive_failed_trials: see `Oracle`.

    >>> RandomSearchOracle("val_loss", max_trials=5).remaining_trials()
    5
    """

    @by_position(ORACLE)
    def __init__(self, objective: Goal = None, max_trials: int | None = 10, **space: Unpack[Space]):
        super().__init__(objective, max_trials, **space)

    def populate_space(self, trial_id: str) -> Proposal:
        """Random values; STOPPED where none are left that were not tried."""
        return self.proposal(self.random_values())


class RandomSearch(Tuner):
    """Searches at random.

    Args:
        hypermodel: a function build(hp) or a `HyperModel`.
        objective: what is made small or large, as `"val_accuracy"`.
        max_trials: trials at most.
        options: seed (of proposals and trials), hyperparameters, tune_new_entries,
            allow_new_entries, max_retries_per_trial, max_consecutive_failed_trials: see `Oracle`;
            all others: see `Tuner`.

    >>> class Square(RandomSearch):
    ...     def run_trial(self, trial, **kwargs):
    ...         return trial.hyperparameters.Float("x", -1, 1) ** 2
    >>> tuner = Square(max_trials=20, seed=1, directory=getfixture("tmp_path"))
    >>> tuner.search(verbose=0)
    >>> abs(tuner.get_best_hyperparameters()[0]["x"]) < 0.1
    True
    """

    @by_position(SEARCH)
    def __init__(
        self,
        hypermodel: Buildable = None,
        objective: Goal = None,
        max_trials: int | None = 10,
        **options: Unpack[SearchOptions],
    ):
        self.seed = options.get("seed")
        space, rest = divided(options)
        super().__init__(RandomSearchOracle(objective, max_trials, **space), hypermodel, **rest)
