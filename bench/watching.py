"""Callbacks whose cost is measured, written once in the Keras API for every library that has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def nothing(lib: Any, folder: Path) -> list[Any]:
    """No callbacks."""
    return []


def histograms(lib: Any, folder: Path) -> list[Any]:
    """TensorBoard with histograms of all weights after each epoch."""
    return [lib.callbacks.TensorBoard(str(folder / "logs"), histogram_freq=1)]


def epochs(lib: Any, folder: Path) -> list[Any]:
    """What looks at each epoch and writes a line at most."""
    c = lib.callbacks
    return [
        c.EarlyStopping("loss", patience=10**6, restore_best_weights=True),
        c.ReduceLROnPlateau("loss", patience=10**6),
        c.LearningRateScheduler(lambda epoch, rate: rate),
        c.CSVLogger(str(folder / "log.csv")),
        c.TerminateOnNaN(),
        c.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
        c.Timing(),
    ]


def files(lib: Any, folder: Path) -> list[Any]:
    """The same, and the model and the run saved after each epoch."""
    c = lib.callbacks
    saving = [
        c.ModelCheckpoint(str(folder / "best.keras"), "loss", save_best_only=True),
        c.BackupAndRestore(str(folder / "run")),
    ]
    return [*epochs(lib, folder), *saving]


def batches(lib: Any, folder: Path) -> list[Any]:
    """A hook after each batch that keeps the loss."""
    losses: list[float] = []
    return [
        lib.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])
        )
    ]


CALLBACKS = {make.__name__: make for make in (nothing, histograms, epochs, files, batches)}
