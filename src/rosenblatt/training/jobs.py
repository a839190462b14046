"""Work of callbacks that waits for the next program, so that files are written while it computes.

JAX dispatches a program and returns; until its results are asked for, this thread is free. A
checkpoint written then costs training nothing, and no other thread is needed.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.training.placement import StateVariables

Job = Callable[[], None]


class Jobs:
    """Jobs in the order they came, each with the variables' values of that moment.

    Values are immutable arrays: keeping them copies nothing, and what later hooks assign (another
    learning rate, the best weights) does not get into an earlier checkpoint.
    """

    def __init__(self) -> None:
        self._jobs: deque[tuple[Job, str, dict[int, Any]]] = deque()
        self._variables: StateVariables | None = None
        self.seconds: dict[str, float] = defaultdict(float)
        self.at_once = False  # while a user's hook runs: it may read the files it asked for

    def open(self, variables: StateVariables | None, seconds: dict[str, float]) -> None:
        """Let jobs wait from now on.

        Args:
            variables: those that training changes; None where it goes batch by batch, so that
                there is no time to use.
            seconds: time by part, to which `saving` is added.
        """
        self._variables = variables
        self.seconds = seconds

    def close(self) -> None:
        """Do what waits, and let jobs run at once from now on.

        Raises:
            Exception: the first error of a job; the others are done nevertheless.
        """
        self._variables = None
        failed: Exception | None = None
        while self._jobs:
            try:
                self.run()
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def add(self, job: Job, where: str) -> None:
        """Do a job on the model as it stands: when a program runs, or at once outside training.

        Args:
            job: writes files.
            where: callback and hook, named in a note on its error.
        """
        if self._variables is None or self.at_once:
            self._timed(job)
        else:
            self._jobs.append((job, where, self._variables.bind(self._variables.gather())))

    def run(self) -> None:
        """Do what waits. A job that Ctrl-C cuts off is done again by the next `run`."""
        while self._jobs:
            job, where, values = self._jobs[0]
            try:
                with use_scope(Scope(values)):
                    self._timed(job)
            except Exception as error:
                self._jobs.popleft()
                error.add_note(f"In callback {where}.")
                raise
            self._jobs.popleft()

    @staticmethod
    def of(model: object) -> Jobs:
        """That of the model's training; outside one, a new one that does jobs at once."""
        run = getattr(model, "current_run", None)
        return Jobs() if run is None else run.hooks.jobs

    def _timed(self, job: Job) -> None:
        begun = time.perf_counter()
        job()
        self.seconds["saving"] += time.perf_counter() - begun
