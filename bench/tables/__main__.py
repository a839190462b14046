"""Fit models to a folder of tables, and keep each result as a line of JSON.

python -m bench.tables FOLDER [--results FILE] [--python PYTHON] [--timed] [--models M,...]
    [--tables T,...] [--seeds S,...] [--most-rows N] [--threads N] [--limit SECONDS] [--again]
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bench.peers import ROOT
from bench.tables import columns, running
from bench.tables.models import MODELS

RESULTS = ROOT / "bench" / "results" / "tables.jsonl"
_IDLE = 0.5  # load average above which times are doubtful


def main(arguments: list[str] | None = None) -> int:
    """Run what is missing."""
    options = _parse(arguments)
    if options.timed and (load := os.getloadavg()[0]) > _IDLE:
        print(f"The load average is {load:.1f}: others use the machine.", file=sys.stderr)
    listed = columns.tables(options.folder)
    if options.tables:
        listed = [meta for meta in listed if meta.name in options.tables]
    listed = [meta for meta in listed if meta.rows <= options.most_rows]
    plan = running.Plan(
        options.folder, options.results, options.python, timed=options.timed,
        threads=options.threads, limit=options.limit, again=options.again,
    )  # fmt: skip
    running.run(plan, listed, options.models, options.seeds)
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(
        prog="python -m bench.tables", description=__doc__.splitlines()[0]
    )
    parser.add_argument("folder", type=Path, help="Parquet files and their meta.json")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--python", default=sys.executable, help="has the peers' libraries")
    parser.add_argument("--timed", action="store_true", help="the machine is idle: times count")
    parser.add_argument("--models", type=names, default=list(MODELS), help=", ".join(MODELS))
    parser.add_argument("--tables", type=names, default=[], help="all unless given")
    parser.add_argument("--seeds", type=lambda s: [int(n) for n in names(s)], default=[0, 1, 2])
    parser.add_argument("--most-rows", type=float, default=float("inf"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=float, default=600.0, help="wall seconds of a fit")
    parser.add_argument("--again", action="store_true", help="fit also what has a record")
    options = parser.parse_args(arguments)
    if unknown := set(options.models) - set(MODELS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(MODELS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
