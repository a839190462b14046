"""A whole script: start, imports, data, model, 20 housing epochs with validation, evaluation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench import data
from bench.harness import Comparison, Context, Result, Seconds, in_turns, run
from bench.peers import KERAS_JAX, KERAS_TENSORFLOW, OURS, Peer

_COLD, _WARM = "rosenblatt, cold", "rosenblatt, warm"
# Keras does not keep compiled programs by itself; JAX would, told to. Shown for comparison.
_KERAS_JAX_CACHED = "Keras on JAX with JAX's disk cache, warm"
_COLD_TARGETS = {KERAS_TENSORFLOW.title: 6.0, KERAS_JAX.title: 3.0}
_WARM_TARGETS = {KERAS_TENSORFLOW.title: 12.0, KERAS_JAX.title: 6.0}
_WORST_RMSE = 0.7  # a run that learned less did not do the work


def measure(context: Context) -> Result:
    """Time the script for us, cold and warm, and for Keras."""
    path = data.housing(context.folder)

    def script(peer: Peer, make_cache: Callable[[], Path]) -> Callable[[], Seconds]:
        return lambda: run_script(peer, path, make_cache())

    warm_cache, jax_cache = context.empty_cache(), context.empty_cache()
    cached = Peer(
        _KERAS_JAX_CACHED,
        "keras",
        {
            **KERAS_JAX.environment,
            "JAX_COMPILATION_CACHE_DIR": str(jax_cache),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        },
    )
    actions = {
        _COLD: script(OURS, context.empty_cache),
        _WARM: script(OURS, lambda: warm_cache),
        KERAS_TENSORFLOW.title: script(KERAS_TENSORFLOW, context.empty_cache),
        KERAS_JAX.title: script(KERAS_JAX, context.empty_cache),
        _KERAS_JAX_CACHED: script(cached, context.empty_cache),
    }
    in_turns(actions, 1)  # fills the caches, and the system's with everybody's files; not counted
    times = in_turns(actions, context.rounds_or(3))
    comparisons = [
        Comparison("cold", peer, times[_COLD], times[peer], target)
        for peer, target in _COLD_TARGETS.items()
    ]
    comparisons += [
        Comparison("warm", peer, times[_WARM], times[peer], target)
        for peer, target in _WARM_TARGETS.items()
    ]
    comparisons.append(
        Comparison("warm", _KERAS_JAX_CACHED, times[_WARM], times[_KERAS_JAX_CACHED])
    )
    notes = [
        "Wall time of a fresh process from its start to its end. cold: our cache of compiled "
        "programs is empty. warm: it holds what an earlier run left. Keras as it comes keeps no "
        "such cache, so its time is the same in both; the last row gives it JAX's."
    ]
    return Result("From process start to a trained and evaluated model", notes, comparisons)


def run_script(peer: Peer, path: Path, cache: Path) -> Seconds:
    """A process that runs `bench.children.train_housing` on the arrays."""
    command = ["-m", "bench.children.train_housing", peer.library, str(path)]
    seconds, printed = run(command, peer, cache)
    rmse = float(printed.split()[-1])
    if not rmse < _WORST_RMSE:
        raise RuntimeError(f"{peer.title}: test RMSE {rmse}; expected less than {_WORST_RMSE}")
    return seconds
