"""Train one epoch and print what memory it took.

python -m bench.children.memory LIBRARY array BYTES     peak over imports / bytes of data
python -m bench.children.memory LIBRARY stream BYTES    peak of the process in bytes
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.machine import peak_bytes, resident_bytes

_FEATURES = 256
_STREAM_BATCH = 8_192


def main(library: str, kind: str, size: str) -> None:
    """Measure one kind of training on about `size` bytes."""
    lib = importlib.import_module(library)
    # Touch what is loaded lazily: it counts as an import.
    names = (lib.Sequential, lib.layers.Dense, lib.layers.Input, lib.optimizers.SGD)
    assert all(names)
    measure = {"array": train_on_array, "stream": train_on_stream}[kind]
    print(measure(lib, int(size)))


def train_on_array(lib: Any, size: int) -> float:
    """Peak memory over that after the imports, per byte of data."""
    before = resident_bytes()
    rng = np.random.default_rng(0)
    x = np.empty((size // (4 * _FEATURES), _FEATURES), np.float32)
    rng.random(dtype=np.float32, out=x)
    y = x[:, :1].copy()
    _model(lib).fit(x, y, batch_size=1_024, epochs=1, verbose=0)
    return (peak_bytes() - before) / (x.nbytes + y.nbytes)


def train_on_stream(lib: Any, size: int) -> float:
    """Peak memory of the process while a generator feeds it."""
    steps = size // (4 * _FEATURES * _STREAM_BATCH)
    _model(lib).fit(_batches(), steps_per_epoch=steps, epochs=1, verbose=0)
    return float(peak_bytes())


def _model(lib: Any) -> Any:
    model = lib.Sequential(
        [
            lib.layers.Input((_FEATURES,)),
            lib.layers.Dense(64, activation="relu"),
            lib.layers.Dense(1),
        ]
    )
    model.compile(loss="mse", optimizer=lib.optimizers.SGD(learning_rate=0.01))
    return model


def _batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Simulated rows, each batch in memory of its own: drawing 10 GB would take longer."""
    rng = np.random.default_rng(0)
    base = rng.random((_STREAM_BATCH, _FEATURES), dtype=np.float32)
    while True:
        x = base * rng.random(dtype=np.float32)
        yield x, x[:, :1].copy()


if __name__ == "__main__":
    main(*sys.argv[1:])
