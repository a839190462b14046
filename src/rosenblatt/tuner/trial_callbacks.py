"""The callbacks that a tuner adds to a trial's training."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rosenblatt.callbacks.backup_and_restore import BackupAndRestore
from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.variable import Variable
from rosenblatt.models.model import Model
from rosenblatt.tuner.objective import Objective
from rosenblatt.tuner.trials import Trial
from rosenblatt.tuner.workers import SearchStopped

if TYPE_CHECKING:
    from rosenblatt.tuner.tuner import Tuner


class TunerCallback(Callback):
    """Tells tuner and oracle of epochs, and leaves a trial when the search is over.

    Args:
        tuner: whose hooks are called.
        trial: the trial.
        batches: whether it has hooks of batches; only then does training stop at each.
    """

    only_looks = True

    def __init__(self, tuner: Tuner, trial: Trial, batches: bool = False):
        super().__init__()
        self.tuner = tuner
        self.trial = trial
        if batches:
            self.on_train_batch_begin = self._batch_begin  # type: ignore[method-assign]
            self.on_train_batch_end = self._batch_end  # type: ignore[method-assign]

    def _batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.tuner.on_batch_begin(self.trial, self.model, batch, logs)

    def _batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.tuner.on_batch_end(self.trial, self.model, batch, logs)

    def on_progress(self, phase: str, step: int, logs: dict[str, float]) -> None:
        """Some ten times a second: leave the trial when the search is over."""
        if self.tuner.stopping:
            raise SearchStopped

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Call the tuner's hook."""
        self.tuner.on_epoch_begin(self.trial, self.model, epoch, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep the epoch's logs, and call the tuner's hook."""
        if self.tuner.stopping:
            raise SearchStopped
        if not self.trial.history:
            self.tuner.check_entries(logs or {})
        self.tuner.oracle.update_history(self.trial.trial_id, epoch, logs or {})
        if self.tuner.oracle.prunes(self.trial.trial_id):
            self.model.stop_training = True
        self.tuner.on_epoch_end(self.trial, self.model, epoch, logs)

    def get_state(self) -> dict[str, Any]:
        """The log entries of the trial's epochs so far."""
        return {"history": self.trial.history}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take them back."""
        self.tuner.oracle.trials[self.trial.trial_id].history = state["history"]


class TrialBackup(BackupAndRestore):
    """Lets a trial resume in its middle after a search was killed.

    It backs up every other second, so that short trials pay nothing. A trial whose function calls
    `fit` several times has a folder for each call.

    Args:
        folder: of this execution of the trial; made when there is something to keep.
    """

    seconds = 2.0  # what a killed search may lose of a running trial

    def __init__(self, folder: Path):
        super().__init__(folder)
        self._all = folder
        self._calls = 0
        self._saved: float | None = None  # None in a training loop that says nothing of its begin

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Resume where the trial stood; from its start, where model or data are others now."""
        self.backup_dir = str(self._all / str(self._calls))
        self._calls += 1
        self._saved = time.monotonic()
        run = self.model.current_run
        before = run.position()
        try:
            super().on_train_begin(logs)
        except ValueError:
            run.go_to(before)
            shutil.rmtree(self.backup_dir, ignore_errors=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Back up, where it is time."""
        if self._saved is not None and time.monotonic() - self._saved >= self.seconds:
            super().on_epoch_end(epoch, logs)
            self._saved = time.monotonic()


class BestEpoch(Callback):
    """Remembers the weights of the best epoch of all executions of a trial.

    Arrays of a model are never changed in place, so remembering them copies nothing.

    Args:
        objective: of the search.
    """

    def __init__(self, objective: Objective):
        super().__init__()
        self.objective = objective
        self.best: float | None = None
        self.weights: list[Any] = []

    def get_state(self) -> dict[str, Any]:
        """The best value, and its weights."""
        return {"best": self.best, "weights": self.weights}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take them back."""
        self.best, self.weights = state["best"], state["weights"]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compare the epoch with the best one."""
        logs = logs or {}
        if not self.objective.has_value(logs):
            return
        value = float(self.objective.get_value(logs))
        if value == value and (self.best is None or self.objective.better_than(value, self.best)):
            self.best = value
            self.weights = [v.value for v in _variables(self.model)]

    def give_back(self, model: Model) -> None:
        """Give a model of the trial the weights and the optimizer's state of the best epoch."""
        variables = _variables(model)
        if len(variables) == len(self.weights):
            for variable, value in zip(variables, self.weights, strict=True):
                variable.assign(value)


def _variables(model: Model) -> list[Variable]:
    return [*model.variables, *getattr(model.optimizer, "variables", [])]
