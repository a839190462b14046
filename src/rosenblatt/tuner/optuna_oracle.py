"""OptunaOracle: any of Optuna's samplers proposes, any of its pruners ends trials early."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Unpack

from rosenblatt.core.direction import Direction
from rosenblatt.core.errors import require
from rosenblatt.tuner.kinds import Boolean, Choice, Fixed, HyperParameter
from rosenblatt.tuner.objective import Goal
from rosenblatt.tuner.options import ORACLE, Space, by_position
from rosenblatt.tuner.oracle import Oracle, Proposal, synchronized
from rosenblatt.tuner.trials import Trial

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

_DRAWS = 10  # proposals until a new one is found
_AS_THEY_ARE = (Choice, Boolean)  # all other kinds are numbers from 0 to 1 to a sampler


class OptunaOracle(Oracle):
    """Proposes what a sampler of Optuna does (Akiba et al., KDD 2019). Needs the extra `optuna`.

    The sampler sees numbers as their place in their range, from 0 to 1, so that logarithmic ranges
    and steps are ours; it sees choices as such. Use it with `Tuner`:
    `Tuner(OptunaOracle("val_loss", 30, sampler=optuna.samplers.GPSampler(seed=1)), build)`.

    Args:
        objective, max_trials: see `Oracle`.
        sampler: of `optuna.samplers`; `TPESampler(seed=seed)` if None.
        pruner: of `optuna.pruners`: asked after each epoch; a trial that it ends keeps its best
            epoch. None never ends one.
        space: seed, hyperparameters, allow_new_entries, tune_new_entries, max_retries_per_trial,
            max_consecutive_failed_trials: see `Oracle`.

    Raises:
        ImportError: optuna is not installed.
    """

    @by_position(ORACLE)
    def __init__(
        self,
        objective: Goal = None,
        max_trials: int | None = 10,
        sampler: BaseSampler | None = None,
        pruner: BasePruner | None = None,
        **space: Unpack[Space],
    ):
        super().__init__(objective, max_trials, **space)
        self._optuna = optuna = require("optuna", "rosenblatt[optuna]", "OptunaOracle")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.study = optuna.create_study(
            sampler=sampler or optuna.samplers.TPESampler(seed=self.seed),
            pruner=pruner or optuna.pruners.NopPruner(),
            direction="minimize" if self.objective.direction is Direction.MIN else "maximize",
        )
        self._asked: dict[str, Any] = {}  # Optuna's trials by the ids of our running trials
        self._told: set[str] = set()
        self._pruned: set[str] = set()

    def populate_space(self, trial_id: str) -> Proposal:
        """The sampler's next proposal; STOPPED where it finds none that was not tried."""
        self.tell_ended()
        searched = _searched(self.hyperparameters.space)
        space = {hp.name: _distribution(self._optuna, hp) for hp in searched}
        for _ in range(_DRAWS if space else 0):
            asked = self.study.ask(space)
            values = self.hyperparameters.values_by(partial(_value, asked.params))
            if not self.trials.was_tried(values):
                self._asked[trial_id] = asked
                return self.proposal(values)
            self.study.tell(asked, state=self._optuna.trial.TrialState.FAIL)
        return self.proposal(self.random_values())

    @synchronized
    def update_history(self, trial_id: str, epoch: int, logs: Mapping[str, Any]) -> None:
        """Keep an epoch's log entries, and report the objective to the pruner."""
        super().update_history(trial_id, epoch, logs)
        asked = self._asked.get(trial_id)
        if asked is None or not self.objective.has_value(logs):
            return
        reported = self.study.trials[asked.number].intermediate_values
        if epoch not in reported:  # of the first execution alone
            asked.report(float(self.objective.get_value(logs)), epoch)

    @synchronized
    def prunes(self, trial_id: str) -> bool:
        """Whether the pruner ends a trial now."""
        asked = self._asked.get(trial_id)
        if asked is not None and asked.should_prune():
            self._pruned.add(trial_id)
        return trial_id in self._pruned

    def tell_ended(self) -> None:
        """Give the study what it does not know yet: results, also those of an earlier process."""
        states = self._optuna.trial.TrialState
        for name in self.trials.ended:
            if name in self._told:
                continue
            self._told.add(name)
            trial, asked = self.trials[name], self._asked.pop(name, None)
            pruned = name in self._pruned
            state = states.FAIL if trial.score is None else states.PRUNED if pruned else None
            if asked is not None:
                value = None if state is not None else trial.score
                self.study.tell(asked, value, state or states.COMPLETE)
            elif trial.score is not None:
                self._add(trial)

    def _add(self, trial: Trial) -> None:
        """A trial that the study did not propose itself."""
        values = trial.hyperparameters.values
        searched = _searched(self.hyperparameters.space)
        hps = [hp for hp in searched if hp.name in values and hp.takes(values[hp.name])]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a value that is no longer in the range
            self.study.add_trial(
                self._optuna.trial.create_trial(
                    params={
                        hp.name: values[hp.name]
                        if isinstance(hp, _AS_THEY_ARE)
                        else hp.value_to_prob(values[hp.name])
                        for hp in hps
                    },
                    distributions={hp.name: _distribution(self._optuna, hp) for hp in hps},
                    value=trial.score,
                )
            )


def _searched(space: Iterable[HyperParameter]) -> list[HyperParameter]:
    return [hp for hp in space if not isinstance(hp, Fixed)]


def _value(params: Mapping[str, Any], hp: HyperParameter) -> Any:
    if hp.name not in params:
        return hp.default
    given = params[hp.name]
    return given if isinstance(hp, _AS_THEY_ARE) else hp.prob_to_value(given)


def _distribution(optuna: ModuleType, hp: HyperParameter) -> Any:
    if isinstance(hp, Boolean):
        return optuna.distributions.CategoricalDistribution([False, True])
    if isinstance(hp, Choice):
        return optuna.distributions.CategoricalDistribution(list(hp.values))
    return optuna.distributions.FloatDistribution(0.0, 1.0)
