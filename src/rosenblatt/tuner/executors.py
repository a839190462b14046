"""Where trials run: in threads here, or on a cluster."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from rosenblatt.core.cores import number_of_cores
from rosenblatt.core.errors import BadArgument
from rosenblatt.tuner.ray_executor import RayExecutor
from rosenblatt.tuner.search_arguments import SearchArguments
from rosenblatt.tuner.trials import Trial
from rosenblatt.tuner.workers import Session

if TYPE_CHECKING:
    from rosenblatt.tuner.base_tuner import BaseTuner


class Executor(Protocol):
    """Runs the trials of searches."""

    def session(self, tuner: BaseTuner, given: SearchArguments) -> AbstractContextManager[Session]:
        """What runs the trials of one search, with what `search` was given."""


class Threads:
    """Runs trials in threads of this process, as many as there are cores."""

    def session(self, tuner: BaseTuner, given: SearchArguments) -> AbstractContextManager[Session]:
        """Nothing to prepare."""
        return nullcontext(_InThreads(tuner, given))


class _InThreads:
    def __init__(self, tuner: BaseTuner, given: SearchArguments):
        self._tuner, self._given = tuner, given
        self.workers = number_of_cores()

    def run_and_report(self, trial: Trial) -> None:
        """Run a trial here, and tell the oracle what came of it."""
        found = self._tuner.evaluate(trial, *self._given.args, **self._given.kwargs)
        if found is not None:
            self._tuner.oracle.update_trial(trial.trial_id, *found)


def get_executor(executor: str | Executor | None) -> Executor:
    """The executor of a name; threads if None.

    Raises:
        ValueError: neither a name nor an executor.
    """
    if executor is None or executor == "threads":
        return Threads()
    if executor == "ray":
        return RayExecutor()
    if isinstance(executor, str) or not hasattr(executor, "session"):
        raise BadArgument(
            "Unknown `executor`.",
            given=repr(executor),
            expected="'threads', 'ray' or a RayExecutor",
        )
    return executor
