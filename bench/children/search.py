"""Search in a fresh process; prints seconds of `search`, the best score and the values as JSON.

python -m bench.children.search KIND LIBRARY TUNER FOLDER [WORKERS [TRIALS]]

TRIALS ends the search after so many; the time of an epoch is printed too, so that the whole search
can be estimated. WORKERS 0 leaves out the setting, which Keras Tuner does not have.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import data
from bench.children.stopwatch import Stopwatch

_SEED = 42
# A tuner, and what searches with it, given arguments of `fit`.
Search = tuple[Any, Callable[..., None]]


def classifier(lib: Any, hp: Any) -> Any:
    """The chapter's build function."""
    n_hidden = hp.Int("n_hidden", min_value=0, max_value=8, default=2)
    n_neurons = hp.Int("n_neurons", min_value=16, max_value=256)
    learning_rate = hp.Float("learning_rate", min_value=1e-4, max_value=1e-2, sampling="log")
    optimizer = hp.Choice("optimizer", values=["sgd", "adam"])
    kinds = {"sgd": lib.optimizers.SGD, "adam": lib.optimizers.Adam}
    model = lib.Sequential([lib.Input((28, 28)), lib.layers.Flatten()])
    for _ in range(n_hidden):
        model.add(lib.layers.Dense(n_neurons, activation="relu"))
    model.add(lib.layers.Dense(10, activation="softmax"))
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=kinds[optimizer](learning_rate=learning_rate),
        metrics=["accuracy"],
    )
    return model


def regressor(lib: Any, hp: Any, x: Any) -> Any:
    """The same for housing, with smaller networks and standardized inputs."""
    n_hidden = hp.Int("n_hidden", min_value=1, max_value=3, default=2)
    n_neurons = hp.Int("n_neurons", min_value=16, max_value=64, step=16)
    learning_rate = hp.Float("learning_rate", min_value=1e-4, max_value=1e-2, sampling="log")
    norm = lib.layers.Normalization()
    norm.adapt(x)
    model = lib.Sequential([lib.Input((8,)), norm])
    for _ in range(n_hidden):
        model.add(lib.layers.Dense(n_neurons, activation="relu"))
    model.add(lib.layers.Dense(1))
    model.compile(loss="mse", optimizer=lib.optimizers.Adam(learning_rate=learning_rate))
    return model


def _fashion(folder: Path) -> tuple[Any, Any]:
    with np.load(data.fashion(folder)) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
    return (x[:50_000], y[:50_000]), (x[50_000:], y[50_000:])


def housing_arrays(folder: Path) -> tuple[Any, Any]:
    """Training and validation pairs."""
    with np.load(data.housing(folder)) as arrays:
        names = [(arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "valid")]
    return names[0], names[1]


def chapter(lib: Any, kt: Any, folder: Path, options: dict[str, Any]) -> Search:
    """The chapter's random search: five trials of ten epochs."""
    train, validation = _fashion(folder)
    tuner = kt.RandomSearch(
        lambda hp: classifier(lib, hp), "val_accuracy", max_trials=5, seed=_SEED, **options
    )
    fit = {"epochs": 10, "validation_data": validation, "verbose": 0}
    return tuner, lambda **more: tuner.search(*train, **fit, **more)


def hyperband(lib: Any, kt: Any, folder: Path, options: dict[str, Any]) -> Search:
    """The chapter's Hyperband: brackets up to ten epochs, twice; on a part of the images."""
    (x, y), validation = _fashion(folder)
    train = x[:10_000], y[:10_000]
    tuner = kt.Hyperband(
        lambda hp: classifier(lib, hp), "val_accuracy", max_epochs=10, factor=3,
        hyperband_iterations=2, seed=_SEED, **options,
    )  # fmt: skip
    return tuner, lambda **more: tuner.search(*train, validation_data=validation, verbose=0, **more)


def housing(lib: Any, kt: Any, folder: Path, options: dict[str, Any], epochs: int = 10) -> Search:
    """Thirty trials of ten epochs on housing."""
    train, validation = housing_arrays(folder)
    tuner = kt.RandomSearch(
        lambda hp: regressor(lib, hp, train[0]), "val_loss", max_trials=30, seed=_SEED,
        **options,
    )  # fmt: skip
    fit = {"epochs": epochs, "validation_data": validation, "verbose": 0}
    return tuner, lambda **more: tuner.search(*train, **fit, **more)


def long(lib: Any, kt: Any, folder: Path, options: dict[str, Any]) -> Search:
    """Thirty trials of a hundred epochs on housing: training, and little else."""
    return housing(lib, kt, folder, options, epochs=100)


def trivial(lib: Any, kt: Any, folder: Path, options: dict[str, Any]) -> Search:
    """Two hundred trials that return a number at once."""

    class Trivial(kt.RandomSearch):
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
            return trial.hyperparameters.Float("x", 0, 1)

    tuner = Trivial(max_trials=200, seed=_SEED, **options)
    return tuner, lambda **more: tuner.search(verbose=0, **more)


KINDS = {
    "chapter": chapter,
    "hyperband": hyperband,
    "housing": housing,
    "long": long,
    "trivial": trivial,
}


def _timing(lib: Any, times: list[tuple[float, float]]) -> Any:
    """A callback that keeps the times of epochs which are not the first of their trial."""

    class Epochs(lib.callbacks.Callback):
        kept = times  # the class's: tuners copy callbacks for each trial

        def on_train_begin(self, logs: Any = None) -> None:
            self._watch: Stopwatch | None = None

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if self._watch:
                self.kept.append(self._watch.read())
            self._watch = Stopwatch()

    return Epochs()


def main(
    kind: str, library: str, tuner: str, folder: str, workers: str = "0", trials: str = "0"
) -> None:
    """One search."""
    lib, kt = importlib.import_module(library), importlib.import_module(tuner)
    epochs: list[tuple[float, float]] = []
    more = {}
    with tempfile.TemporaryDirectory() as project:
        options = {"directory": project, **({"workers": int(workers)} if int(workers) else {})}
        found, search = KINDS[kind](lib, kt, Path(folder), options)
        if int(trials):
            found.oracle.max_trials = int(trials)
            more["callbacks"] = [_timing(lib, epochs)]
        watch = Stopwatch()
        search(**more)
        seconds, cpu = watch.read()
        results = found.oracle.trials.values()
        printed = {
            "seconds": seconds,
            "cpu": cpu,
            "epoch": [statistics.median(column) for column in zip(*epochs, strict=True)],
            "best": found.oracle.get_best_trials(1)[0].score,
            "values": sorted((t.hyperparameters.values for t in results), key=str),
        }
        print(json.dumps(printed))


if __name__ == "__main__":
    main(*sys.argv[1:])
