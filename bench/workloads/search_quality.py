"""How many trials a search needs, against Keras Tuner's and Optuna's samplers.

Hours, mostly Keras Tuner's; so it runs only where it is named, and what is in
`bench/results/proposals` is not measured again.
"""

from __future__ import annotations

import json
import statistics
from typing import Any

import numpy as np

from bench import data
from bench.functions import FUNCTIONS
from bench.harness import Context, Limit, Result, Table, run
from bench.peers import ROOT, Peer

_TRIALS, _SEEDS, _CHUNK = 30, 30, 10
_LONG, _LONG_TRIALS = "hartmann6", 200
_METHODS = ["Keras Tuner", "Optuna GP", "Optuna TPE"]
_OURS = "rosenblatt"
_SETTINGS = {"KERAS_BACKEND": "jax", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
_CPU_30, _CPU_200 = 50.0, 200.0  # milliseconds


def measure(context: Context) -> Result:
    """Each searcher, each function, thirty seeds, thirty trials."""
    data.housing(context.folder)
    functions = [*FUNCTIONS, "housing"]
    rows = []
    for name in functions:
        optimum = FUNCTIONS[name].optimum if name in FUNCTIONS else None
        ours = _best_so_far(_found(context, _OURS, name), optimum)
        for method in _METHODS:
            theirs = _best_so_far(_found(context, method, name), optimum)
            rows.append([name, method, *_compared(ours, theirs)])
    limits = [
        Limit(f"{method}: CPU of the proposal for trial {_TRIALS}, {name}",
              [one[1][-1] * 1e3 for one in _found(context, method, name)], "ms",
              _CPU_30 if method == _OURS else None)
        for name in ("branin", "hartmann6") for method in [_OURS, *_METHODS]
    ]  # fmt: skip
    long = _found(context, _OURS, _LONG, seeds=3, trials=_LONG_TRIALS)
    limits.append(
        Limit(f"{_OURS}: CPU of the proposal for trial {_LONG_TRIALS}, {_LONG}",
              [statistics.median(one[1][-5:]) * 1e3 for one in long], "ms", _CPU_200)
    )  # fmt: skip
    headings = ["", "against", "their median best after 30 trials", "seeds", "their trials to it",
                "ours", "their best after 15", "ours after 15", "ours after 30"]  # fmt: skip
    notes = [
        "Everybody's defaults, one thread. The value to reach is the peer's median best after "
        f"{_TRIALS} trials; beside the medians of the trials needed stand the lowest and the "
        f"highest of all seeds ({_TRIALS + 1}: not reached). Of functions with a known optimum "
        "the distance from it is shown.",
    ]
    return Result("Quality of proposals", notes, limits=limits, tables=[Table(headings, rows)])


def _found(
    context: Context, method: str, name: str, seeds: int = _SEEDS, trials: int = _TRIALS
) -> list[Any]:
    """Values and proposals' seconds of each seed, from earlier runs where there are any."""
    folder = ROOT / "bench" / "results" / "proposals"
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Any] = []
    for first in range(0, seeds, _CHUNK):
        suffix = "" if trials == _TRIALS else f"-{trials}"
        path = folder / f"{method}-{name}-{first}{suffix}.json"
        if not path.exists():
            last = min(first + _CHUNK, seeds)
            path.write_text(_search(context, method, name, first, last, trials))
        found += json.loads(path.read_text())
    return found


def _search(context: Context, method: str, name: str, first: int, last: int, trials: int) -> str:
    peer = Peer(method, "", _SETTINGS)
    command = ["-m", "bench.children.proposals", method, name, str(first), str(last), str(trials)]
    _, printed = run([*command, str(context.folder)], peer, context.empty_cache(), timeout=7200)
    return printed.splitlines()[-1]


def _best_so_far(found: list[Any], optimum: float | None) -> np.ndarray:
    best = np.minimum.accumulate(np.array([values for values, _ in found]), axis=1)
    return best - (optimum or 0.0)


def _compared(ours: np.ndarray, theirs: np.ndarray) -> list[str]:
    """The peer's median at the end, and how many trials either needs for it."""
    goal = float(np.median(theirs[:, -1]))
    needed = [_needed(best, goal) for best in (theirs, ours)]
    return [f"{goal:.4g}", str(len(theirs)), *needed, f"{np.median(theirs[:, 14]):.4g}",
            f"{np.median(ours[:, 14]):.4g}", f"{np.median(ours[:, -1]):.4g}"]  # fmt: skip


def _needed(best: np.ndarray, goal: float) -> str:
    counts = [int(np.argmax(row <= goal)) + 1 if row[-1] <= goal else len(row) + 1 for row in best]
    return f"{statistics.median(counts):g} ({min(counts)}–{max(counts)})"
