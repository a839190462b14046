"""A cache folder that processors share, as in a home folder on a network, keeps programs apart."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

TRAINING = """
import numpy as np
import rosenblatt as rb
rb.utils.set_random_seed(0)
model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(4, "tanh"), rb.layers.Dense(1)])
model.compile("adam", "mse")
x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
print(model.fit(x, x[:, :1], epochs=2, verbose=0).history["loss"][-1])
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="an x86 processor's sets")
def test_each_instruction_set_has_programs_of_its_own(tmp_path: Path) -> None:
    def run(flags: str) -> tuple[float, set[str]]:
        environment = {**os.environ, "ROSENBLATT_CACHE_DIR": str(tmp_path), "XLA_FLAGS": flags}
        command = [sys.executable, "-W", "error", "-c", TRAINING]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=1800
        )
        assert done.returncode == 0, done.stderr
        kept = {path.name for path in (tmp_path / "programs").glob("*-cache")}
        return float(done.stdout), kept

    old, of_old = run("--xla_cpu_max_isa=SSE4_2")
    new, of_both = run("--xla_cpu_max_isa=AVX2")
    assert len(of_both) == 2 * len(of_old) > 0
    assert new == pytest.approx(old, rel=1e-5)
    assert run("--xla_cpu_max_isa=SSE4_2") == (old, of_both)
