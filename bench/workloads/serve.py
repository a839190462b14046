"""One row a request over HTTP, from many clients at once."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import rosenblatt as rb
from bench import data
from bench.harness import Comparison, Context, Result, Table, in_turns, run
from bench.networks import NETWORKS
from bench.peers import KERAS_JAX, OURS, ROOT, TORCH, Peer, environment
from rosenblatt.datasets.california_housing import FEATURE_NAMES

_CLIENTS = 32
_WARMING = 3.0  # seconds that do not count


@dataclass
class _Server:
    """A server that runs, and what its clients saw."""

    process: subprocess.Popen[str]
    port: int
    latencies: list[np.ndarray] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0
    memory: list[int] = field(default_factory=list)

    def note_memory(self) -> None:
        """Note what the process holds now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        self.memory.append(int(found[1]) * 1024)

    def ask(self, context: Context, seconds: float) -> float:
        """Have all clients ask for some time; seconds for a request of all of them together."""
        path = context.folder / "latencies.npy"
        words = [str(self.port), str(_CLIENTS), str(seconds), str(path)]
        limit = seconds + 300
        _, said = run(["-m", "bench.children.clients", *words], OURS, context.folder, limit)
        found = np.load(path)
        self.latencies.append(found)
        self.failed += int(said)
        self.seconds += seconds
        return seconds / len(found)

    def row(self, title: str) -> list[str]:
        """What there is to say of it."""
        all_of_them = np.concatenate(self.latencies)
        middle, late, longest = (1000 * np.quantile(all_of_them, [0.5, 0.99, 1])).tolist()
        first, last = (f"{size / 2**20:.0f} MB" for size in (self.memory[0], self.memory[-1]))
        times = [f"{middle:.1f} ms", f"{late:.1f} ms", f"{longest:.0f} ms"]
        rate = f"{len(all_of_them) / self.seconds:,.0f}"
        return [title, f"{len(all_of_them):,}", rate, *times, str(self.failed), first, last]


def measure(context: Context) -> Result:
    """Serve the housing network by each library in its own process; they are asked in turns."""
    rounds = context.rounds_or(5)
    with contextlib.ExitStack() as stack:
        servers = {
            peer: stack.enter_context(_started(peer, command, context))
            for peer, command in _commands(context).items()
        }
        for server in servers.values():
            server.ask(context, _WARMING)
            server.latencies.clear()
            server.seconds = 0.0
            server.note_memory()
        actions = {
            peer: lambda server=server: server.ask(context, context.seconds / rounds)
            for peer, server in servers.items()
        }
        times = in_turns(actions, rounds)
        for server in servers.values():
            server.note_memory()
        rows = [server.row(peer.title) for peer, server in servers.items()]
    comparisons = [
        Comparison("a request", peer.title, times[OURS], times[peer]) for peer in (KERAS_JAX, TORCH)
    ]
    headings = [
        "server", "requests", "a second", "median", "99 %", "longest", "errors", "memory at first",
        "at the end",
    ]  # fmt: skip
    notes = [
        f"Housing network, one row of JSON a request, {_CLIENTS} clients on connections that stay "
        "open, in one more process on the same machine; each asks again when it is answered. "
        f"{context.seconds:g} seconds for each server in {rounds} turns. Ours is `rosenblatt "
        "serve`, which checks names and values; the others are bare applications of the same "
        "Starlette and uvicorn that call `predict_on_batch`, or the module."
    ]
    return Result("Serving over HTTP", notes, comparisons, tables=[Table(headings, rows)])


def _commands(context: Context) -> dict[Peer, list[str]]:
    """How each server is started; all have the same weights."""
    path = data.housing(context.folder)
    with np.load(path) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
    model = NETWORKS["housing"](rb, x)
    model.fit(x, y, epochs=1, verbose=0)
    folder = context.folder / "run"
    folder.mkdir(exist_ok=True)
    model.save(folder / "model.keras")
    facts = {"data": "california_housing", "target": "price", "classes": None}
    (folder / "metrics.json").write_text(json.dumps(facts | {"features": [*FEATURE_NAMES]}))
    weights = context.folder / "weights.npz"
    np.savez(weights, *model.get_weights())
    child = ["-m", "bench.children.serve"]
    return {
        OURS: ["-m", "rosenblatt", "serve", str(folder), "--port", "0"],
        KERAS_JAX: [*child, "keras", str(path), str(weights)],
        TORCH: [*child, "torch", str(path), str(weights)],
    }


@contextlib.contextmanager
def _started(peer: Peer, command: list[str], context: Context) -> Iterator[_Server]:
    """A server that is ready; ended on leaving."""
    process = subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(peer, context.empty_cache()),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"(\d+)(?: \(.*\))?\n$", line)
        if found is None:
            raise RuntimeError(f"{peer.title}: the server did not start: {line!r}")
        yield _Server(process, int(found[1]))
    finally:
        process.terminate()
        process.wait()
