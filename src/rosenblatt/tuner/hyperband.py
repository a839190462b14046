"""Hyperband: many short trainings, the best of which go on."""

from __future__ import annotations

import math
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.tuner.arguments import whole_number
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.oracle import Oracle
from rosenblatt.tuner.trial import Trial, TrialStatus
from rosenblatt.tuner.tuner import Tuner

_OWN = ("tuner/epochs", "tuner/initial_epoch", "tuner/bracket", "tuner/round")


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
        seed, hyperparameters, allow_new_entries, tune_new_entries, max_retries_per_trial,
        max_consecutive_failed_trials: see `Oracle`.

    Raises:
        ValueError: fewer than one epoch, a factor below 2.

    Reference: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization",
    JMLR 18 (2018).

    >>> oracle = HyperbandOracle("val_loss", max_epochs=9, factor=3)
    >>> [[(oracle.size_of(s, r), oracle.epochs_of(s, r)) for r in range(s + 1)] for s in (2, 1, 0)]
    [[(9, 1), (3, 3), (1, 9)], [(5, 3), (2, 9)], [(3, 9)]]
    """

    def __init__(
        self,
        objective: Any = None,
        max_epochs: int = 100,
        factor: int = 3,
        hyperband_iterations: int | None = 1,
        seed: int | None = None,
        hyperparameters: HyperParameters | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
    ):
        super().__init__(
            objective, None, hyperparameters, allow_new_entries, tune_new_entries, seed,
            max_retries_per_trial, max_consecutive_failed_trials,
        )  # fmt: skip
        if not isinstance(factor, (int, float)) or factor < 2:
            raise ValueError(
                explain("Hyperband: bad `factor`.", given=repr(factor), expected="at least 2")
            )
        self.max_epochs = whole_number("max_epochs", max_epochs, least=1)
        self.factor = factor
        self.hyperband_iterations = hyperband_iterations or math.inf
        self._iteration = 0
        self._bracket = self.number_of_brackets() - 1
        self._rounds: list[list[str]] = [[]]  # trial ids of the bracket that runs
        self._promoted: list[str] = []

    def number_of_brackets(self) -> int:
        """s_max + 1."""
        brackets, epochs = 0, float(self.max_epochs)
        while epochs >= 1:
            epochs, brackets = epochs / self.factor, brackets + 1
        return brackets

    def size_of(self, bracket: int, round_number: int) -> int:
        """Trials in a round."""
        last = math.ceil(1 + math.log(self.max_epochs, self.factor)) / (bracket + 1)
        return math.ceil(last * self.factor ** (bracket - round_number))

    def epochs_of(self, bracket: int, round_number: int) -> int:
        """Epochs after which a trial of a round ends, those of earlier rounds included."""
        return math.ceil(self.max_epochs / self.factor ** (bracket - round_number))

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Random values for a bracket's first round, or those of the best of the last round."""
        while self._iteration < self.hyperband_iterations:
            current = len(self._rounds) - 1
            if current == 0 and len(self._rounds[0]) < self.size_of(self._bracket, 0):
                values = self._random_values()
                if values is not None:
                    self._rounds[0].append(trial_id)
                    return self._proposal(values, 0)
            elif current > 0 and self._promoted:
                past = self.trials[self._promoted.pop(0)]
                self._rounds[current].append(trial_id)
                hps = self.get_space()
                hps.values = dict(past.hyperparameters.values)
                # It goes on as it was, whatever has come to the space since.
                values = {**hps.with_defaults().values, "tuner/trial_id": past.trial_id}
                return self._proposal(values, current)
            if any(name not in self.end_order for name in self._rounds[-1]):
                return {"status": TrialStatus.IDLE, "values": None}
            if not self._rounds[0]:  # every combination was tried
                break
            self._go_on()
        return {"status": TrialStatus.STOPPED, "values": None}

    def _proposal(self, values: dict[str, Any], round_number: int) -> dict[str, Any]:
        first = 0 if round_number == 0 else self.epochs_of(self._bracket, round_number - 1)
        values["tuner/epochs"] = self.epochs_of(self._bracket, round_number)
        values["tuner/initial_epoch"] = first
        values["tuner/bracket"] = self._bracket
        values["tuner/round"] = round_number
        return {"status": TrialStatus.RUNNING, "values": values}

    def _go_on(self) -> None:
        """Begin the next round, or the next bracket."""
        begun = len(self._rounds)
        done = [self.trials[name] for name in self._rounds[-1]]
        done = [trial for trial in done if trial.status == TrialStatus.COMPLETED]
        if begun <= self._bracket and done:
            sign = self.objective.direction.sign
            done.sort(key=lambda trial: sign * trial.score)  # type: ignore[operator]
            best = done[: self.size_of(self._bracket, begun)]
            self._promoted = [trial.trial_id for trial in best]
            self._rounds.append([])
            return
        self._rounds, self._promoted = [[]], []
        self._bracket -= 1
        if self._bracket < 0:
            self._bracket = self.number_of_brackets() - 1
            self._iteration += 1

    def may_go_on(self, trial_id: str) -> bool:
        """Whether a later round may continue a trial."""
        with self.exclusive():
            waiting = [self.trials[name] for name in self._retry_queue] + self.running()
            running = [t.hyperparameters.values.get("tuner/trial_id") for t in waiting]
            in_round = trial_id in self._rounds[-1] and len(self._rounds) <= self._bracket
            return in_round or trial_id in self._promoted or trial_id in running

    def _key(self, values: Any) -> Any:
        return super()._key({name: v for name, v in values.items() if name not in _OWN})

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
    """Searches with `HyperbandOracle`: a promoted trial goes on with weights and optimizer.

    Args:
        hypermodel: a function build(hp) or a `HyperModel`.
        objective: what is made small or large, as `"val_accuracy"`.
        max_epochs, factor, hyperband_iterations: see `HyperbandOracle`.
        seed: of proposals and trials.
        hyperparameters, tune_new_entries, allow_new_entries, max_retries_per_trial,
        max_consecutive_failed_trials: see `Oracle`.
        kwargs: see `Tuner`.
    """

    oracle: HyperbandOracle

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_epochs: int = 100,
        factor: int = 3,
        hyperband_iterations: int | None = 1,
        seed: int | None = None,
        hyperparameters: HyperParameters | None = None,
        tune_new_entries: bool = True,
        allow_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
        **kwargs: Any,
    ):
        oracle = HyperbandOracle(
            objective, max_epochs, factor, hyperband_iterations, seed, hyperparameters,
            allow_new_entries, tune_new_entries, max_retries_per_trial,
            max_consecutive_failed_trials,
        )  # fmt: skip
        super().__init__(oracle, hypermodel, **kwargs)

    def run_trial(self, trial: Trial, *args: Any, **kwargs: Any) -> Any:
        """Train for the epochs of the trial's round."""
        values = trial.hyperparameters.values
        if "tuner/epochs" in values:
            kwargs["epochs"] = values["tuner/epochs"]
            kwargs["initial_epoch"] = values["tuner/initial_epoch"]
        return super().run_trial(trial, *args, **kwargs)

    def _try_build(self, hp: HyperParameters) -> Any:
        model = super()._try_build(hp)
        past = hp.values.get("tuner/trial_id")
        if past is not None and self.checkpoints.last(past).exists():
            self._load(model, past, self.checkpoints.last(past))
        return model

    def _keep_checkpoint(self, trial: Trial, model: Any, best: Any, results: Any) -> None:
        if (
            model.built
            and trial.hyperparameters.values.get("tuner/epochs") != self.oracle.max_epochs
        ):
            self._write_build_config(trial.trial_id, model)
            model.save_weights(self.checkpoints.add_last(trial.trial_id))
        super()._keep_checkpoint(trial, model, best, results)

    def on_trial_end(self, trial: Trial) -> None:
        """Tell the oracle, and remove what no trial will go on with."""
        super().on_trial_end(trial)
        with self.oracle.exclusive():  # once, not for each name
            self.checkpoints.drop_last(self.oracle.may_go_on)
