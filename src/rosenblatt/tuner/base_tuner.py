"""BaseTuner: runs trials of any kind of model."""

from __future__ import annotations

import os
import shutil
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rosenblatt.core.checks import optional, whole
from rosenblatt.core.errors import BadArgument, explain, require, warn_user
from rosenblatt.core.files import read_files, write_files
from rosenblatt.core.types import PathLike
from rosenblatt.tuner.errors import SearchError
from rosenblatt.tuner.executors import Executor, get_executor
from rosenblatt.tuner.hypermodel import Buildable, get_hypermodel
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.journal import Journal
from rosenblatt.tuner.keras_folder import adopt, is_keras_folder
from rosenblatt.tuner.kinds import Parent
from rosenblatt.tuner.live_table import shown
from rosenblatt.tuner.options import refuse_unknown
from rosenblatt.tuner.oracle import Oracle
from rosenblatt.tuner.pictures import plot
from rosenblatt.tuner.search_arguments import SearchArguments, fingerprint
from rosenblatt.tuner.shared_search import Processes
from rosenblatt.tuner.trial_results import as_html, no_result, read_result
from rosenblatt.tuner.trials import Trial, TrialStatus
from rosenblatt.tuner.workers import Workers, isolated

if TYPE_CHECKING:
    import polars
    from matplotlib.axes import Axes


class BaseTuner:
    """Runs the trials that an oracle proposes; a subclass says how in `run_trial`.

    Args:
        oracle: proposes trials and keeps their results.
        hypermodel: a `HyperModel`, or a function build(hp) that returns a model; may be left out
            where `run_trial` does without.
        directory: where projects are; the working directory if None.
        project_name: a folder in it; "untitled_project" if None.
        overwrite: start over; otherwise a search in that folder resumes.
        workers: trials that run side by side in threads; as many as there are cores if None.
        max_seconds: no trial begins after this time.
        target: no trial begins once the objective is this good.
        kwargs: `logger`, which is ignored with a warning.

    Raises:
        ValueError: something that is no oracle, a bad limit, an unknown argument.
    """

    def __init__(
        self,
        oracle: Oracle,
        hypermodel: Buildable = None,
        directory: PathLike | None = None,
        project_name: str | None = None,
        overwrite: bool = False,
        workers: int | None = None,
        max_seconds: float | None = None,
        target: float | None = None,
        **kwargs: Any,
    ):
        if not isinstance(oracle, Oracle):
            raise BadArgument(
                "`oracle` is wrong.",
                given=f"{type(oracle).__name__}: {oracle!r}",
                expected="an Oracle, as `RandomSearchOracle(objective='val_loss')`",
            )
        self.logger = kwargs.pop("logger", None)
        if self.logger is not None:
            warn_user("`logger` has no effect.", DeprecationWarning)
        refuse_unknown(type(self), kwargs)
        self.oracle = oracle
        self.hypermodel = get_hypermodel(hypermodel)
        self.directory = directory or "."
        self.project_name = project_name or "untitled_project"
        self.tuner_id = "tuner0"
        self.workers = optional(whole(least=1)).require(workers, "Bad `workers`.")
        self.max_seconds = max_seconds
        self.target = target
        self._running: Workers | None = None
        oracle.set_project_dir(self.directory, self.project_name)
        if overwrite:
            self._remove_project()
        self._populate_initial_space()
        folder = Path(self.project_dir)
        if is_keras_folder(folder):
            adopt(self.oracle, folder)
        if Journal(folder).exists():
            print(f"Reloading Tuner from {self.project_dir}")
            self.reload()

    # -- the search ----------------------------------------------------------------------------

    def search(
        self, *fit_args: Any, executor: str | Executor | None = None, **fit_kwargs: Any
    ) -> None:
        """Run trials until none is left or a limit is reached. Ctrl-C ends it with what it has.

        Processes that search in one folder at the same time share the trials.

        Args:
            fit_args, fit_kwargs: for `run_trial`: data, epochs, callbacks.
            executor: "threads" (also if None), "ray" or a `RayExecutor`, to run trials on the
                machines of a Ray cluster.

        Raises:
            RuntimeError: too many trials in a row failed; with the reason of the first.
            FatalError: a trial failed in a way that every trial would.
        """
        if "verbose" in fit_kwargs:
            self.oracle.verbose = fit_kwargs["verbose"]
        where = get_executor(executor)
        self.on_search_begin()
        given = self._repeatable(SearchArguments(fit_args, fit_kwargs))
        self.check_data(given)
        content = fingerprint(*given)
        if content is not None and not self.oracle.learns_from(content):
            warn_user(
                explain(
                    f"The trials in {self.project_dir!r} learnt from other data than `search` is "
                    "given now: their scores do not compare with those to come.",
                    fix="take another `project_name`, or `overwrite=True`.",
                )
            )
        drawing = shown(self.oracle, fit_kwargs.get("epochs"))
        with where.session(self, given) as session, drawing:
            self._running = Workers(self, session, self.workers or session.workers)
            if not self._running.run():
                done = len(self.oracle.trials.ended)
                print(f"Search interrupted after {done} trials; `search` again resumes it.")
        self.on_search_end()
        if self.oracle.trials.of_status(TrialStatus.FAILED):
            reason = no_result(self.oracle.trials, self.project_dir)
            if reason is not None:
                print(reason)

    @property
    def stopping(self) -> bool:
        """Whether running trials are to be left."""
        return self._running is not None and self._running.stop.is_set()

    def seed_of(self, trial: Trial, execution: int = 0) -> int:
        """The seed of a trial, the same whoever runs it and whenever."""
        return zlib.crc32(f"{self.oracle.seed}/{trial.trial_id}/{execution}".encode())

    def evaluate(
        self, trial: Trial, *fit_args: Any, **fit_kwargs: Any
    ) -> tuple[dict[str, float], int] | None:
        """Run a trial; its metrics and best epoch, or None where it told the oracle itself."""
        result = self.run_trial(trial, *fit_args, **fit_kwargs)
        if trial.metrics.exists(self.oracle.objective.name):
            warn_user(
                "`run_trial` tells the oracle its metrics: let it return them instead.",
                DeprecationWarning,
            )
            return None
        return read_result(result, self.oracle.objective, f"{type(self).__name__}.run_trial()")

    def run_trial(self, trial: Trial, *fit_args: Any, **fit_kwargs: Any) -> Any:
        """Evaluate a trial's values.

        Args:
            trial: `trial.hyperparameters` gives values.
            fit_args, fit_kwargs: of `search`.

        Returns:
            A number, a dict of metrics, a History, or a list of these.
        """
        raise NotImplementedError

    def save_model(self, trial_id: str, model: Any, step: int = 0) -> None:
        """Keep a trial's model."""
        raise NotImplementedError

    def load_model(self, trial: Trial) -> Any:
        """A trial's model."""
        raise NotImplementedError

    def pre_create_trial(self) -> None:
        """Called before the oracle is asked for a trial."""

    def on_trial_begin(self, trial: Trial) -> None:
        """Called before a trial runs."""

    def on_trial_end(self, trial: Trial) -> None:
        """Called after a trial ran; tells the oracle."""
        self.oracle.end_trial(trial)

    def on_search_begin(self) -> None:
        """Called when `search` begins."""

    def on_search_end(self) -> None:
        """Called when `search` ends."""

    def _repeatable(self, given: SearchArguments) -> SearchArguments:
        """What `search` was given, such that each trial can use it."""
        return given

    def check_data(self, given: SearchArguments) -> None:
        """Refuse what no trial could do anything with, before the first one."""

    # -- the space -----------------------------------------------------------------------------

    def _populate_initial_space(self) -> None:
        """Find the space by building models, until each conditional scope was entered."""
        if self.hypermodel is None:
            return
        hp = self.oracle.get_space()
        self.hypermodel.declare_hyperparameters(hp)
        self.oracle.update_space(hp)
        waiting: list[list[Parent]] = []
        done: list[list[Parent]] = []  # scopes that were entered, or tried
        scope: list[Parent] | None = []
        while scope is not None:
            hp = self.oracle.get_space()
            hp.values |= {condition.name: condition.values[0] for condition in scope}
            if scope:
                hp.ensure_active_values(self.oracle.seed)
            with isolated(self.oracle.seed):
                self.hypermodel.build(hp)
            self.oracle.update_space(hp)
            done += [scope, *hp.active_scopes]
            waiting += hp.inactive_scopes
            scope = next((one for one in waiting if one not in done), None)

    # -- results -------------------------------------------------------------------------------

    def get_best_models(self, num_models: int = 1) -> list[Any]:
        """The models of the best trials, best first.

        Raises:
            RuntimeError: no trial has a result.
        """
        return [self.load_model(trial) for trial in self._best(num_models)]

    def get_best_hyperparameters(self, num_trials: int = 1) -> list[HyperParameters]:
        """The values of the best trials, best first; `tuner.hypermodel.build` takes them.

        Raises:
            RuntimeError: no trial has a result.
        """
        return [self.values_of(trial) for trial in self._best(num_trials)]

    def values_of(self, trial: Trial) -> HyperParameters:
        """A trial's values; hyperparameters that are newer than it are at their default."""
        known = trial.hyperparameters.values
        return self.oracle.hyperparameters.with_values(known).with_defaults()

    def _best(self, count: int) -> list[Trial]:
        reason = no_result(self.oracle.trials, self.project_dir)
        if reason is not None:
            raise SearchError(reason)
        return self.oracle.get_best_trials(count)

    def search_space_summary(self, extended: bool = False) -> None:
        """Print the hyperparameters and what they may be.

        Args:
            extended: accepted for Keras Tuner's sake.
        """
        space = self.oracle.get_space().space
        print(f"Search space summary\nDefault search space size: {len(space)}")
        for hp in space:
            config = hp.get_config()
            print(f"{config.pop('name')} ({type(hp).__name__})\n{config}")

    def results_summary(self, num_trials: int = 10) -> None:
        """Print the best trials, and why others failed."""
        print(f"Results summary\nResults in {self.project_dir}")
        print(f"Showing {num_trials} best trials\n{self.oracle.objective}")
        best = self.oracle.get_best_trials(num_trials)
        failed = self.oracle.trials.of_status(TrialStatus.FAILED)
        for trial in (best + failed)[:num_trials]:
            print()
            trial.summary()

    def _repr_html_(self) -> str:
        return as_html(self.oracle.trials, self.oracle.objective)

    def results(self) -> polars.DataFrame:
        """All trials as a polars frame: id, status, score, best epoch, time, values, metrics.

        Raises:
            ImportError: polars is not installed.
        """
        library = require("polars", "rosenblatt[tables]", "results()")
        rows = []
        for trial in self.oracle.trials.values():
            metrics = {n: trial.metrics.get_last_value(n) for n in trial.metrics.metrics}
            rows.append(
                {
                    "trial_id": trial.trial_id,
                    "status": trial.status,
                    "score": trial.score,
                    "best_step": trial.best_step,
                    "seconds": trial.seconds,
                    **{f"hp/{name}": v for name, v in self.values_of(trial).values.items()},
                    **metrics,
                    "message": trial.message,
                }
            )
        columns = list(dict.fromkeys(name for row in rows for name in row))
        table = {name: [row.get(name) for row in rows] for name in columns}
        return library.DataFrame(table, strict=False)

    def plot(self, kind: str = "objective", ax: Axes | None = None) -> Axes:
        """Draw the search.

        Args:
            kind: "objective" (trial by trial, with the best so far), "time" (the same over the
                minutes since the search began), "parallel" (each trial's values as a line) or
                "importance" (shares in a random forest over the trials).
            ax: Matplotlib axes to draw on; new ones if None.

        Returns:
            The axes.

        Raises:
            ValueError: another kind, or fewer than two trials with a score.
            ImportError: matplotlib is not installed, or for "importance" scikit-learn.
        """
        return plot(self.oracle, kind, ax)

    # -- files ---------------------------------------------------------------------------------

    @property
    def remaining_trials(self) -> int | None:
        """Trials that may still be made; None without a limit."""
        return self.oracle.remaining_trials()

    @property
    def project_dir(self) -> str:
        """The folder of this search; made if need be."""
        path = os.path.join(self.directory, self.project_name)
        os.makedirs(path, exist_ok=True)
        return path

    def get_trial_dir(self, trial_id: str) -> str:
        """A trial's folder; made if need be."""
        path = Path(self.project_dir) / f"trial_{trial_id}"
        path.mkdir(parents=True, exist_ok=True)
        return str(path)

    def __getstate__(self) -> dict[str, Any]:
        """Without what belongs to this process; see `move_to`."""
        return {**self.__dict__, "_running": None, "oracle": None}

    def move_to(self, directory: PathLike, oracle: Oracle) -> None:
        """Become a copy in another process, with files in another folder."""
        self.directory = directory
        self.oracle = oracle

    def files_for(self, trial: Trial) -> dict[str, bytes]:
        """What a trial finds in the project folder, by its place there."""
        past = trial.hyperparameters.values.get("tuner/trial_id")
        names = [trial.trial_id] if past is None else [trial.trial_id, past]
        found: dict[str, bytes] = {}
        for name in names:
            found |= read_files(Path(self.project_dir), f"trial_{name}/**/*")
        return found

    def take_files(self, files: dict[str, bytes]) -> None:
        """Write what a trial in another process has left in its project folder."""
        write_files(Path(self.project_dir), files)

    def _remove_project(self) -> None:
        """Remove what a search has written, and nothing else."""
        folder = Path(self.project_dir)
        others = Processes(folder).others()
        if others:
            raise SearchError(
                f"Another process searches in {str(folder)!r} now.",
                given=f"overwrite=True, while {others[0]} runs",
                fix="take another `project_name`, or share it: without `overwrite`.",
            )
        for path in folder.glob("trial_*"):
            shutil.rmtree(path)
        Journal(folder).path.unlink(missing_ok=True)

    def get_state(self) -> dict[str, Any]:
        """What the tuner has to remember beside the journal: nothing, unless a subclass does."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` gave."""

    def save(self) -> None:
        """Nothing to do: the journal holds everything already."""
        self.oracle.save()

    def reload(self) -> None:
        """Take back the search from its journal."""
        self.oracle.reload()
