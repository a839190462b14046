"""What is kept of a search on the disk: read again after a kill, and shared by processes."""

from __future__ import annotations

import os
import platform
import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from rosenblatt.core.errors import BadArgument, FileRefused
from rosenblatt.core.types import PathLike
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.journal import Journal
from rosenblatt.tuner.trials import Trial

if TYPE_CHECKING:
    from rosenblatt.tuner.oracle import Oracle

_FOLDER = "processes"


class Processes:
    """Says which processes run trials of a search; the system frees the file of a killed one.

    Args:
        folder: of the search.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     processes = Processes(folder)
    ...     processes.join()
    ...     seen = Processes(folder).is_alive(processes.name)
    ...     processes.leave()
    ...     seen, Processes(folder).is_alive(processes.name)
    (True, False)
    """

    def __init__(self, folder: PathLike):
        self.name = f"{platform.node() or 'host'}-{os.getpid()}-{secrets.token_hex(3)}"
        self._folder = Path(folder) / _FOLDER
        self._held: FileLock | None = None

    def join(self) -> None:
        """Count this process as alive from now on."""
        if self._held is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._held = FileLock(self._folder / self.name, thread_local=False)
            self._held.acquire()

    def leave(self) -> None:
        """No longer count this process as alive."""
        if self._held is not None:
            self._held.release()
            (self._folder / self.name).unlink(missing_ok=True)
            self._held = None

    def is_alive(self, name: str) -> bool:
        """Whether a process runs trials now; the file of one that was killed is removed."""
        if name == self.name:
            return self._held is not None
        path = self._folder / Path(name).name
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0, thread_local=False):
                pass
        except Timeout:
            return True
        path.unlink(missing_ok=True)
        return False

    def others(self) -> list[str]:
        """The names of the other processes that are alive."""
        if not self._folder.is_dir():
            return []
        names = sorted(path.name for path in self._folder.iterdir())
        return [name for name in names if name != self.name and self.is_alive(name)]


class OwnSearch:
    """A search that one process keeps in its memory: there is nobody to ask or to tell."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Nobody else changes it."""
        return nullcontext()

    def learns_from(self, content: str) -> bool:
        """Nothing says that the data were others."""
        return True

    def record(self, event: str, **fields: Any) -> None:
        """Nothing is written down."""

    def catch_up(self) -> None:
        """Nobody else has changed it, or runs trials."""

    join = leave = take_over = catch_up


class SharedSearch(OwnSearch):
    """A search that is kept in a journal by every process that takes part in it.

    Each change is made with the journal locked, and after what the others have written was read,
    so all oracles on one folder are the same one. A trial of a process that was killed runs again.

    Args:
        oracle: whose trials are written down.
        folder: of the search.
    """

    def __init__(self, oracle: Oracle, folder: Path):
        self.journal = Journal(folder)
        self._oracle = oracle
        self._processes = Processes(folder)
        self._recorded_space = 0
        self._content: str | None = None  # fingerprint of the data of the first trials

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other processes out, and know what they did; may be entered within itself."""
        with self.journal.locked() as entered:
            if entered:
                self.catch_up()
            yield

    def join(self) -> None:
        """Let the others know that this process runs trials."""
        self._processes.join()

    def leave(self) -> None:
        """Let the others know that it no longer does, with everything on the disk."""
        self._processes.leave()
        self.journal.sync()

    def take_over(self) -> None:
        """Let the trials of processes that are no longer alive run again."""
        trials = self._oracle.trials
        names = set(trials.elsewhere.values())
        trials.lose({name for name in names if not self._processes.is_alive(name)})

    def learns_from(self, content: str) -> bool:
        """Whether the trials learn from data of this fingerprint; the first one is kept."""
        with self.exclusive():
            if self._content is None:
                self._content = content
                if self._oracle.trials:  # of an earlier version, or of Keras Tuner
                    self.record("data", content=content)
        return self._content == content

    # -- writing -------------------------------------------------------------------------------

    def record(self, event: str, **fields: Any) -> None:
        """Write an event down, with the space where it grew, and what the algorithm remembers."""
        oracle, journal = self._oracle, self.journal
        if event == "epoch":
            journal.record(event, lasting=False, **fields)
            return
        if not journal.exists():
            journal.record("begin", wait=True, seed=oracle.seed, objective=str(oracle.objective))
            if self._content is not None:
                journal.record("data", wait=True, content=self._content)
        if len(oracle.hyperparameters.space) != self._recorded_space:
            self._recorded_space = len(oracle.hyperparameters.space)
            space = oracle.hyperparameters.get_config()["space"]
            journal.record("space", wait=True, space=space)
        if event != "data":
            fields["time"] = time.time()
        if event in ("trial", "again"):
            fields["by"] = self._processes.name
        # Only an end has cost anything: what else a power cut takes is proposed again.
        journal.record(event, lasting=event == "end", **fields, state=oracle.get_state())

    # -- reading -------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Take what was written down since the last time.

        Raises:
            ValueError: the journal is damaged, or of another objective.
        """
        for event in self.journal.news():
            try:
                self._take(event)
                if "state" in event:
                    self._oracle.set_state(event["state"])
            except (LookupError, TypeError, AttributeError) as error:
                raise FileRefused(
                    f"{self.journal.path} is damaged: an event that cannot be.",
                    given=str(event)[:80],
                    fix="remove its line, or start over with `overwrite=True`.",
                ) from error

    def _take(self, event: dict[str, Any]) -> None:
        oracle, trials = self._oracle, self._oracle.trials
        match event["event"]:
            case "begin":
                self._require_objective(event["objective"])
                oracle.seed = event["seed"]
            case "data":
                self._content = event["content"]
            case "space":
                # What the model asks for now counts; what only earlier trials asked for is added.
                found = HyperParameters.from_config({"space": event["space"], "values": {}})
                oracle.hyperparameters.merge(found, overwrite=False)
                self._recorded_space = len(oracle.hyperparameters.space)
            case "trial":
                trial = Trial(self._with_values(event), event["trial_id"])
                trial.began = event.get("time")
                trials.begin_elsewhere(trial, event.get("by", ""))
            case "again":
                trials.retry_elsewhere(event["trial_id"], event["by"]).began = event["time"]
            case "epoch":
                logs = {name: float(value) for name, value in event["logs"].items()}
                trials[event["trial_id"]].add_epoch(event["epoch"], logs)
            case "end":
                trial = trials[event["trial_id"]]
                trial.set_outcome(self._with_values(event), event)
                trial.ended = event.get("time")
                trials.end(trial, event["again"])
            case unknown:
                raise LookupError(unknown)

    def _with_values(self, event: dict[str, Any]) -> HyperParameters:
        return self._oracle.hyperparameters.with_values(event["values"])

    def _require_objective(self, known: str) -> None:
        if known != str(self._oracle.objective):
            raise BadArgument(
                "The folder holds a search for another objective.",
                given=self._oracle.objective,
                expected=known,
                fix="take another `project_name`, or `overwrite=True`.",
            )
