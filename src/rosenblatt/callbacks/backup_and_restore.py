"""BackupAndRestore: resumes a run that was cut off."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rosenblatt.callbacks.callback import Callback
from rosenblatt.callbacks.frequency import frequency, is_due
from rosenblatt.core.checks import Check, flag
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.files import atomic_write
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import Configured, setting
from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import PathLike, Tree
from rosenblatt.training.jobs import Jobs

_FOLDER = Check(
    lambda value: isinstance(value, str | bytes | os.PathLike) and bool(value),
    "a folder",
    os.fspath,
    wrong=["", None, 3],
)
INDEX = "run.json"
"""The file that names those of the newest backup; written last."""
# Files of a backup, and those that a killed process was writing in their place.
_OURS = re.compile(r"\d+\.(weights\.h5|npz)|\.(\d+(\.weights)?|run)\.[0-9a-f]{8}\.(h5|npz|json)")


@builtin("keras.callbacks")
class BackupAndRestore(Callback, Configured):
    """Backs up a run while it trains, and restores it when `fit` is called again.

    The continued run ends with the weights, bit for bit, that the uninterrupted one would have:
    weights, optimizer, random state, order of the rows, metrics and the state of other callbacks
    are kept. A backup is whole or missing: its files get names of their own, and the index that
    points to them is replaced last.

    Args:
        backup_dir: a folder for this run alone.
        save_freq: "epoch", or a number of batches.
        double_checkpoint: with a number of batches, back up at the end of epochs too.
        delete_checkpoint: remove the backup when training has come to its end.

    Raises:
        ValueError: no folder or a bad `save_freq`; or, when training begins, a backup of another
            model or other data.

    >>> BackupAndRestore("runs/first").save_freq
    'epoch'
    """

    is_for_main = True

    backup_dir: PathLike = setting(_FOLDER)
    save_freq: str | int = setting(frequency("epoch"), default="epoch")
    double_checkpoint: bool = setting(flag, default=False)
    delete_checkpoint: bool = setting(flag, default=True)

    def __post_init__(self) -> None:
        """Ask for batches where it needs them: only then does training have to stop at each."""
        if self.save_freq != "epoch":
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]

    @property
    def _folder(self) -> Path:
        return Path(self.backup_dir)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restore the backup, where there is one."""
        self._number = 0
        self._batches = 0
        self._hash: str | None = None
        if (self._folder / INDEX).exists():
            self._restore()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Back up after an epoch; the other callbacks have seen it by then, see `runs_last`."""
        if self.save_freq == "epoch" or self.double_checkpoint:
            self._back_up(epoch + 1, 0, "on_epoch_end")

    # Its backup holds the other callbacks' state: they have to see the epoch's end before it.
    runs_last = True

    def _after_batch(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._batches += 1
        if is_due(self.save_freq, self._batches):
            self._back_up(self.model.current_run.epoch, batch + 1, "on_train_batch_end")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Remove the backup of a training that came to its end."""
        if self.delete_checkpoint and self.model.current_run.completed and self._folder.is_dir():
            (self._folder / INDEX).unlink(missing_ok=True)
            self._remove_others(set())
            if not any(self._folder.iterdir()):
                self._folder.rmdir()

    # -- files -------------------------------------------------------------------------------

    def _back_up(self, epoch: int, step: int, hook: str) -> None:
        self._number += 1
        found: dict[str, np.ndarray] = {}
        index = {
            "position": {**self.model.current_run.position(), "epoch": epoch, "step": step},
            "weights": f"{self._number}.weights.h5",
            "arrays": f"{self._number}.npz",
            "content": self._content(),
            "callbacks": {
                name: _without_arrays(callback.get_state(), f"callback/{name}", found)
                for name, callback in self._named_callbacks()
            },
        }
        where = f"{type(self).__name__}.{hook}"
        Jobs.of(self.model).add(lambda: self._write(index, found), where)

    def _write(self, index: dict[str, Any], found: dict[str, np.ndarray]) -> None:
        """Write a backup, its index last.

        Args:
            index: where the run stood, and the names of the files.
            found: the arrays among the callbacks' states, by path.
        """
        weights, arrays = index["weights"], index["arrays"]
        self._folder.mkdir(parents=True, exist_ok=True)
        self.model.save_weights(self._folder / weights)
        metrics = {f"metric/{i}": v.numpy() for i, v in enumerate(self.model.metrics_variables)}
        with atomic_write(self._folder / arrays) as file:
            np.savez(file, **found, **metrics)  # type: ignore[arg-type]
        with atomic_write(self._folder / INDEX) as file:
            file.write(json.dumps(index, indent=1).encode())
        self._remove_others({weights, arrays})

    def _remove_others(self, kept: set[str]) -> None:
        for path in self._folder.iterdir():
            if _OURS.fullmatch(path.name) and path.name not in kept:
                path.unlink(missing_ok=True)

    def _restore(self) -> None:
        path = self._folder / INDEX
        try:
            index = json.loads(path.read_text(encoding="utf-8"))
            with np.load(self._folder / index["arrays"], allow_pickle=False) as file:
                found = dict(file)
            run = self.model.current_run
            run.go_to(index["position"])
            if index.get("content") not in (None, self._content()):
                raise BadArgument(
                    "The run to resume had other data.",
                    given="as many rows, with other values",
                )
            self.model.load_weights(self._folder / index["weights"])
        except (OSError, ValueError, KeyError) as error:
            raise BadArgument(
                f"BackupAndRestore: the run in {str(self._folder)!r} cannot be resumed. {error}",
                fix="remove the folder to start over, or pass the model and data of that run.",
            ) from error
        self._number = int(index["weights"].split(".")[0])
        for number, variable in enumerate(self.model.metrics_variables):
            variable.assign(found[f"metric/{number}"])
        for name, callback in self._named_callbacks():
            state = _with_arrays(index["callbacks"].get(name), found)
            if state:
                callback.set_state(state)

    def _content(self) -> str | None:
        """A hash of the rows; None of a stream. Found once, when it is first needed."""
        source = self.model.current_run.source
        whole = source.whole()
        if self._hash is None and whole is not None:
            digest = hashlib.blake2b(digest_size=16)
            for array in tree_leaves(whole):
                if array is not None:
                    digest.update(f"{array.dtype}{array.shape}".encode())
                    digest.update(np.ascontiguousarray(array).data)
            self._hash = digest.hexdigest()
        return self._hash

    def _named_callbacks(self) -> Iterator[tuple[str, Any]]:
        """Each callback with its class and its number within it: others may come and go."""
        counts: Counter[str] = Counter()
        for callback in self.model.current_run.hooks.callbacks:
            name = type(callback).__name__
            counts[name] += 1
            yield f"{name}/{counts[name]}", callback


def _without_arrays(state: Tree, path: str, found: dict[str, np.ndarray]) -> Any:
    """Plain data; arrays in it go to `found`, and their paths stay."""
    if isinstance(state, dict):
        return {k: _without_arrays(v, f"{path}/{k}", found) for k, v in state.items()}
    if isinstance(state, (list, tuple)):
        return [_without_arrays(v, f"{path}/{i}", found) for i, v in enumerate(state)]
    if hasattr(state, "shape") and hasattr(state, "dtype"):
        found[path] = np.asarray(state)
        return {"array": path}
    return state


def _with_arrays(state: Tree, found: dict[str, np.ndarray]) -> Any:
    if isinstance(state, dict):
        if set(state) == {"array"} and state["array"] in found:
            return found[state["array"]]
        return {key: _with_arrays(value, found) for key, value in state.items()}
    return [_with_arrays(value, found) for value in state] if isinstance(state, list) else state
