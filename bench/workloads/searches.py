"""Searches for hyperparameters against Keras Tuner's, trial for trial."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import data
from bench.harness import Comparison, Context, Limit, Result, in_turns, run
from bench.peers import KERAS_JAX, KERAS_TENSORFLOW, OURS, Peer

TF = Peer("Keras Tuner on TensorFlow", "keras", KERAS_TENSORFLOW.environment)
JAX = Peer("Keras Tuner on JAX", "keras", KERAS_JAX.environment)
_ONE = Peer("rosenblatt, one worker", "rosenblatt")
TITLES = {
    "chapter": "random search, Fashion MNIST, 5 trials × 10 epochs",
    "housing": "random search, housing, 30 trials × 10 epochs",
    "long": "random search, housing, 30 trials × 100 epochs",
    "hyperband": "Hyperband (10, 3, 2), 10,000 images of Fashion MNIST",
}
_TARGETS = {
    "chapter": {TF: 4.0, JAX: 2.5},
    "housing": {TF: 12.0, JAX: 8.0},
    "hyperband": {TF: 4.0},
}
_HOW = (
    "Seconds of `search` in fresh processes, in turns, everybody's compiling included, our cache "
    "folder empty. As many workers as cores (two); Keras Tuner runs one trial after another."
)
_TWO_WORKERS = 1.5  # times as fast as one
_TRIALS, _OVERHEAD = 200, 2.0  # trivial trials; milliseconds of each that are ours
_MEMORY = 1.2
_SAME = 0.03  # best validation accuracies farther apart than this are of other searches


def measure(context: Context) -> Result:
    """Random searches, what a trial costs of our own, and memory."""
    comparisons = [*_compared(context, "chapter", 2), *_compared(context, "housing", 2)]
    comparisons += [_two_workers(context, kind) for kind in ("housing", "long")]
    seconds = [search(context, "trivial", OURS, 1)["seconds"] for _ in range(3)]
    limits = [
        Limit("our own work for one of 200 trivial trials", [s / _TRIALS * 1e3 for s in seconds],
              "ms", _OVERHEAD),
        Limit("memory after 200 trials over that after 20", [_memory(context)], "x", _MEMORY),
    ]  # fmt: skip
    notes = [
        f"{_HOW} The values of the trials are the same for all, or the benchmark fails; best "
        f"validation accuracies are within {_SAME}.",
    ]
    return Result("Searches", notes, comparisons, limits)


def measure_hyperband(context: Context) -> Result:
    """Hyperband, whose later trials depend on what came of the earlier ones."""
    return Result("Hyperband", [_HOW], _compared(context, "hyperband", 1))


def _compared(context: Context, kind: str, rounds: int) -> list[Comparison]:
    """Run a kind of search by all, in turns."""
    data.fashion(context.folder)
    data.housing(context.folder)
    found: dict[Peer, Any] = {}

    def timed(peer: Peer) -> float:
        found[peer] = search(context, kind, peer)
        return found[peer]["seconds"]

    actions = {OURS: lambda: timed(OURS)}
    actions |= {peer: lambda p=peer: timed(p) for peer in _TARGETS[kind]}
    times = in_turns(actions, context.rounds_or(rounds))
    _require_equal(kind, [*found.values()])
    return [
        Comparison(TITLES[kind], peer.title, times[OURS], times[peer], target)
        for peer, target in _TARGETS[kind].items()
    ]


def _two_workers(context: Context, kind: str) -> Comparison:
    """Against one, where an earlier process compiled; XLA's compiler alone fills both cores."""
    kept = context.empty_cache()
    search(context, kind, OURS, cache=kept)
    actions = {
        who: lambda who=who, n=n: search(context, kind, who, n, kept)["seconds"]
        for who, n in ((OURS, 2), (_ONE, 1))
    }
    times = in_turns(actions, context.rounds_or(2))
    title = f"{TITLES[kind]}, programs on disk: two workers"
    return Comparison(title, _ONE.title, times[OURS], times[_ONE], _TWO_WORKERS)


def search(
    context: Context,
    kind: str,
    peer: Peer,
    workers: int = 0,
    cache: Path | None = None,
    trials: int = 0,
) -> dict[str, Any]:
    """What `bench.children.search` prints; 0 leaves workers or trials as they are."""
    tuner = "rosenblatt.tuner" if peer.library == "rosenblatt" else "keras_tuner"
    child = ["-m", "bench.children.search", kind, peer.library, tuner, str(context.folder)]
    command = [*child, str(workers), str(trials)]
    _, printed = run(command, peer, cache or context.empty_cache(), timeout=3600)
    return json.loads(printed.splitlines()[-1])


def _memory(context: Context) -> float:
    command = ["-m", "bench.children.search_memory", str(context.folder)]
    _, printed = run(command, OURS, context.empty_cache(), timeout=3600)
    return float(printed.split()[-1])


def _require_equal(kind: str, found: list[dict[str, Any]]) -> None:
    """Check that all searched the same and found as much."""
    scores = [one["best"] for one in found]
    if kind != "hyperband" and len({json.dumps(one["values"]) for one in found}) > 1:
        raise RuntimeError(f"{kind}: other trials: {found}")
    counts = {len(one["values"]) for one in found}
    if len(counts) > 1 or (kind != "housing" and max(scores) - min(scores) > _SAME):
        raise RuntimeError(f"{kind}: trials {counts}, best scores {scores}")
