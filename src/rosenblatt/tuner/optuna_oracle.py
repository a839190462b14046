"""OptunaOracle: any of Optuna's samplers proposes, any of its pruners ends trials early."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from rosenblatt.core.errors import needed
from rosenblatt.tuner.hyperparameter import Boolean, Choice, Fixed
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.oracle import Oracle, synchronized
from rosenblatt.tuner.trial import Trial, TrialStatus

_DRAWS = 10  # proposals until a new one is found


class OptunaOracle(Oracle):
    """Proposes what a sampler of Optuna does (Akiba et al., KDD 2019). Needs the extra `optuna`.

    The sampler sees numbers as their place in their range, from 0 to 1, so that logarithmic ranges
    and steps are ours; it sees choices as such. Use it with `Tuner`:
    `Tuner(OptunaOracle("val_loss", 30, sampler=optuna.samplers.GPSampler(seed=1)), build)`.

    Args:
        objective, max_trials, seed, hyperparameters, allow_new_entries, tune_new_entries,
        max_retries_per_trial, max_consecutive_failed_trials: see `Oracle`.
        sampler: of `optuna.samplers`; `TPESampler(seed=seed)` if None.
        pruner: of `optuna.pruners`: asked after each epoch; a trial that it ends keeps its best
            epoch. None never ends one.

    Raises:
        ImportError: optuna is not installed.
    """

    def __init__(
        self,
        objective: Any = None,
        max_trials: int | None = 10,
        sampler: Any = None,
        pruner: Any = None,
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
        with needed("OptunaOracle needs optuna.", fix="`pip install 'rosenblatt[optuna]'`."):
            import optuna
        self._optuna = optuna
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = optuna.create_study(
            sampler=sampler or optuna.samplers.TPESampler(seed=self.seed),
            pruner=pruner or optuna.pruners.NopPruner(),
            direction="maximize" if self.objective.direction == "max" else "minimize",
        )
        self._asked: dict[str, Any] = {}  # Optuna's trials of ours that run
        self._told: set[str] = set()
        self._pruned: set[str] = set()

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The sampler's next proposal; STOPPED where it finds none that was not tried."""
        self._tell_ended()
        space = {hp.name: _distribution(self._optuna, hp) for hp in self._searched()}
        if not space:
            values = self._random_values()
            status = TrialStatus.STOPPED if values is None else TrialStatus.RUNNING
            return {"status": status, "values": values}
        for _ in range(_DRAWS):
            asked = self._study.ask(space)
            values = {hp.name: self._value(hp, asked.params) for hp in self.get_space().space}
            if not self._duplicate(values):
                self._asked[trial_id] = asked
                return {"status": TrialStatus.RUNNING, "values": values}
            self._study.tell(asked, state=self._optuna.trial.TrialState.FAIL)
        values = self._random_values()
        status = TrialStatus.STOPPED if values is None else TrialStatus.RUNNING
        return {"status": status, "values": values}

    @synchronized
    def update_history(self, trial_id: str, epoch: int, logs: Mapping[str, Any]) -> None:
        """Keep an epoch's log entries, and report the objective to the pruner."""
        super().update_history(trial_id, epoch, logs)
        asked = self._asked.get(trial_id)
        if asked is None or not self.objective.has_value(logs):
            return
        reported = self._study.trials[asked.number].intermediate_values
        if epoch not in reported:  # of the first execution alone
            asked.report(float(self.objective.get_value(logs)), epoch)

    @synchronized
    def prunes(self, trial_id: str) -> bool:
        """Whether the pruner ends a trial now."""
        asked = self._asked.get(trial_id)
        if asked is not None and asked.should_prune():
            self._pruned.add(trial_id)
        return trial_id in self._pruned

    def _searched(self) -> list[Any]:
        return [hp for hp in self.get_space().space if not isinstance(hp, Fixed)]

    @staticmethod
    def _value(hp: Any, params: Mapping[str, Any]) -> Any:
        if hp.name not in params:
            return hp.default
        given = params[hp.name]
        return given if isinstance(hp, (Choice, Boolean)) else hp.prob_to_value(given)

    def _tell_ended(self) -> None:
        """Give the study what it does not know yet: results, also those of an earlier process."""
        states = self._optuna.trial.TrialState
        for name in self.end_order:
            if name in self._told:
                continue
            self._told.add(name)
            trial, asked = self.trials[name], self._asked.pop(name, None)
            pruned = name in self._pruned
            state = states.FAIL if trial.score is None else states.PRUNED if pruned else None
            if asked is not None:
                value = None if state is not None else trial.score
                self._study.tell(asked, value, state or states.COMPLETE)
            elif trial.score is not None:
                self._add(trial)

    def _add(self, trial: Trial) -> None:
        """A trial that the study did not propose itself."""
        hps = {hp.name: hp for hp in self._searched()}
        values = {n: v for n, v in trial.hyperparameters.values.items() if n in hps}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a value that is no longer in the range
            self._study.add_trial(
                self._optuna.trial.create_trial(
                    params={
                        n: v if isinstance(hps[n], (Choice, Boolean)) else hps[n].value_to_prob(v)
                        for n, v in values.items()
                    },
                    distributions={n: _distribution(self._optuna, hps[n]) for n in values},
                    value=trial.score,
                )
            )


def _distribution(optuna: Any, hp: Any) -> Any:
    if isinstance(hp, Boolean):
        return optuna.distributions.CategoricalDistribution([False, True])
    if isinstance(hp, Choice):
        return optuna.distributions.CategoricalDistribution(list(hp.values))
    return optuna.distributions.FloatDistribution(0.0, 1.0)
