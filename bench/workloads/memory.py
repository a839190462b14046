"""Memory: what training adds over the imports, and a stream larger than the memory allowed."""

from __future__ import annotations

from bench.harness import Context, Limit, Result, run
from bench.peers import KERAS_JAX, KERAS_TENSORFLOW, OURS, Peer

_GB = 10**9
_ARRAY_BYTES, _STREAM_BYTES = 1 * _GB, 10 * _GB
_ARRAY_LIMIT, _STREAM_LIMIT = 1.5, 1.0


def measure(context: Context) -> Result:
    """Train on an array of 1 GB, and on 10 GB that a generator simulates."""
    added = "peak over imports, per byte of data, 1 GB array"
    limits = [
        Limit(f"{OURS.title}: {added}", [_child(OURS, "array", context)], "x", _ARRAY_LIMIT),
        Limit(
            f"{OURS.title}: peak of the whole process, 10 GB from a generator",
            [_child(OURS, "stream", context) / _GB],
            "GB",
            _STREAM_LIMIT,
        ),
    ]
    limits += [
        Limit(f"{peer.title}: {added}", [_child(peer, "array", context)], "x")
        for peer in (KERAS_TENSORFLOW, KERAS_JAX)
    ]
    notes = [
        "Fresh processes, one epoch of a 256-64-1 network, batches of 1,024 rows (array) or 8,192 "
        "(generator), float32. The figure for the array holds the array itself, the model, its "
        "compilation and everything else the process took after its imports."
    ]
    return Result("Memory", notes, limits=limits)


def _child(peer: Peer, kind: str, context: Context) -> float:
    size = _ARRAY_BYTES if kind == "array" else _STREAM_BYTES
    command = ["-m", "bench.children.memory", peer.library, kind, str(size)]
    return float(run(command, peer, context.empty_cache())[1].split()[-1])
