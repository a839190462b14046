"""The files of a search's trials: which exist, and which may stay."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Container, Iterable
from pathlib import Path

_WEIGHTS = "checkpoint.weights.h5"
_LAST = "last.weights.h5"
_RUNNING = "running"


class Checkpoints:
    """Keeps the weights of the best trials, within a size; those of the very best always.

    Args:
        folder: of the search.
        max_bytes: of all their weights together.
    """

    def __init__(self, folder: Path, max_bytes: int):
        self.folder = folder
        self.max_bytes = max_bytes
        self._kept: set[str] = set()  # changed by several threads, by whole operations alone
        self._waiting: set[str] = set()
        self.look()

    def look(self) -> None:
        """See what is on the disk; other processes may have written there."""
        self._kept |= self._trials_with(_WEIGHTS)
        self._waiting |= self._trials_with(_LAST)

    def _trials_with(self, name: str) -> set[str]:
        found = self.folder.glob(f"trial_*/{name}")
        return {path.parent.name.removeprefix("trial_") for path in found}

    def of(self, trial_id: str) -> Path:
        """The folder of a trial."""
        return self.folder / f"trial_{trial_id}"

    def best(self, trial_id: str) -> Path:
        """The weights of a trial's best epoch."""
        return self.of(trial_id) / _WEIGHTS

    def last(self, trial_id: str) -> Path:
        """The state after a trial's last epoch, as long as another may resume from it."""
        return self.of(trial_id) / _LAST

    def running(self, trial_id: str) -> Path:
        """Where a trial is backed up while it trains."""
        return self.of(trial_id) / _RUNNING

    def build_config(self, trial_id: str) -> Path:
        """What builds a model that has no input shape of its own."""
        return self.of(trial_id) / "build_config.json"

    def add_best(self, trial_id: str) -> Path:
        """Where a trial's best weights are to be written; they are looked after from now on."""
        self._kept.add(trial_id)
        return self.best(trial_id)

    def add_last(self, trial_id: str) -> Path:
        """Where a trial's last state is to be written; it is looked after from now on."""
        self._waiting.add(trial_id)
        return self.last(trial_id)

    def prune(self, ranked: Iterable[str], ended: Container[str]) -> None:
        """Remove weights that may not stay.

        Args:
            ranked: the trials whose weights may stay as far as there is room, best first.
            ended: the trials that are no longer running; others are judged when they end.
        """
        room, staying = self.max_bytes, set[str]()
        for name in [name for name in ranked if name in self._kept]:
            room -= self.best(name).stat().st_size if self.best(name).exists() else 0
            if room < 0 and staying:
                break
            staying.add(name)
        for name in [name for name in self._kept - staying if name in ended]:
            self.best(name).unlink(missing_ok=True)
            self._kept.discard(name)

    def end_running(self, trial_id: str) -> None:
        """Remove what a trial needed while it ran."""
        if self.running(trial_id).exists():
            shutil.rmtree(self.running(trial_id), ignore_errors=True)

    def drop_last(self, needed: Callable[[str], bool]) -> None:
        """Remove states from which no trial will resume."""
        for name in [name for name in self._waiting.copy() if not needed(name)]:
            self.last(name).unlink(missing_ok=True)
            self._waiting.discard(name)
