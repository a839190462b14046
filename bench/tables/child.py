"""Fit one model to one table in a fresh process; prints what came of it as JSON.

python -m bench.tables.child FOLDER TABLE MODEL SEED THREADS
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from bench.machine import peak_bytes
from bench.tables import columns, ours
from bench.tables.boosting import Predict, Settings
from bench.tables.columns import Meta
from bench.tables.models import MODELS
from bench.tables.scores import coverage, scores

Interval = Callable[[str], tuple[NDArray, NDArray]]
_Fitted = tuple[Predict, Settings, Interval | None]


def main(folder: str, name: str, model: str, seed: str, threads: str) -> None:
    """Fit, predict the validation rows (the first call) and, timed, the test rows."""
    keep_to_cores(int(threads))
    warnings.simplefilter("ignore")
    (meta,) = [one for one in columns.tables(Path(folder)) if one.name == name]
    fit, y = _prepared(Path(folder), meta, model, int(seed), int(threads))
    start, cpu = time.perf_counter(), time.process_time()
    predict, settings, interval = fit()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    predicted = predict("val")
    # Ours has these rows among its own and may have learned from them.
    valid = {} if model == "ours" else scores(meta.task, y["val"], predicted)
    start = time.perf_counter()
    predicted = predict("test")
    asked = time.perf_counter() - start
    test = scores(meta.task, y["test"], predicted)
    if interval is not None:
        test["coverage_90"] = coverage(y["test"], *interval("test"))
    found = {
        "val": valid, "test": test, "fit_seconds": seconds, "cpu_seconds": cpu,
        "predict_seconds": asked, "predict_rows": len(y["test"]), "peak_bytes": peak_bytes(),
        "settings": settings, "version": importlib.metadata.version(MODELS[model].package),
    }  # fmt: skip
    print(json.dumps(found))


def _prepared(
    folder: Path, meta: Meta, model: str, seed: int, threads: int
) -> tuple[Callable[[], _Fitted], dict[str, Any]]:
    """What is to be timed, and the targets of each part."""
    how = MODELS[model].fit
    if how is not None:
        table = columns.typed(folder, meta)
        y = {name: part.y for name, part in table.parts.items()}
        return lambda: (*how(table, seed, threads, {}), None), y
    frames = columns.read(folder, meta)
    classes, y = columns.targets(frames, meta)
    whole = model == "ours"

    def fit() -> _Fitted:
        found = ours.tabular(frames, meta, classes, seed, whole=whole)
        return found.predict, found.facts, found.interval

    return fit, y


def keep_to_cores(threads: int) -> None:
    """Leave this process as many cores as it has threads, or two at least."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: max(threads, 2)])


if __name__ == "__main__":
    main(*sys.argv[1:])
