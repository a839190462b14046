"""A cache folder that processors share, as in a home folder on a network, keeps programs apart."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

TRAINING = """
import sys
import numpy as np
import rosenblatt as rb
rb.utils.set_random_seed(0)
rb.config.set_dtype_policy(sys.argv[1])
model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(4, "tanh"), rb.layers.Dense(1)])
model.compile("adam", "mse")
x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
try:
    print(model.fit(x, x[:, :1], epochs=2, verbose=0).history["loss"][-1])
except RuntimeError as error:
    print(error)
"""
pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="these are an x86 processor's sets"
)


def train(folder: Path, flags: str, policy: str = "float32") -> str:
    """What a process prints that trains with XLA's flags and keeps its programs in a folder."""
    environment = {**os.environ, "ROSENBLATT_CACHE_DIR": str(folder), "XLA_FLAGS": flags}
    command = [sys.executable, "-W", "error", "-c", TRAINING, policy]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_instruction_set_has_programs_of_its_own(tmp_path: Path) -> None:
    def run(flags: str) -> tuple[float, set[str]]:
        loss = float(train(tmp_path, flags))
        return loss, {path.name for path in (tmp_path / "programs").glob("[st]" + 64 * "?")}

    old, of_old = run("--xla_cpu_max_isa=SSE4_2")
    new, of_both = run("--xla_cpu_max_isa=AVX2")
    assert len(of_both) == 2 * len(of_old) > 0
    assert new == pytest.approx(old, rel=1e-5)
    assert run("--xla_cpu_max_isa=SSE4_2") == (old, of_both)


def test_float16_without_instructions_for_it_is_told(tmp_path: Path) -> None:
    assert train(tmp_path, "--xla_cpu_max_isa=SSE4_2", "mixed_float16") == (
        "XLA cannot compile float16 for this processor. Expected: one with the F16C instructions, "
        "or another float type. Fix: use 'mixed_bfloat16', 'bfloat16' or 'float32' as dtype "
        "policy.\n"
    )
