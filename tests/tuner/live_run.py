"""A search that draws itself in a terminal; started by `test_live_table.py`."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np

import rosenblatt as rb
from rosenblatt.tuner.live_table import LiveTable

DRAWN = threading.Event()
render = LiveTable.render


def rendered(table: LiveTable) -> Any:
    """The table, as it is drawn; says that it was."""
    drawn = render(table)
    DRAWN.set()
    return drawn


class Slowly(rb.callbacks.Callback):
    """Waits, three times a trial, until the table was drawn, however long a busy machine takes."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Wait, where there is a table."""
        if sys.stdout.isatty() and epoch < 3:
            DRAWN.clear()
            DRAWN.wait(600)


def build(hp: Any) -> Any:
    """A line; some rates are refused."""
    if hp.Choice("rate", [0.1, 0.01, 7.0]) == 7:
        raise ValueError("the rate [7] is too high")
    model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(1)])
    model.compile(rb.optimizers.SGD(hp.get("rate")), "mse")
    return model


def main(folder: str) -> None:
    """Search with one worker."""
    LiveTable.render = rendered  # type: ignore[method-assign]
    x = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
    tuner = rb.tuner.GridSearch(build, "val_loss", directory=folder, seed=3, workers=1)
    tuner.search(x, x.sum(1), epochs=5, validation_split=0.2, callbacks=[Slowly()])


if __name__ == "__main__":
    main(sys.argv[1])
