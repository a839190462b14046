"""Resident memory after 20 and after 200 trials of one search; prints the ratio.

python -m bench.children.search_memory FOLDER
"""

from __future__ import annotations

import gc
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import data
from bench.children.search import housing_arrays
from bench.machine import resident_bytes

_EARLY, _LATE = 20, 200


def _network(hp: Any) -> Any:
    """Nearly every trial has another structure, so that nearly every one compiles."""
    import rosenblatt as rb

    units = hp.Int("n_neurons", 16, 1024)
    layers = [rb.layers.Dense(units, "relu") for _ in range(hp.Int("n_hidden", 1, 2))]
    model = rb.Sequential([rb.Input((8,)), *layers, rb.layers.Dense(1)])
    model.compile(rb.optimizers.Adam(1e-3), "mse")
    return model


def main(folder: str) -> None:
    """Random search on housing, one epoch a trial."""
    import rosenblatt as rb

    data.housing(Path(folder))
    train, validation = housing_arrays(Path(folder))
    seen: dict[int, int] = {}

    class Watched(rb.tuner.RandomSearch):
        def on_trial_end(self, trial: Any) -> None:
            super().on_trial_end(trial)
            ended = len(self.oracle.end_order)
            if ended in (_EARLY, _LATE):
                gc.collect()
                seen[ended] = resident_bytes()

    with tempfile.TemporaryDirectory() as project:
        tuner = Watched(
            _network, "val_loss", max_trials=_LATE, seed=42,
            directory=project,
        )  # fmt: skip
        tuner.search(*train, epochs=1, validation_data=validation, verbose=0)
    print(seen[_EARLY], seen[_LATE], seen[_LATE] / seen[_EARLY])


if __name__ == "__main__":
    main(*sys.argv[1:])
