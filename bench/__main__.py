"""Run benchmarks and write their tables.

python -m bench [NAME ...] [--rounds N] [--before REVISION] [--seconds S] [--output FILE]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path

from bench import machine, report
from bench.harness import Context, Result
from bench.peers import ROOT
from bench.workloads import LONG, WORKLOADS


def main(arguments: list[str] | None = None) -> int:
    """Run the named workloads (all but long ones without a name); returns 1 where one failed."""
    options = _parse(arguments)
    description = machine.describe()
    failed = []
    with tempfile.TemporaryDirectory(prefix="rosenblatt-bench-") as folder:
        context = Context(Path(folder), options.rounds, options.before, options.seconds)
        for name in options.names or WORKLOADS:
            print(f"{name}:", file=sys.stderr, flush=True)
            start = time.perf_counter()
            try:
                result = (WORKLOADS | LONG)[name](context)
            except Exception as error:  # one that fails should not cost the others' figures
                failed.append(name)
                print(f"{name} failed: {error}", file=sys.stderr, flush=True)
                continue
            _save(name, result, description)
            # Written after every workload: what is measured stays, whatever happens next.
            report.update(options.output, [result], description)
            print(f"\n## {result.title}\n{report.render(result, description)}", flush=True)
            print(f"  {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    print(f"Tables: {options.output}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(WORKLOADS | LONG))
    parser.add_argument("--rounds", type=int, help="rounds of every workload")
    parser.add_argument(
        "--before", default=Context.before, help="revision to compare `waiting` with"
    )
    parser.add_argument(
        "--seconds", type=float, default=Context.seconds, help="how long `serve` asks each server"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(WORKLOADS | LONG):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(WORKLOADS | LONG)}")
    if options.rounds is not None and options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: expected a positive number")
    return options


def _save(name: str, result: Result, description: str) -> None:
    """Keep every single figure beside the tables."""
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    content = {"machine": description, **dataclasses.asdict(result)}
    (folder / f"{name}.json").write_text(json.dumps(content, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
