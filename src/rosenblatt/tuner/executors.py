"""Where trials run: in threads here, or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.tuner.crew import Session
from rosenblatt.tuner.ray_executor import RayExecutor
from rosenblatt.tuner.trial import Trial


class Threads:
    """Runs trials in threads of this process, as many as there are cores."""

    @contextmanager
    def session(self, tuner: Any, args: Any, kwargs: Any) -> Iterator[Session]:
        """Nothing to prepare."""
        yield _InThreads(tuner, args, kwargs)


class _InThreads:
    def __init__(self, tuner: Any, args: Any, kwargs: Any):
        self._tuner, self._args, self._kwargs = tuner, args, kwargs
        self.workers = number_of_cores()

    def run_and_report(self, trial: Trial) -> None:
        found = self._tuner.evaluate(trial, *self._args, **self._kwargs)
        if found is not None:
            self._tuner.oracle.update_trial(trial.trial_id, *found)


def number_of_cores() -> int:
    """The cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores or 1


def get_executor(executor: Any) -> Any:
    """The executor of a name; threads if None.

    Raises:
        ValueError: neither a name nor an executor.
    """
    if executor is None or executor == "threads":
        return Threads()
    if executor == "ray":
        return RayExecutor()
    if not hasattr(executor, "session"):
        raise ValueError(
            explain(
                "Unknown `executor`.",
                given=repr(executor),
                expected="'threads', 'ray' or a RayExecutor",
            )
        )
    return executor
