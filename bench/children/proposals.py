"""Search a function with many seeds; prints values and CPU seconds of the proposals as JSON.

python -m bench.children.proposals METHOD FUNCTION FIRST_SEED LAST_SEED TRIALS FOLDER
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.functions import Function, Range, named

_Found = tuple[list[float], list[float]]


def _tuned(library: str) -> Callable[[Function, int, int], _Found]:
    """BayesianOptimization of Keras Tuner or of ours, by the same calls."""
    kt = importlib.import_module(library)

    def ask(hp: Any, r: Range) -> float:
        if r.whole:
            return hp.Int(r.name, int(r.low), int(r.high))
        return hp.Float(r.name, r.low, r.high, sampling="log" if r.log else "linear")

    def search(function: Function, seed: int, trials: int) -> _Found:
        values: list[float] = []
        seconds: list[float] = []

        class Searched(kt.BayesianOptimization):
            def run_trial(self, trial: Any, **kwargs: Any) -> float:
                hp = trial.hyperparameters
                values.append(function.compute({r.name: ask(hp, r) for r in function.ranges}))
                return values[-1]

        space = kt.HyperParameters()
        for r in function.ranges:
            ask(space, r)
        with tempfile.TemporaryDirectory() as folder:
            tuner = Searched(
                max_trials=trials, seed=seed, directory=folder, hyperparameters=space,
                **({"workers": 1} if library.startswith("rosenblatt") else {}),
            )  # fmt: skip
            tuner.oracle.populate_space = _timed(tuner.oracle.populate_space, seconds)
            tuner.search(verbose=0)
        return values, seconds

    return search


def _optuna(sampler: str) -> Callable[[Function, int, int], _Found]:
    optuna = importlib.import_module("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def ask(trial: Any, r: Range) -> float:
        if r.whole:
            return trial.suggest_int(r.name, int(r.low), int(r.high))
        return trial.suggest_float(r.name, r.low, r.high, log=r.log)

    def search(function: Function, seed: int, trials: int) -> _Found:
        values: list[float] = []
        seconds: list[float] = []
        kind = getattr(optuna.samplers, sampler)(seed=seed)
        study = optuna.create_study(sampler=kind)
        for _ in range(trials):
            before = time.process_time()
            trial = study.ask()
            chosen = {r.name: ask(trial, r) for r in function.ranges}
            seconds.append(time.process_time() - before)
            values.append(function.compute(chosen))
            study.tell(trial, values[-1])
        return values, seconds

    return search


def _timed(method: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    def timed(*args: Any) -> Any:
        before = time.process_time()
        try:
            return method(*args)
        finally:
            seconds.append(time.process_time() - before)

    return timed


METHODS: dict[str, Callable[[], Callable[[Function, int, int], _Found]]] = {
    "rosenblatt": lambda: _tuned("rosenblatt.tuner"),
    "Keras Tuner": lambda: _tuned("keras_tuner"),
    "Optuna GP": lambda: _optuna("GPSampler"),
    "Optuna TPE": lambda: _optuna("TPESampler"),
}


def main(method: str, name: str, first: int, last: int, trials: int, folder: Path) -> None:
    """Search once with each seed."""
    search, function = METHODS[method](), named(name, folder)
    print(json.dumps([search(function, seed, trials) for seed in range(first, last)]))


if __name__ == "__main__":
    method, name, first, last, trials, folder = sys.argv[1:]
    main(method, name, int(first), int(last), int(trials), Path(folder))
