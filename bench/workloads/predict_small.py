"""`predict` on three rows: what a call costs besides its arithmetic."""

from __future__ import annotations

from bench import data
from bench.harness import Comparison, Context, Result, in_turns, workers
from bench.peers import KERAS_JAX, KERAS_TENSORFLOW, OURS

TARGETS = {KERAS_TENSORFLOW: 100.0, KERAS_JAX: 2.0}
_ROWS = 3
# Enough calls for a steady median within each round, and a few seconds a round at most.
_CALLS = {OURS: 300, KERAS_TENSORFLOW: 20, KERAS_JAX: 300}


def measure(context: Context) -> Result:
    """Time `predict` of the housing network, first call and warm."""
    path = str(data.housing(context.folder))
    with workers([OURS, *TARGETS], context) as crew:
        first = {}
        for peer, worker in crew.items():
            worker.ask("load", network="housing", path=path)
            worker.ask("build")
            first[peer] = worker.ask("predict", rows=_ROWS, calls=1)
        actions = {
            peer: lambda worker=worker, calls=_CALLS[peer]: worker.ask(
                "predict", rows=_ROWS, calls=calls
            )
            for peer, worker in crew.items()
        }
        in_turns(actions, 1)  # warm-up, not counted
        warm = in_turns(actions, context.rounds_or(7))
    comparisons = [
        Comparison("warm", peer.title, warm[OURS], warm[peer], target)
        for peer, target in TARGETS.items()
    ]
    comparisons += [
        Comparison("first", peer.title, [first[OURS]], [first[peer]]) for peer in TARGETS
    ]
    notes = [
        "Housing network, `predict(x[:3], verbose=0)`; each round is the median of many calls. "
        "first: the first call in the process, compiling included; measured once."
    ]
    return Result("`predict` on 3 rows", notes, comparisons)
