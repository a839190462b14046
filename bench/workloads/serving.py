"""One row a request in a server of 16 threads: requests a second."""

from __future__ import annotations

from bench import data
from bench.harness import Comparison, Context, Result, in_turns, workers
from bench.peers import KERAS_JAX, OURS, TORCH

_THREADS = 16
_PEERS = {"predict": [TORCH], "call": [KERAS_JAX, TORCH]}
# A second or two for each peer and round.
_CALLS = {OURS: 500, TORCH: 500, KERAS_JAX: 40}


def measure(context: Context) -> Result:
    """Ask the housing network for single rows from 16 threads at once, in turns with the peers."""
    path = str(data.housing(context.folder))
    comparisons = []
    with workers(list(_CALLS), context) as crew:
        for worker in crew.values():
            worker.ask("load", network="housing", path=path)
            worker.ask("build")
        for method, peers in _PEERS.items():
            actions = {
                peer: lambda worker=crew[peer], method=method, calls=_CALLS[peer]: worker.ask(
                    "serve", method=method, threads=_THREADS, calls=calls
                )
                for peer in (OURS, *peers)
            }
            in_turns(actions, 1)  # warm-up, not counted
            times = in_turns(actions, context.rounds_or(5))
            comparisons += [
                Comparison(f"`{method}`", peer.title, times[OURS], times[peer]) for peer in peers
            ]
    notes = [
        f"Housing network, one row a request, {_THREADS} threads in one process that ask at once. "
        "Seconds for a request: one over them is requests a second. `predict` with `verbose=0`; "
        "`call` is `model(x)`. PyTorch's is the module itself in both, on a NumPy row. Keras "
        "3.15.1 on JAX fails where several threads call `predict`, so it is asked by `call` alone."
    ]
    return Result("One row a request, 16 threads", notes, comparisons)
