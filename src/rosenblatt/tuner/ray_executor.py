"""Trials on the machines of a Ray cluster; what is proposed and written down stays here."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rosenblatt.callbacks.backup_and_restore import INDEX
from rosenblatt.core.errors import WrongType, require
from rosenblatt.core.files import read_files, write_files
from rosenblatt.core.scalars import as_number
from rosenblatt.tuner.errors import FailedTrialError, FatalError
from rosenblatt.tuner.search_arguments import SearchArguments
from rosenblatt.tuner.trials import Trial
from rosenblatt.tuner.workers import SearchStopped, isolated

if TYPE_CHECKING:
    from rosenblatt.tuner.base_tuner import BaseTuner
    from rosenblatt.tuner.oracle import Oracle

_POLL = 0.1  # seconds between two looks at what the cluster reports
_RETRIES = 5  # times that a trial is resumed after its machine was lost


class RayExecutor:
    """Runs each trial as a task of Ray. Needs the extra `ray`.

    The data are put into the cluster's object store once. A trial whose machine is lost resumes on
    another one from its last backup, which it sends here every other second, or begins again; its
    result stays the same. Files of trials come back into the project folder here, so that no shared
    file system is needed.

    Args:
        num_cpus, num_gpus: what a trial takes of a machine.
        address: of the cluster; the one that is connected, or that `RAY_ADDRESS` names, or a new
            one on this machine if None.

    Raises:
        ImportError: ray is not installed.
    """

    def __init__(self, num_cpus: float = 1, num_gpus: float = 0, address: str | None = None):
        self._ray = require("ray", "rosenblatt[ray]", 'executor="ray"')
        self.num_cpus = num_cpus
        self.num_gpus = num_gpus
        self.address = address

    @contextmanager
    def session(self, tuner: BaseTuner, given: SearchArguments) -> Iterator[_RaySession]:
        """Connect, share the data, and take reports while a search runs."""
        ray = self._ray
        own = not ray.is_initialized()
        if own:
            ray.init(self.address, log_to_driver=False, logging_level="warning")
        try:
            with _RaySession(self, ray, tuner, given) as session:
                yield session
        finally:
            if own:
                ray.shutdown()

    def slots(self) -> int:
        """Trials that the cluster runs side by side."""
        total = self._ray.cluster_resources()
        by_kind = [int(total.get("CPU", 0) // self.num_cpus)] if self.num_cpus else []
        by_kind += [int(total.get("GPU", 0) // self.num_gpus)] if self.num_gpus else []
        return max(1, min(by_kind, default=1))


class _RaySession:
    """One search on a cluster: what trials need is there, and their reports come back."""

    def __init__(
        self, executor: RayExecutor, ray: ModuleType, tuner: BaseTuner, given: SearchArguments
    ):
        self._tuner, self._ray = tuner, ray
        try:
            self._given = ray.put(given)
            self._copy = ray.put(tuner)
        except Exception as error:
            raise WrongType(
                "What `search` was given cannot be sent to the machines of a Ray cluster "
                f"({error}).",
                expected="arrays, frames, and functions without open files or locks",
                fix="make what cannot be sent in `HyperModel.build` or `HyperModel.fit`.",
            ) from error
        here = ray.get_runtime_context().get_node_id()
        strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=False)
        self._board = ray.remote(_Board).options(num_cpus=0, scheduling_strategy=strategy).remote()
        self._task = ray.remote(_run).options(
            num_cpus=executor.num_cpus, num_gpus=executor.num_gpus, max_retries=_RETRIES
        )
        self.workers = executor.slots()
        self._over = threading.Event()
        self._reporting = threading.Lock()  # epochs reach the oracle in their order
        self._pump = threading.Thread(target=self._take_reports, daemon=True)

    def __enter__(self) -> _RaySession:
        self._pump.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._pump.join()
        self._ray.kill(self._board)

    def run_and_report(self, trial: Trial) -> None:
        """Run a trial on the cluster and tell the oracle what came of it.

        Raises:
            Exception: what the trial raised there.
            SearchStopped: the search is over.
        """
        tuner = self._tuner
        with tuner.oracle.exclusive():
            oracle = self._ray.put(tuner.oracle)
        files = tuner.files_for(trial)
        task = self._task.remote(self._copy, oracle, trial, files, self._given, self._board)
        ready: list[Any] = []
        while not ready:
            ready, _ = self._ray.wait([task], timeout=_POLL)
            if tuner.stopping:
                with contextlib.suppress(Exception):
                    self._ray.cancel(task, force=True)
                raise SearchStopped
        found = self._ray.get(task)
        self._board.forget.remote(trial.trial_id)
        self._report()  # before the trial ends
        if isinstance(found, Exception):
            raise found
        tuner.take_files(found["files"])
        trial.hyperparameters, trial.metrics = found["hyperparameters"], found["metrics"]
        if found["result"] is not None:
            tuner.oracle.update_trial(trial.trial_id, *found["result"])

    def _take_reports(self) -> None:
        while not self._over.wait(_POLL):
            self._report()

    def _report(self) -> None:
        oracle = self._tuner.oracle
        with self._reporting:  # the oracle waits for no answer from the cluster
            for trial_id, epoch, logs in self._ray.get(self._board.drain.remote()):
                oracle.update_history(trial_id, epoch, logs)
                if oracle.prunes(trial_id):
                    self._board.stop.remote(trial_id)


class _Board:
    """An actor beside the search: trials write their epochs on it, read whether to stop, and leave
    their backups there."""

    def __init__(self) -> None:
        self._backups: dict[str, dict[str, bytes]] = {}
        self._news: list[tuple[str, int, dict[str, float]]] = []
        self._stopped: set[str] = set()

    def write(self, trial_id: str, epoch: int, logs: dict[str, float]) -> bool:
        """Take an epoch's log entries; returns whether the trial is to end."""
        self._news.append((trial_id, epoch, logs))
        return trial_id in self._stopped

    def drain(self) -> list[tuple[str, int, dict[str, float]]]:
        """What was written since the last time."""
        news, self._news = self._news, []
        return news

    def stop(self, trial_id: str) -> None:
        """End a trial after its epoch."""
        self._stopped.add(trial_id)

    def keep(self, trial_id: str, files: dict[str, bytes]) -> None:
        """Take a trial's backup, in place of the one before."""
        self._backups[trial_id] = files

    def kept(self, trial_id: str) -> dict[str, bytes]:
        """A trial's last backup; nothing where there is none."""
        return self._backups.get(trial_id, {})

    def forget(self, trial_id: str) -> None:
        """Drop the backup of a trial that has ended."""
        self._backups.pop(trial_id, None)


class _Backups:
    """Sends a trial's backups to the board, as they are written.

    Args:
        board: the actor.
        trial_id: of the trial.
        folder: the project's in this process.
    """

    def __init__(self, board: Any, trial_id: str, folder: Path):
        self._board, self._id, self._folder = board, trial_id, folder
        self._sent: set[tuple[str, int]] = set()

    def restore(self) -> None:
        """Write the files of the last one."""
        import ray

        write_files(self._folder, ray.get(self._board.kept.remote(self._id)))
        self._sent = self._stamps()

    def send(self) -> None:
        """Send it, where there is a new one."""
        stamps = self._stamps()
        if stamps != self._sent:
            self._sent = stamps
            self._board.keep.remote(self._id, read_files(self._folder, f"trial_{self._id}/**/*"))

    def _stamps(self) -> set[tuple[str, int]]:
        found = self._folder.glob(f"trial_{self._id}/**/{INDEX}")
        return {(str(path), path.stat().st_mtime_ns) for path in found}


def _run(
    tuner: BaseTuner,
    oracle: Oracle,
    trial: Trial,
    files: dict[str, bytes],
    given: SearchArguments,
    board: Any,
) -> dict[str, Any] | Exception:
    """Run a trial in a process of the cluster; returns what came of it, or an exception."""
    import ray

    stopped: set[str] = set()

    def update_history(trial_id: str, epoch: int, logs: Mapping[str, Any]) -> None:
        backups.send()
        plain = {name: as_number(value) for name, value in logs.items()}
        if ray.get(board.write.remote(trial_id, epoch, plain)):
            stopped.add(trial_id)

    def prunes(trial_id: str) -> bool:
        return trial_id in stopped

    oracle.update_history = update_history  # type: ignore[method-assign]
    oracle.prunes = prunes  # type: ignore[method-assign]
    oracle.trials[trial.trial_id] = trial
    with tempfile.TemporaryDirectory(prefix="rosenblatt-trial-") as folder:
        tuner.move_to(folder, oracle)
        write_files(Path(tuner.project_dir), files)
        backups = _Backups(board, trial.trial_id, Path(tuner.project_dir))
        backups.restore()
        try:
            with isolated(tuner.seed_of(trial)):
                result = tuner.evaluate(trial, *given.args, **given.kwargs)
        except Exception as error:
            return _sendable(error)
        return {
            "result": result,
            "metrics": trial.metrics,
            "hyperparameters": trial.hyperparameters,
            "files": read_files(Path(tuner.project_dir), f"trial_{trial.trial_id}/*"),
        }


def _sendable(error: Exception) -> Exception:
    """An exception that any process can read, with the trial's traceback in its message."""
    text = f"{type(error).__name__}: {error}\n\n{traceback.format_exc()}"
    for kind in (FatalError, FailedTrialError):
        if isinstance(error, kind):
            return kind(text)
    return RuntimeError(text)
