"""ModelCheckpoint: save the model while it trains."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rosenblatt.callbacks.frequency import frequency, is_due
from rosenblatt.callbacks.monitor import MODE, Watching
from rosenblatt.core.checks import anything, flag, number, optional, path, text, whole
from rosenblatt.core.errors import BadArgument, UnknownKey, nearest
from rosenblatt.core.printing import say
from rosenblatt.core.registry import builtin
from rosenblatt.core.scalars import as_number
from rosenblatt.core.settings import Configured, setting
from rosenblatt.core.types import PathLike
from rosenblatt.training.jobs import Jobs


@builtin("keras.callbacks")
class ModelCheckpoint(Watching, Configured):
    """Saves the model, or its weights, after epochs or batches.

    Files are written whole or not at all: the one before stays until the new one is complete.

    Args:
        filepath: ends in `.keras`, or in `.weights.h5` with `save_weights_only`; may hold names in
            braces: `{epoch}` (from 1), `{batch}`, and the logs' (`{val_loss:.3f}`).
        monitor: the log entry that says which model is best.
        verbose: 1 tells when it saves, and of the best epochs by how much.
        save_best_only: save only what is better than everything before.
        save_weights_only: save weights alone.
        mode: "min", "max", or "auto": by the metric of that name.
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: a value to beat.
        keep: with names in `filepath`, how many of the best files stay; all if None.

    Raises:
        ValueError: another ending, a `save_freq` that is neither, a `keep` below 1.

    >>> ModelCheckpoint("best.keras", save_best_only=True).monitor
    'val_loss'
    """

    is_for_main = True

    filepath: PathLike = setting(path)
    monitor: str = setting(text, default="val_loss")
    verbose: int = setting(anything, default=0)
    save_best_only: bool = setting(flag, default=False)
    save_weights_only: bool = setting(flag, default=False)
    mode: str = setting(MODE, default="auto")
    save_freq: str | int = setting(frequency("epoch"), default="epoch")
    initial_value_threshold: float | None = setting(optional(number(endless=True)), default=None)
    keep: int | None = setting(
        optional(whole(least=1), "a number of files above 0, or None for all"), default=None
    )

    state_attributes = ("watch", "batches", "kept")

    def __post_init__(self) -> None:
        """Look at the file's name, and begin to watch."""
        ending = ".weights.h5" if self.save_weights_only else ".keras"
        if not os.fspath(self.filepath).endswith(ending):
            raise BadArgument(
                "ModelCheckpoint: bad `filepath`.",
                given=repr(self.filepath),
                expected=f"a name that ends in {ending!r} with `save_weights_only="
                f"{self.save_weights_only}`",
            )
        if self.save_freq != "epoch":  # only then does training have to stop at each batch
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]
        super().__post_init__()
        self._to_beat: float | None = None
        self._reset()

    @property
    def best(self) -> float | None:
        """The best value so far; what is set is what later values, and fits, have to beat."""
        return self.watch.best

    @best.setter
    def best(self, value: float | None) -> None:
        self.watch.best = self._to_beat = value

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start over: an object may be used in several fits."""
        self._reset()

    def _reset(self) -> None:
        given = self._to_beat is None
        self.watch.reset(self.initial_value_threshold if given else self._to_beat)
        self.batches = 0
        self.kept: list[list[Any]] = []  # values, the better the smaller, with their files
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remember the epoch, for the names of files."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save after an epoch."""
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def _after_batch(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.batches += 1
        if is_due(self.save_freq, self.batches):
            self._save(self._epoch, batch, logs)

    def _save(self, epoch: int, batch: int | None, logs: dict[str, Any] | None) -> None:
        value, change = None, ""
        if self.save_best_only or self.keep is not None:
            # After a batch nothing waits for validation: its values would be missed forever.
            value = self.watch.read(logs, self.params if batch is None else None, self.model)
            if value is None:
                return
            best = None if self.watch.best is None else f"{self.watch.best:.5f}"
            gains = self.watch.gains(value, self.model)
            if self.save_best_only and not gains:
                self._say(epoch, f"{self.monitor} did not improve from {best}")
                return
            if self.save_best_only:
                change = f"{self.monitor} improved from {best} to {value:.5f}, "
        path = self._path(epoch, batch, logs or {})
        worst = [] if self.keep is None or value is None else self._worst(value, path)
        self._say(epoch, f"{change}saving model to {path}")
        hook = "on_epoch_end" if batch is None else "on_train_batch_end"
        where = f"{type(self).__name__}.{hook}"
        Jobs.of(self.model).add(lambda: self._write(path, worst), where)

    def _say(self, epoch: int, what: str) -> None:
        if self.verbose:
            say(f"Epoch {epoch + 1}: {what}")

    def _write(self, path: str, worst: list[str]) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if path not in worst:
            save = self.model.save_weights if self.save_weights_only else self.model.save
            save(path, overwrite=True)
        for file in worst:
            Path(file).unlink(missing_ok=True)

    def _path(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> str:
        values = {name: as_number(value) for name, value in logs.items()}
        names = {"epoch": epoch + 1, **({} if batch is None else {"batch": batch + 1}), **values}
        try:
            return os.fspath(self.filepath).format(**names)
        except (KeyError, IndexError, ValueError) as error:
            wrong = str(error).strip("'")
            raise UnknownKey(
                f"ModelCheckpoint: `filepath` asks for {wrong!r}.",
                given=self.filepath,
                expected=f"names among {', '.join(names)}",
                fix=nearest(wrong, names),
            ) from None

    def _worst(self, value: float, path: str) -> list[str]:
        """The files written in this training beyond the `keep` best, with a new one."""
        entries = [entry for entry in self.kept if entry[1] != path]
        entries.append([self.watch.find_direction(self.model).sign * value, path])
        entries.sort()
        self.kept = entries[: self.keep]
        return [file for _, file in entries[self.keep :]]
