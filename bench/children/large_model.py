"""Save and load a model of 1 GB; print its time over a plain write's, and its peak of memory.

python -m bench.children.large_model FOLDER
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import rosenblatt as rb
from bench.machine import peak_bytes, resident_bytes

_UNITS = 16_384


def main(folder: str, *only_load: str) -> None:
    """Measure; loading in a process of its own, whose peak is its own."""
    path = Path(folder) / "large.keras"
    if only_load:
        before = resident_bytes()
        model = rb.models.load_model(path)
        print((peak_bytes() - before) / (4 * model.count_params()))
        return
    rng = np.random.default_rng(0)
    model = rb.Sequential([rb.Input((_UNITS,)), rb.layers.Dense(_UNITS, use_bias=False)])
    values = rng.random((_UNITS, _UNITS), dtype=np.float32)
    model.layers[0].kernel.assign(values)
    start = time.perf_counter()
    model.save(path)
    saving = time.perf_counter() - start
    start = time.perf_counter()
    with (Path(folder) / "plain.bin").open("wb") as file:
        file.write(values.data)
        file.flush()
        os.fsync(file.fileno())
    plain = time.perf_counter() - start
    command = [sys.executable, "-m", "bench.children.large_model", folder, "load"]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True)
    print(saving / plain, loaded.stdout.split()[-1])
    path.unlink()
    (Path(folder) / "plain.bin").unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
