"""Our models of raw tables against boosting and other networks.

The tables are not part of the project: `BENCH_TABLES` names their folder (Parquet files with a
column `__split__`, and a meta.json), `BENCH_TABLES_PYTHON` an interpreter that has the peers'
libraries, `BENCH_TABLES_RESULTS` the file of results. Hours; `python -m bench.tables` runs a part
of it. Without a folder, the report is made of the results there are.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.harness import Context, Result
from bench.tables import columns, records, running
from bench.tables.__main__ import RESULTS
from bench.tables.models import MODELS
from bench.tables.report import report

_SEEDS = 3


def measure(context: Context) -> Result:
    """Fit what is missing, with as many seeds as rounds were asked for, and report all."""
    path = Path(os.environ.get("BENCH_TABLES_RESULTS", RESULTS))
    if folder := os.environ.get("BENCH_TABLES"):
        python = os.environ.get("BENCH_TABLES_PYTHON", sys.executable)
        plan = running.Plan(Path(folder), path, python, timed=True)
        seeds = range(context.rounds_or(_SEEDS))
        running.run(plan, columns.tables(plan.folder), MODELS, seeds)
    return report(records.read(path))
