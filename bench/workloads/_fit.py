"""What the two `fit` workloads share: an epoch of training, first and warm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.harness import Comparison, Context, Result, Worker, in_turns, workers
from bench.peers import (
    KERAS_JAX,
    KERAS_JAX_CHUNKED,
    KERAS_TENSORFLOW,
    OURS,
    TORCH,
    Peer,
)

PEERS = [KERAS_TENSORFLOW, KERAS_JAX, KERAS_JAX_CHUNKED, TORCH]
STEPS = [10, 50, 100]


def measure_fit(
    context: Context, title: str, network: str, path: Path, targets: Mapping[Peer, float]
) -> Result:
    """Time one epoch of `fit` for us and every peer, in turns.

    Args:
        context: folder and rounds.
        title: heading of the result.
        network: name in `bench.networks.NETWORKS`.
        path: .npz file with the training arrays.
        targets: least ratio for each peer.
    """
    with workers([OURS, *PEERS], context) as crew:
        for worker in crew.values():
            worker.ask("load", network=network, path=str(path))
        first, steps = first_epochs(crew)
        actions = {peer: lambda worker=worker: worker.ask("fit") for peer, worker in crew.items()}
        in_turns(actions, 1)  # warm-up, not counted
        warm = in_turns(actions, context.rounds_or(7))
    comparisons = [
        Comparison("warm", peer.title, warm[OURS], warm[peer], targets[peer]) for peer in PEERS
    ]
    comparisons += [
        Comparison("first", peer.title, [first[OURS]], [first[peer]])
        for peer in PEERS
        if peer in first
    ]
    notes = [
        "warm: one whole `fit(x, y, batch_size=32, epochs=1)` in a process that has trained this "
        "model before. first: building the model and its first epoch, compiling included, our "
        "cache folder empty, imports not counted; measured once.",
        f"The best steps_per_execution of {STEPS} for Keras on JAX was {steps}.",
        "PyTorch cuts its batches from shuffled tensors, without a DataLoader.",
    ]
    return Result(title, notes, comparisons)


def first_epochs(crew: Mapping[Peer, Worker]) -> tuple[dict[Peer, float], int]:
    """Build every model and train its first epoch: seconds, and the best steps_per_execution."""
    first, steps = {}, 0
    for peer, worker in crew.items():
        if peer is KERAS_JAX_CHUNKED:
            steps = worker.ask("build_with_best_steps", candidates=STEPS)
        else:
            first[peer] = worker.ask("build") + worker.ask("fit")
    return first, steps
