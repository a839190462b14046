"""One model on several virtual devices of the processor, against one of them and against Keras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench import data
from bench.harness import Comparison, Context, Result, in_turns, run
from bench.peers import KERAS_JAX, OURS, Peer

_EPOCHS = 5
# Network, devices, batch size, target of our own speed on one device, target against Keras's.
_SPREAD = (
    ("housing", 2, 32, None, 3.0),
    ("housing", 8, 32, None, 1.0),
    ("housing", 2, 1024, None, None),
    ("housing", 2, 4096, None, None),
    ("fashion", 2, 512, 1.3, None),
    ("fashion", 2, 4096, 1.3, None),
)


def measure(context: Context) -> Result:
    """Fresh processes in turns, each of which times its own epochs."""
    paths = {"housing": data.housing(context.folder), "fashion": data.fashion(context.folder)}
    cache = context.empty_cache()
    comparisons = []
    for network, devices, batch, of_one, of_keras in _SPREAD:
        path = paths[network]

        def step(
            peer: Peer, n: int, network: str = network, path: Path = path, batch: int = batch
        ) -> Callable[[], float]:
            arguments = [peer.library, network, str(path), str(n), str(batch), str(_EPOCHS)]
            command = ["-m", "bench.children.devices", *arguments]
            return lambda: float(run(command, peer, cache)[1].split()[-1])

        alone = f"rosenblatt on one device, {network}, batch {batch:,}"
        keras = f"Keras's DataParallel on {devices}, {network}, batch {batch:,}"
        actions = {"ours": step(OURS, devices), alone: step(OURS, 1)}
        if of_keras is not None:
            actions[keras] = step(KERAS_JAX, devices)
        times = in_turns(actions, context.rounds_or(5))
        measured = f"step on {devices} virtual devices"
        comparisons.append(Comparison(measured, alone, times["ours"], times[alone], of_one))
        if of_keras is not None:
            comparisons.append(Comparison(measured, keras, times["ours"], times[keras], of_keras))
    notes = [
        "Seconds of a step, from the least of five epochs in a process of its own; batches divide "
        "the rows evenly, which Keras needs. One device alone uses all cores for large products."
    ]
    return Result("One model on several devices", notes, comparisons)
