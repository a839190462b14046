"""A training run that may be killed at any moment and run again: what the kill test starts.

python training_run.py FOLDER EPOCHS SECONDS_A_BATCH LAST

LAST  after so many batches it waits to be killed; 0: never
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import rosenblatt as rb
from rosenblatt import callbacks


class Slowly(callbacks.Callback):
    """Gives a killer time; says how far training is."""

    def __init__(self, seconds: float, last: int):
        super().__init__()
        self.seconds, self.last = seconds, last
        self.batches = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Say how many batches there were, and wait."""
        self.batches += 1
        print("batch", self.batches, flush=True)
        if self.batches == self.last:
            sys.stdin.read()  # forever: it ends only where nobody is left who could kill
        time.sleep(self.seconds)


def main(folder: Path, epochs: int, seconds: float, last: int) -> None:
    """Train, with all that has a state: dropout, shuffling, a schedule, moments, a best value."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 4)).astype("float32")
    y = x.sum(1, keepdims=True)
    rb.utils.set_random_seed(3)
    model = rb.Sequential(
        [
            rb.Input((4,)),
            rb.layers.Dense(8, "relu"),
            rb.layers.BatchNormalization(),
            rb.layers.Dropout(0.3),
            rb.layers.Dense(1),
        ]
    )
    rate = rb.optimizers.schedules.CosineDecay(0.02, 20 * epochs)
    model.compile(rb.optimizers.Adam(rate, use_ema=True), "mse", metrics=["mae"])
    kept = [
        Slowly(seconds, last),
        callbacks.ModelCheckpoint(folder / "last.keras"),
        callbacks.ModelCheckpoint(folder / "best.keras", monitor="val_loss", save_best_only=True),
        callbacks.ModelCheckpoint(folder / "part.weights.h5", save_weights_only=True, save_freq=3),
        callbacks.CSVLogger(folder / "log.csv", append=True),
        callbacks.BackupAndRestore(folder / "backup", save_freq=7, double_checkpoint=True),
    ]
    model.fit(x, y, batch_size=8, epochs=epochs, validation_data=(x, y), verbose=0, callbacks=kept)
    model.save(folder / "final.keras")
    print("batches", kept[0].batches, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
