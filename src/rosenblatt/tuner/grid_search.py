"""Grid search: every combination of values."""

from __future__ import annotations

from typing import Any, Unpack

from rosenblatt.tuner.hypermodel import Buildable
from rosenblatt.tuner.kinds import HyperParameter, Values
from rosenblatt.tuner.objective import Goal
from rosenblatt.tuner.options import ORACLE, SEARCH, SearchOptions, Space, by_position, divided
from rosenblatt.tuner.oracle import Oracle, Proposal
from rosenblatt.tuner.trials import TrialStatus
from rosenblatt.tuner.tuner import Tuner


class GridSearchOracle(Oracle):
    """Proposes every combination, the last hyperparameter changing fastest, defaults first.

    A range without steps counts as ten values. Where trials find other hyperparameters, the
    combinations with them follow.

    Args:
        objective, max_trials: see `Oracle`.
        space: seed, hyperparameters, allow_new_entries, tune_new_entries, max_retries_per_trial,
            max_consecutive_failed_trials: see `Oracle`.

    >>> from rosenblatt.tuner import HyperParameters
    >>> hp = HyperParameters()
    >>> _ = hp.Choice("optimizer", ["sgd", "adam"]), hp.Boolean("normalize")
    >>> oracle = GridSearchOracle("loss", hyperparameters=hp)
    >>> oracle.verbose = 0
    >>> [oracle.create_trial(str(i)).hyperparameters.values for i in range(2)]
    [{'optimizer': 'sgd', 'normalize': False}, {'optimizer': 'sgd', 'normalize': True}]
    """

    @by_position(ORACLE)
    def __init__(
        self, objective: Goal = None, max_trials: int | None = None, **space: Unpack[Space]
    ):
        super().__init__(objective, max_trials, **space)
        self._size = -1  # of the space that is gone through
        self._next: Values | None = None

    def populate_space(self, trial_id: str) -> Proposal:
        """The next combination that was not tried."""
        if len(self.hyperparameters.space) != self._size:  # from the start, with what is new
            self._size = len(self.hyperparameters.space)
            self._next = self._beginning_with({})
        while self._next is not None:
            values, self._next = self._next, self._after(self._next)
            if not self.trials.was_tried(values):
                return self.proposal(values)
        # A running trial may still find a hyperparameter.
        status = TrialStatus.IDLE if self.trials.all_running() else TrialStatus.STOPPED
        return {"status": status, "values": None}

    def _after(self, values: Values) -> Values | None:
        """The combination after another; None after the last one."""
        space = self.hyperparameters.space
        for place in reversed(range(len(space))):
            hp = space[place]
            if not hp.is_active(values):
                continue
            ordered = _defaults_first(hp)
            index = ordered.index(values[hp.name]) + 1
            if index == len(ordered):
                continue
            kept = {h.name: values[h.name] for h in space[:place] if h.is_active(values)}
            return self._beginning_with({**kept, hp.name: ordered[index]})
        return None

    def _beginning_with(self, values: Values) -> Values:
        """The first combination that has some values."""
        return self.hyperparameters.values_by(lambda hp: values.get(hp.name, hp.default))


def _defaults_first(hp: HyperParameter) -> list[Any]:
    return [hp.default, *(value for value in hp.values if value != hp.default)]


class GridSearch(Tuner):
    """Tries every combination.

    Args:
        hypermodel: a function build(hp) or a `HyperModel`.
        objective: what is made small or large, as `"val_accuracy"`.
        max_trials: trials at most; all combinations if None.
        options: seed (of the trials), hyperparameters, tune_new_entries, allow_new_entries,
            max_retries_per_trial, max_consecutive_failed_trials: see `Oracle`; all others: see
            `Tuner`.
    """

    @by_position(SEARCH)
    def __init__(
        self,
        hypermodel: Buildable = None,
        objective: Goal = None,
        max_trials: int | None = None,
        **options: Unpack[SearchOptions],
    ):
        self.seed = options.get("seed")
        space, rest = divided(options)
        super().__init__(GridSearchOracle(objective, max_trials, **space), hypermodel, **rest)
