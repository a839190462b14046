"""A search that may be killed at any moment and run again: what the kill test starts.

python search_run.py FOLDER TRIALS EPOCHS SECONDS_AN_EPOCH
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import rosenblatt as rb
from rosenblatt.tuner import watching

watching._BACKUP_SECONDS = 0.0  # after each epoch, so that every kill finds one


class Slowly(rb.callbacks.Callback):
    """Gives a killer time; says that an epoch is over."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds = seconds

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Say which epoch, and wait."""
        print("epoch", epoch, flush=True)
        time.sleep(self.seconds)


def build(hp: rb.tuner.HyperParameters) -> Any:
    """A network with all that has a state: dropout, moments, shuffling."""
    model = rb.Sequential(
        [
            rb.Input((3,)),
            rb.layers.Dense(hp.Int("units", 4, 8), "relu"),
            rb.layers.Dropout(hp.Float("dropout", 0.1, 0.4)),
            rb.layers.Dense(1),
        ]
    )
    model.compile(rb.optimizers.Adam(hp.Float("rate", 1e-3, 0.1, sampling="log")), "mse")
    return model


def main(folder: Path, trials: int, epochs: int, seconds: float) -> None:
    """Search with two workers."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype("float32")
    y = x.sum(1, keepdims=True)
    tuner = rb.tuner.RandomSearch(
        build, "val_loss", trials, seed=4, directory=folder, project_name="s", workers=2
    )
    slowly = Slowly(seconds)
    tuner.search(x, y, epochs=epochs, validation_data=(x, y), callbacks=[slowly], verbose=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
