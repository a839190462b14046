"""Oracle: proposes values for trials and keeps what came of them."""

from __future__ import annotations

import functools
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypedDict, TypeVar

from rosenblatt.core.checks import Check, optional, whole
from rosenblatt.core.errors import BadArgument, explain
from rosenblatt.core.random import draw_seed
from rosenblatt.core.scalars import as_number
from rosenblatt.core.types import PathLike
from rosenblatt.tuner.display import Display
from rosenblatt.tuner.errors import SearchError
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.kinds import HyperParameter, Value, Values
from rosenblatt.tuner.objective import Goal, MultiObjective, create_objective
from rosenblatt.tuner.shared_search import OwnSearch, SharedSearch
from rosenblatt.tuner.small_spaces import untried_values
from rosenblatt.tuner.trial_results import first_reason, require
from rosenblatt.tuner.trials import Trial, Trials, TrialStatus, best_first

P = ParamSpec("P")
R = TypeVar("R")
AnyOracle = TypeVar("AnyOracle", bound="Oracle")

_MOST_DRAWS = 21  # random values until all combinations are looked at


def synchronized(
    method: Callable[Concatenate[AnyOracle, P], R],
) -> Callable[Concatenate[AnyOracle, P], R]:
    """Let one thread of one process into such methods of an oracle; they may call each other."""

    @functools.wraps(method)
    def alone(self: AnyOracle, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.exclusive():
            return method(self, *args, **kwargs)

    return alone


class Proposal(TypedDict):
    """What `populate_space` returns: a status, and the values of a trial that is to run."""

    status: str
    values: Values | None


class Oracle:
    """Proposes values for trials and keeps what came of them; `populate_space` is the algorithm.

    Args:
        objective: a name, an `Objective`, or a list of them; may be left out where trials return
            one number to make small.
        max_trials: trials at most; no limit if None.
        hyperparameters: a space given in advance; what it says of a name counts.
        allow_new_entries: whether the model may ask for others.
        tune_new_entries: whether those are searched; if not they keep their default.
        seed: of the proposals; drawn if None.
        max_retries_per_trial: how often a trial that failed runs again.
        max_consecutive_failed_trials: failed trials in a row that end the search.

    Attributes:
        trials: by their ids; also which of them run, have ended, and are to run again.
        hyperparameters: the space so far.
        directory, project_name: where the search is kept; None where it is not.
        tuner_ids: the names of the tuners that were given trials, until the search was over.
        display: prints or draws the course of the search.
        changed: held while something changes; notified when a trial ends.

    Raises:
        ValueError: a bad limit; new entries forbidden without a space.
    """

    # Values of its own making, in which trials may differ and still be the same.
    ignored_values: tuple[str, ...] = ()

    def __init__(
        self,
        objective: Goal = None,
        max_trials: int | None = None,
        hyperparameters: HyperParameters | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        seed: int | None = None,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int = 3,
    ):
        self.objective = create_objective(objective)
        self.max_trials = self._checked("max_trials", optional(whole(least=1)), max_trials)
        if hyperparameters is None and not (allow_new_entries and tune_new_entries):
            name = "tune_new_entries" if allow_new_entries else "allow_new_entries"
            raise BadArgument(
                f"With `{name}=False` the space must be known.",
                fix="pass `hyperparameters=`, with what is to be searched.",
            )
        self.hyperparameters = HyperParameters() if hyperparameters is None else hyperparameters
        self.allow_new_entries = allow_new_entries
        self.tune_new_entries = tune_new_entries
        seed = draw_seed(10_000) if seed is None else seed
        self.seed = self._checked("seed", whole(least=0), seed)
        self.max_retries_per_trial = self._checked(
            "max_retries_per_trial", whole(least=0), max_retries_per_trial
        )
        self.max_consecutive_failed_trials = self._checked(
            "max_consecutive_failed_trials", whole(least=1), max_consecutive_failed_trials
        )
        self.trials = Trials(self.ignored_values)
        # Keras Tuner's names for what the trials know of themselves.
        self.ongoing_trials = self.trials.running
        self.start_order = self.trials.started
        self.end_order = self.trials.ended
        self.tuner_ids: set[str] = set()
        self.directory: PathLike | None = None
        self.project_name: str | None = None
        self.display: Display = Display(self)
        self.changed = threading.Condition(threading.RLock())
        self._seed_state = self.seed
        self._search = OwnSearch()

    @property
    def verbose(self) -> int:
        """0 where it prints nothing."""
        return self.display.verbose

    @verbose.setter
    def verbose(self, value: int | Literal["auto"]) -> None:
        self.display.verbose = 1 if value == "auto" else int(value)

    # -- the algorithm -------------------------------------------------------------------------

    def populate_space(self, trial_id: str) -> Proposal:
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

    def prunes(self, trial_id: str) -> bool:
        """Whether a running trial is not worth another epoch; asked after each."""
        return False

    def get_state(self) -> dict[str, Any]:
        """What the algorithm has to remember, as plain data; a subclass adds its own."""
        return {"seed_state": self._seed_state}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` gave."""
        self._seed_state = state["seed_state"]

    # -- the life of a trial -------------------------------------------------------------------

    @synchronized
    def create_trial(self, tuner_id: str) -> Trial:
        """The next trial for a tuner.

        Args:
            tuner_id: who will run it; while it does, it gets the same one again.

        Returns:
            A trial with status RUNNING; or IDLE or STOPPED, where there is none.
        """
        trials = self.trials
        if tuner_id in trials.running:
            return trials.running[tuner_id]
        self.tuner_ids.add(tuner_id)
        self.take_over()
        self._search.join()  # before anything changes: it may fail
        if trials.to_retry:
            trial = trials.retry(tuner_id)
            trial.history = {}  # a backup gives back what it holds
            self._search.record("again", trial_id=trial.trial_id)
            self.display.on_trial_begin(trial)
            return trial
        trial_id = f"{{:0{len(str(self.max_trials))}d}}".format(len(trials))
        if self.max_trials and len(trials) >= self.max_trials:
            response = self.proposal(None)
        else:
            response = self.populate_space(trial_id)
        hyperparameters = self.hyperparameters.with_values(response.get("values") or {})
        trial = Trial(hyperparameters, trial_id, response["status"])
        if trial.status == TrialStatus.RUNNING:
            hyperparameters.ensure_active_values(self._seed_state)
            trials.begin(trial, tuner_id)
            self._search.record("trial", trial_id=trial_id, values=hyperparameters.values)
            self.display.on_trial_begin(trial)
        elif trial.status == TrialStatus.STOPPED:
            self.tuner_ids.discard(tuner_id)
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
        trial, values = self.trials[trial_id], dict(metrics)
        require(self.objective, values, f"trial {trial_id}")
        if isinstance(self.objective, MultiObjective):
            values.setdefault(self.objective.name, self.objective.get_value(values))
        directions = {one.name: one.direction for one in (self.objective, *self.objective.parts)}
        for name, value in values.items():
            if not trial.metrics.exists(name):
                trial.metrics.register(name, directions.get(name))
            trial.metrics.update(name, value, step)
        return trial

    @synchronized
    def update_history(self, trial_id: str, epoch: int, logs: Mapping[str, Any]) -> None:
        """Keep an epoch's log entries of a running trial."""
        plain = {name: as_number(value) for name, value in logs.items()}
        self.trials[trial_id].add_epoch(epoch, plain)
        self._search.record("epoch", trial_id=trial_id, epoch=epoch, logs=plain)

    @synchronized
    def end_trial(self, trial: Trial | str, status: str = TrialStatus.COMPLETED) -> None:
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
        again = known.status == TrialStatus.INVALID
        if again and self.trials.runs[known.trial_id] >= self.max_retries_per_trial:
            again, known.status = False, TrialStatus.FAILED
        self.trials.end(known, again)
        state = known.get_state()
        state["values"] = state.pop("hyperparameters")["values"]
        self._search.record("end", **state, again=again)
        self.display.on_trial_end(known)
        self.changed.notify_all()
        self._check_failures()

    def _score(self, trial: Trial) -> None:
        self.score_trial(trial)
        if trial.score is None or not math.isfinite(trial.score):
            trial.message = explain(
                f"The objective {self.objective.name!r} is not a number.", given=trial.score
            )
            trial.score, trial.status = None, TrialStatus.INVALID

    def _check_failures(self) -> None:
        most = self.max_consecutive_failed_trials
        last = self.trials.last_ended(most)
        if len(last) == most and all(trial.status == TrialStatus.FAILED for trial in last):
            raise SearchError(f"{most} trials in a row failed. {first_reason(last)}")

    @synchronized
    def release(self) -> None:
        """Let the trials that were cut off run again, here or in another process."""
        self.trials.cut_off()
        self._search.leave()

    @synchronized
    def take_over(self) -> None:
        """Let the trials of processes that were killed run again."""
        self._search.take_over()

    def wait(self, seconds: float) -> None:
        """Wait until a trial ends, or some seconds."""
        with self.changed:
            self.changed.wait(seconds)

    # -- space and results ---------------------------------------------------------------------

    def get_space(self) -> HyperParameters:
        """A copy of the search space."""
        return self.hyperparameters.copy()

    def update_space(self, hyperparameters: HyperParameters) -> None:
        """Add hyperparameters that are new.

        Raises:
            RuntimeError: there are new ones, and `allow_new_entries` is False.
        """
        new = [hp for hp in hyperparameters.space if not self.hyperparameters.includes(hp)]
        if new and not self.allow_new_entries:
            raise SearchError(
                "The model asks for hyperparameters that are not in the space, and "
                "`allow_new_entries` is False.",
                given=", ".join(hp.name for hp in new),
                fix="add them to `hyperparameters`.",
            )
        if self.tune_new_entries:
            self.hyperparameters.merge(new)

    def get_trial(self, trial_id: str) -> Trial:
        """The trial of an id."""
        return self.trials[trial_id]

    def get_best_trials(self, num_trials: int = 1) -> list[Trial]:
        """The best completed trials, best first."""
        return best_first(list(self.trials.values()), self.objective)[:num_trials]

    def remaining_trials(self) -> int | None:
        """Trials that may still be made."""
        return self.max_trials - len(self.trials) if self.max_trials else None

    def _checked(self, name: str, check: Check, value: float | None) -> Any:
        return check.require(value, f"{type(self).__name__}: bad `{name}`.")

    # -- for algorithms ------------------------------------------------------------------------

    def proposal(self, values: Values | None) -> Proposal:
        """What `populate_space` returns: values for a trial; STOPPED where there are none."""
        status = TrialStatus.STOPPED if values is None else TrialStatus.RUNNING
        return {"status": status, "values": values}

    def random_values(self) -> Values | None:
        """Random values that were not tried; None where there are none."""
        for _ in range(_MOST_DRAWS):
            values = self.hyperparameters.values_by(self._draw)
            if not self.trials.was_tried(values):
                return values
        return untried_values(self.hyperparameters.space, self.trials.was_tried, self._seed_state)

    _random_values = random_values  # as oracles that were written for Keras Tuner call it

    def _draw(self, hp: HyperParameter) -> Value:
        self._seed_state += 1
        return hp.random_sample(self._seed_state - 1)

    # -- the search that is kept on the disk -----------------------------------------------------

    def set_project_dir(self, directory: PathLike, project_name: str) -> None:
        """Keep the journal in `directory/project_name` from now on."""
        self.directory, self.project_name = directory, project_name
        self._search = SharedSearch(self, Path(directory) / project_name)

    _set_project_dir = set_project_dir  # as code that was written for Keras Tuner calls it

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other threads and processes from changing the search; nests."""
        with self.changed, self._search.exclusive():
            yield

    def learns_from(self, content: str) -> bool:
        """Whether its trials learn from data of this fingerprint; the first one is kept."""
        return self._search.learns_from(content)

    def save(self) -> None:
        """Nothing to do: the journal holds everything already."""

    def reload(self) -> None:
        """Take back a search from its journal; trials that no process runs will run again."""
        self._search.catch_up()

    def __getstate__(self) -> dict[str, Any]:
        """The state of a copy in another process: it proposes nothing and writes nothing down."""
        return {k: v for k, v in self.__dict__.items() if k not in ("changed", "_search")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become such a copy."""
        self.__dict__.update(state, _search=OwnSearch())
        self.changed = threading.Condition(threading.RLock())
