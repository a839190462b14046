"""Memory for a folder does not grow with its rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

EACH = 500_000  # rows of a file

TRAIN = """
import resource, sys
import rosenblatt as rb
from rosenblatt.tabular import TabularRegressor
model = TabularRegressor(models=1, epochs=1, width=16, depth=1, members=2, batch_size=4096)
model.fit(rb.data.parquet(sys.argv[1], target="price", window="32MB"))
print(model.scores_["r2"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def write(folder: Path, files: int) -> Path:
    """Numbers, gaps, days, 2,000 towns, 200,000 users and an id."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for file in range(files):
        town, user = rng.integers(0, 2_000, EACH), rng.integers(0, 200_000, EACH)
        day, area = rng.integers(0, 900, EACH), rng.normal(size=EACH)
        columns = {f"x{i}": rng.normal(size=EACH).astype("float32") for i in range(4)} | {
            "area": pa.array(area, mask=rng.random(EACH) < 0.2),
            "town": pa.array([f"town {t}" for t in town]),
            "user": pa.array([f"u{u:07}" for u in user]),
            "id": pa.array([f"row {file * EACH + row:09}" for row in range(EACH)]),
            "sold": (np.datetime64("2020-01-01") + day).astype("M8[D]"),
            "price": 2 * area + np.sin(town) + day / 300,
        }
        pq.write_table(pa.table(columns), folder / f"{file}.parquet", row_group_size=100_000)
    return folder


@pytest.mark.soak
def test_three_million_rows_take_the_memory_of_one(tmp_path: Path) -> None:
    peaks = []
    for files in (2, 6):
        folder = write(tmp_path / str(files), files)
        done = subprocess.run(
            [sys.executable, "-c", TRAIN, str(folder)], capture_output=True, text=True, check=True
        )
        score, peak = map(float, done.stdout.split())
        assert score > 0.6
        peaks.append(peak)
    one, three = peaks
    assert three < one + 150, peaks  # MB
