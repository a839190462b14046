"""Grid search: every combination of values."""

from __future__ import annotations

from typing import Any

from rosenblatt.tuner.hyperparameter import HyperParameter
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.oracle import Oracle
from rosenblatt.tuner.trial import TrialStatus
from rosenblatt.tuner.tuner import Tuner


class GridSearchOracle(Oracle):
    """Proposes every combination, the last hyperparameter changing fastest, defaults first.

    A range without steps counts as ten values. Where trials find other hyperparameters, the
    combinations with them follow.

    Args:
        objective, max_trials, seed, hyperparameters, allow_new_entries, tune_new_entries,
        max_retries_per_trial, max_consecutive_failed_trials: see `Oracle`.

    >>> hp = HyperParameters()
    >>> _ = hp.Choice("optimizer", ["sgd", "adam"]), hp.Boolean("normalize")
    >>> oracle = GridSearchOracle("loss", hyperparameters=hp)
    >>> oracle.verbose = 0
    >>> [oracle.create_trial(str(i)).hyperparameters.values for i in range(2)]
    [{'optimizer': 'sgd', 'normalize': False}, {'optimizer': 'sgd', 'normalize': True}]
    """

    def __init__(
        self,
        objective: Any = None,
        max_trials: int | None = None,
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
        self._size = -1  # of the space that is gone through
        self._next: dict[str, Any] | None = None

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The next combination that was not tried."""
        if len(self.hyperparameters.space) != self._size:  # from the start, with what is new
            self._size = len(self.hyperparameters.space)
            self._next = self._first()
        while self._next is not None:
            values, self._next = self._next, self._after(self._next)
            if not self._duplicate(values):
                return {"status": TrialStatus.RUNNING, "values": values}
        # A running trial may still find a hyperparameter.
        status = TrialStatus.IDLE if self.running() else TrialStatus.STOPPED
        return {"status": status, "values": None}

    def _first(self) -> dict[str, Any]:
        hps = HyperParameters()
        hps.merge(self.hyperparameters)
        return hps.values

    def _after(self, values: dict[str, Any]) -> dict[str, Any] | None:
        """The combination after another; None after the last one."""
        hps = self.get_space()
        hps.values = dict(values)
        for place in reversed(range(len(hps.space))):
            hp = hps.space[place]
            if not hps.is_active(hp):
                continue
            ordered = _in_order(hp)
            index = ordered.index(hps.values[hp.name]) + 1
            if index == len(ordered):
                continue
            kept = hps.space[:place]
            following = HyperParameters()
            following.values = {h.name: values[h.name] for h in kept if hps.is_active(h)}
            following.values[hp.name] = ordered[index]
            following.merge(hps, overwrite=False)  # those behind start from their defaults
            return following.values
        return None


def _in_order(hp: HyperParameter) -> list[Any]:
    return [hp.default, *(value for value in hp.values if value != hp.default)]


class GridSearch(Tuner):
    """Tries every combination.

    Args:
        hypermodel: a function build(hp) or a `HyperModel`.
        objective: what is made small or large, as `"val_accuracy"`.
        max_trials: trials at most; all combinations if None.
        seed: of the trials.
        hyperparameters, tune_new_entries, allow_new_entries, max_retries_per_trial,
        max_consecutive_failed_trials: see `Oracle`.
        kwargs: see `Tuner`.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int | None = None,
        seed: int | None = None,
        hyperparameters: HyperParameters | None = None,
        tune_new_entries: bool = True,
        allow_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
        **kwargs: Any,
    ):
        oracle = GridSearchOracle(
            objective, max_trials, seed, hyperparameters, allow_new_entries, tune_new_entries,
            max_retries_per_trial, max_consecutive_failed_trials,
        )  # fmt: skip
        super().__init__(oracle, hypermodel, **kwargs)
