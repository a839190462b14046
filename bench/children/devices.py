"""Train a network on virtual devices of the processor; prints the least time of an epoch.

python -m bench.children.devices LIBRARY NETWORK DATA.npz DEVICES BATCH_SIZE EPOCHS
"""

from __future__ import annotations

import importlib
import os
import sys
import time

import jax
import numpy as np

from bench.networks import NETWORKS

_MOST_ROWS = 16_384  # rows of an epoch, which batches of all sizes here divide: Keras needs that


def main(library: str, network: str, path: str, devices: str, batch_size: str, epochs: str) -> None:
    """Each epoch is a call of `fit`; the first one compiles."""
    jax.config.update("jax_num_cpu_devices", int(devices))
    if library == "keras" and int(devices) > (os.cpu_count() or 1):
        # Steps that begin before the last one has ended wait for each other until XLA gives up.
        jax.config.update("jax_cpu_enable_async_dispatch", False)
    lib = importlib.import_module(library)
    with np.load(path) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
    rows = min(len(x) // int(batch_size) * int(batch_size), _MOST_ROWS)
    x, y = x[:rows], y[:rows]
    lib.utils.set_random_seed(42)
    if int(devices) > 1:
        lib.distribution.set_distribution(lib.distribution.DataParallel())
    model = NETWORKS[network](lib, x)
    times = []
    for _ in range(int(epochs) + 1):
        start = time.perf_counter()
        model.fit(x, y, batch_size=int(batch_size), epochs=1, verbose=0)
        model.layers[-1].get_weights()
        times.append(time.perf_counter() - start)
    print(min(times[1:]) / (rows // int(batch_size)))


if __name__ == "__main__":
    main(*sys.argv[1:])
