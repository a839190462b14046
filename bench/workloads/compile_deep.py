"""Building and compiling a deep, narrow network, against the same loop written in JAX."""

from __future__ import annotations

from bench.harness import Context, Limit, Result, in_turns, run
from bench.peers import OURS, Peer

_JAX = Peer("JAX by hand", "jax")
_LIMIT = 1.5


def measure(context: Context) -> Result:
    """Time each in processes of their own, without programs on disk."""

    def child(peer: Peer) -> float:
        command = ["-m", "bench.children.compile_deep", peer.library]
        return float(run(command, peer, context.empty_cache())[1].split()[-1])

    actions = {peer: lambda peer=peer: child(peer) for peer in (OURS, _JAX)}
    in_turns(actions, 1)  # not counted
    times = in_turns(actions, context.rounds_or(9))
    ratios = [ours / by_hand for ours, by_hand in zip(times[OURS], times[_JAX], strict=True)]
    limits = [
        Limit("rosenblatt, over JAX by hand", ratios, "x", _LIMIT),
        Limit("rosenblatt", times[OURS], "s"),
        Limit("JAX by hand", times[_JAX], "s"),
    ]
    notes = [
        "30 layers of 16 units, Adam, 20 steps of 32 rows, from arrays to trained: building the "
        "model, tracing and compiling, with metrics and padding; by hand: tracing and compiling a "
        "loop of the same steps. Fresh processes, imports not counted, no programs on disk."
    ]
    return Result("Compiling 30 small layers", notes, limits=limits)
