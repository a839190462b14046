"""A trial: values of hyperparameters, and what came of them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.metrics_tracker import MetricsTracker


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


class Trial:
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
    def from_state(cls, state: Mapping[str, Any]) -> Trial:
        """The trial of a state."""
        trial = cls(HyperParameters())
        trial.set_state(state)
        return trial
