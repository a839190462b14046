"""The workers of a search: threads that take trials, run them and report."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rosenblatt.core.naming import fresh_names
from rosenblatt.core.random import seeded
from rosenblatt.tuner.errors import (
    FailedTrialError,
    FatalError,
    SearchFolderError,
    is_of_the_folder,
)
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.trials import Trial, TrialStatus

if TYPE_CHECKING:
    from rosenblatt.tuner.base_tuner import BaseTuner

_IDLE_SECONDS = 0.05


class SearchStopped(BaseException):
    """Leaves a trial that the search no longer waits for; no code of users catches it."""


class Session(Protocol):
    """An executor during one search."""

    workers: int  # trials that run side by side, unless the user says another number

    def run_and_report(self, trial: Trial) -> None:
        """Run a trial, and tell the oracle what came of it."""


class Workers:
    """Run a tuner's trials until its oracle has no more, or a limit is reached.

    Trials draw their seeds from (seed of the search, trial id), each with names of its own, so
    they come out the same whoever runs them.

    Args:
        tuner: whose trials are run.
        session: of an executor: runs a trial.
        count: how many there are; one works in the caller's own thread.
    """

    def __init__(self, tuner: BaseTuner, session: Session, count: int):
        self.tuner = tuner
        self.oracle = tuner.oracle
        self.session = session
        self.count = count
        self.stop = threading.Event()
        self._error: Exception | None = None
        self._began = time.monotonic()
        self._exhausted = False  # the oracle has said that there is nothing left to try

    def run(self) -> bool:
        """Run the trials.

        Returns:
            Whether the search came to its end by itself, not by Ctrl-C.

        Raises:
            Exception: what ended the search for every trial.
        """
        name = self.tuner.tuner_id
        interrupted = False
        try:
            if self.count == 1:
                self._work(name)
            else:
                self._side_by_side([name, *(f"{name}.{i}" for i in range(1, self.count))])
        except KeyboardInterrupt:
            interrupted = True
        finally:
            try:
                self.oracle.release()
            except OSError as error:
                self._fail(error)
        if self._error is not None:
            raise self._error
        return not interrupted

    def _side_by_side(self, names: list[str]) -> None:
        threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in names]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        finally:  # Ctrl-C: each leaves its trial within about a tenth of a second
            self.stop.set()
            for thread in threads:
                thread.join()

    def _work(self, name: str) -> None:
        try:
            while not self._over():
                self.tuner.pre_create_trial()
                trial = self._next_trial(name)
                if trial is None:
                    return
                if trial.status == TrialStatus.IDLE:
                    self.oracle.wait(_IDLE_SECONDS)
                else:
                    self.tuner.on_trial_begin(trial)
                    with isolated(self.tuner.seed_of(trial)):
                        self._attempt(trial)
                    self.tuner.on_trial_end(trial)
        except SearchStopped:
            pass
        except Exception as error:
            self._fail(error)
            self.stop.set()

    def _fail(self, error: Exception) -> None:
        folder = self.tuner.project_dir
        if is_of_the_folder(error, folder) and not isinstance(error, FatalError):
            told = SearchFolderError(folder, error)
            told.__cause__, error = error, told
        self._error = self._error or error

    def _next_trial(self, name: str) -> Trial | None:
        """A trial; an idle one while there may come others; None where there is nothing to do.

        The first trial runs alone: it finds hyperparameters that only training asks for, and
        compiles what the others share.
        """
        oracle, trials = self.oracle, self.oracle.trials
        idle = Trial(HyperParameters(), "", TrialStatus.IDLE)
        with oracle.exclusive():
            oracle.take_over()
            if trials.all_running() and not trials.ended:
                return idle
            if not self._exhausted or trials.to_retry:
                trial = oracle.create_trial(name)
                self._exhausted = trial.status == TrialStatus.STOPPED
                if not self._exhausted:
                    return trial
            # Another process may be killed; then its trials run here.
            return idle if trials.elsewhere else None

    def _over(self) -> bool:
        tuner = self.tuner
        if self.stop.is_set():
            return True
        if tuner.max_seconds is not None and time.monotonic() - self._began >= tuner.max_seconds:
            return True
        if tuner.target is None:
            return False
        scores = [trial.score for trial in self.oracle.get_best_trials() if trial.score is not None]
        return any(not self.oracle.objective.better_than(tuner.target, one) for one in scores)

    def _attempt(self, trial: Trial) -> None:
        try:
            self.session.run_and_report(trial)
            trial.status = TrialStatus.COMPLETED
        except FatalError:
            raise
        except Exception as error:
            if is_of_the_folder(error, self.tuner.project_dir):
                raise
            failed = isinstance(error, FailedTrialError)
            trial.status = TrialStatus.FAILED if failed else TrialStatus.INVALID
            reason = f"{type(error).__name__}: {error}".strip()
            trial.message = f"{reason}\n\n{traceback.format_exc()}"


@contextmanager
def isolated(seed: int) -> Iterator[None]:
    """Seeds and names of this context's own; the seeds start at `seed`."""
    with seeded(seed), fresh_names():
        yield
