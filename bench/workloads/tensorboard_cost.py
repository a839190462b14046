"""What callbacks cost: TensorBoard with histograms, hooks of epochs, hooks of batches."""

from __future__ import annotations

import tempfile

from bench import data
from bench.harness import Comparison, Context, Limit, Result, Worker, in_turns, workers
from bench.peers import KERAS_TENSORFLOW, OURS

_EPOCHS = {"housing": 20, "fashion": 1}
_NAMES = {"housing": "housing", "fashion": "Fashion MNIST"}
# Percent of the time without callbacks, and None where it is only shown.
_LIMITS = {
    "histograms": ("TensorBoard with histograms", {"housing": 15.0, "fashion": 5.0}),
    "epochs": ("hooks of epochs together", {"housing": 3.0, "fashion": 3.0}),
    "files": ("the same, saving model and run", {"housing": None, "fashion": 3.0}),
}
_TARGET = 3.0  # a hook of batches, against Keras on TensorFlow


def measure(context: Context) -> Result:
    """Train without and with each set of callbacks, in turns, warm."""
    limits: list[Limit] = []
    with workers([OURS], context) as crew:
        for network, path in (
            ("housing", data.housing(context.folder)),
            ("fashion", data.fashion(context.folder)),
        ):
            limits += _costs(context, crew[OURS], network, str(path))
    notes = [
        "Percent more time than the same `fit` without callbacks, pairwise from the same rounds: "
        f"{_EPOCHS['housing']} epochs of housing, {_EPOCHS['fashion']} of Fashion MNIST.",
        "Hooks of epochs: EarlyStopping with best weights, ReduceLROnPlateau, "
        "LearningRateScheduler, CSVLogger, TerminateOnNaN, LambdaCallback, Timing. Saving: "
        "ModelCheckpoint of the best and BackupAndRestore, each epoch.",
        "A hook of batches: one that keeps the loss after every batch, an epoch of housing.",
    ]
    return Result("What callbacks cost", notes, [_by_batch(context)], limits)


def _costs(context: Context, worker: Worker, network: str, path: str) -> list[Limit]:
    worker.ask("load", network=network, path=path)
    worker.ask("build")
    actions = {
        name: lambda name=name: _fit(context, worker, name, _EPOCHS[network])
        for name in ("nothing", *_LIMITS)
    }
    in_turns(actions, 1)  # warm-up, not counted
    times = in_turns(actions, context.rounds_or(7))
    return [
        Limit(
            f"{title}, {_NAMES[network]}",
            [
                100 * (taken / plain - 1)
                for taken, plain in zip(times[name], times["nothing"], strict=True)
            ],
            "%",
            limit[network],
        )
        for name, (title, limit) in _LIMITS.items()
    ]


def _by_batch(context: Context) -> Comparison:
    path = str(data.housing(context.folder))
    with workers([OURS, KERAS_TENSORFLOW], context) as crew:
        for worker in crew.values():
            worker.ask("load", network="housing", path=path)
            worker.ask("build")
        actions = {
            peer: lambda worker=worker: _fit(context, worker, "batches", 1)
            for peer, worker in crew.items()
        }
        in_turns(actions, 1)
        times = in_turns(actions, context.rounds_or(7))
    return Comparison(
        "a hook of batches, an epoch of housing",
        KERAS_TENSORFLOW.title,
        times[OURS],
        times[KERAS_TENSORFLOW],
        _TARGET,
    )


def _fit(context: Context, worker: Worker, callbacks: str, epochs: int) -> float:
    folder = tempfile.mkdtemp(prefix="callbacks-", dir=context.folder)
    return float(worker.ask("fit_watched", callbacks=callbacks, epochs=epochs, folder=folder))
