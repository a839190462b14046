"""The rule of two gigabytes, kept by `conftest.py` beside this folder, fails where it is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RULES = Path(__file__).parents[1] / "conftest.py"
GREEDY = "def test_that_passes():\n    assert len(bytes(200 << 20).replace(b'\\0', b'1'))\n"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc, as on Linux")
@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(("most", "status"), [(2048, 0), (150, 1)])
def test_a_process_with_too_much_memory_fails_the_run(
    tmp_path: Path, workers: int, most: int, status: int
) -> None:
    rules = RULES.read_text()
    assert "MOST = 2048 " in rules
    (tmp_path / "conftest.py").write_text(rules.replace("MOST = 2048 ", f"MOST = {most} "))
    (tmp_path / "test_greedy.py").write_text(GREEDY)
    command = [sys.executable, "-m", "pytest", "-n", str(workers), "-p", "no:cacheprovider"]
    failures = tmp_path / "failures.txt"  # what fails here on purpose is not told as a failure
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"ROSENBLATT_TEST_FAILURES": str(failures)},
        capture_output=True, text=True, timeout=1800,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert f"(at most {most})" in done.stdout
    assert failures.exists() == bool(status)
