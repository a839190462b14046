"""Which fits there are to do, and a process for each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers import ROOT, Peer, environment
from bench.tables import records
from bench.tables.columns import Meta
from bench.tables.models import MODELS
from bench.tables.records import Key, Record

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Plan:
    """How fits are run.

    Args:
        folder: of the tables and their meta.json.
        results: the file of records.
        python: the interpreter with the peers' libraries; ours runs in this one.
        timed: the machine is idle and times count; else the records say that it was loaded.
        threads: of each fit.
        limit: wall seconds at most for a fit; one that takes longer is recorded as cut.
        again: fit also what has a record.
    """

    folder: Path
    results: Path
    python: str = sys.executable
    timed: bool = False
    threads: int = 2
    limit: float = 600.0
    again: bool = False


def keys(tables: Iterable[Meta], models: Iterable[str], seeds: Iterable[int]) -> Iterator[Key]:
    """All fits, the models in turns on each table, the smallest tables first."""
    models, tables = list(models), list(tables)
    for seed in seeds:
        for meta in tables:
            for model in models:
                yield meta.name, model, seed


def missing(plan: Plan, wanted: Iterable[Key]) -> list[Key]:
    """The fits without a record, or in a timed run without a timed one."""
    if plan.again:
        return list(wanted)
    done = {
        record.key for record in records.read(plan.results) if not (plan.timed and record.loaded)
    }
    return [key for key in wanted if key not in done]


def run(plan: Plan, tables: Iterable[Meta], models: Iterable[str], seeds: Iterable[int]) -> None:
    """Do all fits that are missing, one process at a time."""
    tables = list(tables)
    tasks = {meta.name: meta.task for meta in tables}
    todo = missing(plan, keys(tables, models, seeds))
    for number, key in enumerate(todo, 1):
        record = _fit(plan, key, tasks[key[0]])
        records.append(plan.results, record)
        print(f"  {number}/{len(todo)} {_line(record)}", file=sys.stderr, flush=True)


def _fit(plan: Plan, key: Key, task: str) -> Record:
    table, model, seed = key
    load, start = os.getloadavg()[0], time.perf_counter()
    found = _child(plan, table, model, seed)
    seconds = time.perf_counter() - start
    found["version"] = _version(model, found.get("version", ""))
    return Record(
        table, model, seed, task=task, threads=plan.threads, loaded=not plan.timed,
        load=round(load, 2), process_seconds=seconds, **found,
    )  # fmt: skip


def _child(plan: Plan, table: str, model: str, seed: int) -> dict[str, Any]:
    """What the process printed, or why it did not."""
    python = plan.python if MODELS[model].peer else sys.executable
    arguments = [str(plan.folder), table, model, str(seed), str(plan.threads)]
    threads = {name: str(plan.threads) for name in _THREADS}
    with tempfile.TemporaryDirectory(prefix="rosenblatt-bench-") as cache:
        peer = Peer(model, MODELS[model].package, threads)
        try:
            done = subprocess.run(
                [python, "-m", "bench.tables.child", *arguments], capture_output=True, text=True,
                cwd=ROOT, env=environment(peer, Path(cache)), timeout=plan.limit, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"cut": f"after {plan.limit:.0f} s"}
    if done.returncode:
        return {"cut": f"failed: {done.stderr.strip()[-500:]}"}
    return json.loads(done.stdout.splitlines()[-1])


def _version(model: str, found: str) -> str:
    """The package's version, for ours with the commit."""
    if MODELS[model].peer:
        return found
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return f"{found} ({commit})" if commit else found


def _line(record: Record) -> str:
    name = f"{record.table} {record.model} seed {record.seed}"
    if record.cut:
        return f"{name}: cut, {record.cut.splitlines()[-1]}"
    shown = ", ".join(f"{key} {value:.5g}" for key, value in record.test.items())
    return f"{name}: {shown}; {record.fit_seconds:.1f} s, CPU {record.cpu_seconds:.1f} s"
