"""A trial of hyperparameters, and all trials of a search."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from rosenblatt.core.types import PathLike
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.metrics_tracker import MetricsTracker
from rosenblatt.tuner.objective import Objective
from rosenblatt.tuner.stateful import Stateful


class TrialStatus:
    """Where a trial stands.

    RUNNING; IDLE: the oracle has none to give yet; INVALID: it failed and may run again; STOPPED:
    the search is over; COMPLETED; FAILED: it failed for good.
    """

    RUNNING = "RUNNING"
    IDLE = "IDLE"
    INVALID = "INVALID"
    STOPPED = "STOPPED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class Trial(Stateful):
    """Values of hyperparameters, and what came of them.

    Args:
        hyperparameters: space and values.
        trial_id: its name; drawn if None.
        status: see `TrialStatus`.
        message: the reason of a failure.

    Attributes:
        metrics: values of its metrics.
        score: value of the objective, None until it is completed.
        best_step: the epoch that had that value.
        history: log entries by name, one value an epoch, of the latest execution.
        began, ended: seconds since 1970; None before that, and if Keras Tuner began the
            search.
    """

    def __init__(
        self,
        hyperparameters: HyperParameters,
        trial_id: str | None = None,
        status: str = TrialStatus.RUNNING,
        message: str | None = None,
    ):
        self.hyperparameters = hyperparameters
        self.trial_id = secrets.token_hex(16) if trial_id is None else trial_id
        self.metrics = MetricsTracker()
        self.history: dict[str, list[float]] = {}
        self.score: float | None = None
        self.best_step: int | None = 0
        self.status = status
        self.message = message
        self.began: float | None = time.time()
        self.ended: float | None = None

    def begin_again(self) -> None:
        """Run once more: forget what came of it, except its epochs, from which it may resume."""
        self.status, self.message, self.score = TrialStatus.RUNNING, None, None
        self.metrics = MetricsTracker()
        self.began, self.ended = time.time(), None

    def add_epoch(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Keep an epoch's log entries; those of the epochs from it on are forgotten."""
        for name, value in logs.items():
            known = self.history.setdefault(name, [])
            del known[epoch:]
            known.append(value)

    @property
    def seconds(self) -> float | None:
        """How long it took, interruptions not counted; None where that is unknown."""
        return None if self.began is None or self.ended is None else self.ended - self.began

    @property
    def reason(self) -> str:
        """Why it failed, without the traceback."""
        return (self.message or "").split("\n\n")[0]

    def summary(self) -> None:
        """Print values, score and, of a failed trial, the reason."""
        print(f"Trial {self.trial_id} summary")
        print("Hyperparameters:")
        self.display_hyperparameters()
        if self.score is not None:
            print(f"Score: {self.score}")
        if self.message is not None:
            print(self.message)

    def display_hyperparameters(self) -> None:
        """Print the values."""
        for name, value in self.hyperparameters.values.items():
            print(f"{name}: {value}")
        if not self.hyperparameters.values:
            print("default configuration")

    def get_state(self) -> dict[str, Any]:
        """Everything as plain data, in Keras Tuner's form."""
        return {
            "trial_id": self.trial_id,
            "hyperparameters": self.hyperparameters.get_config(),
            "metrics": self.metrics.get_config(),
            "score": self.score,
            "best_step": self.best_step,
            "status": self.status,
            "message": self.message,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `get_state` gave."""
        self.trial_id = state["trial_id"]
        self.set_outcome(HyperParameters.from_config(state["hyperparameters"]), state)

    def set_outcome(self, hyperparameters: HyperParameters, state: Mapping[str, Any]) -> None:
        """Take what came of it.

        Args:
            hyperparameters: space and values at its end.
            state: as of `get_state`.
        """
        self.hyperparameters = hyperparameters
        self.metrics = MetricsTracker.from_config(state["metrics"])
        self.score, self.best_step = state["score"], state["best_step"]
        self.status, self.message = state["status"], state.get("message")

    @classmethod
    def load(cls, fname: PathLike) -> Trial:
        """The trial of a file that `save` wrote."""
        trial = cls(HyperParameters())
        trial.reload(fname)
        return trial

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Trial:
        """The trial of a state."""
        trial = cls(HyperParameters())
        trial.set_state(state)
        return trial


class Trials(dict[str, Trial]):
    """The trials of a search by their ids. Its oracle and its journal change it together.

    Args:
        ignored: names of values in which trials may differ and still be the same.

    Attributes:
        running: trials that run in this process, by the tuner that runs them.
        elsewhere: ids of trials that run in other processes, and the names of those.
        started, ended: ids in the order in which trials did.
        to_retry: ids of trials that are to run again, the next one first.
        runs: how often each trial has run to an end.

    >>> from rosenblatt.tuner.hyperparameters import HyperParameters
    >>> trials, trial = Trials(), Trial(HyperParameters(), "0")
    >>> trials.begin(trial, "tuner0")
    >>> trials.end(trial, again=True)
    >>> trials.all_running(), trials.to_retry
    ([], ['0'])
    >>> trials.retry("tuner0") is trial
    True
    """

    def __init__(self, ignored: Collection[str] = ()):
        super().__init__()
        self.running: dict[str, Trial] = {}
        self.elsewhere: dict[str, str] = {}
        self.started: list[str] = []
        self.ended: list[str] = []
        self.to_retry: list[str] = []
        self.runs: Counter[str] = Counter()
        self._ignored = ignored
        self._tried: dict[str, object] = {}

    def begin(self, trial: Trial, tuner_id: str) -> None:
        """A new trial runs here."""
        self._add(trial)
        self.running[tuner_id] = trial

    def begin_elsewhere(self, trial: Trial, process: str) -> None:
        """A new trial runs in another process."""
        self._add(trial)
        self.elsewhere[trial.trial_id] = process

    def _add(self, trial: Trial) -> None:
        self[trial.trial_id] = trial
        self.started.append(trial.trial_id)
        self._try(trial)

    def retry(self, tuner_id: str) -> Trial:
        """The next trial that is to run again runs here."""
        trial = self.running[tuner_id] = self[self.to_retry.pop(0)]
        trial.begin_again()
        return trial

    def retry_elsewhere(self, trial_id: str, process: str) -> Trial:
        """A trial runs again in another process."""
        if trial_id in self.to_retry:
            self.to_retry.remove(trial_id)
        self[trial_id].begin_again()
        self.elsewhere[trial_id] = process
        return self[trial_id]

    def end(self, trial: Trial, again: bool) -> None:
        """A trial has ended, here or elsewhere.

        Args:
            trial: with its values and what came of them.
            again: whether it is to run again.
        """
        self._try(trial)
        self.runs[trial.trial_id] += 1
        (self.to_retry if again else self.ended).append(trial.trial_id)
        for tuner_id in [name for name, one in self.running.items() if one is trial]:
            del self.running[tuner_id]
        self.elsewhere.pop(trial.trial_id, None)

    def cut_off(self) -> None:
        """The trials that run here are to run again."""
        self.to_retry += [trial.trial_id for trial in self.running.values()]
        self.running.clear()

    def lose(self, processes: Collection[str]) -> None:
        """The trials of processes that are no longer alive are to run again."""
        lost = [trial_id for trial_id, name in self.elsewhere.items() if name in processes]
        for trial_id in lost:
            del self.elsewhere[trial_id]
        self.to_retry[:] = sorted({*self.to_retry, *lost}, key=self.started.index)

    def all_running(self) -> list[Trial]:
        """The trials that run now, in this process and in others."""
        return [*self.running.values(), *(self[trial_id] for trial_id in self.elsewhere)]

    def of_status(self, status: str) -> list[Trial]:
        """The trials that have a status."""
        return [trial for trial in list(self.values()) if trial.status == status]

    def last_ended(self, count: int) -> list[Trial]:
        """The trials that ended last."""
        return [self[trial_id] for trial_id in self.ended[-count:]]

    # -- values --------------------------------------------------------------------------------

    def was_tried(self, values: Mapping[str, Any]) -> bool:
        """Whether a trial has these values."""
        return self._key(values) in self._tried.values()

    def _try(self, trial: Trial) -> None:
        self._tried[trial.trial_id] = self._key(trial.hyperparameters.values)

    def _key(self, values: Mapping[str, Any]) -> object:
        counting = [(name, repr(v)) for name, v in values.items() if name not in self._ignored]
        return tuple(sorted(counting))


def best_first(trials: Iterable[Trial], objective: Objective) -> list[Trial]:
    """The trials that have a score, the best one first."""
    scored = [(trial.score, trial) for trial in trials if trial.score is not None]
    return [t for _, t in sorted(scored, key=lambda pair: objective.direction.sign * pair[0])]
