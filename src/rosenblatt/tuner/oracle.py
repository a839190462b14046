"""Oracle: proposes values for trials and keeps what came of them."""

from __future__ import annotations

import functools
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.core.random import draw_seed
from rosenblatt.core.scalars import as_number
from rosenblatt.tuner.arguments import whole_number
from rosenblatt.tuner.combinations import one_of
from rosenblatt.tuner.display import Display
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.ledger import Ledger
from rosenblatt.tuner.objective import MultiObjective, create_objective
from rosenblatt.tuner.outcomes import first_reason, require
from rosenblatt.tuner.trial import Trial, TrialStatus


def synchronized(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let one thread of one process into such methods of an oracle; they may call each other."""

    @functools.wraps(method)
    def alone(self: Any, *args: Any, **kwargs: Any) -> Any:
        with self.exclusive():
            return method(self, *args, **kwargs)

    return alone


class Oracle:
    """Proposes values for trials and keeps what came of them; `populate_space` is the algorithm.

    Args:
        objective: a name, an `Objective`, or a list of them; may be left out where trials return
            one number to make small.
        max_trials: trials at most; no limit if None.
        hyperparameters: a space given beforehand; what it says of a name counts.
        allow_new_entries: whether the model may ask for others.
        tune_new_entries: whether those are searched; if not they keep their default.
        seed: of the proposals; drawn if None.
        max_retries_per_trial: how often a trial that failed runs again.
        max_consecutive_failed_trials: failed trials in a row that end the search.

    Attributes:
        trials: trial id to trial.
        hyperparameters: the space so far.

    Raises:
        ValueError: a bad limit; new entries forbidden without a space.
    """

    def __init__(
        self,
        objective: Any = None,
        max_trials: int | None = None,
        hyperparameters: HyperParameters | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        seed: int | None = None,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
    ):
        self.objective = create_objective(objective)
        self.max_trials = whole_number("max_trials", max_trials, least=1, optional=True)
        if hyperparameters is None and not (allow_new_entries and tune_new_entries):
            name = "tune_new_entries" if allow_new_entries else "allow_new_entries"
            raise ValueError(
                explain(
                    f"With `{name}=False` the space must be known.",
                    fix="pass `hyperparameters=`, with what is to be searched.",
                )
            )
        self.hyperparameters = HyperParameters() if hyperparameters is None else hyperparameters
        self.allow_new_entries = allow_new_entries
        self.tune_new_entries = tune_new_entries
        self.seed = draw_seed(10_000) if seed is None else whole_number("seed", seed, 0)
        self.max_retries_per_trial = whole_number("max_retries_per_trial", max_retries_per_trial, 0)
        self.max_consecutive_failed_trials = whole_number(
            "max_consecutive_failed_trials", max_consecutive_failed_trials, least=1
        )
        self.trials: dict[str, Trial] = {}
        self.ongoing_trials: dict[str, Trial] = {}  # by the tuner that runs it
        self.start_order: list[str] = []
        self.end_order: list[str] = []
        self._run_times: dict[str, int] = {}
        self._retry_queue: list[str] = []
        self._seed_state = self.seed
        self._tried: dict[str, Any] = {}  # trial id to the key of its values
        self._max_collisions = 20
        self._changed = threading.Condition(threading.RLock())
        self._ledger: Ledger | None = None
        self._display = Display(self)

    @property
    def verbose(self) -> int:
        """0 where it prints nothing."""
        return self._display.verbose

    @verbose.setter
    def verbose(self, value: Any) -> None:
        self._display.verbose = 1 if value == "auto" else int(value)

    # -- the algorithm -------------------------------------------------------------------------

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Values for a trial; a subclass overrides it.

        Args:
            trial_id: of the trial.

        Returns:
            "status": "RUNNING" with "values" by name; "IDLE" where running trials must end first;
            "STOPPED" where there is nothing left to try.
        """
        raise NotImplementedError

    def score_trial(self, trial: Trial) -> None:
        """Set the score and best step of a completed trial."""
        trial.score = trial.metrics.get_best_value(self.objective.name)
        trial.best_step = trial.metrics.get_best_step(self.objective.name)

    # -- the life of a trial -------------------------------------------------------------------

    @synchronized
    def create_trial(self, tuner_id: str) -> Trial:
        """The next trial for a tuner.

        Args:
            tuner_id: who will run it; while it does, it gets the same one again.

        Returns:
            A trial with status RUNNING; or IDLE or STOPPED, where there is none.
        """
        if tuner_id in self.ongoing_trials:
            return self.ongoing_trials[tuner_id]
        self.take_over()
        if self._ledger is not None:
            self._ledger.members.join()  # before anything changes: it may fail
        if self._retry_queue:
            return self._begin_again(tuner_id)
        trial_id = f"{{:0{len(str(self.max_trials))}d}}".format(len(self.trials))
        if self.max_trials and len(self.trials) >= self.max_trials:
            response: Mapping[str, Any] = {"status": TrialStatus.STOPPED}
        else:
            response = self.populate_space(trial_id)
        hyperparameters = self.hyperparameters.copy()
        hyperparameters.values = dict(response.get("values") or {})
        trial = Trial(hyperparameters, trial_id, response["status"])
        if trial.status == TrialStatus.RUNNING:
            hyperparameters.ensure_active_values(self._seed_state)
            self._tried[trial_id] = self._key(hyperparameters.values)
            self.trials[trial_id] = self.ongoing_trials[tuner_id] = trial
            self.start_order.append(trial_id)
            self._record("trial", trial_id=trial_id, values=hyperparameters.values)
            self._display.on_trial_begin(trial)
        return trial

    def _begin_again(self, tuner_id: str) -> Trial:
        trial = self.ongoing_trials[tuner_id] = self.trials[self._retry_queue.pop(0)]
        trial.begin_again()
        trial.history = {}  # a backup gives back what it holds
        self._record("again", trial_id=trial.trial_id)
        self._display.on_trial_begin(trial)
        return trial

    @synchronized
    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0) -> Trial:
        """Take values of a trial's metrics.

        Args:
            trial_id: of the trial.
            metrics: name to value; the objective among them.
            step: the epoch they belong to.

        Raises:
            FatalValueError: the objective is missing.
        """
        trial = self.trials[trial_id]
        values = dict(metrics)
        require(self.objective, values, f"trial {trial_id}")
        if isinstance(self.objective, MultiObjective):
            values.setdefault(self.objective.name, self.objective.get_value(values))
        ours = [self.objective, *self.objective.parts]
        directions = {one.name: one.direction for one in ours}
        for name, value in values.items():
            if not trial.metrics.exists(name):
                trial.metrics.register(name, directions.get(name))
            trial.metrics.update(name, value, step)
        return trial

    @synchronized
    def update_history(self, trial_id: str, epoch: int, logs: Mapping[str, Any]) -> None:
        """Keep an epoch's log entries of a running trial."""
        trial = self.trials[trial_id]
        trial.add_epoch(epoch, plain := {name: as_number(value) for name, value in logs.items()})
        if self._ledger is not None:
            self._ledger.record_epoch(trial_id, epoch, plain)

    def prunes(self, trial_id: str) -> bool:
        """Whether a running trial is not worth another epoch; asked after each."""
        return False

    @synchronized
    def end_trial(self, trial: Any, status: str = TrialStatus.COMPLETED) -> None:
        """Take the end of a trial, score it, or put it where it will run again.

        Args:
            trial: a trial with status "COMPLETED", "INVALID" (may run again) or "FAILED"; or its
                id, with `status`.

        Raises:
            RuntimeError: too many trials in a row have failed.
        """
        if isinstance(trial, str):
            trial = self.trials[trial]
            trial.status = status
        known = self.trials[trial.trial_id]
        known.hyperparameters = trial.hyperparameters
        known.status, known.message, known.ended = trial.status, trial.message, time.time()
        self.update_space(known.hyperparameters)
        if known.status == TrialStatus.COMPLETED:
            self._score(known)
        known.hyperparameters.ensure_active_values(self._seed_state)
        self._tried[known.trial_id] = self._key(known.hyperparameters.values)
        self._run_times[known.trial_id] = self._run_times.get(known.trial_id, 0) + 1
        again = known.status == TrialStatus.INVALID
        if again and self._run_times[known.trial_id] > self.max_retries_per_trial:
            again, known.status = False, TrialStatus.FAILED
        if again:
            self._retry_queue.append(known.trial_id)
        else:
            self.end_order.append(known.trial_id)
        for tuner_id in [t for t, one in self.ongoing_trials.items() if one is known]:
            del self.ongoing_trials[tuner_id]
        state = known.get_state()
        state["values"] = state.pop("hyperparameters")["values"]
        self._record("end", **state, again=again)
        self._display.on_trial_end(known)
        self._changed.notify_all()
        self._check_failures()

    def _score(self, trial: Trial) -> None:
        self.score_trial(trial)
        if trial.score is None or not math.isfinite(trial.score):
            trial.message = explain(
                f"The objective {self.objective.name!r} is no number.", given=trial.score
            )
            trial.score, trial.status = None, TrialStatus.INVALID

    def _check_failures(self) -> None:
        last = [self.trials[name] for name in self.end_order[-self.max_consecutive_failed_trials :]]
        failed = [trial for trial in last if trial.status == TrialStatus.FAILED]
        if len(failed) == self.max_consecutive_failed_trials:
            raise RuntimeError(f"{len(failed)} trials in a row failed. {first_reason(failed)}")

    @synchronized
    def release(self) -> None:
        """Let the trials that were cut off run again, here or in another process."""
        self._retry_queue += [trial.trial_id for trial in self.ongoing_trials.values()]
        self.ongoing_trials.clear()
        if self._ledger is not None:
            self._ledger.members.leave()
            self._ledger.journal.sync()

    def wait(self, seconds: float) -> None:
        """Wait until a trial ends, or some seconds."""
        with self._changed:
            self._changed.wait(seconds)

    # -- space and results ---------------------------------------------------------------------

    def get_space(self) -> HyperParameters:
        """A copy of the search space."""
        return self.hyperparameters.copy()

    def update_space(self, hyperparameters: HyperParameters) -> None:
        """Add hyperparameters that are new.

        Raises:
            RuntimeError: there are new ones, and `allow_new_entries` is False.
        """
        known = self.hyperparameters
        new = [hp for hp in hyperparameters.space if not known._exists(hp.name, hp.conditions)]
        if new and not self.allow_new_entries:
            raise RuntimeError(
                explain(
                    "The model asks for hyperparameters that are not in the space, and "
                    "`allow_new_entries` is False.",
                    given=", ".join(hp.name for hp in new),
                    fix="add them to `hyperparameters`.",
                )
            )
        if self.tune_new_entries:
            known.merge(new)

    def get_trial(self, trial_id: str) -> Trial:
        """The trial of an id."""
        return self.trials[trial_id]

    def get_best_trials(self, num_trials: int = 1) -> list[Trial]:
        """The best completed trials, best first."""
        done = [t for t in list(self.trials.values()) if t.score is not None]
        sign = self.objective.direction.sign
        return sorted(done, key=lambda t: sign * t.score)[:num_trials]  # type: ignore[operator]

    def remaining_trials(self) -> int | None:
        """Trials that may still be made."""
        return self.max_trials - len(self.trials) if self.max_trials else None

    # -- values --------------------------------------------------------------------------------

    def _key(self, values: Mapping[str, Any]) -> Any:
        """What makes two trials the same one."""
        return tuple(sorted((name, repr(value)) for name, value in values.items()))

    def _duplicate(self, values: Mapping[str, Any]) -> bool:
        return self._key(values) in self._tried.values()

    def _random_values(self) -> dict[str, Any] | None:
        """Random values that were not tried; None where there are none."""
        for _ in range(self._max_collisions + 1):
            hps = HyperParameters()
            for hp in self.hyperparameters.space:
                hps.merge([hp])
                if hps.is_active(hp):
                    hps.values[hp.name] = hp.random_sample(self._seed_state)
                    self._seed_state += 1
            if not self._duplicate(hps.values):
                return hps.values
        return one_of(self.hyperparameters.space, self._duplicate, self._seed_state)

    # -- the journal ---------------------------------------------------------------------------

    def get_state(self) -> dict[str, Any]:
        """What the algorithm has to remember, as plain data; a subclass adds its own."""
        return {"seed_state": self._seed_state}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` gave."""
        self._seed_state = state["seed_state"]

    def set_project_dir(self, directory: Any, project_name: str) -> None:
        """Keep the journal in `directory/project_name` from now on."""
        self._ledger = Ledger(self, Path(directory) / project_name)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other threads and processes from changing the search; nests."""
        with self._changed, self._ledger.exclusive() if self._ledger else nullcontext():
            yield

    @synchronized
    def take_over(self) -> None:
        """Let the trials of processes that were killed run again."""
        if self._ledger is not None:
            self._ledger.take_over()

    def __getstate__(self) -> dict[str, Any]:
        """Of a copy in another process: it proposes and writes nothing down."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_changed", "_ledger")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Be such a copy."""
        self.__dict__.update(state, _ledger=None)
        self._changed = threading.Condition(threading.RLock())

    def knows(self, content: str) -> bool:
        """Whether its trials learn from data of this fingerprint; the first one is kept."""
        return self._ledger is None or self._ledger.knows(content)

    def running(self) -> list[Trial]:
        """The trials that run now, in this process and in others."""
        elsewhere = self._ledger.elsewhere if self._ledger else {}
        return [*self.ongoing_trials.values(), *(self.trials[name] for name in elsewhere)]

    def _record(self, event: str, **fields: Any) -> None:
        if self._ledger is None:
            return
        fields["time"] = time.time()
        if event in ("trial", "again"):
            fields["by"] = self._ledger.members.name
        self._ledger.record(event, **fields)

    def save(self) -> None:
        """Nothing to do: the journal holds everything already."""

    def reload(self) -> None:
        """Take back a search from its journal; trials that no process runs will run again."""
        if self._ledger is not None:
            self._ledger.catch_up()
