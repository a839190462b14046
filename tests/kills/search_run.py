"""A search that may be killed at any moment and run again: what the kill test starts.

python search_run.py FOLDER TRIALS EPOCHS SECONDS_AN_EPOCH LAST COMPANY

LAST     after so many epochs (of all trials) it waits to be killed; 0: never
COMPANY  when it has begun two trials it waits until another process has begun so many; 0: never
"""

from __future__ import annotations

import itertools
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import rosenblatt as rb
from rosenblatt.tuner.journal import Journal
from rosenblatt.tuner.trial_callbacks import TrialBackup

TrialBackup.seconds = 0.0  # after each epoch, so that every kill finds one


ENDED, BEGUN = itertools.count(1), itertools.count(1)  # epochs and trials of this process


class Slowly(rb.callbacks.Callback):
    """Gives a killer time; says that an epoch is over. Each trial has a copy of its own."""

    def __init__(self, seconds: float, last: int, journal: Path, company: int):
        super().__init__()
        self.seconds, self.last = seconds, last
        self.journal, self.company = journal, company
        self.number = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Count the trial."""
        self.number = next(BEGUN)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Say which epoch, and wait."""
        ended = next(ENDED)
        print("epoch", epoch, flush=True)
        if self.last and ended >= self.last:
            sys.stdin.read()  # forever: it ends only where nobody is left who could kill
        while self.number > 1 and not self.has_company():
            time.sleep(0.01)
        time.sleep(self.seconds)

    def has_company(self) -> bool:
        """Whether two processes, this one among them, have begun enough trials."""
        begun = Counter(
            event["by"]
            for event in Journal(self.journal).news()
            if event["event"] in ("trial", "again")
        )
        return not self.company or sum(trials >= self.company for trials in begun.values()) > 1


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


def main(folder: Path, trials: int, epochs: int, seconds: float, last: int, company: int) -> None:
    """Search with two workers."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype("float32")
    y = x.sum(1, keepdims=True)
    tuner = rb.tuner.RandomSearch(
        build, "val_loss", trials, seed=4, directory=folder, project_name="s", workers=2
    )
    slowly = Slowly(seconds, last, folder / "s", company)
    tuner.search(x, y, epochs=epochs, validation_data=(x, y), callbacks=[slowly], verbose=0)


if __name__ == "__main__":
    folder, trials, epochs, seconds, last, company = sys.argv[1:]
    main(Path(folder), int(trials), int(epochs), float(seconds), int(last), int(company))
