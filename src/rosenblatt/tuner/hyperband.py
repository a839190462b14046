"""Hyperband: many short trainings, the best of which resume."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Unpack

from rosenblatt.core.checks import number, whole
from rosenblatt.models.model import Model
from rosenblatt.tuner.hypermodel import Buildable
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.kinds import Values
from rosenblatt.tuner.objective import Goal
from rosenblatt.tuner.options import ORACLE, SEARCH, SearchOptions, Space, by_position, divided
from rosenblatt.tuner.oracle import Oracle, Proposal
from rosenblatt.tuner.trial_callbacks import BestEpoch
from rosenblatt.tuner.trials import Trial, TrialStatus, best_first
from rosenblatt.tuner.tuner import Tuner


class HyperbandOracle(Oracle):
    """Proposes random values for few epochs, then the best of them for more.

    With s_max = ⌊log_factor(max_epochs)⌋ there are brackets s = s_max, …, 0. Bracket s begins with
    ⌈⌈1 + log_factor(max_epochs)⌉ factor^s / (s + 1)⌉ trials of ⌈max_epochs / factor^s⌉ epochs;
    each next round has a `factor`-th of the trials, for `factor` times as many epochs.

    A round begins when the one before has ended, so what is promoted does not depend on which
    trial ended first.

    Args:
        objective: see `Oracle`.
        max_epochs: epochs of a trial that gets to the end.
        factor: how many fewer trials, and more epochs, each round has.
        hyperband_iterations: how often all brackets are run; without end if None.
        space: seed, hyperparameters, allow_new_entries, tune_new_entries, max_retries_per_trial,
            max_consecutive_failed_trials: see `Oracle`.

    Raises:
        ValueError: fewer than one epoch, a factor below 2.

    Reference: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization",
    JMLR 18 (2018).

    >>> oracle = HyperbandOracle("val_loss", max_epochs=9, factor=3)
    >>> [[(oracle.size_of(s, r), oracle.epochs_of(s, r)) for r in range(s + 1)] for s in (2, 1, 0)]
    [[(9, 1), (3, 3), (1, 9)], [(5, 3), (2, 9)], [(3, 9)]]
    """

    ignored_values = ("tuner/epochs", "tuner/initial_epoch", "tuner/bracket", "tuner/round")

    @by_position(ORACLE)
    def __init__(
        self,
        objective: Goal = None,
        max_epochs: int = 100,
        factor: int = 3,
        hyperband_iterations: int | None = 1,
        **space: Unpack[Space],
    ):
        super().__init__(objective, None, **space)
        self.min_epochs = 1
        self.max_epochs = self._checked("max_epochs", whole(least=1), max_epochs)
        self.factor = self._checked("factor", number(2), factor)
        self.hyperband_iterations = hyperband_iterations or math.inf
        self._iteration = 0
        self._bracket = self.number_of_brackets() - 1
        self._rounds: list[list[str]] = [[]]  # trial ids of the bracket that runs
        self._promoted: list[str] = []

    def number_of_brackets(self) -> int:
        """s_max + 1."""
        brackets, epochs = 0, float(self.max_epochs)
        while epochs >= self.min_epochs:
            epochs, brackets = epochs / self.factor, brackets + 1
        return brackets

    def size_of(self, bracket: int, round_number: int) -> int:
        """Trials in a round."""
        last = math.ceil(1 + math.log(self.max_epochs, self.factor)) / (bracket + 1)
        return math.ceil(last * self.factor ** (bracket - round_number))

    def epochs_of(self, bracket: int, round_number: int) -> int:
        """Epochs after which a trial of a round ends, those of earlier rounds included."""
        return math.ceil(self.max_epochs / self.factor ** (bracket - round_number))

    def populate_space(self, trial_id: str) -> Proposal:
        """Random values for a bracket's first round, or those of the best of the last round."""
        while self._iteration < self.hyperband_iterations:
            current = len(self._rounds) - 1
            if current == 0 and len(self._rounds[0]) < self.size_of(self._bracket, 0):
                values = self.random_values()
                if values is not None:
                    self._rounds[0].append(trial_id)
                    return self._of_round(0, values)
            elif current > 0 and self._promoted:
                past = self.trials[self._promoted.pop(0)]
                self._rounds[current].append(trial_id)
                # It stays the network that it was, whatever has come to the space since.
                known = self.hyperparameters.with_values(past.hyperparameters.values)
                values = {**known.with_defaults().values, "tuner/trial_id": past.trial_id}
                return self._of_round(current, values)
            if any(name not in self.trials.ended for name in self._rounds[-1]):
                return {"status": TrialStatus.IDLE, "values": None}
            if not self._rounds[0]:  # every combination was tried
                break
            self._begin_next_round()
        return self.proposal(None)

    def _of_round(self, round_number: int, values: Values) -> Proposal:
        first = 0 if round_number == 0 else self.epochs_of(self._bracket, round_number - 1)
        values["tuner/epochs"] = self.epochs_of(self._bracket, round_number)
        values["tuner/initial_epoch"] = first
        values["tuner/bracket"] = self._bracket
        values["tuner/round"] = round_number
        return self.proposal(values)

    def _begin_next_round(self) -> None:
        """Begin the next round, or the next bracket."""
        begun = len(self._rounds)
        best = best_first((self.trials[name] for name in self._rounds[-1]), self.objective)
        if begun <= self._bracket and best:
            best = best[: self.size_of(self._bracket, begun)]
            self._promoted = [trial.trial_id for trial in best]
            self._rounds.append([])
            return
        self._rounds, self._promoted = [[]], []
        self._bracket -= 1
        if self._bracket < 0:
            self._bracket = self.number_of_brackets() - 1
            self._iteration += 1

    def may_resume(self, trial_id: str) -> bool:
        """Whether a later round may continue a trial."""
        with self.exclusive():
            waiting = [self.trials[name] for name in self.trials.to_retry]
            running = [*waiting, *self.trials.all_running()]
            continued = [t.hyperparameters.values.get("tuner/trial_id") for t in running]
            in_round = trial_id in self._rounds[-1] and len(self._rounds) <= self._bracket
            return in_round or trial_id in self._promoted or trial_id in continued

    def get_state(self) -> dict[str, Any]:
        """Where it stands among brackets and rounds."""
        return {
            **super().get_state(),
            "iteration": self._iteration,
            "bracket": self._bracket,
            "rounds": self._rounds,
            "promoted": self._promoted,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` gave."""
        super().set_state(state)
        self._iteration, self._bracket = state["iteration"], state["bracket"]
        self._rounds, self._promoted = state["rounds"], state["promoted"]


class Hyperband(Tuner):
    """Searches with `HyperbandOracle`: a promoted trial resumes with weights and optimizer.

    Args:
        hypermodel: a function build(hp) or a `HyperModel`.
        objective: what is made small or large, as `"val_accuracy"`.
        max_epochs, factor, hyperband_iterations: see `HyperbandOracle`.
        options: seed (of proposals and trials), hyperparameters, tune_new_entries,
            allow_new_entries, max_retries_per_trial, max_consecutive_failed_trials: see `Oracle`;
            all others: see `Tuner`.
    """

    oracle: HyperbandOracle

    @by_position(SEARCH)
    def __init__(
        self,
        hypermodel: Buildable = None,
        objective: Goal = None,
        max_epochs: int = 100,
        factor: int = 3,
        hyperband_iterations: int | None = 1,
        **options: Unpack[SearchOptions],
    ):
        space, rest = divided(options)
        oracle = HyperbandOracle(objective, max_epochs, factor, hyperband_iterations, **space)
        super().__init__(oracle, hypermodel, **rest)

    def run_trial(self, trial: Trial, *args: Any, **kwargs: Any) -> Any:
        """Train for the epochs of the trial's round."""
        values = trial.hyperparameters.values
        if "tuner/epochs" in values:
            kwargs["epochs"] = values["tuner/epochs"]
            kwargs["initial_epoch"] = values["tuner/initial_epoch"]
        return super().run_trial(trial, *args, **kwargs)

    def _most_epochs(self, arguments: Mapping[str, Any]) -> int:
        """Those of the last round: all rounds of a trial use the same programs."""
        return int(self.oracle.max_epochs)

    def _try_build(self, hp: HyperParameters) -> Model:
        model = super()._try_build(hp)
        past = hp.values.get("tuner/trial_id")
        if past is not None and self.checkpoints.last(past).exists():
            self._load(model, past, self.checkpoints.last(past))
        return model

    def _keep_checkpoint(
        self, trial: Trial, model: Model, best: BestEpoch, results: list[Any]
    ) -> None:
        epochs = trial.hyperparameters.values.get("tuner/epochs")
        if model.built and epochs != self.oracle.max_epochs:
            self._write_build_config(trial.trial_id, model)
            model.save_weights(self.checkpoints.add_last(trial.trial_id))
        super()._keep_checkpoint(trial, model, best, results)

    def on_trial_end(self, trial: Trial) -> None:
        """Tell the oracle, and remove what no trial will resume from."""
        super().on_trial_end(trial)
        with self.oracle.exclusive():  # once, not for each name
            self.checkpoints.drop_last(self.oracle.may_resume)
