"""Search a grid of networks in a fresh process; prints the seconds, CPU seconds and the best score.

python -m bench.children.grid_search LIBRARY WRAPPERS FOLDER
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench import data
from bench.children.stopwatch import Stopwatch

_ROWS, _EPOCHS = 3000, 5
_GRID = {
    "kerasregressor__model__units": [10, 20, 30, 50],
    "kerasregressor__optimizer__learning_rate": [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2],
}


def main(library: str, wrappers: str, folder: str) -> None:
    """24 candidates, three folds each, one after another."""
    lib = importlib.import_module(library)
    regressor = importlib.import_module(wrappers).KerasRegressor

    def build(meta: dict[str, Any], units: int) -> Any:
        inputs = lib.Input((meta["n_features_in_"],))
        hidden = [lib.layers.Dense(units, activation="relu") for _ in range(2)]
        return lib.Sequential([inputs, *hidden, lib.layers.Dense(1)])

    with np.load(data.housing(Path(folder))) as arrays:
        x, y = arrays["x_train"][:_ROWS], arrays["y_train"][:_ROWS].ravel()
    estimator = regressor(
        build, loss="mse", optimizer="adam", epochs=_EPOCHS, verbose=0, random_state=42,
        model__units=10,
    )  # fmt: skip
    watch = Stopwatch()
    search = GridSearchCV(
        make_pipeline(StandardScaler(), estimator), _GRID, cv=3, error_score="raise"
    )
    search.fit(x, y)
    print(*watch.read(), search.best_score_)


if __name__ == "__main__":
    main(*sys.argv[1:])
